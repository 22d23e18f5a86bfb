import re
import tomllib
from importlib.resources import files

import pytest

from chatbot.language import words_of
from chatbot.records import Alarm, Level
from chatbot.triage import LANGUAGES
from chatbot.triage.clauses import Clauses
from chatbot.triage.red_flags import RedFlags

FRAMING = {
    "general": [". is", "can i"],
    "past": ["years ago"],
    "now": ["my * is"],
    "strong": ["right now"],
    "feelings": ["im worried"],
    "unreal": ["if"],
    "negation": ["not"],
    "asks": ["can i", "how long"],
    "tells": ["my * is", "i cant"],
    "joins": ["and", "but"],
    "binds": ["if", "can"],
    "conditions": ["if"],
    "present": ["is"],
}
TABLE = {
    "aside": ["hot stone*"],
    "words": {"hot": ["hot"], "skin": ["skin"], "die": ["want to die"], "stone": ["bath"]},
    "framing": FRAMING,
    "flags": [
        {"name": "heat", "level": "today", "signs": ["skin > hot"], "unless": ["stone"]},
        {"name": "self-harm", "level": "crisis", "always": ["die"], "unless": ["stone"]},
    ],
}


def alarms(text: str) -> set[str]:
    return {found.alarm.rule for found in RedFlags(TABLE).alarms(words_of(text))}


def test_a_sign_raises_its_flag_with_its_level() -> None:
    (found, *_) = RedFlags(TABLE).alarms(words_of("my skin is hot"))
    assert (found.alarm, found.sure) == (Alarm(Level.TODAY, "heat"), False)


@pytest.mark.parametrize(
    "text", ["my skin is not hot", "hot is my skin", "skin and hot stones", "is skin hot", "skin was hot years ago"]
)
def test_order_denial_questions_and_the_past_silence_a_sign(text: str) -> None:
    assert alarms(text) == set()


def test_what_makes_a_sign_unlikely_silences_its_own_clause_alone() -> None:
    assert alarms("my skin is hot in the bath") == set()
    assert alarms("my skin is hot, how long is the bath") == {"heat"}
    assert alarms("How long is the bath? My skin is hot.") == {"heat"}


def test_a_sign_that_always_counts_is_silenced_by_nothing() -> None:
    assert alarms("can i bath, years ago if i not want to die") == {"self-harm"}


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("my skin is hot", []),
        ("my skin is hot, can i bath", ["my skin is hot", ", can i bath"]),
        ("my skin is hot can i bath", ["my skin is hot", "can i bath"]),
        ("can i bath today and my skin is hot", ["can i bath today", "and my skin is hot"]),
        ("can i bath. my skin is hot", ["can i bath", "my skin is hot"]),
        ("if it is red my skin is hot", []),
        ("can i bath if it is red", []),
        ("it was red years ago and i cant bath", ["it was red years ago"]),
        ("it was red years ago and my skin is hot", ["it was red years ago", "and my skin is hot"]),
    ],
)
def test_a_message_is_cut_where_a_question_or_a_statement_begins(text: str, clauses: list[str]) -> None:
    words = words_of(text)
    (whole, *parts) = Clauses(FRAMING).segments(words)
    assert whole == (0, len(words))
    assert [" ".join(words[start:end]).strip(". ") for start, end in parts] == clauses


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sign_names_groups_that_there_are_and_each_group_is_named(language: str) -> None:
    table = tomllib.loads((files("chatbot.triage") / "red_flags" / f"{language}.toml").read_text("utf-8"))
    signs = [sign for flag in table["flags"] for key in ("signs", "always", "unless") for sign in flag.get(key, ())]
    assert {group for sign in signs for group in re.split(r" [+>] ", sign)} == set(table["words"])
    assert not [sign for sign in signs if " + " in sign and " > " in sign]
    assert {flag["level"] for flag in table["flags"]} == {"emergency", "today", "crisis"}
