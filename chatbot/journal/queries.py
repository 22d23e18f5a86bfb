"""Reading the journal: logged questions, and counts of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select, true

from chatbot.journal.schema import citations, questions
from chatbot.records import Level, Outcome
from chatbot.triage import Wording

__all__ = [
    "BUCKET_SECONDS",
    "Counts",
    "DailyCounts",
    "LoggedQuestion",
    "PassageRef",
    "QuestionFilter",
    "count_confirmed",
    "read_counts",
    "select_questions",
]

BUCKET_SECONDS: Final = 900
"""Seconds of a bucket of counts: every time zone's offset is a multiple of a quarter of an hour."""

_UNANSWERED: Final = (Outcome.NOT_FOUND.value, Outcome.RELATED.value)


@dataclass(frozen=True, slots=True)
class PassageRef:
    """A reference to a passage: its document's id, and its start and end in the document's text, in code points."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class LoggedQuestion:
    """A question as the journal holds it; times are in UTC.

    After the retention, `text`, `comment` and `answer_id` are None and `asked` is rounded down to a quarter of an hour.
    `helpful` is None until the visitor gives feedback, `handled` until staff mark the question.

    Of an urgent answer, `level` and `rule` are its alarm's and `shown` is the wording that the visitor read. `judged`
    says whether it was an emergency, None until staff say so. All four are None in entries of older releases, and so is
    `confirmed`, which says that an approved question gave the answer. `unanswered` says that our pages did not answer
    it, or not helpfully.
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
    confirmed: bool | None
    unanswered: bool


@dataclass(frozen=True, slots=True)
class DailyCounts:
    """Counts of a day: questions by outcome, and how many answers visitors called helpful or unhelpful."""

    day: date
    outcomes: Mapping[Outcome, int]
    helpful: int
    unhelpful: int


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a period.

    `days` are those with questions, in order. `hours` has a row for each weekday, Monday first, and a column for each
    hour. `cited` and `languages` say how often a passage was cited and a language was guessed, most frequent first.
    """

    days: tuple[DailyCounts, ...]
    hours: tuple[tuple[int, ...], ...]
    cited: tuple[tuple[PassageRef, int], ...]
    languages: tuple[tuple[str, int], ...]

    @property
    def questions(self) -> int:
        """The number of questions."""
        return sum(sum(day.outcomes.values()) for day in self.days)

    @property
    def outcomes(self) -> dict[Outcome, int]:
        """The number of questions of each outcome."""
        return {outcome: sum(day.outcomes.get(outcome, 0) for day in self.days) for outcome in Outcome}

    @property
    def answered(self) -> float | None:
        """The share that the pages answered, of the questions that no fixed reply answers; None without any."""
        outcomes = self.outcomes
        number = sum(outcomes.values()) - outcomes[Outcome.REPLY]
        return outcomes[Outcome.ANSWERED] / number if number else None

    @property
    def helpful(self) -> float | None:
        """The share of helpful answers among those with feedback; None without any."""
        helpful = sum(day.helpful for day in self.days)
        rated = helpful + sum(day.unhelpful for day in self.days)
        return helpful / rated if rated else None


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """The arguments of `Journal.asked`."""

    since: datetime | None
    until: datetime | None
    unanswered: bool
    urgent: bool
    handled: bool | None
    limit: int | None
    passages: bool


def select_questions(connection: Connection, criteria: QuestionFilter) -> tuple[LoggedQuestion, ...]:
    """Return the questions that pass a filter, newest first."""
    failed = _failed()
    rows = select(questions, failed.label("unanswered")).where(_within(criteria.since, criteria.until))
    if criteria.unanswered:
        rows = rows.where(failed, questions.c.text.is_not(None))
    if criteria.urgent:
        rows = rows.where(questions.c.outcome == Outcome.URGENT.value)
    if criteria.handled is not None:
        rows = rows.where(questions.c.handled.is_not(None) if criteria.handled else questions.c.handled.is_(None))
    rows = rows.order_by(questions.c.asked.desc(), questions.c.id.desc()).limit(criteria.limit)
    passages = _passages(connection, rows) if criteria.passages else {}
    found = connection.execute(rows).all()
    if any(isinstance(value, bytes) for row in found for value in row):
        raise TypeError("a damaged SQLite database has bytes in place of text")
    return tuple(
        LoggedQuestion(
            id=row.id,
            answer_id=row.answer_id,
            asked=_moment(row.asked),
            text=row.text,
            outcome=Outcome(row.outcome),
            passages=tuple(passages.get(row.id, ())),
            helpful=row.helpful,
            comment=row.comment,
            language=row.language,
            milliseconds=row.milliseconds,
            handled=None if row.handled is None else _moment(row.handled),
            level=None if row.level is None else Level(row.level),
            rule=row.rule,
            shown=row.shown,
            judged=row.judged,
            confirmed=row.confirmed,
            unanswered=bool(row.unanswered),
        )
        for row in found
    )


def _failed() -> ColumnElement[bool]:
    """Return the condition that our pages did not answer a question, or not helpfully.

    The text of the button below an alarm is no question, whatever was answered after it.
    """
    words = func.coalesce(questions.c.text, "")
    failed = or_(questions.c.outcome.in_(_UNANSWERED), questions.c.helpful.is_(False))
    return failed & words.not_in(sorted(Wording.dismissals()))


def _passages(connection: Connection, selected: Select[tuple[object, ...]]) -> dict[int, list[PassageRef]]:
    ids = selected.with_only_columns(questions.c.id).subquery()
    rows = connection.execute(select(citations).join(ids, citations.c.question == ids.c.id).order_by(citations.c.place))
    passages: defaultdict[int, list[PassageRef]] = defaultdict(list)
    for row in rows:
        passages[row.question].append(PassageRef(row.document, row.starts, row.ends))
    return passages


def read_counts(connection: Connection, since: datetime | None, until: datetime | None, zone: tzinfo) -> Counts:
    """Count the questions from `since` to just before `until`, by the days and hours of a time zone."""
    within = _within(since, until)
    bucket = questions.c.asked // BUCKET_SECONDS
    columns = (bucket.label("bucket"), questions.c.outcome, questions.c.helpful)
    rows = connection.execute(select(*columns, func.count().label("number")).where(within).group_by(*columns))
    outcomes: defaultdict[date, Counter[Outcome]] = defaultdict(Counter)
    feedback: defaultdict[date, Counter[bool]] = defaultdict(Counter)
    hours = [[0] * 24 for _ in range(7)]
    for row in rows:
        moment = _moment(row.bucket * BUCKET_SECONDS).astimezone(zone)
        outcomes[moment.date()][Outcome(row.outcome)] += row.number
        if row.helpful is not None:
            feedback[moment.date()][row.helpful] += row.number
        hours[moment.weekday()][moment.hour] += row.number
    return Counts(
        days=tuple(
            DailyCounts(day, dict(outcomes[day]), feedback[day][True], feedback[day][False]) for day in sorted(outcomes)
        ),
        hours=tuple(map(tuple, hours)),
        cited=_cited(connection, within),
        languages=_languages(connection, within),
    )


def _cited(connection: Connection, within: ColumnElement[bool]) -> tuple[tuple[PassageRef, int], ...]:
    passage = (citations.c.document, citations.c.starts, citations.c.ends)
    number = func.count()
    rows = connection.execute(
        select(*passage, number)
        .join(questions, questions.c.id == citations.c.question)
        .where(within)
        .group_by(*passage)
        .order_by(number.desc(), *passage)
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


def count_confirmed(
    connection: Connection, since: datetime, until: datetime | None, is_approved: Callable[[str], bool]
) -> int:
    """Count the questions of a period that an approved question answered, or whose text is approved by now."""
    number = func.count().label("number")
    within = _within(since, until)
    confirmed = connection.scalar(select(number).where(within, questions.c.confirmed.is_(True))) or 0
    others = select(questions.c.text, number).where(
        within, questions.c.confirmed.is_not(True), questions.c.text.is_not(None)
    )
    rows = connection.execute(others.group_by(questions.c.text))
    return int(confirmed) + sum(int(row.number) for row in rows if is_approved(row.text))


def _within(since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    start = true() if since is None else questions.c.asked >= int(since.timestamp())
    return start & (true() if until is None else questions.c.asked < int(until.timestamp()))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
