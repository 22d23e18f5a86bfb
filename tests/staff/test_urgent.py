"""Urgent messages and the staff's judgements of them, over a real journal."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.bot import Chatbot
from chatbot.errors import ChangeRefused
from chatbot.evaluation import Expect
from chatbot.journal import Journal, LoggedQuestion
from chatbot.records import Alarm, Answer, Level, Outcome
from chatbot.staff import CheckResult, GoldenFile, judge, urgent_messages
from tests.staff.conftest import NOW, Clock

DAY = 86_400


@pytest.fixture
def journal(tmp_path: Path, clock: Clock) -> Iterator[Journal]:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), 30, clock)
    assert journal
    yield journal
    journal.close()


BREATH = Alarm(Level.EMERGENCY, "breath")


def record_urgent(journal: Journal, clock: Clock, text: str, alarm: Alarm = BREATH, *, days: float = 1) -> None:
    clock.now = NOW - days * DAY
    answer = Answer(text, text, Outcome.URGENT, 1.0, "Call 999 now.", (), (), alarm)
    journal.record(uuid4().hex, answer, 10)
    journal.flush()
    clock.now = NOW


def rows(journal: Journal, days: int = 30) -> tuple[LoggedQuestion, ...]:
    return urgent_messages(journal, days, datetime.fromtimestamp(NOW, UTC)).rows


def test_urgent_messages_come_newest_first_and_are_counted(journal: Journal, clock: Clock) -> None:
    record_urgent(journal, clock, "I cannot breathe", days=3)
    record_urgent(journal, clock, "I want to die", Alarm(Level.CRISIS, "suicide"), days=2)
    record_urgent(journal, clock, "an old one", days=40)
    journal.record(uuid4().hex, Answer("is it safe?", "", Outcome.ANSWERED, 0.9, "", (), ()), 10)
    journal.flush()
    messages = urgent_messages(journal, 30, datetime.fromtimestamp(NOW, UTC))
    assert [(row.text, row.level, row.rule, row.shown) for row in messages.rows] == [
        ("I want to die", Level.CRISIS, "suicide", "Call 999 now."),
        ("I cannot breathe", Level.EMERGENCY, "breath", "Call 999 now."),
    ]
    assert messages.by_level == {Level.CRISIS: 1, Level.EMERGENCY: 1}
    assert (messages.judged, messages.false_alarms) == (0, 0)


def test_a_judgement_is_saved_and_a_later_one_replaces_it(journal: Journal, golden: GoldenFile, clock: Clock) -> None:
    record_urgent(journal, clock, "call me on 07700 900123, I cannot breathe")
    (message,) = rows(journal)
    assert judge(journal, golden, message, "alice", emergency=True)
    assert [(saved.question, saved.expect) for saved in golden.read()] == [
        ("call me on [number], I cannot breathe", Expect.ESCALATE)
    ]
    assert [row.judged for row in rows(journal)] == [True]
    assert judge(journal, golden, message, "bob", emergency=False)
    assert [saved.expect for saved in golden.read()] == [Expect.EITHER]
    messages = urgent_messages(journal, 30, datetime.fromtimestamp(NOW, UTC))
    assert (messages.judged, messages.false_alarms) == (1, 1)


def test_a_message_erased_in_the_meantime_is_not_saved(journal: Journal, golden: GoldenFile, clock: Clock) -> None:
    record_urgent(journal, clock, "I cannot breathe")
    (message,) = rows(journal)
    journal.erase(everything=True)
    with pytest.raises(ChangeRefused, match="words of this message are gone"):
        judge(journal, golden, message, "alice", emergency=True)
    assert golden.read() == ()


def test_a_message_without_its_text_cannot_be_judged(journal: Journal, golden: GoldenFile, clock: Clock) -> None:
    record_urgent(journal, clock, "I cannot breathe", days=31)
    journal.apply_retention()
    (message,) = rows(journal, days=90)
    assert (message.text, message.level, message.rule) == (None, Level.EMERGENCY, "breath")
    with pytest.raises(ChangeRefused, match="load the list again"):
        judge(journal, golden, message, "alice", emergency=True)


def test_a_continued_emergency_is_judged_but_not_saved(bot: Chatbot, journal: Journal, golden: GoldenFile) -> None:
    journal.record(uuid4().hex, bot.ask("how long will that last?", ["I cannot breathe"]), 10)
    journal.flush()
    (message,) = journal.asked(urgent=True)
    assert not judge(journal, golden, message, "alice", emergency=True)
    assert (golden.read(), journal.asked(urgent=True)[0].judged) == ((), True)


@pytest.mark.parametrize(("outcome", "right"), [("urgent", False), ("answered", True), ("not_found", True)])
def test_a_check_counts_a_false_alarm_as_wrong(outcome: str, right: bool) -> None:
    assert CheckResult("1", "does it hurt?", Expect.EITHER, outcome, 0, shown=False, judged=False).right is right
