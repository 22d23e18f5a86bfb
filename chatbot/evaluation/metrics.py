"""Figures over plain values; owns scikit-learn."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Auroc", "Bin", "Point", "auroc", "calibration", "calibration_error", "right_at_risk", "risk_coverage"]

_RESAMPLES: Final = 1000
_BINS: Final = 10
_SEED: Final = 0  # two reports on the same answers are alike


@dataclass(frozen=True, slots=True)
class Auroc:
    """The area under the ROC curve: how often a positive's score is above a negative's.

    `low` and `high` bound its 95 % interval, or are None where there are fewer than two of either.
    """

    value: float
    low: float | None
    high: float | None
    positives: int
    negatives: int


@dataclass(frozen=True, slots=True)
class Point:
    """What answering from a confidence on does: how many are answered, and how many of those rightly.

    `coverage` is the share of all questions that is answered, `risk` the share of those that is wrong.
    """

    confidence: float
    given: int
    right: int
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence: how many, their mean confidence, and the share that is right."""

    count: int
    confidence: float
    right: float


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> Auroc | None:
    """Give the area with its bootstrap percentile interval, each side resampled by itself; None where a side is empty.

    Source: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993.
    """
    if not (positives and negatives):
        return None
    from scipy.stats import bootstrap  # noqa: PLC0415 - seconds to import, and only this function needs it

    value, low, high = _area(np.array(positives), np.array(negatives)), None, None
    if min(len(positives), len(negatives)) > 1:
        interval = bootstrap(
            (positives, negatives),
            _area,
            n_resamples=_RESAMPLES,
            vectorized=False,
            method="percentile",
            rng=np.random.default_rng(_SEED),
        ).confidence_interval
        low, high = float(interval.low), float(interval.high)
    return Auroc(value, low, high, len(positives), len(negatives))


def _area(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float:
    from sklearn.metrics import roc_auc_score  # noqa: PLC0415 - as above

    labels = np.repeat([1, 0], [len(positives), len(negatives)])
    return float(roc_auc_score(labels, np.concatenate([positives, negatives])))


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> tuple[Point, ...]:
    """Give the curve of risk against coverage, a point a distinct confidence, highest first.

    Source: R. El-Yaniv and Y. Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 2010.
    """
    pairs = sorted(zip(confidences, right, strict=True), reverse=True)
    points, given, good = [], 0, 0
    for confidence, tied in groupby(pairs, key=itemgetter(0)):
        marks = [mark for _, mark in tied]
        given, good = given + len(marks), good + sum(marks)
        points.append(Point(confidence, given, good, given / len(pairs), (given - good) / given))
    return tuple(points)


def right_at_risk(curve: Sequence[Point], risk: float) -> int:
    """Count the right answers that can be given while at most such a share of what is given is wrong."""
    return max((point.right for point in curve if point.risk <= risk), default=0)


def calibration(confidences: Sequence[float], right: Sequence[bool]) -> tuple[Bin, ...]:
    """Sort answers into ten bins of equal width by confidence, lowest first; empty ones are left out."""
    numbers = [min(int(confidence * _BINS), _BINS - 1) for confidence in confidences]
    told = []
    for number in sorted(set(numbers)):
        rows = [row for row, own in enumerate(numbers) if own == number]
        mean = sum(confidences[row] for row in rows) / len(rows)
        told.append(Bin(len(rows), mean, sum(right[row] for row in rows) / len(rows)))
    return tuple(told)


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Give the expected calibration error: how far confidence and share right lie apart, 0 to 1; None without answers.

    Source: M. Naeini, G. Cooper and M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning",
    AAAI 2015.
    """
    count = sum(one.count for one in bins)
    return sum(one.count * abs(one.confidence - one.right) for one in bins) / count if count else None
