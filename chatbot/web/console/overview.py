"""The Overview tab: how much is asked, how much is answered, which pages answer, and when."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import gradio as gr

from chatbot.clinic import example_warnings
from chatbot.errors import FootnoteError
from chatbot.indexing import PageCopy, copies_text
from chatbot.journal import Counts, DailyCounts
from chatbot.records import Outcome
from chatbot.staff import Approval
from chatbot.web.console.chart_routes import DAYS_OF_WEEK, chart, cited_pages, since
from chatbot.web.console.components import (
    Changes,
    Layout,
    caution,
    cautions,
    counted,
    period,
    status_line,
    text_table,
    wire,
)
from chatbot.web.console.services import ConsoleServices

__all__ = ["overview_tab"]

_DAY_COLUMNS: Final = dict.fromkeys(("Day", "Questions", "Answered", "Urgent", "Helpful", "Not helpful"), "120px")
_PAGE_COLUMNS: Final = {"Page": "70%", "Times quoted": "30%"}
_HOUR_COLUMNS: Final = {"Hour (UTC)": "110px", **dict.fromkeys(DAYS_OF_WEEK, "64px")}
_COPIES: Final = 3  # sentences
_PAUSED: Final = "The chat is paused, and visitors get no answers: see Clinic text and replies."
_NO_JOURNAL: Final = (
    "Nothing is counted, because FOOTNOTE_JOURNAL is off. Ask whoever looks after the server to name a file there. "
    "From then on this tab shows how much is asked and answered."
)
_EMPTY: Final = "Nobody asked anything in this time. Once visitors do, this tab shows how much is asked and answered."


def overview_tab(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the journal's counts."""
    handlers = _Tab(services)
    parts = handlers.parts
    wire(tab.select, handlers.show, [parts.days], parts.all)
    wire(tab.select, handlers.warn, [], parts.all)
    wire(parts.days.input, handlers.show, [parts.days], parts.all)


class _Layout(Layout):
    """The warnings, the summary, and each chart with its table."""

    def __init__(self) -> None:
        self.warnings = caution("overview-warnings")
        self.days = period("overview-days")
        self.summary = status_line("Where things stand", "overview-summary")
        with gr.Column(visible=False, elem_id="overview-body") as self.body:
            self.day_chart = gr.Markdown(elem_classes="chart")
            with gr.Accordion("Questions a day as a table", open=False):
                self.day_table = text_table(_DAY_COLUMNS, "Questions a day", "overview-table")
            with gr.Row(elem_classes="split"):
                with gr.Column():
                    self.page_chart = gr.Markdown(elem_classes="chart")
                    with gr.Accordion("Top pages as a table", open=False):
                        self.page_table = text_table(_PAGE_COLUMNS, "Top pages", "overview-pages")
                with gr.Column():
                    self.hour_chart = gr.Markdown(elem_classes="chart")
                    with gr.Accordion("Hours as a table", open=False):
                        self.hour_table = text_table(_HOUR_COLUMNS, "Questions of each hour", "overview-hours")


class _Tab:
    """The handlers of the tab."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self.parts = _Layout()

    def show(self, days: int) -> Changes:
        """Count what was asked."""
        journal = self._services.journal
        if journal is None:
            return self._show_empty(_NO_JOURNAL)
        try:
            counts = journal.counts(since(int(days)))
            confirmed = self._services.approved_questions.count_confirmed(journal, since(int(days)))
        except FootnoteError as error:
            return self._show_empty(str(error))
        if not counts.questions:
            return self._show_empty(_EMPTY)
        pages = cited_pages(self._services.bot, counts)
        page_text = _page_text(pages) if pages else ""
        stamp = f"{datetime.now(tz=UTC):%Y%m%d%H%M%S}"
        hours = [[f"{hour:02}", *(str(counts.hours[day][hour] or "") for day in range(7))] for hour in range(24)]
        return {
            self.parts.summary: _summary(counts, confirmed),
            self.parts.body: gr.update(visible=True),
            self.parts.day_chart: chart("days", _day_text(counts, int(days)), days=int(days), stamp=stamp),
            self.parts.day_table: [_day_row(day) for day in reversed(counts.days)],
            self.parts.page_chart: chart("pages", page_text, days=int(days), stamp=stamp)
            if pages
            else "No page was quoted in this time.",
            self.parts.page_table: [[title, str(number)] for title, number in pages],
            self.parts.hour_chart: chart("hours", _hour_text(counts), days=int(days), stamp=stamp),
            self.parts.hour_table: hours,
        }

    def warn(self) -> Changes:
        """Show what does not work, and what must be signed."""
        bot = self._services.bot
        try:
            staff = [self._services.sign_offs.warning(bot.clinic), _lapsed(self._services.approved_questions.all())]
        except FootnoteError as error:
            staff = [str(error)]
        paused = _PAUSED if bot.clinic.chat.paused else ""
        notes = [paused, *bot.warnings, *staff, *example_warnings(bot.clinic), *_copies(bot.page_copies())]
        return {self.parts.warnings: cautions(notes)}

    def _show_empty(self, reason: str) -> Changes:
        return {self.parts.summary: reason, self.parts.body: gr.update(visible=False)}


def _copies(copies: Sequence[PageCopy]) -> list[str]:
    """Return sentences on the first pages that say the same as others, or nearly so."""
    lines = copies_text(copies)
    more = ["Other pages are nearly the same as another one too: see Pages."] if len(lines) > _COPIES else []
    return [*lines[:_COPIES], *more]


def _lapsed(approvals: Sequence[Approval]) -> str:
    """Return a sentence on the approved questions whose passage has changed, or an empty string."""
    number = sum(approval.lapsed for approval in approvals)
    if not number:
        return ""
    return f"{counted(number, 'approved question')} to review, because the passage has changed: see Approved questions."


def _summary(counts: Counts, confirmed: int) -> str:
    outcomes = counts.outcomes
    number = counts.questions - outcomes[Outcome.REPLY]
    share = "none" if counts.answered is None else f"{counts.answered:.0%}"
    answered = share if number == counts.questions else f"{share} of the {number:,} that no fixed reply answers"
    helpful = (
        "No visitor has said yet whether an answer helped"
        if counts.helpful is None
        else f"{counts.helpful:.0%} of the answers that visitors judged were helpful"
    )
    urgent = f" {outcomes[Outcome.URGENT]} sounded urgent." if outcomes[Outcome.URGENT] else ""
    approved = f"A person has confirmed the answer to {confirmed / counts.questions:.0%}"
    return f"{counted(counts.questions, 'question')}. Our pages answered {answered}. {approved}. {helpful}.{urgent}"


def _day_row(day: DailyCounts) -> list[str]:
    answered, urgent = (day.outcomes.get(outcome, 0) for outcome in (Outcome.ANSWERED, Outcome.URGENT))
    cells = (day.day, sum(day.outcomes.values()), answered, urgent, day.helpful, day.unhelpful)
    return [str(cell) for cell in cells]


def _day_text(counts: Counts, days: int) -> str:
    busiest = max(counts.days, key=lambda day: sum(day.outcomes.values()))
    number = sum(busiest.outcomes.values())
    return (
        f"Questions a day in the last {days} days, by how they were answered. Urgent ones are red and striped. "
        f"The average is {counts.questions / days:.1f} a day; the busiest was {busiest.day:%d %B}, with {number}."
    )


def _page_text(pages: list[tuple[str, int]]) -> str:
    title, number = pages[0]
    return f"Pages that were quoted most. First is {_without_markup(title)}, {number} times."


def _hour_text(counts: Counts) -> str:
    hours = Counter({hour: sum(day[hour] for day in counts.hours) for hour in range(24)})
    (hour, number), *_ = hours.most_common(1)
    return f"Questions by the hour of the day (UTC). The busiest begins at {hour:02}:00, with {number} questions."


def _without_markup(title: str) -> str:
    """Remove the characters that Markdown would read as markup."""
    return "".join(character for character in title if character.isalnum() or character in " .,'-")
