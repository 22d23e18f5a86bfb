"""The Approved questions tab: which questions staff decided on, which passage answers them, and what is to review."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import gradio as gr
from gradio.blocks import Block

from chatbot.errors import FootnoteError
from chatbot.records import Passage
from chatbot.staff import Approval
from chatbot.web.console.candidate_passages import CandidatePassages
from chatbot.web.console.components import Changes, RecordList, counted, hidden, wire
from chatbot.web.console.services import ConsoleServices

__all__ = ["approved_tab"]

_COLUMNS: Final = {
    "Question": "244px",
    "Answered by": "300px",
    "Page": "144px",
    "Approved by": "112px",
    "Approved on": "116px",
    "State": "108px",
}
_NOTHING: Final = (
    "Nothing is approved yet. Ask something in the tab Try it, or open a row of Unanswered questions, and press “This "
    "passage answers it” or “Our pages don't answer this”. Visitors get it at once, and this tab lists it."
)
_ROWS_SHOWN: Final = 500  # the file has all


def approved_tab(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the approved questions."""
    handlers = _Tab(services)
    parts, candidates = handlers.parts, handlers.candidates
    everything = [*parts.all, *candidates.all]
    wire(tab.select, handlers.show, [parts.search], everything)
    wire(parts.search.change, handlers.show, [parts.search], everything)  # a line of text fires no `input`
    parts.wire_rows(handlers.open, candidates.all)
    candidates.wire(handlers.refresh, [parts.search], parts.listed)


@dataclass(frozen=True, slots=True)
class _Approvals:
    """The approved questions that match what is searched for."""

    rows: tuple[Approval, ...]


class _Layout(RecordList):
    """The search, and the list of questions."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="bar"):
            self.search = gr.Textbox(
                label="Search in questions, passages, pages and names", max_lines=1, elem_id="approved-search"
            )
        super().__init__("approved", "question", _COLUMNS, "Approved questions, those to review first, then the newest")
        self.file = gr.Button(
            "Save as a file for a spreadsheet (CSV)",
            visible=False,
            link="approved-questions.csv",
            elem_id="approved-file",
        )

    @property
    def listed(self) -> list[Block]:
        """The components that list the questions, without the panel of the open one."""
        return [self.table, self.records, self.summary, self.choice, self.file]


class _Tab:
    """The handlers of the tab."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self.parts = _Layout()
        with self.parts.detail:
            self.candidates = CandidatePassages(services, "approved")

    def show(self, search: str) -> Changes:
        """List the approved questions that hold the words, and open none."""
        closed = {self.parts.opened: None, self.parts.detail: gr.update(visible=False), self.parts.notice: hidden()}
        return {**self.refresh(search), **closed, **self.candidates.close()}

    def refresh(self, search: str) -> Changes:
        """List the approved questions that hold the words; what is open stays open."""
        try:
            approvals = self._services.approved_questions.all()
        except FootnoteError as error:
            return {self.parts.summary: str(error)}
        found = [approval for approval in approvals if _holds(approval, search)]
        found.sort(key=lambda approval: not approval.lapsed)
        shown = tuple(found[:_ROWS_SHOWN])
        titles = {document.id: document.title for document in self._services.bot.documents()}
        listed = self.parts.show(
            _Approvals(shown),
            _summary(approvals, len(found)),
            [approval.approved.question for approval in shown],
            [_cells(approval, titles.get(approval.approved.document, "")) for approval in shown],
        )
        listed[self.parts.file] = gr.update(visible=bool(approvals))
        return {part: listed[part] for part in self.parts.listed}

    def open(self, approval: Approval) -> Changes:
        """Open a question: what was decided, and the passages that may answer it today."""
        approved = approval.approved
        _, hits = self._services.bot.ask_with_candidates(approved.question, approved.history)
        passages = [hit.passage for hit in hits]
        passages.sort(key=lambda passage: not approved.names(passage))
        if approval.lapsed:  # what became of it stands first
            passages.sort(key=lambda passage: not _same_place(approval, passage))
        return {
            self.parts.heading: " ".join((*approved.history, approved.question)),
            **self.candidates.show(approved.question, approved.history, passages),
        }


def _same_place(approval: Approval, passage: Passage) -> bool:
    return (passage.document, passage.headings) == (approval.approved.document, approval.approved.headings)


def _holds(approval: Approval, search: str) -> bool:
    approved = approval.approved
    texts = (*approved.history, approved.question, approved.text, approved.document, *approved.headings)
    words = " ".join((*texts, approval.account)).casefold()
    return all(word in words for word in search.casefold().split())


def _summary(approvals: Sequence[Approval], found: int) -> str:
    if not approvals:
        return _NOTHING
    lapsed = sum(approval.lapsed for approval in approvals)
    review = (
        f" {counted(lapsed, 'passage')} changed since, and visitors are not shown {'it' if lapsed == 1 else 'them'}: "
        "open the question and approve a passage anew, or take it back."
        if lapsed
        else ""
    )
    matching = f" {found:,} match the search." if found < len(approvals) else ""
    return f"{counted(len(approvals), 'approved question')}.{matching}{review}"


def _cells(approval: Approval, title: str) -> list[str]:
    approved = approval.approved
    state = "to review" if approval.lapsed else "shown" if approved.is_answered else "not answered"
    return [
        " ".join((*approved.history, approved.question)),
        " ".join(approved.text.split()) if approved.is_answered else "our pages don't answer this",
        title or approved.document,
        approval.account,
        f"{approval.made:%Y-%m-%d}",
        state,
    ]
