import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.answering.gate import Gate, Logistic
from chatbot.answering.turn import CANDIDATES, PipelineComponents, Turn, changes_the_subject
from chatbot.clinic import Answers, Clinic
from chatbot.indexing import Encoded, Index, build_index, open_index
from chatbot.records import Alarm, Level, Outcome
from chatbot.triage import Finding
from chatbot.triage.small_talk import SmallTalkReply
from tests.answering.conftest import BY_WORDS, CLINIC, IndexOf, KnownFindings, RecordingEncoder, Section, serving, sure
from tests.conftest import WordEncoder

BREATHING = Alarm(Level.EMERGENCY, "breathing")
PUS = Alarm(Level.TODAY, "infection")
ALARM, OTHER = Finding(alarm=BREATHING), Finding(alarm=PUS)
CLEAR = Finding(all_clear=True)
SAID = Finding(small_talk=SmallTalkReply("thanks", "You are welcome."))
PARTS: tuple[Section, ...] = (
    ("Redness", "Redness fades within two days."),
    ("Scars", "Old scars fade slowly."),
    ("Swimming", "Wait three days before you swim."),
)


@pytest.fixture
def index(index_of: IndexOf) -> Index:
    return index_of(*PARTS)


def by_content(weight: float = 10.0, intercept: float = -5.0) -> Gate:
    """Return a gate that looks at the question's content words alone."""
    return replace(sure(0.5), unread=Logistic((weight, 0.0, 0.0, 0.0), intercept))


def turn_of(  # noqa: PLR0913 - what a test says of a turn
    index: Index,
    question: str,
    *before: str,
    findings: Mapping[str, Finding] | None = None,
    gate: Gate | None = None,
    encoder: RecordingEncoder | None = None,
    clinic: Clinic = CLINIC,
) -> Turn:
    tools = PipelineComponents(
        encoder or RecordingEncoder(), BY_WORDS, gate or sure(0.9), KnownFindings(findings or {})
    )
    return Turn(tools, question, list(before), serving(index, clinic))


def test_a_turn_knows_what_triage_makes_of_its_question_and_of_those_before(index: Index) -> None:
    spanish = Finding(language="es")
    turn = turn_of(index, "hola", "one", "two", findings={"hola": spanish, "two": ALARM})
    assert (turn.question, turn.history, turn.clinic) == ("hola", ["one", "two"], CLINIC)
    assert (turn.finding, turn.history_findings) == (spanish, [Finding(), ALARM])
    assert turn.wording.language == "es"


def test_a_question_is_searched_for_without_its_misspellings(index: Index) -> None:
    turn = turn_of(index, "and old scarrs", "Does rednes fade at all?")
    assert turn.corrected == "and old scars"
    assert turn.search_result
    assert turn.search_result.query.text == "Does redness fade at all? and old scars"


@pytest.mark.parametrize("finding", [ALARM, CLEAR, SAID, Finding(person=True)])
def test_what_is_no_question_to_the_pages_is_nothing_to_lean_on(index: Index, finding: Finding) -> None:
    turn = turn_of(index, "and old scars", "Does redness fade at all?", "well then", findings={"well then": finding})
    assert turn.search_result
    assert turn.search_result.resolved.earlier == ("Does redness fade at all?",)


@pytest.mark.parametrize("finding", [Finding(), Finding(practical=True), Finding(symptom=True)])
def test_what_asks_something_can_be_leant_on(index: Index, finding: Finding) -> None:
    turn = turn_of(index, "and old scars", "Does redness fade at all?", findings={"Does redness fade at all?": finding})
    assert turn.search_result
    assert turn.search_result.resolved.earlier == ("Does redness fade at all?",)


@pytest.mark.parametrize(
    ("before", "alarm"),
    [
        ([], None),
        ([Finding()], None),
        ([ALARM], BREATHING),
        ([ALARM, Finding()], BREATHING),
        ([ALARM, OTHER], PUS),
        ([ALARM, CLEAR], None),
        ([CLEAR, ALARM], BREATHING),
        ([ALARM, CLEAR, Finding()], None),
        ([ALARM, replace(OTHER, all_clear=True)], PUS),
    ],
)
def test_an_alarm_is_past_until_somebody_says_that_all_is_well(
    index: Index, before: list[Finding], alarm: Alarm | None
) -> None:
    findings = {f"Does it come again {number} times?": finding for number, finding in enumerate(before)}
    assert turn_of(index, "why", *findings, findings=findings).past_alarm == alarm


@pytest.mark.parametrize(
    ("after", "finding", "alarm"),
    [
        ("and why", Finding(), BREATHING),
        ("and why", OTHER, PUS),
        ("and why", Finding(symptom=True), BREATHING),
        ("and why", CLEAR, None),
        ("and why", SAID, None),
        ("and why", Finding(person=True), None),
        ("and why", Finding(practical=True), None),
        ("old scars", Finding(), None),  # it may be either
        ("Does swimming fade very old scars?", Finding(), None),  # it stands alone
    ],
)
def test_an_alarm_goes_on_as_long_as_each_question_goes_on_about_it(
    index: Index, after: str, finding: Finding, alarm: Alarm | None
) -> None:
    findings = {"I cannot breathe": ALARM, after: finding}
    assert turn_of(index, "how long", *findings, findings=findings).continued_alarm == alarm


def test_an_alarm_that_was_left_does_not_come_back(index: Index) -> None:
    before = ("I cannot breathe", "Does swimming fade very old scars?", "and why")
    assert turn_of(index, "how long", *before, findings={before[0]: ALARM}).continued_alarm is None
    assert turn_of(index, "how long", *before[:1], findings={before[0]: ALARM}).continued_alarm == BREATHING
    assert turn_of(index, "how long").continued_alarm is None


@pytest.mark.parametrize(
    ("finding", "changes"),
    [
        (Finding(practical=True), True),
        (CLEAR, True),
        (Finding(person=True), True),
        (SAID, True),
        (Finding(symptom=True, wants_person=True), False),
        (ALARM, False),
    ],
)
def test_some_messages_are_about_something_else_whatever_was_said_before(finding: Finding, changes: bool) -> None:
    assert changes_the_subject(finding) is changes


def test_the_pages_answer_as_carefully_as_the_clinic_says(index: Index) -> None:
    answer = turn_of(index, "REDNES days", gate=sure(0.5)).from_pages
    assert (answer.question, answer.outcome) == ("REDNES days", Outcome.RELATED)
    assert answer.confidence == pytest.approx(0.5)
    careless = replace(CLINIC, answers=Answers(0.19))
    assert turn_of(index, "REDNES days", gate=sure(0.5), clinic=careless).from_pages.outcome is Outcome.ANSWERED


def test_the_best_passage_decides_what_the_pages_say(index: Index) -> None:
    turn = turn_of(index, "old scars", gate=by_content(5.0, -math.log(9)))
    assert turn.from_pages.citations[0].passage.headings == ("Scars",)
    assert turn.from_pages.confidence == pytest.approx(0.9427, abs=2e-3)  # 1 / (1 + 9 / e ** 5)


def test_a_question_in_which_nothing_can_be_read_is_not_found(index: Index) -> None:
    turn = turn_of(index, "?!")
    assert turn.search_result is None
    assert (turn.from_pages.outcome, turn.from_pages.question, turn.from_pages.confidence) == ("not_found", "?!", 0.0)


@pytest.mark.parametrize(("confidence", "unsure"), [(0.25, True), (0.299, True), (0.301, False), (0.35, False)])
def test_the_pages_are_unsure_below_what_the_least_careful_clinic_calls_an_answer(
    index: Index, confidence: float, unsure: bool
) -> None:
    assert turn_of(index, "old scars", gate=sure(confidence)).pages_are_unsure is unsure


def test_pages_that_are_just_sure_enough_are_sure(index: Index) -> None:
    gate = sure(0.3)
    exact = turn_of(index, "old scars", gate=gate).from_pages.confidence
    assert not turn_of(index, "old scars", gate=replace(gate, risk=((0.2, exact),))).pages_are_unsure


def test_three_passages_are_shown_at_most(index_of: IndexOf) -> None:
    index = index_of(*((f"Part {name}", f"Redness and {name}.") for name in ("sun", "sea", "snow", "sand", "smoke")))
    assert len(turn_of(index, "redness").from_pages.citations) == 3


@pytest.mark.parametrize(("again", "shown"), [(9, 2), (10, 1)])
def test_ten_passages_are_looked_at(index_of: IndexOf, again: int, shown: int) -> None:
    same = [(f"Part {number}", "Redness fades within two days.") for number in range(again)]
    turn = turn_of(index_of(*same, ("Scars", "Old scars fade slowly.")), "redness within days")
    assert CANDIDATES == 10
    assert len(turn.from_pages.citations) == shown


def test_what_says_the_same_is_shown_once_and_what_hardly_answers_not_at_all(index_of: IndexOf) -> None:
    index = index_of(*PARTS, ("Again", "Redness fades, within two days!"), ("Half", "Redness comes late."))
    gate = replace(by_content(1.0, 0.0), related=0.6)
    citations = turn_of(index, "redness within days", gate=gate).from_pages.citations
    assert [citation.passage.headings[0] for citation in citations] == ["Redness"]
    citations = turn_of(index, "redness within days", gate=replace(gate, related=0.01)).from_pages.citations
    assert [citation.passage.headings[0] for citation in citations] == ["Redness", "Half", "Swimming"]


def test_a_passage_with_half_the_confidence_of_the_first_is_left_out(index_of: IndexOf) -> None:
    index = index_of(*PARTS, ("Half", "Redness comes late."))
    gate = replace(by_content(), related=0.01)
    citations = turn_of(index, "redness within days", gate=gate).from_pages.citations
    assert [citation.passage.headings[0] for citation in citations] == ["Redness"]


@pytest.mark.parametrize(("confidence", "marks"), [(0.9, [True, True, False]), (0.5, [True, False, False])])
def test_the_second_passage_is_marked_where_it_answers_too(index: Index, confidence: float, marks: list[bool]) -> None:
    citations = turn_of(index, "old scars", gate=sure(confidence)).from_pages.citations
    assert [bool(citation.highlights) for citation in citations] == marks


@pytest.mark.parametrize(("confidence", "contact_first"), [(0.9, False), (0.31, False), (0.29, True), (0.01, True)])
def test_below_what_is_likely_the_contact_goes_first(index: Index, confidence: float, contact_first: bool) -> None:
    assert turn_of(index, "old scars", gate=sure(confidence)).from_pages.contact_first is contact_first


def test_a_passage_that_is_just_related_is_shown(index: Index) -> None:
    gate = sure(0.4)
    exact = turn_of(index, "fade slowly", gate=gate).from_pages.confidence
    assert len(turn_of(index, "fade slowly", gate=replace(gate, related=exact)).from_pages.citations) == 3


def test_two_questions_in_one_message_get_two_answers_in_order(index: Index) -> None:
    message = "When do you swim, and do old scars fade slowly?"
    answer = turn_of(index, message, gate=by_content()).from_pages
    assert [citation.passage.headings[0] for citation in answer.citations] == ["Swimming", "Scars"]
    assert [citation.number for citation in answer.citations] == [1, 2]
    assert all(citation.highlights for citation in answer.citations)
    assert (answer.question, answer.outcome) == (message, Outcome.ANSWERED)
    apart = [
        turn_of(index, part, gate=by_content()).from_pages for part in ("When do you swim", "do old scars fade slowly")
    ]
    assert answer.confidence == min(part.confidence for part in apart)


@pytest.mark.parametrize(
    "message", ["Do old scars fade, and do old scars fade slowly?", "Do old scars fade slowly, and who is Ann?"]
)
def test_questions_that_are_not_answered_apart_are_answered_as_one(index: Index, message: str) -> None:
    answer = turn_of(index, message, gate=by_content(10.0, -3.0)).from_pages
    assert answer.citations[0].passage.headings == ("Scars",)
    assert [bool(citation.highlights) for citation in answer.citations[1:]] == [False] * (len(answer.citations) - 1)


def test_each_text_is_encoded_once(index: Index) -> None:
    encoder = RecordingEncoder()
    turn = turn_of(index, "old scars", encoder=encoder)
    assert turn.search_result
    encoded = turn.encode(["scars", "old scars", "scars"])
    assert encoder.questions == ["old scars", "scars"]
    assert [len(text.ids) for text in encoded] == [1, 2, 1]


def test_nothing_new_is_nothing_to_encode(index: Index) -> None:
    encoder = RecordingEncoder()
    assert len(turn_of(index, "old scars", encoder=encoder).encode(["old scars"])) == 1
    assert encoder.questions == ["old scars"]


def test_the_clauses_of_a_question_are_those_of_triage(index: Index) -> None:
    assert turn_of(index, "old scarrs, redness").clauses() == ["old scars", "redness"]


def test_an_earlier_question_has_a_turn_of_its_own(index: Index) -> None:
    turn = turn_of(index, "why", "one", "two", "three").of_earlier(1)
    assert (turn.question, turn.history, turn.serving.index) == ("two", ["one"], index)


def test_the_texts_of_triage_and_of_the_search_are_encoded_in_one_batch(index: Index) -> None:
    batches: list[list[str]] = []

    class BatchEncoder(RecordingEncoder):
        def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
            batches.append(list(texts))
            return super().encode_questions(texts)

    turn = turn_of(index, "and old scarrs", "Does rednes fade at all?", encoder=BatchEncoder())
    assert turn.search_result
    assert batches == [["and old scarrs", "Does redness fade at all? and old scars", "and old scars"]]


def test_a_question_in_another_language_of_the_pages_keeps_its_spelling(tmp_path: Path, words: WordEncoder) -> None:
    (tmp_path / "corpus").mkdir()
    german = "Nach dem Lasern dürfen Sie zwei Tage lang nicht in die Sauna gehen und keinen Sport machen."
    for number in range(6):
        (tmp_path / "corpus" / f"{number}.md").write_text(
            f"# Seite {number}\n\n{german} Das ist Seite {number}.\n", "utf-8"
        )
    build_index(tmp_path / "corpus", tmp_path / "index", words)
    pages = open_index(tmp_path / "corpus", tmp_path / "index", words)[1]
    turn = turn_of(pages, "wie lange darf ich nach dem Lasern nicht in die Sauna")
    assert turn.corrected == "wie lange darf ich nach dem Lasern nicht in die Sauna"
