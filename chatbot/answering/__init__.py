"""Questions into answers."""

from chatbot.answering.aspects import Aspect, aspects
from chatbot.answering.compose import compose, distinct, not_found, other_language, reply, urgent
from chatbot.answering.dialogue import understand
from chatbot.answering.gate import SIGNALS as GATE_SIGNALS
from chatbot.answering.gate import Calibration, Gate, gate_signals
from chatbot.answering.highlights import highlights
from chatbot.answering.links import document_digest
from chatbot.answering.question import LONGEST, clean_question, read_request
from chatbot.answering.ranking import SIGNALS, Ranking, signals
from chatbot.answering.routes import Match, Routes
from chatbot.answering.search import Found, search
from chatbot.answering.spelling import Spelling
from chatbot.answering.triage import Finding, Triage
from chatbot.answering.workings import Candidate, Workings

__all__ = [
    "GATE_SIGNALS",
    "LONGEST",
    "SIGNALS",
    "Aspect",
    "Calibration",
    "Candidate",
    "Finding",
    "Found",
    "Gate",
    "Match",
    "Ranking",
    "Routes",
    "Spelling",
    "Triage",
    "Workings",
    "aspects",
    "clean_question",
    "compose",
    "distinct",
    "document_digest",
    "gate_signals",
    "highlights",
    "not_found",
    "other_language",
    "read_request",
    "reply",
    "search",
    "signals",
    "understand",
    "urgent",
]
