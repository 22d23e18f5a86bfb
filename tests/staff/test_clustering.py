"""Which wordings come together, with the real model over the project's pages."""

import json
from importlib.resources import files

import numpy as np
import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from chatbot.staff import Place, QuestionEmbeddings
from chatbot.staff.insights.clustering import QuestionClusterer, asks_time
from tests.conftest import WordEncoder

PRICE = ["how much does microneedling cost?", "what's the price", "do you charge a lot for it", "hw much is it plz"]
HURTING = ["does it hurt?", "is microneedling painful", "will I feel a lot of pain"]
HURTING_FOR = ["how long does it hurt?", "when does the pain stop", "how many days does the soreness last"]
BLEEDING = ["does it bleed?", "will there be blood", "do you bleed alot"]


def together(bot: Chatbot, *groups: list[str]) -> list[set[int]]:
    meanings = QuestionEmbeddings(bot)
    labels = meanings.groups(meanings.read([text for group in groups for text in group])).tolist()
    found = []
    for group in groups:
        found.append(set(labels[: len(group)]))
        labels = labels[len(group) :]
    return found


def test_wordings_of_one_question_are_one_group_and_aspects_of_a_treatment_are_apart(bot: Chatbot) -> None:
    found = together(bot, PRICE, HURTING, HURTING_FOR, BLEEDING)
    assert [len(labels) for labels in found] == [1, 1, 1, 1]
    assert len(set.union(*found)) == 4


def test_nine_of_ten_wordings_that_no_fit_has_seen_lie_in_the_row_of_their_group() -> None:
    told = json.loads(files("chatbot.staff.insights").joinpath("clustering.json").read_text("utf-8"))["held out"]
    assert told["in the row of their group"] >= 0.9
    assert told["b-cubed recall"] >= 0.9
    assert told["b-cubed precision"] >= 0.9


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("how long is my face red?", True),
        ("when does it stop", True),
        ("does it last", True),
        ("does it hurt?", False),
        ("how much is it", False),
    ],
)
def test_asking_for_a_time_is_seen(question: str, asked: bool) -> None:
    assert asks_time(question) is asked


def test_more_points_than_can_be_joined_pair_by_pair_come_out_alike() -> None:
    chance = np.random.default_rng(7)
    middles = np.eye(40, 64, dtype=np.float32)
    meant = np.repeat(np.arange(40), 150)
    points = middles[meant] + chance.normal(0, 0.02, (6000, 64)).astype(np.float32)
    clusterer = QuestionClusterer.fitted()
    placed = clusterer.features(points, [False] * 6000, "another encoder's")
    labels = clusterer.groups(placed, "another encoder's")
    assert len(set(labels.tolist())) == 40
    assert all(len(set(labels[meant == one].tolist())) == 1 for one in range(40))


def test_none_and_one_are_grouped_too() -> None:
    clusterer = QuestionClusterer.fitted()
    for number in (0, 1):
        placed = clusterer.features(np.ones((number, 384), np.float32), [False] * number, clusterer.fingerprint)
        assert clusterer.groups(placed, clusterer.fingerprint).tolist() == [0] * number


def test_another_encoder_groups_by_its_own_vectors(place: Place, words: WordEncoder) -> None:
    build_index(place.corpus, place.index, words)
    bot = Chatbot(place.corpus, place.index, words, Clinic())
    parking, dogs = together(bot, ["where do we park", "where can we park"], ["are large dogs allowed inside"])
    assert len(parking) == 1
    assert parking != dogs


def test_a_question_is_read_once_and_no_word_of_it_is_kept(bot: Chatbot) -> None:
    meanings = QuestionEmbeddings(bot)
    heard: list[tuple[int, int]] = []
    meanings.read(PRICE, lambda done, of: heard.append((done, of)))
    assert heard == [(len(PRICE), len(PRICE))]
    assert meanings.unknown(PRICE) == 0
    meanings.read(PRICE, lambda done, of: heard.append((done, of)))
    assert len(heard) == 1
    meanings.keep(PRICE[:1])
    assert meanings.unknown(PRICE) == len(PRICE) - 1
    assert not any(word.encode() in key for key in meanings._known for word in ("price", "cost"))  # noqa: SLF001 -- it has no other way out
