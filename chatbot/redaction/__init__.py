"""Personal data out of text: text in, text out."""

from chatbot.redaction.personal_data import redact

__all__ = ["redact"]
