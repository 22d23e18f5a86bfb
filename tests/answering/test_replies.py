import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from chatbot.answering.replies import (
    ReplyDecision,
    ReplyMatch,
    ReplyMatcher,
    ReplyProjection,
    contact_line,
    fill_placeholders,
    words_of,
)
from chatbot.clinic import Contact, Reply, load_clinic
from chatbot.indexing import Encoded, Encoder, Vectors
from tests.answering.conftest import RecordingEncoder, by_score, identity_projection
from tests.conftest import WordEncoder

ROOT = Path(__file__).parents[2]
BOOKING = Reply("booking", ("may I book", "book online", "slot free", "change visit"), "Book online.")
FEES = Reply("price", ("fees", "how dear"), "See our list.")
PRICE = Reply("price", ("price", "price list", "Price of peels", "how much"), "See our list.")
PEELS = Reply("peels", ("peels", "what is the price"), "We do.")
HOURS = Reply("hours", ("opening hours",), "From 9 to 5.")
FULL = Contact("0123", "a@b.example", "https://b.example", "9 to 5", "1 Street")


def axis(words: WordEncoder, *texts: str) -> Vectors:
    return np.stack([encoded.vector for encoded in words.encode_questions(texts)])


@pytest.fixture
def projection(words: WordEncoder) -> ReplyProjection:
    """Return a projection that changes no vector, with one centroid for the pages."""
    return ReplyProjection(np.zeros(256, np.float32), np.eye(256, dtype=np.float32), axis(words, "redness"), "words-1")


def encode(words: WordEncoder, question: str) -> Encoded:
    return words.encode_questions([question])[0]


def test_vectors_are_projected_around_the_mean_at_unit_length() -> None:
    mean = np.array([1.0, 1.0], dtype=np.float32)
    components = np.array([[0.0, 2.0], [1.0, 0.0]], dtype=np.float32)
    projection = ReplyProjection(mean, components, np.zeros((1, 2), np.float32), "words-1")
    projected = projection.project(np.array([[4.0, 9.0], [1.0, 0.0]], dtype=np.float32))
    assert projected == pytest.approx(np.array([[0.8, 0.6], [-1.0, 0.0]]))
    assert projected.dtype == np.float32


def test_the_fitted_projection_is_that_of_the_files() -> None:
    folder = files("chatbot.answering")
    values, projection = json.loads(folder.joinpath("replies.json").read_text("utf-8")), ReplyProjection.fitted()
    assert projection.fingerprint == values["encoder"]["fingerprint"]
    with folder.joinpath("replies.npz").open("rb") as file, np.load(file) as arrays:
        for name in ("mean", "components", "page_centroids"):
            assert getattr(projection, name).tolist() == arrays[name].astype(np.float32).tolist()
            assert getattr(projection, name).dtype == np.float32


def test_the_fitted_decision_is_that_of_the_files() -> None:
    folder = files("chatbot.answering")
    values, decision = json.loads(folder.joinpath("replies.json").read_text("utf-8")), ReplyDecision.fitted()
    assert decision.weights == tuple(
        values["weights"][name] for name in ("log_odds", "score", "similarity", "unknown_words")
    )
    assert decision.intercept == values["intercept"]
    assert (decision.hidden.shape[0], decision.output.shape) == (385, (decision.hidden.shape[1] + 1, 3))
    assert len(decision.vocabulary) == values["data"]["vocabulary"]


def test_no_weight_of_the_fitted_projection_is_without_bounds() -> None:
    assert np.abs(ReplyProjection.fitted().components).max() < 100


def test_the_network_gives_the_log_odds_of_its_first_class() -> None:
    hidden = np.array([[1.0, -1.0], [0.0, 0.0], [0.0, 0.0]], dtype=np.float32)
    output = np.array([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]], dtype=np.float32)
    decision = ReplyDecision(hidden, output, (1.0, 0.0, 0.0, 0.0), 0.0, frozenset())
    odds = decision.log_odds(np.array([[1.0, 0.0], [-1.0, 0.0]], dtype=np.float32))
    assert odds == pytest.approx([np.log(np.e**2 / 2), np.log(1 / (np.e**2 + 1))], abs=2e-3)


@pytest.mark.parametrize(
    ("weights", "intercept", "allows"),
    [
        ((0.0, 0.0, 0.0, 0.0), 0.0, True),
        ((0.0, 2.0, 0.0, 0.0), -1.0, True),  # of score .5
        ((0.0, 2.0, 0.0, 0.0), -1.01, False),
        ((0.0, 0.0, 2.0, 0.0), -1.61, False),  # of similarity .8
        ((0.0, 0.0, 0.0, -4.0), 1.0, True),  # of a quarter of unknown words
        ((0.0, 0.0, 0.0, -4.0), 0.99, False),
    ],
)
def test_a_decision_weighs_the_match_and_the_unknown_words(
    words: WordEncoder, weights: tuple[float, float, float, float], intercept: float, *, allows: bool
) -> None:
    decision = replace(by_score(0.0), weights=weights, intercept=intercept)
    assert decision.allows(encode(words, "fees"), ReplyMatch(FEES, 0.5, 0.8), 0.25) is allows


def test_words_are_unknown_that_neither_the_clinic_nor_its_replies_nor_other_clinics_use(words: WordEncoder) -> None:
    decision = replace(by_score(0.0), vocabulary=frozenset({"physio"}))
    matcher = ReplyMatcher.of([FEES], words, identity_projection(), decision)
    unknown = {
        text: matcher.unknown_words(text, {"swelling": 3})
        for text in ("the fees", "Physio for swellings", "swell of the Tesla", "Tesla 3 Tesco", "of the", "listed")
    }
    assert unknown == {
        "the fees": 0,
        "Physio for swellings": 0,
        "swell of the Tesla": 1,
        "Tesla 3 Tesco": 1,
        "of the": 0,
        "listed": 0,
    }


def test_the_words_of_a_text_are_folded_and_without_numbers() -> None:
    assert words_of("Model 3's price, 20mg x_y") == ["model", "s", "price", "mg", "x", "y"]


def test_the_fitted_projection_takes_vectors_of_the_packaged_encoder() -> None:
    projection = ReplyProjection.fitted()
    assert projection.mean.shape == (384,)
    assert projection.components.shape[0] == projection.page_centroids.shape[1] == 384


def test_a_score_is_the_mean_of_the_three_nearest_examples_less_the_pages(
    words: WordEncoder, projection: ReplyProjection
) -> None:
    match = ReplyMatcher.of([FEES, BOOKING], words, projection).nearest(encode(words, "book redness"))
    near = [1 / 6**0.5, 1 / 2, 0]  # cosines to "may I book", "book online" and a third
    assert match.reply is BOOKING
    assert match.score == pytest.approx(sum(near) / 3 - 1 / 2**0.5, abs=1e-4)


def test_a_reply_with_few_examples_is_as_near_as_their_mean(words: WordEncoder, projection: ReplyProjection) -> None:
    match = ReplyMatcher.of([BOOKING, FEES], words, projection).nearest(encode(words, "fees"))
    assert match.reply is FEES
    assert match.score == pytest.approx(0.5, abs=1e-4)


def test_the_nearest_page_centroid_counts(words: WordEncoder, projection: ReplyProjection) -> None:
    more = replace(projection, page_centroids=axis(words, "fees", "swelling", "redness"))
    assert ReplyMatcher.of([FEES], words, more).nearest(encode(words, "fees")).score == pytest.approx(-0.5, abs=1e-4)


@pytest.mark.parametrize(("threshold", "matches"), [(0.6, True), (0.61, False)])
def test_a_question_matches_if_the_decision_allows_it(
    words: WordEncoder, projection: ReplyProjection, threshold: float, matches: bool
) -> None:
    matcher = ReplyMatcher.of([BOOKING, FEES], words, projection, by_score(threshold))
    match = matcher.match("how fees", encode(words, "how fees"), ())
    assert (match.reply if match else None) == (FEES if matches else None)


def test_one_of_the_ways_to_ask_matches_whatever_the_decision(words: WordEncoder, projection: ReplyProjection) -> None:
    matcher = ReplyMatcher.of([BOOKING, FEES], words, projection, by_score(9.0))
    match = matcher.match("book online", encode(words, "book online"), ())
    assert match is not None
    assert match.reply is BOOKING
    assert match.similarity == pytest.approx(1, abs=1e-4)
    assert matcher.match("book", encode(words, "book"), ()) is None


def test_the_similarity_is_that_of_the_nearest_example_of_any_reply(
    words: WordEncoder, projection: ReplyProjection
) -> None:
    match = ReplyMatcher.of([BOOKING, FEES], words, projection).nearest(encode(words, "book fees online"))
    assert match.similarity == pytest.approx(2 / 6**0.5, abs=1e-4)


def test_without_replies_nothing_matches(words: WordEncoder, projection: ReplyProjection) -> None:
    assert ReplyMatcher.of([], words, projection).match("fees", encode(words, "fees"), ()) is None


def test_replies_for_another_encoder_match_by_keyword_alone(words: WordEncoder, projection: ReplyProjection) -> None:
    other = replace(projection, fingerprint="words-2")
    matcher = ReplyMatcher.of([FEES], words, other)
    assert (matcher.replies, matcher.projection, matcher.projected, matcher.examples) == ((FEES,), other, (), ())
    assert matcher.by_keyword("fees") == FEES
    assert matcher.match("fees", encode(words, "fees"), ()) is None


def test_a_matcher_holds_the_replies_in_order_with_their_examples(
    words: WordEncoder, projection: ReplyProjection
) -> None:
    matcher = ReplyMatcher.of([BOOKING, FEES], words, projection)
    assert (matcher.replies, matcher.projection) == ((BOOKING, FEES), projection)
    assert [len(examples) for examples in matcher.projected] == [4, 2]
    assert matcher.examples[1].tolist() == axis(words, *FEES.examples).tolist()
    assert {"may", "online", "our", "dear"} <= matcher.vocabulary
    assert ReplyMatcher.of([FEES], words).projection.fingerprint == ReplyProjection.fitted().fingerprint


@pytest.mark.parametrize(
    ("contact", "line"),
    [
        (FULL, "0123 (9 to 5) \u00b7 a@b.example \u00b7 https://b.example"),
        (Contact(phone="0123"), "0123"),
        (Contact(hours="9 to 5"), ""),
        (Contact(email="a@b.example", hours="9 to 5"), "a@b.example"),
        (Contact(booking="https://b.example", address="1 Street"), "https://b.example"),
        (Contact(), ""),
    ],
)
def test_a_contact_line_names_the_ways_that_there_are(contact: Contact, line: str) -> None:
    assert contact_line(contact) == line


@pytest.mark.parametrize(
    ("beside", "line"),
    [
        ("Ring 0123.", "a@b.example \u00b7 https://b.example"),
        ("Write to a@b.example.", "0123 (9 to 5) \u00b7 https://b.example"),
        ("Go to https://b.example now.", "0123 (9 to 5) \u00b7 a@b.example"),
        ("We are open 9 to 5.", "0123 (9 to 5) \u00b7 a@b.example \u00b7 https://b.example"),
        ("0123 a@b.example https://b.example", ""),
    ],
)
def test_a_contact_line_repeats_nothing_beside_it(beside: str, line: str) -> None:
    assert contact_line(FULL, beside) == line


def test_placeholders_are_filled_with_the_clinics_contact() -> None:
    text = "{phone}, {email}, {booking}, {hours}, {address}, {phone}, {name}"
    assert fill_placeholders(text, FULL) == "0123, a@b.example, https://b.example, 9 to 5, 1 Street, 0123, {name}"


@pytest.fixture
def matcher(words: WordEncoder) -> ReplyMatcher:
    return ReplyMatcher.of([PEELS, PRICE, HOURS], words, identity_projection(), by_score(0.1))


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("price", PRICE),
        ("PRICE?", PRICE),
        ("the price", PRICE),
        ("price list", PRICE),
        ("list price", PRICE),
        ("peels", PEELS),  # one example each: the first
        ("opening hours", HOURS),
        ("hours", HOURS),
        ("price hours", None),  # no example has both
        ("what price please", None),  # three words
        ("is the price", None),  # three words, one of which says something
        ("zebra", None),
        ("the", None),  # it says nothing
        ("opening hours prices", None),
        ("", None),
    ],
)
def test_a_keyword_asks_for_the_reply_with_most_examples_of_it(
    matcher: ReplyMatcher, question: str, reply: Reply | None
) -> None:
    assert matcher.by_keyword(question) == reply


def test_without_replies_a_keyword_asks_for_none(words: WordEncoder) -> None:
    assert ReplyMatcher.of([], words).by_keyword("price") is None


def replies_to(matcher: ReplyMatcher, words: WordEncoder, question: str, clauses: Sequence[str]) -> list[str]:
    return [reply.name for reply in matcher.match_all(question, clauses, words.encode_questions, ())]


def test_a_question_asks_for_the_reply_that_it_matches(matcher: ReplyMatcher, words: WordEncoder) -> None:
    assert replies_to(matcher, words, "opening hours", []) == ["hours"]
    assert replies_to(matcher, words, "zebra stripes", []) == []


def test_a_question_of_two_asks_for_two_replies_in_its_order(matcher: ReplyMatcher, words: WordEncoder) -> None:
    assert replies_to(matcher, words, "opening hours", ["price", "opening hours"]) == ["price", "hours"]
    assert replies_to(matcher, words, "opening hours", ["opening hours", "zebra", "price"]) == ["hours", "price"]


def test_without_two_replies_in_its_clauses_the_whole_question_decides(
    matcher: ReplyMatcher, words: WordEncoder
) -> None:
    assert replies_to(matcher, words, "opening hours", ["price", "price list"]) == ["hours"]
    assert replies_to(matcher, words, "opening hours", ["price", "zebra"]) == ["hours"]
    assert replies_to(matcher, words, "zebra", ["price", "zebra"]) == []


def test_a_question_of_one_clause_is_encoded_alone(matcher: ReplyMatcher) -> None:
    encoder = RecordingEncoder()
    assert matcher.match_all("opening hours", ["price"], encoder.encode_questions, ()) == [HOURS]
    assert encoder.questions == ["opening hours"]


@pytest.fixture(scope="session")
def clinic_matcher(encoder: Encoder) -> ReplyMatcher:
    return ReplyMatcher.of(load_clinic(ROOT / "clinic.toml").replies, encoder)


@pytest.mark.parametrize(
    ("question", "reply"),
    [
        ("How much is it?", "price"),
        ("how much is botox?", "price"),
        ("price of lasik for both eyes", "price"),
        ("how do I book a hygienist visit", "booking"),
        ("what time does the dental clinic shut", "opening hours"),
        ("is there step free access to the physio rooms", "address and parking"),
        ("is ivf covered by insurance", "insurance and payment"),
        ("do you offer hair transplants", "other treatments"),
        ("can I have botox when pregnant", "suitability"),
        ("who will be putting in my implants", "staff and qualifications"),
    ],
)
def test_a_question_matches_its_reply_whatever_treatment_it_names(
    clinic_matcher: ReplyMatcher, encoder: Encoder, question: str, reply: str
) -> None:
    match = clinic_matcher.match(question, encoder.encode_questions([question])[0], ())
    assert match is not None
    assert match.reply.name == reply


@pytest.mark.parametrize(
    "question",
    [
        "how long does botox last",
        "does a root canal hurt",
        "what is microneedling",
        "what should I avoid after fillers",
        "how many sessions of laser do I need",
        "is swelling normal after lip filler",
        "how does IVF work",
        "when will I see results from physio",
    ],
)
def test_a_question_for_the_pages_matches_no_reply(
    clinic_matcher: ReplyMatcher, encoder: Encoder, question: str
) -> None:
    assert clinic_matcher.match(question, encoder.encode_questions([question])[0], ()) is None


@pytest.mark.parametrize(
    "question",
    [
        "What's the capital of Australia?",
        "how much is a Tesla Model 3",
        "what are the opening hours of Tesco",
        "are you hiring chefs",
        "can I pay my council tax in instalments",
        "how do I get to the airport",
        "book me a flight to Rome",
        "do you sell iPhones",
    ],
)
def test_a_question_to_somebody_else_matches_no_reply(
    clinic_matcher: ReplyMatcher, encoder: Encoder, question: str
) -> None:
    assert clinic_matcher.match(question, encoder.encode_questions([question])[0], ()) is None


def test_a_clinic_of_another_kind_has_replies_of_its_own(encoder: Encoder) -> None:
    pets = Reply("pets", ("Can I bring my dog?", "Are pets allowed?", "do you allow animals inside"), "Sorry, no.")
    question = "may my dog come in with me"
    match = ReplyMatcher.of([pets], encoder).match(question, encoder.encode_questions([question])[0], ())
    assert match is not None
    assert match.reply is pets


def test_without_replies_or_with_another_encoder_no_real_question_matches(encoder: Encoder, words: WordEncoder) -> None:
    question = "How much is it?"
    assert ReplyMatcher.of([], encoder).match(question, encoder.encode_questions([question])[0], ()) is None
    price = Reply("price", ("How much is it?",), "Ask us.")
    assert ReplyMatcher.of([price], words).match(question, words.encode_questions([question])[0], ()) is None


def test_every_way_to_ask_of_the_projects_own_replies_gets_its_reply(
    clinic_matcher: ReplyMatcher, encoder: Encoder
) -> None:
    for reply in clinic_matcher.replies:
        for text, encoded in zip(reply.examples, encoder.encode_questions(reply.examples), strict=True):
            match = clinic_matcher.match(text, encoded, ())
            assert match is not None, text
            assert match.reply is reply, text
