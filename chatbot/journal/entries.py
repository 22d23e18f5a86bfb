"""What the journal tells: questions as they are kept, and counts of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chatbot.records import Level, Outcome

__all__ = ["Asked", "Counts", "Day", "Reference"]


@dataclass(frozen=True, slots=True)
class Reference:
    """The place of a passage: its document's id, and where it starts and ends in the document's text."""

    document: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Asked:
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
    passages: tuple[Reference, ...]
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
class Day:
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

    days: tuple[Day, ...]
    hours: tuple[tuple[int, ...], ...]
    cited: tuple[tuple[Reference, int], ...]
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
