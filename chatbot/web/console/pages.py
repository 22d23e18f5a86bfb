"""The Pages tab: what its events do."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from chatbot.errors import ChangeRefused, FootnoteError, JournalError
from chatbot.evaluation import GoldenQuestion
from chatbot.indexing import passages_of
from chatbot.journal import Counts
from chatbot.records import Outcome
from chatbot.staff import PageForm, Role, list_pages
from chatbot.web.console.components import hidden, last_cell, or_show_error, say, showing, wire
from chatbot.web.console.current_user import editors_only, require_editor, signed_in
from chatbot.web.console.page_parts import lay_out
from chatbot.web.console.page_rows import (
    addresses_told,
    draft_row,
    live_told,
    passage_row,
    preview_tables,
    preview_told,
    row,
    summary,
)
from chatbot.web.console.services import ConsoleServices

__all__ = ["Form", "pages"]

_CITED: Final = timedelta(days=30)
_GOLDEN: Final = 300  # saved questions that a preview asks
_UNANSWERED: Final = 60  # questions asked in vain that it asks


@dataclass(frozen=True, slots=True)
class Form:
    """What opens an empty form with a title, what it reads beside that, and what it fills."""

    new: Callable[..., list[object]]
    fields: list[Component]
    parts: list[Block]


def pages(services: ConsoleServices, tab: gr.Tab) -> Form:
    """Lay out the tab and wire it to the pages of a house; give the form, so that another tab may open it."""
    do = _Tab(services)
    parts = lay_out()
    form: list[Component] = [parts.page, parts.suffix, parts.title, parts.body, parts.url, parts.reviewed]
    shown: list[Block] = [parts.told, parts.form, *parts.sheet]
    both = [parts.told, parts.form, *parts.sheet, *parts.overview]
    live = [parts.live_told, parts.changes, parts.questions, *parts.overview]
    filled = [parts.told, parts.suffix, *parts.fields[:-1], parts.passages]
    wire(tab.select, do.overview, [], parts.overview)
    wire(parts.table.select, do.picked, parts.fields, shown)
    wire(parts.choice.input, do.open, [parts.choice, *parts.fields], shown)
    wire(parts.opens.click, do.open_addresses, [], [parts.told, *parts.overview], parts.table)
    wire(parts.new.click, partial(do.new, None), parts.fields, shown)
    wire(parts.file.upload, do.fill, [parts.file, parts.page, parts.title], filled)
    wire(parts.keep.click, do.keep, form, both)
    wire(parts.withdraw.click, do.withdraw, [parts.page], both)
    wire(parts.leave.click, do.leave, [parts.page], both)
    wire(parts.preview.click, do.preview, [], live, parts.live_told)
    wire(parts.live.click, do.put_live, [], live, parts.live_told)
    wire(parts.back.click, do.go_back, [], live, parts.live_told)
    return Form(do.new, parts.fields, shown)


class _Tab:
    """What the tab's events do."""

    def __init__(self, services: ConsoleServices) -> None:
        self._house = services

    def overview(self) -> list[object]:
        """Give the summary, the list to choose from, the table, and what waits."""
        services = self._house
        drafts = services.pages.drafts()
        listed = list_pages(services.bot, drafts, self._counts(), datetime.now(UTC).date(), services.pages.gone)
        told = summary(listed, len(drafts), services.pages.unreadable())
        choices = [(f"{one.title} ({one.id})", one.id) for one in listed]
        waiting = gr.update(value=[draft_row(one) for one in drafts], visible=bool(drafts))
        back = gr.update(visible=services.pages.previous() is not None)
        return [told, gr.update(choices=choices), [row(one) for one in listed], waiting, back]

    def picked(  # noqa: PLR0913, PLR0917 - the fields of the form
        self,
        title: str,
        body: str,
        url: str,
        reviewed: str,
        opened: PageForm | None,
        event: gr.SelectData,
        request: gr.Request,
    ) -> list[object]:
        """Open the page of the row that was chosen."""
        return self.open(last_cell(event) or None, title, body, url, reviewed, opened, request)

    def open(  # noqa: PLR0913, PLR0917 - as above
        self,
        page: str | None,
        title: str,
        body: str,
        url: str,
        reviewed: str,
        opened: PageForm | None,
        request: gr.Request,
    ) -> list[object]:
        """Open a page, unless that would lose what an editor typed."""

        def filled() -> list[object]:
            if signed_in(request).role is Role.EDITOR:
                _check_kept(PageForm(title, url, reviewed, body), opened)
            return [hidden(), gr.update(visible=True), *(self._sheet(page) if page else _empty())]

        return or_show_error(11, filled)

    def new(  # noqa: PLR0913, PLR0917 - as above
        self, question: str | None, title: str, body: str, url: str, reviewed: str, opened: PageForm | None
    ) -> list[object]:
        """Open an empty form, or one with a question as its title, unless that would lose what is typed."""

        def filled() -> list[object]:
            _check_kept(PageForm(title, url, reviewed, body), opened)
            return [
                hidden(),
                gr.update(visible=True),
                *_empty(self._house.bot.corrected_title(question) if question else ""),
            ]

        return or_show_error(11, filled)

    @editors_only
    def open_addresses(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> list[object]:  # noqa: B008 - Gradio looks for it there
        """See which pages cannot be found on the clinic's website any more."""
        require_editor(request)
        number = self._house.pages.open_addresses(showing(progress, "Opening the addresses", "steps"))
        return [say(addresses_told(number, len(self._house.pages.gone))), *self.overview()]

    @editors_only
    def fill(self, path: str, page: str | None, title: str, request: gr.Request) -> list[object]:
        """Fill the form with an uploaded file."""
        require_editor(request)
        return or_show_error(6, lambda: self._filled(Path(path), page, title))

    @editors_only
    def keep(  # noqa: PLR0913, PLR0917 - the fields of the form
        self, page: str | None, suffix: str, title: str, body: str, url: str, reviewed: str, request: gr.Request
    ) -> list[object]:
        """Prepare what the form says."""
        account = require_editor(request)

        def kept() -> list[object]:
            name = self._house.pages.stage(account, PageForm(title, url, reviewed, body), page, suffix)
            told = say(f"“{title.strip()}” is kept. Visitors see it once you put it live, below.")
            return [told, gr.update(visible=True), *self._sheet(name), *self.overview()]

        return or_show_error(16, kept)

    @editors_only
    def withdraw(self, page: str | None, request: gr.Request) -> list[object]:
        """Prepare that the page in the form goes."""
        account = require_editor(request)
        if page is None:
            return [hidden(), gr.update(visible=False), *_empty(), *self.overview()]
        self._house.pages.withdraw(account, page)
        told = say("The page will be withdrawn once you put it live, below. It is kept on the server.")
        return [told, gr.update(visible=False), *_empty(), *self.overview()]

    @editors_only
    def leave(self, page: str | None, request: gr.Request) -> list[object]:
        """Forget what was prepared for the page in the form."""
        require_editor(request)
        if page is not None:
            self._house.pages.discard(page)
        return [say("The page stays as it is."), gr.update(visible=False), *_empty(), *self.overview()]

    @editors_only
    def preview(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> list[object]:  # noqa: B008 - Gradio looks for it there
        """Show what would change."""
        require_editor(request)

        def seen() -> list[object]:
            preview = self._house.pages.preview(self._golden(), self._in_vain(), _shown(progress))
            told = gr.update(value=preview_told(preview), visible=True)
            return [told, *preview_tables(preview), *self.overview()]

        return or_show_error(7, seen)

    @editors_only
    def put_live(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> list[object]:  # noqa: B008 - as above
        """Put live what is prepared."""
        account = require_editor(request)

        def done() -> list[object]:
            drafts = self._house.pages.publish(account, _shown(progress))
            number = len(self._house.bot.passages())
            return [say(live_told(len(drafts), number)), *preview_tables(None), *self.overview()]

        return or_show_error(7, done)

    @editors_only
    def go_back(self, request: gr.Request) -> list[object]:
        """Serve the version before."""
        account = require_editor(request)

        def done() -> list[object]:
            self._house.pages.go_back(account)
            told = "Visitors are answered from the version before again, and its pages are back. Press again to undo."
            return [say(told), *preview_tables(None), *self.overview()]

        return or_show_error(7, done)

    def _sheet(self, page: str) -> list[object]:
        sheet = self._house.pages.form(page)
        cut = passages_of(self._house.pages.document(page), self._house.bot.encoder)
        rows = [passage_row(one) for one in cut]
        typed = [sheet.title, sheet.body, sheet.url, sheet.reviewed]
        return [page, Path(page).suffix, f"{sheet.title} ({page})", *typed, rows, sheet, gr.update(visible=True)]

    def _filled(self, path: Path, page: str | None, title: str) -> list[object]:
        sheet, suffix = self._house.pages.read_upload(path, page)
        told = gr.update(value=f"The form holds what {path.name} says. Look at it, then keep it.", visible=True)
        return [told, suffix, sheet.title or title, sheet.body, sheet.url, sheet.reviewed, []]

    def _golden(self) -> tuple[GoldenQuestion, ...]:
        try:
            return self._house.golden_file.read()[:_GOLDEN]
        except FootnoteError:
            return ()

    def _in_vain(self) -> tuple[str, ...]:
        """Give what visitors asked lately that our pages did not answer, each once, newest first."""
        if not self._house.journal:
            return ()
        try:
            asked = self._house.journal.asked(
                since=datetime.now(UTC) - _CITED, unanswered=True, handled=False, limit=1000
            )
        except JournalError:
            return ()
        texts = [one.text for one in asked if one.text and one.outcome is not Outcome.ANSWERED]
        return tuple({text.casefold(): text for text in texts}.values())[:_UNANSWERED]

    def _counts(self) -> Counts | None:
        try:
            return self._house.journal.counts(since=datetime.now(UTC) - _CITED) if self._house.journal else None
        except JournalError:  # the list is of use without
            return None


def _empty(title: str = "") -> list[object]:
    """Give an empty form."""
    sheet = PageForm(title, "", f"{datetime.now(UTC):%Y-%m-%d}", "")
    typed = [sheet.title, sheet.body, sheet.url, sheet.reviewed]
    return [None, ".md", "A new page", *typed, [], sheet, gr.update(visible=False)]


def _check_kept(typed: PageForm, opened: PageForm | None) -> None:
    """Raise `ChangeRefused` where the form holds words that opening another page would lose."""
    if opened and _plain(typed) != _plain(opened):
        raise ChangeRefused(
            f"“{typed.title.strip() or 'The new page'}” holds words that are not kept yet. Choose “Keep this change”, "
            "or “Forget my change” to let them go."
        )


def _plain(sheet: PageForm) -> tuple[str, ...]:
    """Give a sheet's fields without what a browser changes of itself."""
    return tuple(
        "\n".join(field.splitlines()).strip() for field in (sheet.title, sheet.url, sheet.reviewed, sheet.body)
    )


def _shown(progress: gr.Progress) -> Callable[[int, int, str], None]:
    return lambda done, of, what: showing(progress, what, "steps")(done, of)
