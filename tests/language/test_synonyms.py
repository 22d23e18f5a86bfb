import tomllib
from collections import Counter
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.language.synonyms import with_words_of_pages

WORDS = {"botulinum": 4, "toxin": 4, "blepharoplasty": 2, "vaccination": 1, "filler": 3, "fee": 1, "gastroscopy": 1}


@pytest.mark.parametrize(
    ("typed", "searched"),
    [
        ("do u do Botox on ppl with lupus", "do u do botulinum toxin on ppl with lupus"),
        ("anti wrinkle injections price", "botulinum toxin price"),
        ("how long off work after eye-bag removal?", "how long off work after blepharoplasty?"),
        ("flu jab", "flu vaccination"),
        ("lip fillers", "lip filler"),
        ("is the camera down my throat sore", "is the gastroscopy sore"),
    ],
)
def test_a_word_that_the_pages_lack_is_replaced_by_theirs(typed: str, searched: str) -> None:
    assert with_words_of_pages(typed, WORDS) == searched


@pytest.mark.parametrize(
    "typed",
    [
        "is botulinum toxin safe",  # the pages' own words
        "how much is a nose job",  # the pages have no word for it
        "my botoxed friend",  # a part of a word
        "",
    ],
)
def test_other_words_stay_as_they_are(typed: str) -> None:
    assert with_words_of_pages(typed, WORDS) == typed


def test_a_word_that_the_pages_use_stays_though_they_use_its_synonym_too() -> None:
    assert with_words_of_pages("botox?", {**WORDS, "botox": 1}) == "botox?"


def test_of_several_words_of_the_pages_the_most_frequent_is_taken() -> None:
    words = {"botulinum": 1, "toxin": 1, "wrinkle": 5, "injections": 4}
    assert with_words_of_pages("how much is botox", words) == "how much is wrinkle injections"


@given(st.text())
def test_any_text_without_words_of_the_pages_stays(typed: str) -> None:
    assert with_words_of_pages(typed, {}) == typed


def test_no_term_stands_in_two_groups() -> None:
    groups = tomllib.loads(files("chatbot.language").joinpath("synonyms.toml").read_text("utf-8"))["terms"]
    assert [term for term, count in Counter(term for group in groups for term in group).items() if count > 1] == []
    assert min(map(len, groups)) > 1
