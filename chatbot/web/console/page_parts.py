"""The Pages tab: what it is made of."""

from dataclasses import dataclass
from typing import Final

import gradio as gr
from gradio.components import Component

from chatbot.reading import READERS
from chatbot.web.console.components import notice, status_line, text_table

__all__ = ["Parts", "lay_out"]

_LIST: Final = {
    "Title": "240px",
    "Reviewed": "112px",
    "Passages": "112px",
    "Cited in 30 days": "104px",
    "State": "176px",
    "Address": "208px",
    "Page": "224px",
}
_LIVE: Final = """## Put changes live

Visitors see nothing of what you keep above until you put it live here; it takes a moment, and they are answered all the
while."""
_READY: Final = "Here it says what happened."
_WAITING: Final = {"Page": "256px", "What happens": "192px", "Prepared by": "144px", "When (UTC)": "160px"}
_PASSAGES: Final = {"Under": "28%", "Passage": "72%"}
_CHANGES: Final = {"What": "96px", "Page": "160px", "Under": "160px", "Text before": "352px", "Text after": "352px"}
_FLIPS: Final = {"Question": "352px", "Now": "128px", "Then": "128px", "What that means": "224px"}


@dataclass(frozen=True, slots=True)
class Parts:
    """What the tab is made of."""

    summary: gr.Textbox
    choice: gr.Dropdown
    table: gr.Dataframe
    told: gr.Textbox
    form: gr.Column
    heading: gr.Textbox
    title: gr.Textbox
    body: gr.Textbox
    url: gr.Textbox
    reviewed: gr.Textbox
    passages: gr.Dataframe
    waiting: gr.Dataframe
    live_told: gr.Textbox
    changes: gr.Dataframe
    questions: gr.Dataframe
    opens: gr.Button
    new: gr.Button
    keep: gr.Button
    file: gr.UploadButton
    withdraw: gr.Button
    leave: gr.Button
    preview: gr.Button
    live: gr.Button
    back: gr.Button
    page: gr.State  # name of the page in the form, None for a new one
    suffix: gr.State
    opened: gr.State  # the sheet in the form as it was opened or kept

    @property
    def fields(self) -> list[Component]:
        """Give what is typed in the form, and what stood there before."""
        return [self.title, self.body, self.url, self.reviewed, self.opened]

    @property
    def overview(self) -> list[Component]:
        """Give what `_Tab.overview` fills."""
        return [self.summary, self.choice, self.table, self.waiting, self.back]

    @property
    def sheet(self) -> list[Component]:
        """Give what `_Tab.sheet` fills."""
        typed = [self.title, self.body, self.url, self.reviewed]
        return [self.page, self.suffix, self.heading, *typed, self.passages, self.opened, self.withdraw]


def lay_out() -> Parts:
    """Lay out the tab."""
    summary = status_line("Where things stand", "pages-summary")
    with gr.Row(elem_classes="bar"):
        choice = gr.Dropdown([], label="Open a page", value=None, elem_id="pages-choice")
        opens = gr.Button("See whether the addresses open", elem_id="pages-opens", elem_classes="for-editors")
        new = gr.Button("Write a new page", elem_id="pages-new", elem_classes="for-editors")
    table = text_table(_LIST, "All pages", "pages-list")
    told = notice("pages-told")
    with gr.Column(visible=False, elem_id="pages-form-panel") as form:
        heading = status_line("Page", "pages-heading")
        title = gr.Textbox(label="Title", max_lines=1, max_length=300, elem_id="pages-title")
        body = gr.Textbox(
            label="Words of the page",
            info="An empty line starts a new paragraph. A line that starts with # is a heading.",
            lines=10,
            max_lines=24,
            elem_id="pages-body",
        )
        with gr.Row():
            url = gr.Textbox(
                label="Public address, if the page is on your website", placeholder="https://", max_lines=1
            )
            reviewed = gr.Textbox(label="Last reviewed, as 2026-01-31", max_lines=1, max_length=10)
        with gr.Row(elem_classes="actions for-editors"):
            keep = gr.Button("Keep this change", variant="primary", elem_id="pages-keep")
            file = gr.UploadButton("Fill from a file (.txt, .md)", file_types=list(READERS))
            withdraw = gr.Button("Withdraw this page", elem_id="pages-withdraw")
            leave = gr.Button("Forget my change", elem_id="pages-leave")
        passages = text_table(_PASSAGES, "As the chatbot sees it, cut into passages", "pages-passages")
    with gr.Column(elem_id="pages-waiting-panel"):
        gr.Markdown(_LIVE)
        waiting = text_table(_WAITING, "Waiting to go live", "pages-drafts")
        with gr.Row(elem_classes="actions for-editors"):
            preview = gr.Button("Show what would change", elem_id="pages-preview")
            live = gr.Button("Put it live", variant="primary", elem_id="pages-live")
            back = gr.Button("Back to the version before", elem_id="pages-back")
        live_told = notice("pages-live-told", _READY)  # seen from the start, for it shows how far things are
        changes = text_table(_CHANGES, "Passages that come, go or change", "pages-changes", visible=False)
        questions = text_table(_FLIPS, "Questions that turn out otherwise", "pages-flips", visible=False)
    return Parts(
        summary, choice, table, told, form, heading, title, body, url, reviewed, passages, waiting, live_told, changes,
        questions, opens, new, keep, file, withdraw, leave, preview, live, back, gr.State(None), gr.State(".md"),
        gr.State(None),
    )  # fmt: skip
