"""Questions into answers."""

from chatbot.answering.compose import compose
from chatbot.answering.gate import Gate
from chatbot.answering.links import document_digest
from chatbot.answering.question import LONGEST, clean_question, read_request
from chatbot.answering.ranking import Ranking

__all__ = [
    "LONGEST",
    "Gate",
    "Ranking",
    "clean_question",
    "compose",
    "document_digest",
    "read_request",
]
