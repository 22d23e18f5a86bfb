"""The Urgent tab: what the list of messages is made of."""

from dataclasses import dataclass
from typing import Final

import gradio as gr
from gradio.components import Component

from chatbot.web.console.components import notice, status_line, text_table

__all__ = ["Parts", "lay_out"]

_COLUMNS: Final = {
    "When (UTC)": "150px",
    "Message": "340px",
    "Level": "110px",
    "Rule": "190px",
    "What was shown": "210px",
    "Judged": "150px",
}
_PERIODS: Final = [("7 days", 7), ("30 days", 30), ("90 days", 90)]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the list, and a row of it that is opened, are made of."""

    days: gr.Radio
    summary: gr.Textbox
    choice: gr.Dropdown
    table: gr.Dataframe
    told: gr.Textbox
    detail: gr.Column
    heading: gr.Textbox
    why: gr.Textbox
    shown: gr.Textbox
    today: gr.Textbox
    verdict: gr.Textbox
    emergency: gr.Button
    no_emergency: gr.Button
    found: gr.State
    chosen: gr.State

    @property
    def listed(self) -> list[Component | gr.Column]:
        """What `_Tab.show` fills."""
        return [self.found, self.summary, self.choice, self.table, self.detail, self.told]

    @property
    def opened(self) -> list[Component | gr.Column]:
        """What `_Tab.open` fills."""
        return [
            self.chosen, self.detail, self.told, self.heading, self.why, self.shown, self.today, *self.judged,
        ]  # fmt: skip

    @property
    def judged(self) -> list[Component]:
        """What says how the open message was judged."""
        return [self.verdict, self.emergency, self.no_emergency]


def lay_out() -> Parts:
    """Lay out the list and what opens from it."""
    gr.Markdown(
        "Messages that sounded urgent, newest first. Say of each whether it was an emergency: that saves a golden "
        "question, which the tab Check asks again."
    )
    with gr.Row(elem_classes="bar"):
        days = gr.Radio(_PERIODS, value=30, label="Asked in the last", elem_id="urgent-days")
    summary = status_line("Where things stand", "urgent-summary")
    choice = gr.Dropdown([], label="Open a message (or choose its row)", value=None, elem_id="urgent-choice")
    with gr.Column(visible=False, elem_id="urgent-panel") as detail:
        heading = status_line("Message", "urgent-heading")
        why = status_line("Why it was urgent", "urgent-why")
        verdict = status_line("How it was judged", "urgent-verdict")
        with gr.Row(elem_classes="actions for-editors"):
            emergency = gr.Button("It was an emergency", elem_id="urgent-yes")
            no_emergency = gr.Button("It was not an emergency", elem_id="urgent-no")
        told = notice("urgent-told")
        shown = _words("What was shown", "urgent-shown")
        today = _words("What would be said today", "urgent-today")
    table = text_table(_COLUMNS, "Urgent messages, newest first", "urgent-list", visible=False)
    return Parts(
        days, summary, choice, table, told, detail, heading, why, shown, today, verdict, emergency, no_emergency,
        gr.State(None, time_to_live=1800), gr.State(None, time_to_live=1800),
    )  # fmt: skip


def _words(label: str, name: str) -> gr.Textbox:
    return gr.Textbox(label=label, interactive=False, lines=1, max_lines=10, elem_id=name)
