import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.evaluation.metrics import (
    Bin,
    Point,
    auroc,
    calibration,
    calibration_error,
    coverage_at_risk,
    risk_coverage,
)


def test_auroc_is_the_share_of_pairs_in_the_right_order() -> None:
    area = auroc([0.9, 0.8, 0.4], [0.5, 0.4])  # of six pairs four in order, one tied, one not
    assert area
    assert (area.value, area.positives, area.negatives) == (4.5 / 6, 3, 2)


def test_auroc_has_an_interval_as_wide_as_chance_makes_it() -> None:
    chance = np.random.default_rng(1)
    answers = list(chance.normal(1, 1, 200)), list(chance.normal(0, 1, 100))
    area = auroc(*answers)
    assert area
    assert area.low
    assert area.high
    # For these normals the true area is 0.760, and its standard error about 0.029 (Hanley and McNeil, 1982).
    assert area.low < 0.760 < area.high
    assert 0.09 < area.high - area.low < 0.14
    assert area == auroc(*answers)


def test_auroc_of_one_side_is_none_and_of_one_answer_has_no_interval() -> None:
    assert auroc([], [0.5]) is None
    assert auroc([0.5], []) is None
    area = auroc([0.5], [0.2, 0.1])
    assert area
    assert (area.value, area.low, area.high) == (1.0, None, None)


def test_risk_and_coverage_go_from_the_surest_answer_down_and_take_ties_together() -> None:
    curve = risk_coverage([0.9, 0.5, 0.5, 0.1], [True, False, True, False])
    assert curve == (
        Point(0.9, 1, 1, 0.25, 0.0),
        Point(0.5, 3, 2, 0.75, 1 / 3),
        Point(0.1, 4, 2, 1.0, 0.5),
    )
    assert [coverage_at_risk(curve, risk) for risk in (0.0, 0.3, 1 / 3, 0.5)] == [1, 1, 2, 2]


def test_exactly_one_wrong_in_twenty_is_within_five_percent() -> None:
    curve = risk_coverage([0.9] * 20, [True] * 19 + [False])
    assert coverage_at_risk(curve, 0.05) == 19


def test_nothing_asked_gives_no_curve_and_no_error() -> None:
    assert risk_coverage([], []) == ()
    assert coverage_at_risk((), 0.05) == 0
    assert calibration_error(calibration([], [])) is None


def test_calibration_compares_confidence_with_the_share_right_bin_by_bin() -> None:
    bins = calibration([0.75, 0.75, 0.25, 0.25, 0.0, 1.0], [True, False, True, False, False, True])
    assert bins == (Bin(1, 0.0, 0.0), Bin(2, 0.25, 0.5), Bin(2, 0.75, 0.5), Bin(1, 1.0, 1.0))
    assert calibration_error(bins) == pytest.approx((2 * 0.25 + 2 * 0.25) / 6)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_every_threshold_gives_what_it_lets_through(answers: list[tuple[float, bool]]) -> None:
    curve = risk_coverage([confidence for confidence, _ in answers], [right for _, right in answers])
    assert curve[-1].given == len(answers)
    for point in curve:
        through = [right for confidence, right in answers if confidence >= point.confidence]
        assert (point.given, point.right) == (len(through), sum(through))
