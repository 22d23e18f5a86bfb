"""The rows and sentences of the Pages tab, about pages, drafts and previews."""

from collections import Counter
from collections.abc import Sequence

from chatbot.reading import unwrapped
from chatbot.records import Passage
from chatbot.staff import Draft, PageSummary, PassageChange, Preview
from chatbot.web.console.components import counted
from chatbot.web.http.markup import breadcrumb

__all__ = [
    "addresses_text",
    "draft_row",
    "outcome_rows",
    "page_row",
    "passage_change_row",
    "passage_row",
    "preview_text",
    "published_text",
    "summary_text",
]

_NAMED = 12  # files of a sentence


def page_row(page: PageSummary) -> list[str]:
    """Return a page's row in the list; its file's name comes last."""
    reviewed = page.reviewed.isoformat() if page.reviewed else ""
    passages = str(page.passages) if page.passages else ""
    return [page.title, reviewed, passages, str(page.cited), page.state, page.url, page.id]


def draft_row(draft: Draft) -> list[str]:
    """Return the row of a draft."""
    effect = "is withdrawn" if draft.text is None else "is added or replaced"
    return [draft.page, effect, draft.account, f"{draft.made:%Y-%m-%d %H:%M}"]


def passage_row(passage: Passage) -> list[str]:
    """Return a passage's row: the headings that it stands under, and its words."""
    return [breadcrumb(passage.headings), unwrapped(passage.text)]


def passage_change_row(change: PassageChange) -> list[str]:
    """Return the row of a passage that is added, removed or changed."""
    texts = (unwrapped(change.before), unwrapped(change.after))
    return [_kind(change), change.title, breadcrumb(change.headings), *texts]


def outcome_rows(preview: Preview) -> list[list[str]]:
    """Return the rows of the questions that would be answered in another way."""
    saved = [
        [change.question, change.before, change.after, "better" if change.better else "worse: look at this one"]
        for change in preview.outcome_changes
    ]
    asked = [[question, "not answered", "answered", "a visitor asked this"] for question in preview.newly_answered]
    return [*saved, *asked]


def summary_text(
    pages: Sequence[PageSummary], drafts: int, unreadable: Sequence[str], unpublished: Sequence[str]
) -> str:
    """Return how many pages are live, how many are due for review, how many drafts there are, and what is left out."""
    live = sum(not page.state.startswith("new") for page in pages)
    due = sum("due for review" in page.state or "never reviewed" in page.state for page in pages)
    waiting = f"{counted(drafts, 'draft')} not published yet" if drafts else "no drafts"
    lost = f" Not readable, so not used for answers: {_names(unreadable)}." if unreadable else ""
    held = f" Not published, as they say themselves: {_names(unpublished)}." if unpublished else ""
    return f"{counted(live, 'page')} live, {due} due for a review, {waiting}.{lost}{held}"


def _names(pages: Sequence[str]) -> str:
    more = f" and {len(pages) - _NAMED} more" if len(pages) > _NAMED else ""
    return ", ".join(pages[:_NAMED]) + more


def addresses_text(number: int, gone: int) -> str:
    """Return how many public addresses opened, and how many pages are gone."""
    if not number:
        return "No page has a public address. Enter it in the form of the page."
    lost = (
        f"{counted(gone, 'page')} cannot be found there any more. See the column State."
        if gone
        else "All are still there."
    )
    return f"{number} address{'es' * (number != 1)} of your website opened. {lost}"


def published_text(changes: int, passages: int) -> str:
    """Return what was published."""
    if not changes:
        return "There was no draft to publish. Nothing changed."
    return f"Published: {counted(changes, 'change')}. Visitors are now answered from {counted(passages, 'passage')}."


def preview_text(preview: Preview) -> str:
    """Return what would change."""
    if not preview.passages:
        return "Nothing would change: no passage is added, removed or changed."
    kinds = Counter(map(_kind, preview.passages))
    lines = [f"Passages: {', '.join(f'{number} {kind}' for kind, number in kinds.items())}."]
    if preview.golden:
        lines.append(f"Saved questions: {len(preview.outcome_changes)} of {preview.golden} would change outcome.")
    if preview.newly_answered:
        number = counted(len(preview.newly_answered), "question")
        lines.append(f"{number} of visitors that had no answer would be answered.")
    lines += [f"Left out: {problem}" for problem in preview.problems]
    return "\n".join(lines)


def _kind(change: PassageChange) -> str:
    return "changed" if change.before and change.after else "removed" if change.before else "added"
