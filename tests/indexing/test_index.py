from collections.abc import Sequence
from math import cos, log1p, sin
from pathlib import Path

import numpy as np
import pytest

from chatbot.errors import IndexDamaged
from chatbot.indexing import Encoded, ExactStore, Index, Query, Vectors
from chatbot.indexing.late_interaction import Tokens
from chatbot.records import Highlight, Passage
from tests.conftest import WordEncoder
from tests.indexes import PAGE, index_of, write_index

LEAST = 1e-3  # the weight of a token that says nothing


def passage(text: str, *headings: str, title: str = "Care") -> Passage:
    return Passage("care.md", title, None, headings, 0, len(text), text)


def at(angle: float) -> list[float]:
    return [cos(angle), sin(angle)]


def index(
    passages: Sequence[Passage], spans: Sequence[Sequence[float]], tokens: Sequence[Sequence[tuple[int, int]]] = ()
) -> Index:
    """Return an index of passages from the angle of each span, and each token's sentence and number.

    The number of a token is also its direction.
    """
    parts = [_tokens(some) for some in tokens or [[(0, 0)]] * len(passages)]
    entries = [
        (passage, tuple(Highlight(number, number + 1) for number in range(len(angles) - 2)))
        for passage, angles in zip(passages, spans, strict=True)
    ]
    vectors = [np.array([at(angle) for angle in angles], dtype=np.float32) for angles in spans]
    return index_of(entries, list(zip(vectors, parts, strict=True)))


def _tokens(some: Sequence[tuple[int, int]]) -> Tokens:
    ids = np.array([number for _, number in some], dtype=np.int32)
    vectors = np.eye(8, dtype=np.float32)[ids]
    encoded = Encoded(vectors[0], vectors, ids, np.zeros((len(ids), 2), dtype=np.int32))
    return Tokens.of(encoded, np.array([sentence for sentence, _ in some], dtype=np.int16))


def query(text: str, ids: Sequence[int], shares: Sequence[float] = (), angle: float = 0) -> Query:
    """Return the query of a text whose words have these numbers; its token vectors have length 2."""
    starts = [start for start in range(len(text)) if text[start] != " " and (start == 0 or text[start - 1] == " ")]
    spans = np.array([[start, start + 1] for start in starts], dtype=np.int32)
    tokens = 2 * np.eye(8, dtype=np.float32)[list(ids)]
    vector = np.array(at(angle), dtype=np.float32)
    encoded = Encoded(vector, tokens, np.array(ids, dtype=np.int32), spans)
    weights = np.array(shares or [1] * len(ids), dtype=np.float32)
    return Query(text, encoded, weights, vector, ((text, 1.0),))


def idf(passages: int, having: int) -> float:
    return log1p((passages - having + 0.5) / (having + 0.5)) / log1p((passages + 0.5) / 0.5)


def rows(held: Index, question: Query) -> list[int]:
    return [held.passages.index(passage) for passage in held.evidence(question).passages]


RED, SUN, COLD = passage("Skin is red."), passage("Sun burns."), passage("Ice cools.")


def test_an_index_holds_what_it_was_made_of() -> None:
    held = index([RED, SUN], [[0, 0, 0], [0, 0]])
    assert (dict(held.documents), tuple(held.passages)) == ({"care.md": PAGE}, (RED, SUN))
    assert tuple(held.entries) == ((RED, (Highlight(0, 1),)), (SUN, ()))
    assert held.words == {"care": 2, "skin": 1, "is": 1, "red": 1, "sun": 1, "burns": 1}


@pytest.mark.parametrize("spans", [4, 6])
def test_vectors_of_other_passages_are_refused(tmp_path: Path, spans: int) -> None:
    half = (np.zeros((spans // 2, 2), dtype=np.float32), _tokens([(0, 0)]))
    write_index(tmp_path, [(RED, (Highlight(0, 4),)), (SUN, ())], [half, half])
    with pytest.raises(IndexDamaged, match=r"^The index holds vectors of other passages: run 'footnote build'\.$"):
        Index(tmp_path, ExactStore)


def test_tokens_of_other_passages_are_refused(tmp_path: Path) -> None:
    whole = (np.zeros((4, 2), dtype=np.float32), _tokens([(0, 0)]))
    write_index(tmp_path, [(RED, ()), (SUN, ())], [whole])
    with pytest.raises(IndexDamaged, match="vectors of other passages"):
        Index(tmp_path, ExactStore)


@pytest.mark.parametrize("content", [None, b"", b"\xff"])
def test_token_idf_that_cannot_be_read_is_damage(tmp_path: Path, content: bytes | None) -> None:
    write_index(tmp_path, [(RED, ())], [(np.zeros((2, 2), dtype=np.float32), _tokens([(0, 0)]))])
    (tmp_path / "token_idf.npy").unlink()
    if content is not None:
        (tmp_path / "token_idf.npy").write_bytes(content)
    with pytest.raises(IndexDamaged, match="run 'footnote build'"):
        Index(tmp_path, ExactStore)


def test_a_question_loses_the_words_of_most_passages() -> None:
    held = index([passage(f"Skin {number}", title="Laser") for number in range(4)], [[0, 0]] * 4)
    assert held.without_topic("Is laser sore on skin?") == "Is sore on ?"


def test_the_nearest_passage_may_be_so_by_a_sentence() -> None:
    held = index([RED, SUN, COLD], [[0.5, 0.5, 0.5], [1.5, 1.5, 0.1], [1, 1]])
    assert held.nearest(np.array(at(0), dtype=np.float32)) == SUN
    assert held.nearest(np.array(at(0.5), dtype=np.float32)) == RED
    assert held.nearest(np.array(at(0.9), dtype=np.float32)) == COLD


def test_one_passage_comes_out_encoded_as_it_went_in() -> None:
    held = index([RED, SUN, COLD], [[0, 0.1], [0.2, 0.3, 0.4], [0.5, 0.6]], [[(0, 1)], [(-1, 2), (0, 3)], [(0, 4)]])
    vectors, tokens = held.encoded(1, 2)
    assert vectors == pytest.approx(np.array([at(0.2), at(0.3), at(0.4)]))
    assert (tokens.ids.tolist(), tokens.group_sizes.tolist()) == ([2, 3], [1, 1])


def test_a_question_of_stop_words_alone_says_nothing() -> None:
    held = index([RED], [[0, 0]])
    assert not held.has_content_words(query("is it the", [0, 1, 2]))
    assert held.has_content_words(query("is it red", [0, 1, 2]))


def test_passages_are_found_by_meaning_alone() -> None:
    held = index([RED, SUN, COLD], [[1, 1], [0, 0], [0.5, 0.5]])
    assert rows(held, query("dogs", [0])) == [1, 2, 0]


def test_only_the_nearest_forty_eight_passages_are_taken_by_meaning() -> None:
    some = [passage(f"Text{number}") for number in range(60)]
    held = index(some, [[1 - number / 60, 1.5] for number in range(60)])
    assert rows(held, query("dogs", [0])) == [59 - place for place in range(48)]


@pytest.mark.parametrize(("sentences", "expected"), [(188, [0, 1, 2]), (189, [0, 1]), (190, [0])])
def test_only_the_nearest_192_spans_are_looked_up(sentences: int, expected: list[int]) -> None:
    held = index([RED, SUN, COLD], [[0] * (2 + sentences), [0.1, 1.5], [0.2, 1.5]])
    assert rows(held, query("dogs", [0])) == expected


def test_a_passage_is_found_by_words_alone_through_its_title_or_heading() -> None:
    near = [passage(f"Text{number}") for number in range(48)]
    far = [passage("Text", "Cold", title="Aloe"), passage("Text", "Winter", "Sore"), passage("Text"), passage("Hot")]
    held = index([*near, *far], [[0, 0]] * 48 + [[1, 1]] * 4)
    for word, row in (("aloe", 48), ("cold", 48), ("winter", 49), ("sore", 49), ("hot", 51)):
        assert rows(held, query(word, [0])) == [*range(48), row]


def test_only_the_best_twenty_four_passages_are_taken_by_words() -> None:
    near = [passage(f"Text{number}") for number in range(48)]
    far = [passage("Sun" + " text" * (number + 1)) for number in range(30)]  # the longer, the less the one word says
    held = index([*near, *far], [[0, 0]] * 48 + [[1, 1]] * 30)
    candidates = rows(held, query("sun", [0]))
    assert (candidates[:48], sorted(candidates[48:])) == ([*range(48)], [*range(48, 72)])


def test_a_passage_found_by_meaning_and_words_stands_once() -> None:
    held = index([RED, SUN, COLD], [[0, 0, 0], [0.5, 0.5], [1, 1]])
    assert rows(held, query("sun ice", [0, 1])) == [0, 1, 2]


def test_each_text_of_a_question_counts_by_its_share() -> None:
    held = index([RED, SUN, COLD], [[0, 0]] * 3)
    whole = query("sun ice", [0, 1])
    parts = Query(whole.text, whole.encoded, whole.token_weights, whole.vector, (("sun", 0.75), ("ice", 0.5)))
    one = held.evidence(query("sun", [0])).bm25[1]
    assert one > 0
    assert held.evidence(parts).bm25 == pytest.approx([0, 0.75 * one, 0.5 * one])  # both passages are as long


def test_evidence_stands_in_the_order_of_its_passages() -> None:
    held = index([RED, SUN, COLD], [[1, 1], [0.1, 0.1], [0.5, 0.5]], [[(0, 0)], [(0, 1)], [(0, 2)]])
    evidence = held.evidence(query("ice", [2]))
    assert evidence.passages == (SUN, COLD, RED)
    assert evidence.maxsim == pytest.approx([0, 1, 0])
    assert evidence.sentence == pytest.approx([cos(0.1), cos(0.5), cos(1)])
    assert evidence.bm25.argmax() == 1


def test_the_best_sentence_is_the_words_alone_or_a_sentence_never_the_headings() -> None:
    held = index([RED, SUN, COLD], [[0, 0.3, 0.2], [0, 0.4, 0.6, 0.5], [0, 1]])
    cosines = held.evidence(query("dogs", [0])).sentence
    assert cosines == pytest.approx([cos(0.2), cos(0.4), cos(1)])
    assert cosines.dtype == np.float32


def test_common_tokens_count_less_than_rare_and_unknown_ones() -> None:
    held = index([RED, SUN, COLD], [[0, 0]] * 3, [[(0, 0), (0, 0), (0, 1)], [(0, 0), (0, 2)], [(0, 0), (0, 3)]])
    maxsim = held.evidence(query("dogs cats birds", [0, 1, 5])).maxsim
    common, rare, unknown = idf(3, 3) + LEAST, idf(3, 1) + LEAST, 1 + LEAST
    whole = common + rare + unknown
    assert maxsim == pytest.approx([(common + rare) / whole, common / whole, common / whole], rel=1e-5)


def test_a_token_counts_by_its_share_of_the_question() -> None:
    held = index([RED, SUN], [[0, 0]] * 2, [[(0, 0)], [(0, 1)]])
    maxsim = held.evidence(query("dogs cats", [0, 1], [1, 0.25])).maxsim
    assert maxsim == pytest.approx([1 / 1.25, 0.25 / 1.25])


def test_content_leaves_out_the_words_that_say_nothing() -> None:
    held = index([RED, SUN, COLD], [[0, 0]] * 3, [[(0, 0)], [(0, 1)], [(0, 2)]])
    evidence = held.evidence(query("is dogs cats", [0, 1, 2], [1, 1, 0.5]))
    whole = LEAST + (1 + LEAST) + 0.5 * (1 + LEAST)  # "is" is all but left out
    assert evidence.content_maxsim == pytest.approx(
        [LEAST / whole, (1 + LEAST) / whole, 0.5 * (1 + LEAST) / whole], rel=1e-4
    )
    assert evidence.maxsim == pytest.approx([1 / 2.5, 1 / 2.5, 0.5 / 2.5])


def test_without_content_words_all_words_are_content() -> None:
    held = index([RED, SUN], [[0, 0]] * 2, [[(0, 0)], [(0, 1)]])
    evidence = held.evidence(query("is it", [0, 1], [1, 0.5]))
    assert evidence.content_maxsim == pytest.approx([2 / 3, 1 / 3])
    assert evidence.maxsim == pytest.approx([2 / 3, 1 / 3])


def test_a_passage_meets_a_question_by_its_best_window() -> None:
    held = index([RED, SUN], [[0] * 5, [0] * 4], [[(0, 0), (1, 5), (2, 1)], [(-1, 6), (0, 0), (1, 1)]])
    question = query("dogs cats", [0, 1])
    assert held.evidence(question).maxsim == pytest.approx([0.5, 1])  # the sentences of the first stand too far apart
    assert held.content_maxsim(question, [SUN, RED]) == pytest.approx([1, 0.5])


def test_maxsim_and_content_maxsim_take_each_their_own_best_window() -> None:
    held = index([RED], [[0] * 5], [[(0, 0), (1, 5), (2, 1), (2, 2)]])
    evidence = held.evidence(query("dogs is it", [0, 1, 2]))
    assert evidence.maxsim == pytest.approx([2 / 3])
    assert evidence.content_maxsim == pytest.approx([(1 + LEAST) / (1 + 3 * LEAST)], rel=1e-5)


def test_content_maxsim_is_that_of_the_passages_asked_for() -> None:
    held = index([RED, SUN, COLD], [[0, 0]] * 3, [[(0, 0)], [(0, 1)], [(0, 2)]])
    maxsim: Vectors = held.content_maxsim(query("is ice", [0, 2]), [COLD, RED])
    assert maxsim == pytest.approx([(1 + LEAST) / (1 + 2 * LEAST), LEAST / (1 + 2 * LEAST)], rel=1e-4)


def test_sentences_come_in_reading_order_with_how_well_each_meets() -> None:
    held = index([RED, SUN], [[0] * 2, [0, 2, 1, 0.5, 0.5]], [[(0, 0), (0, 4)], [(-1, 3), (0, 0), (1, 1), (1, 2)]])
    question = query("dogs cats birds hot", [0, 1, 2, 3], [1, 1, 0.5, 1])
    found = held.sentences(question, SUN)
    assert found.sentences == (Highlight(0, 1), Highlight(1, 2), Highlight(2, 3))
    assert found.maxsim.tolist() == [[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert found.heading_maxsim.tolist() == [0, 0, 0, 1]
    shared, rare = idf(2, 2) + LEAST, idf(2, 1) + LEAST  # number 0 stands in both passages
    assert found.weights == pytest.approx([shared, rare, rare / 2, rare])


def test_sentences_have_their_cosines_with_the_question_and_the_passage() -> None:
    held = index([RED, SUN], [[0] * 2, [0, 2, 1, 0.5, 0.5]], [[(0, 0)], [(0, 0)]])
    found = held.sentences(query("dogs", [0]), SUN)
    assert found.cosine == pytest.approx([cos(1), cos(0.5), cos(0.5)], abs=1e-3)
    assert found.to_passage == pytest.approx(
        np.array([[cos(1), cos(1)], [cos(0.5), cos(1.5)], [cos(0.5), cos(1.5)]]), abs=1e-3
    )


def test_a_token_that_no_share_is_given_to_counts_nothing() -> None:
    held = index([RED, SUN], [[0, 0]] * 2, [[(0, 0)], [(0, 1)]])
    assert held.evidence(query("dogs cats", [0, 1], [1, 0])).maxsim.tolist() == [1, 0]


def test_a_question_by_itself_is_searched_for_whole(words: WordEncoder) -> None:
    (encoded,) = words.encode_questions(["Is my skin red?"])
    query = Query.of("Is my skin red?", encoded)
    assert (query.text, query.weighted_texts) == ("Is my skin red?", (("Is my skin red?", 1.0),))
    assert query.encoded is encoded
    assert query.vector is encoded.vector


def test_every_token_of_a_question_by_itself_counts_in_full(words: WordEncoder) -> None:
    query = Query.of("Is my skin red?", words.encode_questions(["Is my skin red?"])[0])
    assert query.token_weights.tolist() == [1, 1, 1, 1]
    assert query.token_weights.dtype == np.float32
