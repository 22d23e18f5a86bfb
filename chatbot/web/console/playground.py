"""The Try it tab: ask as a visitor would, and see how the answer came about. Nothing of it is kept in the journal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import gradio as gr

from chatbot.answering import Candidate, Explanation
from chatbot.errors import FootnoteError
from chatbot.reading import unwrapped
from chatbot.records import Outcome
from chatbot.web.console.candidate_passages import CandidatePassages
from chatbot.web.console.components import (
    Changes,
    Layout,
    filled_table,
    hidden,
    notice,
    status_line,
    text_table,
    warn,
    wire,
)
from chatbot.web.console.services import ConsoleServices
from chatbot.web.http.markup import breadcrumb
from chatbot.web.visitor.rendering import answer_html, apology_html, question_html

__all__ = ["playground_tab"]

_COLUMNS: Final = {
    "Place": "72px",
    "Passage": "304px",
    "Probability": "112px",
    "Score": "76px",
    "Match": "76px",
    "Key words": "76px",
    "Meaning": "92px",
    "Same words": "76px",
    "Page": "140px",
}
_LONGEST: Final = 2_000  # characters
_ABOUT: Final = "Ask as a visitor would. What you ask here is not kept in the journal."
_PAUSED: Final = "The chat is paused: visitors get these answers once you resume it in Clinic text and replies."
_NO_QUESTION: Final = "Ask something. Then this says why the answer came."
_OUTCOMES: Final = {
    Outcome.ANSWERED: "Answered",
    Outcome.RELATED: "Shown as the closest our pages come",
    Outcome.NOT_FOUND: "Not found",
    Outcome.URGENT: "Urgent: your urgent wording came first",
    Outcome.REPLY: "A fixed reply",
}
_ASKED_BACK: Final = "Asked back: visitors choose the page that they mean"


@dataclass(frozen=True, slots=True)
class _Turn:
    """A question, the answer as HTML, and how it came about; None where the question could not be asked."""

    question: str
    answer: str
    explanation: Explanation | None


def playground_tab(services: ConsoleServices) -> None:
    """Lay out the tab and wire it to the chatbot."""
    handlers = _Tab(services)
    parts = handlers.parts
    everything = [*parts.all, *handlers.candidates.all]
    wire(parts.question.submit, handlers.ask, [parts.question, parts.turns], everything)
    wire(parts.ask.click, handlers.ask, [parts.question, parts.turns], everything)
    wire(parts.restart.click, handlers.restart, [], everything)
    handlers.candidates.wire(handlers.ask_again, [parts.turns], parts.all)


class _Layout(Layout):
    """The conversation, and how its latest answer came about."""

    def __init__(self) -> None:
        self.turns = gr.State((), time_to_live=3600)
        status_line("About this tab", "try-about", _ABOUT)
        with gr.Row(elem_classes="split"):
            with gr.Column(elem_id="try-chat"):
                self.log = gr.Chatbot(
                    label="Conversation", show_label=False, container=False, height=None, autoscroll=False,
                    visible=False, render_markdown=False, latex_delimiters=[], buttons=[], feedback_options=None,
                    elem_id="try-log",
                )  # fmt: skip
                self.question = gr.Textbox(label="Question", max_lines=4, max_length=_LONGEST, elem_id="try-question")
                with gr.Row(elem_classes="actions"):
                    self.ask = gr.Button("Ask", variant="primary", elem_id="try-ask")
                    self.restart = gr.Button("Start again", elem_id="try-restart", visible=False)
            with gr.Column(elem_id="try-workings"):
                self.decided = gr.Textbox(
                    label="How the answer came about", value=_NO_QUESTION, interactive=False, lines=2, max_lines=12,
                    elem_id="try-decided",
                )  # fmt: skip
                self.notice = notice("try-notice")
                self.offered = gr.Column()
        self.scores = text_table(_COLUMNS, "Passages that were looked at, best first", "try-scores", visible=False)


class _Tab:
    """The handlers of the tab."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self.parts = _Layout()
        with self.parts.offered:
            self.candidates = CandidatePassages(services, "try")

    def ask(self, question: str | None, turns: Sequence[_Turn]) -> Changes:
        """Answer a question in its conversation; it stays in its box when it could not be asked."""
        if not question or not question.strip():
            return {self.parts.notice: warn("Type a question first.")}
        turn = self._turn(question, _questions(turns))
        asked = [*turns, turn]
        return {**self._show(asked, "" if turn.explanation else question), **self._offer(asked)}

    def ask_again(self, turns: Sequence[_Turn]) -> Changes:
        """Answer the last question anew, now that it was decided on."""
        if not turns:
            return {self.parts.notice: hidden()}
        *earlier, last = turns
        changes = self._show([*earlier, self._turn(last.question, _questions(earlier))], "")
        del changes[self.parts.question]  # somebody may be typing the next one
        return changes

    def restart(self) -> Changes:
        """Forget the conversation."""
        return {**self._show([], ""), **self.candidates.close()}

    def _turn(self, question: str, history: Sequence[str]) -> _Turn:
        clinic = self._services.bot.clinic
        try:
            explanation = self._services.bot.explain(question, history)
        except FootnoteError as error:
            return _Turn(question[:300], apology_html(str(error), clinic, with_contact=False), None)
        return _Turn(question, answer_html(explanation.answer, clinic, "../"), explanation)

    def _offer(self, turns: Sequence[_Turn]) -> Changes:
        """Offer the passages that may answer the last question."""
        *earlier, last = turns
        if last.explanation is None:
            return self.candidates.close()
        passages = [candidate.passage for candidate in last.explanation.candidates]
        return self.candidates.show(last.question, _questions(earlier), passages)

    def _show(self, turns: Sequence[_Turn], question: str) -> Changes:
        explanation = turns[-1].explanation if turns else None
        candidates = explanation.candidates if explanation else ()
        return {
            self.parts.turns: tuple(turns),
            self.parts.log: gr.update(value=[row for turn in turns for row in _messages(turn)], visible=bool(turns)),
            self.parts.question: question,
            self.parts.restart: gr.update(visible=bool(turns)),
            self.parts.decided: _decided(explanation) if explanation else _NO_QUESTION,
            self.parts.scores: filled_table(
                [_row(place, candidate) for place, candidate in enumerate(candidates, start=1)]
            ),
            self.parts.notice: warn(_PAUSED) if self._services.bot.clinic.chat.paused else hidden(),
        }


def _questions(turns: Sequence[_Turn]) -> list[str]:
    """Return the questions of a conversation that could be asked."""
    return [turn.question for turn in turns if turn.explanation]


def _messages(turn: _Turn) -> tuple[dict[str, str], dict[str, str]]:
    return {"role": "user", "content": question_html(turn.question)}, {"role": "assistant", "content": turn.answer}


def _decided(explanation: Explanation) -> str:
    """Return in words why the answer came."""
    answer = explanation.answer
    lines = [f"{_ASKED_BACK if answer.choices else _OUTCOMES[answer.outcome]}."]
    if explanation.matched:
        lines.append(f"What decided: {explanation.matched}.")
    if explanation.candidates:
        lines.append(_probability(explanation))
    if answer.understood_as != answer.question:
        lines.append(f"Understood as: {answer.understood_as}")
    if explanation.aspect and explanation.aspect != answer.understood_as:
        lines.append(f"Without the words that stand on most pages: {explanation.aspect}")
    if explanation.signals:
        lines.append(_signals(explanation))
    return "\n".join([*lines, f"Time: {explanation.milliseconds:.0f} milliseconds."])


def _probability(explanation: Explanation) -> str:
    probability, answered, related = explanation.candidates[0].confidence, explanation.answered, explanation.related
    if probability >= answered:
        distance = f"{100 * (probability - answered):.0f} points above what an answer needs"
    elif probability >= related:
        distance = f"{100 * (answered - probability):.0f} points short of an answer"
    else:
        distance = f"{100 * (related - probability):.0f} points short of being shown at all"
    return (
        f"The pages answer this with a probability of {probability:.0%}: {distance} "
        f"(an answer needs {answered:.0%}, the closest passages are shown from {related:.0%})."
    )


def _signals(explanation: Explanation) -> str:
    content, margin, expected = (explanation.signals[name] for name in ("content_maxsim", "margin", "answer_type"))
    kind = {1.0: "the passage holds the kind of answer asked for", -1.0: "the kind of answer asked for is missing"}
    text = f"The best passage matches {content:.0%} of the key words and is {100 * margin:.0f} points ahead of the next"
    if expected:
        text = f"{text}; {kind[expected]}"
    return f"{text}.{_reading(explanation.signals.get('reading'))}"


def _reading(logit: float | None) -> str:
    """Return what the reader says of the best passage; nothing where it was not asked."""
    if logit is None:
        return ""
    return f" The reader, which reads the question with the passage, gives it {1 / (1 + math.exp(-logit)):.0%}."


def _row(place: int, candidate: Candidate) -> list[str]:
    signals = [f"{candidate.signals[name]:.2f}" for name in ("maxsim", "content_maxsim", "sentence", "bm25")]
    page = breadcrumb((candidate.passage.title, *candidate.passage.headings))
    text = unwrapped(candidate.passage.text)
    return [str(place), text, f"{candidate.confidence:.0%}", f"{candidate.score:.2f}", *signals, page]
