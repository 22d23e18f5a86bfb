from collections.abc import Iterable
from math import log1p
from pathlib import Path

import numpy as np
import pytest

from chatbot.errors import IndexDamaged
from chatbot.indexing import Vectors, content_words
from chatbot.indexing.bm25 import BM25Index, BM25Words, TermQuery, content_word_mask, normalised_idf

PASSAGES = [
    "Redness fades.",
    "Needles redden the skin, and the skin heals.",
    "Swim in the sun after a day.",
    "The sun burns.",
]


def index_of(texts: Iterable[str]) -> BM25Index:
    words = BM25Words()
    for text in texts:
        words.add(text)
    return words.index()


def scores_of(index: BM25Index, text: str) -> Vectors:
    """Return the scores of the passages for a text."""
    return index.scores(index.weights([(text, 1.0)]))


def idf(passages: int, having: int) -> float:
    return log1p((passages - having + 0.5) / (having + 0.5))


def term_weight(times: int, length: int, mean: float) -> float:
    """Return BM25's weight of a word, without its idf, for k1 = 1.2 and b = 0.75."""
    return times / (times + 1.2 * (1 - 0.75 + 0.75 * length / mean))


def test_content_words_are_those_that_say_something() -> None:
    assert content_words("Is my SKIN red, and The sun_burn 24h?") == ("SKIN", "red", "sun_burn", "24h")
    assert content_words("Is it?") == ()


def test_stretches_of_content_words_are_told_from_others() -> None:
    text = "Is THE skin red?"
    spans = np.array([[0, 2], [3, 6], [7, 9], [9, 11], [12, 15], [15, 16]], dtype=np.int32)  # Is THE sk in red ?
    assert content_word_mask(text, spans).tolist() == [False, False, True, True, True, False]


def test_rarity_is_the_idf_as_a_share_of_what_no_passage_has() -> None:
    shares = normalised_idf(9, np.array([0, 1, 5, 9]))
    assert shares == pytest.approx([1, *(idf(9, having) / idf(9, 0) for having in (1, 5, 9))])
    assert shares == pytest.approx(
        [1, 0.63327, 0.19956, 0.01712], abs=1e-5
    )  # log(20/3), log(20/11), log(20/19) by log(20)
    assert shares.dtype == np.float32


def test_words_are_counted_in_lower_case_without_digits() -> None:
    assert index_of(["Red, red_skin.", "RED 24h"]).words == {"red": 3, "skin": 1, "h": 1}


def test_a_word_is_scored_by_bm25_times_its_rarity() -> None:
    lengths = [2, 8, 7, 3]
    scores = scores_of(index_of(PASSAGES), "sun")
    wanted = [idf(4, 2) * term_weight(1, length, 5) / (2.2 * idf(4, 2)) * idf(4, 2) / 8.0 for length in lengths]
    assert scores == pytest.approx([0, 0, wanted[2], wanted[3]], rel=1e-5)
    assert scores.dtype == np.float32


def test_a_word_that_stands_twice_counts_more_but_less_than_double() -> None:
    once, twice = term_weight(1, 8, 5), term_weight(2, 8, 5)
    heals, skin = scores_of(index_of(PASSAGES), "heals")[1], scores_of(index_of(PASSAGES), "skin")[1]
    assert (heals, skin) == pytest.approx((once * idf(4, 1) / 2.2 / 8, twice * idf(4, 1) / 2.2 / 8), rel=1e-5)


def test_the_rarest_word_that_is_known_sets_the_scale() -> None:
    scores = scores_of(index_of(PASSAGES), "sun burns")
    sun, burns = idf(4, 2), idf(4, 1)
    assert scores[3] == pytest.approx(
        (sun + burns) * term_weight(1, 3, 5) / (2.2 * (sun + burns)) * burns / 8, rel=1e-5
    )
    assert scores[2] == pytest.approx(sun * term_weight(1, 7, 5) / (2.2 * (sun + burns)) * burns / 8, rel=1e-5)


def test_words_that_no_passage_has_lower_the_score() -> None:
    scores = scores_of(index_of(PASSAGES), "sun dogs parks")
    highest = 2.2 * (idf(4, 2) + 2 * idf(4, 0))
    assert scores[3] == pytest.approx(idf(4, 2) * term_weight(1, 3, 5) / highest * idf(4, 2) / 8, rel=1e-5)


def test_a_word_that_is_asked_twice_counts_once() -> None:
    index = index_of(PASSAGES)
    assert scores_of(index, "Sun sun SUNS").tolist() == scores_of(index, "sun").tolist()
    assert scores_of(index, "sun dogs dog").tolist() == scores_of(index, "sun dogs").tolist()


def test_words_meet_by_their_stems() -> None:
    assert (scores_of(index_of(PASSAGES), "SWIMMING") > 0).tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("severe pain", "several visits"),
        ("the right position", "a positive test"),
        ("medical advice", "your medication"),
        ("a cup of tea", "cupping for backs"),
        ("hearing test", "the testes"),
    ],
)
def test_words_of_another_sense_are_no_forms_of_a_word(asked: str, said: str) -> None:
    assert scores_of(index_of([said, asked, "none"]), asked).tolist()[0] == 0
    assert scores_of(index_of([said, asked, "none"]), said).tolist()[1] == 0


@pytest.mark.parametrize("text", ["dogs", "", "?!"])
def test_a_question_of_no_known_word_scores_nothing(text: str) -> None:
    scores = scores_of(index_of(PASSAGES), text)
    assert scores.tolist() == [0, 0, 0, 0]
    assert scores.dtype == np.float32


def test_the_words_of_most_passages_are_taken_out() -> None:
    index = index_of(["Laser one.", "The lasers of two.", "LASER three", "laser four", "the five"])
    assert index.without_topic("How sore is the  LASER, really?") == "How sore is the , really?"


def test_words_that_say_nothing_stay_however_common() -> None:
    index = index_of(["The laser."] * 4)
    assert index.without_topic("Is THE laser sore?") == "Is THE sore?"


def test_nothing_is_left_of_a_question_about_the_topic_alone() -> None:
    assert index_of(["laser"] * 4).without_topic("Laser, lasers?!") == ""


@pytest.mark.parametrize(("having", "left"), [(3, "laser"), (4, "")])
def test_three_passages_have_no_topic(having: int, left: str) -> None:
    texts = ["laser"] * having + ["skin"] * (4 - having)
    assert index_of(texts).without_topic("laser") == left


@pytest.mark.parametrize(("having", "left"), [(500, "laser"), (501, "")])
def test_a_topic_stands_in_more_than_half_of_the_passages(having: int, left: str) -> None:
    texts = ["laser laser"] * having + ["skin"] * (1000 - having)
    assert index_of(texts).without_topic("laser") == left


def test_words_are_indexed_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    index_of(PASSAGES)
    assert capfd.readouterr() == ("", "")


def test_an_index_is_opened_as_it_was_written(tmp_path: Path) -> None:
    held = index_of(PASSAGES)
    held.write(tmp_path)
    opened = BM25Index.open(tmp_path, 4)
    assert scores_of(opened, "sun needles").tolist() == scores_of(held, "sun needles").tolist()
    assert list(opened.words.items()) == list(held.words.items())
    assert {path.name for path in tmp_path.iterdir()} == set(BM25Index.FILES)


def test_the_same_passages_give_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        index_of(PASSAGES).write(tmp_path / name)
        contents.append([(tmp_path / name / file).read_bytes() for file in BM25Index.FILES])
    assert contents[0] == contents[1]


@pytest.mark.parametrize("name", BM25Index.FILES)
@pytest.mark.parametrize("content", [b"", b"[]", b"\xff"])
def test_other_files_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    index_of(PASSAGES).write(tmp_path)
    if (name, content) != ("words.json", b"[]"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(IndexDamaged, match="run 'footnote build'"):
            BM25Index.open(tmp_path, 4)


def test_words_of_other_passages_are_refused(tmp_path: Path) -> None:
    index_of(PASSAGES).write(tmp_path)
    np.save(tmp_path / "bm25_scores.npy", np.zeros(3, dtype=np.float32))
    with pytest.raises(IndexDamaged, match=rf"^The words in {tmp_path} are incomplete: run 'footnote build'\.$"):
        BM25Index.open(tmp_path, 4)


def test_each_text_of_a_question_has_its_weight() -> None:
    index = index_of(PASSAGES)
    both = index.scores(index.weights([("sun", 0.75), ("skin sun", 0.5), ("heals", 0.0)]))
    assert both == pytest.approx(0.75 * scores_of(index, "sun") + 0.5 * scores_of(index, "skin sun"), rel=1e-5)


def spoken(**passages: str) -> BM25Index:
    words = BM25Words()
    for language, text in passages.items():
        words.add(text, language)
    return words.index()


def test_a_passage_is_stemmed_in_its_own_language() -> None:
    index = spoken(de="Nach den Behandlungen schwellen die Lippen.", es="Los tratamientos duran horas.")
    german, spanish = scores_of(index, "Behandlung, geschwollene Lippe"), scores_of(index, "tratamiento, hora")
    assert (german > 0).tolist() == [True, False]
    assert (spanish > 0).tolist() == [False, True]
    assert scores_of(spoken(en="Nach den Behandlungen.", es="Nada."), "Behandlung").tolist() == [0, 0]


def test_words_that_two_languages_share_are_found_in_both() -> None:
    assert (scores_of(spoken(en="Botox relaxes.", de="Botox entspannt."), "botox") > 0).all()


def test_passages_of_unknown_language_are_stemmed_in_english() -> None:
    words = BM25Words()
    words.add("Needles heal.", None)
    assert words.index().languages == ("en",)
    assert scores_of(words.index(), "needle") > 0


def test_stop_words_are_those_of_the_passages_languages() -> None:
    german, english = spoken(de="Die Haut."), spoken(en="The skin.")
    assert german.content_stems("die Haut") == {"de:haut"}
    assert english.content_stems("die Haut") == {"die", "haut"}
    assert content_words("Wie lange ist die Haut rot?", ("en", "de")) == ("lange", "Haut", "rot")


def test_a_topic_of_another_language_is_taken_out() -> None:
    words = BM25Words()
    for _ in range(4):
        words.add("Die Lasers.", "de")
    assert words.index().without_topic("Wie ist die Laser?") == "Wie ist die ?"


def test_a_script_without_spaces_is_found_by_pairs_of_letters() -> None:
    index = spoken(
        zh="\u6fc0\u5149\u6cbb\u7642\u540e2\u5929\u6062\u590d\u3002",
        ja="\u75db\u307f\u306f\u3042\u308a\u307e\u305b\u3093\u3002",
    )
    assert (scores_of(index, "\u6062\u590d\u8981\u591a\u4e45\uff1f") > 0).tolist() == [True, False]
    assert (scores_of(index, "\u75db\u307f") > 0).tolist() == [False, True]


def test_an_index_of_several_languages_is_opened_as_it_was_written(tmp_path: Path) -> None:
    held = spoken(de="Die Behandlung.", en="The treatment.")
    held.write(tmp_path)
    opened = BM25Index.open(tmp_path, 2)
    assert opened.languages == ("de", "en")
    assert scores_of(opened, "Behandlungen treatments").tolist() == scores_of(held, "Behandlungen treatments").tolist()


def query(index: BM25Index, text: str, limit: int = 3, **restriction: object) -> TermQuery:
    return TermQuery(index, index.weights([(text, 1.0)]), limit, **restriction)  # type: ignore[arg-type]  # of a test


@pytest.fixture(scope="module")
def many() -> BM25Index:
    """Return the index of many passages with common words, such as "skin", and rare ones."""
    return index_of(
        f"skin heals in {number % 7} days {'word' + str(number % 401)} {'rare' + str(number % 1201)}"
        for number in range(2_500)
    )


@pytest.mark.parametrize(
    "text", ["skin word7 rare7", "skin heals rare3", "days of word5", "skin in days", "rare1 word1"]
)
def test_the_best_passages_are_those_with_the_highest_scores(many: BM25Index, text: str) -> None:
    scores = scores_of(many, text)
    best = query(many, text).best()
    assert sorted(scores[best]) == pytest.approx(sorted(scores)[-3:])
    assert query(many, text).scores_of(best.tolist()).tolist() == scores[best].tolist()


def test_the_best_passages_are_looked_for_among_those_allowed(many: BM25Index) -> None:
    mask = np.arange(2_500) % 2 == 0
    scores = np.where(mask, scores_of(many, "skin word7"), 0)
    best = query(many, "skin word7", languages=("en",), mask=mask).best()
    assert sorted(scores[best]) == pytest.approx(sorted(scores)[-3:])
    assert mask[best].all()


def test_fewer_passages_match_than_are_asked_for(many: BM25Index) -> None:
    assert len(query(many, "rare1200 skin", limit=5).best()) == 5
    assert len(query(many, "rare1200", limit=5).best()) == 2
    assert query(many, "parking").best().tolist() == []


def test_some_passages_are_ranked_as_if_there_were_no_others(many: BM25Index) -> None:
    some = np.array([4, 7, 408, 1201])
    assert query(many, "word7").best_of(some).tolist() == [7, 408]
    mask = np.arange(2_500) != 7
    assert query(many, "word7", mask=mask).best_of(some).tolist() == [408]
