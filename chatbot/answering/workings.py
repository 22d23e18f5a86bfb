"""How an answer came about, for those who look after the pages."""

from collections.abc import Mapping
from dataclasses import dataclass

from chatbot.records import Answer, Highlight, Passage

__all__ = ["Candidate", "Workings"]


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
