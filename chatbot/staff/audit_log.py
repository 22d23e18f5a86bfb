"""The audit log: who changed what and when, with the texts before and after."""

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from chatbot.database import Database, sql
from chatbot.errors import ChangeRefused

__all__ = ["AuditLog", "Change", "ChangeKind", "Entry"]

_INSERT: Final = (
    "INSERT INTO changes (made, account, kind, subject, told, before, after) "
    "VALUES (:made, :account, :kind, :subject, :told, :before, :after)"
)


class ChangeKind(StrEnum):
    """The kind of thing that was changed."""

    PAGE = "page"
    WORDS = "words"
    INDEX = "index"
    ACCOUNT = "account"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded of a change: the fields of `Change` that the log does not add itself."""

    account: str
    kind: ChangeKind
    subject: str
    summary: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the log.

    `made` is in UTC, `summary` describes the change in words. `before` and `after` are whole texts, or None where there
    was none.
    """

    id: int
    made: datetime
    account: str
    kind: ChangeKind
    subject: str
    summary: str
    before: str | None
    after: str | None


class AuditLog:
    """The log in the staff's database. Entries are never deleted; safe for any number of threads."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Use a database, and a clock that returns Unix time in seconds."""
        self._database = database
        self._clock = clock

    def record(  # noqa: PLR0913, PLR0917 - the columns of an entry
        self,
        account: str,
        kind: ChangeKind,
        subject: str,
        summary: str,
        before: str | None = None,
        after: str | None = None,
    ) -> None:
        """Add an entry."""
        with self._database.writing() as connection:
            connection.execute(sql(_INSERT), self._row(Entry(account, kind, subject, summary, before, after)))

    def record_once(self, entries: Sequence[Entry], newest: int) -> None:
        """Add entries, all in one step, unless they were added since the entry `newest`."""
        statement = sql("SELECT account, kind, subject, told, before, after FROM changes WHERE id > :newest")
        with self._database.writing() as connection:
            known = {tuple(row) for row in connection.execute(statement, {"newest": newest})}
            for entry in entries:
                if astuple(entry) not in known:
                    connection.execute(sql(_INSERT), self._row(entry))

    def newest(self) -> int:
        """Return the id of the newest entry, or 0."""
        with self._database.reading() as connection:
            return connection.scalar(sql("SELECT max(id) FROM changes")) or 0

    def _row(self, entry: Entry) -> dict[str, str | int | None]:
        return {
            "made": int(self._clock()),
            "account": entry.account,
            "kind": entry.kind.value,
            "subject": entry.subject,
            "told": entry.summary,
            "before": entry.before,
            "after": entry.after,
        }

    def latest(self, limit: int = 100) -> tuple[Change, ...]:
        """Return the newest changes, newest first, with None for the texts before and after."""
        return self._select(
            "SELECT id, made, account, kind, subject, told, NULL, NULL FROM changes ORDER BY id DESC LIMIT :value",
            limit,
        )

    def get(self, change_id: int) -> Change:
        """Return one change with its texts; raises `ChangeRefused` if there is none."""
        changes = self._select(
            "SELECT id, made, account, kind, subject, told, before, after FROM changes WHERE id = :value", change_id
        )
        if not changes:
            raise ChangeRefused("There is no such change: load the page again.")
        return changes[0]

    def _select(self, statement: str, value: int) -> tuple[Change, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(sql(statement), {"value": value}).all()
        return tuple(
            Change(id_, datetime.fromtimestamp(made, UTC), account, ChangeKind(kind), *texts)
            for id_, made, account, kind, *texts in rows
        )
