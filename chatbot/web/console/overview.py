"""The Overview tab: how much is asked, how much is answered, which pages answer, and when."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

import gradio as gr

from chatbot.errors import FootnoteError
from chatbot.journal import Counts, DailyCounts
from chatbot.records import Outcome
from chatbot.web.console.chart_routes import DAYS_OF_WEEK, cited_pages, drawing, since
from chatbot.web.console.components import caution, cautions, status_line, text_table, wire
from chatbot.web.console.services import ConsoleServices

__all__ = ["overview"]

_PERIODS: Final = [("7 days", 7), ("30 days", 30), ("90 days", 90)]
_NO_JOURNAL: Final = (
    "Nothing is counted: FOOTNOTE_JOURNAL is off. Whoever looks after the server can name a file there; from then on "
    "this tab shows how much is asked and answered."
)
_NOTHING: Final = "Nobody asked anything in this time. Once visitors do, this tab shows how much is asked and answered."


def overview(services: ConsoleServices, tab: gr.Tab) -> None:
    """Lay out the tab and wire it to the journal's counts."""
    warnings = caution("overview-warnings")
    days = gr.Radio(_PERIODS, value=30, label="Asked in the last", elem_id="overview-days")
    summary = status_line("Where things stand", "overview-summary")
    with gr.Column(visible=False, elem_id="overview-body") as body:
        by_day = gr.Markdown(elem_classes="drawing")
        with gr.Accordion("Questions a day as a table", open=False):
            day_table = text_table(
                dict.fromkeys(("Day", "Questions", "Answered", "Urgent", "Helpful", "Not helpful"), "120px"),
                "Questions a day",
                "overview-table",
            )
        with gr.Row(elem_classes="split"):
            with gr.Column():
                top = gr.Markdown(elem_classes="drawing")
                with gr.Accordion("Top pages as a table", open=False):
                    page_table = text_table({"Page": "70%", "Times quoted": "30%"}, "Top pages", "overview-pages")
            with gr.Column():
                hours = gr.Markdown(elem_classes="drawing")
                with gr.Accordion("Hours as a table", open=False):
                    hour_table = text_table(
                        {"Hour (UTC)": "110px", **dict.fromkeys(DAYS_OF_WEEK, "64px")},
                        "Questions of each hour",
                        "overview-hours",
                    )
    do = _Tab(services)
    parts = [summary, body, by_day, day_table, top, page_table, hours, hour_table]
    wire(tab.select, do.show, [days], parts)
    wire(tab.select, do.warn, [], [warnings])
    wire(days.input, do.show, [days], parts)


class _Tab:
    """What the tab's events do."""

    def __init__(self, services: ConsoleServices) -> None:
        self._house = services

    def show(self, days: int) -> list[object]:
        """Count what was asked."""
        if self._house.journal is None:
            return self._empty(_NO_JOURNAL)
        try:
            counts = self._house.journal.counts(since(int(days)))
        except FootnoteError as error:
            return self._empty(str(error))
        if not counts.questions:
            return self._empty(_NOTHING)
        pages = cited_pages(self._house.bot, counts)
        stamp = f"{datetime.now(tz=UTC):%Y%m%d%H%M%S}"
        return [
            _summary(counts),
            gr.update(visible=True),
            drawing("days", _by_day(counts, int(days)), days=int(days), stamp=stamp),
            [_day(one) for one in reversed(counts.days)],
            drawing("pages", _top(pages), days=int(days), stamp=stamp) if pages else "No page was quoted in this time.",
            [[title, str(number)] for title, number in pages],
            drawing("hours", _busiest(counts), days=int(days), stamp=stamp),
            [[f"{hour:02}", *(str(counts.hours[day][hour] or "") for day in range(7))] for hour in range(24)],
        ]

    def warn(self) -> dict[str, Any]:
        """Say what does not work, and what must be signed."""
        services = self._house
        try:
            unsigned = services.sign_offs.warning(services.bot.clinic)
        except FootnoteError as error:
            unsigned = str(error)
        return cautions([*services.bot.warnings, unsigned])

    def _empty(self, told: str) -> list[object]:
        return [told, gr.update(visible=False), *(gr.skip() for _ in range(6))]


def _summary(counts: Counts) -> str:
    outcomes = counts.outcomes
    asked = counts.questions - outcomes[Outcome.REPLY]
    share = f"{outcomes[Outcome.ANSWERED] / asked:.0%}" if asked else "none"
    answered = share if asked == counts.questions else f"{share} of the {asked:,} that no fixed reply answers"
    helpful = (
        "nobody has said yet whether answers help"
        if counts.helpful is None
        else (f"{counts.helpful:.0%} of the answers that visitors judged were helpful")
    )
    urgent = f" {outcomes[Outcome.URGENT]} sounded urgent." if outcomes[Outcome.URGENT] else ""
    return f"{counts.questions:,} questions. Our pages answered {answered}; {helpful}.{urgent}"


def _day(one: DailyCounts) -> list[str]:
    answered, urgent = (one.outcomes.get(kind, 0) for kind in (Outcome.ANSWERED, Outcome.URGENT))
    cells = (one.day, sum(one.outcomes.values()), answered, urgent, one.helpful, one.unhelpful)
    return [str(cell) for cell in cells]


def _by_day(counts: Counts, days: int) -> str:
    most = max(counts.days, key=lambda one: sum(one.outcomes.values()))
    number = sum(most.outcomes.values())
    return (
        f"Questions a day in the last {days} days, by how they were answered; urgent ones are red and striped. "
        f"{counts.questions / days:.0f} a day on average; most on {most.day:%d %B}, {number}."
    )


def _top(pages: list[tuple[str, int]]) -> str:
    title, number = pages[0]
    return f"Pages that were quoted most. First is {_plain(title)}, {number} times."


def _busiest(counts: Counts) -> str:
    hours = Counter({hour: sum(day[hour] for day in counts.hours) for hour in range(24)})
    (hour, number), *_ = hours.most_common(1)
    return f"Questions by the hour of the day (UTC). The busiest begins at {hour:02}:00, with {number} questions."


def _plain(title: str) -> str:
    """Take out what would mean something in Markdown."""
    return "".join(one for one in title if one.isalnum() or one in " .,'-")
