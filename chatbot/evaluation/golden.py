"""Golden questions: what visitors ask, and what is right to say to it."""

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from chatbot.answering import read_request
from chatbot.errors import GoldenUnusable, RequestError

__all__ = ["Expect", "GoldenQuestion", "read_golden"]

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
    """Read golden questions, a JSON object a line; raises `GoldenUnusable`, which names the lines that are none."""
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        raise GoldenUnusable(f"{path} cannot be read: {error.strerror}. Check its name.") from error
    questions, bad = [], []
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                questions.append(_question(line, number))
            except (RequestError, GoldenUnusable) as error:
                bad.append(f"{path}, line {number}: {error}")
    if bad:
        more = [f"... and {len(bad) - _NAMED} more lines"] if len(bad) > _NAMED else []
        raise GoldenUnusable("; ".join([*bad[:_NAMED], *more]))
    if not questions:
        raise GoldenUnusable(f'{path} holds no question: write {{"question": "..."}}, one object a line.')
    return tuple(questions)


def _question(line: bytes, number: int) -> GoldenQuestion:
    question, history = read_request(line)
    told = json.loads(line)
    gold = _texts(told)
    kind, named = told.get("kind") or "question", told.get("id") or f"line {number}"
    if not isinstance(kind, str):
        raise GoldenUnusable('"kind" is no text: write {"kind": "..."}.')
    return GoldenQuestion(str(named), kind, question, tuple(history), _expect(told, gold), gold)


def _texts(told: dict[str, Any]) -> tuple[str, ...]:
    gold = told.get("gold") or []
    if not isinstance(gold, list) or not all(isinstance(text, str) and text.strip() for text in gold):
        raise GoldenUnusable('"gold" is no list of texts: write {"gold": ["..."]}, with words of the pages.')
    return tuple(gold)


def _expect(told: dict[str, Any], gold: tuple[str, ...]) -> Expect:
    expect = told.get("expect") or (Expect.ANSWER if gold else Expect.ABSTAIN)
    if expect not in list(Expect):
        raise GoldenUnusable(f'"expect" is {json.dumps(expect)}: write one of {", ".join(Expect)}.')
    return Expect(expect)
