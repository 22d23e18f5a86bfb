"""How an answer came about, for those who look after the pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chatbot.answering.citations import highlights
from chatbot.answering.gate import SIGNALS, Gate, gate_signals
from chatbot.answering.pipeline import PipelineResult
from chatbot.answering.ranking import SIGNALS as RANKING_SIGNALS
from chatbot.answering.ranking import signals as ranking_signals
from chatbot.answering.search import SearchResult
from chatbot.answering.turn import CANDIDATES, Serving
from chatbot.indexing import Index
from chatbot.records import Answer, Highlight, Passage

__all__ = ["Candidate", "Explanation", "build_explanation"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that might have answered: its score, what the score is made of, and its probability to answer.

    `highlights` are the sentences that would be marked.
    """

    passage: Passage
    score: float
    signals: Mapping[str, float]
    confidence: float
    highlights: tuple[Highlight, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer with the way to it.

    `candidates` are the best ten, best first. `aspect` is what the question asks of the pages' topic; `signals` is what
    the gate read. From the confidence `answered` on, passages are given as the answer, from `related` on as the closest
    there is. `matched` names the clinic's own reply, the small talk or the red flag that went before the passages, if
    one did. `milliseconds` is what the answer took, without these workings.
    """

    answer: Answer
    candidates: tuple[Candidate, ...]
    aspect: str
    signals: Mapping[str, float]
    answered: float
    related: float
    matched: str
    milliseconds: float


def build_explanation(gate: Gate, serving: Serving, worked: PipelineResult, milliseconds: float) -> Explanation:
    """Return the way to an answer that took some time."""
    result, index = worked.search_result, serving.index
    read = gate_signals(index, result.topic_free, result.gate_text, result.hits) if result else []
    return Explanation(
        answer=worked.answer,
        candidates=tuple(_candidates(gate, index, result)) if result else (),
        aspect=result.topic_free.text if result else "",
        signals=dict(zip(SIGNALS, read, strict=False)),
        answered=gate.threshold_for(serving.clinic.answers.max_error_rate),
        related=gate.related,
        matched=worked.rule,
        milliseconds=milliseconds,
    )


def _candidates(gate: Gate, index: Index, result: SearchResult) -> Iterator[Candidate]:
    evidence = index.evidence(result.query)
    read = dict(zip(evidence.passages, ranking_signals(evidence).tolist(), strict=True))
    for hit in result.hits[:CANDIDATES]:
        made_of = dict(zip(RANKING_SIGNALS, read[hit.passage], strict=True))
        marks = highlights(index, result.query, hit.passage)
        yield Candidate(hit.passage, hit.score, made_of, gate.confidence(index, result, hit), marks)
