import re
import tomllib
from importlib.resources import files

import pytest

from chatbot.language import words_of
from chatbot.records import Alarm, Level
from chatbot.triage import LANGUAGES
from chatbot.triage.clauses import Clauses
from chatbot.triage.red_flags import RedFlags, group_words

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
    "ignore": ["hot stone*"],
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


SIGNS = {
    "ignore": [],
    "words": {
        "a": ["aa"],
        "b": ["bb"],
        "c": ["cc"],
        "pair": ["aa bb"],
        "not": ["no"],
        "no b": ["no bb"],
        "first": ["my arm"],
        "off": ["off"],
        "two": ["ee ff"],
    },
    "framing": {
        "general": ["general"],
        "past": ["ago"],
        "now": ["my * is"],
        "strong": ["right now"],
        "feelings": ["worried my aa is"],
        "unreal": ["if"],
        "negation": ["no"],
        "asks": ["can i"],
        "binds": [],
    },
    "known": ["dd"],
    "flags": [],
}


def flags(**flag: object) -> RedFlags:
    return RedFlags({**SIGNS, "flags": [{"name": "flag", "level": "today", **flag}]})


def raised(sign: str, text: str) -> bool:
    return bool(flags(signs=[sign]).alarms(words_of(text)))


@pytest.mark.parametrize(("between", "expected"), [(0, True), (11, True), (12, False)])
def test_the_parts_of_a_sign_stand_within_thirteen_words(between: int, expected: bool) -> None:
    far = " xx" * between
    assert raised("a + b", f"aa{far} bb") is expected
    assert raised("a + b", f"bb{far} aa") is expected
    assert raised("a + two", f"aa{far[:-3]} ee ff") is expected
    assert raised("two + a", f"ee ff{far[:-3]} aa") is expected


@pytest.mark.parametrize(("between", "expected"), [(0, True), (3, True), (4, False)])
def test_the_parts_of_an_ordered_sign_have_three_words_between_them(between: int, expected: bool) -> None:
    far = " xx" * between
    assert raised("a > b", f"aa{far} bb") is expected
    assert raised("a > b > c", f"aa xx xx bb{far} cc") is expected
    assert not raised("a > b", f"bb{far} aa")


def test_the_parts_of_a_sign_share_no_word() -> None:
    assert not raised("pair + a", "aa bb")
    assert not raised("pair + b", "aa bb")
    assert raised("pair + a", "aa aa bb")
    assert raised("pair + a", "aa bb aa")


def test_a_sign_stands_where_all_its_parts_do() -> None:
    assert raised("a", "xx aa")
    assert not raised("a + b", "aa")
    assert not raised("a + b + c", "aa bb")
    assert raised("a > b", "aa xx xx xx xx aa bb")


def test_of_a_part_that_stands_twice_the_nearest_is_taken() -> None:
    assert not raised("a + b", "bb xx xx aa no bb")
    assert raised("a + b", "bb xx aa xx no bb")


def test_a_denied_part_denies_the_sign_unless_the_denial_is_a_part_of_it() -> None:
    assert not raised("a + b", "no aa bb")
    assert not raised("a + b", "aa no bb")
    assert raised("a + b", "no xx aa bb")
    assert raised("not + b", "no bb")
    assert raised("a + no b", "aa no bb")


def test_a_sign_of_each_kind_is_found_in_each_segment_that_holds_it() -> None:
    found = flags(always=["a"], signs=["b"], trusted=True).alarms(words_of("xx xx bb my arm is aa"))
    assert [(each.segment, each.sure) for each in found] == [((0, 8), True), ((0, 4), True), ((4, 8), True)]
    found = flags(signs=["b"], trusted=True).alarms(words_of("xx xx bb my arm is aa"))
    assert [(each.segment, each.sure) for each in found] == [((0, 8), True), ((0, 4), True)]


def test_a_segment_holds_the_words_at_its_very_ends() -> None:
    (whole, first, second) = flags(signs=["first"]).segments(words_of("xx xx bb my arm is aa"))
    found = [each.segment for each in flags(signs=["first"]).alarms(words_of("xx xx bb my arm is aa"))]
    assert found == [whole, second]
    assert [each.segment for each in flags(signs=["b"]).alarms(words_of("xx xx bb my arm is aa"))] == [whole, first]
    assert [each.segment for each in flags(signs=["a"]).alarms(words_of("xx xx bb my arm is aa"))] == [whole, second]


def test_an_untrusted_sign_is_not_sure_and_other_words_there_silence_it() -> None:
    flag = flags(name="burn", level="crisis", signs=["a", "b"], unless=["off"])
    (found,) = flag.alarms(words_of("xx bb"))
    assert (found.alarm, found.segment, found.sure) == (Alarm(Level.CRISIS, "burn"), (0, 3), False)
    assert flag.alarms(words_of("xx bb off")) == []


def test_a_sign_counts_if_one_of_its_places_does() -> None:
    assert raised("a", "no aa aa")
    assert not raised("a", "aa general")
    assert raised("a + b", "aa general. bb")
    assert not raised("a + b", "aa general. bb ago")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("xx", False),
        ("general", True),
        ("ago", True),
        ("ago right now", False),
        ("general right now", False),
        ("general my aa is", False),
        ("ago my aa is", True),
        ("general ago my aa is", True),
        ("general worried my aa is", True),
        ("general if my aa is", True),
        ("general my if is", False),
    ],
)
def test_what_is_asked_in_general_or_past_is_ordinary_unless_it_is_now(text: str, expected: bool) -> None:
    words = words_of(text)
    assert flags().is_hypothetical_or_past(words, (0, len(words))) == [expected] * len(words)


def test_each_sentence_is_ordinary_or_not_by_itself() -> None:
    words = words_of("xx general. xx. ago")
    assert flags().is_hypothetical_or_past(words, (0, 7)) == [True] * 3 + [False] * 2 + [True] * 2
    assert flags().is_hypothetical_or_past(words, (2, 5)) == [True, False, False]


def test_a_clause_is_read_from_its_own_first_word() -> None:
    assert flags().is_hypothetical_or_past(["xx", "general"], (1, 2)) == [True]
    assert flags().is_hypothetical_or_past(["xx", "ago"], (1, 2)) == [True]
    assert flags().is_hypothetical_or_past(["xx", "my", "aa", "is", "general", "if"], (1, 6)) == [False] * 5


def test_the_vocabulary_is_that_of_the_groups_and_what_is_known() -> None:
    assert flags().vocabulary == ["aa", "bb", "cc", "aa bb", "no", "no bb", "my arm", "off", "ee ff", "dd"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_a_language_are_those_of_its_groups_without_marks(language: str) -> None:
    table = tomllib.loads((files("chatbot.triage") / "red_flags" / f"{language}.toml").read_text("utf-8"))
    phrases = [phrase for phrases in table["words"].values() for phrase in phrases]
    assert group_words(language) == {word for phrase in phrases for word in words_of(phrase)} - {".", ","}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sign_names_groups_that_there_are_and_each_group_is_named(language: str) -> None:
    table = tomllib.loads((files("chatbot.triage") / "red_flags" / f"{language}.toml").read_text("utf-8"))
    signs = [sign for flag in table["flags"] for key in ("signs", "always", "unless") for sign in flag.get(key, ())]
    assert {group for sign in signs for group in re.split(r" [+>] ", sign)} == set(table["words"])
    assert not [sign for sign in signs if " + " in sign and " > " in sign]
    assert {flag["level"] for flag in table["flags"]} == {"emergency", "today", "crisis"}
