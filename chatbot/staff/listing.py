"""The list of pages, as staff look at it: what is live, what is prepared, and what is due for a review."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from chatbot.bot import Chatbot
from chatbot.journal import Counts
from chatbot.staff.drafts import Draft
from chatbot.staff.sheets import document_of

__all__ = ["Listed", "list_pages"]


@dataclass(frozen=True, slots=True)
class Listed:
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
) -> tuple[Listed, ...]:
    """List the pages that are live or prepared, by title; `counts` says what was cited, `gone` which addresses are."""
    passages = Counter(passage.document for passage in bot.passages())
    cited: Counter[str] = Counter()
    for place, number in counts.cited if counts else ():
        cited[place.document] += number
    staged = {draft.page: draft for draft in drafts}
    due = today - timedelta(days=bot.clinic.pages.review_after_days)
    live = [
        Listed(
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


def _new(draft: Draft) -> Listed:
    document = document_of(draft.page, draft.text or "")
    return Listed(draft.page, document.title, document.url or "", document.reviewed, 0, 0, "new, not live yet")
