import json
import math
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import pytest

from chatbot.answering.follow_ups import ResolvedQuestion
from chatbot.answering.gate import GATE_SIGNALS, READ_SIGNALS, Gate, Logistic, gate_signals
from chatbot.answering.search import SearchResult
from chatbot.indexing import Index, Query
from chatbot.records import Hit, Outcome
from tests.answering.conftest import IndexOf
from tests.conftest import WordEncoder

RISK = ((0.2, 0.3), (0.1, 0.5), (0.05, 0.7))


def weighing(*weights: float, intercept: float = 0.0) -> Gate:
    """Return a gate that weighs the four signals so, whether a passage was read or not."""
    unread, read = Logistic(weights, intercept), Logistic((*weights, 0.0, 0.0), intercept)
    return Gate(unread, read, (0.0, 1.0), 0.0, RISK, 0.1, 0.3)


BY_MARGIN, BY_CONTENT, BY_EXPECTED = (
    weighing(0.0, 1.0, 0.0, 0.0),
    weighing(1.0, 0.0, 0.0, 0.0),
    weighing(0.0, 0.0, 1.0, 0.0),
)
SURE, UNSURE = weighing(0.0, 1.0, 0.0, 0.0, intercept=2.0), weighing(0.0, 1.0, 0.0, 0.0, intercept=-2.0)
BY_READING = replace(BY_MARGIN, read=Logistic((0.0, 0.0, 0.0, 0.0, 1.0, 2.0), 0.5), reading_weight=0.1)
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
    content, *_ = gate_signals(index, query(words, "redness of zebras"), "", [best, Hit(index.passages[1], 0.5)])
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


def test_the_weakest_word_is_the_telling_one_that_the_passage_meets_least(
    index_of: IndexOf, words: WordEncoder
) -> None:
    index = index_of(REDNESS, ("Rest", "Wait a week."))
    hits = ranked(index, 0.9)
    assert gate_signals(index, query(words, "redness of zebras"), "", hits)[3] == pytest.approx(0.0, abs=1e-3)
    assert gate_signals(index, query(words, "is redness"), "", hits)[3] == pytest.approx(1.0, abs=1e-3)


def test_the_fitted_gate_is_what_the_file_says() -> None:
    values = json.loads(files("chatbot.answering").joinpath("gate.json").read_text("utf-8"))
    gate, unread, read = Gate.fitted(), values["unread"], values["read"]
    assert gate.unread == Logistic(tuple(unread[name] for name in GATE_SIGNALS), unread["intercept"])
    assert gate.read == Logistic(tuple(read[name] for name in READ_SIGNALS), read["intercept"])
    assert READ_SIGNALS == ("content_maxsim", "margin", "answer_type", "weakest_word", "reading", "mean_reading")
    assert (list(gate.worth_reading), gate.reading_weight) == (values["worth_reading"], values["reading_weight"])
    assert (gate.related, gate.likely) == (values["related"], values["likely"])
    assert gate.risk == tuple((share, chance) for share, chance in values["risk"])


def test_a_probability_is_a_logistic_curve_over_the_signals() -> None:
    model = Logistic((1.0, 2.0, 3.0), 0.5)
    assert model.probability([0.1, 0.2, -1.0]) == pytest.approx(chance(0.5 + 1 * 0.1 + 2 * 0.2 + 3 * -1))


def test_signals_without_a_weight_each_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        Logistic((1.0, 2.0, 3.0), 0.5).probability([0.1, 0.2])


def test_passages_that_were_read_are_put_in_order_by_score_and_reading(index_of: IndexOf, words: WordEncoder) -> None:
    first, second, third = (
        Hit(passage, score)
        for passage, score in zip(
            index_of(REDNESS, ("Rest", "Wait."), ("Sun", "None.")).passages, (0.5, 0.4, 0.3), strict=True
        )
    )
    result = result_of(words, "zebra", [first, second, third])
    readings = {first.passage: -1.0, second.passage: 0.5}
    read = BY_READING.with_readings(result, readings)  # 0.5 - 0.1 and 0.4 + 0.05
    assert (read.hits, read.readings) == ((second, first, third), readings)
    assert BY_READING.with_readings(result, {first.passage: -1.0, second.passage: -0.1}).hits == result.hits


def test_the_first_hit_counts_with_the_mean_reading_of_all(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(REDNESS, ("Rest", "Wait."), ("Sun", "None."))
    hits = [Hit(passage, score) for passage, score in zip(index.passages, (0.5, 0.4, 0.3), strict=True)]
    readings = {hits[0].passage: -1.0, hits[1].passage: 0.5}
    result = replace(result_of(words, "zebra", hits), readings=readings)
    assert BY_READING.confidences(index, result, hits) == pytest.approx(
        [chance(0.5 - 1.0 + 2 * -0.25), chance(0.5 + 0.5 + 2 * 0.5), chance(0.3 - (0.5 + 0.4) / 2)]
    )


def test_passages_are_read_where_the_answer_is_open(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(REDNESS)
    result = result_of(words, "zebra", ranked(index, 0.5))  # of even chances without a runner-up
    for least, greatest, worth in ((0.0, 1.0, True), (0.5, 0.5, True), (0.51, 1.0, False), (0.0, 0.49, False)):
        gate = replace(BY_MARGIN, worth_reading=(least, greatest))
        assert gate.is_worth_reading(index, result) is worth
    assert not BY_MARGIN.is_worth_reading(index, result_of(words, "redness?", ranked(index, 0.5)))
    assert not BY_MARGIN.is_worth_reading(index, replace(result, topic_alone=True))


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
    result = SearchResult(resolved, whole, whole, tuple(ranked(index, 0.5)), False)
    assert BY_EXPECTED.confidence(index, result, result.hits[0]) == pytest.approx(chance(1))


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
