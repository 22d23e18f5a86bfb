"""What all the judgements on one corpus come to."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Final

import numpy as np

from chatbot.bot import Chatbot
from chatbot.evaluation.golden import Expect, GoldenQuestion, Judged, ask
from chatbot.evaluation.metrics import (
    Auroc,
    Bin,
    Point,
    auroc,
    calibration,
    calibration_error,
    right_at_risk,
    risk_coverage,
)
from chatbot.records import Outcome

__all__ = ["BY_KIND", "MEASURES", "RISK", "SHARES", "Gate", "Part", "Report", "Share", "evaluate", "report"]

RISK: Final = 0.05
"""The share of given answers that may be wrong."""

BY_KIND: Final = ("first", "in_three", "shown", "highlight", "refused")
"""Figures that every kind of question has."""

SHARES: Final = ("urgent", "alarms", "smalltalk", "followups_first", "followups_in_three")
MEASURES: Final = ("auroc", "auroc_same_topic", "wrong", "right_at_risk", "calibration_error", "median_ms", "p95_ms")
"""Figures of the whole, shares of questions and others."""

_SAME_TOPIC: Final = "near"  # stands in the name of each kind that asks on the corpus's subject what it never says


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """Give the share, 0 to 1, or None of none."""
        return self.count / self.of if self.of else None

    def as_dict(self) -> dict[str, object]:
        """Give the share as plain values."""
        return {"count": self.count, "of": self.of, "share": _rounded(self.value)}


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the questions, of one kind or all.

    Of those with gold texts that should be answered: a right passage `first`, or `in_three`, of the ten candidates, and
    `shown` among the citations; of those where the first citation is a right passage, the `highlight` right. Of those
    that should not be answered, `refused`. `outcomes` counts all.
    """

    kind: str
    asked: int
    first: Share
    in_three: Share
    shown: Share
    highlight: Share
    refused: Share
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True)
class Gate:
    """How well confidence tells what is answered.

    `auroc` sets questions that should be answered, follow-ups apart, against all that should not; `same_topic` against
    those on the corpus's own subject. The rest counts an answer as right where the question should be answered and a
    right passage is the first candidate: `wrong` are those among the answers that were given as such, `curve` is what
    any other threshold would do, and `right_at_risk` how many of the answerable questions could be answered rightly
    with at most 5 % of the given answers wrong.
    """

    auroc: Auroc | None
    same_topic: Auroc | None
    wrong: Share
    right_at_risk: Share
    calibration_error: float | None
    calibration: tuple[Bin, ...]
    curve: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All figures; `unknown` names the questions whose gold texts stand in no page: no passage is right for them."""

    all: Part
    kinds: tuple[Part, ...]
    urgent: Share
    alarms: Share
    smalltalk: Share
    followups_first: Share
    followups_in_three: Share
    gate: Gate
    median_ms: float
    p95_ms: float
    unknown: tuple[str, ...]
    questions: tuple[Judged, ...]

    def figures(self) -> dict[str, float | None]:
        """Give the figures that a threshold can be set on, by name; None where there was nothing to measure.

        A figure of one kind has that kind's name after a slash.
        """
        parts = [("", self.all), *((f"/{part.kind}", part) for part in self.kinds)]
        return {
            **{f"{name}{end}": getattr(part, name).value for end, part in parts for name in BY_KIND},
            **{name: getattr(self, name).value for name in SHARES},
            "auroc": self.gate.auroc and self.gate.auroc.value,
            "auroc_same_topic": self.gate.same_topic and self.gate.same_topic.value,
            "wrong": self.gate.wrong.value,
            "right_at_risk": self.gate.right_at_risk.value,
            "calibration_error": self.gate.calibration_error,
            "median_ms": self.median_ms,
            "p95_ms": self.p95_ms,
        }

    def as_dict(self) -> dict[str, object]:
        """Give the report as plain values, ready for JSON."""
        figures = {name: _rounded(value) for name, value in self.figures().items()}
        return {"figures": figures, **{field.name: _plain(getattr(self, field.name)) for field in fields(self)}}


def evaluate(
    bot: Chatbot,
    questions: Sequence[GoldenQuestion],
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Report:
    """Ask the questions, one or more, and report; `progress` hears how many are asked, of how many."""
    bot.ask("Are you ready?")  # the model's loading is no part of the first question's time
    judged = []
    for number, question in enumerate(questions, start=1):
        judged.append(ask(bot, question))
        progress(number, len(questions))
    pages = [document.text for document in bot.documents()]
    unknown = [one.id for one in questions if one.gold and not any(text in page for text in one.gold for page in pages)]
    return report(judged, unknown)


def report(judged: Sequence[Judged], unknown: Sequence[str] = ()) -> Report:
    """Sum up judgements, one or more."""
    kinds = dict.fromkeys(one.question.kind for one in judged)
    followups = [one for one in _ranked(judged) if one.question.history]
    ordinary = _expecting(judged, Expect.ANSWER, Expect.ABSTAIN, Expect.SMALLTALK)
    times = [one.milliseconds for one in judged]
    return Report(
        all=_part("all", judged),
        kinds=tuple(_part(kind, [one for one in judged if one.question.kind == kind]) for kind in kinds),
        urgent=_share(_expecting(judged, Expect.ESCALATE), _urgent),
        alarms=_share(ordinary, _urgent),
        smalltalk=_share(_expecting(judged, Expect.SMALLTALK), lambda one: one.outcome == Outcome.REPLY),
        followups_first=_share(followups, _first),
        followups_in_three=_share(followups, _in_three),
        gate=_gate(judged),
        median_ms=float(np.percentile(times, 50)),
        p95_ms=float(np.percentile(times, 95)),
        unknown=tuple(unknown),
        questions=tuple(judged),
    )


def _part(kind: str, judged: Sequence[Judged]) -> Part:
    ranked = _ranked(judged)
    marked = [one for one in ranked if one.highlight is not None]
    return Part(
        kind=kind,
        asked=len(judged),
        first=_share(ranked, _first),
        in_three=_share(ranked, _in_three),
        shown=_share(ranked, lambda one: one.shown),
        highlight=_share(marked, lambda one: one.highlight is True),
        refused=_share(_expecting(judged, Expect.ABSTAIN), lambda one: not _answered(one)),
        outcomes=dict(sorted(Counter(one.outcome for one in judged).items())),
    )


def _gate(judged: Sequence[Judged]) -> Gate:
    unanswerable = _expecting(judged, Expect.ABSTAIN)
    alone = [one.confidence for one in _expecting(judged, Expect.ANSWER) if not one.question.history]
    same_topic = [one for one in unanswerable if _SAME_TOPIC in one.question.kind]
    ranked = _ranked(judged)
    given = [*ranked, *unanswerable]
    confidences, right = [one.confidence for one in given], [_right(one) for one in given]
    curve, bins = risk_coverage(confidences, right), calibration(confidences, right)
    return Gate(
        auroc=auroc(alone, [one.confidence for one in unanswerable]),
        same_topic=auroc(alone, [one.confidence for one in same_topic]),
        wrong=_share([one for one in given if _answered(one)], lambda one: not _right(one)),
        right_at_risk=Share(right_at_risk(curve, RISK), len(ranked)),
        calibration_error=calibration_error(bins),
        calibration=bins,
        curve=curve,
    )


def _share(judged: Sequence[Judged], having: Callable[[Judged], bool]) -> Share:
    return Share(sum(map(having, judged)), len(judged))


def _expecting(judged: Sequence[Judged], *expect: Expect) -> list[Judged]:
    return [one for one in judged if one.question.expect in expect]


def _ranked(judged: Sequence[Judged]) -> list[Judged]:
    """Give those for which right passages are known."""
    return [one for one in _expecting(judged, Expect.ANSWER) if one.question.gold]


def _first(one: Judged) -> bool:
    return one.rank == 1


def _in_three(one: Judged) -> bool:
    return 1 <= one.rank <= 3


def _answered(one: Judged) -> bool:
    return one.outcome == Outcome.ANSWERED


def _urgent(one: Judged) -> bool:
    return one.outcome == Outcome.URGENT


def _right(one: Judged) -> bool:
    return one.question.expect is Expect.ANSWER and one.rank == 1


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _plain(value: object) -> object:
    """Give nouns as dictionaries of plain values, floats rounded."""
    if isinstance(value, Share | Judged):
        return value.as_dict()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return _rounded(value) if isinstance(value, float) else value
