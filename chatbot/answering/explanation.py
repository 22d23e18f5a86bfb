"""How an answer came about, for those who look after the pages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from chatbot.answering.citations import highlights
from chatbot.answering.gate import SIGNALS, Gate, gate_signals
from chatbot.answering.pipeline import Worked
from chatbot.answering.ranking import SIGNALS as RANKING_SIGNALS
from chatbot.answering.ranking import signals as ranking_signals
from chatbot.answering.search import Found
from chatbot.answering.turn import CANDIDATES, Serving
from chatbot.indexing import Index
from chatbot.records import Answer, Highlight, Passage

__all__ = ["Candidate", "Workings", "explained"]


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
class Workings:
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


def explained(gate: Gate, serving: Serving, worked: Worked, milliseconds: float) -> Workings:
    """Return the way to an answer that took some time."""
    found, index = worked.found, serving.index
    read = gate_signals(index, found.asked, found.judged, found.hits) if found else []
    return Workings(
        answer=worked.answer,
        candidates=tuple(_candidates(gate, index, found)) if found else (),
        aspect=found.asked.text if found else "",
        signals=dict(zip(SIGNALS, read, strict=False)),
        answered=gate.enough(serving.clinic.answers.wrong_at_most),
        related=gate.related,
        matched=worked.rule,
        milliseconds=milliseconds,
    )


def _candidates(gate: Gate, index: Index, found: Found) -> Iterator[Candidate]:
    evidence = index.evidence(found.query)
    read = dict(zip(evidence.passages, ranking_signals(evidence).tolist(), strict=True))
    for hit in found.hits[:CANDIDATES]:
        made_of = dict(zip(RANKING_SIGNALS, read[hit.passage], strict=True))
        marks = highlights(index, found.query, hit.passage)
        yield Candidate(hit.passage, hit.score, made_of, gate.confidence(index, found, hit), marks)
