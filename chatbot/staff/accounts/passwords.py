"""Passwords, kept as argon2id hashes in memory that is bounded.

Source: RFC 9106, and OWASP's parameters for 19 MiB. Two hashes at once take 38 MiB, however many people sign in.
"""

import math
import secrets
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatbot.errors import AccountRefused

__all__ = ["SHORTEST", "SignInThrottle", "hash_password", "is_password"]

SHORTEST: Final = 12
"""Characters of the shortest password; there is no rule on what it is made of."""

_LONGEST: Final = 256  # characters; more than anyone types, and quickly normalised
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# Two threads of their own, and no semaphore before many: each thread that ever hashed keeps its 19 MiB.
_HASHING: Final = ThreadPoolExecutor(2, "passwords")


def hash_password(password: str) -> str:
    """Hash a new password; raises `AccountRefused` for one that is too short or too long."""
    if not SHORTEST <= len(password) <= _LONGEST:
        raise AccountRefused(f"A password needs {SHORTEST} to {_LONGEST} characters: a few words in a row will do.")
    return _HASHING.submit(_HASHER.hash, _typed(password)).result()


def is_password(password: str, hashed: str | None) -> bool:
    """Tell whether a password is the one that was hashed; nobody's hash (None) takes the same time to refuse."""
    if len(password) > _LONGEST:
        return False
    return _HASHING.submit(_verified, hashed or _nobody(), _typed(password)).result() and hashed is not None


def _verified(hashed: str, password: bytes) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _typed(password: str) -> bytes:
    """Give a password as bytes that are the same whichever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _nobody() -> str:
    return _HASHING.submit(_HASHER.hash, secrets.token_bytes(16)).result()


_REMEMBERED: Final = 10_000  # names and addresses; the one that failed least recently is forgotten first
_LONGEST_NAME: Final = 64  # characters of a name that are kept
_FORGIVEN: Final = 86_400  # seconds after which failures are forgotten
# Failures that cost nothing, and seconds of the longest wait. A name waits for less than an address does: anyone may
# try a colleague's name, and a whole clinic may share an address.
_NAME: Final = (4, 60)
_ADDRESS: Final = (9, 900)


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: float
    until: float  # no try is looked at before


class SignInThrottle:
    """Counts the failures of each name and of each address, in memory; any number of threads may ask at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Take what gives the time in seconds."""
        self._clock = clock
        self._lock = Lock()
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def attempt(self, name: str, address: str) -> int:
        """Give the seconds to wait before a try, or 0 and count the try as failed until `succeeded` is told."""
        known = ((("name", _short(name)), _NAME), (("address", address), _ADDRESS))
        with self._lock:
            now = self._clock()
            wait = max(self._of(key, now).until - now for key, _ in known)
            if wait > 0:
                return math.ceil(wait)
            for key, (free, longest) in known:
                count = self._of(key, now).count + 1
                pause = min(2 ** min(count - free, 20), longest) if count > free else 0
                self._failures[key] = _Failures(count, now, now + pause)
                self._failures.move_to_end(key)
            while len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)
        return 0

    def succeeded(self, name: str, address: str) -> None:
        """Forget the failures of a name and of an address."""
        with self._lock:
            self._failures.pop(("name", _short(name)), None)
            self._failures.pop(("address", address), None)

    def _of(self, key: tuple[str, str], now: float) -> _Failures:
        found = self._failures.get(key)
        return found if found and now - found.last < _FORGIVEN else _Failures(0, now, now)


def _short(name: str) -> str:
    return name.strip().casefold()[:_LONGEST_NAME]
