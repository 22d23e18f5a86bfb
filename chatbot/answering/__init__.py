"""Questions into answers."""

from chatbot.answering.aspects import Aspect, aspects
from chatbot.answering.gate import SIGNALS as GATE_SIGNALS
from chatbot.answering.gate import Calibration, Gate, gate_signals
from chatbot.answering.highlights import highlights
from chatbot.answering.links import document_digest
from chatbot.answering.pipeline import Pipeline, Worked
from chatbot.answering.question import LONGEST, clean_question, read_request
from chatbot.answering.ranking import SIGNALS, Ranking, signals
from chatbot.answering.readiness import missing_with
from chatbot.answering.routes import Match, Routes
from chatbot.answering.search import Found, search
from chatbot.answering.suggestions import starters
from chatbot.answering.turn import Serving, Tools
from chatbot.answering.workings import Candidate, Workings, explained

__all__ = [
    "GATE_SIGNALS",
    "LONGEST",
    "SIGNALS",
    "Aspect",
    "Calibration",
    "Candidate",
    "Found",
    "Gate",
    "Match",
    "Pipeline",
    "Ranking",
    "Routes",
    "Serving",
    "Tools",
    "Worked",
    "Workings",
    "aspects",
    "clean_question",
    "document_digest",
    "explained",
    "gate_signals",
    "highlights",
    "missing_with",
    "read_request",
    "search",
    "signals",
    "starters",
]
