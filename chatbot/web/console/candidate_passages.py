"""The passages that may answer a question, each with the button that approves it; used by several tabs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import gradio as gr
from gradio.blocks import Block
from gradio.components import Component

from chatbot.errors import ChangeRefused
from chatbot.reading import unwrapped
from chatbot.records import Answer, Outcome, Passage
from chatbot.staff import Approval
from chatbot.web.console.components import (
    Changes,
    Layout,
    hidden,
    notice,
    or_show_error,
    say,
    status_line,
    wire,
)
from chatbot.web.console.guard import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices
from chatbot.web.http.markup import breadcrumb

__all__ = ["CandidatePassages", "approval_text"]

_OPEN: Final = 5  # passages that are shown at once
_FOLDED: Final = 5  # further ones
_LINES: Final = 30  # of a passage on a phone
_STATE_LIFE: Final = 1800  # seconds that a closed page's question stays in memory
_UNDO: Final = "“Take back” undoes this, here and in the tab Approved questions."
_FIRST: Final = {
    Outcome.REPLY: "a fixed reply still comes first",
    Outcome.RELATED: "the words on a visitor's own symptom still come first, with this passage below them",
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with the conversation before it, and the passages that are offered for it."""

    question: str
    history: tuple[str, ...]
    passages: tuple[Passage, ...]


class CandidatePassages(Layout):
    """A line and a button for each passage, a button that none answers, and what was decided so far."""

    def __init__(self, services: ConsoleServices, name: str) -> None:
        """Lay out the passages; `name` begins the elements' ids."""
        self._services = services
        self._name = name
        self.asked = gr.State(None, time_to_live=_STATE_LIFE)
        self.decision = gr.State(None, time_to_live=_STATE_LIFE)  # number of the approval that there is
        with gr.Column(visible=False, elem_id=f"{name}-candidates") as self.column:
            self.decided = status_line("What was decided", f"{name}-approved")
            self.notice = notice(f"{name}-approve-notice")
            with gr.Row(elem_classes="actions for-editors"):
                self.none = gr.Button("Our pages don't answer this", elem_id=f"{name}-none")
                self.take_back = gr.Button("Take back", visible=False, elem_id=f"{name}-take-back")
            lines = [self._line(place) for place in range(_OPEN)]
            with gr.Accordion("More passages", open=False, visible=False, elem_id=f"{name}-more") as self.more:
                lines += [self._line(place) for place in range(_OPEN, _OPEN + _FOLDED)]
        self._lines = lines

    @property
    def all(self) -> list[Block]:
        """Return every component."""
        return [*super().all, *(part for line in self._lines for part in line)]

    def wire(self, after: Callable[..., Changes], inputs: Sequence[Component], outputs: Sequence[Block]) -> None:
        """Wire the buttons; what `after` returns for its inputs is shown together with a decision.

        In one event, because a second one could undo what is typed or asked in between.
        """
        buttons = [(self.none, None), *((button, place) for place, (_, _, button) in enumerate(self._lines))]
        handlers = [(button, self._approval(place, after)) for button, place in buttons]
        for button, handler in (*handlers, (self.take_back, self._withdrawal(after))):
            shown = or_show_error(handler, self.notice)
            wire(button.click, shown, [self.asked, self.decision, *inputs], [*self.all, *outputs])

    def show(self, question: str, history: Sequence[str], passages: Sequence[Passage]) -> Changes:
        """Offer passages for a question; the first ten are shown. Raises `StaffError`."""
        shown = tuple(passages[: len(self._lines)])
        asked = _Asked(question, tuple(history), shown)
        return {self.asked: asked, self.notice: hidden(), **self._state(asked)}

    def close(self) -> Changes:
        """Offer nothing."""
        return {self.asked: None, self.decision: None, self.column: gr.update(visible=False)}

    def _line(self, place: int) -> tuple[gr.Row, gr.Textbox, gr.Button]:
        with gr.Row(visible=False, elem_id=f"{self._name}-passage-{place + 1}", elem_classes="candidate") as row:
            text = status_line(f"Passage {place + 1}", f"{self._name}-passage-text-{place + 1}", max_lines=_LINES)
            button = gr.Button(
                "This passage answers it", elem_id=f"{self._name}-answers-{place + 1}", elem_classes="for-editors"
            )
        return row, text, button

    def _state(self, asked: _Asked) -> Changes:
        """Show the passages of a question, and what was decided on it."""
        approval = self._services.approved_questions.find(asked.question, asked.history)
        changes: Changes = {
            self.column: gr.update(visible=True),
            self.decision: approval.id if approval else None,
            self.decided: gr.update(value=approval_text(approval), visible=approval is not None),
            self.take_back: gr.update(visible=approval is not None),
            self.none: gr.update(visible=approval is None or approval.approved.is_answered or approval.lapsed),
            self.more: gr.update(visible=len(asked.passages) > _OPEN),
        }
        for place, (row, text, button) in enumerate(self._lines):
            passage = asked.passages[place] if place < len(asked.passages) else None
            chosen = bool(passage and approval and approval.approved.names(passage))
            changes |= {
                row: gr.update(visible=passage is not None),
                text: _words(passage) if passage else "",
                button: gr.update(visible=not chosen),
            }
        return changes

    def _approval(self, place: int | None, after: Callable[..., Changes]) -> Callable[..., Changes]:
        """Return the handler of the button of a passage, or of the one that none answers."""

        @editors_only
        def approve(asked: _Asked | None, _decision: int | None, request: gr.Request, *values: object) -> Changes:
            account = require_editor(request)
            if asked is None or (place is not None and place >= len(asked.passages)):
                raise ChangeRefused("Ask something first.")
            passage = None if place is None else asked.passages[place]
            approved = self._services.approved_questions
            answer = approved.approve(asked.question, passage, account.name, asked.history)
            return {**after(*values), **self._state(asked), self.notice: say(_done(answer, passage))}

        return approve

    def _withdrawal(self, after: Callable[..., Changes]) -> Callable[..., Changes]:
        """Return the handler of the button that takes a decision back."""

        @editors_only
        def take_back(asked: _Asked | None, decision: int | None, request: gr.Request, *values: object) -> Changes:
            account = require_editor(request)
            if asked is None or decision is None:
                raise ChangeRefused("There is nothing to take back.")
            self._services.approved_questions.take_back(decision, account.name)
            done = say("Taken back. Visitors get what the pages say by themselves.")
            return {**after(*values), **self._state(asked), self.notice: done}

        return take_back


def approval_text(approval: Approval | None) -> str:
    """Return what was decided on a question, by whom and when."""
    if approval is None:
        return ""
    by = f"by {approval.account} on {approval.made.day} {approval.made:%B %Y}"
    if not approval.approved.is_answered:
        return f"Approved {by}: our pages don't answer this."
    if approval.lapsed:
        return f"To review: the passage that was approved {by} has changed. Approve one anew, or take this back."
    return f"Approved {by}: “{unwrapped(approval.approved.text)}”"


def _done(answer: Answer, passage: Passage | None) -> str:
    """Return what visitors get from now on."""
    if answer.confirmed and answer.outcome is Outcome.ANSWERED:
        text = "Approved. Visitors who ask this, in these words or in others like them, are shown this passage."
    elif answer.confirmed and passage is None:
        text = "Saved. Visitors who ask this are told that our pages don't say, and how to reach you."
    else:
        text = f"Saved, but {_FIRST.get(answer.outcome, 'something else still comes first')}."
    return f"{text} {_UNDO}"


def _words(passage: Passage) -> Any:  # noqa: ANN401 -- an update of Gradio's
    return gr.update(value=f"{breadcrumb((passage.title, *passage.headings))}\n{unwrapped(passage.text)}")
