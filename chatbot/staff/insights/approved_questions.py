"""Approved questions: which passage answers a question, or that no page does, as staff decided it."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Final, TypeAlias

from chatbot.answering import ApprovedQuestion, clean_question, folded_question
from chatbot.bot import Chatbot
from chatbot.database import Database, sql
from chatbot.errors import ChangeRefused
from chatbot.evaluation import Expect
from chatbot.journal import Journal
from chatbot.records import Answer, Outcome, Passage
from chatbot.redaction import redact
from chatbot.staff.audit_log import AuditLog, ChangeKind
from chatbot.staff.insights.saved_questions import GoldenFile

__all__ = ["Approval", "ApprovedQuestions", "stored_approvals"]


_SELECT: Final = sql(
    "SELECT id, question, history, document, headings, passage, account, approved FROM approved_questions "
    "ORDER BY id DESC"
)
_INSERT: Final = sql(
    "INSERT INTO approved_questions (question, history, document, headings, passage, account, approved) "
    "VALUES (:question, :history, :document, :headings, :passage, :account, :approved)"
)
_VERSION: Final = sql("SELECT COALESCE(MAX(id), 0), COUNT(*) FROM approved_questions")  # no number is used again
_DELETE: Final = sql("DELETE FROM approved_questions WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Approval:
    """An approved question with its number, who approved it, and when (UTC).

    `lapsed` says that the passage is not in the pages any more as it was approved, so that visitors are not shown it.
    """

    id: int
    approved: ApprovedQuestion
    account: str
    made: datetime
    lapsed: bool


class ApprovedQuestions:
    """The approved questions in the staff's database, served by a chatbot at once.

    Any number of threads may use it, and of servers that share the database: they `follow`.
    """

    def __init__(
        self,
        bot: Chatbot,
        database: Database,
        golden_file: GoldenFile,
        audit_log: AuditLog,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take a clock that returns Unix time in seconds; `serve` begins the serving."""
        self._bot = bot
        self._database = database
        self._golden_file = golden_file
        self._audit_log = audit_log
        self._clock = clock
        self._lock = Lock()
        self._served: tuple[int, int] | None = None  # the highest number and how many there were

    def serve(self) -> None:
        """Make the chatbot answer by all approved questions; raises `StaffError`."""
        with self._lock:
            self._serve()

    def follow(self) -> bool:
        """Serve what another server has approved or taken back; return whether there was anything.

        Raises `StaffError`.
        """
        with self._database.reading() as connection:
            newest, number = connection.execute(_VERSION).one()
        if (newest, number) == self._served:
            return False
        self.serve()
        return True

    def all(self) -> tuple[Approval, ...]:
        """Return all approved questions, newest first; raises `StaffError`."""
        return tuple(map(self._approval, self._rows()))

    def find(self, question: str, history: Sequence[str] = ()) -> Approval | None:
        """Return what was decided on a question, if anything was; raises `StaffError`."""
        key = self._approved(question, None, history).key
        return next((self._approval(row) for row in self._rows() if row[1].key == key), None)

    def approve(self, question: str, passage: Passage | None, by: str, history: Sequence[str] = ()) -> Answer:
        """Store that a passage answers a question, or that no page does, and return what visitors are answered now.

        `history` are the conversation's earlier questions, oldest first. An earlier decision on the same question is
        replaced. The question is redacted, and saved as a golden question too. Raises `ChangeRefused` for an urgent
        question, `QuestionError` and `StaffError`.
        """
        if self._bot.ask(question, history).outcome is Outcome.URGENT:
            raise ChangeRefused(
                "This question sounds urgent, and your urgent wording always comes first. Nothing was stored."
            )
        approved = self._approved(question, passage, history)
        with self._lock:
            same = [(id_, other) for id_, other, *_ in self._rows() if other.key == approved.key]
            with self._database.writing() as connection:
                for id_, _ in same:
                    connection.execute(_DELETE, {"id": id_})
                connection.execute(_INSERT, {**_values(approved), "account": by, "approved": int(self._clock())})
            self._serve()
        before = _as_text(same[0][1]) if same else None
        self._record(by, approved, "Approved" if passage else "Not answered by our pages", before, _as_text(approved))
        answer = self._bot.ask(approved.question, approved.history)
        self._save_golden(approved, answer, by)
        return answer

    def take_back(self, id_: int, by: str) -> ApprovedQuestion:
        """Delete a decision, the golden question that came with it too; raises `ChangeRefused` if it is gone."""
        with self._lock:
            approved = next((question for number, question, *_ in self._rows() if number == id_), None)
            if approved is None:
                raise ChangeRefused("Somebody has taken this back already: load the list again.")
            with self._database.writing() as connection:
                connection.execute(_DELETE, {"id": id_})
            self._serve()
        self._golden_file.remove(approved.question, approved.history)
        self._record(by, approved, "Taken back", _as_text(approved), None)
        return approved

    def count_confirmed(self, journal: Journal, since: datetime, until: datetime | None = None) -> int:
        """Count the questions since then whose answer a person has confirmed; raises `JournalError`, `StaffError`.

        They were answered by an approved question, or are word for word one that was approved later.
        """
        wordings = {question.key for _, question, *_ in self._rows() if not question.history}
        return journal.count_confirmed(since, lambda text: folded_question(text) in wordings, until)

    def _serve(self) -> None:
        rows = self._rows() if self._database.exists else []
        self._bot.set_approved([question for _, question, *_ in rows])
        self._served = max((id_ for id_, *_ in rows), default=0), len(rows)

    def _save_golden(self, approved: ApprovedQuestion, answer: Answer, by: str) -> None:
        gold: tuple[str, ...] = ()
        if approved.is_answered:
            marks = answer.citations[0].highlights if answer.citations else ()
            gold = tuple(approved.text[mark.start : mark.end] for mark in marks) or (approved.text,)
        as_approved = answer.outcome is (Outcome.ANSWERED if gold else Outcome.NOT_FOUND)
        expect = None if as_approved else Expect.EITHER  # something else comes first, such as the words on a symptom
        self._golden_file.save(approved.question, approved.history, gold, by, expect)

    def _approved(self, question: str, passage: Passage | None, history: Sequence[str]) -> ApprovedQuestion:
        """Return a decision, redacted as the journal is, with the earlier questions that it depends on."""
        *earlier, asked = (
            redact(clean_question(text)) for text in (*self._bot.context_of(question, history), question)
        )
        return ApprovedQuestion.of(asked, passage, earlier)

    def _approval(self, row: "_Row") -> Approval:
        id_, question, account, made = row
        lapsed = question.is_answered and self._bot.approved_passage(question) is None
        return Approval(id_, question, account, datetime.fromtimestamp(made, UTC), lapsed)

    def _rows(self) -> "list[_Row]":
        return _rows(self._database)

    def _record(self, by: str, approved: ApprovedQuestion, summary: str, before: str | None, after: str | None) -> None:
        self._audit_log.record(by, ChangeKind.QUESTION, approved.question, summary, before, after)


_Row: TypeAlias = tuple[int, ApprovedQuestion, str, int]
"""A number, a question, the account that approved it, and when, in seconds."""


def stored_approvals(database: Database) -> list[ApprovedQuestion]:
    """Return the approved questions in the staff's database, none where there is none yet; raises `StaffError`."""
    return [question for _, question, *_ in _rows(database)] if database.exists else []


def _rows(database: Database) -> list[_Row]:
    """Return all decisions, newest first."""
    with database.reading() as connection:
        rows = connection.execute(_SELECT).all()
    return [
        (
            id_,
            ApprovedQuestion(question, tuple(json.loads(history)), document, tuple(json.loads(headings)), passage),
            account,
            made,
        )
        for id_, question, history, document, headings, passage, account, made in rows
    ]


def _values(approved: ApprovedQuestion) -> dict[str, str]:
    history, headings = (json.dumps(texts, ensure_ascii=False) for texts in (approved.history, approved.headings))
    return {
        "question": approved.question,
        "history": history,
        "document": approved.document,
        "headings": headings,
        "passage": approved.text,
    }


def _as_text(approved: ApprovedQuestion) -> str:
    """Return a decision as the lines that the audit log shows."""
    passage = (approved.document, *approved.headings, approved.text) if approved.is_answered else ("no passage",)
    return "\n".join((*approved.history, approved.question, *passage))
