"""Questions into answers."""

from chatbot.answering.citations import document_digest, highlights
from chatbot.answering.compose import starters
from chatbot.answering.explanation import Candidate, Workings, explained
from chatbot.answering.gate import SIGNALS as GATE_SIGNALS
from chatbot.answering.gate import Calibration, Gate, gate_signals
from chatbot.answering.pipeline import Pipeline, Worked
from chatbot.answering.question import LONGEST, clean_question, read_request
from chatbot.answering.ranking import SIGNALS, Ranking, signals
from chatbot.answering.replies import Match, Routes, call_text, number_to_call
from chatbot.answering.search import Aspect, Found, aspects, search
from chatbot.answering.turn import Serving, Tools, missing_with

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
    "call_text",
    "clean_question",
    "document_digest",
    "explained",
    "gate_signals",
    "highlights",
    "missing_with",
    "number_to_call",
    "read_request",
    "search",
    "signals",
    "starters",
]
