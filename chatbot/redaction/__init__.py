"""Redaction: take personal data out of a text."""

from chatbot.redaction.personal_data import redact

__all__ = ["redact"]
