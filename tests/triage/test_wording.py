import re
import tomllib
from importlib.resources import files

import pytest

from chatbot.clinic import Clinic, Contact, Crisis, Today, Urgent
from chatbot.records import Level
from chatbot.triage import LANGUAGES, Wording

CLINIC = Clinic(
    contact=Contact(phone="020 7946", hours="9 to 5"),
    urgent=Urgent(phone="999", crisis=Crisis(phone="116 123"), today=Today(phone="111")),
)
PLAIN = Wording(
    "fr",
    {
        "number": "N",
        "crisis_number": "C",
        "clinic_number": "P",
        "emergency": "emergency {emergency}",
        "crisis": "crisis {crisis}",
        "today": "today {phone}",
        "today_hours": "hours {hours}",
        "today_closed": "closed {out_of_hours}",
        "today_worse": "worse {emergency}",
        "alarm": "A",
        "alarm_today": "B",
        "alarm_crisis": "D {crisis}",
        "reminder": "R {emergency}",
        "crisis_reminder": "S {crisis}",
        "phrases": ["one", "two"],
    },
)
LONGEST = 330  # characters that fit eight lines at 390 px


def texts(language: str) -> dict[str, object]:
    return tomllib.loads((files("chatbot.triage") / "wording" / f"{language}.toml").read_text("utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("level", "numbers"),
    [
        (Level.EMERGENCY, {"999"}),
        (Level.CRISIS, {"116 123", "999"}),
        (Level.TODAY, {"020 7946", "9 to 5", "111", "999"}),
    ],
)
def test_each_level_says_its_numbers_in_every_language(language: str, level: Level, numbers: set[str]) -> None:
    text = Wording.standard(language).urgent(level, CLINIC)
    assert all(number in text for number in numbers)
    assert "{" not in text
    assert len(text) <= LONGEST


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", list(Level))
def test_without_numbers_no_gap_is_left(language: str, level: Level) -> None:
    text = Wording.standard(language).urgent(level, Clinic())
    assert not re.search(r"\{|\(\)|  | [.,]", text)


def test_every_language_has_the_texts_and_the_places_that_english_has() -> None:
    english = texts("en")
    for language in LANGUAGES:
        other = texts(language)
        assert other.keys() == english.keys()
        for key, text in english.items():
            if isinstance(text, str):
                assert set(re.findall(r"\{\w+\}", str(other[key]))) == set(re.findall(r"\{\w+\}", text)), (
                    language,
                    key,
                )


def test_the_clinics_own_wording_goes_first_in_its_own_language() -> None:
    clinic = Clinic(urgent=Urgent(message="Dial {emergency}!", phone="112"))
    assert Wording.standard("en").urgent(Level.EMERGENCY, clinic) == "Dial 112!"
    assert "Dial" not in Wording.standard("de").urgent(Level.EMERGENCY, clinic)


def test_the_reminder_after_a_crisis_names_the_crisis_line() -> None:
    wording = Wording.standard("en")
    assert wording.reminder(Level.CRISIS, CLINIC) == (
        "If you need somebody to talk to, call 116 123. In danger, call 999."
    )
    assert wording.reminder(Level.TODAY, CLINIC) == "If it is urgent after all, call 999."


def test_without_numbers_of_the_clinic_the_languages_own_words_stand_there() -> None:
    texts = [PLAIN.urgent(level, Clinic()) for level in (Level.EMERGENCY, Level.CRISIS, Level.TODAY)]
    assert texts == ["emergency N", "crisis C", "today P worse N"]


def test_the_clinics_numbers_stand_in_their_places() -> None:
    texts = [PLAIN.urgent(level, CLINIC) for level in (Level.EMERGENCY, Level.CRISIS, Level.TODAY)]
    assert texts == ["emergency 999", "crisis 116 123", "today 020 7946 hours 9 to 5 closed 111 worse 999"]


def test_hours_and_the_number_out_of_hours_are_said_where_the_clinic_has_them() -> None:
    assert PLAIN.urgent(Level.TODAY, Clinic(contact=Contact(hours="9 to 5"))) == "today P hours 9 to 5 worse N"
    assert PLAIN.urgent(Level.TODAY, Clinic(urgent=Urgent(today=Today(phone="111")))) == "today P closed 111 worse N"


@pytest.mark.parametrize("level", list(Level))
def test_each_level_has_a_wording_of_the_clinics_own(level: Level) -> None:
    urgent = Urgent(message="emergency!", crisis=Crisis(message="crisis!"), today=Today(message="today! {phone}"))
    text = Wording.standard("en").urgent(level, Clinic(contact=Contact(phone="020"), urgent=urgent))
    assert text == ("today! 020" if level is Level.TODAY else f"{level.value}!")
    assert PLAIN.urgent(level, Clinic(urgent=urgent)) == PLAIN.urgent(level, Clinic())


def test_each_level_has_its_heading_and_its_reminder() -> None:
    levels = (Level.EMERGENCY, Level.TODAY, Level.CRISIS)
    assert [PLAIN.heading(level, CLINIC) for level in levels] == ["A", "B", "D 116 123"]
    assert [PLAIN.reminder(level, CLINIC) for level in levels] == ["R 999", "R 999", "S 116 123"]


def test_each_level_asks_to_call_its_number() -> None:
    levels = (Level.EMERGENCY, Level.TODAY, Level.CRISIS)
    assert [Wording.number_to_call(level, CLINIC) for level in levels] == ["999", "020 7946", "116 123"]
    english = Wording.standard("en")
    assert [english.call_text(level, CLINIC) for level in levels] == ["Call 999", "Call 020 7946", "Call 116 123"]


@pytest.mark.parametrize("level", list(Level))
def test_without_a_number_nothing_asks_to_call(level: Level) -> None:
    assert Wording.number_to_call(level, Clinic()) == ""
    assert Wording.standard("en").call_text(level, Clinic()) == ""


def test_phrases_are_returned_as_written() -> None:
    assert PLAIN.phrases("phrases") == ["one", "two"]
