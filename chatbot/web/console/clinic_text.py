"""The Clinic text and replies tab: what the clinic says of itself, and the replies that it gives itself."""

from collections.abc import Mapping
from typing import Any, Final

import gradio as gr
from gradio.blocks import Block

from chatbot.clinic import Reply, example_warnings
from chatbot.errors import ChangeRefused
from chatbot.staff import FIELDS, foreign_warnings, old_values
from chatbot.web.console.changes import ChangeLog
from chatbot.web.console.components import (
    Changes,
    Layout,
    caution,
    cautions,
    hidden,
    notice,
    or_show_error,
    say,
    status_line,
    wire,
)
from chatbot.web.console.guard import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices
from chatbot.web.http.translations import pause_lines

__all__ = ["clinic_text_tab"]

_LONG: Final = {"urgent.message", "urgent.crisis.message", "urgent.today.message"}
_HINTS: Final = {
    "chat.message": "Empty: Footnote's own wording.",
    "privacy.notice": "Empty: Footnote's own wording, which says how long questions are kept. {days} stands for that.",
    "privacy.link": "Empty: no link. It opens in a new tab.",
    "urgent.message": "Empty: Footnote's own wording. {emergency}, {phone} and {hours} stand for what is set here.",
    "urgent.crisis.message": "Empty: Footnote's own wording. {crisis} and {emergency} stand for the numbers.",
    "urgent.today.message": "Empty: Footnote's own wording. {phone}, {hours} and {out_of_hours} stand for what is set.",
}
_ABOUT: Final = """## What the clinic says of itself

What you save here is shown at once: in the chat, on your other sites and by the API. Colours, and how and where the
chat shows itself on other sites, are set in clinic.toml on the server. They change when the server is started again."""
_ABOUT_PAUSE: Final = """## Pause the chat

While the chat is paused, visitors read that it is and how to reach you. Nothing is searched. A message that sounds
urgent is answered all the same. What visitors read is “While the chat is paused” below."""
_ABOUT_REPLIES: Final = """## Replies of your own

A reply is given to questions of its kind where your pages have no likely answer. Write a dozen ways to ask or more."""
_UNCHANGED: Final = "Nothing was changed, because the text is the same."


def clinic_text_tab(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the clinic's text."""
    handlers = _Tab(services)
    parts, replies, log = handlers.parts, handlers.replies, handlers.log
    both, everything = [*replies.all, *log.all], [*parts.all, *replies.all, *log.all]
    wire(tab.select, handlers.show, [], everything)
    wire(replies.choice.input, handlers.open, [replies.choice], replies.all)
    wire(replies.new.click, handlers.new, [], replies.all)
    wire(log.table.select, or_show_error(log.open, log.notice), [], log.all)
    undo = or_show_error(handlers.undo, log.notice)
    changed = [
        wire(parts.pause.click, or_show_error(handlers.pause, parts.pause_notice), [], everything),
        wire(parts.resume.click, or_show_error(handlers.resume, parts.pause_notice), [], everything),
        wire(parts.save.click, or_show_error(handlers.save, parts.notice), set(parts.fields.values()), everything),
        wire(replies.save.click, or_show_error(handlers.save_reply, replies.notice), set(replies.form), both),
        wire(replies.remove.click, or_show_error(handlers.remove_reply, replies.notice), [replies.opened], both),
        wire(log.undo.click, undo, [log.chosen], everything),
    ]
    for trigger in (tab.select, *changed):
        wire(trigger, handlers.warn, [], parts.all)


class _Layout(Layout):
    """The fields of what the clinic says of itself."""

    def __init__(self) -> None:
        with gr.Column(elem_id="pause-panel"):
            gr.Markdown(_ABOUT_PAUSE)
            self.state = status_line("The chat", "pause-state")
            with gr.Row(elem_classes="actions for-editors"):
                self.pause = gr.Button("Pause the chat", elem_id="pause")
                self.resume = gr.Button("Resume the chat", variant="primary", elem_id="resume", visible=False)
            self.pause_notice = notice("pause-notice")
        with gr.Column(elem_id="text-panel"):
            gr.Markdown(_ABOUT)
            self.warning = caution("text-warning")
            self.fields = {name: _field(name, label) for name, label in FIELDS.items()}
            self.save = gr.Button("Save this text", variant="primary", elem_id="text-save", elem_classes="for-editors")
            self.notice = notice("text-notice")

    @property
    def all(self) -> list[Block]:
        """Return every component."""
        return [*super().all, *self.fields.values()]


class _Replies(Layout):
    """The panel with the clinic's own replies."""

    def __init__(self) -> None:
        with gr.Column(elem_id="replies-panel"):
            gr.Markdown(_ABOUT_REPLIES)
            with gr.Row(elem_classes="bar"):
                self.choice = gr.Dropdown([], label="Open a reply", elem_id="replies-choice")
                self.new = gr.Button("Write a new reply", elem_id="replies-new", elem_classes="for-editors")
            with gr.Column(visible=False) as self.detail:
                self.name = gr.Textbox(
                    label="Name of the reply, which only the staff see", max_lines=1, elem_id="replies-name"
                )
                self.examples = gr.Textbox(
                    label="Ways to ask, one a line", lines=6, max_lines=16, elem_id="replies-examples"
                )
                self.reply = gr.Textbox(label="Reply, word for word", lines=3, max_lines=10, elem_id="replies-reply")
                self.link = gr.Textbox(
                    label="Address of a page to link to, if any",
                    placeholder="https://",
                    max_lines=1,
                    elem_id="replies-link",
                )
                with gr.Row(elem_classes="actions for-editors"):
                    self.save = gr.Button("Save this reply", variant="primary", elem_id="replies-save")
                    self.remove = gr.Button("Remove this reply", elem_id="replies-remove")
            self.notice = notice("replies-notice")
        self.opened = gr.State(None)  # name of the reply in the form, None for a new one
        self.form = (self.opened, self.name, self.examples, self.reply, self.link)

    def fill(self, reply: Reply | None) -> Changes:
        """Fill the form with a reply, or empty it."""
        return {
            self.opened: reply.name if reply else None,
            self.name: reply.name if reply else "",
            self.examples: "\n".join(reply.examples) if reply else "",
            self.reply: reply.reply if reply else "",
            self.link: reply.link if reply else "",
            self.remove: gr.update(visible=reply is not None),
        }


def _field(name: str, label: str) -> gr.Textbox:
    return gr.Textbox(
        label=label,
        info=_HINTS.get(name),
        lines=3 if name in _LONG else 1,
        max_lines=12,
        elem_id=f"text-{name.replace('.', '-')}",
    )


class _Tab:
    """The handlers of the tab."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self.parts = _Layout()
        self.replies = _Replies()
        self.log = ChangeLog(services)

    def show(self) -> Changes:
        """Show the clinic's text, the replies to choose from, and the record of changes."""
        values = self._services.clinic_text.values()
        return {
            **self._show_pause(),
            **{field: values[name] for name, field in self.parts.fields.items()},
            **self._list_replies(),
            **self.log.show(),
        }

    def warn(self) -> Changes:
        """Name what the clinic's text has of the example, and numbers and addresses that are none of the clinic's."""
        clinic = self._services.bot.clinic
        return {self.parts.warning: cautions([*example_warnings(clinic), *foreign_warnings(clinic)])}

    @editors_only
    def save(self, values: Mapping[Block, str], request: gr.Request) -> Changes:
        """Save the clinic's text and show it to visitors from now on."""
        account = require_editor(request)
        before = self._services.bot.clinic
        fields = {name: values[field] for name, field in self.parts.fields.items()}
        changed = self._services.clinic_text.set_values(account, fields)
        names = ", ".join(FIELDS[name] for name in changed)
        old = [f"⚠ Old value left: {value.sentence}" for value in old_values(before, self._services.bot.clinic)]
        done = "\n".join([f"Saved and shown from now on: {names}." if changed else _UNCHANGED, *old])
        return {**self.show(), self.parts.notice: say(done)}

    @editors_only
    def pause(self, request: gr.Request) -> Changes:
        """Pause the chat from now on."""
        changed = self._services.clinic_text.pause(require_editor(request).name)
        return {**self.show(), **self._note(changed, "The chat was paused already.")}

    @editors_only
    def resume(self, request: gr.Request) -> Changes:
        """Answer visitors from now on."""
        changed = self._services.clinic_text.resume(require_editor(request).name)
        return {**self.show(), **self._note(changed, "Visitors were answered already.")}

    def _note(self, changed: bool, otherwise: str) -> Changes:
        """Say why nothing was changed; the line above says what holds now."""
        return {} if changed else {self.parts.pause_notice: say(otherwise)}

    def _show_pause(self) -> Changes:
        clinic = self._services.bot.clinic
        paused = clinic.chat.paused
        said = " ".join(pause_lines(clinic, clinic.widget.language))
        return {
            self.parts.state: f"Paused. Visitors read: “{said}”" if paused else "Visitors are answered.",
            self.parts.pause: gr.update(visible=not paused),
            self.parts.resume: gr.update(visible=paused),
            self.parts.pause_notice: hidden(),
        }

    def open(self, name: str | None) -> Changes:
        """Open a reply."""
        reply = next((reply for reply in self._services.bot.clinic.replies if reply.name == name), None)
        return {
            self.replies.notice: hidden(),
            self.replies.detail: gr.update(visible=True),
            **self.replies.fill(reply),
        }

    def new(self) -> Changes:
        """Open an empty form."""
        return self.open(None)

    @editors_only
    def save_reply(self, values: Mapping[Block, Any], request: gr.Request) -> Changes:
        """Save the reply in the form and give it from now on."""
        account = require_editor(request)
        opened, name, examples, text, link = (values[field] for field in self.replies.form)
        ways = tuple(dict.fromkeys(line.strip() for line in examples.splitlines() if line.strip()))
        reply = Reply(name.strip(), ways, text.strip(), link.strip())
        self._services.clinic_text.set_reply(account, reply, opened)
        done = say(f"Saved: “{reply.name}” is given from now on where your pages have no answer.")
        return {**self.replies.fill(reply), **self._list_replies(), **self.log.show(), self.replies.notice: done}

    @editors_only
    def remove_reply(self, opened: str | None, request: gr.Request) -> Changes:
        """Remove the reply in the form."""
        account = require_editor(request)
        if opened is None:
            raise ChangeRefused("Open the reply that you want to remove first.")
        self._services.clinic_text.remove_reply(account, opened)
        return {
            **self.replies.fill(None),
            **self._list_replies(),
            **self.log.show(),
            self.replies.detail: gr.update(visible=False),
            self.replies.notice: say(f"Removed: “{opened}” is no longer given."),
        }

    @editors_only
    def undo(self, chosen: int | None, request: gr.Request) -> Changes:
        """Undo the change that is shown."""
        done = self.log.undo_change(require_editor(request), chosen)
        return {**self.log.close(), **self.show(), self.log.notice: say(done)}

    def _list_replies(self) -> Changes:
        names = [reply.name for reply in self._services.bot.clinic.replies]
        return {self.replies.choice: gr.update(choices=names, value=None)}
