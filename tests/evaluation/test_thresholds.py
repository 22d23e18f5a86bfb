import pytest

from chatbot.errors import EvaluationError, ThresholdMissed
from chatbot.evaluation import Bound, Expect, GoldenQuestion, Judged, Report, check, check_names, read_bound, report


def question(kind: str, expect: Expect, *gold: str) -> GoldenQuestion:
    return GoldenQuestion("id", kind, "?", (), expect, gold)


DIRECT, OFF = question("direct", Expect.ANSWER, "a"), question("off", Expect.ABSTAIN)


@pytest.fixture(scope="module")
def two_in_three() -> Report:
    """Return a report in which the first passage is right for two of three questions."""
    ranks = (1, 1, 2)
    return report(
        [Judged(DIRECT, "answered", 0.9, rank, shown=True, highlight=None, milliseconds=12345.678) for rank in ranks]
    )


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("hit@1=1", "hit@1", 1.0),
        ("hit@1=0.25", "hit@1", 0.25),
        ("hit@1=3.", "hit@1", 3.0),
        ("hit@1=.5", "hit@1", 0.5),
        ("hit@1/a=b=12.75", "hit@1/a=b", 12.75),
    ],
)
def test_a_bound_is_a_name_and_a_number(text: str, name: str, value: float) -> None:
    assert read_bound(text) == Bound(name, value)


@pytest.mark.parametrize(
    ("former", "name"),
    [
        ("first", "hit@1"),
        ("first/a/b", "hit@1/a/b"),
        ("in_three/direct", "hit@3/direct"),
        ("alarms", "false_alarms"),
        ("followups_first", "followups_hit@1"),
        ("followups_in_three", "followups_hit@3"),
        ("right_at_risk", "coverage@5%risk"),
    ],
)
def test_a_former_name_is_read_with_a_warning(caplog: pytest.LogCaptureFixture, former: str, name: str) -> None:
    assert read_bound(f"{former}=0.5") == Bound(name, 0.5)
    (warning,) = caplog.messages
    assert warning == f"{former} is now called {name}. The old name will stop working in the next release."


def test_a_name_of_today_is_read_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    read_bound("hit@1/first=0.5")
    assert caplog.messages == []


@pytest.mark.parametrize(
    "text", ["hit@1", "5", "=5", "hit@1=", "hit@1=a", "hit@1=-1", "hit@1=1e3", "hit@1=.", "hit@1=\u0665"]
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="^" + text.replace(".", r"\.") + "$"):
        read_bound(text)


@pytest.mark.parametrize(("least", "passes"), [(0.666, True), (2 / 3, True), (0.667, False)])
def test_a_figure_must_reach_its_least(two_in_three: Report, least: float, passes: bool) -> None:
    if passes:
        check(two_in_three, [Bound("hit@1", least)], [])
        return
    with pytest.raises(ThresholdMissed, match=r"^Missed: hit@1 is 0\.6667, wanted at least 0\.667\.$"):
        check(two_in_three, [Bound("hit@1", least)], [])


@pytest.mark.parametrize(("most", "passes"), [(0.667, True), (2 / 3, True), (0.666, False)])
def test_a_figure_must_not_exceed_its_most(two_in_three: Report, most: float, passes: bool) -> None:
    if passes:
        check(two_in_three, [], [Bound("hit@1", most)])
        return
    with pytest.raises(ThresholdMissed, match=r"^Missed: hit@1 is 0\.6667, wanted at most 0\.666\.$"):
        check(two_in_three, [], [Bound("hit@1", most)])


def test_a_figure_that_could_not_be_measured_is_missed_either_way(two_in_three: Report) -> None:
    with pytest.raises(ThresholdMissed) as raised:
        check(two_in_three, [Bound("urgent", 0.0), Bound("hit@1", 0.9)], [Bound("urgent", 1.0), Bound("p95_ms", 100.0)])
    assert str(raised.value) == (
        "Missed: urgent could not be measured, wanted at least 0; hit@1 is 0.6667, wanted at least 0.9; "
        "urgent could not be measured, wanted at most 1; p95_ms is 1.235e+04, wanted at most 100."
    )


def test_a_report_without_bounds_passes(two_in_three: Report) -> None:
    check(two_in_three, [], [])


@pytest.mark.parametrize("name", ["hit@1", "refused", "urgent", "auroc", "hit@1/direct", "refused/off"])
def test_a_bound_may_be_on_any_figure(name: str) -> None:
    check_names([Bound(name, 1.0)], [DIRECT, OFF])


@pytest.mark.parametrize("name", ["hit@2", "urgent/direct", "auroc/direct", "hit@1/near", ""])
def test_a_bound_on_an_unknown_figure_names_the_known_ones(name: str) -> None:
    with pytest.raises(EvaluationError) as raised:
        check_names([Bound("hit@1", 1.0), Bound(name, 1.0)], [DIRECT, OFF, DIRECT])
    assert str(raised.value) == (
        f"There is no figure {name!r}: use hit@1, hit@3, shown, highlight, refused, urgent, false_alarms, smalltalk, "
        "followups_hit@1, followups_hit@3, auroc, auroc_same_topic, wrong, coverage@5%risk, calibration_error, "
        "median_ms, p95_ms. The first 5 also exist for one kind, as in hit@1/direct."
    )
