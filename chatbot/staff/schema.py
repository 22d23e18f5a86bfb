"""The tables of the staff's database, and its migrations."""

from pathlib import Path
from typing import Final

from chatbot.database import Database, Schema
from chatbot.errors import StaffError
from chatbot.settings import STAFF_DATABASE

__all__ = ["staff_database"]

# Times are whole seconds since 1970 in UTC. Of a session, only the SHA-256 of its token is stored, so that a copy of
# the file lets nobody sign in. `told` of a change is its summary. Of an approved question, `history` and `headings` are
# lists in JSON; where no page answers it, `document`, `headings` and `passage` are empty. `place` orders the verdicts
# of one second. `texts` holds what would be files of the staff's folder, in a database that servers share. So does
# `failed_sign_ins` with what is in memory otherwise; `key` is a digest of name and address.
_MIGRATIONS: Final = (
    (
        """
        CREATE TABLE accounts (
            name TEXT PRIMARY KEY,
            role TEXT NOT NULL,
            password TEXT NOT NULL,
            made BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE sessions (
            token TEXT PRIMARY KEY,
            account TEXT NOT NULL REFERENCES accounts (name) ON DELETE CASCADE,
            begun BIGINT NOT NULL,
            seen BIGINT NOT NULL
        )
        """,
        "CREATE INDEX sessions_account ON sessions (account)",
        """
        CREATE TABLE changes (
            id {id},
            made BIGINT NOT NULL,
            account TEXT NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            told TEXT NOT NULL,
            before TEXT,
            after TEXT
        )
        """,
        """
        CREATE TABLE drafts (
            page TEXT PRIMARY KEY,
            text TEXT,
            account TEXT NOT NULL,
            made BIGINT NOT NULL
        )
        """,
    ),
    (
        """
        CREATE TABLE sign_offs (
            id {id},
            signed BIGINT NOT NULL,
            name TEXT NOT NULL,
            role TEXT NOT NULL,
            account TEXT NOT NULL,
            version TEXT NOT NULL,
            digest TEXT NOT NULL,
            lists TEXT NOT NULL
        )
        """,
    ),
    (
        """
        CREATE TABLE approved_questions (
            id {id_never_used_again},
            question TEXT NOT NULL,
            history TEXT NOT NULL,
            document TEXT NOT NULL,
            headings TEXT NOT NULL,
            passage TEXT NOT NULL,
            account TEXT NOT NULL,
            approved BIGINT NOT NULL
        )
        """,
    ),
    (
        """
        CREATE TABLE first_day (
            question TEXT PRIMARY KEY,
            specialty TEXT NOT NULL,
            verdict TEXT NOT NULL,
            outcome TEXT NOT NULL,
            confidence DOUBLE PRECISION NOT NULL,
            account TEXT NOT NULL,
            judged BIGINT NOT NULL
        )
        """,
    ),
    (
        "ALTER TABLE first_day ADD COLUMN place BIGINT NOT NULL DEFAULT 0",
        """
        CREATE TABLE texts (
            name TEXT PRIMARY KEY,
            content TEXT NOT NULL
        )
        """,
    ),
    (
        """
        CREATE TABLE digests (
            due BIGINT PRIMARY KEY,
            begun BIGINT NOT NULL,
            sent INTEGER NOT NULL
        )
        """,
    ),
    (
        """
        CREATE TABLE failed_sign_ins (
            server TEXT NOT NULL,
            key TEXT NOT NULL,
            count DOUBLE PRECISION NOT NULL,
            last DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (server, key)
        )
        """,
    ),
)


def staff_database(folder: Path, shared: str = "") -> Database:
    """Return the database in the staff's folder, or at the address of the one that servers share.

    The first use of a file creates it, readable for its owner alone. What is recorded there, such as an entry of the
    audit log, is on the disk before anybody reads that it is done.
    """
    schema = Schema("The staff's database", "FOOTNOTE_STAFF_DIR", _MIGRATIONS, StaffError, survives_power_loss=True)
    return Database(shared or str(folder / STAFF_DATABASE), schema)
