"""Bounds that a report's figures must keep to."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.errors import EvaluationError, ThresholdMissed
from chatbot.evaluation.golden import GoldenQuestion
from chatbot.evaluation.report import BY_KIND, MEASURES, SHARES, Report, current_name
from chatbot.settings import warn_renamed

__all__ = ["Bound", "check", "check_names", "read_bound"]


@dataclass(frozen=True, slots=True)
class Bound:
    """A figure's name and the lowest or highest value that it may have."""

    name: str
    value: float


def read_bound(text: str) -> Bound:
    """Read NAME=VALUE; warn if NAME is a former name of a figure. Raises `ValueError`."""
    name, mark, value = text.rpartition("=")
    if not (name and mark and re.fullmatch(r"\d+\.?\d*|\.\d+", value, re.ASCII)):
        raise ValueError(text)
    current = current_name(name)
    if current != name:
        warn_renamed(name, current)
    return Bound(current, float(value))


def check_names(bounds: Sequence[Bound], questions: Sequence[GoldenQuestion]) -> None:
    """Raise `EvaluationError` for a bound on a figure that a report on these questions will not have."""
    kinds = list(dict.fromkeys(question.kind for question in questions))
    names = [*BY_KIND, *SHARES, *MEASURES]
    known = {*names, *(f"{name}/{kind}" for name in BY_KIND for kind in kinds)}
    for bound in bounds:
        if bound.name not in known:
            raise EvaluationError(
                f"There is no figure {bound.name!r}: use {', '.join(names)}. "
                f"The first {len(BY_KIND)} also exist for one kind, as in {names[0]}/{kinds[0]}."
            )


def check(report: Report, least: Sequence[Bound], most: Sequence[Bound]) -> None:
    """Raise `ThresholdMissed`, naming each figure below its bound in `least` or above its bound in `most`.

    A figure that could not be measured, because no question bears on it, misses every bound.
    """
    figures = report.figures()
    missed = [_miss(bound, figures, "at least") for bound in least if not _reaches(figures[bound.name], bound.value)]
    missed += [_miss(bound, figures, "at most") for bound in most if not _keeps(figures[bound.name], bound.value)]
    if missed:
        raise ThresholdMissed(f"Missed: {'; '.join(missed)}.")


def _reaches(value: float | None, least: float) -> bool:
    return value is not None and value >= least


def _keeps(value: float | None, most: float) -> bool:
    return value is not None and value <= most


def _miss(bound: Bound, figures: Mapping[str, float | None], side: str) -> str:
    value = figures[bound.name]
    measured = "could not be measured" if value is None else f"is {value:.4g}"
    return f"{bound.name} {measured}, wanted {side} {bound.value:g}"
