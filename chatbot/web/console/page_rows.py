"""The Pages tab: what is said of pages, drafts and previews, as rows of tables and in words."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import gradio as gr

from chatbot.reading import unwrapped
from chatbot.records import Passage
from chatbot.staff import Draft, PageSummary, PassageChange, Preview
from chatbot.web.http.markup import breadcrumb

__all__ = [
    "addresses_told",
    "draft_row",
    "live_told",
    "passage_row",
    "preview_tables",
    "preview_told",
    "row",
    "summary",
]


def row(one: PageSummary) -> list[str]:
    """Give a page's row in the list; its file's name comes last."""
    reviewed = one.reviewed.isoformat() if one.reviewed else ""
    passages = str(one.passages) if one.passages else ""
    return [one.title, reviewed, passages, str(one.cited), one.state, one.url, one.id]


def draft_row(draft: Draft) -> list[str]:
    """Give the row of a change that waits."""
    happens = "is withdrawn" if draft.text is None else "is added or replaced"
    return [draft.page, happens, draft.account, f"{draft.made:%Y-%m-%d %H:%M}"]


def passage_row(passage: Passage) -> list[str]:
    """Give a passage's row: the headings that it stands under, and its words."""
    return [breadcrumb(passage.headings), unwrapped(passage.text)]


def summary(listed: Sequence[PageSummary], drafts: int, unreadable: Sequence[str]) -> str:
    """Say where things stand."""
    live = [one for one in listed if not one.state.startswith("new")]
    due = sum(("due for review" in one.state or "never reviewed" in one.state) for one in listed)
    waiting = f"{_counted(drafts, 'change')} not live yet" if drafts else "nothing waits to go live"
    lost = f" Not read, and not served: {', '.join(unreadable)}." if unreadable else ""
    return f"{_counted(len(live), 'page')} live, {due} due for a review; {waiting}.{lost}"


def addresses_told(number: int, gone: int) -> str:
    """Say what came of opening the public addresses."""
    if not number:
        return "No page says where it stands on your website."
    lost = f"{_counted(gone, 'page')} cannot be found there any more: see the list." if gone else "None is gone."
    return f"{number} address{'es' * (number != 1)} of your website opened. {lost}"


def live_told(changes: int, passages: int) -> str:
    """Say what went live."""
    if not changes:
        return "Nothing waited. Visitors are answered from the pages as they are."
    return f"Live: {_counted(changes, 'change')}. Visitors are answered from {_counted(passages, 'passage')} now."


def preview_told(preview: Preview) -> str:
    """Say what would change."""
    if not preview.passages:
        return "Nothing would change: no passage comes, goes or changes."
    kinds = Counter(_kind(one) for one in preview.passages)
    told = [f"Passages: {', '.join(f'{number} {kind}' for kind, number in kinds.items())}."]
    if preview.golden:
        told.append(f"Saved questions: {len(preview.outcome_changes)} of {preview.golden} would turn out otherwise.")
    if preview.newly_answered:
        told.append(
            f"{_counted(len(preview.newly_answered), 'question')} that visitors asked in vain would be answered."
        )
    told += [f"Left out: {one}" for one in preview.problems]
    return "\n".join(told)


def preview_tables(preview: Preview | None) -> list[dict[str, Any]]:
    """Fill the tables of passages and of questions; without a preview they are hidden."""
    if preview is None:
        return [gr.update(value=[], visible=False)] * 2
    passages = [
        [_kind(one), one.title, breadcrumb(one.headings), unwrapped(one.before), unwrapped(one.after)]
        for one in preview.passages
    ]
    flips = [
        [one.question, one.before, one.after, "better" if one.better else "worse: look at this one"]
        for one in preview.outcome_changes
    ]
    gained = [[one, "not answered", "answered", "a visitor asked this"] for one in preview.newly_answered]
    return [
        gr.update(value=passages, visible=bool(passages)),
        gr.update(value=[*flips, *gained], visible=bool(flips or gained)),
    ]


def _kind(change: PassageChange) -> str:
    return "changed" if change.before and change.after else "gone" if change.before else "added"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'s' * (number != 1)}"
