"""A queue of requests with a line for each client, which shares the time fairly between clients.

A visitor who asks one question after the other should not wait behind programs that ask many at once. So a request goes
first if it is the only one of its address, and if that address asked little recently. Among equals, the next turn goes
to the address whose requests took the least time recently. Every tenth turn goes by that time alone, so that an address
that many people share is never left waiting for good.

Source: J. Kay and P. Lauder, "A Fair Share Scheduler", Communications of the ACM 31(1), 1988 (usage that decays); P. E.
McKenney, "Stochastic Fairness Queueing", INFOCOM 1990 (a full queue takes from the longest line).
"""

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Final

__all__ = ["ClientDisconnected", "FairQueue", "QueueFull"]

_HALF_LIFE: Final = 10.0  # seconds in which the time that an address took decays to half
_OPEN_TO_ALL: Final = 10  # every tenth turn, addresses that ask little have no precedence
_MAX_LINES: Final = 1024  # then those with no request are forgotten


class QueueFull(Exception):
    """Too many requests of an address wait already."""


class ClientDisconnected(Exception):
    """The visitor left before the turn came."""


@dataclass(frozen=True, slots=True)
class _Place:
    """A waiting request: the future of its turn, and whether it precedes those of addresses that ask much."""

    turn: asyncio.Future[None]
    first: bool


@dataclass(slots=True)
class _Line:
    """The waiting requests of an address, how many run, and the decayed seconds that they used, as of `counted`."""

    waiting: deque[_Place] = field(default_factory=deque)
    running: int = 0
    used: float = 0.0
    counted: float = 0.0
    served: int = 0  # the number of its latest turn, over all addresses


class FairQueue:
    """Lets requests run in turns over addresses. It must be used from one event loop.

    >>> async with queue.turn("192.0.2.7"):
    ...     await answer()
    """

    def __init__(  # noqa: PLR0913 - each is one limit
        self,
        at_once: int = 1,
        at_once_each: int = 2,
        waiting: int = 64,
        waiting_each: int = 8,
        clock: Callable[[], float] = time.monotonic,
        *,
        heavy: float = math.inf,
    ) -> None:
        """Take how many requests may run and wait, in all and of each address; `clock` returns seconds.

        A line that recently used `heavy` seconds starts nothing while a request of a line that used less runs.
        """
        self._heavy = heavy
        self._at_once = at_once
        self._at_once_each = at_once_each
        self._max_waiting = waiting
        self._max_waiting_each = waiting_each
        self._clock = clock
        self._lines: dict[str, _Line] = {}
        self._turns = count(1)

    @asynccontextmanager
    async def turn(
        self, address: str, gone: asyncio.Future[None] | None = None, *, modest: bool = True
    ) -> AsyncIterator[None]:
        """Wait for a turn of an address and hold it; `gone` is done once the visitor has left.

        Unless the address is `modest`, which means that it asked little recently, its requests have no precedence.

        Raises `QueueFull` at once where too many requests of the address wait already. Raises it later where the queue
        is full, another address comes, and this line is the longest, or has no precedence and the other has. Raises
        `ClientDisconnected` when `gone` is done first.
        """
        line = self._line(address)
        place = self._enter(line, modest=modest)
        started = None
        self._start()
        try:
            await asyncio.wait({place.turn, gone} if gone else {place.turn}, return_when=asyncio.FIRST_COMPLETED)
            if place.turn.done():
                place.turn.result()
            if gone and gone.done():
                raise ClientDisconnected
            started = self._clock()
            yield
        finally:
            self._leave(line, place, started)

    @property
    def load(self) -> tuple[int, int]:
        """The numbers of requests that wait and that run."""
        lines = list(self._lines.values())
        return sum(len(line.waiting) for line in lines), sum(line.running for line in lines)

    def _line(self, address: str) -> _Line:
        if len(self._lines) >= _MAX_LINES:
            self._lines = {name: line for name, line in self._lines.items() if line.waiting or line.running}
        return self._lines.setdefault(address, _Line())

    def _enter(self, line: _Line, *, modest: bool) -> _Place:
        """Join the end of a line; in a full queue, another line loses its last place; raises `QueueFull`."""
        if len(line.waiting) >= self._max_waiting_each:
            raise QueueFull
        place = _Place(asyncio.get_running_loop().create_future(), modest and not line.waiting and not line.running)
        if sum(len(other.waiting) for other in self._lines.values()) >= self._max_waiting:
            self._longest_line(line, place).waiting.pop().turn.set_exception(QueueFull())
        line.waiting.append(place)
        return place

    def _longest_line(self, line: _Line, place: _Place) -> _Line:
        """Return the line that loses its last place to a new place of a line; raises `QueueFull` if none should."""
        longest = max(self._lines.values(), key=lambda other: len(other.waiting))
        if len(longest.waiting) > len(line.waiting) + 1:
            return longest
        yielding = [other for other in self._lines.values() if other.waiting and not other.waiting[-1].first]
        if not (place.first and yielding):
            raise QueueFull
        return max(yielding, key=lambda other: len(other.waiting))

    def _leave(self, line: _Line, place: _Place, started: float | None) -> None:
        """Give up a place, or the turn where it had come, and start the next."""
        if not place.turn.done():
            line.waiting.remove(place)
        elif place.turn.exception() is None:
            line.running -= 1
        if started is not None:
            now = self._clock()
            line.used, line.counted = self._used(line, now) + now - started, now
        self._start()

    def _start(self) -> None:
        """Start the requests whose turn it is, as many as may run."""
        now = self._clock()
        while sum(line.running for line in self._lines.values()) < self._at_once:
            ready = [
                line
                for line in self._lines.values()
                if line.waiting and line.running < self._at_once_each and not self._gives_way(line, now)
            ]
            if not ready:
                break
            number = next(self._turns)
            to_all = number % _OPEN_TO_ALL == 0
            line = min(
                ready, key=lambda line: (not (to_all or line.waiting[0].first), self._used(line, now), line.served)
            )
            line.waiting.popleft().turn.set_result(None)
            line.running += 1
            line.served = number

    def _gives_way(self, line: _Line, now: float) -> bool:
        """Return whether a line must wait for another one, because two requests at once slow each other down."""
        return self._used(line, now) >= self._heavy and any(
            other.running and self._used(other, now) < self._heavy for other in self._lines.values()
        )

    @staticmethod
    def _used(line: _Line, now: float) -> float:
        return float(line.used * 0.5 ** ((now - line.counted) / _HALF_LIFE))
