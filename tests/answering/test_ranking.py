import json
from importlib.resources import files

import numpy as np
import pytest

from chatbot.answering.ranking import RANKING_SIGNALS, Ranking, signals
from chatbot.indexing import Evidence
from tests.answering.conftest import passage


def evidence(*rows: tuple[float, float, float, float]) -> Evidence:
    passages = tuple(passage(f"Text {row}.", start=100 * row) for row in range(len(rows)))
    return Evidence(passages, *np.array(rows, dtype=np.float64).T)


def test_signals_are_columns_in_the_order_of_their_names() -> None:
    assert RANKING_SIGNALS == ("maxsim", "content_maxsim", "sentence", "bm25")
    assert signals(evidence((0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8))).tolist() == [
        [0.1, 0.2, 0.3, 0.4],
        [0.5, 0.6, 0.7, 0.8],
    ]


def test_fitted_weights_are_those_of_the_file_by_name() -> None:
    loaded = json.loads(files("chatbot.answering").joinpath("ranking.json").read_text("utf-8"))["weights"]
    assert Ranking.fitted().weights == (loaded["maxsim"], loaded["content_maxsim"], loaded["sentence"], loaded["bm25"])
    assert len(set(Ranking.fitted().weights)) == 4


def test_a_score_is_the_weighted_mean_of_the_signals() -> None:
    (hit,) = Ranking((1.0, 2.0, 3.0, 4.0)).hits(evidence((0.5, 0.1, 0.2, 0.3)))
    assert hit.passage.text == "Text 0."
    assert hit.score == pytest.approx((0.5 + 2 * 0.1 + 3 * 0.2 + 4 * 0.3) / 10)


def test_the_fitted_weights_decide_between_signals() -> None:
    candidates = evidence((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))
    weights = Ranking.fitted().weights
    scores = {hit.passage.text: hit.score for hit in Ranking.fitted().hits(candidates)}
    assert [scores[f"Text {row}."] for row in range(4)] == pytest.approx(np.array(weights) / sum(weights))


def test_the_best_comes_first_and_equals_keep_their_order() -> None:
    candidates = evidence(*((row % 2, 0, 0, 0) for row in range(40)))
    order = [hit.passage.start // 100 for hit in Ranking((1.0, 0.0, 0.0, 0.0)).hits(candidates)]
    assert order == [*range(1, 40, 2), *range(0, 40, 2)]
