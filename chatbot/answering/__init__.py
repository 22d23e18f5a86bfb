"""Questions into answers."""

from chatbot.answering.compose import compose, distinct, not_found
from chatbot.answering.gate import Gate, calibration
from chatbot.answering.links import document_digest
from chatbot.answering.question import LONGEST, clean_question, read_request
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import Found, search
from chatbot.answering.spelling import Spelling

__all__ = [
    "LONGEST",
    "Found",
    "Gate",
    "Ranking",
    "Spelling",
    "calibration",
    "clean_question",
    "compose",
    "distinct",
    "document_digest",
    "not_found",
    "read_request",
    "search",
]
