"""Golden questions: what visitors ask, and what is right to say to it."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from chatbot.answering import read_question
from chatbot.bot import Chatbot
from chatbot.errors import GoldenFileInvalid, QuestionError, RequestError
from chatbot.records import Answer, Citation, Hit, Passage

__all__ = ["REFUSED", "Expect", "GoldenQuestion", "Judged", "ask", "judge", "read_golden"]

_NAMED: Final = 10  # bad lines that one message names


class Expect(StrEnum):
    """What is right to do with a question; `EITHER` says that answering and refusing both are."""

    ANSWER = "answer"
    ABSTAIN = "abstain"
    EITHER = "either"
    SMALLTALK = "smalltalk"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question with what is right to do.

    `history` is the conversation's earlier questions, oldest first. A passage is right when it holds one of the texts
    in `gold`, word for word; where there are none, what is found is not judged.
    """

    id: str
    kind: str
    question: str
    history: tuple[str, ...]
    expect: Expect
    gold: tuple[str, ...]


def read_golden(path: Path) -> tuple[GoldenQuestion, ...]:
    """Read golden questions, a JSON object a line; raises `GoldenFileInvalid`, which names the lines that are none."""
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        raise GoldenFileInvalid(f"{path} cannot be read: {error.strerror}. Check its name.") from error
    questions, bad = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                questions.append(_question(line, number))
            except (RequestError, GoldenFileInvalid) as error:
                bad.append(f"{path}, line {number}: {error}")
    if bad:
        more = [f"... and {len(bad) - _NAMED} more lines"] if len(bad) > _NAMED else []
        raise GoldenFileInvalid("; ".join([*bad[:_NAMED], *more]))
    if not questions:
        raise GoldenFileInvalid(f'{path} holds no question: write {{"question": "..."}}, one object a line.')
    return tuple(questions)


def _question(line: bytes, number: int) -> GoldenQuestion:
    question, history = read_question(line)
    told = json.loads(line)
    gold = _texts(told)
    kind, named = told.get("kind") or "question", told.get("id") or f"line {number}"
    if not isinstance(kind, str):
        raise GoldenFileInvalid('"kind" is no text: write {"kind": "..."}.')
    return GoldenQuestion(str(named), kind, question, tuple(history), _expect(told, gold), gold)


def _texts(told: dict[str, Any]) -> tuple[str, ...]:
    gold = told.get("gold") or []
    if not isinstance(gold, list) or not all(isinstance(text, str) and text.strip() for text in gold):
        raise GoldenFileInvalid('"gold" is no list of texts: write {"gold": ["..."]}, with words of the pages.')
    return tuple(gold)


def _expect(told: dict[str, Any], gold: tuple[str, ...]) -> Expect:
    expect = told.get("expect") or (Expect.ANSWER if gold else Expect.ABSTAIN)
    if expect not in list(Expect):
        raise GoldenFileInvalid(f'"expect" is {json.dumps(expect)}: write one of {", ".join(Expect)}.')
    return Expect(expect)


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
        answer, hits = bot.ask_with_candidates(question.question, question.history)
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
