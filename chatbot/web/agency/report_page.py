"""The monthly report of a site as one HTML file, which loads nothing and prints well."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from chatbot.evaluation.charts import WIDE
from chatbot.operation.monthly_report import MonthlyReport
from chatbot.records import Level, Outcome
from chatbot.sites import Agency
from chatbot.times import date_text
from chatbot.web.console.chart_routes import day_chart
from chatbot.web.http.assets import fill_page, palette, static_text
from chatbot.web.http.markup import Html

__all__ = ["report_page"]

_PAGES = 10  # rows of a table of pages
_LEVELS = {Level.EMERGENCY: "an emergency", Level.TODAY: "to be seen today", Level.CRISIS: "a crisis"}


def report_page(report: MonthlyReport, clinic: str, agency: Agency, now: datetime) -> str:
    """Return the file of a report, under the name and the colour of an agency."""
    style = f":root {{ --accent: {palette(agency.accent).light}; }}\n{static_text('report.css')}"
    return fill_page(
        "report.html",
        clinic=clinic,
        month=report.month,
        agency=agency.name,
        contact=agency.contact,
        style=Html(style),  # noqa: S704 -- a file of the project, and a colour that was read as one
        body=Html("\n").join(_parts(report)),
        made=f"Made on {date_text(now)} with Footnote. Days and months are in UTC.",
    )


def _parts(report: MonthlyReport) -> Iterator[Html]:
    counts = report.counts
    if not counts.questions:
        yield Html("<p>Nobody asked anything in this month.</p>")
    else:
        yield _figures(report)
        yield Html("<h2>Questions a day</h2>") + _chart(report)
        yield from _unanswered(report)
        yield from _urgent(report)
        if report.quoted:
            yield Html("<h2>Pages that answered most</h2>") + _rows(("Page", "Times quoted"), report.quoted[:_PAGES])
    yield from _freshness(report)


def _figures(report: MonthlyReport) -> Html:
    counts = report.counts
    asked = counts.questions
    urgent, before = counts.outcomes[Outcome.URGENT], _percent(report.before.answered)
    figures = (
        ("Questions", f"{asked:,}", f"{report.before.questions:,} in the month before"),
        ("Answered by your pages", _percent(counts.answered), f"{before} in the month before"),
        ("Confirmed by your staff", _percent(report.confirmed / asked), f"{report.confirmed:,} questions"),
        ("Not answered", f"{counts.outcomes[Outcome.NOT_FOUND]:,}", f"{counts.outcomes[Outcome.RELATED]:,} in part"),
        ("Answers called helpful", _percent(counts.helpful), "of those that visitors judged"),
        ("Sounded urgent", f"{urgent:,}", f"{report.urgent.judged} judged by staff"),
    )
    cards = Html().join(
        Html('<div{}><dt>{}</dt><dd>{}<div class="note">{}</div></dd></div>').format(
            Html(' class="urgent"') if title == "Sounded urgent" and urgent else "", title, figure, note
        )
        for title, figure, note in figures
    )
    return Html('<dl class="figures">{}</dl>').format(cards)


def _percent(share: float | None) -> str:
    return "none" if share is None else f"{share:.0%}"


def _chart(report: MonthlyReport) -> Html:
    drawn = day_chart(report.counts, report.month.first, report.month.days, WIDE)
    svg = Html(drawn[drawn.index("<svg") :])  # noqa: S704 -- drawn here, of numbers and dates
    text = "; ".join(
        f"{day.day.day} {day.day:%B}: {sum(day.outcomes.values())}"
        for day in report.counts.days
        if any(day.outcomes.values())
    )
    return Html('<div class="wide" role="img" aria-label="Questions a day. {}">{}</div>').format(text, svg)


def _unanswered(report: MonthlyReport) -> Iterator[Html]:
    yield Html("<h2>What your pages did not answer</h2>")
    if report.words_since > report.month.first:
        yield Html("<p>The words of questions before {} are erased already, so this list begins there.</p>").format(
            date_text(report.words_since)
        )
    rows = [(row.question, row.count, row.nearest.title) for row in report.unanswered]
    if not rows:
        yield Html("<p>There is none.</p>")
        return
    yield _rows(("Question", "Times asked", "The page that an answer may belong on"), rows)
    if more := report.unanswered_rows - len(rows):
        yield Html("<p>And {} more, which were asked less often.</p>").format(more)


def _urgent(report: MonthlyReport) -> Iterator[Html]:
    urgent = report.urgent
    if not urgent.rows:
        return
    kinds = [f"{urgent.by_level[level]} like {text}" for level, text in _LEVELS.items() if urgent.by_level.get(level)]
    yield Html("<h2>Urgent messages</h2>")
    yield Html(
        "<p>{} messages sounded urgent ({}). Staff judged {} of them, and found {} to be no emergency.</p>"
    ).format(len(urgent.rows), ", ".join(kinds) or "of an older release", urgent.judged, urgent.false_alarms)


def _freshness(report: MonthlyReport) -> Iterator[Html]:
    """Yield how many of the pages nobody looked at for long, and which."""
    yield Html("<h2>How fresh your pages are</h2>")
    if not report.due:
        yield Html("<p>None of the {} pages is due for a review.</p>").format(report.pages)
        return
    yield Html("<p>{} of the {} pages are due for a review.</p>").format(len(report.due), report.pages)
    rows = [
        (document.title, date_text(document.reviewed) if document.reviewed else "never")
        for document in report.due[:_PAGES]
    ]
    yield _rows(("Page", "Last reviewed"), rows)


def _rows(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Html:
    head = Html().join(Html('<th scope="col">{}</th>').format(title) for title in titles)
    body = Html().join(Html("<tr>{}</tr>").format(Html().join(map(_cell, row))) for row in rows)
    return Html('<div class="wide"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>').format(head, body)


def _cell(value: object) -> Html:
    return Html("<td{}>{}</td>").format(Html(' class="number"') if isinstance(value, int) else "", value)
