"""The Try it tab: ask as a visitor would, and see how the answer came about. Nothing of it is journalled."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import gradio as gr
from gradio.components import Component

from chatbot.answering import Candidate, Explanation
from chatbot.errors import FootnoteError
from chatbot.reading import unwrapped
from chatbot.records import Outcome
from chatbot.staff import gold_of
from chatbot.web.console.components import (
    chosen_row,
    hidden,
    notice,
    or_show_error,
    say,
    status_line,
    text_table,
    warn,
    wire,
)
from chatbot.web.console.current_user import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices
from chatbot.web.http.markup import breadcrumb
from chatbot.web.visitor.rendering import answer_html, apology_html, question_html

__all__ = ["try_it"]

_COLUMNS: Final = {
    "Place": "70px",
    "Passage": "430px",
    "May answer": "110px",
    "Score": "80px",
    "Words met": "110px",
    "Telling words": "130px",
    "Meaning": "100px",
    "Same words": "120px",
    "Page": "260px",
}
_LONGEST: Final = 2_000  # characters
_OUTCOMES: Final = {
    Outcome.ANSWERED: "Answered",
    Outcome.RELATED: "Shown as the closest our pages come",
    Outcome.NOT_FOUND: "Not found",
    Outcome.URGENT: "Urgent: your urgent wording came first",
    Outcome.REPLY: "A fixed reply",
}


@dataclass(frozen=True, slots=True)
class _Turn:
    """A question, what was said to it, and how that came about; None where it could not be asked."""

    question: str
    said: str
    workings: Explanation | None


@dataclass(frozen=True, slots=True)
class _Parts:
    """What the tab is made of."""

    turns: gr.State
    log: gr.Chatbot
    question: gr.Textbox
    ask: gr.Button
    again: gr.Button
    decided: gr.Textbox
    candidates: gr.Dataframe
    choice: gr.Dropdown
    save: gr.Column
    told: gr.Textbox

    @property
    def all(self) -> list[Component | gr.Column]:
        """Give the parts in the order in which `_Tab.show` fills them."""
        return [
            self.turns, self.log, self.question, self.again,
            self.decided, self.candidates, self.choice, self.save, self.told,
        ]  # fmt: skip


def try_it(services: ConsoleServices) -> None:
    """Lay out the tab and wire it to the chatbot of a house."""
    do = _Tab(services)
    parts, should, should_not = _lay_out()
    wire(parts.question.submit, do.ask, [parts.question, parts.turns], parts.all)
    wire(parts.ask.click, do.ask, [parts.question, parts.turns], parts.all)
    wire(parts.again.click, do.again, [], parts.all)
    wire(parts.candidates.select, do.picked, [], [parts.choice, parts.told])
    wire(should.click, do.should, [parts.turns, parts.choice], [parts.told, parts.choice])
    wire(should_not.click, do.should_not, [parts.turns], [parts.told, parts.choice])


def _lay_out() -> tuple[_Parts, gr.Button, gr.Button]:
    turns = gr.State((), time_to_live=3600)
    status_line(
        "About this tab", "try-about"
    ).value = "Ask as a visitor would. What you ask here is not kept in the journal."
    with gr.Row(elem_classes="split"):
        with gr.Column(elem_id="try-chat"):
            log = gr.Chatbot(
                label="Conversation", show_label=False, container=False, height=None, autoscroll=False, visible=False,
                render_markdown=False, latex_delimiters=[], buttons=[], feedback_options=None, elem_id="try-log",
            )  # fmt: skip
            question = gr.Textbox(label="Question", max_lines=4, max_length=_LONGEST, elem_id="try-question")
            with gr.Row(elem_classes="actions"):
                ask = gr.Button("Ask", variant="primary", elem_id="try-ask")
                again = gr.Button("Start again", elem_id="try-again", visible=False)
        with gr.Column(elem_id="try-workings"):
            decided = gr.Textbox(
                label="How the answer came about", value="Ask something, and this says why the answer came.",
                interactive=False, lines=2, max_lines=12, elem_id="try-decided",
            )  # fmt: skip
            with gr.Column(visible=False, elem_classes="for-editors", elem_id="try-save") as save:
                choice = gr.Dropdown([], label="The passage that answers", value=None, elem_id="try-choice")
                with gr.Row(elem_classes="actions"):
                    should = gr.Button("This passage should have answered", elem_id="try-should")
                    should_not = gr.Button("This should not have been answered", elem_id="try-should-not")
            told = notice("try-told")
    candidates = text_table(_COLUMNS, "Passages that were looked at, best first", "try-candidates", visible=False)
    parts = _Parts(turns, log, question, ask, again, decided, candidates, choice, save, told)
    return parts, should, should_not


class _Tab:
    """What the tab's events do."""

    def __init__(self, services: ConsoleServices) -> None:
        self._house = services

    def ask(self, question: str | None, turns: Sequence[_Turn]) -> list[object]:
        """Answer a question in its conversation; it stays in its box when it could not be asked."""
        question = question or ""
        if not question.strip():
            return [*(gr.skip() for _ in range(8)), warn("Type a question first.")]
        earlier = [turn.question for turn in turns if turn.workings]
        try:
            workings = self._house.bot.explain(question, earlier)
        except FootnoteError as error:
            said = apology_html(str(error), self._house.bot.clinic, with_contact=False)
            return self._show([*turns, _Turn(question[:300], said, None)], question)
        said = answer_html(workings.answer, self._house.bot.clinic)
        return self._show([*turns, _Turn(question, said, workings)], "")

    def again(self) -> list[object]:
        """Forget the conversation."""
        return self._show([], "")

    def picked(self, event: gr.SelectData) -> list[object]:
        """Choose the passage of the row that was clicked."""
        place = chosen_row(event)
        return [gr.skip() if place is None else place, hidden()]

    @editors_only
    def should(self, turns: Sequence[_Turn], place: int | None, request: gr.Request) -> list[object]:
        """Save that the chosen passage answers the last question."""
        account = require_editor(request)
        workings = turns[-1].workings if turns else None
        if workings is None or place is None or place >= len(workings.candidates):
            return [warn("Choose the passage that answers, in the list above or by its row in the table."), gr.skip()]
        gold = gold_of(workings.candidates[place])
        return self._saved(turns, gold, account.name, "Saved: this passage should answer it.")

    @editors_only
    def should_not(self, turns: Sequence[_Turn], request: gr.Request) -> list[object]:
        """Save that the last question has no answer in the pages."""
        account = require_editor(request)
        return self._saved(turns, (), account.name, "Saved: this should not be answered.")

    def _saved(self, turns: Sequence[_Turn], gold: Sequence[str], account: str, told: str) -> list[object]:
        if not turns:
            return [warn("Ask something first."), gr.skip()]

        def saved() -> list[object]:
            earlier = [turn.question for turn in turns[:-1] if turn.workings]
            self._house.golden_file.save(turns[-1].question, earlier, gold, account)
            return [say(f"{told} The tab Check asks it from now on."), gr.skip()]

        return or_show_error(1, saved)

    def _show(self, turns: Sequence[_Turn], question: str) -> list[object]:
        workings = turns[-1].workings if turns else None
        messages = [message for turn in turns for message in _messages(turn)]
        rows = [_row(place, one) for place, one in enumerate(workings.candidates, start=1)] if workings else []
        choices = [(_choice(place, one), place) for place, one in enumerate(workings.candidates)] if workings else []
        return [
            tuple(turns),
            gr.update(value=messages, visible=bool(messages)),
            question,
            gr.update(visible=bool(turns)),
            _decided(workings) if workings else "Ask something, and this says why the answer came.",
            gr.update(value=rows, visible=bool(rows)),
            gr.update(choices=choices, value=None),
            gr.update(visible=workings is not None),
            hidden(),
        ]


def _messages(turn: _Turn) -> tuple[dict[str, str], dict[str, str]]:
    return {"role": "user", "content": question_html(turn.question)}, {"role": "assistant", "content": turn.said}


def _decided(workings: Explanation) -> str:
    """Say in words why the answer came."""
    answer = workings.answer
    told = [f"{_OUTCOMES[answer.outcome]}."]
    if workings.matched:
        told.append(f"What decided: {workings.matched}.")
    if workings.candidates:
        told.append(_nearness(workings))
    if answer.understood_as != answer.question:
        told.append(f"Understood as: {answer.understood_as}")
    if workings.aspect and workings.aspect != answer.understood_as:
        told.append(f"Without the words that stand on most pages: {workings.aspect}")
    if workings.signals:
        told.append(_read(workings))
    return "\n".join([*told, f"Time: {workings.milliseconds:.0f} milliseconds."])


def _nearness(workings: Explanation) -> str:
    sure, answered, related = workings.candidates[0].confidence, workings.answered, workings.related
    if sure >= answered:
        how = f"{100 * (sure - answered):.0f} points above what an answer needs"
    elif sure >= related:
        how = f"{100 * (answered - sure):.0f} points short of an answer"
    else:
        how = f"{100 * (related - sure):.0f} points short of being shown at all"
    return (
        f"The pages answer this with a probability of {sure:.0%}: {how} "
        f"(an answer needs {answered:.0%}, the closest passages are shown from {related:.0%})."
    )


def _read(workings: Explanation) -> str:
    content, margin, expected = (workings.signals[name] for name in ("content_maxsim", "margin", "answer_type"))
    kind = {1.0: "the passage holds the kind of answer asked for", -1.0: "the kind of answer asked for is missing"}
    told = f"The best passage meets {content:.0%} of what is asked and is {100 * margin:.0f} points ahead of the next"
    return f"{told}; {kind[expected]}." if expected else f"{told}."


def _row(place: int, one: Candidate) -> list[str]:
    signals = [f"{one.signals[name]:.2f}" for name in ("maxsim", "content_maxsim", "sentence", "bm25")]
    text, sure = unwrapped(one.passage.text), f"{one.confidence:.0%}"
    where = breadcrumb((one.passage.title, *one.passage.headings))
    return [str(place), text, sure, f"{one.score:.2f}", *signals, where]


def _choice(place: int, one: Candidate) -> str:
    text = " ".join(one.passage.text.split())
    return f"{place + 1}. {text if len(text) <= 90 else text[:89].rstrip() + '…'}"
