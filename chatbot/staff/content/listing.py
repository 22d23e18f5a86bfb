"""The list of pages, as staff look at it: what is live, what is prepared, and what is due for a review."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import Final

import httpx

from chatbot.bot import Chatbot
from chatbot.journal import Counts
from chatbot.staff.content.drafts import Draft
from chatbot.staff.content.page_form import document_of

__all__ = ["PageSummary", "gone_addresses", "list_pages"]


@dataclass(frozen=True, slots=True)
class PageSummary:
    """A page in the list: how many passages it is cut into, how often it was cited, and what is to be said of it."""

    id: str
    title: str
    url: str
    reviewed: date | None
    passages: int
    cited: int
    state: str


def list_pages(
    bot: Chatbot, drafts: tuple[Draft, ...], counts: Counts | None, today: date, gone: Collection[str] = ()
) -> tuple[PageSummary, ...]:
    """List the pages that are live or prepared, by title; `counts` says what was cited, `gone` which addresses are."""
    passages = Counter(passage.document for passage in bot.passages())
    cited: Counter[str] = Counter()
    for place, number in counts.cited if counts else ():
        cited[place.document] += number
    staged = {draft.page: draft for draft in drafts}
    due = today - timedelta(days=bot.clinic.pages.review_after_days)
    live = [
        PageSummary(
            one.id,
            one.title,
            one.url or "",
            one.reviewed,
            passages[one.id],
            cited[one.id],
            _state(one.reviewed, due, staged.get(one.id)) + ", address gone" * (one.url in gone),
        )
        for one in bot.documents()
    ]
    known = {one.id for one in live}
    new = [_new(draft) for draft in drafts if draft.page not in known and draft.text is not None]
    return tuple(sorted([*live, *new], key=lambda one: one.title.casefold()))


def _state(reviewed: date | None, due: date, draft: Draft | None) -> str:
    if draft:
        return "changed, not live yet" if draft.text is not None else "to be withdrawn, still live"
    if reviewed is None:
        return "live, never reviewed"
    return "live" if reviewed > due else "live, due for review"


def _new(draft: Draft) -> PageSummary:
    document = document_of(draft.page, draft.text or "")
    return PageSummary(draft.page, document.title, document.url or "", document.reviewed, 0, 0, "new, not live yet")


_GONE: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_AT_ONCE: Final = 4  # so that no site takes it for an attack
_TIMEOUT: Final = 15.0  # seconds for one address, whatever its site does


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
        async with asyncio.timeout(_TIMEOUT), client.stream("GET", address) as answer:  # what it holds is not read
            return answer.status_code in _GONE
    except httpx.ConnectError as error:
        return _names_no_host(error)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError):
        return False


def _names_no_host(error: BaseException | None) -> bool:
    while error and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
