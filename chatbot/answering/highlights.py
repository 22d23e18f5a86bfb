"""Scores of a passage's sentences: how likely each of them is the answer to a question.

Source of the fit: a conditional logit over the sentences of each right passage (D. McFadden, 1974), so that the softmax
of the scores is the probability of each sentence. `training/fit_highlights.py` fits the weights.
"""

import re
from functools import cache
from typing import Final

import numpy as np

from chatbot.answering.answer_type import AnswerType, match_answer_type
from chatbot.fitted import fitted_values
from chatbot.indexing import Query, SentenceEvidence, Vectors
from chatbot.reading import asks
from chatbot.records import Passage

__all__ = ["SENTENCE_SIGNALS", "sentence_scores", "sentence_signals"]

SENTENCE_SIGNALS: Final = (
    "beyond_headings",
    "last_question",
    "in_context",
    "strong",
    "cosine",
    "to_section",
    "to_text",
    "question",
    "short",
    "refers_back",
    "answer_type",
    "permission",
    "table_header",
)
"""The columns of `sentence_signals`."""

_SHORT: Final = 3  # words; a sentence of fewer seldom answers
_EPSILON: Final = 1e-4  # added to token weights, so that a question whose words all stand in the headings has some
_HANDED_DOWN: Final = 0.7  # of a cosine above a sentence counts in it, because later sentences leave out the subject
_REFERS_BACK = re.compile(r"(?:this|these|that|those|it|they|he|she|both|such)\b", re.IGNORECASE)
_ASKS_PERMISSION = re.compile(
    r"\b(?:can|could|may|should|must|am i allowed|are (?:we|you) allowed|is it (?:ok|okay|safe|fine|all ?right)|okay"
    r"|safe|need to|have to|do i (?:need|have))\b",
    re.IGNORECASE,
)
_LIMITS = re.compile(
    r"\b(?:cannot|not|never|no|avoid|without|refuse\w*|stop|wait|only|unless|until|must"
    r"|(?:can|do|does|is|are|wo)n?['\u2019]t)\b",
    re.IGNORECASE,
)


def sentence_scores(query: Query, passage: Passage, evidence: SentenceEvidence) -> Vectors:
    """Return the score of each sentence; e to the difference of two is the ratio of their probabilities."""
    return sentence_signals(query, passage, evidence) @ _weights()


def sentence_signals(query: Query, passage: Passage, evidence: SentenceEvidence) -> Vectors:
    """Return the signals of each sentence, shape (sentences, len(SENTENCE_SIGNALS))."""
    texts = [passage.text[mark.start : mark.end] for mark in evidence.sentences]
    maxsim, weights, headings = evidence.maxsim, evidence.weights, np.maximum(evidence.heading_maxsim, 0)
    unmet = weights * (1 - headings)
    last = query.token_weights >= query.token_weights.max()  # the tokens of earlier questions weigh less
    above = np.maximum.accumulate(np.vstack([headings, maxsim[:-1]]), axis=0)
    mean = maxsim @ (weights / weights.sum())
    asks_permission = bool(_ASKS_PERMISSION.search(query.text))
    columns = (
        _mean(maxsim, unmet),
        _mean(maxsim, unmet * last),
        _mean(np.maximum(maxsim, _HANDED_DOWN * above), weights),
        _mean(np.maximum(maxsim, 0) ** 2, weights),
        evidence.cosine,
        *evidence.to_passage.T,
        [asks(text) for text in texts],
        [len(text.split()) < _SHORT for text in texts],
        [bool(_REFERS_BACK.match(text)) for text in texts] * np.concatenate([mean[:1], mean[:-1]]),
        [match_answer_type(query.text, text) is AnswerType.PRESENT for text in texts],
        [asks_permission and bool(_LIMITS.search(text)) for text in texts],
        _table_headers(texts),
    )
    return np.stack([np.asarray(column, dtype=np.float32) for column in columns], axis=1)


def _mean(maxsim: Vectors, weights: Vectors) -> Vectors:
    """Return the weighted mean over the tokens for each sentence."""
    weights = weights + _EPSILON
    return np.asarray(maxsim @ (weights / weights.sum()), dtype=np.float32)


def _table_headers(texts: list[str]) -> list[bool]:
    """Return whether each sentence is the first of several rows of a table."""
    rows = [False, *(" | " in text for text in texts), False]
    return [row and after and not before for before, row, after in zip(rows, rows[1:], rows[2:], strict=False)]


@cache
def _weights() -> Vectors:
    weights = fitted_values("chatbot.answering", "highlights")["weights"]
    return np.array([weights[name] for name in SENTENCE_SIGNALS], dtype=np.float32)
