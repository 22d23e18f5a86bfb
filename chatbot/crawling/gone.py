"""Find the web addresses that are gone, behind the same guard as a crawl."""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http import HTTPStatus
from queue import SimpleQueue
from typing import Final

from chatbot import __version__
from chatbot.crawling.addresses import AddressRefused, parse_url
from chatbot.crawling.fetching import Fetcher, FetchFailed, FetchLimits
from chatbot.crawling.network import Endpoint, GuardedBackend
from chatbot.crawling.site_rules import ROBOT

__all__ = ["gone_addresses"]

_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_CONNECTIONS: Final = 4  # so few that no site takes them for an attack
_LIMITS: Final = FetchLimits(size=0, seconds=15.0, silence=15.0)


def gone_addresses(
    addresses: Sequence[str], progress: Callable[[int, int], object], allowed: frozenset[Endpoint] = frozenset()
) -> frozenset[str]:
    """Open web addresses and return those that are gone: the site answers 404 or 410, or no such host exists.

    An address that gives no answer now, or none to a program, may still answer a visitor and is not gone. An address
    that the guard refuses is not opened, and not gone either; `allowed` endpoints are opened although they are not
    public. `progress(done, total)` counts the addresses.
    """
    gone: set[str] = set()
    with ExitStack() as stack, ThreadPoolExecutor(_CONNECTIONS) as pool:
        idle: SimpleQueue[Fetcher] = SimpleQueue()
        for _ in range(_CONNECTIONS):
            fetcher = Fetcher(GuardedBackend(allowed=allowed), f"{ROBOT}/{__version__}", _LIMITS)
            idle.put(stack.enter_context(closing(fetcher)))

        def check(address: str) -> bool:
            fetcher = idle.get()
            try:
                return _is_gone(fetcher, address)
            finally:
                idle.put(fetcher)

        for done, (address, is_gone) in enumerate(zip(addresses, pool.map(check, addresses), strict=True), 1):
            if is_gone:
                gone.add(address)
            progress(done, len(addresses))
    return frozenset(gone)


def _is_gone(fetcher: Fetcher, address: str) -> bool:
    try:
        return fetcher.get(parse_url(address), lambda _: True).status in _GONE
    except FetchFailed as error:
        return _is_unknown_host(error)
    except AddressRefused:
        return False


def _is_unknown_host(error: BaseException | None) -> bool:
    while error and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
