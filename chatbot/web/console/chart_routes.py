"""The routes of the console's charts and of its spreadsheets, which are made anew for each request."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, HTTPException, Request, Response
from starlette.concurrency import run_in_threadpool

from chatbot.evaluation.charts import MIDDLE, NARROW, WIDE, bars, columns, lines
from chatbot.journal import Counts, csv_lines
from chatbot.records import Outcome
from chatbot.staff import unanswered_questions
from chatbot.web.console.services import ConsoleServices

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chatbot.bot import Chatbot

__all__ = ["DAYS_OF_WEEK", "chart", "chart_routes", "cited_pages", "day_chart", "since"]

DAYS_OF_WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PERIODS: Final = {"7": 7, "30": 30, "90": 90}
_PAGES_SHOWN: Final = 8
_REPORTS_SHOWN: Final = 30
_KINDS: Final = {
    "answered": (Outcome.ANSWERED,),
    "closest shown": (Outcome.RELATED,),
    "not found": (Outcome.NOT_FOUND,),
    "reply": (Outcome.REPLY,),
    "urgent": (Outcome.URGENT,),
}
_COLUMNS: Final = (
    "question", "wording", "times", "times of the question", "before", "first asked", "last asked", "outcomes",
    "nearest page", "handled",
)  # fmt: skip
_APPROVED_COLUMNS: Final = (
    "question", "after", "answered by our pages", "page", "headings", "passage", "approved by", "approved on",
    "to review",
)  # fmt: skip


def since(days: int) -> datetime:
    """Return the first moment of a period that ends now; it is a midnight, so that whole days are compared."""
    return (datetime.now(tz=UTC) - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)


def chart(name: str, text: str, *, days: int = 30, stamp: str) -> str:
    """Return the Markdown of a chart for a screen and for a phone, and its text, which must hold no markup."""
    address = f"charts/{name}.svg?days={days}&at={stamp}"
    return f"![{text}]({address})\n\n![{text}]({address}&narrow=1)\n\n{text}"


def cited_pages(bot: "Chatbot", counts: Counts) -> list[tuple[str, int]]:
    """Return the titles of the pages that were quoted most, with how often."""
    titles = {document.id: document.title for document in bot.documents()}
    times: Counter[str] = Counter()
    for passage, number in counts.cited:
        times[passage.document] += number
    return [(titles.get(page, f"{page} (withdrawn)"), number) for page, number in times.most_common(_PAGES_SHOWN)]


def chart_routes(services: ConsoleServices) -> APIRouter:
    """Return the routes of the charts and of the spreadsheets; they answer only those who signed in."""
    charts: Mapping[str, Callable[[int, bool], str]] = {
        "days": lambda days, narrow: day_chart(
            _counts(services, days), since(days).date(), days, NARROW if narrow else WIDE
        ),
        "pages": lambda days, narrow: _page_chart(services, days, NARROW if narrow else MIDDLE),
        "hours": lambda days, narrow: _hour_chart(_counts(services, days), NARROW if narrow else MIDDLE),
        "checks": lambda _, narrow: _check_chart(services, NARROW if narrow else WIDE),
    }
    router = APIRouter()

    @router.get("/charts/{name}.svg")
    async def svg(request: Request, name: str) -> Response:
        draw = charts.get(name)
        if draw is None:
            raise HTTPException(404)
        days = _PERIODS.get(request.query_params.get("days", ""), 30)
        narrow = "narrow" in request.query_params
        return Response(await run_in_threadpool(draw, days, narrow), media_type="image/svg+xml")

    @router.get("/unanswered-questions.csv")
    @router.get("/questions-in-vain.csv")  # the former address, which may be bookmarked
    async def spreadsheet(request: Request) -> Response:
        query = request.query_params
        days, handled = _PERIODS.get(query.get("days", ""), 30), query.get("handled") == "1"
        text = await run_in_threadpool(_spreadsheet, services, days, query.get("language", ""), handled)
        return _csv(text, "unanswered-questions")

    @router.get("/approved-questions.csv")
    async def approved(_request: Request) -> Response:
        return _csv(await run_in_threadpool(_approved_spreadsheet, services), "approved-questions")

    return router


def _csv(text: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}-{datetime.now(tz=UTC).date()}.csv"'
    return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


def _counts(services: ConsoleServices, days: int) -> Counts:
    return services.journal.counts(since(days)) if services.journal else Counts((), (), (), ())


def day_chart(counts: Counts, first: date, days: int, width: float) -> str:
    """Return an SVG of the questions a day, from the first day on, by how they were answered."""
    outcomes = {day.day: day.outcomes for day in counts.days}
    dates = [first + timedelta(days=number) for number in range(days)]
    stacks = {
        name: [sum(outcomes.get(date, {}).get(kind, 0) for kind in kinds) for date in dates]
        for name, kinds in _KINDS.items()
    }
    return columns([f"{date.day} {date:%b}" for date in dates], stacks, width=width, alarm="urgent")


def _page_chart(services: ConsoleServices, days: int, width: float) -> str:
    pages = cited_pages(services.bot, _counts(services, days))
    return bars([title for title, _ in pages], [number for _, number in pages], width=width)


def _hour_chart(counts: Counts, width: float) -> str:
    questions = [sum(day[hour] for day in counts.hours) for hour in range(24)]
    return columns([f"{hour:02}" for hour in range(24)], {"questions": questions}, width=width)


def _check_chart(services: ConsoleServices, width: float) -> str:
    reports = services.reports.all()[-_REPORTS_SHOWN:]
    share = [100 * report.right / len(report.verdicts) if report.verdicts else None for report in reports]
    return lines(
        [f"{report.taken.day} {report.taken:%b}" for report in reports],
        {"answered correctly": share},
        "% of golden questions",
        width=width,
    )


def _spreadsheet(services: ConsoleServices, days: int, language: str, handled: bool) -> str:
    """Return the unanswered questions as CSV, a line a wording, so that nothing that was asked is left out."""
    if services.journal is None:
        return "".join(csv_lines(_COLUMNS, ()))
    questions = unanswered_questions(
        services.journal, services.question_embeddings, days, language=language, handled=handled
    )
    rows = [
        (
            row.question, wording.text, wording.count, row.count, row.before if questions.compared else None,
            f"{row.first:%Y-%m-%d}", f"{wording.last:%Y-%m-%d}", " ".join(wording.outcomes), row.nearest.title,
            "yes" if row.handled else "no",
        )
        for row in questions.rows
        for wording in row.wordings
    ]  # fmt: skip
    return "".join(csv_lines(_COLUMNS, rows))


def _approved_spreadsheet(services: ConsoleServices) -> str:
    """Return the approved questions as CSV, newest first."""
    rows = [
        (
            approval.approved.question, " / ".join(approval.approved.history),
            "yes" if approval.approved.is_answered else "no", approval.approved.document,
            " / ".join(approval.approved.headings), approval.approved.text, approval.account,
            f"{approval.made:%Y-%m-%d}", "yes" if approval.lapsed else "no",
        )
        for approval in services.approved_questions.all()
    ]  # fmt: skip
    return "".join(csv_lines(_APPROVED_COLUMNS, rows))
