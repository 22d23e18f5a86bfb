"""The fixed bars: what each figure has to reach."""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["BARS", "Bar", "Verdict", "verdicts"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: the name of its figure, a title, the bound, its unit, and whether the figure has to be above it."""

    figure: str
    title: str
    bound: float
    unit: str
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A figure beside its bar; `value` and `met` are None where it was not measured."""

    bar: Bar
    value: float | None
    met: bool | None


BARS: Final = (
    Bar("question_20", "A question at 20 passages, to the best peer", 0.8, "times"),
    Bar("question_1000", "A question at 1,000 passages, to the best peer", 0.8, "times"),
    Bar("question_5000", "A question at 5,000 passages, to the best peer", 1.0, "times"),
    Bar("ask_cpu", "`ask` from a cold start", 1.5, "cpu-s"),
    Bar("ask_peak", "Memory of such an `ask`", 350, "MB"),
    Bar("serve_cpu", "`serve` until ready at 5,000 passages", 4, "cpu-s"),
    Bar("serve_peak", "Memory of such a `serve`", 450, "MB"),
    Bar("build", "A build's speed, to the fastest peer", 1.8, "times", at_least=True),
    Bar("build_changed_cpu", "Ten changed pages of 2,400", 3, "cpu-s"),
    Bar("build_whole_peak", "Memory of a build of 5,000 passages", 1000, "MB"),
    Bar("throughput_32", "Answers a second at 32 at once, to the best peer", 1.0, "times", at_least=True),
    Bar("spread_32", "p99 to p50 at 32 at once", 3, "times"),
    Bar("beside_build", "p95 of a question beside a build, to p95 in quiet", 3, "times"),
    Bar("ready", "GET /api/ready on an open connection", 2, "ms"),
    Bar("disk", "The index on the disk", 20, "KB a passage"),
    Bar("growth", "Search at 1,000,000 passages, to that at 10,000", 5, "times"),
    Bar("memory_million", "Memory at 1,000,000 passages", 24, "GB"),
)


def verdicts(figures: Mapping[str, float]) -> list[Verdict]:
    """Hold the figures against the bars."""
    return [_verdict(bar, figures.get(bar.figure)) for bar in BARS]


def _verdict(bar: Bar, value: float | None) -> Verdict:
    reaches = operator.ge if bar.at_least else operator.le
    return Verdict(bar, value, None if value is None else reaches(value, bar.bound))
