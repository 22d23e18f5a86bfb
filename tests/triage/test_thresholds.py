"""What triage makes of judgements that a test writes down: each threshold just below it, at it and just above it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from chatbot.language import Word, read_words
from chatbot.records import Alarm, Level
from chatbot.triage import EmergencyClassifier, Finding, Triage, gravest
from chatbot.triage.classifier import Thresholds, Verdict
from chatbot.triage.triage import BY_MEANING, TriageEvidence
from tests.triage.conftest import WORDS_ALONE, RatedEncoder, Ratings, rating_classifier

ENCODER = RatedEncoder(one_token=["bleding"])
TRIAGE = Triage(ENCODER, rating_classifier())
HALF = {"emergency": 0.5}
BELOW = {"emergency": 0.499}
MEANT = Alarm(Level.EMERGENCY, BY_MEANING)
BREATHING = Alarm(Level.EMERGENCY, "breathing")
ALLERGIC = Alarm(Level.EMERGENCY, "allergic reaction")


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    ENCODER.encoded.clear()
    yield
    ENCODER.ratings = {}


def read(text: str, ratings: Ratings | None = None, **thresholds: float) -> Finding:
    """Read a message whose segments are rated; what is not rated is ordinary."""
    TRIAGE.classifier = rating_classifier(**thresholds)
    return TRIAGE.read(text, RatedEncoder(ratings).encode_questions)


def test_a_finding_says_nothing_by_itself() -> None:
    assert Finding() == Finding("en", None, False, False, False, False, False, None)


def test_the_gravest_alarm_is_an_emergency_then_a_crisis() -> None:
    (emergency, crisis, today) = [Alarm(level, level) for level in (Level.EMERGENCY, Level.CRISIS, Level.TODAY)]
    assert gravest([today, crisis, emergency]) == emergency
    assert gravest([today, crisis]) == crisis
    assert gravest([today, replace(today, rule="later")]) == today
    assert gravest([]) is None


def test_a_classifier_is_left_out_where_it_cannot_read() -> None:
    assert Triage(ENCODER, rating_classifier()).classifier
    assert Triage(ENCODER, replace(rating_classifier(), fingerprint="other")).classifier is None
    assert Triage(ENCODER, None).classifier is None
    assert Triage(None, rating_classifier()).classifier is None


def test_without_a_classifier_an_encoder_is_not_asked() -> None:
    TRIAGE.classifier = None
    assert TRIAGE.read("my arm is sore") == Finding()
    assert ENCODER.encoded == []


def test_a_whole_message_is_encoded_with_its_closing_mark() -> None:
    assert read("is my arm sore?", {"is my arm sore?": HALF}, message=0.5).alarm == MEANT
    assert read("is my arm sore?", {"is my arm sore": HALF}, message=0.5).alarm is None


def test_a_sentence_is_told_from_a_clause() -> None:
    words = [Word(text, 0, 0) for text in (".", "red", ",", "sore", ".", "hot")]
    evidence = TriageEvidence("en", words, words, [], {})
    spans = [(0, 4), (4, 6), (0, 6), (0, 2), (2, 4), (3, 6)]
    assert [evidence.is_sentence(span) for span in spans] == [True, True, True, False, False, False]


@pytest.mark.parametrize(("rated", "alarm"), [(HALF, MEANT), (BELOW, None)])
def test_a_sentence_that_is_likely_enough_alarms(rated: dict[str, float], alarm: Alarm | None) -> None:
    text = "My arm is sore. My leg is sore"
    assert read(text, {"My leg is sore": rated}, message=0.5).alarm == alarm
    assert read(text, {text: rated}, message=0.5).alarm == alarm
    assert read(text, {text: HALF}, scant=0.5, part=0.5).alarm is None


@pytest.mark.parametrize(("rated", "alarm"), [(HALF, MEANT), (BELOW, None)])
def test_a_clause_that_is_likely_enough_alarms(rated: dict[str, float], alarm: Alarm | None) -> None:
    text = "my arm is sore, can i park here"
    assert read(text, {"my arm is sore": rated}, part=0.5).alarm == alarm
    assert read(text, {"can i park here": rated}, part=0.5).alarm == alarm
    assert read(text, {"my arm is sore": HALF}, scant=0.5, message=0.5).alarm is None


def test_of_a_word_or_two_more_is_asked_than_of_three() -> None:
    assert read("arm sore", {"arm sore": HALF}, message=0.1).alarm is None
    assert read("arm sore", {"arm sore": HALF}, scant=0.5).alarm == MEANT
    assert read("arm sore", {"arm sore": BELOW}, scant=0.5).alarm is None
    assert read("arm all sore", {"arm all sore": HALF}, message=0.5).alarm == MEANT
    assert read("arm all sore", {"arm all sore": HALF}, scant=0.5).alarm is None


def test_in_another_language_only_whole_sentences_and_certain_clauses_alarm() -> None:
    text = "mon bras est rouge et je ne vois rien du tout"
    meant = replace(MEANT, language="fr")
    (clause, *_) = [part for part in TRIAGE.parts(text) if part != text]
    assert read(text, {text: HALF}, scant=0.5).alarm == meant
    assert read(text, {text: BELOW}, scant=0.5).alarm is None
    assert read(text, {text: HALF}, message=0.1, part=0.1).alarm is None
    assert read(text, {clause: {"emergency": 0.9}}, message=0.1, part=0.1, scant=0.1).alarm is None
    assert read(text, {clause: {"emergency": 1}}).alarm == meant


@pytest.mark.parametrize("text", ["hello", "nurse", "call me back please", "false alarm", "false alarm aa bb cc dd"])
def test_fixed_phrases_mean_what_they_say(text: str) -> None:
    assert read(text, {text: {"emergency": 1}}, message=0.1, scant=0.1).alarm is None


@pytest.mark.parametrize("text", ["false alarm zzq zzr zzs zzt zzu", "zzq zzr zzs zzt zzu its a false alarm", "zzq"])
def test_more_words_than_four_beside_an_all_clear_are_read_by_meaning(text: str) -> None:
    assert read(text, {text: {"emergency": 1}}).alarm == MEANT


def test_a_sign_counts_from_its_veto_on() -> None:
    text = "my lips have ballooned"
    assert read(text, {text: HALF}, veto=0.5, veto_always=1).alarm == ALLERGIC
    assert read(text, {text: BELOW}, veto=0.5, veto_always=0).alarm is None


def test_a_sure_sign_counts_from_a_veto_of_its_own_on() -> None:
    text = "I cant breathe"
    assert read(text, {text: HALF}, veto=1, veto_always=0.5).alarm == BREATHING
    assert read(text, {text: BELOW}, veto=0, veto_always=0.5).alarm is None


def test_a_sign_is_judged_by_the_segment_that_it_stands_in() -> None:
    text = "it was sore years ago and my throat is closing"
    assert read(text, {"my throat is closing": HALF}, veto=1, veto_always=0.5).alarm is None
    assert read(text, {"and my throat is closing": HALF}, veto=1, veto_always=0.5).alarm == BREATHING


def test_in_an_english_message_the_whole_must_be_likely_for_words_of_another_language() -> None:
    text = "my friend said no puedo respirar to me today"
    assert read(text, {text: HALF}, veto=0.5).alarm == replace(BREATHING, language="es")
    assert read(text, {text: BELOW}, veto=0.5).alarm is None
    assert read("no puedo respirar", {"no puedo respirar": BELOW}, veto=0.5).alarm == replace(BREATHING, language="es")


def test_misspelt_words_of_another_language_are_read_in_english_and_in_its_own() -> None:
    spanish = [replace(BREATHING, language="es")]
    assert TRIAGE.alarms_in("es", read_words("no puedo rspirar")) == spanish
    assert TRIAGE.alarms_in("es", read_words("no puedo rspirar"), correct=False) == []
    assert TRIAGE.alarms_in("es", read_words("no puedo respirar"), correct=False) == spanish
    assert [read("my friend said no puedo rspirar to me today").alarm] == spanish
    assert [read("no puedo rspirar").alarm] == spanish
    assert read("je pense que le docteur dit no puedo rspirar").alarm is None
    assert [read("je pense que le docteur dit no puedo respirar").alarm] == spanish


@pytest.mark.parametrize(("rated", "symptom"), [({"symptom": 0.5}, True), ({"symptom": 0.499}, False), (HALF, False)])
def test_a_symptom_is_a_whole_message_that_is_likely_one(rated: dict[str, float], symptom: bool) -> None:
    text = "my arm is sore, can i park here"
    assert read(text, {text: rated}, symptom=0.5).symptom is symptom
    assert not read(text, {"my arm is sore": rated}, symptom=0.5).symptom


@pytest.mark.parametrize(
    ("rated", "practical"),
    [
        ({"symptom": 0.5}, False),
        ({"symptom": 0.25, "today": 0.26}, False),
        ({"symptom": 0.249, "today": 0.25}, True),
        ({"today": 0.499}, True),
        ({}, True),
    ],
)
def test_a_question_is_practical_unless_somebody_is_likely_unwell(rated: dict[str, float], practical: bool) -> None:
    assert read("how much is a peel", {"how much is a peel": rated}).practical is practical
    assert not read("my arm is sore", {"my arm is sore": rated}).practical


def test_by_words_alone_a_message_has_all_but_its_meaning() -> None:
    assert WORDS_ALONE.read("how much is a peel") == Finding(practical=True)
    assert WORDS_ALONE.read("its a false alarm, my arm is sore") == Finding(all_clear=True)
    assert WORDS_ALONE.read("can I speak to a nurse about how much it is") == Finding(wants_person=True)
    assert WORDS_ALONE.read("nurse") == Finding(person=True)
    assert WORDS_ALONE.read("nurse my arm") == Finding()


def test_a_long_message_is_read_as_far_as_its_letters_last() -> None:
    for letters, expected in ((1000, 1), (1001, 0)):
        encoder = RatedEncoder()
        TRIAGE.read("q" * letters, encoder.encode_questions)
        assert len(encoder.encoded) == expected


def test_an_earlier_message_that_was_not_read_is_read_in_brief() -> None:
    TRIAGE.read_again("q" * 201)
    assert ENCODER.encoded == []
    TRIAGE.read_again("q" * 200)
    assert ENCODER.encoded == ["q" * 200]


def test_segments_are_read_from_both_ends_and_those_too_long_left_out() -> None:
    encoder = RatedEncoder()
    TRIAGE.evidence("Aaa zz. Bb zz. C zz. Dddddd zz", encoder.encode_questions, letters=24)
    assert encoder.encoded == ["Dddddd zz", "Aaa zz", "C zz", "Bb zz"]
    whole = "Aaa zz. Bb zz. C zz"
    TRIAGE.evidence(whole, encoder.encode_questions, letters=len(whole) + 6)
    assert encoder.encoded[4:] == [whole, "C zz"]


def test_the_verdicts_stand_with_their_segments() -> None:
    TRIAGE.classifier = rating_classifier()
    verdicts = TRIAGE.evidence("Arm. Leg", RatedEncoder({"Leg": {"crisis": 1}}).encode_questions).verdicts
    calm = Verdict(0, 0, Level.TODAY)
    assert verdicts == {(0, 4): calm, (0, 2): calm, (2, 4): Verdict(1, 0, Level.CRISIS)}


def test_what_was_read_is_remembered_by_its_own_words() -> None:
    TRIAGE.classifier = rating_classifier()
    text = "half of what I see has gone"
    TRIAGE.read(text, RatedEncoder({text: {"emergency": 1}}).encode_questions)
    assert TRIAGE.read_again(text).alarm == MEANT
    assert TRIAGE.read_again("half of what I hear has gone").alarm is None
    assert ENCODER.encoded == ["half of what I hear has gone"]
    TRIAGE.read_again("half of what I hear has gone")
    assert len(ENCODER.encoded) == 1


def test_4096_messages_are_remembered_and_then_the_oldest_forgotten() -> None:
    remembered = vars(WORDS_ALONE)["_remembered"]
    remembered.clear()
    remembered.update({bytes([number % 256, number // 256]): Finding() for number in range(4095)})
    WORDS_ALONE.read_again("arm")
    assert (len(remembered), bytes([0, 0]) in remembered) == (4096, True)
    WORDS_ALONE.read_again("leg")
    assert (len(remembered), bytes([0, 0]) in remembered, bytes([1, 0]) in remembered) == (4096, False, True)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("fiebre", "es"),
        ("zzq zzr zzs fiebre", "es"),
        ("zzq zzr zzs zzt fiebre", "en"),
        ("zzq zzr zzs garganta fiebre", "es"),
        ("garganta fiebre" + " zzq" * 10, "en"),
        ("garganta fiebre tengo" + " zzq" * 9, "es"),
        ("garganta fiebre tengo" + " zzq" * 10, "en"),
        ("fiebre today", "en"),
        ("tengo fiebre today", "es"),
        ("fiebre para", "es"),
        ("horrible", "en"),
        ("zzq", "en"),
        ("tengo", "es"),
        ("", "en"),
    ],
)
def test_small_words_tell_a_language(text: str, language: str) -> None:
    assert WORDS_ALONE.read(text).language == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("\u3400", "zh"),
        ("\u9fff", "zh"),
        ("\ua000", "en"),
        ("\u3400 a", "en"),
        ("\u3400\u3400 abc", "en"),
        ("\u3400\u3400\u3400\u3400 abc", "zh"),
        ("\u0620", "ar"),
        ("\u06ff", "ar"),
        ("\u0712", "en"),
        ("\u0620 b", "en"),
    ],
)
def test_a_script_tells_a_language_if_most_letters_are_of_it(text: str, language: str) -> None:
    assert WORDS_ALONE.read(text).language == language


def corrected(triage: Triage, text: str) -> list[str]:
    return [word.text for word in triage.evidence(text).corrected]


def test_misspelt_words_are_corrected_in_english_alone() -> None:
    assert corrected(WORDS_ALONE, "wound bleding") == [".", "wound", "bleeding"]
    assert corrected(WORDS_ALONE, "tengo el rspirar") == [".", "tengo", "el", "rspirar"]


def test_a_word_of_english_or_of_the_model_is_no_misspelling() -> None:
    assert corrected(WORDS_ALONE, "train") == [".", "train"]
    assert corrected(TRIAGE, "train breathng") == [".", "train", "breathing"]
    assert corrected(TRIAGE, "wound bleding") == [".", "wound", "bleding"]


def test_the_parts_of_a_message_are_its_sentences_and_clauses() -> None:
    text = "it was sore years ago and my throat is closing. Can I park here?"
    sentences = ["it was sore years ago and my throat is closing", "Can I park here"]
    clauses = ["it was sore years ago", "and my throat is closing"]
    assert WORDS_ALONE.parts(text) == [sentences[0], *clauses, sentences[1]]
    assert WORDS_ALONE.clauses(text) == [*clauses, sentences[1]]
    assert WORDS_ALONE.parts("my arm is sore") == []


def test_a_clause_that_something_governs_stands_with_what_governs_it() -> None:
    assert WORDS_ALONE.clauses("it was sore years ago and i had it done") == ["it was sore years ago"]
    assert WORDS_ALONE.clauses("if it swells can i park here right now") == ["can i park here right now"]
    assert WORDS_ALONE.clauses("my arm is sore,") == ["my arm is sore"]
    assert WORDS_ALONE.clauses("") == []


def test_without_a_classifier_nothing_is_overruled() -> None:
    assert EmergencyClassifier.fitted().thresholds != Thresholds()
    assert WORDS_ALONE.read("my lips have ballooned").alarm == ALLERGIC
