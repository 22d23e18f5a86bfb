"""Questions into answers."""

from chatbot.answering.compose import compose, distinct, not_found, reply, urgent
from chatbot.answering.dialogue import understand
from chatbot.answering.gate import Gate, calibration
from chatbot.answering.links import document_digest
from chatbot.answering.question import LONGEST, clean_question, read_request
from chatbot.answering.ranking import Ranking
from chatbot.answering.routes import Match, Routes
from chatbot.answering.search import Found, search
from chatbot.answering.spelling import Spelling
from chatbot.answering.triage import Finding, Triage

__all__ = [
    "LONGEST",
    "Finding",
    "Found",
    "Gate",
    "Match",
    "Ranking",
    "Routes",
    "Spelling",
    "Triage",
    "calibration",
    "clean_question",
    "compose",
    "distinct",
    "document_digest",
    "not_found",
    "read_request",
    "reply",
    "search",
    "understand",
    "urgent",
]
