"""The list of pages for staff: live and prepared ones, their reviews, and public addresses that are gone."""

import asyncio
import socket
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from chatbot.bot import Chatbot
from chatbot.indexing import PageCopy
from chatbot.journal import Counts
from chatbot.staff.content.drafts import Draft
from chatbot.staff.content.page_form import document_of

if TYPE_CHECKING:
    import httpx

__all__ = ["PageSummary", "gone_addresses", "list_pages"]

_GONE: Final = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_CONNECTIONS: Final = 4  # so few that no site takes them for an attack
_TIMEOUT: Final = 15.0  # seconds for one address, redirects included


@dataclass(frozen=True, slots=True)
class PageSummary:
    """A row of the list: a page with the number of its passages, of its citations, and its state in words."""

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
    """Return the pages that are live or prepared, by title.

    `counts` holds the citations to show, `gone` the public addresses that no longer exist.
    """
    passages = Counter(passage.document for passage in bot.passages())
    cited: Counter[str] = Counter()
    for passage, number in counts.cited if counts else ():
        cited[passage.document] += number
    staged = {draft.page: draft for draft in drafts}
    copies = {copy.document: _copied(copy) for copy in bot.page_copies()}
    due = today - timedelta(days=bot.clinic.pages.review_after_days)
    live = [
        PageSummary(
            document.id,
            document.title,
            document.url or "",
            document.reviewed,
            passages[document.id],
            cited[document.id],
            _state(document.reviewed, due, staged.get(document.id))
            + ", address gone" * (document.url in gone)
            + copies.get(document.id, ""),
        )
        for document in bot.documents()
    ]
    known = {page.id for page in live}
    new = [_new_page(draft) for draft in drafts if draft.page not in known and draft.text is not None]
    return tuple(sorted([*live, *new], key=lambda page: page.title.casefold()))


def _copied(copy: PageCopy) -> str:
    return f", {'the same' if copy.share == 1 else 'nearly the same'} as {copy.original}"


def _state(reviewed: date | None, due: date, draft: Draft | None) -> str:
    if draft:
        return "changed, not live yet" if draft.text is not None else "to be withdrawn, still live"
    if reviewed is None:
        return "live, never reviewed"
    return "live" if reviewed > due else "live, due for review"


def _new_page(draft: Draft) -> PageSummary:
    document = document_of(draft.page, draft.text or "")
    return PageSummary(draft.page, document.title, document.url or "", document.reviewed, 0, 0, "new, not live yet")


def gone_addresses(addresses: Sequence[str], progress: Callable[[int, int], object]) -> frozenset[str]:
    """Open web addresses and return those that are gone: the site answers 404 or 410, or no such host exists.

    An address that gives no answer now, or none to a program, may still answer a visitor and is not gone. Call this in
    a thread that runs no event loop.
    """
    return asyncio.run(_gone_addresses(addresses, progress))


async def _gone_addresses(addresses: Sequence[str], progress: Callable[[int, int], object]) -> frozenset[str]:
    connections, gone, done = asyncio.Semaphore(_CONNECTIONS), set[str](), 0

    async def check(address: str) -> None:
        nonlocal done
        async with connections:
            if await _is_gone(client, address):
                gone.add(address)
        done += 1
        progress(done, len(addresses))

    import httpx  # noqa: PLC0415 - a tenth of a second to import, and `check` does without it

    async with httpx.AsyncClient(follow_redirects=True, headers={"User-Agent": "Footnote"}) as client:
        await asyncio.gather(*map(check, addresses))
    return frozenset(gone)


async def _is_gone(client: "httpx.AsyncClient", address: str) -> bool:
    import httpx  # noqa: PLC0415 - as above

    try:
        async with asyncio.timeout(_TIMEOUT), client.stream("GET", address) as response:  # its body is not read
            return response.status_code in _GONE
    except httpx.ConnectError as error:
        return _is_unknown_host(error)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, TimeoutError):
        return False


def _is_unknown_host(error: BaseException | None) -> bool:
    while error and not isinstance(error, socket.gaierror):
        error = error.__cause__ or error.__context__
    return isinstance(error, socket.gaierror) and error.errno == socket.EAI_NONAME
