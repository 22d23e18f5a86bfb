"""The console's charts and its file for a spreadsheet, drawn when they are asked for and kept nowhere."""

from collections import Counter
from datetime import UTC, datetime, timedelta
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

__all__ = ["DAYS_OF_WEEK", "cited_pages", "drawing", "drawing_routes", "since"]

DAYS_OF_WEEK: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PERIODS: Final = {"7": 7, "30": 30, "90": 90}
_PAGES: Final = 8  # that are shown
_REPORTS: Final = 30
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


def since(days: int) -> datetime:
    """Give the first moment of a period that ends now: a midnight, so that whole days are compared."""
    return (datetime.now(tz=UTC) - timedelta(days=days - 1)).replace(hour=0, minute=0, second=0, microsecond=0)


def drawing(name: str, told: str, *, days: int = 30, stamp: str) -> str:
    """Give the Markdown of a chart, drawn for a screen and for a phone, and its text, which must be words of ours."""
    address = f"/staff/drawings/{name}.svg?days={days}&at={stamp}"
    return f"![{told}]({address})\n\n![{told}]({address}&narrow=1)\n\n{told}"


def cited_pages(bot: "Chatbot", counts: Counts) -> list[tuple[str, int]]:
    """Give the pages that were quoted most, by title, with how often."""
    titles = {document.id: document.title for document in bot.documents()}
    often: Counter[str] = Counter()
    for place, number in counts.cited:
        often[place.document] += number
    return [(titles.get(page, f"{page} (withdrawn)"), number) for page, number in often.most_common(_PAGES)]


def drawing_routes(services: ConsoleServices) -> APIRouter:
    """Give the routes of the charts and of the file; the guard lets those who signed in reach them."""
    draws: Mapping[str, Callable[[int, bool], str]] = {
        "days": lambda days, narrow: _days(_counts(services, days), days, NARROW if narrow else WIDE),
        "pages": lambda days, narrow: _pages(services, days, NARROW if narrow else MIDDLE),
        "hours": lambda days, narrow: _hours(_counts(services, days), NARROW if narrow else MIDDLE),
        "checks": lambda _, narrow: _checks(services, NARROW if narrow else WIDE),
    }
    router = APIRouter()

    @router.get("/drawings/{name}.svg")
    async def drawn(request: Request, name: str) -> Response:
        draw = draws.get(name)
        if draw is None:
            raise HTTPException(404)
        days = _PERIODS.get(request.query_params.get("days", ""), 30)
        narrow = "narrow" in request.query_params
        return Response(await run_in_threadpool(draw, days, narrow), media_type="image/svg+xml")

    @router.get("/questions-in-vain.csv")
    async def file(request: Request) -> Response:
        query = request.query_params
        days, handled = _PERIODS.get(query.get("days", ""), 30), query.get("handled") == "1"
        text = await run_in_threadpool(_file, services, days, query.get("language", ""), handled)
        name = f'attachment; filename="questions-in-vain-{datetime.now(tz=UTC).date()}.csv"'
        return Response(text, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})

    return router


def _counts(services: ConsoleServices, days: int) -> Counts:
    return services.journal.counts(since(days)) if services.journal else Counts((), (), (), ())


def _days(counts: Counts, days: int, width: float) -> str:
    told = {one.day: one.outcomes for one in counts.days}
    first = since(days).date()
    wanted = [first + timedelta(days=number) for number in range(days)]
    stacks = {
        name: [sum(told.get(day, {}).get(kind, 0) for kind in kinds) for day in wanted]
        for name, kinds in _KINDS.items()
    }
    return columns([f"{day.day} {day:%b}" for day in wanted], stacks, width=width, alarm="urgent")


def _pages(services: ConsoleServices, days: int, width: float) -> str:
    pages = cited_pages(services.bot, _counts(services, days))
    return bars([title for title, _ in pages], [number for _, number in pages], width=width)


def _hours(counts: Counts, width: float) -> str:
    asked = [sum(day[hour] for day in counts.hours) for hour in range(24)]
    return columns([f"{hour:02}" for hour in range(24)], {"questions": asked}, width=width)


def _checks(services: ConsoleServices, width: float) -> str:
    shown = services.reports.all()[-_REPORTS:]
    share = [100 * one.right / len(one.verdicts) if one.verdicts else None for one in shown]
    return lines(
        [f"{one.taken.day} {one.taken:%b}" for one in shown],
        {"served rightly": share},
        "% of golden questions",
        width=width,
    )


def _file(services: ConsoleServices, days: int, language: str, handled: bool) -> str:
    """Give a line a wording, so that nothing that was asked is left out."""
    if services.journal is None:
        return "".join(csv_lines(_COLUMNS, ()))
    found = unanswered_questions(
        services.journal, services.question_embeddings, days, language=language, handled=handled
    )
    rows = [
        (
            row.question, one.text, one.count, row.count, row.before if found.compared else None,
            f"{row.first:%Y-%m-%d}", f"{one.last:%Y-%m-%d}", " ".join(one.outcomes), row.nearest.title,
            "yes" if row.handled else "no",
        )
        for row in found.rows
        for one in row.wordings
    ]  # fmt: skip
    return "".join(csv_lines(_COLUMNS, rows))
