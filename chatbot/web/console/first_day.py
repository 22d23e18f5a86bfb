"""The First-day review tab: the questions that every clinic of its kind gets, each judged by key or button."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import gradio as gr

from chatbot.answering import Candidate, Gate
from chatbot.errors import ChangeRefused
from chatbot.records import Answer, Outcome, Passage
from chatbot.staff import (
    ERROR_RATES,
    FirstDayQuestion,
    Judgement,
    Verdict,
    answers_allowed,
    specialties,
    summarise,
)
from chatbot.web.console.components import (
    Changes,
    Layout,
    chosen_row,
    filled_table,
    hidden,
    notice,
    or_show_error,
    say,
    status_line,
    text_table,
    warn,
    wire,
)
from chatbot.web.console.first_day_view import (
    NO_ANSWER,
    RIGHT,
    allowed_rows,
    answer_card,
    choice_label,
    chosen_card,
    judged_row,
    missing_rows,
    outcome_rows,
    passage_to_judge,
    progress_bar,
    total_text,
)
from chatbot.web.console.guard import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices

__all__ = ["first_day_tab"]

_STATE_LIFE: Final = 7200  # seconds that the place in the review of a closed page stays in memory
_LONGEST: Final = 200  # characters of what is searched for
_ABOUT: Final = (
    "Some sixty questions that every clinic of your kind gets. Say of each whether Footnote has the right passage. "
    "Visitors get what you approve at once, and the tab Check asks it again. It takes about ten minutes, with the "
    "number keys alone if you like. You may leave at any time and continue later."
)
_TOO_LONG: Final = "This page was open for too long, so your place was forgotten. Press “Continue”."
_NO_SPECIALTY: Final = "Choose your clinic's specialty first."
_OUTCOME_COLUMNS: Final = {"Footnote by itself": "46%", "Number": "24%", "Right": "30%"}
_ALLOWED_COLUMNS: Final = {"Wrong answers allowed": "46%", "Answered": "24%", "Wrong": "30%"}
_MISSING_COLUMNS: Final = {"Page to write": "42%", "Questions to answer": "58%"}
_JUDGED_COLUMNS: Final = {"Question": "48%", "You said": "29%", "Footnote": "23%"}


def first_day_tab(services: ConsoleServices, tab: gr.Tab) -> tuple[gr.Button, gr.State]:
    """Lay out the tab and wire it to the review; return the button that asks for a page, and the page's title."""
    handlers = _Tab(services)
    parts = handlers.parts

    def on(trigger: Callable[..., Any], handler: Callable[..., Changes], *inputs: gr.components.Component) -> None:
        wire(trigger, or_show_error(handler, parts.notice), inputs, parts.all)

    at = (parts.step, parts.place)
    for trigger in (tab.select, parts.specialty.input, parts.leave.click):
        on(trigger, handlers.show, parts.specialty)
    on(parts.go_on.click, handlers.go_on, parts.specialty)
    on(parts.skipped.click, handlers.skipped_again, parts.specialty)
    on(parts.unanswered.click, handlers.unanswered_again, parts.specialty)
    on(parts.missing.select, handlers.choose_missing, parts.specialty)
    on(parts.judged.select, handlers.open, parts.specialty)
    on(parts.right.click, handlers.right, *at)
    on(parts.other.click, handlers.offer, *at)
    on(parts.no_answer.click, handlers.no_answer, *at)
    on(parts.skip.click, handlers.skip, *at)
    on(parts.back.click, handlers.back, *at)
    on(parts.choice.input, handlers.preview, parts.step, parts.choice)
    on(parts.take.click, handlers.take, *at, parts.choice)
    on(parts.close.click, handlers.close, *at)
    for trigger in (parts.search.submit, parts.find.click):
        on(trigger, handlers.search, *at, parts.search)
    return parts.write, parts.missing_title


@dataclass(frozen=True, slots=True)
class _Step:
    """A place in a review: the number of the question that is shown, those before it, and those to come.

    `answer` is what Footnote says to the question, `passage` the one that is judged, and `candidates` are the others to
    choose from.
    """

    specialty: str
    before: tuple[int, ...]
    at: int
    after: tuple[int, ...]
    answer: Answer | None = None
    passage: Passage | None = None
    candidates: tuple[Candidate, ...] = ()

    @property
    def questions(self) -> tuple[FirstDayQuestion, ...]:
        """The questions of the review."""
        return specialties()[self.specialty].questions

    @property
    def question(self) -> FirstDayQuestion:
        """The question that is shown."""
        return self.questions[self.at]

    @property
    def place(self) -> str:
        """The place in words, which differs from question to question."""
        return f"{self.at + 1} of {len(self.questions)}: {self.question.topic}"

    @property
    def next(self) -> "_Step | None":
        """The step after this one, or None at the end."""
        if not self.after:
            return None
        return _Step(self.specialty, (*self.before, self.at), self.after[0], self.after[1:])

    @property
    def previous(self) -> "_Step | None":
        """The step before this one, or None at the beginning."""
        if not self.before:
            return None
        return _Step(self.specialty, self.before[:-1], self.before[-1], (self.at, *self.after))


class _Layout(Layout):
    """The choice of the specialty, the panel with one question, and the summary."""

    def __init__(self) -> None:
        with gr.Column(elem_id="first-day-front") as self.front:
            gr.Markdown(_ABOUT)
            self.specialty = gr.Dropdown(
                [(specialty.name, id_) for id_, specialty in specialties().items()],
                value=None,
                label="Your clinic's specialty",
                elem_id="first-day-specialty",
            )
        self.step = gr.State(None, time_to_live=_STATE_LIFE)
        self.notice = notice("first-day-notice")
        with gr.Column(visible=False, elem_id="first-day-panel") as self.panel:
            self._lay_out_question()
        with gr.Column(visible=False, elem_id="first-day-summary") as self.summary:
            self._lay_out_summary()

    def _lay_out_question(self) -> None:
        self.place = status_line("Where you are", "first-day-place")
        self.bar = gr.Markdown(elem_id="first-day-bar")
        self.card = gr.Markdown(elem_id="first-day-card")
        with gr.Row(elem_classes="actions", elem_id="first-day-answers") as self.answers:
            self.right = _answer("Right", "right", "primary")
            self.other = _answer("Another passage", "other")
            self.no_answer = _answer("Our pages don't answer this", "no-answer")
            self.skip = _answer("Skip", "skip")
            self.back = gr.Button("Back", elem_id="first-day-back")
            self.leave = gr.Button("Leave for now", elem_id="first-day-leave")
        with gr.Column(visible=False, elem_id="first-day-choosing") as self.choosing:
            self.choice = gr.Radio([], label="Which passage answers it?", elem_id="first-day-choice")
            with gr.Row(elem_classes="actions"):
                self.take = gr.Button("This passage answers it", variant="primary", elem_id="first-day-take")
                self.close = gr.Button("None of these", elem_id="first-day-close")
            with gr.Row(elem_classes="bar"):
                self.search = gr.Textbox(
                    label="Search your pages", max_lines=1, max_length=_LONGEST, elem_id="first-day-search"
                )
                self.find = gr.Button("Search", elem_id="first-day-find")

    def _lay_out_summary(self) -> None:
        self.total = status_line("How far you are", "first-day-total")
        self.total_bar = gr.Markdown(elem_id="first-day-total-bar")
        with gr.Row(elem_classes="actions for-editors"):
            self.go_on = gr.Button("Start", variant="primary", elem_id="first-day-go-on")
            self.skipped = gr.Button("Go through the skipped ones", elem_id="first-day-skipped")
            self.unanswered = gr.Button("Go through those without an answer", elem_id="first-day-unanswered")
        self.outcomes = text_table(_OUTCOME_COLUMNS, "How often Footnote was right by itself", "first-day-outcomes")
        self.allowed = text_table(
            _ALLOWED_COLUMNS,
            "How many of these Footnote would answer by itself if more or fewer wrong answers were allowed",
            "first-day-allowed",
        )
        self.missing = text_table(_MISSING_COLUMNS, "Pages to write (choose a row)", "first-day-missing")
        self.missing_title = gr.State(None, time_to_live=_STATE_LIFE)
        self.write = gr.Button("Write the page", visible=False, elem_id="first-day-write", elem_classes="for-editors")
        self.judged = text_table(_JUDGED_COLUMNS, "What you said (choose a row to change it)", "first-day-judged")


def _answer(label: str, name: str, variant: Literal["primary", "secondary"] = "secondary") -> gr.Button:
    """Return a button that only editors see."""
    return gr.Button(label, variant=variant, elem_id=f"first-day-{name}", elem_classes="for-editors")


class _Tab:
    """The handlers of the tab. What belongs to one question gets its place as the browser shows it.

    A key that is pressed twice sends the same place twice. The second event is ignored, so that nobody judges a
    question before it is shown.
    """

    def __init__(self, services: ConsoleServices) -> None:
        self._bot = services.bot
        self._review = services.first_day_review
        self.parts = _Layout()

    def show(self, specialty: str | None) -> Changes:
        """Show how far the review is; the specialty that was reviewed last is chosen."""
        specialty = specialty or self._review.latest_specialty(specialties())
        return {
            self.parts.specialty: specialty,
            self.parts.step: None,
            self.parts.notice: hidden(),
            self.parts.front: gr.update(visible=True),
            self.parts.panel: gr.update(visible=False),
            self.parts.summary: gr.update(visible=specialty is not None),
            **(self._summary(specialty) if specialty else {}),
        }

    def go_on(self, specialty: str | None) -> Changes:
        """Show the first question that nobody has seen; after the last one, begin anew."""
        judged, others = self._places(specialty, lambda judgement: judgement is not None)
        return self._go(_Step(specialty or "", tuple(judged if others else ()), *_head(others or judged)))

    def skipped_again(self, specialty: str | None) -> Changes:
        """Go through the questions that were skipped."""
        return self._again(specialty, Verdict.SKIPPED)

    def unanswered_again(self, specialty: str | None) -> Changes:
        """Go through the questions that no page answered, now that there may be one."""
        return self._again(specialty, Verdict.NO_ANSWER)

    def open(self, event: gr.SelectData, specialty: str | None) -> Changes:
        """Show the question of the row that was clicked."""
        judged, _ = self._places(specialty, lambda judgement: judgement is not None)
        row = chosen_row(event)
        if row is None or row >= len(judged):
            return self.show(specialty)
        return self._go(_Step(specialty or "", tuple(judged[:row]), judged[row], ()))

    def choose_missing(self, event: gr.SelectData, specialty: str | None) -> Changes:
        """Take the row that was clicked for the page to write: its topic, or its question if there is only one."""
        summary = summarise(specialties()[specialty].questions if specialty else (), self._review.judgements())
        row, topics = chosen_row(event), missing_rows(summary.missing)
        if row is None or row >= len(topics):
            return self.show(specialty)
        topic = topics[row][0]
        texts = [question.text for question in summary.missing if question.topic == topic]
        return {
            self.parts.missing_title: texts[0] if len(texts) == 1 else topic,
            self.parts.write: gr.update(visible=True),
        }

    @editors_only
    def right(self, step: _Step | None, place: str, request: gr.Request) -> Changes:
        """Approve what is shown, and go on."""
        account = require_editor(request).name
        if step and step.answer and step.answer.outcome is Outcome.NOT_FOUND:
            return self._judge(step, place, account, Verdict.OTHER, step.passage)
        return self._judge(step, place, account, Verdict.RIGHT)

    @editors_only
    def no_answer(self, step: _Step | None, place: str, request: gr.Request) -> Changes:
        """Say that no page answers, and go on."""
        return self._judge(step, place, require_editor(request).name, Verdict.NO_ANSWER)

    @editors_only
    def take(self, step: _Step | None, place: str, number: int | None, request: gr.Request) -> Changes:
        """Approve the passage that was chosen, and go on."""
        account = require_editor(request).name
        chosen = _chosen(step, number)
        if chosen is None:
            raise ChangeRefused("Choose a passage first, by its number or with the arrow keys.")
        return self._judge(step, place, account, Verdict.OTHER, chosen.passage)

    @editors_only
    def skip(self, step: _Step | None, place: str, request: gr.Request) -> Changes:
        """Go on without a verdict; an earlier one stays."""
        return self._judge(step, place, require_editor(request).name, Verdict.SKIPPED)

    def back(self, step: _Step | None, place: str) -> Changes:
        """Show the question before."""
        if step is None or step.place != place:
            return self._ignored(step)
        return self._go(step.previous) if step.previous else {self.parts.notice: warn("This is the first question.")}

    def offer(self, step: _Step | None, place: str) -> Changes:
        """Offer the passages that come nearest, without the one that is judged."""
        if step is None or step.place != place:
            return self._ignored(step)
        return self._offer(step, self._bot.explain(step.question.text).candidates)

    def search(self, step: _Step | None, place: str, text: str | None) -> Changes:
        """Offer the passages that come nearest to what is searched for."""
        if step is None or step.place != place:
            return self._ignored(step)
        if not text or not text.strip():
            raise ChangeRefused("Type what you are looking for first.")
        return self._offer(step, self._bot.explain(text).candidates)

    def preview(self, step: _Step | None, number: int | None) -> Changes:
        """Show the whole passage that was chosen from the list."""
        chosen = _chosen(step, number)
        if step is None or chosen is None:
            return self._ignored(step)
        return {self.parts.card: chosen_card(step.question.text, chosen), self.parts.notice: hidden()}

    def close(self, step: _Step | None, place: str) -> Changes:
        """Offer the three answers to the question again."""
        return self._go(step) if step and step.place == place else self._ignored(step)

    def _places(self, specialty: str | None, wanted: Callable[[Judgement | None], bool]) -> tuple[list[int], list[int]]:
        """Return the places of the questions whose judgement is wanted, and of the others."""
        if not specialty:
            raise ChangeRefused(_NO_SPECIALTY)
        judgements = self._review.judgements()
        questions = enumerate(specialties()[specialty].questions)
        found: tuple[list[int], list[int]] = [], []
        for place, question in questions:
            found[0 if wanted(judgements.get(question.text)) else 1].append(place)
        return found

    def _again(self, specialty: str | None, verdict: Verdict) -> Changes:
        places, _ = self._places(specialty, lambda judgement: judgement is not None and judgement.verdict is verdict)
        return self._go(_Step(specialty or "", (), *_head(places))) if places else self.show(specialty)

    def _ignored(self, step: _Step | None) -> Changes:
        """Change nothing; say so where the place was forgotten."""
        return {self.parts.notice: hidden() if step else warn(_TOO_LONG)}

    def _judge(
        self, step: _Step | None, place: str, account: str, verdict: Verdict, passage: Passage | None = None
    ) -> Changes:
        if step is None or step.answer is None or step.place != place:
            return self._ignored(step)
        if verdict is Verdict.SKIPPED:
            self._review.skip(step.answer, account, step.specialty)
        else:
            self._review.judge(step.answer, verdict, account, step.specialty, passage)
        if step.next:
            return self._go(step.next)
        return {**self.show(step.specialty), self.parts.notice: say("That was the last question.")}

    def _go(self, step: _Step) -> Changes:
        """Show a step."""
        text = step.question.text
        explanation = self._bot.explain(text)
        answer, passage = explanation.answer, passage_to_judge(explanation)
        urgent = answer.outcome is Outcome.URGENT
        nothing = answer.outcome is Outcome.NOT_FOUND and passage is None
        right = "Right" if answer.choices else RIGHT[answer.outcome]
        return {
            self.parts.step: replace(step, answer=answer, passage=passage, candidates=()),
            self.parts.front: gr.update(visible=False),
            self.parts.summary: gr.update(visible=False),
            self.parts.panel: gr.update(visible=True),
            self.parts.place: step.place,
            self.parts.bar: progress_bar(step.at, len(step.questions)),
            self.parts.card: answer_card(text, explanation, self._review.judgements().get(text)),
            self.parts.answers: gr.update(visible=True),
            self.parts.right: gr.update(value=right, visible=not nothing),
            self.parts.other: gr.update(visible=not urgent),
            self.parts.no_answer: gr.update(value=NO_ANSWER[answer.outcome], visible=not urgent),
            self.parts.choosing: gr.update(visible=False),
            self.parts.search: "",
            self.parts.notice: hidden(),
        }

    def _offer(self, step: _Step, candidates: tuple[Candidate, ...]) -> Changes:
        others = tuple(candidate for candidate in candidates if candidate.passage != step.passage)
        choices = [(choice_label(number, candidate), number) for number, candidate in enumerate(others)]
        return {
            self.parts.step: replace(step, candidates=others),
            self.parts.answers: gr.update(visible=False),
            self.parts.choosing: gr.update(visible=True),
            self.parts.choice: gr.update(choices=choices, value=None),
            self.parts.notice: hidden(),
        }

    def _summary(self, specialty: str) -> Changes:
        questions, judgements = specialties()[specialty].questions, self._review.judgements()
        summary = summarise(questions, judgements)
        judged = [judgements[question.text] for question in questions if question.text in judgements]
        button = "Start" if not judged else "Continue" if len(judged) < summary.asked else "Go through all again"
        return {
            self.parts.total: total_text(summary),
            self.parts.total_bar: progress_bar(len(judged), summary.asked),
            self.parts.go_on: gr.update(value=button, variant="secondary" if "again" in button else "primary"),
            self.parts.skipped: gr.update(visible=summary.verdicts.get(Verdict.SKIPPED, 0) > 0),
            self.parts.unanswered: gr.update(visible=bool(summary.missing)),
            self.parts.outcomes: filled_table(outcome_rows(summary)),
            self.parts.allowed: filled_table(self._allowed(judged)),
            self.parts.missing: filled_table(missing_rows(summary.missing)),
            self.parts.missing_title: None,
            self.parts.write: gr.update(visible=False),
            self.parts.judged: filled_table([judged_row(judgement) for judgement in judged]),
        }

    def _allowed(self, judged: Sequence[Judgement]) -> list[list[str]]:
        now = self._bot.clinic.answers.max_error_rate
        allowed = answers_allowed(judged, Gate.fitted(), sorted({*ERROR_RATES, now}))
        return allowed_rows(allowed, now) if any(row.answered for row in allowed) else []


def _head(places: list[int]) -> tuple[int, tuple[int, ...]]:
    """Return the first place, and those after it."""
    return places[0], tuple(places[1:])


def _chosen(step: _Step | None, number: int | None) -> Candidate | None:
    """Return the passage that was chosen from the list."""
    if step is None or number is None or not 0 <= number < len(step.candidates):
        return None
    return step.candidates[number]
