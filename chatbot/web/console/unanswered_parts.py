"""The Questions in vain tab: what it is made of."""

from dataclasses import dataclass
from typing import Final

import gradio as gr
from gradio.components import Component

from chatbot.web.console.components import notice, status_line, text_table

__all__ = ["Parts", "lay_out"]

_COLUMNS: Final = {
    "Times": "70px",
    "Question": "340px",
    "Trend": "100px",
    "Before": "80px",
    "Not helpful": "90px",
    "First asked": "112px",
    "Last asked": "112px",
    "Nearest page": "216px",
}
_WORDINGS: Final = {"Times": "70px", "Asked as": "520px", "Last asked (UTC)": "170px", "What was said": "240px"}
_PERIODS: Final = [("7 days", 7), ("30 days", 30), ("90 days", 90)]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the tab is made of."""

    days: gr.Radio
    language: gr.Dropdown
    handled: gr.Checkbox
    summary: gr.Textbox
    choice: gr.Dropdown
    table: gr.Dataframe
    file: gr.Button
    told: gr.Textbox
    detail: gr.Column
    heading: gr.Textbox
    today: gr.Textbox
    nearest: gr.Textbox
    wordings: gr.Dataframe
    mark: gr.Button
    unmark: gr.Button
    write: gr.Button
    found: gr.State
    chosen: gr.State

    @property
    def choices(self) -> list[Component]:
        """Give what says which questions are wanted."""
        return [self.days, self.language, self.handled]

    @property
    def listed(self) -> list[Component | gr.Column]:
        """Give what `_Tab.show` fills."""
        return [self.found, self.language, self.summary, self.choice, self.table, self.file, self.detail]

    @property
    def opened(self) -> list[Component | gr.Column]:
        """Give what `_Tab.open` fills."""
        return [
            self.chosen, self.detail, self.heading, self.today, self.nearest, self.wordings,
            self.mark, self.write, self.unmark,
        ]  # fmt: skip


def lay_out() -> Parts:
    """Lay out the tab."""
    with gr.Row(elem_classes="bar"):
        days = gr.Radio(_PERIODS, value=30, label="Asked in the last", elem_id="vain-days")
        language = gr.Dropdown([("All languages", "")], value="", label="Language", elem_id="vain-language")
        handled = gr.Checkbox(False, label="Show handled", elem_id="vain-handled")
    summary = status_line("Where things stand", "vain-summary")
    choice = gr.Dropdown([], label="Open a question (or choose its row)", value=None, elem_id="vain-choice")
    told = notice("vain-told")
    with gr.Column(visible=False, elem_id="vain-panel") as detail:
        heading = status_line("Question", "vain-heading")
        today = status_line("Asked today", "vain-today")
        with gr.Row(elem_classes="actions for-editors"):
            write = gr.Button("Write the missing page", elem_id="vain-write")
            mark = gr.Button("Mark as handled", elem_id="vain-mark")
            unmark = gr.Button("Not handled after all", elem_id="vain-unmark", visible=False)
        nearest = gr.Textbox(
            label="The passage of your pages that comes nearest", interactive=False, lines=2, max_lines=10,
            elem_id="vain-nearest",
        )  # fmt: skip
        wordings = text_table(_WORDINGS, "All its wordings", "vain-wordings")
    table = text_table(_COLUMNS, "Asked in vain, most asked first", "vain-list", visible=False)
    file = gr.Button("Save as a file for a spreadsheet (CSV)", visible=False, elem_id="vain-file")
    return Parts(
        days, language, handled, summary, choice, table, file, told, detail, heading, today, nearest, wordings, mark,
        unmark, write, gr.State(None, time_to_live=1800), gr.State(None, time_to_live=1800),
    )  # fmt: skip
