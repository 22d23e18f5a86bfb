"""Clustering of wordings, with the real model over the project's pages."""

import json
from importlib.resources import files

import numpy as np
import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from chatbot.staff import ContentPaths, QuestionEmbeddings
from chatbot.staff.insights.clustering import QuestionClusterer, asks_time
from tests.conftest import WordEncoder

PRICE = ["how much does microneedling cost?", "what's the price", "do you charge a lot for it", "hw much is it plz"]
HURTING = ["does it hurt?", "is microneedling painful", "will I feel a lot of pain"]
HURTING_FOR = ["how long does it hurt?", "when does the pain stop", "how many days does the soreness last"]
BLEEDING = ["does it bleed?", "will there be blood", "do you bleed alot"]


def cluster(bot: Chatbot, *groups: list[str]) -> list[set[int]]:
    embeddings = QuestionEmbeddings(bot)
    labels = embeddings.groups(embeddings.embed([text for group in groups for text in group])).tolist()
    clusters = []
    for group in groups:
        clusters.append(set(labels[: len(group)]))
        labels = labels[len(group) :]
    return clusters


def test_wordings_share_a_group_and_aspects_of_a_treatment_do_not(bot: Chatbot) -> None:
    clusters = cluster(bot, PRICE, HURTING, HURTING_FOR, BLEEDING)
    assert [len(labels) for labels in clusters] == [1, 1, 1, 1]
    assert len(set.union(*clusters)) == 4


def test_nine_of_ten_held_out_wordings_lie_in_the_right_row() -> None:
    quality = json.loads(files("chatbot.staff.insights").joinpath("clustering.json").read_text("utf-8"))["held out"]
    assert quality["in the row of their group"] >= 0.9
    assert quality["b-cubed recall"] >= 0.9
    assert quality["b-cubed precision"] >= 0.9


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("how long is my face red?", True),
        ("when does it stop", True),
        ("does it last", True),
        ("does it hurt?", False),
        ("how much is it", False),
    ],
)
def test_asking_for_a_time_is_recognised(question: str, expected: bool) -> None:
    assert asks_time(question) is expected


def test_more_points_than_one_linkage_takes_cluster_alike() -> None:
    rng = np.random.default_rng(7)
    means = np.eye(40, 64, dtype=np.float32)
    expected = np.repeat(np.arange(40), 150)
    points = means[expected] + rng.normal(0, 0.02, (6000, 64)).astype(np.float32)
    clusterer = QuestionClusterer.fitted()
    features = clusterer.features(points, [False] * 6000, "another encoder's")
    labels = clusterer.groups(features, "another encoder's")
    assert len(set(labels.tolist())) == 40
    assert all(len(set(labels[expected == label].tolist())) == 1 for label in range(40))


def test_no_question_and_one_question_are_grouped_too() -> None:
    clusterer = QuestionClusterer.fitted()
    for number in (0, 1):
        features = clusterer.features(np.ones((number, 384), np.float32), [False] * number, clusterer.fingerprint)
        assert clusterer.groups(features, clusterer.fingerprint).tolist() == [0] * number


def test_another_encoder_clusters_by_its_own_vectors(place: ContentPaths, words: WordEncoder) -> None:
    build_index(place.corpus, place.index, words)
    bot = Chatbot(place.corpus, place.index, words, Clinic())
    parking, dogs = cluster(bot, ["where do we park", "where can we park"], ["are large dogs allowed inside"])
    assert len(parking) == 1
    assert parking != dogs


def test_a_question_is_embedded_once_and_its_text_is_not_kept(bot: Chatbot) -> None:
    embeddings = QuestionEmbeddings(bot)
    progress: list[tuple[int, int]] = []
    embeddings.embed(PRICE, lambda done, of: progress.append((done, of)))
    assert progress == [(len(PRICE), len(PRICE))]
    assert embeddings.count_missing(PRICE) == 0
    embeddings.embed(PRICE, lambda done, of: progress.append((done, of)))
    assert len(progress) == 1
    embeddings.retain(PRICE[:1])
    assert embeddings.count_missing(PRICE) == len(PRICE) - 1
    assert not any(word.encode() in key for key in embeddings._known for word in ("price", "cost"))  # noqa: SLF001 -- the cache has no public view of its keys
