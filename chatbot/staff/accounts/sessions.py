"""Accounts of the staff, and their sessions."""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from chatbot.database import Database, sql
from chatbot.errors import AccountRefused
from chatbot.staff.accounts.passwords import hash_password, verify_password

__all__ = ["Account", "AccountStore", "Role"]

_NAME: Final = re.compile(r"\w[\w.@+'-]{0,63}")
_IDLE_LIMIT: Final = 8 * 3600  # seconds without use after which a session ends
_MAX_AGE: Final = 7 * 86_400  # seconds after which any session ends
_SEEN_PRECISION: Final = 60  # seconds; a session's last use is written at most this often

_ADD: Final = sql(
    "INSERT INTO accounts (name, role, password, made) VALUES (:name, :role, :password, :made) "
    "ON CONFLICT (name) DO NOTHING"
)
# It changes nothing. A change of the password and a removal of the account wait for this transaction.
_LOCK_UNCHANGED: Final = sql("UPDATE accounts SET role = role WHERE name = :name AND password = :password")
_PASSWORD: Final = sql("SELECT password FROM accounts WHERE name = :name")
_BEGIN: Final = sql("INSERT INTO sessions (token, account, begun, seen) VALUES (:token, :account, :now, :now)")
_SESSION: Final = sql(
    "SELECT name, role, begun, seen FROM sessions JOIN accounts ON account = name WHERE token = :token"
)
_SEEN: Final = sql("UPDATE sessions SET seen = :seen WHERE token = :token")


class Role(StrEnum):
    """The rights of an account: a reader sees everything and changes nothing, an editor changes too."""

    READER = "reader"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True)
class Account:
    """A member of staff, by the name they sign in with."""

    name: str
    role: Role


class AccountStore:
    """Accounts and sessions in the staff's database; safe for any number of threads and processes.

    >>> accounts = AccountStore(staff_database(Path("staff")))
    >>> accounts.add("alice", Role.EDITOR, "correct horse battery")
    >>> token = accounts.sign_in("alice", "correct horse battery")
    """

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Use a database, and a clock that returns Unix time in seconds."""
        self._database = database
        self._clock = clock

    def accounts(self) -> tuple[Account, ...]:
        """Return all accounts, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(sql("SELECT name, role FROM accounts ORDER BY name")).all()
        return tuple(Account(name, Role(role)) for name, role in rows)

    def add(self, name: str, role: Role, password: str | None) -> Account:
        """Create an account; raises `AccountRefused` for a taken or invalid name and for an unsuitable password.

        Without a password, its owner signs in by single sign-on alone.
        """
        account = Account(_valid_name(name), role)
        hashed = "" if password is None else hash_password(password)
        values = {"name": account.name, "role": role.value, "password": hashed, "made": self._now}
        with self._database.writing() as connection:
            if not connection.execute(_ADD, values).rowcount:
                raise AccountRefused(f"There is an account {account.name!r} already: choose another name.")
        return account

    def remove(self, name: str) -> None:
        """Delete an account and end its sessions; raises `AccountRefused` if there is none."""
        self._change("DELETE FROM accounts WHERE name = :name", name)

    def set_password(self, name: str, password: str) -> None:
        """Change a password and end the account's sessions; raises `AccountRefused`."""
        self._change("UPDATE accounts SET password = :value WHERE name = :name", name, hash_password(password))
        self.sign_out_everywhere(name)

    def set_role(self, name: str, role: Role) -> None:
        """Change a role, which holds from the next request on; raises `AccountRefused` if there is no account."""
        self._change("UPDATE accounts SET role = :value WHERE name = :name", name, role.value)

    def sign_in(self, name: str, password: str) -> str | None:
        """Begin a session and return its token; for a wrong name or password, return None after the same time."""
        key = _normalise(name)
        hashed = self._hash_of(key)
        return self._begin(key, hashed) if verify_password(password, hashed or None) else None

    def _begin(self, key: str, hashed: str) -> str | None:
        """Begin a session unless the password was changed since it was read; return its token."""
        token = secrets.token_urlsafe(32)
        with self._database.writing() as connection:
            ended = {"begun": self._now - _MAX_AGE, "seen": self._now - _IDLE_LIMIT}
            connection.execute(sql("DELETE FROM sessions WHERE begun <= :begun OR seen <= :seen"), ended)
            # If the password was changed since it was read, this session must not begin.
            if not connection.execute(_LOCK_UNCHANGED, {"name": key, "password": hashed}).rowcount:
                return None
            connection.execute(_BEGIN, {"token": _digest(token), "account": key, "now": self._now})
        return token

    def provide(self, name: str, role: Role) -> Account:
        """Return an account with this role, made without a password where there is none; raises `AccountRefused`."""
        account = Account(_valid_name(name), role)
        with self._database.writing() as connection:
            connection.execute(_ADD, {"name": account.name, "role": role.value, "password": "", "made": self._now})
            connection.execute(
                sql("UPDATE accounts SET role = :role WHERE name = :name"), {"name": account.name, "role": role.value}
            )
        return account

    def begin_session(self, name: str) -> str | None:
        """Begin a session of an account whose owner another service vouches for; return None if it is just removed."""
        return self._begin(_normalise(name), self._hash_of(name))

    def browser_token(self, name: str) -> str:
        """Return a token for a browser in which an account signed in; it holds until the password changes."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{_signature(nonce, self._hash_of(name))}"

    def known_browser(self, name: str, token: str) -> str:
        """Return what identifies the browser of a token of `browser_token`, or "" if it is not one of that account."""
        nonce, _, signature = token.partition(".")
        expected = _signature(nonce, self._hash_of(name))
        return nonce if nonce and hmac.compare_digest(signature.encode(), expected.encode()) else ""

    def account_of(self, token: str) -> Account | None:
        """Return the account of a session, or None if it has ended or never began."""
        now, digest = self._now, _digest(token)
        with self._database.reading() as connection:
            row = connection.execute(_SESSION, {"token": digest}).one_or_none()
        if row is None or now - row.begun >= _MAX_AGE or now - row.seen >= _IDLE_LIMIT:
            return None
        if now - row.seen >= _SEEN_PRECISION:
            with self._database.writing() as connection:
                connection.execute(_SEEN, {"seen": now, "token": digest})
        return Account(row.name, Role(row.role))

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._database.writing() as connection:
            connection.execute(sql("DELETE FROM sessions WHERE token = :token"), {"token": _digest(token)})

    def sign_out_everywhere(self, name: str | None = None) -> int:
        """End all sessions of an account, or of everyone; return how many."""
        with self._database.writing() as connection:
            if name is None:
                return connection.execute(sql("DELETE FROM sessions")).rowcount
            of_account = sql("DELETE FROM sessions WHERE account = :name")
            return connection.execute(of_account, {"name": _normalise(name)}).rowcount

    def _hash_of(self, name: str) -> str:
        """Return the hash of an account's password; it is empty where there is no such account."""
        with self._database.reading() as connection:
            row = connection.execute(_PASSWORD, {"name": _normalise(name)})
            return str(row.scalar() or "")

    @property
    def _now(self) -> int:
        return int(self._clock())

    def _change(self, statement: str, name: str, value: str | None = None) -> None:
        values = {"name": _normalise(name)} if value is None else {"name": _normalise(name), "value": value}
        with self._database.writing() as connection:
            if not connection.execute(sql(statement), values).rowcount:
                raise AccountRefused(f"There is no account {name!r}: 'footnote staff list' names them.")


def _valid_name(name: str) -> str:
    key = _normalise(name)
    if not _NAME.fullmatch(key):
        raise AccountRefused(
            f"{name!r} is no name for an account: use up to 64 letters, digits, dots, dashes, + and @, without spaces."
        )
    return key


def _normalise(name: str) -> str:
    """Return a name as it is stored; no account has the character in place of NUL, which PostgreSQL refuses."""
    return name.strip().casefold().replace("\0", "\ufffd")


def _signature(nonce: str, key: str) -> str:
    """Return the signature of a nonce; without a key, a random one that matches nothing."""
    signing = key.encode() or secrets.token_bytes(32)
    return hmac.new(signing, b"browser:" + nonce.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
