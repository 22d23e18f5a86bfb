import re
import time
import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.triage_lists import LISTS, messages
from chatbot.answering import Triage
from chatbot.answering.meaning import Meaning
from chatbot.answering.red_flags import RedFlags
from chatbot.indexing import SentenceEncoder
from chatbot.records import Outcome
from tests.conftest import WordEncoder

ROOT = Path(__file__).parents[2]
DATA = ROOT / "chatbot/answering"
WORDS_ALONE = Triage.standard()


@pytest.fixture(scope="session")
def triage(encoder: SentenceEncoder) -> Triage:
    return Triage.standard(encoder)


def name(text: str) -> str | None:
    found = WORDS_ALONE.read(text)
    return found.name if found else None


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("It won't stop bleeding", "bleeding"),
        ("is it normal that it's still bleeding heavily after 3 hours?", "bleeding"),
        ("ITS GUSHING BLOOD", "bleeding"),
        ("the redness is spreading up my leg", "infection"),
        ("i have a fever of 39.5 and chills", "fever"),
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
    found = WORDS_ALONE.read(text)
    assert found is not None
    assert (found.outcome, found.name, found.message) == (Outcome.URGENT, flag, "")


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
        "",
        "\U0001f44d",
    ],
)
def test_an_ordinary_question_is_left_alone(text: str) -> None:
    assert WORDS_ALONE.read(text) is None


def test_what_is_now_counts_even_where_the_same_sentence_asks_in_general_or_tells_of_the_past() -> None:
    assert name("can I get an infection?") is None
    assert name("what should I do, my wound is infected and the redness is spreading") == "infection"
    assert name("I had a tooth out last month") is None
    assert name("I had a tooth out last month and now my lips have ballooned") == "allergic reaction"


@pytest.mark.parametrize(
    "text",
    ["it wont stopp bleding", "diffculty breathng", "my throat is clsoing", "swolllen tongue and I can't swalow"],
)
def test_misspelt_words_of_an_emergency_are_read(text: str) -> None:
    found = WORDS_ALONE.read(text)
    assert found is not None
    assert found.outcome is Outcome.URGENT


@pytest.mark.parametrize(
    "text", ["I am blending my foundation badly", "I want smoother skin", "my baby's yellow teeth"]
)
def test_a_word_of_its_own_is_no_misspelt_red_flag(triage: Triage, encoder: SentenceEncoder, text: str) -> None:
    assert triage.read(text, encoder.encode_questions([text])[0]) is None


def test_by_meaning_an_emergency_is_found_that_no_word_gives_away(triage: Triage, encoder: SentenceEncoder) -> None:
    text = "half of what I see has gone"
    assert WORDS_ALONE.read(text) is None
    found = triage.read(text, encoder.encode_questions([text])[0])
    assert found is not None
    assert (found.outcome, found.name) == (Outcome.URGENT, "described like an emergency")


def test_with_another_encoder_words_alone_are_read(words: WordEncoder) -> None:
    triage = Triage.standard(words)
    assert triage.meaning is None
    (encoded,) = words.encode_questions(["I can't breathe"])
    found = triage.read("I can't breathe", encoded)
    assert found is not None
    assert found.name == "breathing"


def test_the_fitted_machine_is_for_the_packaged_encoder(encoder: SentenceEncoder) -> None:
    meaning = Meaning.fitted()
    assert meaning.fingerprint == encoder.fingerprint
    assert np.allclose(np.linalg.norm(meaning.examples, axis=1), 1, atol=0.02)


def test_on_lists_that_no_fit_has_seen_emergencies_are_found_and_ordinary_messages_left_alone(
    triage: Triage, encoder: SentenceEncoder
) -> None:
    alarmed = {}
    for path in ("urgent_held_out.txt", "ordinary_held_out.txt"):
        texts = messages(LISTS / path)
        encoded = encoder.encode_questions(texts)
        found = [triage.read(text, one) for text, one in zip(texts, encoded, strict=True)]
        alarmed[path] = sum(one is not None and one.outcome is Outcome.URGENT for one in found) / len(texts)
    assert alarmed["urgent_held_out.txt"] >= 0.99
    assert alarmed["ordinary_held_out.txt"] <= 0.01


def test_words_alone_find_most_emergencies_and_alarm_one_ordinary_message_in_a_hundred(triage: Triage) -> None:
    urgent, ordinary = messages(LISTS / "urgent.txt"), messages(LISTS / "ordinary.txt")
    assert (len(urgent) >= 250, len(ordinary) >= 600) == (True, True)
    assert sum(_urgent(triage, text) for text in ordinary) / len(ordinary) <= 0.01
    assert sum(_urgent(triage, text) for text in urgent) / len(urgent) >= 0.88


def _urgent(triage: Triage, text: str) -> bool:
    found = triage.read(text)
    return found is not None and found.outcome is Outcome.URGENT


def _words(text: str) -> list[str]:
    from chatbot.answering.phrases import words_of  # noqa: PLC0415 - beside its one use

    return words_of(text)


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
    assert found is not None
    assert (found.outcome, found.name) == (Outcome.REPLY, kind)
    assert found.message


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
    assert WORDS_ALONE.read(text) is None


def test_who_asks_whether_this_is_a_person_is_told_that_it_is_a_machine_that_quotes_the_clinics_pages() -> None:
    found = WORDS_ALONE.read("are you human")
    assert found is not None
    assert "an automatic assistant, not a person and not a doctor" in found.message
    assert "quoting this clinic's own pages" in found.message


def test_an_emergency_goes_before_small_talk() -> None:
    assert name("hello, thank you, my husband has collapsed") == "collapse"


def test_each_sign_names_groups_that_there_are_and_each_group_is_named() -> None:
    told = tomllib.loads((DATA / "red_flags.toml").read_text("utf-8"))
    signs = [sign for flag in told["flags"] for key in ("signs", "always", "unless") for sign in flag.get(key, ())]
    assert {group for sign in signs for group in re.split(r" [+>] ", sign)} == set(told["words"])
    assert not [sign for sign in signs if " + " in sign and " > " in sign]


def test_the_lists_say_that_a_clinician_signs_them_off() -> None:
    assert "A CLINICIAN OF THE CLINIC MUST READ AND SIGN OFF" in (DATA / "red_flags.toml").read_text("utf-8")
    assert "The clinic must read this file before it is used" in (DATA / "small_talk.toml").read_text("utf-8")


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    found = WORDS_ALONE.read(text)
    assert found is None or found.outcome in {Outcome.URGENT, Outcome.REPLY}


@pytest.mark.parametrize(
    "text", ["blood " * 330, "no " * 660, "pain so bad " * 160, "a" * 2000, "bl\u00e9ed" * 400, ". " * 1000]
)
def test_the_longest_message_is_read_at_once(text: str) -> None:
    start = time.perf_counter()
    WORDS_ALONE.read(text)
    assert time.perf_counter() - start < 2


def test_flags_can_be_read_from_a_clinics_own_table() -> None:
    flags = RedFlags(
        {
            "aside": ["hot stone*"],
            "words": {"hot": ["hot"], "skin": ["skin"]},
            "framing": {
                "general": [". is"], "past": ["years ago"], "now": ["my * is"], "strong": ["right now"],
                "feelings": ["im worried"], "unreal": ["if"], "negation": ["not"],
            },
            "flags": [{"name": "heat", "signs": ["skin > hot"]}],
        }
    )  # fmt: skip
    assert flags.find(_words("my skin is hot")) == "heat"
    for text in (
        "my skin is not hot",
        "hot is my skin",
        "skin and hot stones",
        "is skin hot",
        "skin was hot years ago",
    ):
        assert flags.find(_words(text)) is None, text
