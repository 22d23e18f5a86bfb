"""The Pages tab: write pages, see what the drafts would change, and publish them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import gradio as gr
from gradio.blocks import Block

from chatbot.errors import ChangeRefused, FootnoteError, JournalError
from chatbot.evaluation import GoldenQuestion
from chatbot.indexing import passages_of
from chatbot.journal import Counts
from chatbot.reading import EDITABLE
from chatbot.records import Outcome
from chatbot.staff import PageForm, Preview, Role, is_editable, list_pages, not_editable
from chatbot.web.console.components import (
    Changes,
    Layout,
    filled_table,
    hidden,
    last_cell,
    machine_text,
    notice,
    or_show_error,
    remark,
    say,
    status_line,
    step_counter,
    text_table,
    wire,
)
from chatbot.web.console.guard import editors_only, require_editor, signed_in
from chatbot.web.console.page_rows import (
    addresses_text,
    draft_row,
    outcome_rows,
    page_row,
    passage_change_row,
    passage_row,
    preview_text,
    published_text,
    summary_text,
)
from chatbot.web.console.services import ConsoleServices
from chatbot.web.console.unsaved import Unsaved

__all__ = ["PagesTab"]

_PAGES: Final = {
    "Title": "204px",
    "Reviewed": "116px",
    "Passages": "104px",
    "Cited in 30 days": "92px",
    "State": "148px",
    "Address": "164px",
    "Page": "196px",
}
_DRAFTS: Final = {"Page": "256px", "What happens": "192px", "Saved by": "144px", "When (UTC)": "176px"}
_PASSAGES: Final = {"Under": "28%", "Passage": "72%"}
_PASSAGE_CHANGES: Final = {
    "What": "96px",
    "Page": "144px",
    "Under": "144px",
    "Text before": "288px",
    "Text after": "288px",
}
_OUTCOMES: Final = {"Question": "352px", "Now": "128px", "After": "128px", "What that means": "224px"}
_ABOUT_PUBLISHING: Final = """## Publish

Visitors see nothing of your drafts until you publish them here. That takes a moment. The chat goes on answering
meanwhile."""
_READY: Final = "What happened is shown here."
_RECENT: Final = timedelta(days=30)
_GOLDEN_LIMIT: Final = 300  # saved questions that a preview asks
_UNANSWERED_LIMIT: Final = 60  # questions of visitors that it asks

_Values = Mapping[Block, Any]


class _Layout(Layout):
    """The list of pages, the form of one page, and the panel to publish drafts."""

    def __init__(self) -> None:
        self.summary = status_line("Where things stand", "pages-summary")
        with gr.Row(elem_classes="bar"):
            self.choice = gr.Dropdown([], label="Open a page", value=None, elem_id="pages-choice")
            self.addresses = gr.Button(
                "Check the public addresses", elem_id="pages-addresses", elem_classes="for-editors"
            )
            self.new = gr.Button("Write a new page", elem_id="pages-new", elem_classes="for-editors")
        self.table = text_table(_PAGES, "All pages", "pages-list")
        self.notice = notice("pages-notice")
        self._lay_out_form()
        self._lay_out_publishing()

    def _lay_out_form(self) -> None:
        with gr.Column(visible=False, elem_id="pages-form-panel") as self.form:
            self.heading = status_line("Page", "pages-heading")
            self.locked = notice("pages-locked")
            self.title = gr.Textbox(label="Title", max_lines=1, max_length=300, elem_id="pages-title")
            self.body = gr.Textbox(
                label="Text of the page",
                info="An empty line starts a new paragraph. A line that starts with # is a heading.",
                lines=10,
                max_lines=24,
                elem_id="pages-body",
            )
            with gr.Row():
                self.url = gr.Textbox(
                    label="Public address, if the page is on your website",
                    placeholder="https://",
                    max_lines=1,
                    elem_id="pages-url",
                )
                self.reviewed = gr.Textbox(
                    label="Last reviewed, as 2026-01-31", max_lines=1, max_length=10, elem_id="pages-reviewed"
                )
            with gr.Row(elem_classes="actions for-editors"):
                self.save = gr.Button("Save draft", variant="primary", elem_id="pages-save")
                self.upload = gr.UploadButton("Fill from a file (.txt, .md)", file_types=list(EDITABLE))
                self.withdraw = gr.Button("Withdraw this page", elem_id="pages-withdraw")
                self.discard = gr.Button("Discard draft", elem_id="pages-discard")
            self.passages = text_table(_PASSAGES, "The page in passages, as the chatbot quotes it", "pages-passages")
        self.page = gr.State(None)  # name of the page in the form, None for a new one
        self.suffix = gr.State(".md")
        self.saved = gr.State(None)  # the form as it was opened or last saved
        self.saved_json = machine_text("pages-saved")  # the same and its page, for the script that keeps what is typed
        self.fields = {self.title, self.body, self.url, self.reviewed, self.page, self.suffix, self.saved}

    def _lay_out_publishing(self) -> None:
        with gr.Column(elem_id="pages-publish-panel"):
            gr.Markdown(_ABOUT_PUBLISHING)
            self.drafts = text_table(_DRAFTS, "Drafts that are not published yet", "pages-drafts")
            with gr.Row(elem_classes="actions for-editors"):
                self.preview = gr.Button("Show what would change", elem_id="pages-preview")
                self.publish = gr.Button("Publish", variant="primary", elem_id="pages-publish")
                self.go_back = gr.Button("Back to the version before", elem_id="pages-go-back")
            # Visible from the start, because Gradio shows here how far a build is.
            self.publish_notice = notice("pages-publish-notice", _READY)
            self.passage_changes = text_table(
                _PASSAGE_CHANGES, "Passages that are added, removed or changed", "pages-changes", visible=False
            )
            self.outcomes = text_table(_OUTCOMES, "Questions that change outcome", "pages-outcomes", visible=False)

    def typed(self, values: _Values) -> PageForm:
        """Return the page as it stands in the form."""
        fields = {"title": self.title, "url": self.url, "reviewed": self.reviewed, "body": self.body}
        return PageForm(**{name: values[field] or "" for name, field in fields.items()})

    def fill(self, form: PageForm) -> Changes:
        """Fill what an editor types."""
        return {
            self.title: form.title,
            self.body: form.body,
            self.url: form.url,
            self.reviewed: form.reviewed,
        }

    def show(self, form: PageForm, page: str | None) -> Changes:
        """Fill the form with a page, or a new one, and lock it where the page cannot be changed here."""
        editable = page is None or is_editable(page)
        return {
            **{part: gr.update(value=value, interactive=editable) for part, value in self.fill(form).items()},
            **dict.fromkeys((self.save, self.upload), gr.update(visible=editable)),
            self.locked: hidden() if page is None or editable else gr.update(value=not_editable(page), visible=True),
        }


class PagesTab:
    """The Pages tab and its handlers."""

    def __init__(self, services: ConsoleServices, tab: gr.Tab) -> None:
        """Lay out the tab and wire it to the clinic's pages."""
        self._services = services
        self._parts = parts = _Layout()
        wire(tab.select, self.show, [], parts.all)
        wire(parts.table.select, or_show_error(self.click, parts.notice), parts.fields, parts.all)
        wire(parts.choice.input, or_show_error(self.choose, parts.notice), {parts.choice, *parts.fields}, parts.all)
        wire(parts.addresses.click, self.open_addresses, [], parts.all, parts.table)
        self.wire_new(parts.new.click)
        fill = or_show_error(self.fill, parts.notice)
        wire(parts.upload.upload, fill, [parts.upload, parts.page, parts.title], parts.all)
        wire(parts.save.click, or_show_error(self.save_draft, parts.notice), parts.fields, parts.all)
        wire(parts.withdraw.click, or_show_error(self.withdraw, parts.notice), [parts.page], parts.all)
        discard = or_show_error(self.discard_draft, parts.notice)
        wire(parts.discard.click, discard, [parts.page, parts.saved], parts.all)
        for trigger, handler in (
            (parts.preview.click, self.preview),
            (parts.publish.click, self.publish),
            (parts.go_back.click, self.go_back),
        ):
            wire(trigger, or_show_error(handler, parts.publish_notice), [], parts.all, parts.publish_notice)

    def wire_new(self, trigger: Callable[..., Any], question: gr.State | None = None) -> None:
        """Open an empty form at an event, with a question as its title where there is one."""
        parts = self._parts

        def new(values: _Values) -> Changes:
            _check_saved(parts.typed(values), values[parts.saved])
            text = values[question] if question else ""
            title = self._services.bot.corrected_title(text) if text else ""
            return {parts.notice: hidden(), parts.form: gr.update(visible=True), **self._empty_form(title)}

        inputs = {question, *parts.fields} if question else parts.fields
        wire(trigger, or_show_error(new, parts.notice), inputs, parts.all)

    def wire_restore(self, kept: gr.Textbox) -> None:
        """Open the form with what was typed before the page was loaded anew, which the script has put into `kept`."""
        parts = self._parts

        @editors_only
        def restore(values: _Values, request: gr.Request) -> Changes:
            require_editor(request)
            unsaved = Unsaved.from_json(values[kept])
            _check_saved(parts.typed(values), values[parts.saved])
            return self._restored(unsaved)

        wire(kept.change, or_show_error(restore, parts.notice), {kept, *parts.fields}, parts.all)

    def _restored(self, unsaved: Unsaved) -> Changes:
        """Fill the form with what was typed and not saved."""
        note = "What you typed is back in the form. It is not saved yet: press “Save draft”."
        try:
            opened = self._form(unsaved.page) if unsaved.page else self._empty_form()
        except ChangeRefused:
            opened = self._empty_form()
            note = f"{note} The page {unsaved.page} is gone meanwhile, so this is a new page."
        if unsaved.page and _normalised(opened[self._parts.saved]) != _normalised(unsaved.before):
            note = f"{note} The page was changed since you opened it: look at its newest text before you save."
        typed = self._parts.show(unsaved.typed, opened[self._parts.page])
        return {**opened, **typed, self._parts.form: gr.update(visible=True), self._parts.notice: remark(note)}

    def show(self) -> Changes:
        """Show the summary, the list of pages, and the drafts."""
        services, parts = self._services, self._parts
        drafts = services.pages.drafts()
        pages = list_pages(services.bot, drafts, self._counts(), datetime.now(UTC).date(), services.pages.gone)
        return {
            parts.summary: summary_text(pages, len(drafts), services.pages.unreadable(), services.pages.unpublished()),
            parts.choice: gr.update(choices=[(f"{page.title} ({page.id})", page.id) for page in pages]),
            parts.table: [page_row(page) for page in pages],
            parts.drafts: filled_table([draft_row(draft) for draft in drafts]),
            parts.go_back: gr.update(visible=services.pages.previous() is not None),
        }

    def click(self, values: _Values, event: gr.SelectData, request: gr.Request) -> Changes:
        """Open the page of the row that was clicked."""
        return self._open(last_cell(event) or None, values, request)

    def choose(self, values: _Values, request: gr.Request) -> Changes:
        """Open the page that was chosen in the dropdown."""
        return self._open(values[self._parts.choice], values, request)

    def _open(self, page: str | None, values: _Values, request: gr.Request) -> Changes:
        """Open a page, unless that would lose what an editor typed."""
        if signed_in(request).role is Role.EDITOR:
            _check_saved(self._parts.typed(values), values[self._parts.saved])
        return {
            self._parts.notice: hidden(),
            self._parts.form: gr.update(visible=True),
            **(self._form(page) if page else self._empty_form()),
        }

    @editors_only
    def open_addresses(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> Changes:  # noqa: B008 - Gradio looks for it there
        """Show which pages cannot be found on the clinic's website any more."""
        require_editor(request)
        pages = self._services.pages
        number = pages.open_addresses(step_counter(progress, "Opening the addresses", "steps"))
        return {**self.show(), self._parts.notice: say(addresses_text(number, len(pages.gone)))}

    @editors_only
    def fill(self, path: str, page: str | None, title: str, request: gr.Request) -> Changes:
        """Fill the form with an uploaded file."""
        require_editor(request)
        form, suffix = self._services.pages.read_upload(Path(path), page)
        text = f"The form holds what {Path(path).name} says. Check it, then save the draft."
        return {
            **self._parts.fill(form),
            self._parts.title: form.title or title,
            self._parts.suffix: suffix,
            self._parts.passages: [],
            self._parts.notice: remark(text),
        }

    @editors_only
    def save_draft(self, values: _Values, request: gr.Request) -> Changes:
        """Save the form as a draft."""
        account, parts = require_editor(request), self._parts
        form = parts.typed(values)
        _check_opened(values[parts.saved])
        page = self._services.pages.stage(account, form, values[parts.page], values[parts.suffix])
        done = say(f"“{form.title.strip()}” is saved as a draft. Visitors see it once you publish it, below.")
        return {**self._form(page), **self.show(), parts.form: gr.update(visible=True), parts.notice: done}

    @editors_only
    def withdraw(self, page: str | None, request: gr.Request) -> Changes:
        """Save as a draft that the page in the form is withdrawn."""
        account = require_editor(request)
        if page is None:
            raise ChangeRefused("Open the page that you want to withdraw first.")
        self._services.pages.withdraw(account, page)
        return self._closed("The page is withdrawn once you publish, below. A copy stays on the server.")

    @editors_only
    def discard_draft(self, page: str | None, saved: PageForm | None, request: gr.Request) -> Changes:
        """Discard the draft of the page in the form."""
        require_editor(request)
        _check_opened(saved)
        if page is not None:
            self._services.pages.discard(page)
        return self._closed("Draft discarded. The page stays as it is.")

    @editors_only
    def preview(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> Changes:  # noqa: B008 - Gradio looks for it there
        """Show what the drafts would change."""
        require_editor(request)
        preview = self._services.pages.preview(self._golden(), self._unanswered(), _build_progress(progress))
        return {**self.show(), **self._changed(preview), self._parts.publish_notice: remark(preview_text(preview))}

    @editors_only
    def publish(self, request: gr.Request, progress: gr.Progress = gr.Progress()) -> Changes:  # noqa: B008 - as above
        """Publish the drafts."""
        account = require_editor(request)
        drafts = self._services.pages.publish(account, _build_progress(progress))
        done = say(published_text(len(drafts), len(self._services.bot.passages())))
        return {**self.show(), **self._changed(None), self._parts.notice: hidden(), self._parts.publish_notice: done}

    @editors_only
    def go_back(self, request: gr.Request) -> Changes:
        """Serve the version before."""
        self._services.pages.go_back(require_editor(request))
        done = say("The version before is live again, with its pages. Press the button again to undo this.")
        return {**self.show(), **self._changed(None), self._parts.publish_notice: done}

    def _changed(self, preview: Preview | None) -> Changes:
        """Fill the tables of a preview; without one they are hidden."""
        passages = [passage_change_row(change) for change in preview.passages] if preview else []
        return {
            self._parts.passage_changes: filled_table(passages),
            self._parts.outcomes: filled_table(outcome_rows(preview) if preview else []),
        }

    def _closed(self, text: str) -> Changes:
        """Close the form and say what was done."""
        closed = {self._parts.form: gr.update(visible=False), self._parts.notice: say(text), self._parts.saved_json: ""}
        return {**self._empty_form(), **self.show(), **closed}

    def _form(self, page: str) -> Changes:
        """Fill the form with a page."""
        parts, form = self._parts, self._services.pages.form(page)
        passages = passages_of(self._services.pages.document(page), self._services.bot.encoder)
        return {
            **parts.show(form, page),
            parts.page: page,
            parts.suffix: Path(page).suffix,
            parts.heading: f"{form.title} ({page})",
            parts.passages: [passage_row(passage) for passage in passages],
            parts.saved: form,
            parts.saved_json: _saved_json(form, page),
            parts.withdraw: gr.update(visible=True),
        }

    def _empty_form(self, title: str = "") -> Changes:
        """Fill the form with a new page."""
        parts, form = self._parts, PageForm(title, "", f"{datetime.now(UTC):%Y-%m-%d}", "")
        return {
            **parts.show(form, None),
            parts.page: None,
            parts.suffix: ".md",
            parts.heading: "A new page",
            parts.passages: [],
            parts.saved: form,
            parts.saved_json: _saved_json(form, ""),
            parts.withdraw: gr.update(visible=False),
        }

    def _golden(self) -> tuple[GoldenQuestion, ...]:
        try:
            return self._services.golden_file.read()[:_GOLDEN_LIMIT]
        except FootnoteError:
            return ()

    def _unanswered(self) -> tuple[str, ...]:
        """Return what visitors asked lately that no page answered, each text once, newest first."""
        if not self._services.journal:
            return ()
        try:
            questions = self._services.journal.asked(
                since=datetime.now(UTC) - _RECENT, unanswered=True, handled=False, limit=1000
            )
        except JournalError:
            return ()
        texts = [row.text for row in questions if row.text and row.outcome is not Outcome.ANSWERED]
        return tuple({text.casefold(): text for text in texts}.values())[:_UNANSWERED_LIMIT]

    def _counts(self) -> Counts | None:
        try:
            journal = self._services.journal
            return journal.counts(since=datetime.now(UTC) - _RECENT) if journal else None
        except JournalError:  # the list of pages is of use without the counts
            return None


def _check_saved(typed: PageForm, saved: PageForm | None) -> None:
    """Raise `ChangeRefused` where the form holds changes that opening another page would lose."""
    if saved is None and any(_normalised(typed)):
        _check_opened(saved)
    if saved and _normalised(typed) != _normalised(saved):
        title = typed.title.strip() or "The new page"
        raise ChangeRefused(f"“{title}” has changes that are not saved. Press “Save draft” or “Discard draft” first.")


def _check_opened(saved: PageForm | None) -> None:
    """Raise `ChangeRefused` where a server that was started again does not know which page is in the form."""
    if saved is None:
        raise ChangeRefused(
            "The server was started again since you opened this form. Load the page again: what you typed is kept, and "
            "is offered to you there."
        )


def _saved_json(form: PageForm, page: str) -> str:
    """Return the form as it is saved, and the name of its page, as the page's script reads them."""
    return json.dumps({**asdict(form), "page": page})


def _normalised(form: PageForm) -> tuple[str, ...]:
    """Return a form's fields without the line breaks and spaces that a browser changes by itself."""
    return tuple("\n".join(field.splitlines()).strip() for field in (form.title, form.url, form.reviewed, form.body))


def _build_progress(progress: gr.Progress) -> Callable[[int, int, str], None]:
    return lambda done, of, what: step_counter(progress, what, "steps")(done, of)
