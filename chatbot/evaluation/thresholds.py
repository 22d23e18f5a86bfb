"""What a report's figures must reach."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.errors import EvaluationError, ThresholdMissed
from chatbot.evaluation.golden import GoldenQuestion
from chatbot.evaluation.report import BY_KIND, MEASURES, SHARES, Report

__all__ = ["Bound", "check", "check_names", "read_bound"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure's name and the value that it must reach."""

    name: str
    value: float


def read_bound(text: str) -> Bound:
    """Read NAME=VALUE; raises `ValueError`."""
    name, mark, value = text.rpartition("=")
    if not (name and mark and re.fullmatch(r"\d+\.?\d*|\.\d+", value, re.ASCII)):
        raise ValueError(text)
    return Bound(name, float(value))


def check_names(bounds: Sequence[Bound], questions: Sequence[GoldenQuestion]) -> None:
    """Raise `EvaluationError` for a bound on a figure that a report on these questions does not have."""
    kinds = list(dict.fromkeys(one.kind for one in questions))
    known = {*BY_KIND, *SHARES, *MEASURES, *(f"{name}/{kind}" for name in BY_KIND for kind in kinds)}
    for bound in bounds:
        if bound.name not in known:
            raise EvaluationError(
                f"There is no figure {bound.name!r}: use {', '.join([*BY_KIND, *SHARES, *MEASURES])}; "
                f"the first {len(BY_KIND)} also of one kind, as in {BY_KIND[0]}/{kinds[0]}."
            )


def check(report: Report, least: Sequence[Bound], most: Sequence[Bound]) -> None:
    """Raise `ThresholdMissed`, which names each figure below its least or above its most.

    A figure that could not be measured, because no question bears on it, is missed.
    """
    figures = report.figures()
    missed = [_told(bound, figures, "at least") for bound in least if not _reaches(figures[bound.name], bound.value)]
    missed += [_told(bound, figures, "at most") for bound in most if not _keeps(figures[bound.name], bound.value)]
    if missed:
        raise ThresholdMissed(f"Missed: {'; '.join(missed)}.")


def _reaches(value: float | None, least: float) -> bool:
    return value is not None and value >= least


def _keeps(value: float | None, most: float) -> bool:
    return value is not None and value <= most


def _told(bound: Bound, figures: Mapping[str, float | None], side: str) -> str:
    value = figures[bound.name]
    found = "could not be measured" if value is None else f"is {value:.4g}"
    return f"{bound.name} {found}, wanted {side} {bound.value:g}"
