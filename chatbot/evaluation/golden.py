"""Golden questions: reading them from a file, asking them and judging the answers."""

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

__all__ = ["REFUSED", "Expect", "GoldenQuestion", "Judged", "ask", "judge", "parse_golden", "read_golden"]

REFUSED: Final = "refused"
"""The outcome of a question that cannot be asked at all, because it is empty or too long."""

_ERRORS_SHOWN: Final = 10  # bad lines that one message lists


class Expect(StrEnum):
    """The right reaction to a question; with `EITHER`, answering and refusing are both right."""

    ANSWER = "answer"
    ABSTAIN = "abstain"
    EITHER = "either"
    SMALLTALK = "smalltalk"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question together with the right answer to it.

    `history` has the conversation's earlier questions, oldest first. A passage is right if it contains one of the texts
    in `gold`, word for word. Without `gold`, the passages are not judged.
    """

    id: str
    kind: str
    question: str
    history: tuple[str, ...]
    expect: Expect
    gold: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A golden question and the judgement of its answer.

    `outcome` is one of `Outcome`, or `REFUSED`. `rank` is the place of the first right passage among the ten
    candidates, from 1, or 0 without one. `shown`: a right passage is among the citations. `highlight`: the first
    citation's marks touch a gold text, or None where that citation is not a right passage.
    """

    question: GoldenQuestion
    outcome: str
    confidence: float
    rank: int
    shown: bool
    highlight: bool | None
    milliseconds: float

    def as_dict(self) -> dict[str, object]:
        """Return the judgement as plain values for the JSON report."""
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


def read_golden(path: Path) -> tuple[GoldenQuestion, ...]:
    """Read golden questions, a JSON object a line; raises `GoldenFileInvalid` that lists the bad lines."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise GoldenFileInvalid(f"{path} cannot be read: {error.strerror}. Check its name.") from error
    return parse_golden(source, str(path))


def parse_golden(source: bytes, name: str) -> tuple[GoldenQuestion, ...]:
    """Read golden questions of a text called `name`; raises `GoldenFileInvalid` that lists the bad lines."""
    questions, bad = [], []
    for number, line in enumerate(source.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            try:
                questions.append(_question(line, number))
            except (RequestError, GoldenFileInvalid) as error:
                bad.append(f"{name}, line {number}: {error}")
    if bad:
        more = [f"... and {len(bad) - _ERRORS_SHOWN} more lines"] if len(bad) > _ERRORS_SHOWN else []
        raise GoldenFileInvalid("; ".join([*bad[:_ERRORS_SHOWN], *more]))
    if not questions:
        raise GoldenFileInvalid(f'{name} contains no question: write {{"question": "..."}}, one object a line.')
    return tuple(questions)


def ask(bot: Chatbot, question: GoldenQuestion) -> Judged:
    """Ask one question and judge the answer."""
    start = time.perf_counter()
    try:
        answer, hits = bot.ask_with_candidates(question.question, question.history)
    except QuestionError:
        return Judged(question, REFUSED, 0.0, 0, shown=False, highlight=None, milliseconds=_milliseconds_since(start))
    return judge(question, answer, hits, _milliseconds_since(start))


def judge(question: GoldenQuestion, answer: Answer, hits: Sequence[Hit], milliseconds: float) -> Judged:
    """Judge one answer; `hits` are the candidates that it was chosen from, best first."""
    right = [bool(_gold_spans(question, hit.passage)) for hit in hits]
    rank = right.index(True) + 1 if any(right) else 0
    shown = any(_gold_spans(question, citation.passage) for citation in answer.citations)
    highlight = _is_highlight_right(question, answer.citations[0]) if answer.citations else None
    return Judged(question, answer.outcome.value, answer.confidence, rank, shown, highlight, milliseconds)


def _question(line: bytes, number: int) -> GoldenQuestion:
    question, history, _ = read_question(line)
    fields = json.loads(line)
    gold = _gold(fields)
    kind, name = fields.get("kind") or "question", fields.get("id") or f"line {number}"
    if not isinstance(kind, str):
        raise GoldenFileInvalid('"kind" is not text: write {"kind": "..."}.')
    return GoldenQuestion(str(name), kind, question, tuple(history), _expect(fields, gold), gold)


def _gold(fields: dict[str, Any]) -> tuple[str, ...]:
    gold = fields.get("gold") or []
    if not isinstance(gold, list) or not all(isinstance(text, str) and text.strip() for text in gold):
        raise GoldenFileInvalid('"gold" is not a list of texts: write {"gold": ["..."]}, word for word from the pages.')
    return tuple(gold)


def _expect(fields: dict[str, Any], gold: tuple[str, ...]) -> Expect:
    expect = fields.get("expect") or (Expect.ANSWER if gold else Expect.ABSTAIN)
    if expect not in list(Expect):
        raise GoldenFileInvalid(f'"expect" is {json.dumps(expect)}: write one of {", ".join(Expect)}.')
    return Expect(expect)


def _is_highlight_right(question: GoldenQuestion, citation: Citation) -> bool | None:
    gold = _gold_spans(question, citation.passage)
    if not gold:
        return None
    return any(mark.start < end and start < mark.end for mark in citation.highlights for start, end in gold)


def _gold_spans(question: GoldenQuestion, passage: Passage) -> list[tuple[int, int]]:
    """Return where a passage contains the gold texts; nothing if the passage is not right."""
    return [match.span() for text in question.gold for match in re.finditer(re.escape(text), passage.text)]


def _milliseconds_since(start: float) -> float:
    return 1e3 * (time.perf_counter() - start)
