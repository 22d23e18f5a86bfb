"""Golden questions that staff save with one click, in a file that `footnote evaluate` reads too.

Where several servers share a database, they are there.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from chatbot.database import Database
from chatbot.errors import GoldenFileInvalid
from chatbot.evaluation import Expect, GoldenQuestion, parse_golden
from chatbot.staff.insights.private_texts import PrivateTexts

__all__ = ["GoldenFile"]

_NAME: Final = "golden.jsonl"


class GoldenFile:
    """The questions in the staff's folder or in their shared database; any number of threads may use it."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        self._texts = PrivateTexts(folder, database)

    def read(self) -> tuple[GoldenQuestion, ...]:
        """Return the questions, none if there is no file; raises `GoldenFileInvalid` for an invalid line."""
        text = self._texts.read(_NAME)
        return parse_golden(text.encode("utf-8", "surrogatepass"), self._texts.where(_NAME)) if text.strip() else ()

    def require(self) -> tuple[GoldenQuestion, ...]:
        """Return the questions, at least one; raises `GoldenFileInvalid` if there is none."""
        questions = self.read()
        if not questions:
            where = self._texts.where(_NAME)
            raise GoldenFileInvalid(f"{where} holds no question yet: save one in the staff console's tab Try it.")
        return questions

    def save(
        self,
        question: str,
        history: Sequence[str],
        gold: Sequence[str],
        account: str,
        expect: Expect | None = None,
    ) -> GoldenQuestion:
        """Save the expected result of a question, in place of an earlier one for the same conversation.

        Without `expect`, an answer is expected where there are gold texts, and an abstention where there are none.
        Raises `StaffError`.
        """
        id_ = _id(question, history)
        expect = expect or (Expect.ANSWER if gold else Expect.ABSTAIN)
        golden = GoldenQuestion(id_, "staff", question, tuple(history), expect, tuple(gold))
        line = json.dumps(
            {
                "id": golden.id,
                "kind": golden.kind,
                "question": question,
                "history": list(history),
                "expect": expect.value,
                "gold": list(gold),
                "saved": datetime.now(tz=UTC).isoformat(timespec="seconds"),
                "by": account,
            },
            ensure_ascii=False,
        )
        self._texts.edit(_NAME, lambda text: _joined([*_others(text, id_), line]))
        return golden

    def remove(self, question: str, history: Sequence[str]) -> None:
        """Delete the saved result of a question, if there is one; raises `StaffError`."""
        id_ = _id(question, history)
        self._texts.edit(_NAME, lambda text: _joined(_others(text, id_)))


def _others(text: str, id_: str) -> list[str]:
    """Return the lines of all questions but one."""
    return [line for line in text.split("\n") if line.strip() and _id_of(line) != id_]


def _joined(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _id(question: str, history: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([question, *history]).encode()).hexdigest()[:12]


def _id_of(line: str) -> str:
    """Return the id of a line, or an empty string for a line that cannot be read."""
    try:
        fields = json.loads(line)
    except ValueError:
        return ""
    return str(fields.get("id", "")) if isinstance(fields, dict) else ""
