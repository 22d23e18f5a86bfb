"""Passwords: their argon2id hashes, and the waits after failed sign-ins.

Source: RFC 9106, with OWASP's parameters for 19 MiB.
"""

import hashlib
import json
import math
import secrets
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatbot.errors import AccountRefused

__all__ = ["FAILURE_LIFETIME", "MIN_LENGTH", "Failures", "SignInThrottle", "hash_password", "verify_password"]

MIN_LENGTH: Final = 12
"""Characters of the shortest password. Any characters will do."""

FAILURE_LIFETIME: Final = 86_400
"""Seconds after which failed sign-ins are forgotten."""

_MAX_LENGTH: Final = 256  # characters, more than anyone types and still quick to normalise
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
# A thread that has hashed keeps its 19 MiB. Two threads of their own bound that to 38 MiB, however many people sign in.
_HASHING: Final = ThreadPoolExecutor(2, "passwords")

_MAX_TRACKED: Final = 10_000  # names and addresses; the one that failed least recently is dropped first
_MAX_NAME_LENGTH: Final = 64  # characters of a name that are compared
# Failures without a wait, seconds of the longest wait, and failures that are forgiven in an hour. If failures of a name
# from anywhere made everyone wait, strangers could lock out its owner: OWASP's Authentication Cheat Sheet names that
# denial of service. So a name waits by address. All addresses together have a limit too, against many that guess one
# password: NIST SP 800-63B allows 100 failures. A few strangers never reach it, because it forgives more than they are
# allowed. The first try of an address has a higher limit, so that the owner at an address of their own gets in while
# many strangers guess. A browser that signed in before has a limit of its own: see OWASP on device cookies. An address
# has more free failures than a name on it, because a whole clinic may share the address.
_NAME_AT_ADDRESS_LIMITS: Final = (4, 900, 0)
_ADDRESS_LIMITS: Final = (9, 900, 0)
_NAME_LIMITS: Final = (99, 180, 20)
_NAME_AT_NEW_ADDRESS_LIMITS: Final = (999, 180, 20)
_BROWSER_LIMITS: Final = (9, 900, 0)


def hash_password(password: str) -> str:
    """Return the hash of a new password; raises `AccountRefused` if it is too short or too long."""
    if not MIN_LENGTH <= len(password) <= _MAX_LENGTH:
        raise AccountRefused(
            f"A password needs {MIN_LENGTH} to {_MAX_LENGTH} characters: a few words in a row will do."
        )
    return _HASHING.submit(_HASHER.hash, _normalise(password)).result()


def verify_password(password: str, hashed: str | None) -> bool:
    """Return whether a password matches its hash; without a hash, return False after the same time."""
    if len(password) > _MAX_LENGTH:
        return False
    return _HASHING.submit(_verify, hashed or _dummy_hash(), _normalise(password)).result() and hashed is not None


def _verify(hashed: str, password: bytes) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _normalise(password: str) -> bytes:
    """Return a password as bytes that don't depend on how the keyboard composes letters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@cache
def _dummy_hash() -> str:
    return _HASHING.submit(_HASHER.hash, secrets.token_bytes(16)).result()


_Key = tuple[str | None, str | None]
_Limits = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Failures:
    """A number of failed sign-ins, and when the last one was, by the throttle's clock."""

    count: float
    last: float


class SignInThrottle:
    """Failed sign-ins of names, addresses and known browsers, in memory; safe for any number of threads.

    Other servers' failures count beside its own, where `set_others` names them.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Use a clock that returns seconds."""
        self._clock = clock
        self._lock = Lock()
        self._failures: OrderedDict[_Key, Failures] = OrderedDict()
        self._others: dict[str, Failures] = {}
        self._cleared: set[str] | None = None  # it is of use once somebody asks for it

    def own(self) -> tuple[dict[str, Failures], set[str]]:
        """Return the failures here, by digests of what they are counted by, and those forgotten since the last call."""
        with self._lock:
            cleared, self._cleared = self._cleared or set(), set()
            return {_digest(key): failures for key, failures in self._failures.items()}, cleared

    def set_others(self, others: Mapping[str, Failures]) -> None:
        """Count these failures too, in place of those of before."""
        with self._lock:
            self._others = {key: failures for key, failures in others.items() if key not in (self._cleared or ())}

    def wait(self, name: str, address: str, browser: str = "") -> int:
        """Return the seconds to wait before a try, which is not counted.

        `browser` identifies a browser in which that name signed in before; what strangers do elsewhere never delays it.
        """
        with self._lock:
            return self._wait(self._limits(name, address, browser))

    def attempt(self, name: str, address: str, browser: str = "") -> int:
        """Return the seconds to wait before a try; if 0, count the try as failed until `succeeded` is called."""
        with self._lock:
            limits = self._limits(name, address, browser)
            wait = self._wait(limits)
            if wait:
                return wait
            now = self._clock()
            for key, (_, _, forgiven) in limits.items():
                failures = self._recent(self._failures.get(key))
                count = max(failures.count - forgiven * (now - failures.last) / 3600, 0) + 1
                self._failures[key] = Failures(count, now)
                self._failures.move_to_end(key)
            while len(self._failures) > _MAX_TRACKED:
                self._failures.popitem(last=False)
        return 0

    def succeeded(self, name: str, address: str, browser: str = "") -> None:
        """Forget the failures of a name, of an address and of a browser."""
        with self._lock:
            for key in (*_keys(name, address), _browser_key(name, browser)):
                self._failures.pop(key, None)
                if self._cleared is not None:
                    self._others.pop(_digest(key), None)
                    self._cleared.add(_digest(key))

    def has_failed(self, address: str) -> bool:
        """Return whether a sign-in from an address failed within a day."""
        with self._lock:
            return self._failures_of((None, address)).count > 0

    def _limits(self, name: str, address: str, browser: str) -> dict[_Key, _Limits]:
        """Return the limits that hold for a try, by what they count."""
        if browser:
            return {_browser_key(name, browser): _BROWSER_LIMITS}
        name_at_address, any_name, anywhere = _keys(name, address)
        is_new = not (self._failures_of(name_at_address).count or self._failures_of(any_name).count)
        return {
            name_at_address: _NAME_AT_ADDRESS_LIMITS,
            any_name: _ADDRESS_LIMITS,
            anywhere: _NAME_AT_NEW_ADDRESS_LIMITS if is_new else _NAME_LIMITS,
        }

    def _wait(self, limits: dict[_Key, _Limits]) -> int:
        now = self._clock()
        return max(0, *(math.ceil(self._blocked_until(key, limit) - now) for key, limit in limits.items()))

    def _blocked_until(self, key: _Key, limits: _Limits) -> float:
        free, longest, _ = limits
        failures = self._failures_of(key)
        excess = failures.count - free
        return failures.last + min(2 ** min(excess, 20), longest) if excess > 0 else 0

    def _failures_of(self, key: _Key) -> Failures:
        own, others = self._failures.get(key), self._others.get(_digest(key)) if self._others else None
        known = [failures for failures in map(self._recent, (own, others)) if failures.count]
        last = max((failures.last for failures in known), default=self._clock())
        return Failures(sum(failures.count for failures in known), last)

    def _recent(self, failures: Failures | None) -> Failures:
        now = self._clock()
        return failures if failures and now - failures.last < FAILURE_LIFETIME else Failures(0, now)


def _keys(name: str, address: str) -> tuple[_Key, _Key, _Key]:
    """Return the keys of a name at an address, of the address, and of the name anywhere."""
    folded = _folded(name)
    return (folded, address), (None, address), (folded, None)


def _browser_key(name: str, browser: str) -> _Key:
    return _folded(name), f"browser {browser}"


def _digest(key: _Key) -> str:
    """Return what identifies a key in the database, without the name and the address."""
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()


def _folded(name: str) -> str:
    return name.strip().casefold()[:_MAX_NAME_LENGTH]
