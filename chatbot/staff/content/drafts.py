"""Changes of pages that are prepared and not live yet: kept apart, so that visitors' pages stay as they are."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from chatbot.database import Database

__all__ = ["Draft", "Drafts"]


@dataclass(frozen=True, slots=True)
class Draft:
    """A page's next text, or None where it is to be withdrawn; by whom and when (UTC)."""

    page: str
    text: str | None
    account: str
    made: datetime


class Drafts:
    """Keeps one draft a page; any number of threads may use it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Take where to keep them, and what gives the time in seconds."""
        self._database = database
        self._clock = clock

    def all(self) -> tuple[Draft, ...]:
        """Give all drafts, by page."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql("SELECT page, text, account, made FROM drafts ORDER BY page").all()
        return tuple(Draft(page, text, who, datetime.fromtimestamp(made, UTC)) for page, text, who, made in rows)

    def put(self, page: str, text: str | None, account: str) -> None:
        """Keep a page's draft in place of an earlier one."""
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?, ?)", (page, text, account, int(self._clock()))
            )

    def discard(self, pages: Collection[str]) -> None:
        """Forget the drafts of pages."""
        with self._database.writing() as connection:
            for page in pages:
                connection.exec_driver_sql("DELETE FROM drafts WHERE page = ?", (page,))

    def done(self, drafts: Collection[Draft]) -> None:
        """Forget drafts that are live now, unless another took their place meanwhile."""
        with self._database.writing() as connection:
            for draft in drafts:
                connection.exec_driver_sql("DELETE FROM drafts WHERE page = ? AND text IS ?", (draft.page, draft.text))
