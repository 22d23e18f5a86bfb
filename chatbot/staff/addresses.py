"""Whether the pages' public addresses still open; owns httpx.

They are opened only when somebody of the staff asks, from the server, and say nothing of any visitor.
"""

import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Final

import httpx

__all__ = ["gone_addresses"]

_GONE: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_AT_ONCE: Final = 4  # so that no site takes it for an attack
_PATIENCE: Final = 10.0  # seconds, for each step of opening an address


def gone_addresses(addresses: Sequence[str], progress: Callable[[int, int], object]) -> frozenset[str]:
    """Open web addresses and give those that are gone: their site says so, or no such host is known.

    One that does not answer now, or not to a program, may do so to a visitor: it counts as there.
    """
    found = set()
    with (
        httpx.Client(timeout=_PATIENCE, follow_redirects=True, headers={"User-Agent": "Footnote"}) as client,
        ThreadPoolExecutor(_AT_ONCE) as pool,
    ):
        opened = pool.map(lambda address: _is_gone(client, address), addresses)
        for number, (address, gone) in enumerate(zip(addresses, opened, strict=True), start=1):
            progress(number, len(addresses))
            if gone:
                found.add(address)
    return frozenset(found)


def _is_gone(client: httpx.Client, address: str) -> bool:
    try:
        with client.stream("GET", address) as answer:  # what it holds is not read
            return answer.status_code in _GONE
    except httpx.ConnectError as error:
        return _names_no_host(error)
    except (httpx.HTTPError, httpx.InvalidURL):
        return False


def _names_no_host(error: BaseException | None) -> bool:
    while error and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
