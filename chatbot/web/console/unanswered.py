"""The Questions in vain tab: what its events do."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import gradio as gr

from chatbot.errors import FootnoteError
from chatbot.reading import unwrapped
from chatbot.records import Outcome, Passage
from chatbot.staff import Row, UnansweredQuestions, unanswered_questions
from chatbot.web.console.components import chosen_row, or_show_error, say, showing, warn, wire
from chatbot.web.console.current_user import editors_only, require_editor
from chatbot.web.console.services import ConsoleServices
from chatbot.web.console.unanswered_parts import lay_out
from chatbot.web.http.markup import breadcrumb

if TYPE_CHECKING:
    from gradio.components import Component

__all__ = ["unanswered_tab"]

_ROWS: Final = 200  # that are shown; the file has all
_SAID: Final = {
    Outcome.ANSWERED: "answered, not helpful",
    Outcome.RELATED: "closest passages",
    Outcome.NOT_FOUND: "not found",
    Outcome.URGENT: "urgent wording",
    Outcome.REPLY: "fixed reply",
}
_TODAY: Final = {
    Outcome.ANSWERED: "Asked today, it is answered from “{}”. If that is right, mark it as handled.",
    Outcome.RELATED: "Asked today, visitors see the closest passages, and are told that these may not answer it.",
    Outcome.NOT_FOUND: "Asked today, it is still not found.",
    Outcome.URGENT: "Asked today, your urgent wording comes first.",
    Outcome.REPLY: "Asked today, it gets a fixed reply.",
}
_NO_JOURNAL: Final = (
    "No questions are kept: FOOTNOTE_JOURNAL is off. Whoever looks after the server can name a file there; from then "
    "on this tab shows what visitors ask in vain."
)
_NO_WORDS: Final = (
    "Questions are counted but not kept in words: FOOTNOTE_RETENTION is 0. With a number of days there, this tab shows "
    "what visitors ask in vain."
)
_NOTHING: Final = "Nothing was asked in vain in this time. Choose a longer time, or all languages."


def unanswered_tab(services: ConsoleServices, tab: gr.Tab) -> tuple[gr.Button, gr.State]:
    """Lay out the tab and wire it to the journal; give the button that asks for a page, and the question chosen."""
    do = _Tab(services)
    parts = lay_out()
    for trigger in (tab.select, parts.days.input, parts.language.input, parts.handled.input):
        wire(trigger, do.show, parts.choices, parts.listed, parts.summary)
    wire(parts.table.select, do.picked, [parts.found], [parts.choice, *parts.opened])
    wire(parts.choice.input, do.open, [parts.choice, parts.found], parts.opened)
    marking: list[Component] = [parts.chosen, parts.found, *parts.choices]
    wire(parts.mark.click, do.mark, marking, [parts.told, *parts.listed])
    wire(parts.unmark.click, do.unmark, marking, [parts.told, *parts.listed])
    return parts.write, parts.chosen


class _Tab:
    """What the tab's events do."""

    def __init__(self, services: ConsoleServices) -> None:
        self._house = services

    def show(self, days: int, language: str, handled: bool, progress: gr.Progress = gr.Progress()) -> list[object]:  # noqa: B008 - Gradio looks for it there
        """List what was asked in vain."""
        journal = self._house.journal
        if journal is None or not journal.retention:
            return self._empty(_NO_WORDS if journal else _NO_JOURNAL)
        try:
            found = unanswered_questions(
                journal,
                self._house.question_embeddings,
                int(days),
                language=language,
                handled=handled,
                progress=showing(progress, "Reading what was asked", "questions"),
            )
        except FootnoteError as error:
            return self._empty(str(error))
        return self._listed(found, int(days), language, handled)

    def picked(self, event: gr.SelectData, found: UnansweredQuestions | None) -> list[object]:
        """Open the row that was clicked."""
        chosen = chosen_row(event)
        return [chosen, *self.open(chosen, found)]

    def open(self, place: int | None, found: UnansweredQuestions | None) -> list[object]:
        """Open a row: all its wordings, and the passage that comes nearest."""
        if found is None or place is None or not 0 <= place < len(found.rows):
            return [None, gr.update(visible=False), *(gr.skip() for _ in range(7))]
        row = found.rows[place]
        wordings = [
            [str(one.count), one.text, f"{one.last:%Y-%m-%d %H:%M}", ", ".join(_SAID[said] for said in one.outcomes)]
            for one in row.wordings[:_ROWS]
        ]
        outcome, today = self._today(row.question)
        answered = outcome is Outcome.ANSWERED
        return [
            row.question,
            gr.update(visible=True),
            f"“{row.question}” and {_counted(len(row.asked) - 1, 'other wording')}",
            today,
            f"{_where(row.nearest)}\n\n{unwrapped(row.nearest.text)}",
            wordings,
            gr.update(visible=not row.handled, variant="primary" if answered else "secondary"),
            gr.update(variant="secondary" if answered else "primary"),
            gr.update(visible=row.handled),
        ]

    def _today(self, question: str) -> tuple[Outcome | None, str]:
        """Ask the chatbot as it is now."""
        try:
            answer = self._house.bot.ask(question)
        except FootnoteError as error:
            return None, str(error)
        return answer.outcome, _TODAY[answer.outcome].format(
            _where(answer.citations[0].passage) if answer.citations else ""
        )

    @editors_only
    def mark(  # noqa: PLR0913, PLR0917 - the choices of the screen
        self,
        chosen: str | None,
        found: UnansweredQuestions | None,
        days: int,
        language: str,
        handled: bool,
        request: gr.Request,
    ) -> list[object]:
        """Mark the open question as handled."""
        require_editor(request)
        done = "Handled. It comes back if it is asked in vain again."
        return self._marked(chosen, found, True, done, lambda: self.show(days, language, handled))

    @editors_only
    def unmark(  # noqa: PLR0913, PLR0917 - as above
        self,
        chosen: str | None,
        found: UnansweredQuestions | None,
        days: int,
        language: str,
        handled: bool,
        request: gr.Request,
    ) -> list[object]:
        """Take the mark away."""
        require_editor(request)
        done = "It is on the list again."
        return self._marked(chosen, found, False, done, lambda: self.show(days, language, handled))

    def _marked(
        self,
        chosen: str | None,
        found: UnansweredQuestions | None,
        handled: bool,
        done: str,
        again: Callable[[], list[object]],
    ) -> list[object]:
        row = next((one for one in found.rows if one.question == chosen), None) if found else None
        journal = self._house.journal
        if row is None or journal is None:
            return [warn("Open a question first."), *(gr.skip() for _ in range(7))]

        def marked() -> list[object]:
            journal.mark_handled(row.ids, handled=handled)
            return [say(f"“{row.question}”: {done}"), *again()]

        return or_show_error(7, marked)

    def _listed(self, found: UnansweredQuestions, days: int, language: str, handled: bool) -> list[object]:
        shown = found.rows[:_ROWS]
        query = f"days={days}&language={language}&handled={int(handled)}"
        languages = [("All languages", ""), *((name, name) for name in found.languages)]
        return [
            found,
            gr.update(choices=languages, value=language),
            _summary(found),
            gr.update(
                choices=[(f"{one.question} ({one.count})", place) for place, one in enumerate(shown)], value=None
            ),
            gr.update(value=[_cells(one, found.compared) for one in shown], visible=bool(shown)),
            gr.update(visible=bool(shown), link=f"/staff/questions-in-vain.csv?{query}"),
            gr.update(visible=False),
        ]

    def _empty(self, told: str) -> list[object]:
        hidden = gr.update(visible=False)
        return [
            None,
            gr.skip(),
            told,
            gr.update(choices=[], value=None),
            gr.update(value=[], visible=False),
            hidden,
            hidden,
        ]


def _summary(found: UnansweredQuestions) -> str:
    if not found.rows:
        return _NOTHING
    number = sum(one.count for one in found.rows)
    more = f" The first {_ROWS} are shown; the file has all." if len(found.rows) > _ROWS else ""
    kept = "" if found.compared else " The time before is not kept in words long enough to tell a trend."
    return f"{_counted(number, 'question')} in vain, {_counted(len(found.rows), 'different one')}.{more}{kept}"


def _cells(row: Row, compared: bool) -> list[str]:
    before, trend = (str(row.before), _trend(row)) if compared else ("–", "–")  # noqa: RUF001 -- a dash for nothing
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


def _where(passage: Passage) -> str:
    return breadcrumb((passage.title, *passage.headings))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
