"""The record of changes: who changed what and when, what stood there before, and how it is undone."""

import difflib
from dataclasses import dataclass
from typing import Final

import gradio as gr

from chatbot.errors import ChangeRefused
from chatbot.staff import Account, Change, Kind
from chatbot.web.console.components import notice, text_table
from chatbot.web.console.services import ConsoleServices

__all__ = ["Log", "change_rows", "changed_lines", "lay_out_log", "undo"]

_COLUMNS: Final = {"When (UTC)": "176px", "Who": "128px", "What": "224px", "Where": "320px", "Number": "96px"}
_KINDS: Final = {Kind.PAGE: "page", Kind.WORDS: "words", Kind.INDEX: "all pages", Kind.ACCOUNT: "account"}


@dataclass(frozen=True, slots=True)
class Log:
    """What the record is made of."""

    told: gr.Textbox
    table: gr.Dataframe
    difference: gr.Textbox
    undo: gr.Button
    chosen: gr.State  # number of the change that is looked at


def lay_out_log() -> Log:
    """Lay out the record."""
    gr.Markdown("## What was changed\n\nChoose a line to see what it changed, and to undo it.")
    told = notice("changes-told")
    table = text_table(_COLUMNS, "Changes, newest first", "changes-list")
    difference = gr.Textbox(
        label="What it changed: lines taken out start with -, new lines with +",
        interactive=False,
        visible=False,
        lines=4,
        max_lines=20,
        elem_id="changes-difference",
    )
    undo = gr.Button("Undo this change", visible=False, elem_id="changes-undo", elem_classes="for-editors")
    return Log(told, table, difference, undo, gr.State(None))


def change_rows(services: ConsoleServices) -> list[list[str]]:
    """Give the rows of the record; a change's number comes last."""
    return [
        [f"{one.made:%Y-%m-%d %H:%M}", one.account, f"{one.told} ({_KINDS[one.kind]})", one.subject, str(one.id)]
        for one in services.audit_log.latest()
    ]


def changed_lines(change: Change) -> str:
    """Give the lines that a change took out and put in, with the lines around them."""
    before, after = ((text or "").splitlines() for text in (change.before, change.after))
    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    return "\n".join(line for line in lines if not line.startswith("@@"))


def undo(services: ConsoleServices, account: Account, number: int | None) -> str:
    """Undo a change and say what that did; raises `ChangeRefused`."""
    if number is None:
        raise ChangeRefused("Choose a change first.")
    change = services.audit_log.get(number)
    match change.kind:
        case Kind.WORDS:
            services.clinic_text.undo(account, number)
            return "Undone: visitors are told again what was said before."
        case Kind.PAGE:
            page = services.pages.undo(account, number)
            return f"{page} is prepared as it was. Put it live under Pages."
        case _:
            raise ChangeRefused("This is undone elsewhere: versions of all pages under Pages, accounts on the server.")
