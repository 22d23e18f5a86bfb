"""What the journal stores and returns, in each database."""

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatbot.errors import QuestionEmpty
from chatbot.journal import Journal, PassageRef, csv_lines
from chatbot.records import Alarm, Level, Outcome
from chatbot.triage import Wording
from tests.journal.conftest import NOW, Clock, answer, record

DAY = datetime.fromtimestamp(NOW, UTC)
Opened = Callable[..., Journal]


def test_a_question_is_logged_with_its_outcome_and_redacted(journal: Journal) -> None:
    answer_id = uuid4().hex
    given = answer(
        "My name is Jane, call 07700 900123: does it hurt?", Outcome.RELATED, [("a.txt", 1, 9), ("b.md", 0, 4)]
    )
    journal.record(answer_id, given, 12.6)
    journal.flush()
    (logged,) = journal.asked()
    assert (logged.answer_id, logged.asked, logged.outcome) == (answer_id, DAY, Outcome.RELATED)
    assert logged.text == "My name is [name], call [number]: does it hurt?"
    assert logged.passages == (PassageRef("a.txt", 1, 9), PassageRef("b.md", 0, 4))
    assert (logged.language, logged.milliseconds) == ("en", 13)
    assert (logged.helpful, logged.comment, logged.handled) == (None, None, None)


def test_the_last_feedback_on_an_answer_counts_and_is_redacted(journal: Journal) -> None:
    answer_id = record(journal, "does it hurt?")
    other = record(journal, "does it bleed?")
    assert journal.feedback(answer_id, False, "nonsense, write to jane@example.com\x00 \u202e")
    feedback = {logged.answer_id: (logged.helpful, logged.comment) for logged in journal.asked()}
    assert feedback == {answer_id: (False, "nonsense, write to [email]"), other: (None, None)}
    assert journal.feedback(answer_id, True)
    assert {(logged.helpful, logged.comment) for logged in journal.asked()} == {(True, None), (None, None)}


def test_beside_other_servers_a_journal_has_started_once_it_can_be_written(empty_postgresql: str) -> None:
    journal = Journal.open(empty_postgresql, 30)
    assert journal
    journal.start()
    with psycopg.connect(empty_postgresql) as connection:
        assert connection.execute("SELECT to_regclass('questions')").fetchone() == ("questions",)
    journal.close()


def test_the_button_below_an_alarm_is_no_unanswered_question(journal: Journal) -> None:
    for text in Wording.dismissals():
        assert journal.feedback(record(journal, text, Outcome.NOT_FOUND), False)
    record(journal, "does it hurt?", Outcome.NOT_FOUND)
    journal.flush()
    assert [logged.text for logged in journal.asked(unanswered=True)] == ["does it hurt?"]
    assert [logged.text for logged in journal.asked() if logged.unanswered] == ["does it hurt?"]
    outcomes = journal.counts().outcomes
    assert (outcomes[Outcome.NOT_FOUND], outcomes[Outcome.REPLY]) == (1, len(Wording.dismissals()))


@pytest.mark.parametrize("answer_id", ["", "x", "0" * 32, "0" * 33, "A" * 32, "\ud800", "' OR 1=1 --", "%" * 32])
def test_feedback_on_an_unknown_answer_is_refused(journal: Journal, answer_id: str) -> None:
    record(journal, "does it hurt?")
    assert not journal.feedback(answer_id, True, "\ud800\x00")
    journal.flush()
    assert [logged.helpful for logged in journal.asked()] == [None]


def test_the_questions_of_a_period_come_newest_first(journal: Journal, clock: Clock) -> None:
    for hour in range(5):
        record(journal, f"question {hour}")
        clock.now += 3600
    journal.flush()
    assert [logged.text for logged in journal.asked()] == [f"question {hour}" for hour in (4, 3, 2, 1, 0)]
    part = journal.asked(DAY + timedelta(hours=1), DAY + timedelta(hours=3))
    assert [logged.text for logged in part] == ["question 2", "question 1"]
    assert [logged.text for logged in journal.asked(limit=1)] == ["question 4"]


def test_unanswered_questions_are_found_until_handled(journal: Journal) -> None:
    for outcome in Outcome:
        record(journal, outcome.value, outcome)
    unhelpful, helpful = record(journal, "unhelpful"), record(journal, "helpful")
    journal.feedback(unhelpful, False)
    journal.feedback(helpful, True)
    unanswered = journal.asked(unanswered=True)
    assert {logged.text for logged in unanswered} == {"not_found", "related", "unhelpful"}
    ids = [logged.id for logged in unanswered if logged.text != "related"]
    journal.mark_handled(ids)
    assert {logged.text for logged in journal.asked(unanswered=True, handled=False)} == {"related"}
    assert {logged.handled for logged in journal.asked(unanswered=True, handled=True)} == {DAY}
    journal.mark_handled(ids[:1], handled=False)
    journal.mark_handled([])
    assert len(journal.asked(unanswered=True, handled=False)) == 2


CRISIS = Alarm(Level.CRISIS, "self-harm", "es")


def test_level_rule_and_wording_of_an_urgent_answer_are_kept_for_good(journal: Journal, clock: Clock) -> None:
    record(journal, "is it safe?")
    journal.record(uuid4().hex, answer("quiero morir", Outcome.URGENT, (), CRISIS), 10)
    journal.flush()
    (urgent,) = journal.asked(urgent=True)
    assert (urgent.text, urgent.level, urgent.rule) == ("quiero morir", Level.CRISIS, "self-harm")
    assert (urgent.shown, urgent.judged) == ("This is what our pages say:", None)
    assert {
        (logged.level, logged.rule, logged.shown) for logged in journal.asked() if logged.text == "is it safe?"
    } == {(None, None, None)}
    clock.pass_days(31)
    journal.apply_retention()
    (urgent,) = journal.asked(urgent=True)
    assert (urgent.text, urgent.level, urgent.rule) == (None, Level.CRISIS, "self-harm")
    line = json.loads(next(iter(journal.export("jsonl"))))
    assert (line["level"], line["rule"], line["judged"]) == ("crisis", "self-harm", None)


def test_the_last_judgement_of_an_urgent_message_counts(journal: Journal) -> None:
    record(journal, "is it safe?")
    journal.record(uuid4().hex, answer("quiero morir", Outcome.URGENT, (), CRISIS), 10)
    journal.flush()
    urgent, other = sorted(journal.asked(), key=lambda logged: logged.outcome is not Outcome.URGENT)
    assert journal.judge(urgent.id, emergency=False)
    assert journal.judge(urgent.id, emergency=True)
    assert not journal.judge(other.id, emergency=True)
    assert not journal.judge(10**9, emergency=True)
    assert {logged.text: logged.judged for logged in journal.asked()} == {"quiero morir": True, "is it safe?": None}


def test_counts_go_by_the_days_and_hours_of_the_clinics_time_zone(journal: Journal, clock: Clock) -> None:
    clock.now = datetime(2026, 10, 24, 18, 40, tzinfo=UTC).timestamp()  # in Kolkata, ten past midnight on a Sunday
    ids = [record(journal, "is redness normal?") for _ in range(3)]
    record(journal, "\u00bfcu\u00e1nto cuesta?", Outcome.NOT_FOUND)
    clock.pass_days(-2)
    record(journal, "is it normal?", Outcome.RELATED)
    journal.feedback(ids[0], True)
    journal.feedback(ids[1], True)
    journal.feedback(ids[2], False)
    counts = journal.counts(zone=ZoneInfo("Asia/Kolkata"))
    first, second = counts.days
    assert (first.day, first.outcomes, first.helpful) == (date(2026, 10, 23), {Outcome.RELATED: 1}, 0)
    assert (second.day, second.helpful, second.unhelpful) == (date(2026, 10, 25), 2, 1)
    assert second.outcomes == {Outcome.ANSWERED: 3, Outcome.NOT_FOUND: 1}
    assert (counts.hours[6][0], counts.hours[4][0], sum(map(sum, counts.hours))) == (4, 1, 5)
    assert counts.cited == ((PassageRef("a.txt", 10, 20), 5),)
    assert dict(counts.languages)["es"] == 1
    assert (counts.questions, counts.outcomes[Outcome.ANSWERED], counts.outcomes[Outcome.URGENT]) == (5, 3, 0)
    assert counts.helpful == pytest.approx(2 / 3)
    assert journal.counts(zone=UTC).days[1].day == date(2026, 10, 24)
    assert journal.counts(until=DAY - timedelta(days=900)).helpful is None


def test_after_the_retention_only_counts_are_left(journal: Journal, clock: Clock) -> None:
    old = record(journal, "an old question")
    journal.feedback(old, False, "an old comment")
    clock.pass_days(29.5)
    new = record(journal, "a new question")
    clock.pass_days(0.6)
    journal.flush()
    assert journal.apply_retention() == 1
    recent, expired = journal.asked()
    assert (recent.answer_id, recent.text) == (new, "a new question")
    assert (expired.answer_id, expired.text, expired.comment, expired.helpful) == (None, None, None, False)
    assert (expired.asked, expired.language) == (DAY.replace(minute=0, second=0), "en")
    assert len(expired.passages) == 1
    assert journal.counts().questions == 2
    assert journal.apply_retention() == 0
    assert not journal.feedback(old, True)


def test_without_retention_no_text_is_kept_and_feedback_ends_after_a_day(opened: Opened, clock: Clock) -> None:
    journal = opened(retention=0)
    answer_id = record(journal, "is redness normal after that?")
    assert journal.feedback(answer_id, False, "wrong")
    (logged,) = journal.asked()
    assert (logged.text, logged.comment, logged.helpful, logged.language) == (None, None, False, "en")
    assert journal.apply_retention() == 0
    assert journal.feedback(answer_id, True)
    clock.pass_days(1.1)
    journal.apply_retention()
    assert not journal.feedback(answer_id, True)
    assert journal.counts().helpful == 1.0


def test_a_shorter_retention_applies_to_older_questions(opened: Opened) -> None:
    record(journal := opened(), "a question")
    journal.flush()
    assert opened(retention=0).apply_retention() == 1
    assert journal.asked()[0].text is None


def test_erasing_removes_what_was_chosen_and_nothing_else(journal: Journal, clock: Clock) -> None:
    ids = [record(journal, text) for text in ("Gr\u00dcN and pink", "blue 100%", "blue_sky")]
    journal.feedback(ids[2], True, "a comment")
    clock.pass_days(1)
    record(journal, "later")
    journal.flush()
    assert journal.erase(matching="%") == 1
    assert journal.erase(matching="gr\u00fcn  AND") == 1
    assert journal.erase(matching="nothing of it") == 0
    with pytest.raises(QuestionEmpty):
        journal.erase(matching=" \u200b")
    assert journal.erase(matching="A COMMENT") == 1
    assert journal.erase(answer_id=ids[0]) == 0
    assert [logged.text for logged in journal.asked()] == ["later"]
    assert journal.erase(before=DAY + timedelta(hours=1)) == 0
    assert journal.erase(answer_id=journal.asked()[0].answer_id) == 1
    record(journal, "again")
    journal.flush()
    assert journal.erase() == 0
    assert journal.erase(everything=True) == 1
    assert (journal.asked(), journal.counts().cited) == ((), ())


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "a;=1+1", 'a","=1', "a, -2+3", "\uff1d1+1"]


def test_a_spreadsheet_finds_no_formula_in_visitors_texts(journal: Journal) -> None:
    for text in [*FORMULAS, "is it 2-3 weeks?"]:
        journal.feedback(record(journal, text), False, text)
    lines = list(journal.export("csv"))
    assert lines[0].startswith('\ufeff"asked","outcome","question"')
    rows = list(csv.DictReader(io.StringIO("".join(lines).removeprefix("\ufeff"))))
    assert rows[0]["question"] == "is it 2-3 weeks?"
    assert rows[-1]["passages"] == "a.txt:10-20"
    assert rows[-1]["asked"] == DAY.isoformat()
    assert list(rows[-1])[-5:] == ["level", "rule", "shown", "judged", "confirmed"]
    for separator in ",;\t":
        for row in csv.reader(io.StringIO("".join(lines)), delimiter=separator):
            assert not [cell for cell in row if re.match(r"\s*[=+@\-]", cell)]


@given(st.text(st.characters(categories=["Cc", "Cf", "Zs", "Zl", "Zp"]), max_size=4), st.sampled_from("=+-@\uff1d"))
@example("\x00", "=")
@example("\ufeff", "=")
@example("\u200b\u2060", "@")
def test_characters_without_width_hide_no_formula(unseen: str, sign: str) -> None:
    (_, line) = csv_lines(["question"], [[f"{unseen}{sign}1+1"]])
    assert re.search(rf"'{re.escape(sign)}1", line)


def test_json_lines_hold_an_object_for_each_question(journal: Journal) -> None:
    answer_id = record(journal, "=1+1 \u2603 \u0645\u0631\u062d\u0628\u0627")
    journal.feedback(answer_id, True)
    (line,) = journal.export("jsonl")
    assert json.loads(line) == {
        "asked": DAY.isoformat(),
        "outcome": "answered",
        "question": "=1+1 \u2603 \u0645\u0631\u062d\u0628\u0627",
        "helpful": True,
        "comment": None,
        "language": json.loads(line)["language"],
        "milliseconds": 12,
        "passages": [{"document": "a.txt", "start": 10, "end": 20}],
        "answer_id": answer_id,
        "level": None,
        "rule": None,
        "shown": None,
        "judged": None,
        "confirmed": False,
    }
