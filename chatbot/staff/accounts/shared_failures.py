"""Failed sign-ins that several servers count together, through the staff's database.

A server writes down its own, by digests, and reads those of the others. So guessing a password has no more tries at
two servers than at one, and a server that starts again forgets nothing.
"""

import secrets
import time
from collections.abc import Callable
from typing import Final

from chatbot.database import Database, sql
from chatbot.staff.accounts.passwords import FAILURE_LIFETIME, Failures, SignInThrottle

__all__ = ["SharedFailures"]

_WRITE: Final = sql(
    "INSERT INTO failed_sign_ins (server, key, count, last) VALUES (:server, :key, :count, :last) "
    "ON CONFLICT (server, key) DO UPDATE SET count = excluded.count, last = excluded.last"
)
_FORGET: Final = sql("DELETE FROM failed_sign_ins WHERE key = :key")
_EXPIRE: Final = sql("DELETE FROM failed_sign_ins WHERE last < :since")
_OTHERS: Final = sql(
    "SELECT key, SUM(count) AS count, MAX(last) AS last FROM failed_sign_ins WHERE server <> :server GROUP BY key"
)


class SharedFailures:
    """Keeps a throttle, whose clock returns Unix time, and those of other servers together."""

    def __init__(self, throttle: SignInThrottle, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Take the throttle of this server, and the database that it shares with others."""
        self._throttle = throttle
        self._database = database
        self._clock = clock
        self._server = secrets.token_hex(8)
        self._written: dict[str, Failures] = {}

    def sync(self) -> None:
        """Write down what failed here since the last call, and count what failed elsewhere; raises `StaffError`."""
        own, cleared = self._throttle.own()
        rows = [
            {"server": self._server, "key": key, "count": failures.count, "last": failures.last}
            for key, failures in own.items()
            if self._written.get(key) != failures
        ]
        if rows or cleared:
            with self._database.writing() as connection:
                connection.execute(_EXPIRE, {"since": self._clock() - FAILURE_LIFETIME})
                if cleared:
                    connection.execute(_FORGET, [{"key": key} for key in sorted(cleared)])
                if rows:
                    connection.execute(_WRITE, rows)
            self._written = own
        with self._database.reading() as connection:
            others = connection.execute(_OTHERS, {"server": self._server}).all()
        self._throttle.set_others({key: Failures(count, last) for key, count, last in others})
