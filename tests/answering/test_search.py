from collections.abc import Sequence
from dataclasses import replace

import pytest

from chatbot.answering.follow_ups import ResolvedQuestion
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import SearchResult, search, topic_free_questions
from chatbot.indexing import Encoded, Index
from chatbot.records import Hit
from tests.answering.conftest import BY_WORDS, IndexOf, RecordingEncoder, passage
from tests.conftest import WordEncoder


class IncompleteEncoder(WordEncoder):
    """A word encoder that has no token for one word."""

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        return [self._read(encoded, text) for encoded, text in zip(super().encode_questions(texts), texts, strict=True)]

    def _read(self, encoded: Encoded, text: str) -> Encoded:
        known = [text[start:end] != "zz" for start, end in encoded.spans]
        return replace(encoded, tokens=encoded.tokens[known], ids=encoded.ids[known], spans=encoded.spans[known])


def searched(
    index: Index, question: str, *earlier: str, encoder: WordEncoder | None = None, ranking: Ranking = BY_WORDS
) -> SearchResult:
    result = search(index, encoder or WordEncoder(), ranking, question, earlier)
    assert result is not None
    return result


@pytest.fixture
def index(index_of: IndexOf) -> Index:
    """Return an index whose topic is lasers."""
    return index_of(
        ("Hurt", "A laser stings a little."),
        ("Does a laser hurt?", "Cream before the laser."),
        ("Swimming", "After a laser wait three days."),
        ("Scars", "Old scars fade by laser."),
    )


@pytest.mark.parametrize("question", ["?!", "", "\U0001f600"])
def test_a_question_without_a_word_finds_nothing(index: Index, words: WordEncoder, question: str) -> None:
    assert search(index, words, BY_WORDS, question, ["Does it hurt?"]) is None


def test_a_question_that_the_encoder_cannot_read_finds_nothing(index: Index) -> None:
    assert search(index, IncompleteEncoder(), BY_WORDS, "zz", ["Does it hurt?"]) is None


def test_a_question_is_searched_for_and_its_aspect_of_the_topic_is_judged(index: Index) -> None:
    result = searched(index, "do old laser scars fade")
    assert result.resolved == ResolvedQuestion("do old laser scars fade")
    assert (result.query.text, result.topic_free.text) == ("do old laser scars fade", "do old scars fade")
    assert [len(result.query.encoded.ids), len(result.topic_free.encoded.ids)] == [5, 4]
    assert (result.hits[0].passage.headings, len(result.hits)) == (("Scars",), 4)
    assert result.gate_text == "do old laser scars fade"


def test_hits_are_ranked_by_the_ranking(index: Index) -> None:
    result = searched(index, "old scars and zebras")
    assert result.hits == BY_WORDS.hits(index.evidence(result.query))
    assert searched(index, "old scars and zebras", ranking=Ranking((0.0, 0.0, 0.0, 1.0))).hits != result.hits


def test_each_text_is_read_once(index: Index) -> None:
    encoder = RecordingEncoder()
    searched(index, "old scars", encoder=encoder)
    assert encoder.questions == ["old scars"]
    searched(index, "and laser scars", "Do they hurt?", encoder=encoder)
    assert encoder.questions[1:] == ["Do they hurt? and laser scars", "and laser scars", "and scars"]
    searched(index, "laser", encoder=encoder)
    assert encoder.questions[4:] == ["laser"]


def test_behind_the_passage_under_the_question_the_best_come_first(index: Index) -> None:
    result = searched(index, "does a laser hurt")
    assert result.hits[0].passage.headings == ("Does a laser hurt?",)
    scores = [hit.score for hit in result.hits[1:]]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) > 1


def test_the_passage_under_the_question_comes_before_a_better_one(index_of: IndexOf) -> None:
    index = index_of(("Swimming", "Wait at least three whole days."), ("Sport", "Swimming, swimming, swimming."))
    result = searched(index, "swimming?", ranking=Ranking((0.0, 0.0, 0.0, 1.0)))
    assert [hit.passage.headings for hit in result.hits] == [("Swimming",), ("Sport",)]
    assert 0 < result.hits[0].score < result.hits[1].score


@pytest.mark.parametrize(
    ("headings", "has_exact_heading"),
    [
        (("Does it hurt?",), True),
        (("Care", "does IT hurt"), True),
        (("Does it hurt?", "Care"), False),
        (("Does it hurt much?",), False),
        (("Hurt it does?",), False),
        ((), False),
    ],
)
def test_a_passage_is_titled_by_its_own_heading_word_for_word(
    index: Index, headings: tuple[str, ...], has_exact_heading: bool
) -> None:
    result = searched(index, "Does it hurt?")
    assert result.has_exact_heading(Hit(passage("A little.", *headings), 1.0)) is has_exact_heading


@pytest.mark.parametrize(
    ("question", "has_exact_heading"),
    [("care: does it hurt", True), ("Care, does it hurt?", True), ("Fees: does it hurt", False), ("Care", False)],
)
def test_the_title_of_its_page_may_stand_before_a_heading(
    index: Index, question: str, *, has_exact_heading: bool
) -> None:
    hit = Hit(passage("A little.", "Does it hurt?"), 1.0)
    assert searched(index, question).has_exact_heading(hit) is has_exact_heading


@pytest.mark.parametrize(
    ("question", "earlier", "topic_alone"),
    [
        ("laser", [], True),
        ("what about the laser?", [], True),
        ("laser scars", [], False),
        ("scars", [], False),
        ("what about it?", [], False),  # it names nothing
        ("how long is the laser?", [], False),  # it asks for a time
        ("and the laser?", [], True),
        ("and the laser?", ["Do scars fade by sun?"], False),
    ],
)
def test_the_topic_alone_asks_nothing(index: Index, question: str, earlier: list[str], topic_alone: bool) -> None:
    assert searched(index, question, *earlier).topic_alone is topic_alone


def test_a_question_of_the_topics_words_alone_is_judged_by_itself(index: Index) -> None:
    assert searched(index, "laser").topic_free.text == "laser"
    assert searched(index, "how is the laser").topic_free.text == "how is the"


def test_an_aspect_that_the_encoder_cannot_read_is_judged_as_the_question(index: Index) -> None:
    result = searched(index, "laser zz", encoder=IncompleteEncoder())
    assert (result.topic_free.text, len(result.topic_free.encoded.ids)) == ("laser zz", 1)


def test_a_follow_up_is_read_with_what_was_asked_before_and_judged_by_its_own_words(index: Index) -> None:
    result = searched(index, "and old laser scars?", "Does a peel hurt?")
    assert result.query.text == "Does a peel hurt? and old laser scars?"
    assert result.resolved == ResolvedQuestion("and old laser scars?", ("Does a peel hurt?",), certain=True)
    assert (result.topic_free.text, result.gate_text) == ("and old scars?", "and old laser scars?")


def test_a_follow_up_that_says_nothing_is_judged_with_what_was_asked_before(index: Index) -> None:
    result = searched(index, "how is it?", "Does a peel hurt?")
    assert result.topic_free is result.query
    assert result.gate_text == "Does a peel hurt? how is it?"


def test_a_question_that_says_nothing_and_follows_nothing_is_judged_by_itself(index: Index) -> None:
    result = searched(index, "how is the laser")
    assert (result.query.text, result.topic_free.text, result.gate_text) == (
        "how is the laser",
        "how is the",
        "how is the laser",
    )


def test_a_short_question_that_may_be_either_follows_where_that_finds_better(index: Index) -> None:
    result = searched(index, "zebra cream", "Does a laser hurt?")
    assert result.resolved.earlier == ("Does a laser hurt?",)


def test_a_short_question_that_finds_better_alone_changes_the_subject(index: Index) -> None:
    result = searched(index, "old scars", "Are zebras striped?")
    assert (result.resolved, result.query.text) == (ResolvedQuestion("old scars"), "old scars")
    assert result.hits[0].passage.headings == ("Scars",)


def test_a_short_question_that_finds_as_well_alone_changes_the_subject(index: Index) -> None:
    result = searched(index, "zebra quagga", "Are okapi striped?")  # nothing meets any of these words
    assert [hit.score for hit in result.hits] == [0.0] * 4
    assert result.resolved == ResolvedQuestion("zebra quagga")


def test_a_question_that_follows_for_sure_never_changes_the_subject(index: Index) -> None:
    assert searched(index, "and old scars?", "Are zebras striped?").resolved.earlier == ("Are zebras striped?",)


def test_a_question_is_read_without_the_topic_and_has_its_nearest_passage(
    index_of: IndexOf, words: WordEncoder
) -> None:
    parts = ("swim days", "old scars", "numbing cream", "bright sun")
    index = index_of(*((part, f"A laser treats {part}.") for part in parts))
    scars, laser = topic_free_questions(index, words, ["laser scars", "laser"])
    (bare, whole) = words.encode_questions(["scars", "laser"])
    assert (scars.text, laser.text) == ("scars", "laser")
    assert scars.nearest.text == "A laser treats old scars."
    assert scars.vector == pytest.approx(bare.vector)
    assert laser.vector == pytest.approx(whole.vector)


@pytest.mark.parametrize("first", ["", "Before you come"])
def test_a_question_that_is_a_pages_title_finds_its_first_section(index_of: IndexOf, first: str) -> None:
    index = index_of((first, "Aftercare of the skin."), ("Swimming", "Care, care, care."))
    result = searched(index, "care?")
    assert result.hits[0].passage.text == "Aftercare of the skin."
    assert [result.has_exact_heading(hit) for hit in result.hits] == [True, False]
    assert not any(map(searched(index, "care of skin").has_exact_heading, result.hits))
