"""Whether the pages' public addresses still open; owns httpx.

They are opened only when somebody of the staff asks, from the server, and say nothing of any visitor.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

import httpx

__all__ = ["gone_addresses"]

_GONE: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_AT_ONCE: Final = 4  # so that no site takes it for an attack
_PATIENCE: Final = 15.0  # seconds for one address, whatever its site does


def gone_addresses(addresses: Sequence[str], progress: Callable[[int, int], object]) -> frozenset[str]:
    """Open web addresses and give those that are gone: their site says so, or no such host is known.

    One that does not answer now, or not to a program, may do so to a visitor: it counts as there. Call it in a thread
    that runs no event loop.
    """
    return asyncio.run(_gone(addresses, progress))


async def _gone(addresses: Sequence[str], progress: Callable[[int, int], object]) -> frozenset[str]:
    turns, found, done = asyncio.Semaphore(_AT_ONCE), set[str](), 0

    async def look(address: str) -> None:
        nonlocal done
        async with turns:
            if await _is_gone(client, address):
                found.add(address)
        done += 1
        progress(done, len(addresses))

    async with httpx.AsyncClient(follow_redirects=True, headers={"User-Agent": "Footnote"}) as client:
        await asyncio.gather(*map(look, addresses))
    return frozenset(found)


async def _is_gone(client: httpx.AsyncClient, address: str) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE), client.stream("GET", address) as answer:  # what it holds is not read
            return answer.status_code in _GONE
    except httpx.ConnectError as error:
        return _names_no_host(error)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError):
        return False


def _names_no_host(error: BaseException | None) -> bool:
    while error and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
