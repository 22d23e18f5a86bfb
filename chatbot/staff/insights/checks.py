"""Dated reports on the golden questions, and what changed from one to the next."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from chatbot.bot import Chatbot
from chatbot.errors import CheckFailed
from chatbot.evaluation import Expect, GoldenQuestion, Judged, current_name, evaluate
from chatbot.records import Outcome
from chatbot.staff.insights.private_file import write_private

__all__ = [
    "CheckReport",
    "CheckReports",
    "Differences",
    "Verdict",
    "check_report_text",
    "differences",
    "raise_on_regression",
]

_NAME: Final = "%Y-%m-%dT%H%M%S.%fZ"
_KEPT: Final = 200  # reports


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one golden question: the outcome, and the place of the first right passage, 0 for none."""

    id: str
    question: str
    expect: Expect
    outcome: str
    rank: int
    shown: bool
    judged: bool

    @classmethod
    def of(cls, judged: Judged) -> Self:
        """Take over what became of a question that was asked just now."""
        one = judged.question
        return cls(one.id, one.question, one.expect, judged.outcome, judged.rank, judged.shown, bool(one.gold))

    @property
    def outcome_text(self) -> str:
        """The outcome in words."""
        other = self.judged and self.outcome == Outcome.ANSWERED and not self.shown
        return self.outcome.replace("_", " ") + ", by another passage" * other

    @property
    def right(self) -> bool:
        """Tell whether a visitor would have been served rightly."""
        match self.expect:
            case Expect.ANSWER:
                return self.outcome == Outcome.ANSWERED and (self.shown or not self.judged)
            case Expect.ABSTAIN:
                return self.outcome != Outcome.ANSWERED
            case Expect.ESCALATE:
                return self.outcome == Outcome.URGENT
            case Expect.SMALLTALK:
                return self.outcome == Outcome.REPLY
            case _:  # answering and refusing are both right, an alarm is neither
                return self.outcome != Outcome.URGENT


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A report: when it was taken, on which build, its figures by name, and each question's verdict."""

    taken: datetime
    build: str
    figures: Mapping[str, float | None]
    verdicts: tuple[Verdict, ...]

    @classmethod
    def of(cls, told: Mapping[str, object]) -> Self:
        """Read what `CheckReports.run` wrote; raises `ValueError`, `KeyError` or `TypeError` for anything else."""
        questions, figures = told["questions"], told["figures"]
        if not (isinstance(questions, list) and isinstance(figures, dict)):
            raise TypeError(type(questions))
        verdicts = tuple(
            Verdict(
                str(one["id"]),
                str(one["question"]),
                Expect(one["expect"]),
                str(one["outcome"]),
                int(one["rank"]),
                bool(one["shown"]),
                bool(one["judged"]),
            )
            for one in questions
        )
        figures = {current_name(name): value for name, value in figures.items()}  # release 0.1 had other names
        return cls(datetime.fromisoformat(str(told["taken"])), str(told["build"]), figures, verdicts)

    @property
    def right(self) -> int:
        """Count the questions that were served rightly."""
        return sum(one.right for one in self.verdicts)


@dataclass(frozen=True, slots=True)
class Differences:
    """What changed between two reports; `worse` and `better` are as they are now."""

    worse: tuple[Verdict, ...]
    better: tuple[Verdict, ...]
    added: int
    gone: int


def differences(before: CheckReport, after: CheckReport) -> Differences:
    """Tell which questions turned from right to wrong, and from wrong to right."""
    then = {one.id: one for one in before.verdicts}
    both = [(then[one.id], one) for one in after.verdicts if one.id in then]
    return Differences(
        worse=tuple(now for was, now in both if was.right and not now.right),
        better=tuple(now for was, now in both if now.right and not was.right),
        added=len(after.verdicts) - len(both),
        gone=len(then) - len(both),
    )


def raise_on_regression(checked: CheckReport, before: CheckReport | None) -> None:
    """Raise `CheckFailed` if a question that was served rightly the last time is not any more."""
    worse = differences(before, checked).worse if before else ()
    if worse:
        named = "; ".join(f"{one.question!r} is {one.outcome}" for one in worse[:5])
        more = f" and {len(worse) - 5} more" if len(worse) > 5 else ""
        raise CheckFailed(f"Right the last time and wrong now: {named}{more}.")


def check_report_text(checked: CheckReport, before: CheckReport | None) -> str:
    """Give a report as text for a terminal, beside the one before."""
    told = [f"{checked.right} of {len(checked.verdicts)} golden questions are served rightly."]
    if before:
        change = differences(before, checked)
        told.append(f"On {before.taken:%d %B %Y, %H:%M} UTC it was {before.right} of {len(before.verdicts)}.")
        told += [f"  worse: {one.question} ({one.outcome})" for one in change.worse]
        told += [f"  better: {one.question} ({one.outcome})" for one in change.better]
    return "\n".join(told)


class CheckReports:
    """The reports below the staff's folder, a file each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "reports"

    def run(
        self,
        bot: Chatbot,
        questions: Sequence[GoldenQuestion],
        progress: Callable[[int, int], object] = lambda _done, _of: None,
    ) -> CheckReport:
        """Ask the questions, one or more, and keep the report; raises `StaffError` if it cannot be kept."""
        told = evaluate(bot, questions, progress).as_dict()
        judged = {one.id for one in questions if one.gold}
        own = told["questions"]
        if isinstance(own, list):
            told["questions"] = [{**one, "judged": one["id"] in judged} for one in own]
        taken = datetime.now(tz=UTC)
        told |= {"taken": taken.isoformat(), "build": bot.build}
        write_private(self._folder / f"{taken.strftime(_NAME)}.json", json.dumps(told, ensure_ascii=False))
        return CheckReport.of(told)

    def all(self) -> tuple[CheckReport, ...]:
        """Give the reports, oldest first, leaving out what cannot be read."""
        read = (_read(path) for path in sorted(self._folder.glob("*.json"))[-_KEPT:])
        return tuple(one for one in read if one)

    def latest(self) -> CheckReport | None:
        """Give the latest report, None before the first."""
        return next(reversed(self.all()), None)


def _read(path: Path) -> CheckReport | None:
    try:
        return CheckReport.of(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None
