"""How fast one address may ask."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

__all__ = ["Pace", "network"]

_REMEMBERED: Final = 4096  # addresses; the one that asked least recently is forgotten first
_NETWORK: Final = 64  # bits: whoever has an IPv6 address has all that share these


class Pace:
    """A token bucket for each address, in memory only: a minute's questions at once, then as fast as they refill."""

    def __init__(self, a_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._a_minute = a_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def wait(self, client: tuple[str, int] | None) -> int:
        """Take a question from an address's bucket: 0, or the seconds until the next one is allowed."""
        name = network(client[0] if client else "")
        now = self._clock()
        left, counted = self._left.pop(name, (float(self._a_minute), now))
        left = min(float(self._a_minute), left + (now - counted) * self._a_minute / 60)
        allowed = left >= 1
        self._left[name] = (left - allowed, now)
        if len(self._left) > _REMEMBERED:
            self._left.popitem(last=False)
        return 0 if allowed else math.ceil((1 - left) * 60 / self._a_minute)


def network(address: str) -> str:
    """Give an address as what one sender has: an IPv4 address, or the network of an IPv6 one."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    return str(parsed.ipv4_mapped or int(parsed) >> _NETWORK)
