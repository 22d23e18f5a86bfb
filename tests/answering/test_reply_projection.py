import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest

from chatbot.answering.replies import Kinds, Match, Routes
from chatbot.clinic import Route
from chatbot.indexing import Encoded, Vectors
from tests.conftest import WordEncoder

BOOKING = Route("booking", ("may I book", "book online", "slot free", "change visit"), "Book online.")
PRICE = Route("price", ("fees", "how dear"), "See our list.")


def axis(words: WordEncoder, *texts: str) -> Vectors:
    return np.stack([encoded.vector for encoded in words.encode_questions(texts)])


@pytest.fixture
def kinds(words: WordEncoder) -> Kinds:
    """Return kinds that know of one kind for the pages, and turn nothing."""
    return Kinds(np.zeros(256, np.float32), np.eye(256, dtype=np.float32), axis(words, "redness"), 0.25, "words-1")


def asked(words: WordEncoder, question: str) -> Encoded:
    return words.encode_questions([question])[0]


def test_vectors_are_turned_around_the_middle_at_unit_length() -> None:
    middle = np.array([1.0, 1.0], dtype=np.float32)
    directions = np.array([[0.0, 2.0], [1.0, 0.0]], dtype=np.float32)
    kinds = Kinds(middle, directions, np.zeros((1, 2), np.float32), 0.0, "words-1")
    turned = kinds.turned(np.array([[4.0, 9.0], [1.0, 0.0]], dtype=np.float32))
    assert turned == pytest.approx(np.array([[0.8, 0.6], [-1.0, 0.0]]))
    assert turned.dtype == np.float32


def test_fitted_kinds_are_what_the_files_say() -> None:
    folder = files("chatbot.answering")
    told, kinds = json.loads(folder.joinpath("routes.json").read_text("utf-8")), Kinds.fitted()
    assert (kinds.least, kinds.fingerprint) == (told["least"], told["encoder"]["fingerprint"])
    with folder.joinpath("routes.npz").open("rb") as file, np.load(file) as kept:
        for name in ("middle", "directions", "paged"):
            assert getattr(kinds, name).tolist() == kept[name].astype(np.float32).tolist()
            assert getattr(kinds, name).dtype == np.float32


def test_fitted_kinds_read_vectors_of_the_packaged_encoder() -> None:
    kinds = Kinds.fitted()
    assert kinds.middle.shape == (384,)
    assert kinds.directions.shape[0] == kinds.paged.shape[1] == 384


def test_a_score_is_how_much_nearer_the_three_nearest_ways_to_ask_are_than_the_pages(
    words: WordEncoder, kinds: Kinds
) -> None:
    match = Routes.of([PRICE, BOOKING], words, kinds).nearest(asked(words, "book redness"))
    near = [1 / 6**0.5, 1 / 2, 0]  # cosines to "may I book", "book online" and a third
    assert match.route is BOOKING
    assert match.score == pytest.approx(sum(near) / 3 - 1 / 2**0.5, abs=1e-4)


def test_a_route_with_few_ways_to_ask_is_as_near_as_their_mean(words: WordEncoder, kinds: Kinds) -> None:
    match = Routes.of([BOOKING, PRICE], words, kinds).nearest(asked(words, "fees"))
    assert match.route is PRICE
    assert match.score == pytest.approx(0.5, abs=1e-4)


def test_the_nearest_kind_for_the_pages_counts(words: WordEncoder, kinds: Kinds) -> None:
    more = replace(kinds, paged=axis(words, "fees", "swelling", "redness"))
    assert Routes.of([PRICE], words, more).nearest(asked(words, "fees")).score == pytest.approx(-0.5, abs=1e-4)


@pytest.mark.parametrize(("least", "matches"), [(0.499, True), (0.501, False)])
def test_a_question_matches_from_the_least_score_on(
    words: WordEncoder, kinds: Kinds, least: float, matches: bool
) -> None:
    routes = Routes.of([BOOKING, PRICE], words, replace(kinds, least=least))
    match = routes.match(asked(words, "fees"))
    assert (match.route if match else None) == (PRICE if matches else None)


def test_a_score_that_is_just_the_least_matches(words: WordEncoder, kinds: Kinds) -> None:
    routes = Routes.of([BOOKING, PRICE], words, kinds)
    score = routes.nearest(asked(words, "fees")).score
    assert replace(routes, kinds=replace(kinds, least=score)).match(asked(words, "fees")) == Match(PRICE, score)


def test_without_routes_nothing_matches(words: WordEncoder, kinds: Kinds) -> None:
    assert Routes.of([], words, kinds).match(asked(words, "fees")) is None


def test_routes_for_another_encoder_are_kept_unread(words: WordEncoder, kinds: Kinds) -> None:
    other = replace(kinds, fingerprint="words-2")
    routes = Routes.of([PRICE], words, other)
    assert routes == Routes((PRICE,), other, ())
    assert routes.match(asked(words, "fees")) is None


def test_routes_are_read_in_order_with_the_fitted_kinds_unless_others_are_given(
    words: WordEncoder, kinds: Kinds
) -> None:
    routes = Routes.of([BOOKING, PRICE], words, kinds)
    assert (routes.routes, routes.kinds) == ((BOOKING, PRICE), kinds)
    assert [len(ways) for ways in routes.examples] == [4, 2]
    assert Routes.of([PRICE], words).kinds.fingerprint == Kinds.fitted().fingerprint
