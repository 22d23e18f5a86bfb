"""The list of pages for staff: live and prepared ones, their reviews, and public addresses that are gone."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from chatbot.bot import Chatbot
from chatbot.indexing import PageCopy
from chatbot.journal import Counts
from chatbot.staff.content.drafts import Draft
from chatbot.staff.content.page_form import document_of

__all__ = ["PageSummary", "list_pages"]


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
