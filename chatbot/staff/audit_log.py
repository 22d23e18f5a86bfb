"""The record of changes: who changed what and when, with what stood there before."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from chatbot.database import Database
from chatbot.errors import ChangeRefused

__all__ = ["AuditLog", "Change", "Kind"]


class Kind(StrEnum):
    """What a change was made to."""

    PAGE = "page"
    WORDS = "words"
    INDEX = "index"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it is kept, in UTC: `told` says it in words, `before` and `after` are whole texts, None for none."""

    id: int
    made: datetime
    account: str
    kind: Kind
    subject: str
    told: str
    before: str | None
    after: str | None


class AuditLog:
    """Keeps changes for good; any number of threads may use it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Take where to keep them, and what gives the time in seconds."""
        self._database = database
        self._clock = clock

    def record(  # noqa: PLR0913, PLR0917 - who, what and from what to what
        self, account: str, kind: Kind, subject: str, told: str, before: str | None = None, after: str | None = None
    ) -> None:
        """Keep a change."""
        values = (int(self._clock()), account, kind.value, subject, told, before, after)
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO changes (made, account, kind, subject, told, before, after) VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )

    def latest(self, limit: int = 100) -> tuple[Change, ...]:
        """Give the newest changes, newest first, without the texts that stood before and after."""
        return self._read("SELECT *, NULL AS before, NULL AS after FROM told ORDER BY id DESC LIMIT ?", limit)

    def get(self, change_id: int) -> Change:
        """Give one change whole; raises `ChangeRefused` if there is none."""
        found = self._read("SELECT * FROM changes WHERE id = ?", change_id)
        if not found:
            raise ChangeRefused("There is no such change: load the page again.")
        return found[0]

    def _read(self, statement: str, value: int) -> tuple[Change, ...]:
        told = "WITH told AS (SELECT id, made, account, kind, subject, told FROM changes) "
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(told + statement, (value,)).all()
        return tuple(
            Change(
                row.id,
                datetime.fromtimestamp(row.made, UTC),
                row.account,
                Kind(row.kind),
                row.subject,
                row.told,
                row.before,
                row.after,
            )
            for row in rows
        )
