"""Redaction: take personal data out of a text."""

from chatbot.redaction.personal_data import redact
from chatbot.redaction.postal import redact_addresses

__all__ = ["redact", "redact_addresses"]
