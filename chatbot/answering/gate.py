"""The gate: the probability that the best passage answers the question, and the outcome that it allows.

It reads three signals of the best passage: MaxSim over the question's content words without the corpus's topic, the
margin over the next passages, and whether the passage holds the type of answer asked for. The first two are calibrated
on the corpus: its own sentences are asked with their own passage left out, which makes questions on the subject that
the corpus does not answer. `training/fit_gate.py` fits the weights; `gate.json` holds them with their figures.
"""

import json
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from chatbot.answering.answer_type import match_answer_type
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import SearchResult
from chatbot.fitted import fitted_values
from chatbot.indexing import Encoded, Encoder, Index, Query
from chatbot.records import Hit, Outcome, Passage

__all__ = ["CALIBRATED", "GATE_SIGNALS", "Calibration", "Gate", "gate_signals"]

GATE_SIGNALS: Final = ("content_maxsim", "margin", "answer_type")
"""The signals of a passage, in the order of the weights."""

CALIBRATED: Final = ("content_maxsim", "margin")
"""The signals whose level in a corpus is measured at build and taken off."""

_RUNNERS_UP: Final = 5  # passages whose mean score the margin is taken from
_SAMPLE: Final = 60  # sentences of a corpus that calibration asks
_SENTENCE_WORDS: Final = range(5, 41)  # a shorter one asks nothing, a longer one is a list


def gate_signals(index: Index, topic_free: Query, question: str, hits: Sequence[Hit]) -> list[float]:
    """Return the `SIGNALS` of the first hit; `hits` are ranked and not empty."""
    (content,) = index.content_maxsim(topic_free, [hits[0].passage])
    return _signals(float(content), question, hits)


def _signals(content_maxsim: float, question: str, hits: Sequence[Hit]) -> list[float]:
    """Return the signals of the first hit, of which the first is known."""
    best, others = hits[0], hits[1 : 1 + _RUNNERS_UP]
    margin = best.score - sum(hit.score for hit in others) / len(others) if others else 0.0
    return [content_maxsim, margin, float(match_answer_type(question, best.passage.text))]


@dataclass(frozen=True, slots=True)
class Gate:
    """A logistic model over the signals, with per-corpus calibration and the thresholds for each outcome.

    `baseline` is the level of the `CALIBRATED` signals over the corpora of the fit. `risk` holds pairs of an error rate
    and the probability from which at most that share of the answers were wrong on the data of the fit, both falling.
    `related` is the probability from which passages are shown at all, `likely` the one from which they go before the
    ways to reach the clinic.
    """

    weights: tuple[float, ...]
    intercept: float
    calibration_weights: Mapping[str, float]
    baseline: Mapping[str, float]
    risk: tuple[tuple[float, float], ...]
    related: float
    likely: float

    @classmethod
    def fitted(cls) -> Self:
        """Return the gate that `training/fit_gate.py` wrote to `gate.json`."""
        values = fitted_values("chatbot.answering", "gate")
        return cls(
            tuple(values["weights"][name] for name in GATE_SIGNALS),
            values["intercept"],
            values["calibration_weights"],
            values["baseline"],
            tuple((share, probability) for share, probability in values["risk"]),
            values["related"],
            values["likely"],
        )

    def confidence(self, index: Index, result: SearchResult, hit: Hit) -> float:
        """Return the probability, 0 to 1, that a hit answers the question."""
        (confidence,) = self.confidences(index, result, [hit])
        return confidence

    def confidences(self, index: Index, result: SearchResult, hits: Sequence[Hit]) -> list[float]:
        """Return the probability, 0 to 1, that each of some hits answers the question.

        A passage whose heading is the question gets at least what the most careful clinic asks for. A question that
        names the topic alone gets what the least careful clinic calls an answer.
        """
        contents = index.content_maxsim(result.topic_free, [hit.passage for hit in hits]).tolist()
        return [
            self._confidence(index.calibration, result, hit, content)
            for hit, content in zip(hits, contents, strict=True)
        ]

    def _confidence(
        self, calibration: Mapping[str, float], result: SearchResult, hit: Hit, content_maxsim: float
    ) -> float:
        is_heading = result.has_exact_heading(hit)
        if result.topic_alone and not is_heading:
            return min((chance for _, chance in self.risk), default=0.0)
        hits = (hit, *(other for other in result.hits[: 1 + _RUNNERS_UP] if other is not hit))
        least = max((chance for _, chance in self.risk), default=1.0) if is_heading else 0.0
        return max(least, self.probability(_signals(content_maxsim, result.gate_text, hits), calibration))

    def probability(self, signals: Sequence[float], calibration: Mapping[str, float]) -> float:
        """Return the probability for signals, given the calibration of their corpus; an uncalibrated one is average."""
        score = self.intercept + sum(weight * signal for weight, signal in zip(self.weights, signals, strict=True))
        for name in CALIBRATED:
            score += self.calibration_weights[name] * (calibration.get(name, self.baseline[name]) - self.baseline[name])
        return 1 / (1 + math.exp(-score))

    def threshold_for(self, max_error_rate: float) -> float:
        """Return the probability from which at most `max_error_rate` of the answers are expected to be wrong."""
        return min((chance for share, chance in self.risk if share <= max_error_rate), default=1.0)

    def outcome(self, confidence: float, max_error_rate: float) -> Outcome:
        """Return the outcome that a probability allows."""
        if confidence >= self.threshold_for(max_error_rate):
            return Outcome.ANSWERED
        return Outcome.RELATED if confidence >= self.related else Outcome.NOT_FOUND


class Calibration:
    """Measures the gate's signals on a corpus for questions that it does not answer, at build time.

    The questions are sentences of the corpus, asked with their own passage left out.
    """

    def __init__(self) -> None:
        """Use the fitted ranking; `fingerprint` changes with all that changes the figures."""
        self._ranking = Ranking.fitted()
        self.fingerprint = json.dumps([GATE_SIGNALS, _SAMPLE, self._ranking.weights])

    def __call__(self, index: Index, encoder: Encoder) -> dict[str, float]:
        """Return the median of each signal; empty for a corpus that has no sentence to ask."""
        sentences = [
            (passage, passage.text[mark.start : mark.end])
            for passage, marks in index.entries
            for mark in marks
            if len(passage.text[mark.start : mark.end].split()) in _SENTENCE_WORDS
        ]
        sample = sentences[:: max(1, math.ceil(len(sentences) / _SAMPLE))]
        asked = [(sentence, index.without_topic(sentence)) for _, sentence in sample]
        encoded = _encoded([text for pair in asked for text in pair], encoder)
        queries = [(Query.of(whole, encoded[whole]), Query.of(bare, encoded[bare])) for whole, bare in asked]
        passages = [passage for passage, _ in sample]
        rows = [_signals_elsewhere(index, self._ranking, *pair) for pair in zip(passages, queries, strict=True)]
        measured = [row for row in rows if row]
        if not measured:
            return {}
        return dict(zip(GATE_SIGNALS, np.round(np.median(measured, axis=0), 4).tolist(), strict=True))


def _encoded(texts: Collection[str], encoder: Encoder) -> Mapping[str, Encoded]:
    """Encode texts in one batch, each once."""
    order = list(dict.fromkeys(texts))
    return dict(zip(order, encoder.encode_questions(order), strict=True))


def _signals_elsewhere(
    index: Index, ranking: Ranking, passage: Passage, queries: tuple[Query, Query]
) -> list[float] | None:
    """Return the signals of the best passage but a sentence's own; None where there is none to compare.

    `queries` are the sentence and the same without its topic.
    """
    whole, topic_free = queries
    others = [hit for hit in ranking.hits(index.evidence(whole)) if hit.passage != passage]
    if not others or not len(topic_free.encoded.ids):
        return None
    return gate_signals(index, topic_free, whole.text, others)
