"""The floor under the quality of answers, on the small form."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.quality import FLOORS, Figure, compare, failures, figures, measure, read_floors, write_floors
from chatbot.evaluation import Expect, GoldenQuestion, Judged, Report, report
from chatbot.indexing import Encoder

FLOOR = {"hit@1": Figure(0.8, 0.1, 50)}


@pytest.fixture(scope="module")
def small(encoder: Encoder) -> Report:
    return measure(encoder, small=True)


def judged(rank: int, confidence: float, *, answerable: bool = True) -> Judged:
    expect, gold = (Expect.ANSWER, ("a text",)) if answerable else (Expect.ABSTAIN, ())
    question = GoldenQuestion("1", "direct", "How long?", (), expect, gold)
    return Judged(question, "answered", confidence, rank, shown=rank == 1, highlight=rank == 1 or None, milliseconds=1)


def opposite(one: Judged) -> Judged:
    highlight = None if one.highlight is None else not one.highlight
    return replace(one, rank=11 - one.rank, confidence=1 - one.confidence, highlight=highlight)


def test_answers_to_two_clinics_keep_their_floors(small: Report) -> None:
    floors = read_floors(FLOORS, "small")
    assert list(floors) == ["hit@1", "hit@3", "auroc", "coverage@5%risk", "highlight"]
    assert failures(figures(small), floors) == []


def test_reversed_answers_fail_every_floor(small: Report) -> None:
    floors = read_floors(FLOORS, "small")
    assert failures(figures(report([opposite(one) for one in small.questions])), floors) == list(floors)


def test_both_forms_have_floors() -> None:
    assert list(read_floors(FLOORS, "full")) == list(read_floors(FLOORS, "small"))


@pytest.mark.parametrize(("value", "expected"), [(0.69, ["hit@1"]), (0.71, []), (0.9, [])])
def test_a_figure_fails_only_when_it_falls_by_more_than_its_noise(value: float, expected: list[str]) -> None:
    assert failures({"hit@1": Figure(value, 0.2, 50)}, FLOOR) == expected


def test_a_figure_too_low_is_printed_with_its_floor(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare({"hit@1": Figure(0.5, 0.2, 40)}, FLOOR) == 1
    assert capsys.readouterr().out == "hit@1: measured 0.500 on 40 questions, floor 0.800, noise 0.100: too low\n"


def test_a_figure_that_holds_is_printed_with_its_floor(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare({"hit@1": Figure(0.81, 0.2, 50)}, FLOOR) == 0
    assert capsys.readouterr().out == "hit@1: measured 0.810 on 50 questions, floor 0.800, noise 0.100\n"


def test_without_floors_the_comparison_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(FLOOR, {}) == 1
    assert capsys.readouterr().out == "There are no floors yet: take the figures as such with --update.\n"


def test_new_floors_leave_the_other_form_as_it_is(tmp_path: Path) -> None:
    write_floors(tmp_path / "quality.json", "small", FLOOR)
    write_floors(tmp_path / "quality.json", "full", {"hit@1": Figure(0.5, 0.25, 3)})
    assert read_floors(tmp_path / "quality.json", "small") == FLOOR
    assert read_floors(tmp_path / "quality.json", "full") == {"hit@1": Figure(0.5, 0.25, 3)}


def test_figures_are_those_of_the_report_with_noise() -> None:
    answers = [
        judged(1, 0.9),
        judged(1, 0.8),
        judged(2, 0.7),
        judged(0, 0.1, answerable=False),
        judged(0, 0.75, answerable=False),
    ]
    assert figures(report(answers)) == {
        "hit@1": Figure(0.6667, 0.3333, 3),
        "hit@3": Figure(1.0, 0.0, 3),
        "auroc": Figure(0.8333, 0.3333, 5),
        "coverage@5%risk": Figure(0.6667, 0.6667, 3),
        "highlight": Figure(1.0, 0.0, 2),
    }
