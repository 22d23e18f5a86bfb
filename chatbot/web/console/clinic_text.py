"""The Words and routes tab: what the clinic says of itself, and what it answers itself where its pages do not."""

from typing import TYPE_CHECKING, Any, Final

import gradio as gr

from chatbot.clinic import Reply
from chatbot.errors import ChangeRefused
from chatbot.staff import FIELDS, Kind, foreign_warnings, old_values
from chatbot.web.console.changes import change_rows, changed_lines, lay_out_log, undo
from chatbot.web.console.components import caution, cautions, hidden, last_cell, notice, or_show_error, say, wire
from chatbot.web.console.current_user import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices

if TYPE_CHECKING:
    from gradio.components import Component

__all__ = ["words_and_routes"]

_LONG: Final = {"urgent.message", "urgent.crisis.message", "urgent.today.message"}
_HINTS: Final = {
    "urgent.message": "Empty: Footnote's own wording. {emergency}, {phone} and {hours} stand for what is set here.",
    "urgent.crisis.message": "Empty: Footnote's own wording. {crisis} and {emergency} stand for the numbers.",
    "urgent.today.message": "Empty: Footnote's own wording. {phone}, {hours} and {out_of_hours} stand for what is set.",
}
_LONGEST_NUMBER: Final = 16  # digits of a change in the record
_ABOUT: Final = """## What the clinic says of itself

What you save here is said at once: in the chat, on your other sites and by the API. Colours, and how and where the chat
shows itself on other sites, are set in clinic.toml on the server and change when it is started again."""
_ROUTES: Final = """## Replies of your own

A reply is given where your pages have no likely answer to a question of its kind. Give it a dozen ways to ask or
more."""
_SAME: Final = "Nothing was changed: it says so already."


def words_and_routes(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the words of a house."""
    do = _Tab(services)
    with gr.Column(elem_id="words-panel"):
        gr.Markdown(_ABOUT)
        warning = caution("words-warning")
        fields = [_field(name, label) for name, label in FIELDS.items()]
        save = gr.Button("Save these words", variant="primary", elem_id="words-save", elem_classes="for-editors")
        told = notice("words-told")
    with gr.Column(elem_id="routes-panel"):
        gr.Markdown(_ROUTES)
        with gr.Row(elem_classes="bar"):
            choice = gr.Dropdown([], label="Open a reply", elem_id="routes-choice")
            new = gr.Button("Write a new reply", elem_id="routes-new", elem_classes="for-editors")
        with gr.Column(visible=False) as form:
            name = gr.Textbox(label="Name of the reply, for the staff", max_lines=1, elem_id="routes-name")
            examples = gr.Textbox(label="Ways to ask, one a line", lines=6, max_lines=16, elem_id="routes-examples")
            reply = gr.Textbox(label="What is said, word for word", lines=3, max_lines=10, elem_id="routes-reply")
            link = gr.Textbox(
                label="Page that it leads to, if any", placeholder="https://", max_lines=1, elem_id="routes-link"
            )
            with gr.Row(elem_classes="actions for-editors"):
                keep = gr.Button("Save this reply", variant="primary", elem_id="routes-save")
                remove = gr.Button("Remove this reply", elem_id="routes-remove")
        route_told = notice("routes-told")
    with gr.Column(elem_id="changes-panel"):
        log = lay_out_log()
    opened = gr.State(None)
    sheet: list[Component] = [opened, name, examples, reply, link]
    wire(tab.select, do.everything, [], [*fields, choice, log.table])
    saved = wire(save.click, do.save, fields, [told, *fields, log.table])
    wire(choice.input, do.open, [choice], [route_told, form, *sheet])
    wire(new.click, do.new, [], [route_told, form, *sheet])
    kept = wire(keep.click, do.keep, sheet, [route_told, form, *sheet, choice, log.table])
    removed = wire(remove.click, do.remove, [opened], [route_told, form, *sheet, choice, log.table])
    wire(log.table.select, do.assets, [], [log.told, log.difference, log.undo, log.chosen])
    undone = wire(
        log.undo.click, do.undo, [log.chosen], [log.told, log.difference, log.undo, *fields, choice, log.table]
    )
    for trigger in (tab.select, saved, kept, removed, undone):
        wire(trigger, do.warn, [], [warning])


def _field(name: str, label: str) -> gr.Textbox:
    return gr.Textbox(
        label=label,
        info=_HINTS.get(name),
        lines=3 if name in _LONG else 1,
        max_lines=12,
        elem_id=f"words-{name.replace('.', '-')}",
    )


class _Tab:
    """What the tab's events do."""

    def __init__(self, services: ConsoleServices) -> None:
        self._house = services

    def everything(self) -> list[object]:
        """Give the texts, the replies to choose from, and the record of changes."""
        return [*self._house.clinic_text.values().values(), self._choices(), change_rows(self._house)]

    def warn(self) -> dict[str, Any]:
        """Name the numbers and addresses in replies that are none of the clinic's."""
        return cautions(foreign_warnings(self._house.bot.clinic))

    @editors_only
    def save(self, request: gr.Request, *values: str) -> list[object]:
        """Say other texts from now on."""
        account = require_editor(request)

        def saved() -> list[object]:
            before = self._house.bot.clinic
            changed = self._house.clinic_text.set_values(account, dict(zip(FIELDS, values, strict=True)))
            names = ", ".join(FIELDS[one] for one in changed)
            old = [f"⚠ Old value left: {one.sentence}" for one in old_values(before, self._house.bot.clinic)]
            told = "\n".join([f"Saved, and said from now on: {names}." if changed else _SAME, *old])
            return [say(told), *self._house.clinic_text.values().values(), change_rows(self._house)]

        return or_show_error(len(FIELDS) + 1, saved)

    def open(self, name: str | None) -> list[object]:
        """Open a reply."""
        route = next((one for one in self._house.bot.clinic.replies if one.name == name), None)
        if route is None:
            return self.new()
        return [hidden(), gr.update(visible=True), *_sheet(route)]

    def new(self) -> list[object]:
        """Open an empty form."""
        return [hidden(), gr.update(visible=True), None, "", "", "", ""]

    @editors_only
    def keep(  # noqa: PLR0913, PLR0917 - the fields of the form
        self, opened: str | None, name: str, examples: str, reply: str, link: str, request: gr.Request
    ) -> list[object]:
        """Give a reply from now on."""
        account = require_editor(request)

        def kept() -> list[object]:
            ways = tuple(dict.fromkeys(line.strip() for line in examples.splitlines() if line.strip()))
            route = Reply(name.strip(), ways, reply.strip(), link.strip())
            self._house.clinic_text.set_reply(account, route, opened)
            told = say(f"Saved: {route.name!r} is said from now on where your pages have no answer.")
            return [told, gr.update(), *_sheet(route), self._choices(), change_rows(self._house)]

        return or_show_error(8, kept)

    @editors_only
    def remove(self, opened: str | None, request: gr.Request) -> list[object]:
        """Give a reply no longer."""
        account = require_editor(request)

        def removed() -> list[object]:
            if opened is None:
                raise ChangeRefused("Open the reply first that is to go.")
            self._house.clinic_text.remove_reply(account, opened)
            told = say(f"Removed: {opened!r} is said no longer.")
            return [told, gr.update(visible=False), *self.new()[2:], self._choices(), change_rows(self._house)]

        return or_show_error(8, removed)

    def assets(self, event: gr.SelectData) -> list[object]:
        """Show what a change of the record changed."""
        number = last_cell(event)

        def seen() -> list[object]:
            change = self._house.audit_log.get(
                int(number) if number.isdecimal() and len(number) < _LONGEST_NUMBER else 0
            )
            lines = changed_lines(change)
            undoable = change.kind in {Kind.WORDS, Kind.PAGE}
            return [hidden(), gr.update(value=lines, visible=bool(lines)), gr.update(visible=undoable), change.id]

        return or_show_error(3, seen)

    @editors_only
    def undo(self, chosen: int | None, request: gr.Request) -> list[object]:
        """Undo the change that is looked at."""
        account = require_editor(request)

        def undone() -> list[object]:
            told = say(undo(self._house, account, chosen))
            return [told, hidden(), gr.update(visible=False), *self.everything()]

        return or_show_error(len(FIELDS) + 4, undone)

    def _choices(self) -> dict[str, object]:
        return gr.update(choices=[route.name for route in self._house.bot.clinic.replies], value=None)


def _sheet(route: Reply) -> list[object]:
    return [route.name, route.name, "\n".join(route.examples), route.reply, route.link]
