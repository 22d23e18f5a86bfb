"""Answering: from a question to quoted passages, a reply of the clinic, or an urgent answer."""

from chatbot.answering.approved import ApprovedMatcher, ApprovedQuestion, folded_question
from chatbot.answering.citations import highlights
from chatbot.answering.compose import starters
from chatbot.answering.explanation import Candidate, Explanation, build_explanation
from chatbot.answering.gate import GATE_SIGNALS, Gate, gate_signals
from chatbot.answering.languages import language_notes
from chatbot.answering.links import document_digest
from chatbot.answering.pipeline import CONTINUES_EMERGENCY, Pipeline, PipelineResult
from chatbot.answering.question import LONGEST, clean_question, read_json, read_question
from chatbot.answering.ranking import RANKING_SIGNALS, Ranking, signals
from chatbot.answering.reader import Reader, load_reader
from chatbot.answering.replies import ReplyMatch, ReplyMatcher
from chatbot.answering.search import SearchResult, TopicFreeQuestion, search, topic_free_questions
from chatbot.answering.turn import PipelineComponents, ServingSnapshot, unsupported_features

__all__ = [
    "CONTINUES_EMERGENCY",
    "GATE_SIGNALS",
    "LONGEST",
    "RANKING_SIGNALS",
    "ApprovedMatcher",
    "ApprovedQuestion",
    "Candidate",
    "Explanation",
    "Gate",
    "Pipeline",
    "PipelineComponents",
    "PipelineResult",
    "Ranking",
    "Reader",
    "ReplyMatch",
    "ReplyMatcher",
    "SearchResult",
    "ServingSnapshot",
    "TopicFreeQuestion",
    "build_explanation",
    "clean_question",
    "document_digest",
    "folded_question",
    "gate_signals",
    "highlights",
    "language_notes",
    "load_reader",
    "read_json",
    "read_question",
    "search",
    "signals",
    "starters",
    "topic_free_questions",
    "unsupported_features",
]
