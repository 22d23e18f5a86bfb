"""The record of changes: who changed what and when, what stood there before, and how to undo it."""

import difflib
from typing import Final

import gradio as gr

from chatbot.errors import ChangeRefused
from chatbot.staff import Account, Change, ChangeKind
from chatbot.web.console.components import Changes, Layout, hidden, last_cell, notice, text_table
from chatbot.web.console.services import ConsoleServices

__all__ = ["ChangeLog"]

_COLUMNS: Final = {"When (UTC)": "176px", "Who": "128px", "What": "224px", "Where": "320px", "Number": "96px"}
_KINDS: Final = {
    ChangeKind.PAGE: "page",
    ChangeKind.WORDS: "clinic text",
    ChangeKind.INDEX: "all pages",
    ChangeKind.ACCOUNT: "account",
    ChangeKind.QUESTION: "approved question",
}
_DIGITS: Final = 16  # of a change's number at most


class ChangeLog(Layout):
    """The panel with the record, and its handlers."""

    def __init__(self, services: ConsoleServices) -> None:
        """Lay out the panel over the record of changes."""
        self._services = services
        with gr.Column(elem_id="changes-panel"):
            gr.Markdown("## What was changed\n\nChoose a line to see what it changed, and to undo it.")
            self.notice = notice("changes-notice")
            self.table = text_table(_COLUMNS, "Changes, newest first", "changes-list")
            self.difference = gr.Textbox(
                label="What it changed: removed lines start with -, new lines with +",
                interactive=False,
                visible=False,
                lines=4,
                max_lines=20,
                elem_id="changes-difference",
            )
            self.undo = gr.Button("Undo this change", visible=False, elem_id="changes-undo", elem_classes="for-editors")
            self.chosen = gr.State(None)  # number of the change that is shown

    def show(self) -> Changes:
        """List the changes; a change's number comes last."""
        rows = [
            [f"{row.made:%Y-%m-%d %H:%M}", row.account, f"{row.summary} ({_KINDS[row.kind]})", row.subject, str(row.id)]
            for row in self._services.audit_log.latest()
        ]
        return {self.table: rows}

    def open(self, event: gr.SelectData) -> Changes:
        """Show which lines a change removed and added."""
        number = last_cell(event)
        change = self._services.audit_log.get(int(number) if number.isdecimal() and len(number) < _DIGITS else 0)
        lines = _changed_lines(change)
        return {
            self.notice: hidden(),
            self.difference: gr.update(value=lines, visible=bool(lines)),
            self.undo: gr.update(visible=change.kind in {ChangeKind.WORDS, ChangeKind.PAGE}),
            self.chosen: change.id,
        }

    def close(self) -> Changes:
        """Show no change."""
        return {self.difference: hidden(), self.undo: gr.update(visible=False), self.chosen: None}

    def undo_change(self, account: Account, number: int | None) -> str:
        """Undo a change and return what that did; raises `ChangeRefused`."""
        if number is None:
            raise ChangeRefused("Choose a change first.")
        match self._services.audit_log.get(number).kind:
            case ChangeKind.WORDS:
                self._services.clinic_text.undo(account, number)
                return "Undone. Visitors see the earlier text again."
            case ChangeKind.PAGE:
                page = self._services.pages.undo(account, number)
                return f"The earlier version of {page} is a draft now. Publish it in the tab Pages."
            case _:
                raise ChangeRefused(
                    "This cannot be undone here. To go back to the version before of all pages, use the tab Pages. "
                    "Accounts are changed on the server."
                )


def _changed_lines(change: Change) -> str:
    """Return the lines that a change removed and added, with the lines around them."""
    before, after = ((text or "").splitlines() for text in (change.before, change.after))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))
