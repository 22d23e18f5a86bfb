"""Drafts of pages, stored apart from the corpus until they are published."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from chatbot.database import Database, sql

__all__ = ["Draft", "Drafts"]


@dataclass(frozen=True, slots=True)
class Draft:
    """The next text of a page, or None where it is to be withdrawn, with its author and time (UTC)."""

    page: str
    text: str | None
    account: str
    made: datetime


class Drafts:
    """Stores one draft a page; any number of threads may use it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Take the staff's database and a clock in seconds."""
        self._database = database
        self._clock = clock

    def all(self) -> tuple[Draft, ...]:
        """Return all drafts, by page."""
        with self._database.reading() as connection:
            rows = connection.execute(sql("SELECT page, text, account, made FROM drafts ORDER BY page")).all()
        return tuple(Draft(page, text, who, datetime.fromtimestamp(made, UTC)) for page, text, who, made in rows)

    def put(self, page: str, text: str | None, account: str) -> None:
        """Store the draft of a page in place of an earlier one."""
        values = {"page": page, "text": text, "account": account, "made": int(self._clock())}
        with self._database.writing() as connection:
            connection.execute(
                sql(
                    "INSERT INTO drafts (page, text, account, made) VALUES (:page, :text, :account, :made) "
                    "ON CONFLICT (page) DO UPDATE SET text = :text, account = :account, made = :made"
                ),
                values,
            )

    def discard(self, pages: Collection[str]) -> None:
        """Delete the drafts of pages."""
        with self._database.writing() as connection:
            for page in pages:
                connection.execute(sql("DELETE FROM drafts WHERE page = :page"), {"page": page})

    def done(self, drafts: Collection[Draft]) -> None:
        """Delete drafts that are live now, unless an editor has replaced them meanwhile."""
        with self._database.writing() as connection:
            for draft in drafts:
                if draft.text is None:
                    same = sql("DELETE FROM drafts WHERE page = :page AND text IS NULL")
                else:
                    same = sql("DELETE FROM drafts WHERE page = :page AND text = :text").bindparams(text=draft.text)
                connection.execute(same, {"page": draft.page})
