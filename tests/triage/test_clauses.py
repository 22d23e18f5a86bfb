from collections.abc import Mapping, Sequence

import pytest

from chatbot.language import words_of
from chatbot.triage.clauses import Clauses, sentences

FRAMING: Mapping[str, Sequence[str]] = {
    "general": ["could it"],
    "past": ["years ago"],
    "now": ["it is"],
    "strong": ["right now"],
    "unreal": ["unless"],
    "asks": ["can i", "how long"],
    "tells": ["my * is", "i cant", "if only"],
    "joins": ["and", "but"],
    "binds": ["if", "can"],
    "conditions": ["if"],
    "present": ["is"],
}
PLAIN = {name: FRAMING[name] for name in ("general", "past", "now", "strong", "unreal")}


def parts(text: str, framing: Mapping[str, Sequence[str]] = FRAMING) -> list[str]:
    words = words_of(text)
    (whole, *others) = Clauses(framing).segments(words)
    assert whole == (0, len(words))
    return [" ".join(words[start:end]).removeprefix(". ") for start, end in others]


def test_sentences_begin_with_their_mark() -> None:
    assert list(sentences(words_of("hot. red skin"))) == [(0, 2), (2, 5)]
    assert list(sentences(["hot", ".", "red"])) == [(0, 1), (1, 3)]
    assert list(sentences(["hot"])) == [(0, 1)]


def test_a_clause_has_at_least_three_words_and_marks() -> None:
    assert parts("red skin can i bath") == ["red skin", "can i bath"]
    assert parts("skin can i bath") == []
    assert parts("red skin can i my arm is sore") == ["red skin", "can i my arm is sore"]
    assert parts("red skin can i bath my arm is sore") == ["red skin", "can i bath", "my arm is sore"]


def test_a_later_sentence_is_cut_at_its_own_words() -> None:
    assert parts("hot red. red skin can i bath") == ["hot red", "red skin can i bath", "red skin", "can i bath"]


@pytest.mark.parametrize("joint", [",", " and", " but", ", and", " and but", ", but ,"])
def test_what_joins_clauses_stands_with_the_later_one(joint: str) -> None:
    words = " ".join(words_of(f"x{joint}")[2:])
    assert parts(f"red sore skin{joint} can i bath") == ["red sore skin", f"{words} can i bath"]


def test_a_statement_begins_no_clause_after_a_word_that_binds_it() -> None:
    assert parts("red skin can my arm is sore") == []
    assert parts("red can skin my arm is sore") == ["red can skin", "my arm is sore"]
    assert parts("red skin my can is sore") == ["red skin", "my can is sore"]


def test_forty_sentences_are_judged_one_by_one() -> None:
    words = [".", "hot"] * 40
    assert Clauses(FRAMING).segments(words) == [(0, 80), *((at, at + 2) for at in range(0, 80, 2))]


def test_of_more_than_forty_sentences_neighbours_are_judged_together() -> None:
    words = [".", "hot"] * 41
    assert Clauses(FRAMING).segments(words) == [(0, 82), *((at, at + 4) for at in range(0, 80, 4)), (80, 82)]
    assert Clauses(FRAMING).segments([".", "hot"] * 81)[1:3] == [(0, 6), (6, 12)]


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("if red skin can i bath", []),
        ("red skin if sore can i bath", []),
        ("my arm is sore if red how long will it be", ["my arm is sore if red", "how long will it be"]),
        ("if only red can i bath", []),
        ("if red skin can i bath i cant bath", []),
        ("if red skin can i bath right now i cant bath", ["can i bath right now", "i cant bath"]),
    ],
)
def test_a_condition_governs_the_clauses_after_it_until_one_is_now(text: str, clauses: list[str]) -> None:
    assert parts(text) == clauses


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("red years ago i cant bath", ["red years ago"]),
        ("red years ago i cant bath i cant swim", ["red years ago"]),
        ("red years ago my arm is sore i cant swim", ["red years ago", "my arm is sore", "i cant swim"]),
        ("red years ago i cant bath right now", ["red years ago", "i cant bath right now"]),
        ("red years ago my arm is sore years ago i cant swim", ["red years ago", "my arm is sore years ago"]),
    ],
)
def test_the_past_governs_the_clauses_after_it_until_one_is_present(text: str, clauses: list[str]) -> None:
    assert parts(text) == clauses


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("red skin could it burn", ["red skin", "could it burn"]),
        ("red skin it is sore", ["red skin", "it is sore"]),
        ("red skin unless it is sore", []),
        ("red skin and it is sore", ["red skin and", "it is sore"]),
        ("unless red skin it is sore", []),
        ("if red skin it is sore", ["if red skin", "it is sore"]),
        ("red years ago could it burn it is sore", ["red years ago", "it is sore"]),
    ],
)
def test_a_language_without_words_of_its_own_for_clauses_takes_the_general_ones(text: str, clauses: list[str]) -> None:
    assert parts(text, PLAIN) == clauses


@pytest.mark.parametrize("text", ["red skin could it burn", "red skin it is sore"])
def test_a_languages_own_words_for_clauses_go_before_the_general_ones(text: str) -> None:
    assert parts(text) == []
