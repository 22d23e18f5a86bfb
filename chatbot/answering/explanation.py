"""The explanation of an answer, for the staff who write the pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import fmean

from chatbot.answering.citations import highlights
from chatbot.answering.gate import READ_SIGNALS, Gate, gate_signals
from chatbot.answering.pipeline import PipelineResult
from chatbot.answering.ranking import RANKING_SIGNALS
from chatbot.answering.ranking import signals as ranking_signals
from chatbot.answering.search import SearchResult
from chatbot.answering.turn import CANDIDATES, ServingSnapshot
from chatbot.indexing import Index
from chatbot.records import Answer, Highlight, Passage

__all__ = ["Candidate", "Explanation", "build_explanation"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that was considered: its score, the signals of the score, and the probability that it answers.

    `reading` is the reader's logit, None where it was not asked. `highlights` are the sentences that would be marked.
    """

    passage: Passage
    score: float
    signals: Mapping[str, float]
    confidence: float
    reading: float | None
    highlights: tuple[Highlight, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """An answer with the figures that led to it.

    `candidates` are the ten best passages, best first. `aspect` is the question without topic words. `signals` are
    those of the gate for the best passage. From the confidence `answered` on, passages are shown as the answer, from
    `related` on as the closest that there is. `matched` names the reply, small talk or red flag that decided instead of
    the pages, if one did. `milliseconds` is the time that the answer took, without this explanation.
    """

    answer: Answer
    candidates: tuple[Candidate, ...]
    aspect: str
    signals: Mapping[str, float]
    answered: float
    related: float
    matched: str
    milliseconds: float


def build_explanation(gate: Gate, serving: ServingSnapshot, result: PipelineResult, milliseconds: float) -> Explanation:
    """Return the explanation of a result that took some milliseconds."""
    search, index = result.search_result, serving.index
    return Explanation(
        answer=result.answer,
        candidates=tuple(_candidates(gate, index, search)) if search else (),
        aspect=search.topic_free.text if search else "",
        signals=_signals(index, search) if search else {},
        answered=gate.threshold_for(serving.clinic.answers.max_error_rate),
        related=gate.related,
        matched=result.rule,
        milliseconds=milliseconds,
    )


def _signals(index: Index, result: SearchResult) -> dict[str, float]:
    """Return the gate's signals of the best passage, those of the reader among them if it was read."""
    signals = gate_signals(index, result.topic_free, result.gate_text, result.hits)
    if result.readings:
        signals += [result.readings[result.hits[0].passage], fmean(result.readings.values())]
    return dict(zip(READ_SIGNALS, signals, strict=False))


def _candidates(gate: Gate, index: Index, result: SearchResult) -> Iterator[Candidate]:
    evidence = index.evidence(result.query, result.document)
    signals = dict(zip(evidence.passages, ranking_signals(evidence).tolist(), strict=True))
    hits = result.hits[:CANDIDATES]
    for hit, confidence in zip(hits, gate.confidences(index, result, hits), strict=True):
        by_name = dict(zip(RANKING_SIGNALS, signals[hit.passage], strict=True))
        marks = highlights(index, result.query, hit.passage)
        yield Candidate(hit.passage, hit.score, by_name, confidence, result.readings.get(hit.passage), marks)
