"""Questions into answers."""

from chatbot.answering.compose import answered, not_found
from chatbot.answering.gate import Gate
from chatbot.answering.links import document_digest
from chatbot.answering.question import LONGEST, clean_history, clean_question, read_request

__all__ = [
    "LONGEST",
    "Gate",
    "answered",
    "clean_history",
    "clean_question",
    "document_digest",
    "not_found",
    "read_request",
]
