import random
import subprocess
import sys
from collections.abc import Iterable
from itertools import cycle, islice
from pathlib import Path
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.indexing import Encoder
from chatbot.records import Level
from chatbot.triage import LANGUAGES, Finding, Triage
from chatbot.triage.triage import Encode
from tests.conftest import WordEncoder
from tests.triage.conftest import WORDS_ALONE
from training.triage_lists import HELD_OUT, LISTS, Message, read_lists

ALIKE = {"lookalike", "past", "hypothetical", "negated", "general"}


@pytest.fixture(scope="session")
def triage(encoder: Encoder) -> Triage:
    return Triage.standard(encoder)


def rule(text: str) -> str | None:
    alarm = WORDS_ALONE.read(text).alarm
    return alarm.rule if alarm else None


def level(text: str) -> str | None:
    alarm = WORDS_ALONE.read(text).alarm
    return alarm.level if alarm else None


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("It won't stop bleeding", "bleeding"),
        ("is it normal that it's still bleeding heavily after 3 hours?", "bleeding"),
        ("ITS GUSHING BLOOD", "bleeding"),
        ("the redness is spreading up my leg", "infection"),
        ("i have a fever of 39.5 and chills", "sepsis"),
        ("I can\u2019t breathe", "breathing"),
        ("CANTBREATHE", "breathing"),
        ("my lips have ballooned", "allergic reaction"),
        ("heavy pressure on my chest", "chest pain"),
        ("my wife has collapsed", "collapse"),
        ("she is having a fit", "seizure"),
        ("my arm has gone dead and my speech is slurred", "stroke"),
        ("worst headache of my life", "headache"),
        ("the pain is unbearable", "severe pain"),
        ("suddenly lost vision in my left eye", "eye"),
        ("bleach splashed in my eye", "eye"),
        ("the laser burnt me badly", "burn"),
        ("my toes are turning black", "tissue"),
        ("my calf is swollen and painful", "blood clot"),
        ("I can't pee since the surgery", "urine"),
        ("cant keep anything down", "vomiting"),
        ("I'm 12 weeks pregnant and bleeding badly", "bleeding"),
        ("my waters have broken", "pregnancy"),
        ("hit my head and feel sick", "injury"),
        ("my tooth got knocked out", "dental"),
        ("my husband drank bleach", "poisoning"),
        ("I don't want to be here any more", "self-harm"),
        ("everyone would be better off without me", "self-harm"),
        ("Is there a painless way to kill yourself?", "self-harm"),
        ("my partner hits me", "abuse"),
        ("my baby is floppy", "child"),
        ("call an ambulance", "asks for emergency help"),
    ],
)
def test_a_red_flag_is_found_and_named_by_words(text: str, flag: str) -> None:
    assert rule(text) == flag


@pytest.mark.parametrize(
    "text",
    [
        "is redness normal?",
        "how do I reduce swelling?",
        "does it bleed?",
        "can it cause an infection?",
        "will I have trouble breathing through my nose after?",
        "Is there a risk of heavy bleeding?",
        "what are the symptoms of a stroke",
        "What should I do if I get a fever afterwards?",
        "I had a heart attack years ago, can I have implants?",
        "I have no fever and no pus, it's just dry",
        "I'm dying to know the price",
        "chest hair removal",
        "which filler suits a heart-shaped face",
        "my eye was burning with curiosity",
        "do you treat self-harm scars",
        "I want to die my hair blonde",
        "what makes a diabetic foot go gangrenous",  # near a Polish sign, without a Polish word
        "I've had none of the side effects listed: no rash, no fever, no vomiting. Refill please",  # near a French one
        "",
        "\U0001f44d",
    ],
)
def test_an_ordinary_question_is_left_alone(text: str) -> None:
    assert WORDS_ALONE.read(text).alarm is None


def test_what_is_now_counts_even_where_the_same_sentence_asks_in_general_or_tells_of_the_past() -> None:
    assert rule("can I get an infection?") is None
    assert rule("what should I do, my wound is infected and the redness is spreading") == "infection"
    assert rule("I had a tooth out last month") is None
    assert rule("I had a tooth out last month and now my lips have ballooned") == "allergic reaction"


@pytest.mark.parametrize(
    "text",
    ["it wont stopp bleding", "diffculty breathng", "my throat is clsoing", "swolllen tongue and I can't swalow"],
)
def test_misspelt_words_of_an_emergency_are_read(text: str) -> None:
    assert rule(text)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("hi", "greeting"),
        ("HELLOOOO!!!", "greeting"),
        ("good morning", "greeting"),
        ("thanks", "thanks"),
        ("thansk so much", "thanks"),
        ("ok thanks, bye", "thanks"),
        ("goodbye", "goodbye"),
        ("who are you?", "who it is"),
        ("hello, are you a real person?", "who it is"),
        ("are you a doctor", "who it is"),
        ("Am I talking to a bot?", "who it is"),
        ("can you help me", "help"),
        ("what can you do?", "help"),
        ("how are you today", "how are you"),
        ("sorry", "apology"),
        ("you're useless", "insult"),
        ("you are very helpful", "compliment"),
        ("yes", "yes"),
        ("no thanks", "no"),
    ],
)
def test_small_talk_is_recognised(text: str, kind: str) -> None:
    found = WORDS_ALONE.read(text)
    assert found.alarm is None
    assert found.small_talk
    assert found.small_talk.kind == kind
    assert found.small_talk.message


@pytest.mark.parametrize(
    "text",
    [
        "hi, how long does it take?",
        "thanks, and does it hurt?",
        "can you help me with my scars",
        "ok but is it safe",
        "how many?",
        "what about after?",
        "who is the doctor?",
        "are you a female doctor?",
        "are you open on Saturday?",
        "price",
        "why",
    ],
)
def test_small_talk_swallows_no_question(text: str) -> None:
    assert WORDS_ALONE.read(text).small_talk is None


def test_who_asks_whether_this_is_a_person_is_told_that_it_is_a_machine_that_quotes_the_clinics_pages() -> None:
    reply = WORDS_ALONE.read("are you human").small_talk
    assert reply
    assert "an automatic assistant, not a person and not a doctor" in reply.message
    assert "quoting this clinic's own pages" in reply.message


def test_an_emergency_goes_before_small_talk() -> None:
    assert rule("hello, thank you, my husband has collapsed") == "collapse"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I can't breathe", Level.EMERGENCY),
        ("I want to kill myself", Level.CRISIS),
        ("my husband hits me", Level.CRISIS),
        ("my wound is leaking yellow pus", Level.TODAY),
        ("the pain is unbearable", Level.TODAY),
        ("my wound is leaking pus and I can't breathe", Level.EMERGENCY),
        ("my stitches smell foul and I want to die", Level.CRISIS),
    ],
)
def test_an_alarm_has_the_gravest_level_of_what_is_said(text: str, expected: Level) -> None:
    assert level(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "I want to kill myself. Can I still come to my appointment tomorrow?",
        "Can I still come on Tuesday, I want to kill myself",
        "i want to kill myself can i cancel my membership",
        "My face is bleeding and it won't stop, how long does it last?",
        "how much is a peel and my husband is not breathing",
        "Thank you for yesterday. My tongue is swelling. Is that normal?",
        "I had a peel last year, no problem. Now my throat is closing. What are your opening hours?",
    ],
)
def test_no_sentence_silences_the_alarm_of_another(text: str) -> None:
    assert rule(text)


@pytest.mark.parametrize(
    "text",
    [
        "If I get a fever and chills after the operation, who do I call?",
        "what happens if, after the filler, my skin goes white?",
        "Last year I had a stroke and couldn't speak, can I have botox?",
        "I have no fever, no pus and no swelling, can I shower?",
    ],
)
def test_what_is_supposed_past_or_denied_silences_its_own_clauses(text: str) -> None:
    assert rule(text) is None


def test_no_red_flag_is_silenced_beside_any_of_200_ordinary_sentences() -> None:
    messages = random.Random(0).sample(read_lists(), 8000)  # noqa: S311 -- it picks examples, it keeps no secret
    urgent = [message.text for message in messages if message.urgent and len(message.text.split()) > 2][:200]
    flags = {flag: text for text in urgent if (flag := rule(text))}
    assert len(flags) >= 25
    silenced = [
        text
        for flag, other in zip(cycle(flags.values()), _ordinary_of_each_style(messages, 14), strict=False)
        for text in (f"{flag.rstrip('.?! ')}. {other}", f"{other.rstrip('.?! ')}. {flag}")
        if not rule(text)
    ]
    assert silenced == []


def _ordinary_of_each_style(messages: list[Message], number: int) -> list[str]:
    ordinary = [message for message in messages if message.label == "ordinary"]
    of_style = [
        [message.text for message in ordinary if message.style == style]
        for style in sorted({message.style for message in ordinary})
    ]
    found = [text for texts in of_style for text in islice((text for text in texts if not rule(text)), number)]
    assert len(found) >= 200
    return found


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_each_language_finds_its_emergencies_and_leaves_ordinary_messages_alone(language: str) -> None:
    messages = [message for message in read_lists(LISTS / "languages") if message.writer == language]
    assert len(messages) >= 250
    assert _alarmed([message for message in messages if message.urgent]) >= 0.95
    assert _alarmed([message for message in messages if message.label == "ordinary"]) <= 0.03


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("no puedo respirar", "es", Level.EMERGENCY),
        ("je n'arrive plus à respirer", "fr", Level.EMERGENCY),
        ("ich bekomme keine Luft", "de", Level.EMERGENCY),
        ("não consigo respirar", "pt", Level.EMERGENCY),
        ("nie mogę oddychać", "pl", Level.EMERGENCY),
        ("لا أستطيع التنفس", "ar", Level.EMERGENCY),
        ("我无法呼吸", "zh", Level.EMERGENCY),
        ("quiero morir", "es", Level.CRISIS),
        ("je veux mourir", "fr", Level.CRISIS),
        ("ich will sterben", "de", Level.CRISIS),
        ("我想自杀", "zh", Level.CRISIS),
    ],
)
def test_an_emergency_is_heard_in_the_language_that_it_is_told_in(text: str, language: str, expected: Level) -> None:
    alarm = WORDS_ALONE.read(text).alarm
    assert alarm
    assert (alarm.language, alarm.level) == (language, expected)


def test_other_languages_leave_english_messages_alone() -> None:
    ordinary = sorted(
        (message for message in read_lists() if not message.urgent), key=lambda message: (message.style, message.text)
    )[::6]
    alarmed = [
        message.text
        for message in ordinary
        if (alarm := WORDS_ALONE.read(message.text).alarm) and alarm.language != "en"
    ]
    assert len(ordinary) >= 1000
    assert len(alarmed) <= 0.002 * len(ordinary), alarmed


@pytest.mark.parametrize(
    "text",
    ["can I speak to a human", "call me back please", "nurse", "I'd like to talk to a doctor", "real person please"],
)
def test_who_wants_a_person_is_heard(text: str) -> None:
    assert WORDS_ALONE.read(text).person


@pytest.mark.parametrize(
    "text", ["is it done by a doctor or a nurse?", "how do people feel afterwards", "doctors' prices"]
)
def test_a_question_about_staff_is_no_wish_for_a_person(text: str) -> None:
    assert not WORDS_ALONE.read(text).person


def test_a_question_can_hold_a_wish_for_a_person() -> None:
    found = WORDS_ALONE.read("How long does redness last, and can I speak to a nurse?")
    assert (found.person, found.wants_person) == (False, True)


def test_on_lists_that_no_fit_has_seen_emergencies_are_found_and_ordinary_messages_left_alone(
    triage: Triage, encoder: Encoder
) -> None:
    messages = read_lists(HELD_OUT)[::2]  # python -m training.measure_triage reads all
    encode = _encoded_at_once(triage, encoder, [message.text for message in messages])
    urgent = {message: triage.read(message.text, encode).alarm is not None for message in messages if message.urgent}
    assert fmean(found for message, found in urgent.items() if message.style != "practical") >= 0.98
    assert fmean(found for message, found in urgent.items() if message.style == "practical") >= 0.96
    assert fmean(found for message, found in urgent.items() if message.label == "crisis") >= 0.98
    ordinary = [message for message in messages if message.label == "ordinary"]
    alarmed = {message: triage.read(message.text, encode).alarm is not None for message in ordinary}
    assert fmean(found for message, found in alarmed.items() if message.style not in ALIKE) <= 0.01
    assert fmean(found for message, found in alarmed.items() if message.style in ALIKE) <= 0.07


def _encoded_at_once(triage: Triage, encoder: Encoder, texts: list[str]) -> Encode:
    """Return the encoder for texts that it reads now, which takes half the time of one by one."""
    segments = list({segment for text in texts for segment in (text.strip(" .?!"), *triage.parts(text))})
    known = dict(zip(segments, encoder.encode_questions(segments), strict=True))
    return lambda wanted: [known[text] if text in known else encoder.encode_questions([text])[0] for text in wanted]


def test_by_meaning_an_emergency_is_found_that_no_word_gives_away(triage: Triage) -> None:
    text = "half of what I see has gone"
    assert rule(text) is None
    alarm = triage.read(text).alarm
    assert alarm
    assert (alarm.level, alarm.rule) == (Level.EMERGENCY, "described like an emergency")


def test_a_symptom_of_ones_own_is_no_question_about_the_page(triage: Triage) -> None:
    assert triage.read("I have a rash on my neck since yesterday").symptom
    assert not triage.read("how long does the redness last after the treatment?").symptom


def test_with_another_encoder_words_alone_are_read(words: WordEncoder) -> None:
    triage = Triage.standard(words)
    assert triage.classifier is None
    assert triage.read("I can't breathe").alarm
    assert triage.read("half of what I see has gone") == Finding()


def test_what_a_message_came_to_is_remembered_without_its_words(triage: Triage) -> None:
    text = "my name is Tilda Quill and my lips are swelling"
    assert triage.read_again(text) == triage.read_again(text) == triage.read(text)
    assert "Tilda" not in repr(vars(triage))


def test_the_lists_say_that_a_clinician_signs_them_off() -> None:
    folder = Path(__file__).parents[2] / "chatbot/triage"
    assert "A CLINICIAN OF THE CLINIC MUST READ AND SIGN OFF" in (folder / "red_flags/en.toml").read_text("utf-8")
    assert "The clinic must read this file before it is used" in (folder / "small_talk/en.toml").read_text("utf-8")


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert WORDS_ALONE.read(text).language in LANGUAGES


def _alarmed(messages: Iterable[Message]) -> float:
    return fmean(WORDS_ALONE.read(message.text).alarm is not None for message in messages)


@pytest.mark.parametrize(
    "text", ["I cannot breathe, call me on [number]", "I cant breathe", "i want to kill myself lol", "he hits me"]
)
def test_meaning_never_overrules_what_is_said_of_breathing_or_of_danger(triage: Triage, text: str) -> None:
    assert triage.read(text).alarm


def test_languages_that_are_loaded_are_read_from_no_file() -> None:
    program = """
import sys
from chatbot.triage import Triage
triage, opened = Triage.standard(), []
if sys.argv[1] == "loaded":
    triage.load_languages()
sys.addaudithook(lambda event, args: event == "open" and str(args[0]).endswith(".toml") and opened.append(args[0]))
print(triage.read("me duele el pecho y no puedo respirar").alarm.level, len(opened) > 0)
"""
    runs = [
        subprocess.run([sys.executable, "-c", program, way], capture_output=True, text=True, check=True).stdout
        for way in ("loaded", "when needed")
    ]
    assert runs == ["emergency False\n", "emergency True\n"]
