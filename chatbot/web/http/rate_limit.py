"""How many questions one address may ask in a minute."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

__all__ = ["RateLimiter", "client_prefix"]

_REMEMBERED: Final = 4096  # addresses; the one that asked least recently is forgotten first
_PREFIX: Final = 64  # bits of an IPv6 address that one network has; its owner has all addresses that share them


class RateLimiter:
    """A token bucket for each address, in memory only: half a minute's requests at once, then as they refill."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the requests a minute, and what gives the time in seconds."""
        self._per_second = per_minute / 60
        self._burst = math.ceil(per_minute / 2)
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def wait(self, address: str) -> int:
        """Take a token from the bucket of an address: 0, or the seconds until the next one is there."""
        name = client_prefix(address)
        now = self._clock()
        tokens, counted = self._buckets.pop(name, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - counted) * self._per_second)
        allowed = tokens >= 1
        self._buckets[name] = (tokens - allowed, now)
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return 0 if allowed else math.ceil((1 - tokens) / self._per_second)

    def asks_little(self, address: str) -> bool:
        """Tell whether at least half of the bucket of an address is left."""
        tokens, counted = self._buckets.get(client_prefix(address), (float(self._burst), self._clock()))
        return tokens + (self._clock() - counted) * self._per_second >= self._burst / 2


def client_prefix(address: str) -> str:
    """Return what one sender has of an address: all of an IPv4 address, the first 64 bits of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or int(parsed) >> (128 - _PREFIX))
