import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from chatbot.answering.replies import ReplyMatch, ReplyMatcher, ReplyProjection
from chatbot.clinic import Reply
from chatbot.indexing import Encoded, Vectors
from tests.conftest import WordEncoder

BOOKING = Reply("booking", ("may I book", "book online", "slot free", "change visit"), "Book online.")
PRICE = Reply("price", ("fees", "how dear"), "See our list.")


def axis(words: WordEncoder, *texts: str) -> Vectors:
    return np.stack([encoded.vector for encoded in words.encode_questions(texts)])


@pytest.fixture
def kinds(words: WordEncoder) -> ReplyProjection:
    """Return kinds that know of one kind for the pages, and turn nothing."""
    return ReplyProjection(
        np.zeros(256, np.float32), np.eye(256, dtype=np.float32), axis(words, "redness"), 0.25, "words-1"
    )


def asked(words: WordEncoder, question: str) -> Encoded:
    return words.encode_questions([question])[0]


def test_vectors_are_turned_around_the_middle_at_unit_length() -> None:
    middle = np.array([1.0, 1.0], dtype=np.float32)
    directions = np.array([[0.0, 2.0], [1.0, 0.0]], dtype=np.float32)
    kinds = ReplyProjection(middle, directions, np.zeros((1, 2), np.float32), 0.0, "words-1")
    turned = kinds.project(np.array([[4.0, 9.0], [1.0, 0.0]], dtype=np.float32))
    assert turned == pytest.approx(np.array([[0.8, 0.6], [-1.0, 0.0]]))
    assert turned.dtype == np.float32


def test_fitted_kinds_are_what_the_files_say() -> None:
    folder = files("chatbot.answering")
    told, kinds = json.loads(folder.joinpath("replies.json").read_text("utf-8")), ReplyProjection.fitted()
    assert (kinds.threshold, kinds.fingerprint) == (told["threshold"], told["encoder"]["fingerprint"])
    with folder.joinpath("replies.npz").open("rb") as file, np.load(file) as kept:
        for name in ("mean", "components", "page_centroids"):
            assert getattr(kinds, name).tolist() == kept[name].astype(np.float32).tolist()
            assert getattr(kinds, name).dtype == np.float32


def test_fitted_kinds_read_vectors_of_the_packaged_encoder() -> None:
    kinds = ReplyProjection.fitted()
    assert kinds.mean.shape == (384,)
    assert kinds.components.shape[0] == kinds.page_centroids.shape[1] == 384


def test_a_score_is_how_much_nearer_the_three_nearest_ways_to_ask_are_than_the_pages(
    words: WordEncoder, kinds: ReplyProjection
) -> None:
    match = ReplyMatcher.of([PRICE, BOOKING], words, kinds).nearest(asked(words, "book redness"))
    near = [1 / 6**0.5, 1 / 2, 0]  # cosines to "may I book", "book online" and a third
    assert match.reply is BOOKING
    assert match.score == pytest.approx(sum(near) / 3 - 1 / 2**0.5, abs=1e-4)


def test_a_route_with_few_ways_to_ask_is_as_near_as_their_mean(words: WordEncoder, kinds: ReplyProjection) -> None:
    match = ReplyMatcher.of([BOOKING, PRICE], words, kinds).nearest(asked(words, "fees"))
    assert match.reply is PRICE
    assert match.score == pytest.approx(0.5, abs=1e-4)


def test_the_nearest_kind_for_the_pages_counts(words: WordEncoder, kinds: ReplyProjection) -> None:
    more = replace(kinds, page_centroids=axis(words, "fees", "swelling", "redness"))
    assert ReplyMatcher.of([PRICE], words, more).nearest(asked(words, "fees")).score == pytest.approx(-0.5, abs=1e-4)


@pytest.mark.parametrize(("least", "matches"), [(0.499, True), (0.501, False)])
def test_a_question_matches_from_the_least_score_on(
    words: WordEncoder, kinds: ReplyProjection, least: float, matches: bool
) -> None:
    routes = ReplyMatcher.of([BOOKING, PRICE], words, replace(kinds, threshold=least))
    match = routes.match(asked(words, "fees"))
    assert (match.reply if match else None) == (PRICE if matches else None)


def test_a_score_that_is_just_the_least_matches(words: WordEncoder, kinds: ReplyProjection) -> None:
    routes = ReplyMatcher.of([BOOKING, PRICE], words, kinds)
    score = routes.nearest(asked(words, "fees")).score
    assert replace(routes, projection=replace(kinds, threshold=score)).match(asked(words, "fees")) == ReplyMatch(
        PRICE, score
    )


def test_without_routes_nothing_matches(words: WordEncoder, kinds: ReplyProjection) -> None:
    assert ReplyMatcher.of([], words, kinds).match(asked(words, "fees")) is None


def test_routes_for_another_encoder_are_kept_unread(words: WordEncoder, kinds: ReplyProjection) -> None:
    other = replace(kinds, fingerprint="words-2")
    routes = ReplyMatcher.of([PRICE], words, other)
    assert (routes.replies, routes.projection, routes.examples) == ((PRICE,), other, ())
    assert routes.by_keyword("fees") == PRICE
    assert routes.match(asked(words, "fees")) is None


def test_routes_are_read_in_order_with_the_fitted_kinds_unless_others_are_given(
    words: WordEncoder, kinds: ReplyProjection
) -> None:
    routes = ReplyMatcher.of([BOOKING, PRICE], words, kinds)
    assert (routes.replies, routes.projection) == ((BOOKING, PRICE), kinds)
    assert [len(ways) for ways in routes.examples] == [4, 2]
    assert ReplyMatcher.of([PRICE], words).projection.fingerprint == ReplyProjection.fitted().fingerprint
