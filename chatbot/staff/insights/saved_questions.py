"""Golden questions that the staff saves with one click, in a file that `footnote evaluate` reads too."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from chatbot.answering import Candidate
from chatbot.errors import GoldenFileInvalid, StaffError
from chatbot.evaluation import Expect, GoldenQuestion, read_golden
from chatbot.staff.insights.private_file import write_private

__all__ = ["GoldenFile", "gold_of"]


def gold_of(candidate: Candidate) -> tuple[str, ...]:
    """Give the words of a passage that answer: its marked sentences, which hold however the passage is cut later."""
    text = candidate.passage.text
    return tuple(text[mark.start : mark.end] for mark in candidate.highlights) or (text,)


class GoldenFile:
    """The file below the staff's folder; any number of threads of one process may use it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()

    @property
    def path(self) -> Path:
        """Where the file is, or will be."""
        return self._folder / "golden.jsonl"

    def read(self) -> tuple[GoldenQuestion, ...]:
        """Give the questions, none without a file; raises `GoldenFileInvalid` for lines that are none."""
        return read_golden(self.path) if self._lines() else ()

    def wanted(self) -> tuple[GoldenQuestion, ...]:
        """Give the questions; raises `GoldenFileInvalid` if there is none."""
        questions = self.read()
        if not questions:
            raise GoldenFileInvalid(f"{self.path} holds no question yet: save one in the staff console's tab Try it.")
        return questions

    def save(
        self,
        question: str,
        history: Sequence[str],
        gold: Sequence[str],
        account: str,
        expect: Expect | None = None,
    ) -> GoldenQuestion:
        """Save what is right to do with a question: answer with one of the texts, or without any, abstain.

        Where it is neither, `expect` says what. It takes the place of what was saved for the same conversation before.
        Raises `StaffError`.
        """
        name = hashlib.sha256(json.dumps([question, *history]).encode()).hexdigest()[:12]
        expect = expect or (Expect.ANSWER if gold else Expect.ABSTAIN)
        one = GoldenQuestion(name, "staff", question, tuple(history), expect, tuple(gold))
        line = json.dumps(
            {
                "id": one.id,
                "kind": one.kind,
                "question": question,
                "history": list(history),
                "expect": expect.value,
                "gold": list(gold),
                "saved": datetime.now(tz=UTC).isoformat(timespec="seconds"),
                "by": account,
            },
            ensure_ascii=False,
        )
        with self._lock:
            lines = [*(other for other in self._lines() if _name(other) != name), line]
            write_private(self.path, "".join(one + "\n" for one in lines))
        return one

    def _lines(self) -> list[str]:
        try:
            return [line for line in self.path.read_text("utf-8").splitlines() if line.strip()]
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise StaffError(f"{self.path} cannot be read: {error}. Look at who may read it.") from error


def _name(line: str) -> str:
    """Give the id of a line; one that cannot be read is nobody's, and stays."""
    try:
        told = json.loads(line)
    except ValueError:
        return ""
    return str(told.get("id", "")) if isinstance(told, dict) else ""
