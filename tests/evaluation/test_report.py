import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from chatbot.bot import Chatbot
from chatbot.errors import EvaluationError, ThresholdMissed
from chatbot.evaluation import (
    Bound,
    Expect,
    GoldenQuestion,
    Judged,
    Report,
    as_text,
    check,
    check_names,
    evaluate,
    judge,
    read_bound,
    read_golden,
    report,
    save_plot,
)
from chatbot.records import Answer, Citation, Highlight, Hit, Outcome, Passage

GOLDEN = Path(__file__).parents[1] / "golden.jsonl"


def judged(  # noqa: PLR0913 - what a test says of an answer
    kind: str,
    expect: Expect,
    outcome: str,
    confidence: float = 0.0,
    rank: int = 0,
    *,
    gold: Sequence[str] = (),
    history: Sequence[str] = (),
    highlight: bool | None = None,
    milliseconds: float = 10,
) -> Judged:
    question = GoldenQuestion("id", kind, "?", tuple(history), expect, tuple(gold))
    return Judged(question, outcome, confidence, rank, rank > 0, highlight, milliseconds)


ANSWERS = (
    judged("direct", Expect.ANSWER, "answered", 0.9, 1, gold=["a"], highlight=True, milliseconds=30),
    judged("direct", Expect.ANSWER, "answered", 0.6, 3, gold=["a"], milliseconds=20),
    judged("direct", Expect.ANSWER, "related", 0.4, 1, gold=["a"], highlight=False),
    judged("follow-up", Expect.ANSWER, "related", 0.8, 2, gold=["a"], history=["b"]),
    judged("near", Expect.ABSTAIN, "answered", 0.7),
    judged("off", Expect.ABSTAIN, "not_found", 0.1),
    judged("off", Expect.ABSTAIN, "refused", 0.0),
    judged("either", Expect.EITHER, "urgent", 1.0),
    judged("small talk", Expect.SMALLTALK, "reply"),
    judged("small talk", Expect.SMALLTALK, "urgent"),
    judged("red flag", Expect.ESCALATE, "urgent"),
    judged("red flag", Expect.ESCALATE, "answered", 0.5),
    judged("bare", Expect.ANSWER, "answered", 0.95),
)


@pytest.fixture(scope="module")
def whole() -> Report:
    return report(ANSWERS)


def test_figures_are_those_that_a_hand_counts(whole: Report) -> None:
    shares = {
        name: (share.count, share.of) for name in ("hit_at_1", "hit_at_3") for share in [getattr(whole.all, name)]
    }
    assert shares == {"hit_at_1": (2, 4), "hit_at_3": (4, 4)}
    figures = whole.figures()
    assert {name: figures[name] for name in figures if "/" not in name} == {
        "hit@1": 2 / 4,
        "hit@3": 4 / 4,
        "shown": 4 / 4,
        "highlight": 1 / 2,
        "refused": 2 / 3,
        "urgent": 1 / 2,
        "false_alarms": 1 / 10,
        "smalltalk": 1 / 2,
        "followups_hit@1": 0.0,
        "followups_hit@3": 1.0,
        "auroc": 10 / 12,  # .9 .6 .4 .95 against .7 .1 0
        "auroc_same_topic": 2 / 4,
        "wrong": 2 / 3,  # of .9 .6 .7
        "coverage@5%risk": 1 / 4,
        "calibration_error": pytest.approx((0.1 + 0.6 + 0.6 + 0.8 + 0.7 + 0.1 + 0) / 7),
        "median_ms": 10,
        "p95_ms": pytest.approx(24),
    }


def test_each_kind_has_figures_of_its_own(whole: Report) -> None:
    assert [(part.kind, part.asked) for part in whole.kinds] == [
        ("direct", 3),
        ("follow-up", 1),
        ("near", 1),
        ("off", 2),
        ("either", 1),
        ("small talk", 2),
        ("red flag", 2),
        ("bare", 1),
    ]
    figures = whole.figures()
    assert (figures["hit@1/direct"], figures["hit@1/follow-up"], figures["hit@1/bare"]) == (2 / 3, 0.0, None)
    assert (figures["refused/near"], figures["refused/off"], figures["refused/either"]) == (0.0, 1.0, None)
    assert whole.kinds[0].outcomes == {"answered": 2, "related": 1}


def test_what_may_be_answered_or_refused_counts_neither_way(whole: Report) -> None:
    without = report([row for row in ANSWERS if row.question.expect is not Expect.EITHER])
    assert without.gate == whole.gate
    assert (without.all.refused, without.false_alarms) == (whole.all.refused, whole.false_alarms)


def test_the_curve_is_that_of_answers_given_from_the_surest_down(whole: Report) -> None:
    right = [(point.confidence, point.right) for point in whole.gate.curve]
    assert right == [(0.9, 1), (0.8, 1), (0.7, 1), (0.6, 1), (0.4, 2), (0.1, 2), (0.0, 2)]
    assert [point.given for point in whole.gate.curve] == [1, 2, 3, 4, 5, 6, 7]


def test_a_report_is_json_with_each_question_in_it(whole: Report) -> None:
    plain = json.loads(json.dumps(whole.as_dict()))
    assert plain["all"]["hit@1"] == {"count": 2, "of": 4, "share": 0.5}
    assert plain["figures"]["auroc"] == 0.8333
    assert plain["gate"]["curve"][0] == {"confidence": 0.9, "given": 1, "right": 1, "coverage": 0.1429, "risk": 0.0}
    assert len(plain["questions"]) == len(ANSWERS)
    assert plain["questions"][1]["rank"] == 3


def test_renamed_figures_stand_in_json_under_their_former_names_too(whole: Report) -> None:
    plain = json.loads(json.dumps(whole.as_dict()))
    figures, first_kind = plain["figures"], plain["kinds"][0]
    for former, name in (("first", "hit@1"), ("in_three", "hit@3")):
        assert figures[former] == figures[name]
        assert figures[f"{former}/direct"] == figures[f"{name}/direct"]
        assert plain["all"][former] == plain["all"][name]
        assert first_kind[former] == first_kind[name]
    for former, name in (
        ("alarms", "false_alarms"),
        ("followups_first", "followups_hit@1"),
        ("followups_in_three", "followups_hit@3"),
    ):
        assert figures[former] == figures[name]
        assert plain[former] == plain[name]
    assert figures["right_at_risk"] == figures["coverage@5%risk"] == 0.25
    assert plain["gate"]["right_at_risk"] == plain["gate"]["coverage@5%risk"] == {"count": 1, "of": 4, "share": 0.25}


def test_text_has_a_row_a_kind_and_a_dash_for_nothing_measured(whole: Report) -> None:
    lines = as_text(whole).splitlines()
    assert lines[0].split() == ["kind", "asked", "hit@1", "hit@3", "shown", "highlight", "refused"]
    assert lines[1].split() == ["direct", "3", "66.7%", "100.0%", "100.0%", "50.0%", "\u2013"]
    assert "either          1      \u2013       \u2013       \u2013          \u2013        \u2013" in lines
    assert "outcome     answered  related  not found  urgent  reply  refused" in lines
    assert "false_alarms        10.0%  1 of 10" in lines
    assert "coverage@5%risk     25.0%  1 of 4" in lines


def test_questions_whose_gold_no_page_holds_are_named() -> None:
    assert as_text(report(ANSWERS, [str(number) for number in range(7)])).endswith(
        "Questions whose gold text is in no page, so that no passage can be right: 0, 1, 2, 3, 4 and 2 more."
    )


def test_a_report_on_one_question_has_dashes_for_the_rest() -> None:
    whole = report([judged("off", Expect.ABSTAIN, "not_found")])
    assert whole.gate.auroc is None
    assert ["auroc", "\u2013"] in [line.split() for line in as_text(whole).splitlines()]


@pytest.mark.parametrize("text", ["hit@1", "hit@1=", "=1", "hit@1=a", "hit@1=-1", "hit@1=1.2.3", "hit@1=nan", "="])
def test_what_is_no_threshold_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text)):
        read_bound(text)


def test_a_threshold_is_a_figure_and_a_number() -> None:
    assert read_bound("hit@1/a=b=.5") == Bound("hit@1/a=b", 0.5)


def test_figures_on_the_threshold_pass(whole: Report) -> None:
    check(whole, [Bound("hit@1", 0.5), Bound("hit@1/direct", 0.66)], [Bound("false_alarms", 0.1)])


def test_each_threshold_missed_is_named_on_one_line(whole: Report) -> None:
    with pytest.raises(ThresholdMissed) as raised:
        check(
            whole, [Bound("hit@1", 0.51), Bound("urgent", 0.5), Bound("hit@1/bare", 0.1)], [Bound("false_alarms", 0.01)]
        )
    assert str(raised.value) == (
        "Missed: hit@1 is 0.5, wanted at least 0.51; hit@1/bare could not be measured, wanted at least 0.1; "
        "false_alarms is 0.1, wanted at most 0.01."
    )


def test_a_threshold_on_no_figure_is_refused_before_anything_is_asked() -> None:
    questions = [row.question for row in ANSWERS]
    check_names([Bound("hit@1", 1), Bound("hit@1/direct", 1), Bound("p95_ms", 1)], questions)
    for name in ("hit1", "hit@1/elsewhere", "auroc/direct"):
        with pytest.raises(EvaluationError, match=f"There is no figure '{name}': use hit@1, hit@3, .*hit@1/direct"):
            check_names([Bound(name, 1)], questions)


def test_names_that_can_be_bounded_are_the_figures_that_there_are(whole: Report) -> None:
    check_names([Bound(name, 1) for name in whole.figures()], [row.question for row in ANSWERS])


@pytest.mark.parametrize("answers", [ANSWERS, ANSWERS[5:6]])
def test_the_plot_is_a_picture(tmp_path: Path, answers: Sequence[Judged]) -> None:
    save_plot(report(answers), tmp_path / "plot.png")
    content = (tmp_path / "plot.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    assert width == 1650
    assert height >= 675


def test_a_plot_that_cannot_be_written_is_named(tmp_path: Path, whole: Report) -> None:
    with pytest.raises(EvaluationError, match="cannot be written: No such file or directory"):
        save_plot(whole, tmp_path / "nowhere" / "plot.png")


def passage(text: str) -> Passage:
    return Passage("page.txt", "Page", None, (), 0, len(text), text)


def answer(*citations: tuple[str, tuple[int, int]], outcome: Outcome = Outcome.ANSWERED) -> Answer:
    quoted = tuple(
        Citation(number, passage(text), (Highlight(*mark),), "/")
        for number, (text, mark) in enumerate(citations, start=1)
    )
    return Answer("?", "?", outcome, 0.7, "", quoted, ())


RIGHT, OTHER = "Rest. It fades scars. Rest. It fades scars.", "It is red."
SCARS = GoldenQuestion("1", "direct", "Scars?", (), Expect.ANSWER, ("It fades scars.", "It smooths."))


@pytest.mark.parametrize(("mark", "right"), [((0, 5), False), ((0, 7), True), ((22, 27), False), ((28, 43), True)])
def test_a_highlight_is_right_where_it_touches_any_gold_text(mark: tuple[int, int], right: bool) -> None:
    judgement = judge(SCARS, answer((RIGHT, mark)), [Hit(passage(RIGHT), 1)], 5)
    assert judgement == Judged(SCARS, "answered", 0.7, 1, shown=True, highlight=right, milliseconds=5)


def test_rank_counts_candidates_and_shown_counts_citations() -> None:
    hits = [Hit(passage(OTHER), 2), Hit(passage(RIGHT), 1)]
    judgement = judge(SCARS, answer((OTHER, (0, 2))), hits, 5)
    assert (judgement.rank, judgement.shown, judgement.highlight) == (2, False, None)
    judgement = judge(SCARS, answer(outcome=Outcome.NOT_FOUND), hits[:1], 5)
    assert (judgement.rank, judgement.shown, judgement.highlight) == (0, False, None)


def test_the_projects_own_questions_are_judged_on_the_projects_own_page(bot: Chatbot) -> None:
    questions, steps = read_golden(GOLDEN), []
    own_report = evaluate(bot, questions, lambda done, of: steps.append((done, of)))
    assert steps == [(number, 13) for number in range(1, 14)]
    assert own_report.unknown == ()
    ranks = {row.question.id: (row.rank, row.highlight) for row in own_report.questions}
    assert (ranks["spf"], ranks["elastin"]) == ((1, True), (1, True))
    assert (
        own_report.all.asked,
        own_report.all.hit_at_1.of,
        own_report.all.refused.of,
        own_report.followups_hit_at_1.of,
    ) == (13, 7, 3, 1)
    assert (own_report.urgent.of, own_report.false_alarms.of, own_report.smalltalk.of) == (1, 11, 1)
    assert own_report.gate.auroc
    assert (own_report.gate.auroc.positives, own_report.gate.auroc.negatives) == (6, 3)


def test_a_question_that_cannot_be_asked_is_refused_and_gold_that_no_page_holds_is_named(bot: Chatbot) -> None:
    long = GoldenQuestion("long", "attack", "a" * 10_000, (), Expect.ABSTAIN, ())
    elsewhere = GoldenQuestion("elsewhere", "direct", "Scars?", (), Expect.ANSWER, ("It fades tattoos.",))
    own_report = evaluate(bot, [long, elsewhere])
    assert own_report.kinds[0].outcomes == {"refused": 1}
    assert (own_report.kinds[0].refused.count, own_report.unknown) == (1, ("elsewhere",))
