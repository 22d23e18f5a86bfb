"""The journal's tables, and its migrations."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text

from chatbot.database import Database, Schema
from chatbot.errors import JournalError

__all__ = ["JOURNAL", "MIGRATIONS", "citations", "journal_database", "questions"]

_DISABLED: Final = {"", "off"}
_METADATA: Final = MetaData()

# Times are whole seconds since 1970 in UTC, which both databases count and compare alike.
questions: Final = Table(
    "questions",
    _METADATA,
    Column("id", Integer, primary_key=True),
    Column("answer_id", Text),
    Column("asked", BigInteger, nullable=False),
    Column("text", Text),
    Column("outcome", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("milliseconds", Integer, nullable=False),
    Column("helpful", Boolean),
    Column("comment", Text),
    Column("handled", BigInteger),
    Column("level", Text),
    Column("rule", Text),
    Column("shown", Text),
    Column("judged", Boolean),
    Column("confirmed", Boolean),
)

citations: Final = Table(
    "citations",
    _METADATA,
    Column("question", Integer, primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("document", Text, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """
        CREATE TABLE questions (
            id {id},
            answer_id TEXT UNIQUE,
            asked BIGINT NOT NULL,
            text TEXT,
            outcome TEXT NOT NULL,
            language TEXT NOT NULL,
            milliseconds INTEGER NOT NULL,
            helpful BOOLEAN,
            comment TEXT,
            handled BIGINT
        )
        """,
        "{no_samples}",
        "CREATE INDEX questions_asked ON questions (asked, outcome, helpful)",
        """
        CREATE TABLE citations (
            question INTEGER NOT NULL REFERENCES questions (id) ON DELETE CASCADE,
            place INTEGER NOT NULL,
            document TEXT NOT NULL,
            starts INTEGER NOT NULL,
            ends INTEGER NOT NULL,
            PRIMARY KEY (question, place)
        )
        """,
    ),
    (
        "ALTER TABLE questions ADD COLUMN level TEXT",
        "ALTER TABLE questions ADD COLUMN rule TEXT",
        "ALTER TABLE questions ADD COLUMN shown TEXT",
        "ALTER TABLE questions ADD COLUMN judged BOOLEAN",
    ),
    ("ALTER TABLE questions ADD COLUMN confirmed BOOLEAN",),
)
"""The migrations in order. A released one is never changed, only followed by another.

Names in braces stand for SQL that differs between the databases, from `chatbot.database.DIALECTS`.
"""

JOURNAL: Final = Schema("The journal", "FOOTNOTE_JOURNAL", MIGRATIONS, JournalError)
"""The journal's schema."""


def journal_database(setting: str) -> Database | None:
    """Return the journal's database, or None if the setting is "off" or empty; raises `SettingsError`."""
    return None if setting.casefold() in _DISABLED else Database(setting, JOURNAL)
