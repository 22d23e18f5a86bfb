"""The first-day review: what a verdict approves, what is stored, and what the summary counts."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatbot.answering import Gate
from chatbot.bot import Chatbot
from chatbot.database import Database
from chatbot.errors import ChangeRefused
from chatbot.evaluation import Expect
from chatbot.indexing import Encoder
from chatbot.records import Answer, Choice, Outcome, Passage
from chatbot.staff import (
    ApprovedQuestions,
    AuditLog,
    ContentPaths,
    FirstDayQuestion,
    FirstDayReview,
    GoldenFile,
    Judgement,
    Verdict,
    answers_allowed,
    first_day_line,
    specialties,
    staff_database,
    summarise,
)
from tests.staff.conftest import NOW, Clock, opened

ASKED = "how long am I red?"
OFF_TOPIC = "who won the football world cup?"
SPECIALTY = "skin-and-aesthetics"


@pytest.fixture
def bot(place: ContentPaths, encoder: Encoder) -> Chatbot:
    return opened(place, encoder)


@pytest.fixture
def audit_log(database: Database, clock: Clock) -> AuditLog:
    return AuditLog(database, clock)


@pytest.fixture
def review(bot: Chatbot, database: Database, golden: GoldenFile, audit_log: AuditLog, clock: Clock) -> FirstDayReview:
    approved = ApprovedQuestions(bot, database, golden, audit_log, clock)
    return FirstDayReview(database, approved, golden, audit_log, clock)


def passage(bot: Chatbot, words: str) -> Passage:
    return next(passage for passage in bot.passages() if words in passage.text)


def fixed(question: str, outcome: Outcome) -> Answer:
    return Answer(question, question, outcome, 0.0, "Ring us.", (), ())


def judgement(question: str, verdict: Verdict, outcome: Outcome, confidence: float = 0.0) -> Judgement:
    return Judgement(question, SPECIALTY, verdict, outcome, confidence, "alice", datetime(2026, 11, 26, tzinfo=UTC))


def test_right_approves_the_passage_that_was_seen(
    bot: Chatbot, review: FirstDayReview, golden: GoldenFile, audit_log: AuditLog
) -> None:
    seen = bot.ask(ASKED)
    first = seen.citations[0].passage
    assert "Redness fades" in first.text
    review.judge(seen, Verdict.RIGHT, "alice", SPECIALTY)
    answer = bot.ask(ASKED)
    assert (answer.outcome, answer.confirmed) == (Outcome.ANSWERED, True)
    assert answer.citations[0].passage == first
    stored = review.judgements()[ASKED]
    made = datetime.fromtimestamp(NOW, UTC)
    assert stored == Judgement(ASKED, SPECIALTY, Verdict.RIGHT, seen.outcome, seen.confidence, "alice", made)
    assert stored.was_right
    assert [(saved.question, saved.expect) for saved in golden.read()] == [(ASKED, Expect.ANSWER)]
    assert [(change.account, change.subject) for change in audit_log.latest()] == [("alice", ASKED)]


def test_another_passage_is_shown_from_then_on(bot: Chatbot, review: FirstDayReview) -> None:
    other = passage(bot, "Keep the skin dry")
    review.judge(bot.ask(ASKED), Verdict.OTHER, "alice", SPECIALTY, other)
    assert bot.ask(ASKED).citations[0].passage == other
    assert not review.judgements()[ASKED].was_right


def test_no_answer_is_right_only_where_nothing_was_shown(bot: Chatbot, review: FirstDayReview) -> None:
    for question in (ASKED, OFF_TOPIC):
        review.judge(bot.ask(question), Verdict.NO_ANSWER, "alice", SPECIALTY)
        assert bot.ask(question).outcome is Outcome.NOT_FOUND
    assert {question: stored.was_right for question, stored in review.judgements().items()} == {
        ASKED: False,
        OFF_TOPIC: True,
    }


def test_a_second_verdict_keeps_what_footnote_said_at_first(bot: Chatbot, review: FirstDayReview) -> None:
    seen = bot.ask(ASKED)
    review.judge(seen, Verdict.NO_ANSWER, "alice", SPECIALTY)
    review.judge(bot.ask(ASKED), Verdict.OTHER, "bob", SPECIALTY, passage(bot, "Redness"))
    stored = review.judgements()[ASKED]
    assert (stored.verdict, stored.account) == (Verdict.OTHER, "bob")
    assert (stored.outcome, stored.confidence) == (seen.outcome, seen.confidence)


def test_a_skipped_question_is_judged_later_and_never_unjudged(bot: Chatbot, review: FirstDayReview) -> None:
    seen = bot.ask(ASKED)
    review.skip(seen, "alice", SPECIALTY)
    assert review.judgements()[ASKED].verdict is Verdict.SKIPPED
    assert not bot.ask(ASKED).confirmed
    review.judge(seen, Verdict.RIGHT, "alice", SPECIALTY)
    review.skip(seen, "alice", SPECIALTY)
    assert review.judgements()[ASKED].verdict is Verdict.RIGHT


@pytest.mark.parametrize(("outcome", "expect"), [(Outcome.REPLY, Expect.SMALLTALK), (Outcome.URGENT, Expect.ESCALATE)])
def test_a_right_fixed_text_is_checked_from_then_on(
    review: FirstDayReview, golden: GoldenFile, audit_log: AuditLog, outcome: Outcome, expect: Expect
) -> None:
    review.judge(fixed("what does it cost?", outcome), Verdict.RIGHT, "alice", SPECIALTY)
    assert [saved.expect for saved in golden.read()] == [expect]
    assert [change.summary for change in audit_log.latest()] == ["Right"]
    assert review.judgements()["what does it cost?"].was_right


def test_where_asking_back_is_right_nothing_is_approved(
    bot: Chatbot, review: FirstDayReview, golden: GoldenFile
) -> None:
    seen = replace(bot.ask(ASKED), outcome=Outcome.RELATED, choices=(Choice("Aftercare", "aftercare.md"),))
    review.judge(seen, Verdict.RIGHT, "alice", SPECIALTY)
    assert review.judgements()[ASKED].was_right
    assert golden.read() == ()
    assert not bot.ask(ASKED).confirmed


def test_a_verdict_without_a_passage_is_refused(review: FirstDayReview) -> None:
    seen = fixed("is there parking?", Outcome.NOT_FOUND)
    for verdict in (Verdict.RIGHT, Verdict.OTHER):
        with pytest.raises(ChangeRefused, match="Choose the passage"):
            review.judge(seen, verdict, "alice", SPECIALTY)
    assert review.judgements() == {}


def test_an_urgent_question_is_not_approved(bot: Chatbot, review: FirstDayReview) -> None:
    seen = bot.ask("I can't breathe")
    with pytest.raises(ChangeRefused, match="sounds urgent"):
        review.judge(seen, Verdict.NO_ANSWER, "alice", SPECIALTY)
    assert review.judgements() == {}


def test_the_review_continues_with_the_latest_specialty(bot: Chatbot, review: FirstDayReview) -> None:
    assert review.latest_specialty(specialties()) is None
    review.skip(bot.ask(ASKED), "alice", "dental")
    review.skip(bot.ask(OFF_TOPIC), "alice", "no longer a specialty")
    assert review.latest_specialty(specialties()) == "dental"


def test_the_summary_counts_what_was_judged() -> None:
    given = [
        judgement("a", Verdict.RIGHT, Outcome.ANSWERED),
        judgement("b", Verdict.OTHER, Outcome.ANSWERED),
        judgement("c", Verdict.RIGHT, Outcome.RELATED),
        judgement("d", Verdict.NO_ANSWER, Outcome.NOT_FOUND),
        judgement("e", Verdict.NO_ANSWER, Outcome.RELATED),
        judgement("f", Verdict.SKIPPED, Outcome.RELATED),
    ]
    questions = [FirstDayQuestion("Topic", text) for text in "abcdefg"]
    summary = summarise(questions, {one.question: one for one in given})
    assert (summary.asked, summary.judged, summary.right) == (7, 5, 3)
    assert summary.verdicts == {Verdict.RIGHT: 2, Verdict.OTHER: 1, Verdict.NO_ANSWER: 2, Verdict.SKIPPED: 1}
    assert summary.by_outcome == {Outcome.ANSWERED: (2, 1), Outcome.RELATED: (2, 1), Outcome.NOT_FOUND: (1, 1)}
    assert [question.text for question in summary.missing] == ["d", "e"]


def test_thresholds_are_counted_on_what_was_judged() -> None:
    gate = Gate.fitted()
    careful, bold = gate.threshold_for(0.05), gate.threshold_for(0.2)
    assert bold < careful
    given = [
        judgement("a", Verdict.RIGHT, Outcome.ANSWERED, careful),
        judgement("b", Verdict.OTHER, Outcome.RELATED, bold),
        judgement("c", Verdict.RIGHT, Outcome.RELATED, bold),
        judgement("d", Verdict.SKIPPED, Outcome.ANSWERED, 1.0),
        judgement("e", Verdict.RIGHT, Outcome.REPLY, 1.0),
    ]
    counted = [(row.answered, row.wrong) for row in answers_allowed(given, gate, (0.05, 0.2))]
    assert counted == [(1, 0), (3, 1)]


def test_the_check_names_the_share_that_was_right(bot: Chatbot, review: FirstDayReview, place: ContentPaths) -> None:
    review.skip(bot.ask("is it safe?"), "alice", SPECIALTY)
    assert first_day_line(staff_database(place.staff)) == ""
    review.judge(bot.ask(ASKED), Verdict.RIGHT, "alice", SPECIALTY)
    review.judge(bot.ask(OFF_TOPIC), Verdict.OTHER, "alice", SPECIALTY, passage(bot, "Redness"))
    assert (
        first_day_line(staff_database(place.staff)) == "First-day review: Footnote by itself was right on 1 of 2 (50%)."
    )


def test_without_a_review_no_database_is_made(tmp_path: Path) -> None:
    assert first_day_line(staff_database(tmp_path)) == ""
    assert list(tmp_path.iterdir()) == []
