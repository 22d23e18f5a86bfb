"""The report on a corpus: every figure, computed from the judgements of its golden questions."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
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
    coverage_at_risk,
    risk_coverage,
)
from chatbot.records import Outcome

__all__ = [
    "BY_KIND",
    "MEASURES",
    "RISK",
    "SHARES",
    "GateMetrics",
    "KindMetrics",
    "Report",
    "Share",
    "current_name",
    "evaluate",
    "report",
]

RISK: Final = 0.05
"""The share of given answers that may be wrong."""

BY_KIND: Final = {
    "hit@1": "hit_at_1",
    "hit@3": "hit_at_3",
    "shown": "shown",
    "highlight": "highlight",
    "refused": "refused",
}
"""Figures that every kind of question has, with the fields of `Part` that hold them."""

SHARES: Final = {
    "urgent": "urgent",
    "false_alarms": "false_alarms",
    "smalltalk": "smalltalk",
    "followups_hit@1": "followups_hit_at_1",
    "followups_hit@3": "followups_hit_at_3",
}
"""Figures of all questions together that are shares of some of them, with the fields of `Report` that hold them."""

MEASURES: Final = (
    "auroc",
    "auroc_same_topic",
    "wrong",
    "coverage@5%risk",
    "calibration_error",
    "median_ms",
    "p95_ms",
)
"""Figures of all questions together, other than `SHARES`."""

_FIGURES: Final = {field: name for name, field in (BY_KIND | SHARES | {"coverage@5%risk": "coverage_at_risk"}).items()}
_FORMER_NAMES: Final = {  # of before release 0.1; these go on working for one more
    "first": "hit@1",
    "in_three": "hit@3",
    "alarms": "false_alarms",
    "followups_first": "followups_hit@1",
    "followups_in_three": "followups_hit@3",
    "right_at_risk": "coverage@5%risk",
}
_SAME_TOPIC: Final = "near"  # part of the name of each kind that asks about the corpus's subject without an answer


@dataclass(frozen=True, slots=True)
class Share:
    """A number of questions out of a total."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """Return the share, 0 to 1, or None if the total is zero."""
        return self.count / self.of if self.of else None

    def as_dict(self) -> dict[str, object]:
        """Return the share as plain values."""
        return {"count": self.count, "of": self.of, "share": _rounded(self.value)}


@dataclass(frozen=True, slots=True)
class KindMetrics:
    """The figures of some of the questions: those of one kind, or all.

    Over questions to answer that have gold texts: `hit_at_1` and `hit_at_3` count those with a right passage first, or
    among the first three of the ten candidates, and `shown` those with one among the citations. `highlight` counts
    right marks where the first citation is a right passage. `refused` is over the questions to abstain from. `outcomes`
    counts every question.
    """

    kind: str
    asked: int
    hit_at_1: Share
    hit_at_3: Share
    shown: Share
    highlight: Share
    refused: Share
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True)
class GateMetrics:
    """How well confidence separates right answers from the others.

    `auroc` compares questions to answer, without follow-ups, with all questions to abstain from. `same_topic` compares
    them with those on the corpus's own subject. For the other figures an answer is right if the question should be
    answered and a right passage is the first candidate. `wrong` is over the answers that were given. `curve` has the
    risk and coverage at every threshold. `coverage_at_risk` is the share of the answerable questions that get a right
    answer at the best threshold at which at most `RISK` of the given answers are wrong.
    """

    auroc: Auroc | None
    same_topic: Auroc | None
    wrong: Share
    coverage_at_risk: Share
    calibration_error: float | None
    calibration: tuple[Bin, ...]
    curve: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All figures, and the judgement of each question; `unknown` has ids of questions whose gold text is in no page."""

    all: KindMetrics
    kinds: tuple[KindMetrics, ...]
    urgent: Share
    false_alarms: Share
    smalltalk: Share
    followups_hit_at_1: Share
    followups_hit_at_3: Share
    gate: GateMetrics
    median_ms: float
    p95_ms: float
    unknown: tuple[str, ...]
    questions: tuple[Judged, ...]

    def figures(self) -> dict[str, float | None]:
        """Return by name the figures that a threshold can be set on; None where no question bears on a figure.

        A figure of one kind has a slash and the kind after its name, as in "hit@1/typo".
        """
        parts = [("", self.all), *((f"/{part.kind}", part) for part in self.kinds)]
        return {
            **{f"{name}{end}": getattr(part, field).value for end, part in parts for name, field in BY_KIND.items()},
            **{name: getattr(self, field).value for name, field in SHARES.items()},
            "auroc": self.gate.auroc and self.gate.auroc.value,
            "auroc_same_topic": self.gate.same_topic and self.gate.same_topic.value,
            "wrong": self.gate.wrong.value,
            "coverage@5%risk": self.gate.coverage_at_risk.value,
            "calibration_error": self.gate.calibration_error,
            "median_ms": self.median_ms,
            "p95_ms": self.p95_ms,
        }

    def as_dict(self) -> dict[str, object]:
        """Return the report as plain values, ready for JSON; renamed figures stand under their former names too."""
        figures = {name: _rounded(value) for name, value in self.figures().items()}
        return {"figures": _with_former_names(figures), **_plain_fields(self)}


def current_name(name: str) -> str:
    """Return the name that a figure has today, given that or its former one, with or without a kind."""
    figure, slash, kind = name.partition("/")
    return _FORMER_NAMES.get(figure, figure) + slash + kind


def evaluate(
    bot: Chatbot,
    questions: Sequence[GoldenQuestion],
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Report:
    """Ask the questions, at least one, and return the report; `progress` gets the number asked and the total."""
    bot.ask("Are you ready?")  # loads the model, so that the first question is not charged for it
    judged = []
    for number, question in enumerate(questions, start=1):
        judged.append(ask(bot, question))
        progress(number, len(questions))
    pages = [document.text for document in bot.documents()]
    unknown = [
        question.id
        for question in questions
        if question.gold and not any(text in page for text in question.gold for page in pages)
    ]
    return report(judged, unknown)


def report(judged: Sequence[Judged], unknown: Sequence[str] = ()) -> Report:
    """Compute the report on judgements, at least one."""
    kinds = dict.fromkeys(row.question.kind for row in judged)
    followups = [row for row in _ranked(judged) if row.question.history]
    ordinary = _expecting(judged, Expect.ANSWER, Expect.ABSTAIN, Expect.SMALLTALK)
    times = [row.milliseconds for row in judged]
    return Report(
        all=_part("all", judged),
        kinds=tuple(_part(kind, [row for row in judged if row.question.kind == kind]) for kind in kinds),
        urgent=_share(_expecting(judged, Expect.ESCALATE), _is_urgent),
        false_alarms=_share(ordinary, _is_urgent),
        smalltalk=_share(_expecting(judged, Expect.SMALLTALK), lambda row: row.outcome == Outcome.REPLY),
        followups_hit_at_1=_share(followups, _hit_at_1),
        followups_hit_at_3=_share(followups, _hit_at_3),
        gate=_gate(judged),
        median_ms=float(np.percentile(times, 50)),
        p95_ms=float(np.percentile(times, 95)),
        unknown=tuple(unknown),
        questions=tuple(judged),
    )


def _part(kind: str, judged: Sequence[Judged]) -> KindMetrics:
    ranked = _ranked(judged)
    marked = [row for row in ranked if row.highlight is not None]
    return KindMetrics(
        kind=kind,
        asked=len(judged),
        hit_at_1=_share(ranked, _hit_at_1),
        hit_at_3=_share(ranked, _hit_at_3),
        shown=_share(ranked, lambda row: row.shown),
        highlight=_share(marked, lambda row: row.highlight is True),
        refused=_share(_expecting(judged, Expect.ABSTAIN), lambda row: not _is_answered(row)),
        outcomes=dict(sorted(Counter(row.outcome for row in judged).items())),
    )


def _gate(judged: Sequence[Judged]) -> GateMetrics:
    unanswerable = _expecting(judged, Expect.ABSTAIN)
    standalone = [row.confidence for row in _expecting(judged, Expect.ANSWER) if not row.question.history]
    same_topic = [row for row in unanswerable if _SAME_TOPIC in row.question.kind]
    ranked = _ranked(judged)
    rows = [*ranked, *unanswerable]
    confidences, right = [row.confidence for row in rows], [_is_right(row) for row in rows]
    curve, bins = risk_coverage(confidences, right), calibration(confidences, right)
    return GateMetrics(
        auroc=auroc(standalone, [row.confidence for row in unanswerable]),
        same_topic=auroc(standalone, [row.confidence for row in same_topic]),
        wrong=_share([row for row in rows if _is_answered(row)], lambda row: not _is_right(row)),
        coverage_at_risk=Share(coverage_at_risk(curve, RISK), len(ranked)),
        calibration_error=calibration_error(bins),
        calibration=bins,
        curve=curve,
    )


def _share(judged: Sequence[Judged], counts: Callable[[Judged], bool]) -> Share:
    return Share(sum(map(counts, judged)), len(judged))


def _expecting(judged: Sequence[Judged], *expect: Expect) -> list[Judged]:
    return [row for row in judged if row.question.expect in expect]


def _ranked(judged: Sequence[Judged]) -> list[Judged]:
    """Return those with known right passages."""
    return [row for row in _expecting(judged, Expect.ANSWER) if row.question.gold]


def _hit_at_1(row: Judged) -> bool:
    return row.rank == 1


def _hit_at_3(row: Judged) -> bool:
    return 1 <= row.rank <= 3


def _is_answered(row: Judged) -> bool:
    return row.outcome == Outcome.ANSWERED


def _is_urgent(row: Judged) -> bool:
    return row.outcome == Outcome.URGENT


def _is_right(row: Judged) -> bool:
    return row.question.expect is Expect.ANSWER and row.rank == 1


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _with_former_names(values: Mapping[str, object]) -> dict[str, object]:
    """Return values by name with those of renamed figures a second time, under their former names."""
    former = {name: old for old, name in _FORMER_NAMES.items()}
    parts = [(*name.partition("/"), value) for name, value in values.items()]
    return {**values, **{former[name] + slash + kind: value for name, slash, kind, value in parts if name in former}}


def _plain_fields(noun: Report | KindMetrics | GateMetrics | Auroc | Bin | Point) -> dict[str, object]:
    values = {field.name: _plain(getattr(noun, field.name)) for field in fields(noun)}
    return _with_former_names({_FIGURES.get(name, name): value for name, value in values.items()})


def _plain(value: object) -> object:
    """Return a noun as a dictionary of plain values, with floats rounded."""
    if isinstance(value, Share | Judged):
        return value.as_dict()
    if isinstance(value, KindMetrics | GateMetrics | Auroc | Bin | Point):
        return _plain_fields(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return _rounded(value) if isinstance(value, float) else value
