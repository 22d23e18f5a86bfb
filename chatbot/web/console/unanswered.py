"""The Unanswered questions tab: what visitors asked that the clinic's pages did not answer."""

from collections.abc import Sequence
from typing import Final

import gradio as gr

from chatbot.errors import ChangeRefused, FootnoteError
from chatbot.records import Answer, Outcome, Passage
from chatbot.staff import Row, UnansweredQuestions, unanswered_questions
from chatbot.web.console.candidate_passages import CandidatePassages
from chatbot.web.console.components import (
    NO_VALUE,
    Changes,
    RecordList,
    counted,
    hidden,
    or_show_error,
    period,
    say,
    status_line,
    step_counter,
    text_table,
    wire,
)
from chatbot.web.console.guard import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices
from chatbot.web.http.markup import breadcrumb

__all__ = ["unanswered_tab"]

_COLUMNS: Final = {
    "Times": "72px",
    "Question": "280px",
    "Trend": "92px",
    "Before": "80px",
    "Not helpful": "88px",
    "First asked": "116px",
    "Last asked": "116px",
    "Nearest page": "180px",
}
_WORDINGS: Final = {"Times": "72px", "Asked as": "480px", "Last asked (UTC)": "170px", "What was said": "240px"}
_ALL: Final = ("All languages", "")
_ROWS_SHOWN: Final = 200  # the file has all
_ANSWERS: Final = {
    Outcome.ANSWERED: "answered, not helpful",
    Outcome.RELATED: "closest passages",
    Outcome.NOT_FOUND: "not found",
    Outcome.URGENT: "urgent wording",
    Outcome.REPLY: "fixed reply",
}
_TODAY: Final = {
    Outcome.ANSWERED: "Asked today, it is answered from “{}”. If that is right, mark it as handled.",
    Outcome.RELATED: "Asked today, visitors see the closest passages, with a note that these may not answer it.",
    Outcome.NOT_FOUND: "Asked today, it is still not found.",
    Outcome.URGENT: "Asked today, your urgent wording comes first.",
    Outcome.REPLY: "Asked today, it gets a fixed reply.",
}
_ASKED_BACK: Final = "Asked today, visitors are asked which page they mean, with a button for each."
_CONFIRMED: Final = _TODAY | {
    Outcome.ANSWERED: "Asked today, it is answered from “{}”, as approved. Mark it as handled.",
    Outcome.NOT_FOUND: "Asked today, visitors are told that our pages don't say, as approved.",
}
_NO_JOURNAL: Final = (
    "No questions are kept, because FOOTNOTE_JOURNAL is off. Ask whoever looks after the server to name a file there. "
    "From then on this tab shows which questions your pages do not answer."
)
_NO_WORDS: Final = (
    "Questions are counted, but their words are not kept, because FOOTNOTE_RETENTION_DAYS is 0. Ask whoever looks "
    "after the server to set a number of days. From then on this tab shows which questions your pages do not answer."
)
_EMPTY: Final = "No question went unanswered in this time. Choose a longer time, or all languages."


def unanswered_tab(services: ConsoleServices, tab: gr.Tab) -> tuple[gr.Button, gr.State]:
    """Lay out the tab and wire it to the journal; return the button that asks for a page, and the open question."""
    handlers = _Tab(services)
    parts = handlers.parts
    filters = [parts.days, parts.language, parts.handled]
    parts.wire_rows(handlers.open, handlers.candidates.all)
    handlers.candidates.wire(handlers.ask_again, [parts.opened], parts.all)
    open_row = [parts.opened, parts.records]
    marked = wire(parts.mark.click, or_show_error(handlers.mark, parts.notice), open_row, parts.all)
    reopened = wire(parts.reopen.click, or_show_error(handlers.reopen, parts.notice), open_row, parts.all)
    for trigger in (tab.select, parts.days.input, parts.language.input, parts.handled.input, marked, reopened):
        wire(trigger, handlers.show, filters, parts.all, parts.summary)
    return parts.write, parts.opened


class _Layout(RecordList):
    """The list of questions, and the panel with one of them."""

    def __init__(self) -> None:
        with gr.Row(elem_classes="bar"):
            self.days = period("unanswered-days")
            self.language = gr.Dropdown(
                [("All languages", "")], value="", label="Language", elem_id="unanswered-language"
            )
            self.handled = gr.Checkbox(False, label="Show handled", elem_id="unanswered-handled")
        super().__init__("unanswered", "question", _COLUMNS, "Unanswered questions, most asked first")
        with self.detail:
            self.today = status_line("Asked today", "unanswered-today")
            with gr.Row(elem_classes="actions for-editors"):
                self.write = gr.Button("Write the missing page", elem_id="unanswered-write")
                self.mark = gr.Button("Mark as handled", elem_id="unanswered-mark")
                self.reopen = gr.Button("Reopen", elem_id="unanswered-reopen", visible=False)
            self.wordings = text_table(_WORDINGS, "All its wordings", "unanswered-wordings")
        self.file = gr.Button("Save as a file for a spreadsheet (CSV)", visible=False, elem_id="unanswered-file")


class _Tab:
    """The handlers of the tab."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self.parts = _Layout()
        with self.parts.detail:
            self.candidates = CandidatePassages(services, "unanswered")

    def show(self, days: int, language: str, handled: bool, progress: gr.Progress = gr.Progress()) -> Changes:  # noqa: B008 - Gradio looks for it there
        """List the unanswered questions."""
        journal = self._services.journal
        if journal is None or not journal.retention:
            return self._show_empty(_NO_WORDS if journal else _NO_JOURNAL)
        try:
            questions = unanswered_questions(
                journal,
                self._services.question_embeddings,
                int(days),
                language=language,
                handled=handled,
                progress=step_counter(progress, "Reading what was asked", "questions"),
            )
        except FootnoteError as error:
            return self._show_empty(str(error))
        shown = questions.rows[:_ROWS_SHOWN]
        names = [f"{row.question} ({row.count})" for row in shown]
        cells = [_cells(row, questions.compared) for row in shown]
        languages = [_ALL, *((name, name) for name in questions.languages)]
        query = f"days={days}&language={language}&handled={int(handled)}"
        return {
            **self.parts.show(questions, _summary(questions), names, cells),
            self.parts.language: gr.update(choices=languages, value=language),
            self.parts.file: gr.update(visible=bool(shown), link=f"unanswered-questions.csv?{query}"),
        }

    def open(self, row: Row) -> Changes:
        """Open a question: all its wordings, and the passages that come nearest."""
        wordings = [
            [
                str(wording.count),
                wording.text,
                f"{wording.last:%Y-%m-%d %H:%M}",
                ", ".join(_ANSWERS[outcome] for outcome in wording.outcomes),
            ]
            for wording in row.wordings[:_ROWS_SHOWN]
        ]
        today, passages = self._today(row.question)
        return {
            self.parts.opened: row.question,
            self.parts.heading: f"“{row.question}” and {counted(len(row.by_wording) - 1, 'other wording')}",
            **today,
            self.parts.wordings: wordings,
            self.parts.mark: gr.update(visible=not row.handled, variant=today[self.parts.mark]["variant"]),
            self.parts.reopen: gr.update(visible=row.handled),
            **self.candidates.show(row.question, (), passages or [row.nearest]),
        }

    def ask_again(self, opened: str | None) -> Changes:
        """Say what the open question gets, now that it was decided on."""
        return self._today(opened)[0] if opened else {self.parts.notice: hidden()}

    @editors_only
    def mark(self, opened: str | None, questions: UnansweredQuestions | None, request: gr.Request) -> Changes:
        """Mark the open question as handled."""
        require_editor(request)
        question = self._mark(opened, questions, handled=True)
        return {
            self.parts.notice: say(
                f"“{question}”: marked as handled. It comes back if it is asked again and not answered."
            )
        }

    @editors_only
    def reopen(self, opened: str | None, questions: UnansweredQuestions | None, request: gr.Request) -> Changes:
        """Mark the open question as not handled."""
        require_editor(request)
        question = self._mark(opened, questions, handled=False)
        return {self.parts.notice: say(f"“{question}”: back on the list.")}

    def _mark(self, opened: str | None, questions: UnansweredQuestions | None, *, handled: bool) -> str:
        row = next((row for row in questions.rows if row.question == opened), None) if questions else None
        journal = self._services.journal
        if row is None or journal is None:
            raise ChangeRefused("Open a question first.")
        journal.mark_handled(row.ids, handled=handled)
        return row.question

    def _today(self, question: str) -> tuple[Changes, Sequence[Passage]]:
        """Ask the chatbot as it is now; return what is shown of it, and the passages that it looked at."""
        try:
            answer, hits = self._services.bot.ask_with_candidates(question)
        except FootnoteError as error:
            return self._todays(str(error), answered=False), ()
        answered = answer.outcome is Outcome.ANSWERED
        return self._todays(_today_text(answer), answered=answered), [hit.passage for hit in hits]

    def _todays(self, text: str, *, answered: bool) -> Changes:
        return {
            self.parts.today: text,
            self.parts.mark: gr.update(variant="primary" if answered else "secondary"),
            self.parts.write: gr.update(variant="secondary" if answered else "primary"),
        }

    def _show_empty(self, reason: str) -> Changes:
        return {**self.parts.show(None, reason), self.parts.file: gr.update(visible=False)}


def _summary(questions: UnansweredQuestions) -> str:
    if not questions.rows:
        return _EMPTY
    number = sum(row.count for row in questions.rows)
    more = f" The first {_ROWS_SHOWN} are shown; the file has all." if len(questions.rows) > _ROWS_SHOWN else ""
    no_trend = "" if questions.compared else " There is no trend, because words are not kept for twice this time."
    return f"{counted(number, 'unanswered question')}, {counted(len(questions.rows), 'different one')}.{more}{no_trend}"


def _cells(row: Row, compared: bool) -> list[str]:
    before, trend = (str(row.before), _trend(row)) if compared else (NO_VALUE, NO_VALUE)
    return [
        str(row.count),
        row.question + (" (handled)" if row.handled else ""),
        trend,
        before,
        str(row.unhelpful or ""),
        f"{row.first:%Y-%m-%d}",
        f"{row.last:%Y-%m-%d}",
        row.nearest.title,
    ]


def _trend(row: Row) -> str:
    if not row.before:
        return "new"
    change = row.count - row.before
    return f"▲ {change} more" if change > 0 else f"▼ {-change} fewer" if change < 0 else "the same"


def _today_text(answer: Answer) -> str:
    """Return what visitors get now for the question that is open."""
    if answer.choices:
        return _ASKED_BACK
    place = _place(answer.citations[0].passage) if answer.citations else ""
    return (_CONFIRMED if answer.confirmed else _TODAY)[answer.outcome].format(place)


def _place(passage: Passage) -> str:
    return breadcrumb((passage.title, *passage.headings))
