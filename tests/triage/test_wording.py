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
    said = Wording.standard(language).urgent(level, CLINIC)
    assert all(number in said for number in numbers)
    assert "{" not in said
    assert len(said) <= LONGEST


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("level", list(Level))
def test_without_numbers_no_gap_is_left(language: str, level: Level) -> None:
    said = Wording.standard(language).urgent(level, Clinic())
    assert not re.search(r"\{|\(\)|  | [.,]", said)


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
