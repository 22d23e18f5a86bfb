import pytest

from chatbot.errors import EvaluationError, ThresholdMissed
from chatbot.evaluation import Bound, Expect, GoldenQuestion, Judged, Report, check, check_names, read_bound, report


def question(kind: str, expect: Expect, *gold: str) -> GoldenQuestion:
    return GoldenQuestion("id", kind, "?", (), expect, gold)


DIRECT, OFF = question("direct", Expect.ANSWER, "a"), question("off", Expect.ABSTAIN)


@pytest.fixture(scope="module")
def told() -> Report:
    """Return a report in which two of three first passages are right."""
    ranks = (1, 1, 2)
    return report(
        [Judged(DIRECT, "answered", 0.9, rank, shown=True, highlight=None, milliseconds=12345.678) for rank in ranks]
    )


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("first=1", "first", 1.0),
        ("first=0.25", "first", 0.25),
        ("first=3.", "first", 3.0),
        ("first=.5", "first", 0.5),
        ("first/a=b=12.75", "first/a=b", 12.75),
    ],
)
def test_a_bound_is_a_name_and_a_number(text: str, name: str, value: float) -> None:
    assert read_bound(text) == Bound(name, value)


@pytest.mark.parametrize(
    "text", ["first", "5", "=5", "first=", "first=a", "first=-1", "first=1e3", "first=.", "first=\u0665"]
)
def test_anything_else_is_no_bound(text: str) -> None:
    with pytest.raises(ValueError, match="^" + text.replace(".", r"\.") + "$"):
        read_bound(text)


@pytest.mark.parametrize(("least", "passes"), [(0.666, True), (2 / 3, True), (0.667, False)])
def test_a_figure_must_reach_its_least(told: Report, least: float, passes: bool) -> None:
    if passes:
        check(told, [Bound("first", least)], [])
        return
    with pytest.raises(ThresholdMissed, match=r"^Missed: first is 0\.6667, wanted at least 0\.667\.$"):
        check(told, [Bound("first", least)], [])


@pytest.mark.parametrize(("most", "passes"), [(0.667, True), (2 / 3, True), (0.666, False)])
def test_a_figure_must_keep_to_its_most(told: Report, most: float, passes: bool) -> None:
    if passes:
        check(told, [], [Bound("first", most)])
        return
    with pytest.raises(ThresholdMissed, match=r"^Missed: first is 0\.6667, wanted at most 0\.666\.$"):
        check(told, [], [Bound("first", most)])


def test_a_figure_that_could_not_be_measured_is_missed_either_way(told: Report) -> None:
    with pytest.raises(ThresholdMissed) as raised:
        check(told, [Bound("urgent", 0.0), Bound("first", 0.9)], [Bound("urgent", 1.0), Bound("p95_ms", 100.0)])
    assert str(raised.value) == (
        "Missed: urgent could not be measured, wanted at least 0; first is 0.6667, wanted at least 0.9; "
        "urgent could not be measured, wanted at most 1; p95_ms is 1.235e+04, wanted at most 100."
    )


def test_no_bounds_are_kept(told: Report) -> None:
    check(told, [], [])


@pytest.mark.parametrize("name", ["first", "refused", "urgent", "auroc", "first/direct", "refused/off"])
def test_a_bound_may_be_on_any_figure(name: str) -> None:
    check_names([Bound(name, 1.0)], [DIRECT, OFF])


@pytest.mark.parametrize("name", ["firsts", "urgent/direct", "auroc/direct", "first/near", ""])
def test_a_bound_on_no_figure_is_told_which_there_are(name: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        check_names([Bound("first", 1.0), Bound(name, 1.0)], [DIRECT, OFF, DIRECT])
    assert str(raised.value) == (
        f"There is no figure {name!r}: use first, in_three, shown, highlight, refused, urgent, alarms, smalltalk, "
        "followups_first, followups_in_three, auroc, auroc_same_topic, wrong, right_at_risk, calibration_error, "
        "median_ms, p95_ms; the first 5 also of one kind, as in first/direct."
    )
