"""Asking a golden question, and judging the answer by itself."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from chatbot.bot import Chatbot
from chatbot.errors import QuestionError
from chatbot.evaluation.golden import GoldenQuestion
from chatbot.records import Answer, Citation, Hit, Passage

__all__ = ["REFUSED", "Judged", "ask", "judge"]

REFUSED: Final = "refused"
"""The outcome of a question that cannot be asked at all, being empty or too long."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a golden question.

    `rank` is the place of the first right passage among the ten candidates, from 1, or 0 for none; `shown` says whether
    one is among the answer's citations; `highlight` whether the first citation's marked sentences touch the gold text,
    or None where that citation is not a right passage. `outcome` is one of `Outcome`, or `REFUSED`.
    """

    question: GoldenQuestion
    outcome: str
    confidence: float
    rank: int
    shown: bool
    highlight: bool | None
    milliseconds: float

    def as_dict(self) -> dict[str, object]:
        """Give the judgement as the plain values that the JSON report holds."""
        return {
            "id": self.question.id,
            "kind": self.question.kind,
            "expect": self.question.expect.value,
            "question": self.question.question,
            "outcome": self.outcome,
            "confidence": round(self.confidence, 4),
            "rank": self.rank,
            "shown": self.shown,
            "highlight": self.highlight,
            "milliseconds": round(self.milliseconds, 1),
        }


def ask(bot: Chatbot, question: GoldenQuestion) -> Judged:
    """Ask one question and judge the answer."""
    start = time.perf_counter()
    try:
        answer, hits = bot.explain(question.question, question.history)
    except QuestionError:
        return Judged(question, REFUSED, 0.0, 0, shown=False, highlight=None, milliseconds=_since(start))
    return judge(question, answer, hits, _since(start))


def judge(question: GoldenQuestion, answer: Answer, hits: Sequence[Hit], milliseconds: float) -> Judged:
    """Judge one answer, with the candidates that it was chosen from, best first."""
    right = [_marks(question, hit.passage) != [] for hit in hits]
    rank = right.index(True) + 1 if any(right) else 0
    shown = any(_marks(question, citation.passage) for citation in answer.citations)
    highlight = _highlighted(question, answer.citations[0]) if answer.citations else None
    return Judged(question, answer.outcome.value, answer.confidence, rank, shown, highlight, milliseconds)


def _highlighted(question: GoldenQuestion, citation: Citation) -> bool | None:
    gold = _marks(question, citation.passage)
    if not gold:
        return None
    return any(mark.start < end and start < mark.end for mark in citation.highlights for start, end in gold)


def _marks(question: GoldenQuestion, passage: Passage) -> list[tuple[int, int]]:
    """Tell where a passage holds the gold texts: none where it is not right."""
    return [found.span() for text in question.gold for found in re.finditer(re.escape(text), passage.text)]


def _since(start: float) -> float:
    return 1e3 * (time.perf_counter() - start)
