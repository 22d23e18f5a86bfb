"""How often somebody may try to sign in: after a few failures each further try waits twice as long as the last.

The wait ends by itself, so that nobody can lock a colleague out for good.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

__all__ = ["Throttle"]

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


class Throttle:
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
