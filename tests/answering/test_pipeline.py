from collections.abc import Mapping
from dataclasses import replace

import pytest

from chatbot.answering.compose import VERBATIM
from chatbot.answering.gate import Gate
from chatbot.answering.pipeline import Pipeline, PipelineResult
from chatbot.answering.turn import PipelineComponents
from chatbot.clinic import Clinic, Contact, Urgent
from chatbot.clinic import Reply as ClinicReply
from chatbot.errors import QuestionEmpty
from chatbot.indexing import Index
from chatbot.records import Alarm, Highlight, Level, Outcome
from chatbot.triage import Finding, Wording
from chatbot.triage.small_talk import SmallTalkReply
from tests.answering.conftest import BY_WORDS, CLINIC, IndexOf, KnownFindings, Section, serving, sure
from tests.conftest import WordEncoder

HELP = replace(CLINIC, urgent=Urgent(phone="999"))
ENGLISH = Wording.standard("en")
LINE = "0123 (9 to 5) \u00b7 a@b.example \u00b7 https://b.example"
REMINDER = "If it is urgent after all, call 999."
BUTTON = "This is not an emergency"
CHOKING = "I cannot breathe"
BREATHING = Alarm(Level.EMERGENCY, "breathing")
CRISIS = Alarm(Level.CRISIS, "self-harm")
ALARM = Finding(alarm=BREATHING)
CLEAR = Finding(all_clear=True)
THANKS = Finding(small_talk=SmallTalkReply("thanks", "You are welcome."))
PARTS: tuple[Section, ...] = (
    ("Does it hurt?", "A numbing cream is used. Most people feel nothing."),
    ("Redness", "Redness fades within two days."),
    ("Scars", "Old scars fade slowly."),
    ("Swimming", "Wait three days before you swim."),
)


class Desk:
    """A pipeline over some pages, with the confidence and the findings that a test gives."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.encoder = WordEncoder()
        self.triage = KnownFindings({})

    def ask(
        self,
        question: str,
        *history: str,
        findings: Mapping[str, Finding] | None = None,
        gate: Gate | None = None,
        clinic: Clinic = HELP,
    ) -> PipelineResult:
        self.triage = KnownFindings(findings or {})
        tools = PipelineComponents(self.encoder, BY_WORDS, gate or sure(0.9), self.triage)
        return Pipeline(tools).answer(question, history, serving(self.index, clinic))


@pytest.fixture
def desk(index_of: IndexOf) -> Desk:
    return Desk(index_of(*PARTS))


def test_the_pages_answer_a_question(desk: Desk) -> None:
    result = desk.ask("  when do old   scars fade")
    answer = result.answer
    assert (answer.question, answer.outcome, result.rule) == ("when do old scars fade", Outcome.ANSWERED, "")
    assert answer.citations[0].passage.headings == ("Scars",)
    assert (answer.message, answer.contact) == ("This is what our pages say:", "")
    assert result.search_result
    assert result.hits == result.search_result.hits


def test_an_empty_question_is_refused(desk: Desk) -> None:
    with pytest.raises(QuestionEmpty):
        desk.ask(" ")


def test_ten_hits_are_kept_at_most_and_none_where_nothing_was_found(index_of: IndexOf) -> None:
    desk = Desk(index_of(*((f"Part {number}", f"Redness number {number}.") for number in range(12))))
    result = desk.ask("redness of skin")
    assert result.search_result
    assert (len(result.search_result.hits), result.hits) == (12, result.search_result.hits[:10])
    assert desk.ask("?!").hits == ()


@pytest.mark.parametrize(("confidence", "contact"), [(0.9, ""), (0.5, LINE), (0.05, LINE)])
def test_the_way_to_a_person_stands_below_what_may_not_answer(desk: Desk, confidence: float, contact: str) -> None:
    assert desk.ask("when do old scars fade", gate=sure(confidence)).answer.contact == contact


def test_the_way_to_a_person_stands_below_an_answer_for_those_who_want_one(desk: Desk) -> None:
    question = "when do old scars fade"
    assert desk.ask(question, findings={question: Finding(wants_person=True)}).answer.contact == LINE


# 1. An emergency


@pytest.mark.parametrize("level", list(Level))
def test_an_emergency_is_answered_in_its_language_before_anything_else(desk: Desk, level: Level) -> None:
    alarm = Alarm(level, "some rule", "es")
    finding = Finding(
        alarm=alarm,
        symptom=True,
        person=True,
        wants_person=True,
        all_clear=True,
        practical=True,
        small_talk=SmallTalkReply("a", "b"),
    )
    result = desk.ask("old scars", CHOKING, findings={"old scars": finding, CHOKING: ALARM})
    answer, spoken = result.answer, Wording.standard("es").urgent(level, HELP)
    assert (answer.outcome, answer.alarm, answer.message) == (Outcome.URGENT, alarm, spoken)
    assert (answer.question, answer.citations, answer.contact) == ("old scars", (), "")
    assert result.rule == f"{level}: some rule"
    assert result.hits[0].passage.headings == ("Scars",)


# 2. An emergency that goes on


@pytest.mark.parametrize("finding", [Finding(), Finding(symptom=True), Finding(wants_person=True)])
def test_what_goes_on_about_an_emergency_is_urgent_still(desk: Desk, finding: Finding) -> None:
    result = desk.ask("and how long?", CHOKING, findings={CHOKING: ALARM, "and how long?": finding})
    said_before = Alarm(Level.EMERGENCY, "breathing, said before")
    assert (result.answer.outcome, result.answer.alarm) == (Outcome.URGENT, said_before)
    assert result.answer.message == ENGLISH.urgent(Level.EMERGENCY, HELP)
    assert result.rule == "emergency: breathing, said before"


@pytest.mark.parametrize("finding", [Finding(practical=True), CLEAR, Finding(person=True), THANKS])
def test_what_is_about_something_else_is_not_urgent(desk: Desk, finding: Finding) -> None:
    findings = {CHOKING: ALARM, "and how long?": finding}
    assert desk.ask("and how long?", CHOKING, findings=findings).answer.outcome is not Outcome.URGENT


@pytest.mark.parametrize(
    ("question", "symptom", "urgent"),
    [
        ("old scars", False, False),  # it may be either
        ("old scars", True, True),
        ("Does swimming fade very old scars?", True, False),  # it stands alone
        ("Does swimming fade very old scars?", False, False),
    ],
)
def test_what_may_go_on_about_an_emergency_is_urgent_where_somebody_has_a_symptom(
    desk: Desk, question: str, symptom: bool, urgent: bool
) -> None:
    result = desk.ask(question, CHOKING, findings={CHOKING: ALARM, question: Finding(symptom=symptom)})
    assert (result.answer.outcome is Outcome.URGENT) is urgent


def test_without_an_emergency_nothing_goes_on(desk: Desk) -> None:
    findings = {"and how long?": Finding(symptom=True)}
    assert desk.ask("and how long?", "Does redness fade at all?", findings=findings).answer.outcome is Outcome.RELATED


# 3. All is well


def test_an_all_clear_after_an_emergency_is_good_to_hear(desk: Desk) -> None:
    result = desk.ask("I am fine now", CHOKING, findings={CHOKING: ALARM, "I am fine now": CLEAR})
    answer = result.answer
    assert (answer.outcome, answer.question, result.rule) == (Outcome.REPLY, "I am fine now", "all clear")
    assert answer.message == f"{REMINDER}\n{ENGLISH.say('all_clear', HELP)}"
    assert (answer.contact, result.search_result) == (LINE, None)


def test_an_all_clear_with_a_practical_question_is_answered(desk: Desk) -> None:
    findings = {CHOKING: ALARM, "I am fine, do old scars fade": replace(CLEAR, practical=True)}
    answer = desk.ask("I am fine, do old scars fade", CHOKING, findings=findings).answer
    assert (answer.outcome, answer.message) == (Outcome.ANSWERED, f"{REMINDER}\nThis is what our pages say:")


def test_an_all_clear_without_an_alarm_before_it_is_a_question(desk: Desk) -> None:
    assert desk.ask("I am fine now", findings={"I am fine now": CLEAR}).rule == ""
    assert desk.ask(BUTTON, findings={BUTTON: CLEAR}).rule == ""


def test_what_is_no_all_clear_is_none(desk: Desk) -> None:
    question = "Does swimming fade very old scars?"
    answer = desk.ask(question, CHOKING, findings={CHOKING: ALARM}).answer
    assert (answer.outcome, answer.message) == (Outcome.ANSWERED, f"{REMINDER}\nThis is what our pages say:")


@pytest.mark.parametrize(("before", "suggested"), [((), True), ((CHOKING,), False)])
def test_nothing_is_suggested_after_an_alarm(desk: Desk, before: tuple[str, ...], *, suggested: bool) -> None:
    answer = desk.ask("How long does redness stay?", *before, findings={CHOKING: ALARM}, gate=sure(0.05)).answer
    assert bool(answer.suggestions) is suggested


def test_the_button_answers_the_last_alarm_in_general(desk: Desk) -> None:
    before = (CHOKING, "Does redness fade at all?", "and my old scars swell", "Does swimming fade them?")
    findings = {before[0]: ALARM, before[2]: Finding(alarm=Alarm(Level.TODAY, "infection")), BUTTON: CLEAR}
    result = desk.ask(BUTTON, *before, findings=findings)
    answer = result.answer
    assert (answer.question, answer.understood_as, result.rule) == (BUTTON, BUTTON, "not an emergency")
    assert answer.message == f"{REMINDER}\n{ENGLISH.say('symptom', HELP)}"
    assert (answer.outcome, answer.contact) == (Outcome.RELATED, LINE)
    assert [citation.highlights for citation in answer.citations] == [(), (), ()]
    assert result.search_result
    assert result.search_result.query.text == "Does redness fade at all? and my old scars swell"


def test_the_button_reads_no_message_twice_in_triage(desk: Desk) -> None:
    before = ("old scars", CHOKING)
    assert desk.ask(BUTTON, *before, findings={CHOKING: ALARM, BUTTON: CLEAR}).rule == "not an emergency"
    assert (desk.triage.questions, desk.triage.again) == ([BUTTON], ["old scars", CHOKING])


def test_the_button_after_a_crisis_quotes_nothing(desk: Desk) -> None:
    result = desk.ask(BUTTON, "I want to die", findings={"I want to die": Finding(alarm=CRISIS), BUTTON: CLEAR})
    reminder = ENGLISH.reminder(Level.CRISIS, HELP)
    assert (result.rule, result.answer.citations) == ("all clear", ())
    assert result.answer.message == f"{reminder}\n{ENGLISH.say('all_clear', HELP)}"
    assert reminder.startswith("If you need somebody to talk to")


def test_an_all_clear_comes_before_a_wish_for_a_person(desk: Desk) -> None:
    findings = {CHOKING: ALARM, "fine now": replace(CLEAR, person=True)}
    assert desk.ask("fine now", CHOKING, findings=findings).rule == "all clear"


# 4. A person


def test_who_wants_a_person_is_told_how_to_reach_one(desk: Desk) -> None:
    result = desk.ask("a nurse please", findings={"a nurse please": replace(THANKS, person=True)})
    lines = [ENGLISH.say("person", HELP), LINE, ENGLISH.say("person_closing", HELP)]
    assert (result.answer.outcome, result.rule) == (Outcome.REPLY, "asks for a person")
    assert (result.answer.question, result.answer.message.splitlines()) == ("a nurse please", lines)
    assert (result.answer.contact, result.search_result) == ("", None)


def test_a_clinic_without_a_way_to_a_person_says_so(desk: Desk) -> None:
    person = {"a nurse please": Finding(person=True)}
    answer = desk.ask("a nurse please", findings=person, clinic=Clinic(contact=Contact(hours="9 to 5"))).answer
    assert (answer.message, answer.contact) == (ENGLISH.say("person_closing", HELP), "")


# 5. Small talk


def test_small_talk_is_answered_with_what_can_be_asked(desk: Desk) -> None:
    result = desk.ask("thanks", findings={"thanks": THANKS})
    answer = result.answer
    assert (answer.outcome, answer.question, result.rule) == (Outcome.REPLY, "thanks", "thanks")
    assert (answer.message, answer.contact, result.search_result) == ("You are welcome.", LINE, None)
    assert answer.suggestions == ("Does it hurt?", "Redness", "Scars", "Swimming")


DOUBT = "are you sure?"


def test_a_doubt_repeats_the_last_answer_with_the_contact(desk: Desk) -> None:
    first = desk.ask("when do old scarrs fade").answer
    for before in ([first.question], [first.question, "really?"]):
        result = desk.ask(DOUBT, *before)
        again = result.answer
        assert (again.question, result.rule, again.contact) == (DOUBT, "asks for the source", LINE)
        assert (again.outcome, again.citations, again.corrected) == (first.outcome, first.citations, "")


@pytest.mark.parametrize("before", [(), ("?!",)])
def test_a_doubt_of_no_quotation_is_told_how_answers_are_made(desk: Desk, before: tuple[str, ...]) -> None:
    answer = desk.ask(DOUBT, *before).answer
    assert (answer.outcome, answer.message, answer.contact) == (Outcome.REPLY, VERBATIM, LINE)


def test_a_doubt_after_an_alarm_repeats_the_alarm(desk: Desk) -> None:
    assert desk.ask(DOUBT, CHOKING, findings={CHOKING: ALARM}).answer.outcome is Outcome.URGENT


# 6. Another language


GERMAN, ITALIAN = "wie lange dauert die Schwellung", "quanto tempo dura il gonfiore"


@pytest.mark.parametrize(
    ("question", "confidence", "language"),
    [
        (GERMAN, 0.5, "de"),
        (GERMAN, 0.05, "de"),
        (ITALIAN, 0.5, "en"),  # the wording is not in Italian
        ("kann ich", 0.05, "de"),  # corrected, it looks like English
        ("schwellung dauert", 0.05, "de"),  # two words, where nothing is found
        ("jak dlouho trva otok", 0.05, "pl"),  # a guess is not sure, triage says Polish
    ],
)
def test_a_question_in_another_language_is_told_whom_to_call(
    desk: Desk, question: str, confidence: float, language: str
) -> None:
    result = desk.ask(question, gate=sure(confidence), findings={question: Finding(language="pl")})
    answer = result.answer
    assert (answer.outcome, answer.question, result.rule) == (Outcome.NOT_FOUND, question, "another language")
    assert answer.message == Wording.standard(language).say("not_understood", HELP)
    assert (answer.citations, answer.suggestions, answer.contact) == ((), (), LINE)
    assert result.search_result


@pytest.mark.parametrize(
    ("question", "confidence"),
    [
        (GERMAN, 0.9),  # the pages answer it
        ("schwellung dauert", 0.5),  # two words, and something is found
        ("schwellung", 0.05),  # one word may be a name
        ("how long does redness stay", 0.05),  # English
    ],
)
def test_a_question_that_may_be_in_the_pages_language_is_asked_of_them(
    desk: Desk, question: str, confidence: float
) -> None:
    assert desk.ask(question, gate=sure(confidence)).rule == ""


def test_small_talk_is_answered_in_any_language(desk: Desk) -> None:
    assert desk.ask(GERMAN, gate=sure(0.05), findings={GERMAN: THANKS}).rule == "thanks"


def test_the_line_on_emergencies_comes_before_a_reply_to_a_keyword(desk: Desk) -> None:
    clinic = replace(HELP, replies=(ClinicReply("swelling", ("schwellung dauert",), "Eine Woche."),))
    assert desk.ask("schwellung dauert", gate=sure(0.05), clinic=clinic).rule == "another language"
    assert desk.ask("schwellung dauert", gate=sure(0.2), clinic=clinic).rule == "swelling"


# 7. A keyword


def test_a_keyword_gets_the_clinics_own_reply_where_the_pages_are_unsure(desk: Desk) -> None:
    result = desk.ask("feees", gate=sure(0.29), findings={"feees": Finding(symptom=True)})
    answer = result.answer
    assert (answer.outcome, answer.question, result.rule) == (Outcome.REPLY, "feees", "price")
    assert answer.message == "Ring 0123.\nhttps://b.example"
    assert (answer.contact, answer.confidence) == ("a@b.example", 0.0)
    assert result.search_result


def test_a_reply_comes_with_what_the_pages_suggest(desk: Desk) -> None:
    suggestions = desk.ask("fees", gate=sure(0.05)).answer.suggestions
    assert (suggestions[0], len(suggestions)) == ("Does it hurt?", 3)


def test_where_the_pages_are_sure_a_keyword_is_asked_of_them(desk: Desk) -> None:
    assert desk.ask("fees", gate=sure(0.31)).rule == ""
    assert desk.ask("zebra", gate=sure(0.05)).rule == ""


def test_a_keyword_that_the_encoder_cannot_read_gets_no_reply(desk: Desk) -> None:
    desk.encoder.max_tokens = 0
    result = desk.ask("fees", gate=sure(0.05))
    assert (result.answer.outcome, result.rule, result.search_result) == (Outcome.NOT_FOUND, "", None)


# 8. A symptom


@pytest.mark.parametrize(("confidence", "outcome"), [(0.9, Outcome.RELATED), (0.05, Outcome.NOT_FOUND)])
def test_a_symptom_gets_the_clinic_first_and_the_pages_in_general(
    desk: Desk, confidence: float, outcome: Outcome
) -> None:
    question = "my old scars fade"
    result = desk.ask(question, gate=sure(confidence), findings={question: Finding(symptom=True)})
    answer = result.answer
    assert (answer.outcome, answer.message) == (outcome, ENGLISH.say("symptom", HELP))
    assert (answer.contact, result.rule) == (LINE, "a symptom of their own")
    assert {citation.highlights for citation in answer.citations} <= {()}
    assert result.search_result


def test_a_symptom_comes_before_the_clinics_own_reply(desk: Desk) -> None:
    question = "how much is a peel"
    assert (
        desk.ask(question, gate=sure(0.05), findings={question: Finding(symptom=True)}).rule == "a symptom of their own"
    )


def test_what_is_said_of_a_symptom_is_in_its_language(desk: Desk) -> None:
    finding = Finding(symptom=True, language="fr")
    answer = desk.ask("old scars fade", findings={"old scars fade": finding}).answer
    assert answer.message == Wording.standard("fr").say("symptom", HELP)


# 9. The clinic's own reply


def test_the_clinics_own_reply_goes_before_pages_that_are_unsure(desk: Desk) -> None:
    result = desk.ask("and how much is a peel", gate=sure(0.29))
    assert (result.answer.outcome, result.rule) == (Outcome.REPLY, "price")
    assert result.answer.message == "Ring 0123.\nhttps://b.example"
    assert desk.ask("and how much is a peel", gate=sure(0.31)).rule == ""


def test_a_passage_that_holds_the_price_asked_for_goes_before_the_reply(index_of: IndexOf) -> None:
    desk = Desk(index_of(("Prices", "A peel is \u20ac85."), ("Cost", "The price of a facial depends.")))
    assert desk.ask("how much is a peel", gate=sure(0.29)).answer.outcome is Outcome.RELATED
    assert desk.ask("how much is a facial", gate=sure(0.29)).rule == "price"
    assert desk.ask("how much is a peel", gate=sure(0.05)).rule == "price"  # below what is shown at all


def test_the_clinics_own_reply_is_to_the_last_question_alone(desk: Desk) -> None:
    before = (
        "Do one two three four five six seven eight nine ten eleven twelve thirteen old scars fade all by themselves?"
    )
    assert desk.ask("and how much is a peel", before, gate=sure(0.29)).rule == "price"


def test_two_questions_get_two_replies(desk: Desk) -> None:
    result = desk.ask("opening hours, how much is a peel", gate=sure(0.05))
    assert (result.answer.message, result.rule) == (
        "From 9 to 5.\nRing 0123.\nhttps://b.example",
        "hours, price",
    )


def test_without_a_reply_of_the_clinics_own_the_pages_are_quoted(desk: Desk) -> None:
    result = desk.ask("zebra stripes of giraffes", gate=sure(0.2))
    assert (result.answer.outcome, result.rule) == (Outcome.RELATED, "")


def test_marks_without_a_word_get_no_reply(desk: Desk) -> None:
    result = desk.ask("?!", gate=sure(0.05))
    assert (result.answer.outcome, result.answer.contact, result.rule) == (Outcome.NOT_FOUND, LINE, "")


# 10. The pages; the conversation


def test_the_marks_of_an_answer_stay(desk: Desk) -> None:
    answer = desk.ask("when do old scars fade").answer
    assert answer.citations[0].highlights == (Highlight(0, 22),)


def test_the_reminder_of_an_alarm_goes_with_the_all_clear(desk: Desk) -> None:
    findings = {CHOKING: ALARM, "I am fine now": CLEAR}
    question = "Does swimming fade very old scars?"
    assert (
        desk.ask(question, CHOKING, "I am fine now", findings=findings).answer.message == "This is what our pages say:"
    )


def test_a_reply_after_an_alarm_repeats_no_number_of_the_clinic(desk: Desk) -> None:
    clinic = replace(HELP, urgent=Urgent(phone="0123"))
    findings = {CHOKING: ALARM, "thanks": THANKS}
    answer = desk.ask("thanks", CHOKING, findings=findings, clinic=clinic).answer
    assert answer.message == "If it is urgent after all, call 0123.\nYou are welcome."
    assert answer.contact == "a@b.example \u00b7 https://b.example"


def test_the_last_four_questions_are_looked_at(desk: Desk) -> None:
    desk.ask("old scars", "one", "two", "three", "four", "five")
    assert desk.triage.again == ["two", "three", "four", "five"]


def test_earlier_questions_are_cleaned_and_those_that_cannot_be_read_left_out(desk: Desk) -> None:
    desk.ask("old scars", "one", " two  too", "\u200b", "a" * 3000, "five")
    assert desk.triage.again == ["two too", "five"]
