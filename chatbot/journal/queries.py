"""What is read out of the journal's tables."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, true

from chatbot.journal.schema import citations, questions
from chatbot.records import Level, Outcome

__all__ = [
    "BUCKET_SECONDS",
    "Counts",
    "DailyCounts",
    "LoggedQuestion",
    "PassageRef",
    "QuestionFilter",
    "read_asked",
    "read_counts",
]


@dataclass(frozen=True, slots=True)
class PassageRef:
    """The place of a passage: its document's id, and where it starts and ends in the document's text."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LoggedQuestion:
    """A question as it is kept, in UTC.

    After the retention, `text`, `comment` and `answer_id` are gone and `asked` is the quarter of an hour. `helpful` is
    None until the visitor says so, `handled` until the staff does.

    Of an urgent answer, `level` and `rule` are its alarm's, `shown` is the fixed wording that the visitor read, and
    `judged` tells whether it was an emergency, None until the staff says so. Before these were kept, all are None.
    """

    id: int
    answer_id: str | None
    asked: datetime
    text: str | None
    outcome: Outcome
    passages: tuple[PassageRef, ...]
    helpful: bool | None
    comment: str | None
    language: str
    milliseconds: int
    handled: datetime | None
    level: Level | None
    rule: str | None
    shown: str | None
    judged: bool | None


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """What was asked in a day: how many questions had each outcome, and how many were said to be helpful or not."""

    day: date
    outcomes: Mapping[Outcome, int]
    helpful: int
    unhelpful: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What was asked in a time: the days that had questions, in order; questions of each hour of each weekday, Monday
    first; how often each passage was cited and each language was guessed, most first.
    """  # noqa: D205 -- one sentence, and long

    days: tuple[DailyCounts, ...]
    hours: tuple[tuple[int, ...], ...]
    cited: tuple[tuple[PassageRef, int], ...]
    languages: tuple[tuple[str, int], ...]

    @property
    def questions(self) -> int:
        """Give the number of questions."""
        return sum(sum(day.outcomes.values()) for day in self.days)

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """Give the number of questions of each outcome."""
        return {outcome: sum(day.outcomes.get(outcome, 0) for day in self.days) for outcome in Outcome}

    @property
    def helpful(self) -> float | None:
        """Give the share of helpful answers among those that somebody judged; None while nobody did."""
        helpful = sum(day.helpful for day in self.days)
        judged = helpful + sum(day.unhelpful for day in self.days)
        return helpful / judged if judged else None


BUCKET_SECONDS: Final = 900
"""Seconds of the stretch in which questions are counted: no time zone is shifted by a part of a quarter of an hour."""

_UNANSWERED: Final = (Outcome.NOT_FOUND.value, Outcome.RELATED.value)


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """Which questions are wanted, as `Journal.asked` has it."""

    since: datetime | None
    until: datetime | None
    unanswered: bool
    urgent: bool
    handled: bool | None
    limit: int | None
    passages: bool


def read_asked(connection: Connection, wanted: QuestionFilter) -> tuple[LoggedQuestion, ...]:
    """Give the questions that are wanted, newest first."""
    rows = select(questions).where(_within(wanted.since, wanted.until))
    if wanted.unanswered:
        failed = or_(questions.c.outcome.in_(_UNANSWERED), questions.c.helpful.is_(False))
        rows = rows.where(failed, questions.c.text.is_not(None))
    if wanted.urgent:
        rows = rows.where(questions.c.outcome == Outcome.URGENT.value)
    if wanted.handled is not None:
        rows = rows.where(questions.c.handled.is_not(None) if wanted.handled else questions.c.handled.is_(None))
    rows = rows.order_by(questions.c.asked.desc(), questions.c.id.desc()).limit(wanted.limit)
    places = _places(connection, rows) if wanted.passages else {}
    return tuple(
        LoggedQuestion(
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


def _places(connection: Connection, wanted: Select[tuple[object, ...]]) -> dict[int, list[PassageRef]]:
    found = wanted.with_only_columns(questions.c.id).subquery()
    rows = connection.execute(
        select(citations).join(found, citations.c.question == found.c.id).order_by(citations.c.place)
    )
    places: defaultdict[int, list[PassageRef]] = defaultdict(list)
    for row in rows:
        places[row.question].append(PassageRef(row.document, row.starts, row.ends))
    return places


def read_counts(connection: Connection, since: datetime | None, until: datetime | None, zone: tzinfo) -> Counts:
    """Count the questions of a time, by the days and hours of a time zone."""
    within = _within(since, until)
    slot = questions.c.asked // BUCKET_SECONDS
    kinds = (slot.label("slot"), questions.c.outcome, questions.c.helpful)
    rows = connection.execute(select(*kinds, func.count().label("number")).where(within).group_by(*kinds))
    outcomes: defaultdict[date, Counter[Outcome]] = defaultdict(Counter)
    judged: defaultdict[date, Counter[bool]] = defaultdict(Counter)
    hours = [[0] * 24 for _ in range(7)]
    for row in rows:
        moment = _moment(row.slot * BUCKET_SECONDS).astimezone(zone)
        outcomes[moment.date()][Outcome(row.outcome)] += row.number
        if row.helpful is not None:
            judged[moment.date()][row.helpful] += row.number
        hours[moment.weekday()][moment.hour] += row.number
    return Counts(
        days=tuple(
            DailyCounts(day, dict(outcomes[day]), judged[day][True], judged[day][False]) for day in sorted(outcomes)
        ),
        hours=tuple(map(tuple, hours)),
        cited=_cited(connection, within),
        languages=_languages(connection, within),
    )


def _cited(connection: Connection, within: ColumnElement[bool]) -> tuple[tuple[PassageRef, int], ...]:
    place = (citations.c.document, citations.c.starts, citations.c.ends)
    number = func.count()
    rows = connection.execute(
        select(*place, number)
        .join(questions, questions.c.id == citations.c.question)
        .where(within)
        .group_by(*place)
        .order_by(number.desc(), *place)
    )
    return tuple((PassageRef(document, start, end), number) for document, start, end, number in rows)


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
