import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from chatbot.answering.clarify import about_equal, confidences_by_page, pages_to_choose
from chatbot.answering.gate import Gate
from chatbot.answering.search import SearchResult, search
from chatbot.indexing import ExactStore, Index, build_index, open_index
from chatbot.records import Choice
from tests.answering.conftest import BY_WORDS, sure
from tests.conftest import WordEncoder

PEELS = ("Chemical peels", "The redness lasts two days.")
LASER = ("Thread vein laser", "The redness lasts one week.")
PRICES = ("Prices", "Each session costs fifty euro.")
SITE = {"peels.md": PEELS, "laser.md": LASER, "prices.md": PRICES}
Site = Mapping[str, tuple[str, str]]


@pytest.fixture
def site_of(tmp_path: Path, words: WordEncoder) -> Callable[[Site], Index]:
    def build(site: Site) -> Index:
        for name, (title, text) in site.items():
            path = tmp_path / "corpus" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"---\ntitle: {title}\n---\n{text}\n")
        build_index(tmp_path / "corpus", tmp_path / "index", words, ExactStore)
        return open_index(tmp_path / "corpus", tmp_path / "index", words, ExactStore)[1]

    return build


def found(index: Index, question: str, *earlier: str) -> SearchResult:
    result = search(index, WordEncoder(), BY_WORDS, question, earlier)
    assert result
    return result


def choices(index: Index, question: str, *earlier: str, confidence: float = 0.9) -> tuple[Choice, ...]:
    return pages_to_choose(index, sure(confidence), found(index, question, *earlier))


def fitted() -> dict[str, Any]:
    values: dict[str, Any] = json.loads(files("chatbot.answering").joinpath("clarify.json").read_text("utf-8"))
    return values


@pytest.fixture
def treatments(site_of: Callable[[Site], Index]) -> Index:
    return site_of({"peels.md": PEELS, "laser.md": LASER})


def test_pages_that_answer_alike_are_choices(treatments: Index) -> None:
    assert set(choices(treatments, "how long does the redness last")) == {
        Choice("Chemical peels", "peels.md"),
        Choice("Thread vein laser", "laser.md"),
    }


def test_general_pages_are_no_choices_unless_they_answer_as_well(site_of: Callable[[Site], Index]) -> None:
    index = site_of(SITE)
    result = found(index, "how long does the redness last")
    assert confidences_by_page(index, Gate.fitted(), result).keys() == {"peels.md", "laser.md"}
    assert confidences_by_page(index, sure(0.9), result) == {}


@pytest.mark.parametrize("question", ["does redness last after a peel", "redness of the laser", "Chemical redness?"])
def test_a_question_that_names_a_page_is_not_asked_back(treatments: Index, question: str) -> None:
    assert choices(treatments, question) == ()


def test_a_follow_up_is_not_asked_back(treatments: Index) -> None:
    assert choices(treatments, "and redness?") != ()
    assert choices(treatments, "and redness?", "what is a peel?") == ()


def test_pages_that_probably_do_not_answer_are_no_choices(treatments: Index) -> None:
    assert choices(treatments, "how long does the redness last", confidence=0.1) == ()


def test_a_pronoun_for_a_subject_is_asked_back_at_less_confidence(treatments: Index) -> None:
    least = {name: fitted()[name]["likely"] for name in ("no subject", "other")}
    between = (least["no subject"] + least["other"]) / 2
    assert choices(treatments, "does it last", confidence=between)
    assert not choices(treatments, "how long does the redness last", confidence=between)


def test_one_page_is_no_choice(site_of: Callable[[Site], Index]) -> None:
    assert choices(site_of({"peels.md": PEELS}), "how long does the redness last") == ()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("a/faq.md", "Good to know"),
        ("team.md", "The crew"),
        ("costs-and-insurance.md", "What you pay"),
        ("index.md", "Example Clinic"),
        ("x.md", "Frequently asked"),
        ("x.md", "After your treatment"),
        ("x.md", "Preparing for your operation"),
        ("x.md", "Who we are"),
    ],
)
def test_a_question_that_a_general_page_answers_best_is_not_asked_back(
    site_of: Callable[[Site], Index], name: str, title: str
) -> None:
    index = site_of({"laser.md": LASER, "peels.md": PEELS, name: (title, "How long redness?")})
    assert found(index, "how long redness").hits[0].passage.document == name
    assert choices(index, "how long redness") == ()


@pytest.mark.parametrize("title", ["Home haemodialysis", "Implantable contact lens", "Young people", "Galway branch"])
def test_a_title_with_a_general_word_within_is_a_choice(site_of: Callable[[Site], Index], title: str) -> None:
    index = site_of({"laser.md": LASER, "x.md": (title, PEELS[1])})
    assert {choice.title for choice in choices(index, "how long does the redness last")} == {LASER[0], title}


def test_choices_of_one_title_bear_their_folders(site_of: Callable[[Site], Index]) -> None:
    galway, athlone = "We open on Monday.", "The doors in the market open on Monday when the bell has rung."
    pages = {"galway-city/times.md": ("Times", galway), "athlone/times.md": ("Times", athlone)}
    index = site_of(pages | {"peels.md": PEELS})
    opened = choices(index, "when do you open on Monday")[:2]
    assert {choice.title for choice in opened} == {"Times (Galway city)", "Times (Athlone)"}


def test_pages_with_the_same_words_are_no_choices(site_of: Callable[[Site], Index]) -> None:
    assert choices(site_of({"one.md": PEELS, "two.md": PEELS}), "how long does the redness last") == ()


def test_five_pages_are_offered_at_most(site_of: Callable[[Site], Index]) -> None:
    others = ["ash", "beech", "cedar", "dogwood", "elder", "fir", "gorse"]
    index = site_of({f"{tree}.md": (f"Laser {tree}", f"The redness lasts. {f'{tree} ' * 9}") for tree in others})
    assert len(choices(index, "how long does the redness last")) == 5


@pytest.mark.parametrize(
    ("confidences", "pages"),
    [
        ({}, ()),
        ({"a": 0.8}, ()),
        ({"a": 0.8, "b": 0.4}, ("a", "b")),
        ({"a": 0.8, "b": 0.39, "c": 0.9}, ("a", "c")),
        ({"a": 0.5, "b": 0.29}, ()),
        ({"a": 0.29, "b": 0.5, "c": 0.5}, ()),
    ],
)
def test_pages_are_about_equal_by_share_and_by_confidence(
    confidences: Mapping[str, float], pages: tuple[str, ...]
) -> None:
    assert about_equal(confidences, near=0.5, likely=0.3) == pages


def test_the_fitted_thresholds_are_shares_with_their_figures() -> None:
    values = fitted()
    for name in ("no subject", "other"):
        assert 0 < values[name]["likely"] < 1
        assert 0 < values[name]["near"] < 1
    assert values["held_out"]["answerable"] <= 0.02
    assert values["held_out"]["unnamed, several pages answer"] >= 0.5
