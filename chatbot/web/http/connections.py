"""Limits on open connections, so that idle ones keep nobody out, and a log that does not repeat itself.

uvicorn's own `limit_concurrency` answers 503 to everybody once the limit is reached, and closes nothing. Here the
oldest idle connection makes room for the newest instead.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, ip_address, ip_network
from typing import Final

from uvicorn.protocols.http.h11_impl import H11Protocol

from chatbot.web.http.rate_limit import RateLimiter, client_prefix

__all__ = ["ConnectionLimits", "ConnectionTable", "RepeatFilter", "bounded_protocol", "with_mapped"]

_LOG = logging.getLogger(__name__)
_MOST_CONNECTIONS: Final = 1024
_ADDRESS_SHARE: Final = 4  # one address may hold this fraction of all connections
_UNLIMITED_FILES: Final = 4 * _MOST_CONNECTIONS  # stands for a system without a limit
_HEADER_TIMEOUT: Final = 15.0  # seconds; nginx allows 60, and a phone on a bad line needs one
_NEWCOMER: Final = 1.0  # seconds in which a new connection sends its first request
_BURST: Final = 256  # connections that an address at its limit may still open at once
_PER_MINUTE: Final = 600  # that it may open then; a request of the chat page costs 4 ms before it is answered
_REPEAT_INTERVAL: Final = 60.0  # seconds in which the same line is logged once
_MOST_LINES: Final = 200  # distinct lines that are remembered
_VARIABLE: Final = re.compile(r"0x[0-9a-f]+|\d+")  # the parts of a line in which repetitions differ


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """The most connections in all and by address, and the seconds that a request's headers may take.

    An address at its limit may open `burst` more at once, and `per_minute` of them.
    """

    total: int
    per_address: int
    header_timeout: float = _HEADER_TIMEOUT
    burst: int = _BURST
    per_minute: int = _PER_MINUTE

    @classmethod
    def for_open_files(cls) -> "ConnectionLimits":
        """Return limits that leave half of the files that this process may open to everything else."""
        total = min(_MOST_CONNECTIONS, _open_files() // 2)
        return cls(total, max(total // _ADDRESS_SHARE, 8))


def _open_files() -> int:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return _UNLIMITED_FILES
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _UNLIMITED_FILES if files == resource.RLIM_INFINITY else files


class ConnectionTable:
    """The open connections of a server, by address, oldest first."""

    def __init__(self, limits: ConnectionLimits, trusted_proxies: Iterable[str] = ()) -> None:
        """Take the limits, and the networks of proxies, to which only the limit in all applies."""
        self.limits = limits
        self._proxies = tuple(ip_network(network) for network in with_mapped(trusted_proxies))
        self._open: dict[str, dict[_BoundedProtocol, None]] = {}
        self._room = RateLimiter(limits.per_minute, burst=limits.burst)  # of addresses at their limit
        self._count = 0

    def __len__(self) -> int:
        """Return the number of open connections."""
        return self._count

    def add(self, connection: "_BoundedProtocol") -> None:
        """Count a new connection, and close the one that must make room for it.

        The address with the most connections makes room: with its oldest idle connection, or else with its oldest. One
        that keeps opening connections beyond its limit has the newest closed, before a request of it costs anything.
        """
        address = connection.address
        group = self._open.setdefault(client_prefix(address), {})
        group[connection] = None
        self._count += 1
        if len(group) > self.limits.per_address and not self._is_proxy(address):
            _LOG.warning("One address has over %d connections: its oldest are closed.", self.limits.per_address)
            if self._room.acquire(address):
                self._close(connection)
            else:
                self._close_oldest(group)
        elif self._count > self.limits.total:
            _LOG.warning("There are over %d connections: the oldest are closed.", self.limits.total)
            self._close_oldest(max(self._open.values(), key=len))

    def remove(self, connection: "_BoundedProtocol") -> None:
        """Forget a connection; one that is not counted changes nothing."""
        prefix = client_prefix(connection.address)
        group = self._open.get(prefix, {})
        if connection in group:
            del group[connection]
            self._count -= 1
            if not group:
                del self._open[prefix]

    def _close_oldest(self, group: "dict[_BoundedProtocol, None]") -> None:
        self._close(next((connection for connection in group if connection.is_idle()), next(iter(group))))

    def _close(self, connection: "_BoundedProtocol") -> None:
        self.remove(connection)
        connection.transport.abort()  # `close` would wait for a client that reads nothing

    def _is_proxy(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._proxies)


class _BoundedProtocol(H11Protocol):
    """HTTP/1.1 of uvicorn, with a time limit on headers and a place in the table of connections."""

    table: ConnectionTable
    _opened = 0.0
    _header_timer: asyncio.TimerHandle | None = None

    @property
    def address(self) -> str:
        """The address of the other end."""
        return self.client[0] if self.client else ""

    @property
    def waiting(self) -> bool:
        """Whether no request is being answered: nothing came yet, half of the headers, or all is answered."""
        return self.cycle is None or self.cycle.response_complete

    def is_idle(self) -> bool:
        """Return whether nobody misses it: it waits, and is no newcomer whose request is on its way."""
        return self.waiting and self.loop.time() - self._opened > _NEWCOMER

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        super().connection_made(transport)
        self._opened = self.loop.time()
        self.table.add(self)
        self._watch_headers()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_headers()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self.table.remove(self)
        self._stop_timer()
        super().connection_lost(exc)

    def _watch_headers(self) -> None:
        """Run a timer while idle. It starts once, so that a byte every few seconds prolongs nothing."""
        if not self.waiting or self.transport.is_closing():
            self._stop_timer()
        elif self._header_timer is None:
            self._header_timer = self.loop.call_later(self.table.limits.header_timeout, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._header_timer:
            self._header_timer.cancel()
            self._header_timer = None


def bounded_protocol(table: ConnectionTable) -> type[H11Protocol]:
    """Return the protocol class of a server, whose connections are counted in a table."""
    return type("BoundedProtocol", (_BoundedProtocol,), {"table": table})


def with_mapped(networks: Iterable[str]) -> list[str]:
    """Return networks, each of IPv4 also as a socket for both protocols writes it (`::ffff:10.0.0.0/104`)."""
    both: list[str] = []
    for text in networks:
        network = ip_network(text)
        both.append(str(network))
        if isinstance(network, IPv4Network):
            mapped = IPv6Address(b"\0" * 10 + b"\xff\xff" + network.network_address.packed)
            both.append(f"{mapped}/{96 + network.prefixlen}")
    return both


class RepeatFilter(logging.Filter):
    """Let the same line through once a minute, with the number of lines that were left out meanwhile."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Use a clock that returns seconds."""
        super().__init__()
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}  # line -> when it was last logged, how many were left out since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log a record."""
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        line = _VARIABLE.sub("0", f"{record.name} {record.levelno} {kind} {record.getMessage()[:1000]}")
        now = self._clock()
        logged, left_out = self._seen.get(line, (now - _REPEAT_INTERVAL, 0))
        if now - logged < _REPEAT_INTERVAL:
            self._seen[line] = logged, left_out + 1
            return False
        if left_out:
            record.msg, record.args = f"{record.getMessage()} ({left_out} more like this since the last)", ()
        self._seen.pop(line, None)
        self._seen[line] = now, 0
        if len(self._seen) > _MOST_LINES:
            self._seen.pop(next(iter(self._seen)))
        return True
