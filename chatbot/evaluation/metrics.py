"""Compute metrics over plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Auroc", "Bin", "Point", "auroc", "calibration", "calibration_error", "coverage_at_risk", "risk_coverage"]

_RESAMPLES: Final = 1000
_BINS: Final = 10
_SEED: Final = 0  # fixed, so that two reports on the same answers have the same interval


@dataclass(frozen=True, slots=True)
class Auroc:
    """The area under the ROC curve: the share of pairs in which the positive scores above the negative.

    `low` and `high` bound its 95 % interval, or are None where there are fewer than two of either.
    """

    value: float
    low: float | None
    high: float | None
    positives: int
    negatives: int


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold on confidence, and the answers that it lets through.

    `given` counts the answers from `confidence` up, `right` the right ones among them. `coverage` is the share of all
    questions that is answered, `risk` the share of the given answers that is wrong.
    """

    confidence: float
    given: int
    right: int
    coverage: float
    risk: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence: their number, their mean confidence, and the share that is right."""

    count: int
    confidence: float
    right: float


def auroc(positives: Sequence[float], negatives: Sequence[float]) -> Auroc | None:
    """Return the area with its bootstrap percentile interval, or None where a side is empty.

    The two sides are resampled separately, with a fixed seed.

    Source: B. Efron and R. Tibshirani, "An Introduction to the Bootstrap", 1993.
    """
    if not (positives and negatives):
        return None
    from scipy.stats import bootstrap  # noqa: PLC0415 - seconds to import, and only this function needs it

    value, low, high = float(_area(np.array(positives), np.array(negatives))), None, None
    if min(len(positives), len(negatives)) > 1:
        interval = bootstrap(
            (positives, negatives),
            _area,
            n_resamples=_RESAMPLES,
            vectorized=True,
            method="percentile",
            rng=np.random.default_rng(_SEED),
        ).confidence_interval
        low, high = float(interval.low), float(interval.high)
    return Auroc(value, low, high, len(positives), len(negatives))


def _area(positives: NDArray[np.float64], negatives: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """Return the area of each row of scores, by the ranks of the positives (Mann and Whitney, 1947)."""
    from scipy.stats import rankdata  # noqa: PLC0415 - as above

    count = positives.shape[axis]
    ranks = rankdata(np.concatenate([positives, negatives], axis=axis), axis=axis)
    above = np.take(ranks, np.arange(count), axis=axis).sum(axis=axis) - count * (count + 1) / 2
    area: NDArray[np.float64] = above / (count * negatives.shape[axis])
    return area


def risk_coverage(confidences: Sequence[float], right: Sequence[bool]) -> tuple[Point, ...]:
    """Return the curve of risk against coverage, one point for each distinct confidence, highest first.

    Source: R. El-Yaniv and Y. Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 2010.
    """
    pairs = sorted(zip(confidences, right, strict=True), reverse=True)
    points, given, correct = [], 0, 0
    for confidence, tied in groupby(pairs, key=itemgetter(0)):
        marks = [mark for _, mark in tied]
        given, correct = given + len(marks), correct + sum(marks)
        points.append(Point(confidence, given, correct, given / len(pairs), (given - correct) / given))
    return tuple(points)


def coverage_at_risk(curve: Sequence[Point], risk: float) -> int:
    """Return the number of right answers at the best threshold at which the share of wrong ones is at most `risk`."""
    return max((point.right for point in curve if point.risk <= risk), default=0)


def calibration(confidences: Sequence[float], right: Sequence[bool]) -> tuple[Bin, ...]:
    """Sort answers into ten bins of equal width by confidence, lowest first, without the empty ones."""
    numbers = [min(int(confidence * _BINS), _BINS - 1) for confidence in confidences]
    bins = []
    for number in sorted(set(numbers)):
        rows = [row for row, in_bin in enumerate(numbers) if in_bin == number]
        mean = sum(confidences[row] for row in rows) / len(rows)
        bins.append(Bin(len(rows), mean, sum(right[row] for row in rows) / len(rows)))
    return tuple(bins)


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return the expected calibration error, 0 to 1, or None without answers.

    This is the distance of mean confidence from the share of right answers, averaged over answers.

    Source: M. Naeini, G. Cooper and M. Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning",
    AAAI 2015.
    """
    count = sum(each.count for each in bins)
    return sum(each.count * abs(each.confidence - each.right) for each in bins) / count if count else None
