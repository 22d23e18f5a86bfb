"""What is read out of the journal's tables."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, true

from chatbot.journal.entries import Asked, Counts, Day, Reference
from chatbot.journal.schema import citations, questions
from chatbot.records import Level, Outcome

__all__ = ["SLOT", "Wanted", "read_asked", "read_counts"]

SLOT: Final = 900
"""Seconds of the stretch in which questions are counted: no time zone is shifted by a part of a quarter of an hour."""

_IN_VAIN: Final = (Outcome.NOT_FOUND.value, Outcome.RELATED.value)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions are wanted, as `Journal.asked` has it."""

    since: datetime | None
    until: datetime | None
    in_vain: bool
    urgent: bool
    handled: bool | None
    limit: int | None
    passages: bool


def read_asked(connection: Connection, wanted: Wanted) -> tuple[Asked, ...]:
    """Give the questions that are wanted, newest first."""
    rows = select(questions).where(_within(wanted.since, wanted.until))
    if wanted.in_vain:
        failed = or_(questions.c.outcome.in_(_IN_VAIN), questions.c.helpful.is_(False))
        rows = rows.where(failed, questions.c.text.is_not(None))
    if wanted.urgent:
        rows = rows.where(questions.c.outcome == Outcome.URGENT.value)
    if wanted.handled is not None:
        rows = rows.where(questions.c.handled.is_not(None) if wanted.handled else questions.c.handled.is_(None))
    rows = rows.order_by(questions.c.asked.desc(), questions.c.id.desc()).limit(wanted.limit)
    places = _places(connection, rows) if wanted.passages else {}
    return tuple(
        Asked(
            id=row.id,
            answer_id=row.answer_id,
            asked=_moment(row.asked),
            text=row.text,
            outcome=Outcome(row.outcome),
            passages=tuple(places.get(row.id, ())),
            helpful=row.helpful,
            comment=row.comment,
            language=row.language,
            milliseconds=row.milliseconds,
            handled=None if row.handled is None else _moment(row.handled),
            level=None if row.level is None else Level(row.level),
            rule=row.rule,
            shown=row.shown,
            judged=row.judged,
        )
        for row in connection.execute(rows)
    )


def _places(connection: Connection, wanted: Select[tuple[object, ...]]) -> dict[int, list[Reference]]:
    found = wanted.with_only_columns(questions.c.id).subquery()
    rows = connection.execute(
        select(citations).join(found, citations.c.question == found.c.id).order_by(citations.c.place)
    )
    places: defaultdict[int, list[Reference]] = defaultdict(list)
    for row in rows:
        places[row.question].append(Reference(row.document, row.starts, row.ends))
    return places


def read_counts(connection: Connection, since: datetime | None, until: datetime | None, zone: tzinfo) -> Counts:
    """Count the questions of a time, by the days and hours of a time zone."""
    within = _within(since, until)
    slot = questions.c.asked // SLOT
    kinds = (slot.label("slot"), questions.c.outcome, questions.c.helpful)
    rows = connection.execute(select(*kinds, func.count().label("number")).where(within).group_by(*kinds))
    outcomes: defaultdict[date, Counter[Outcome]] = defaultdict(Counter)
    judged: defaultdict[date, Counter[bool]] = defaultdict(Counter)
    hours = [[0] * 24 for _ in range(7)]
    for row in rows:
        moment = _moment(row.slot * SLOT).astimezone(zone)
        outcomes[moment.date()][Outcome(row.outcome)] += row.number
        if row.helpful is not None:
            judged[moment.date()][row.helpful] += row.number
        hours[moment.weekday()][moment.hour] += row.number
    return Counts(
        days=tuple(Day(day, dict(outcomes[day]), judged[day][True], judged[day][False]) for day in sorted(outcomes)),
        hours=tuple(map(tuple, hours)),
        cited=_cited(connection, within),
        languages=_languages(connection, within),
    )


def _cited(connection: Connection, within: ColumnElement[bool]) -> tuple[tuple[Reference, int], ...]:
    place = (citations.c.document, citations.c.starts, citations.c.ends)
    number = func.count()
    rows = connection.execute(
        select(*place, number)
        .join(questions, questions.c.id == citations.c.question)
        .where(within)
        .group_by(*place)
        .order_by(number.desc(), *place)
    )
    return tuple((Reference(document, start, end), number) for document, start, end, number in rows)


def _languages(connection: Connection, within: ColumnElement[bool]) -> tuple[tuple[str, int], ...]:
    number = func.count()
    rows = connection.execute(
        select(questions.c.language, number)
        .where(within)
        .group_by(questions.c.language)
        .order_by(number.desc(), questions.c.language)
    )
    return tuple((language, number) for language, number in rows)


def _within(since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    after = true() if since is None else questions.c.asked >= int(since.timestamp())
    return after & (true() if until is None else questions.c.asked < int(until.timestamp()))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
