"""Golden questions that staff save with one click, in a file that `footnote evaluate` reads too."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from chatbot.errors import GoldenFileInvalid, StaffError
from chatbot.evaluation import Expect, GoldenQuestion, read_golden
from chatbot.staff.insights.private_file import write_private

__all__ = ["GoldenFile"]


class GoldenFile:
    """The file in the staff's folder; safe for any number of threads of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()

    @property
    def path(self) -> Path:
        """The path of the file, which need not exist yet."""
        return self._folder / "golden.jsonl"

    def read(self) -> tuple[GoldenQuestion, ...]:
        """Return the questions, none if there is no file; raises `GoldenFileInvalid` for an invalid line."""
        return read_golden(self.path) if self._lines() else ()

    def require(self) -> tuple[GoldenQuestion, ...]:
        """Return the questions, at least one; raises `GoldenFileInvalid` if there is none."""
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
        with self._lock:
            lines = [*(other for other in self._lines() if _id_of(other) != id_), line]
            write_private(self.path, "".join(f"{other}\n" for other in lines))
        return golden

    def remove(self, question: str, history: Sequence[str]) -> None:
        """Delete the saved result of a question, if there is one; raises `StaffError`."""
        id_ = _id(question, history)
        with self._lock:
            lines = self._lines()
            others = [line for line in lines if _id_of(line) != id_]
            if len(others) < len(lines):
                write_private(self.path, "".join(f"{line}\n" for line in others))

    def _lines(self) -> list[str]:
        try:
            return [line for line in self.path.read_text("utf-8").splitlines() if line.strip()]
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise StaffError(f"{self.path} cannot be read: {error}. Check who may read it.") from error


def _id(question: str, history: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps([question, *history]).encode()).hexdigest()[:12]


def _id_of(line: str) -> str:
    """Return the id of a line, or an empty string for a line that cannot be read."""
    try:
        fields = json.loads(line)
    except ValueError:
        return ""
    return str(fields.get("id", "")) if isinstance(fields, dict) else ""
