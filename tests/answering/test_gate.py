import json
import math
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from statistics import mean, median

import pytest

from chatbot.answering.follow_ups import ResolvedQuestion
from chatbot.answering.gate import Calibration, Gate, gate_signals
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import SearchResult
from chatbot.indexing import Index, Query
from chatbot.records import Hit, Outcome
from tests.answering.conftest import NOTHING, IndexOf, RecordingEncoder, Section
from tests.conftest import WordEncoder

RISK = ((0.2, 0.3), (0.1, 0.5), (0.05, 0.7))
BY_MARGIN = Gate((0.0, 1.0, 0.0), 0.0, NOTHING, NOTHING, RISK, 0.1, 0.3)
BY_CONTENT = replace(BY_MARGIN, weights=(1.0, 0.0, 0.0))
BY_EXPECTED = replace(BY_MARGIN, weights=(0.0, 0.0, 1.0))
SURE, UNSURE = replace(BY_MARGIN, intercept=2.0), replace(BY_MARGIN, intercept=-2.0)
REDNESS = ("Redness", "Redness fades within three days.")


def chance(score: float) -> float:
    return 1 / (1 + math.exp(-score))


def query(words: WordEncoder, text: str) -> Query:
    return Query.of(text, words.encode_questions([text])[0])


def result_of(words: WordEncoder, question: str, ranked: Sequence[Hit], *, topic_alone: bool = False) -> SearchResult:
    question_query = query(words, question)
    return SearchResult(
        ResolvedQuestion(question),
        question_query,
        query(words, question),
        question_query.encoded,
        tuple(ranked),
        topic_alone,
    )


def ranked(index: Index, *scores: float) -> list[Hit]:
    """Return hits with these scores, each on the first passage of an index."""
    return [Hit(index.passages[0], score) for score in scores]


def test_content_is_how_well_the_best_passage_meets_the_words_that_say_something(
    index_of: IndexOf, words: WordEncoder
) -> None:
    index = index_of(REDNESS, ("Rest", "Wait a week."))
    best = Hit(index.passages[0], 1.0)
    content, _, _ = gate_signals(index, query(words, "redness of zebras"), "", [best, Hit(index.passages[1], 0.5)])
    known = math.log(2) / math.log(6)  # rarity of a word that one of two passages holds; 1 for one that none does
    assert content == pytest.approx(known / (known + 1), abs=2e-3)


def test_margin_is_how_far_the_best_stands_above_the_mean_of_the_next_five(
    index_of: IndexOf, words: WordEncoder
) -> None:
    index = index_of(REDNESS)
    signals = gate_signals(index, query(words, "redness"), "", ranked(index, 1.0, 0.5, 0.4, 0.3, 0.2, 0.1, -9.0))
    assert signals[1] == pytest.approx(1.0 - 0.3)
    assert gate_signals(index, query(words, "redness"), "", ranked(index, 1.0, 0.4))[1] == pytest.approx(0.6)


def test_one_passage_stands_out_from_nothing(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(REDNESS)
    assert gate_signals(index, query(words, "redness"), "", ranked(index, 0.9))[1] == 0.0


@pytest.mark.parametrize(
    ("question", "signal"), [("how long is the redness", 1.0), ("how much is it", -1.0), ("redness", 0.0)]
)
def test_the_kind_of_answer_is_looked_for_in_the_best_passage(
    index_of: IndexOf, words: WordEncoder, question: str, signal: float
) -> None:
    index = index_of(REDNESS, ("Price", "Redness cream costs little."))
    assert gate_signals(index, query(words, "redness"), question, ranked(index, 0.9))[2] == signal


def test_the_fitted_gate_is_what_the_file_says() -> None:
    values = json.loads(files("chatbot.answering").joinpath("gate.json").read_text("utf-8"))
    gate, weights = Gate.fitted(), values["weights"]
    assert gate.weights == (weights["content_maxsim"], weights["margin"], weights["answer_type"])
    assert (gate.intercept, gate.related, gate.likely) == (values["intercept"], values["related"], values["likely"])
    assert (gate.calibration_weights, gate.baseline) == (values["calibration_weights"], values["baseline"])
    assert gate.risk == tuple((share, chance) for share, chance in values["risk"])


def test_a_probability_is_a_logistic_curve_over_the_signals() -> None:
    calibration, baseline = {"content_maxsim": 4.0, "margin": 5.0}, {"content_maxsim": 0.1, "margin": 0.2}
    gate = Gate((1.0, 2.0, 3.0), 0.5, calibration, baseline, RISK, 0.1, 0.3)
    plain = 0.5 + 1 * 0.1 + 2 * 0.2 + 3 * -1
    assert gate.probability([0.1, 0.2, -1.0], {}) == pytest.approx(chance(plain))
    assert gate.probability([0.1, 0.2, -1.0], {"content_maxsim": 0.3}) == pytest.approx(chance(plain + 4 * (0.3 - 0.1)))
    assert gate.probability([0.1, 0.2, -1.0], {"margin": -0.1}) == pytest.approx(chance(plain + 5 * (-0.1 - 0.2)))


def test_signals_without_a_weight_each_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        BY_MARGIN.probability([0.1, 0.2], {})


@pytest.mark.parametrize(
    ("place", "mean_of_next"),
    [
        (0, (0.5 + 0.4 + 0.3 + 0.2 + 0.1) / 5),
        (2, (0.9 + 0.5 + 0.3 + 0.2 + 0.1) / 5),
        (6, (0.9 + 0.5 + 0.4 + 0.3 + 0.2) / 5),
    ],
)
def test_a_hit_is_held_against_the_best_five_of_the_others(
    index_of: IndexOf, words: WordEncoder, place: int, mean_of_next: float
) -> None:
    index = index_of(REDNESS)
    candidates = ranked(index, 0.9, 0.5, 0.4, 0.3, 0.2, 0.1, -9.0)
    confidence = BY_MARGIN.confidence(index, result_of(words, "zebra", candidates), candidates[place])
    assert confidence == pytest.approx(chance(candidates[place].score - mean_of_next))


def test_the_content_read_is_that_of_the_hit_itself(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(REDNESS, ("Rest", "Wait a week."))
    first, second = (Hit(passage, 0.5) for passage in index.passages)
    result = result_of(words, "redness", [second, first])
    assert BY_CONTENT.confidence(index, result, first) == pytest.approx(chance(1), abs=2e-3)
    assert BY_CONTENT.confidence(index, result, second) == pytest.approx(chance(0), abs=2e-3)
    together = BY_CONTENT.confidences(index, result, [second, first])
    assert together == pytest.approx([chance(0), chance(1)], abs=2e-3)


def test_the_content_read_is_what_is_asked_of_the_topic(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(REDNESS, ("Rest", "Wait a week."))
    result = result_of(words, "zebra", [Hit(index.passages[0], 0.5)])
    assert BY_CONTENT.confidence(index, result, result.hits[0]) == pytest.approx(0.5, abs=2e-3)
    topic_free = replace(result, topic_free=query(words, "redness"))
    assert BY_CONTENT.confidence(index, topic_free, result.hits[0]) == pytest.approx(chance(1), abs=2e-3)


@pytest.mark.parametrize(("question", "score"), [("how long am I red", 1), ("how much is it", -1), ("redness", 0)])
def test_the_kind_of_answer_counts(index_of: IndexOf, words: WordEncoder, question: str, score: int) -> None:
    index = index_of(("Zebras", REDNESS[1]))
    result = result_of(words, question, ranked(index, 0.5))
    assert BY_EXPECTED.confidence(index, result, result.hits[0]) == pytest.approx(chance(score))


def test_the_kind_of_answer_is_that_of_the_question_before_where_the_last_one_says_nothing(
    index_of: IndexOf, words: WordEncoder
) -> None:
    index = index_of(("Zebras", REDNESS[1]))
    whole = query(words, "how long? and then")
    resolved = ResolvedQuestion("and then", ("how long",))
    result = SearchResult(resolved, whole, whole, whole.encoded, tuple(ranked(index, 0.5)), False)
    assert BY_EXPECTED.confidence(index, result, result.hits[0]) == pytest.approx(chance(1))


def test_what_was_measured_of_the_corpus_counts(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(("Zebras", REDNESS[1]), calibration={"margin": 0.7})
    gate = replace(
        BY_MARGIN,
        calibration_weights={"content_maxsim": 0.0, "margin": 2.0},
        baseline={"content_maxsim": 0.0, "margin": 0.4},
    )
    result = result_of(words, "redness", ranked(index, 0.5))
    assert gate.confidence(index, result, result.hits[0]) == pytest.approx(chance(2 * (0.7 - 0.4)))


def test_a_passage_under_the_question_itself_answers_for_the_most_careful_clinic(
    index_of: IndexOf, words: WordEncoder
) -> None:
    index = index_of(REDNESS)
    result = result_of(words, "redness?", ranked(index, 0.5))
    assert UNSURE.confidence(index, result, result.hits[0]) == 0.7
    assert SURE.confidence(index, result, result.hits[0]) == pytest.approx(chance(2))
    assert replace(UNSURE, risk=()).confidence(index, result, result.hits[0]) == 1.0


def test_the_topic_alone_is_answered_for_the_least_careful_clinic(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(("Zebras", REDNESS[1]))
    result = result_of(words, "redness", ranked(index, 0.5), topic_alone=True)
    assert UNSURE.confidence(index, result, result.hits[0]) == 0.3
    assert SURE.confidence(index, result, result.hits[0]) == 0.3
    assert replace(SURE, risk=()).confidence(index, result, result.hits[0]) == 0.0


def test_the_topic_alone_is_answered_by_a_passage_under_it(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(REDNESS)
    result = result_of(words, "redness", ranked(index, 0.5), topic_alone=True)
    assert SURE.confidence(index, result, result.hits[0]) == pytest.approx(chance(2))
    assert UNSURE.confidence(index, result, result.hits[0]) == 0.7


def test_a_passage_under_another_heading_has_no_floor(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(("Zebras", REDNESS[1]))
    result = result_of(words, "redness", ranked(index, 0.5))
    assert UNSURE.confidence(index, result, result.hits[0]) == pytest.approx(chance(-2))


@pytest.mark.parametrize(
    ("max_error_rate", "threshold"),
    [(1.0, 0.3), (0.2, 0.3), (0.19, 0.5), (0.1, 0.5), (0.09, 0.7), (0.05, 0.7), (0.049, 1.0)],
)
def test_the_error_rate_sets_the_threshold(max_error_rate: float, threshold: float) -> None:
    assert BY_MARGIN.threshold_for(max_error_rate) == threshold


@pytest.mark.parametrize(
    ("confidence", "max_error_rate", "outcome"),
    [
        (0.7, 0.05, Outcome.ANSWERED),
        (0.699, 0.05, Outcome.RELATED),
        (0.5, 0.1, Outcome.ANSWERED),
        (0.1, 0.05, Outcome.RELATED),
        (0.099, 0.05, Outcome.NOT_FOUND),
    ],
)
def test_a_probability_is_enough_for_an_outcome(confidence: float, max_error_rate: float, outcome: Outcome) -> None:
    assert BY_MARGIN.outcome(confidence, max_error_rate) is outcome


def asked_of(index: Index) -> list[str]:
    """Return the sentences that a calibration asks of an index, without their topic-free forms."""
    encoder = RecordingEncoder()
    Calibration()(index, encoder)
    sentences = {passage.text[mark.start : mark.end] for passage, marks in index.entries for mark in marks}
    return [text for text in encoder.questions if text in sentences]


def test_a_calibration_is_known_by_all_that_it_depends_on() -> None:
    assert json.loads(Calibration().fingerprint) == [
        ["content_maxsim", "margin", "answer_type"],
        60,
        list(Ranking.fitted().weights),
    ]


def test_sentences_of_five_to_forty_words_are_asked(index_of: IndexOf) -> None:
    sentences = [" ".join(f"w{words}x{number}" for number in range(words)) + "." for words in (4, 5, 40, 41)]
    index = index_of(*((f"Part {number}", sentence) for number, sentence in enumerate(sentences)))
    assert asked_of(index) == sentences[1:3]


def test_the_words_of_each_sentence_are_counted_by_themselves(index_of: IndexOf) -> None:
    sentences = [" ".join(f"W{words}x{number}" for number in range(words)) + "." for words in (23, 20)]
    assert asked_of(index_of(("Part", " ".join(sentences)), ("Other", "Redness fades."))) == sentences


@pytest.mark.parametrize(("sentences", "step"), [(59, 1), (60, 1), (61, 2), (121, 3)])
def test_sixty_sentences_of_the_whole_corpus_are_asked_at_most(index_of: IndexOf, sentences: int, step: int) -> None:
    texts = [f"Number a{number} and b{number} here." for number in range(sentences)]
    index = index_of(*((f"Part {number}", sentence) for number, sentence in enumerate(texts)))
    assert asked_of(index) == texts[::step]


def test_a_sentence_without_words_of_the_topic_is_encoded_once(index_of: IndexOf) -> None:
    encoder = RecordingEncoder()
    Calibration()(index_of(("Care", "Redness fades within three days."), ("Sun", "Swelling fades.")), encoder)
    assert encoder.questions == ["Redness fades within three days."]


def test_a_sentence_and_what_it_asks_of_the_topic_are_read(index_of: IndexOf) -> None:
    index = index_of(*((f"Part {word}", f"Lasers {word} the skin {word}.") for word in ("a1", "b2", "c3", "d4", "e5")))
    encoder = RecordingEncoder()
    Calibration()(index, encoder)
    assert encoder.questions[:2] == ["Lasers a1 the skin a1.", "a1 the a1."]


SECTIONS: tuple[Section, ...] = (
    ("Redness", "Redness fades within three days."),
    ("Swelling", "Swelling fades within four long weeks."),
    ("Bruises", "Bruises vanish after some dark nights."),
    ("Cream", "Cream cools the swelling and bruises."),
)


def reached(index: Index, words: WordEncoder, sentence: str) -> tuple[float, float]:
    """Return the content and the margin that a sentence without words of the topic reaches in other passages."""
    question_query = query(words, sentence)
    others = [hit for hit in Ranking.fitted().hits(index.evidence(question_query)) if sentence not in hit.passage.text]
    (content,) = index.content_maxsim(question_query, [others[0].passage])
    return float(content), others[0].score - mean(hit.score for hit in others[1:])


def test_a_corpus_is_measured_by_the_median_of_what_its_sentences_reach_elsewhere(
    index_of: IndexOf, words: WordEncoder
) -> None:
    index = index_of(*SECTIONS)
    contents, margins = zip(*(reached(index, words, text) for _, text in SECTIONS), strict=True)
    measured = Calibration()(index, words)
    assert list(measured) == ["content_maxsim", "margin", "answer_type"]
    assert measured["content_maxsim"] == pytest.approx(median(contents), abs=6e-5)
    assert measured["margin"] == pytest.approx(median(margins), abs=6e-5)
    assert measured == {name: round(value, 4) for name, value in measured.items()}
    assert 0 < measured["content_maxsim"] < 0.5


def test_the_kind_of_answer_is_measured_too(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(("One", "How long does the redness last?"), ("Two", "How long does the swelling stay?"))
    assert Calibration()(index, words)["answer_type"] == -1.0


TOPIC = "Laser peels treat tired skin."


@pytest.mark.parametrize(
    "sections",
    [
        [("Redness", "Redness fades. It does.")],  # no sentence of five words
        [("Redness", "Redness fades within three days.")],  # no other passage
        [(f"Part {number}", TOPIC + f" See {number}.") for number in range(5)],  # nothing but the topic
    ],
)
def test_a_corpus_whose_sentences_cannot_be_asked_is_not_measured(
    index_of: IndexOf, words: WordEncoder, sections: list[Section]
) -> None:
    assert Calibration()(index_of(*sections), words) == {}


def test_sentences_that_cannot_be_asked_are_left_out_of_the_measure(index_of: IndexOf, words: WordEncoder) -> None:
    parts = [(f"Part {number}", TOPIC + f" See {number}.") for number in range(4)]
    index = index_of(*parts, ("Redness", TOPIC + " Redness seldom comes after that, people say."))
    (content, _) = reached(index, words, "Redness seldom comes after that, people say.")
    assert Calibration()(index, words)["content_maxsim"] == round(content, 4)
