"""The register of accounts and of who is signed in."""

import hashlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chatbot.database import Database
from chatbot.errors import AccountRefused
from chatbot.staff.accounts.passwords import hash_password, is_password

__all__ = ["Account", "AccountStore", "Role"]


class Role(StrEnum):
    """What an account may do: a reader sees everything and changes nothing."""

    READER = "reader"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the staff, by the name that they sign in with."""

    name: str
    role: Role


_NAME: Final = re.compile(r"\w[\w.@-]{0,39}")
_IDLE: Final = 8 * 3600  # seconds after which a session that nobody uses ends
_LONGEST: Final = 7 * 86_400  # seconds after which any session ends
_SEEN: Final = 60  # seconds: how exactly it is kept when a session was last used


class AccountStore:
    """Keeps accounts and their sessions; any number of threads and processes may use it.

    >>> register = Register(staff_database(Path("staff")))
    >>> register.add("alice", Role.EDITOR, "correct horse battery")
    >>> token = register.sign_in("alice", "correct horse battery")
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Take where to keep them, and what gives the time in seconds."""
        self._database = database
        self._clock = clock

    def accounts(self) -> tuple[Account, ...]:
        """Give all accounts, by name."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql("SELECT name, role FROM accounts ORDER BY name").all()
        return tuple(Account(name, Role(role)) for name, role in rows)

    def add(self, name: str, role: Role, password: str) -> Account:
        """Make an account; raises `AccountRefused` for a name that is taken or odd, and for a short password."""
        account = Account(_name(name), role)
        values = (account.name, role.value, hash_password(password), self._now)
        with self._database.writing() as connection:
            made = connection.exec_driver_sql("INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, ?)", values)
            if not made.rowcount:
                raise AccountRefused(f"There is an account {account.name!r} already: choose another name.")
        return account

    def remove(self, name: str) -> None:
        """Remove an account and end its sessions; raises `AccountRefused` if there is none."""
        self._change("DELETE FROM accounts WHERE name = ?", name)

    def set_password(self, name: str, password: str) -> None:
        """Give an account another password and end its sessions; raises `AccountRefused`."""
        self._change("UPDATE accounts SET password = ? WHERE name = ?", name, hash_password(password))
        self.sign_out_everywhere(name)

    def set_role(self, name: str, role: Role) -> None:
        """Give an account another role, which its sessions have from their next request on."""
        self._change("UPDATE accounts SET role = ? WHERE name = ?", name, role.value)

    def sign_in(self, name: str, password: str) -> str | None:
        """Begin a session and give its token; None for an unknown name or a wrong password, after the same time."""
        known = _known(name)
        with self._database.reading() as connection:
            hashed = connection.exec_driver_sql("SELECT password FROM accounts WHERE name = ?", (known,)).scalar()
        if not is_password(password, hashed):
            return None
        token = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            self._forget_ended(connection.exec_driver_sql)
            # The password may have been changed since it was read: then this session must not begin.
            begun = connection.exec_driver_sql(
                "INSERT INTO sessions SELECT ?, name, ?, ? FROM accounts WHERE name = ? AND password = ?",
                (_digest(token), self._now, self._now, known, hashed),
            )
        return token if begun.rowcount else None

    def account_of(self, token: str) -> Account | None:
        """Give the account of a session that has not ended."""
        now, digest = self._now, _digest(token)
        with self._database.reading() as connection:
            row = connection.exec_driver_sql(
                "SELECT name, role, begun, seen FROM sessions JOIN accounts ON account = name WHERE token = ?",
                (digest,),
            ).one_or_none()
        if row is None or now - row.begun >= _LONGEST or now - row.seen >= _IDLE:
            return None
        if now - row.seen >= _SEEN:
            with self._database.writing() as connection:
                connection.exec_driver_sql("UPDATE sessions SET seen = ? WHERE token = ?", (now, digest))
        return Account(row.name, Role(row.role))

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.exec_driver_sql("DELETE FROM sessions WHERE token = ?", (_digest(token),))

    def sign_out_everywhere(self, name: str | None = None) -> int:
        """End all sessions of an account, or of everyone; give how many."""
        with self._database.writing() as connection:
            if name is None:
                return connection.exec_driver_sql("DELETE FROM sessions").rowcount
            return connection.exec_driver_sql("DELETE FROM sessions WHERE account = ?", (_known(name),)).rowcount

    @property
    def _now(self) -> int:
        return int(self._clock())

    def _change(self, statement: str, name: str, *values: str) -> None:
        with self._database.writing() as connection:
            if not connection.exec_driver_sql(statement, (*values, _known(name))).rowcount:
                raise AccountRefused(f"There is no account {name!r}: 'footnote staff list' names them.")

    def _forget_ended(self, execute: Callable[..., object]) -> None:
        ended = (self._now - _LONGEST, self._now - _IDLE)
        execute("DELETE FROM sessions WHERE begun <= ? OR seen <= ?", ended)


def _name(name: str) -> str:
    known = _known(name)
    if not _NAME.fullmatch(known):
        raise AccountRefused(
            f"{name!r} is no name for an account: use up to 40 letters, digits, dots, dashes and @, without spaces."
        )
    return known


def _known(name: str) -> str:
    return name.strip().casefold()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
