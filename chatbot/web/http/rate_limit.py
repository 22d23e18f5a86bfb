"""The limit on how much one address may do in a minute, such as ask questions."""

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.requests import HTTPConnection

__all__ = ["RateLimiter", "client_address", "client_prefix"]

_MAX_BUCKETS: Final = 4096  # the one that was used least recently is forgotten first
_FLOOD: Final = 5  # refusals; a page that asks again by itself waits as long as the answer says
_DELAY: Final = 1.0  # seconds that a flood's refusal is held back
_MOST_HELD: Final = 500  # refusals that are held back at once
_PREFIX: Final = 64  # bits of an IPv6 address that name a network; its owner has all addresses that share them


@dataclass(slots=True)
class _Bucket:
    """The tokens of an address, when they were counted, and how often it was refused since they were half full."""

    tokens: float
    counted: float
    refused: int = 0


class RateLimiter:
    """A token bucket for each address, in memory; a full one holds the tokens of half a minute, or `burst`."""

    def __init__(
        self,
        per_minute: int,
        clock: Callable[[], float] = time.monotonic,
        on_refusal: Callable[[], object] = lambda: None,
        burst: int | None = None,
    ) -> None:
        """Refill each bucket with `per_minute` tokens; `clock` returns the time in seconds."""
        self._on_refusal = on_refusal
        self._per_second = per_minute / 60
        self._burst = math.ceil(per_minute / 2) if burst is None else burst
        self._clock = clock
        self._held = 0  # refusals that are held back
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()  # by client prefix

    def acquire(self, address: str) -> int:
        """Take a token from the bucket of an address; return 0, or the seconds until there is one."""
        prefix = client_prefix(address)
        now = self._clock()
        bucket = self._buckets.pop(prefix, None) or _Bucket(float(self._burst), now)
        self._buckets[prefix] = bucket
        bucket.tokens = min(float(self._burst), bucket.tokens + (now - bucket.counted) * self._per_second)
        bucket.counted = now
        if bucket.tokens >= self._burst / 2:
            bucket.refused = 0
        if len(self._buckets) > _MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            return 0
        self.count_refusal(address)
        self._on_refusal()
        return math.ceil((1 - bucket.tokens) / self._per_second)

    def asks_little(self, address: str) -> bool:
        """Return whether the bucket of an address is at least half full."""
        bucket = self._buckets.get(client_prefix(address))
        if bucket is None:
            return True
        return bucket.tokens + (self._clock() - bucket.counted) * self._per_second >= self._burst / 2

    def count_refusal(self, address: str) -> None:
        """Count that an address was refused, here or by a full queue."""
        if bucket := self._buckets.get(client_prefix(address)):
            bucket.refused += 1

    async def hold_back(self, address: str) -> None:
        """Let an address that floods the server wait for its refusal, so that it sends less and others are answered."""
        if self.is_flooding(address) and self._held < _MOST_HELD:
            self._held += 1
            try:
                await asyncio.sleep(_DELAY)
            finally:
                self._held -= 1

    def is_flooding(self, address: str) -> bool:
        """Return whether an address was refused many times since its bucket was last half full."""
        bucket = self._buckets.get(client_prefix(address))
        return bucket is not None and bucket.refused > _FLOOD


def client_address(request: HTTPConnection) -> str:
    """Return the address that a request came from; it is empty over a Unix socket."""
    return request.client.host if request.client else ""


def client_prefix(address: str) -> str:
    """Return what identifies a client: the whole of an IPv4 address, the first 64 bits of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or int(parsed) >> (128 - _PREFIX))
