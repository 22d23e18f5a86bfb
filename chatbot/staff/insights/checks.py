"""Checks: dated reports on the golden questions, and the differences between two of them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from chatbot.bot import Chatbot
from chatbot.database import Database
from chatbot.errors import CheckFailed
from chatbot.evaluation import Expect, GoldenQuestion, Judged, current_name, evaluate
from chatbot.records import Outcome
from chatbot.staff.insights.private_texts import PrivateTexts
from chatbot.times import utc_text

__all__ = [
    "CheckReport",
    "CheckReports",
    "CheckResult",
    "Differences",
    "check_report_text",
    "differences",
    "raise_on_regression",
]

_FOLDER: Final = "reports"
_FILE_NAME: Final = "%Y-%m-%dT%H%M%S.%fZ"
_REPORTS_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one golden question.

    `rank` is the place of the first right passage, 0 for none; `shown` says whether a right passage was among the
    citations, and `judged` whether the question names right passages at all.
    """

    id: str
    question: str
    expect: Expect
    outcome: str
    rank: int
    shown: bool
    judged: bool

    @classmethod
    def of(cls, judged: Judged) -> Self:
        """Return the verdict on a question that an evaluation has judged."""
        golden = judged.question
        return cls(
            golden.id, golden.question, golden.expect, judged.outcome, judged.rank, judged.shown, bool(golden.gold)
        )

    @property
    def outcome_text(self) -> str:
        """The outcome in words, for staff."""
        other = self.judged and self.outcome == Outcome.ANSWERED and not self.shown
        return self.outcome.replace("_", " ") + ", by another passage" * other

    @property
    def right(self) -> bool:
        """Whether the answer was the expected one."""
        match self.expect:
            case Expect.ANSWER:
                return self.outcome == Outcome.ANSWERED and (self.shown or not self.judged)
            case Expect.ABSTAIN:
                return self.outcome != Outcome.ANSWERED
            case Expect.ESCALATE:
                return self.outcome == Outcome.URGENT
            case Expect.SMALLTALK:
                return self.outcome == Outcome.REPLY
            case _:  # answering and refusing are both right, an alarm is not
                return self.outcome != Outcome.URGENT


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A report: its time, the build of the index, the figures by name, and a verdict for each question."""

    taken: datetime
    build: str
    figures: Mapping[str, float | None]
    verdicts: tuple[CheckResult, ...]

    @classmethod
    def of(cls, fields: Mapping[str, object]) -> Self:
        """Read a report from its JSON object; raises `ValueError`, `KeyError` or `TypeError` for anything else."""
        questions, figures = fields["questions"], fields["figures"]
        if not (isinstance(questions, list) and isinstance(figures, dict)):
            raise TypeError(type(questions))
        verdicts = tuple(
            CheckResult(
                str(row["id"]),
                str(row["question"]),
                Expect(row["expect"]),
                str(row["outcome"]),
                int(row["rank"]),
                bool(row["shown"]),
                bool(row["judged"]),
            )
            for row in questions
        )
        figures = {current_name(name): value for name, value in figures.items()}  # older reports have former names
        return cls(datetime.fromisoformat(str(fields["taken"])), str(fields["build"]), figures, verdicts)

    @property
    def right(self) -> int:
        """The number of questions that were answered as expected."""
        return sum(verdict.right for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class Differences:
    """The differences between two reports; `worse` and `better` hold the later verdicts."""

    worse: tuple[CheckResult, ...]
    better: tuple[CheckResult, ...]
    added: int
    gone: int


def differences(before: CheckReport, after: CheckReport) -> Differences:
    """Return the questions that turned from right to wrong or from wrong to right, and how many came or went."""
    earlier = {verdict.id: verdict for verdict in before.verdicts}
    both = [(earlier[verdict.id], verdict) for verdict in after.verdicts if verdict.id in earlier]
    return Differences(
        worse=tuple(now for was, now in both if was.right and not now.right),
        better=tuple(now for was, now in both if now.right and not was.right),
        added=len(after.verdicts) - len(both),
        gone=len(earlier) - len(both),
    )


def raise_on_regression(report: CheckReport, before: CheckReport | None) -> None:
    """Raise `CheckFailed` if a question that was right in the report before is wrong now."""
    worse = differences(before, report).worse if before else ()
    if worse:
        names = "; ".join(f"{verdict.question!r} is {verdict.outcome}" for verdict in worse[:5])
        more = f" and {len(worse) - 5} more" if len(worse) > 5 else ""
        raise CheckFailed(f"Right the last time and wrong now: {names}{more}.")


def check_report_text(report: CheckReport, before: CheckReport | None) -> str:
    """Return a report as text for a terminal, with the changes since the one before."""
    lines = [f"{report.right} of {len(report.verdicts)} golden questions are answered correctly."]
    if before:
        change = differences(before, report)
        lines.append(f"On {utc_text(before.taken)} it was {before.right} of {len(before.verdicts)}.")
        lines += [f"  worse: {verdict.question} ({verdict.outcome})" for verdict in change.worse]
        lines += [f"  better: {verdict.question} ({verdict.outcome})" for verdict in change.better]
    return "\n".join(lines)


class CheckReports:
    """The reports in the staff's folder, one file each, or in their shared database."""

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        self._texts = PrivateTexts(folder, database)

    def run(
        self,
        bot: Chatbot,
        questions: Sequence[GoldenQuestion],
        progress: Callable[[int, int], object] = lambda _done, _of: None,
    ) -> CheckReport:
        """Ask the golden questions, at least one, and save the report; raises `StaffError` if it cannot be saved."""
        report = evaluate(bot, questions, progress).as_dict()
        judged = {golden.id for golden in questions if golden.gold}
        rows = report["questions"]
        if isinstance(rows, list):
            report["questions"] = [{**row, "judged": row["id"] in judged} for row in rows]
        taken = datetime.now(tz=UTC)
        report |= {"taken": taken.isoformat(), "build": bot.build}
        self._texts.write(f"{_FOLDER}/{taken.strftime(_FILE_NAME)}.json", json.dumps(report, ensure_ascii=False))
        return CheckReport.of(report)

    def all(self) -> tuple[CheckReport, ...]:
        """Return the latest reports, oldest first, without those that cannot be read."""
        reports = map(_read, self._texts.latest(_FOLDER, _REPORTS_SHOWN))
        return tuple(report for report in reports if report)

    def latest(self) -> CheckReport | None:
        """Return the latest report, or None before the first."""
        return next(reversed(self.all()), None)


def _read(text: str) -> CheckReport | None:
    try:
        return CheckReport.of(json.loads(text))
    except (ValueError, KeyError, TypeError):
        return None
