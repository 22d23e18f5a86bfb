"""Approved questions: other ways to ask for a passage, which a person has approved.

A visitor's question is compared with the approved ones, question to question. The same words always match. Other words
match where a logistic model over `APPROVED_SIGNALS` says so: it reads how near the two questions are, token by token,
which words only one of them has, and how near the visitor's question is to the approved passage. Likeness of the
questions alone is not enough: "how long do results last" is near "how long until I see results".
`training/fit_approved.py` fits the model; `approved.json` holds it with its figures. Nothing is encoded at question
time.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from chatbot.answering.search import SearchResult
from chatbot.fitted import fitted_values
from chatbot.indexing import Encoded, Encoder, Index, Query, Vectors
from chatbot.indexing.late_interaction import l2_normalise
from chatbot.language import Spelling
from chatbot.records import Hit, Passage

__all__ = [
    "APPROVED_SIGNALS",
    "ApprovedMatch",
    "ApprovedMatcher",
    "ApprovedModel",
    "ApprovedQuestion",
    "SignalWeights",
    "folded_question",
]

APPROVED_SIGNALS: Final = (
    "cosine",
    "topic_free_cosine",
    "maxsim",
    "reverse_maxsim",
    "weakest",
    "reverse_weakest",
    "unshared",
    "reverse_unshared",
    "unsaid",
    "said_elsewhere",
    "passage_maxsim",
    "passage_maxsim_gain",
    "lead",
    "margin",
)
"""The signals of a visitor's question and an approved one, in the order of the weights.

`cosine` and `topic_free_cosine`: of the questions, whole and without topic words. `maxsim`: MaxSim of the visitor's
content words over the approved question, `weakest` the lowest cosine among them, `unshared` the weight of those that
the approved question has not. `reverse_...`: the same from the approved question to the visitor's. `unsaid`: the weight
of the visitor's content words that stand in neither the approved question nor the passage; `said_elsewhere`: of those,
the words that other passages have. `passage_maxsim`: MaxSim of the visitor's question over the passage;
`passage_maxsim_gain`: how much that exceeds the approved question's. `lead`: how far the passage's score in the search
is above the best other one's. `margin`: how much nearer the approved question is than any approved for something else.
"""

_NEAREST: Final = 8  # approved questions whose signals are computed
_RUNNERS_UP: Final = 6  # hits among which the best other score is taken
_CONTENT: Final = 0.05  # of the greatest weight of a question's tokens; those below are stop words or the topic
_UNKNOWN: Final = 0.999  # weight of a token that stands in no passage


def folded_question(text: str) -> str:
    """Return the words of a question without case and punctuation: two questions are the same if these are equal."""
    return " ".join(re.findall(r"\w+", text.casefold()))


@dataclass(frozen=True, slots=True)
class ApprovedQuestion:
    """A question for which a person has named the passage that answers, or said that no page answers it.

    `history` are the earlier questions that it depends on, oldest first. `document`, `headings` and `text` are the
    passage's; without one they are empty.
    """

    question: str
    history: tuple[str, ...] = ()
    document: str = ""
    headings: tuple[str, ...] = ()
    text: str = ""

    @classmethod
    def of(cls, question: str, passage: Passage | None, history: Sequence[str] = ()) -> Self:
        """Return the decision that a passage answers a question, or that none does."""
        if passage is None:
            return cls(question, tuple(history))
        return cls(question, tuple(history), passage.document, passage.headings, passage.text)

    @property
    def is_answered(self) -> bool:
        """Whether a passage answers it."""
        return bool(self.document)

    @property
    def key(self) -> str:
        """The words by which the same question is recognised."""
        return folded_question(" ".join((*self.history, self.question)))

    def names(self, passage: Passage) -> bool:
        """Return whether a passage is the approved one: the same words under the same headings of the same page."""
        return (passage.document, passage.headings, passage.text) == (self.document, self.headings, self.text)

    def find(self, index: Index) -> Passage | None:
        """Return the approved passage as it stands in an index; None where its words have changed."""
        return next(filter(self.names, index.passages_of(self.document)), None)


@dataclass(frozen=True, slots=True)
class ApprovedMatch:
    """An approved question that a visitor asks, its passage or None, and the probability that this is right."""

    question: ApprovedQuestion
    passage: Passage | None
    confidence: float
    exact: bool


@dataclass(frozen=True, slots=True)
class SignalWeights:
    """A logistic model over the signals, and the probability from which on two questions ask the same."""

    weights: Vectors
    intercept: float
    threshold: float

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Read a model as the fit wrote it."""
        ordered = np.array([values["weights"][name] for name in APPROVED_SIGNALS], dtype=np.float32)
        return cls(ordered, values["intercept"], values["threshold"])

    def probability(self, signals: Sequence[float]) -> float:
        """Return the probability, 0 to 1, for `APPROVED_SIGNALS`."""
        return 1 / (1 + math.exp(-(float(self.weights @ np.array(signals, dtype=np.float32)) + self.intercept)))


@dataclass(frozen=True, slots=True)
class ApprovedModel:
    """One model for questions that a passage answers and one for those that none does, for one encoder.

    `exact` is the confidence in the same words.
    """

    answered: SignalWeights
    unanswered: SignalWeights
    exact: float
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Return the model that `training/fit_approved.py` wrote to `approved.json`."""
        values = fitted_values("chatbot.answering", "approved")
        return cls(
            SignalWeights.of(values["answered"]),
            SignalWeights.of(values["unanswered"]),
            values["exact"],
            values["encoder"]["fingerprint"],
        )


@dataclass(frozen=True, slots=True)
class _Form:
    """A question as the signals read it.

    `tokens` are unit vectors, shape (tokens, dimensions), `weights` the tokens' shares of what the question says.
    """

    query: Query
    topic_free: Query
    tokens: Vectors
    weights: Vectors
    unknown: NDArray[np.bool_]

    @classmethod
    def of(cls, index: Index, query: Query, topic_free: Query) -> Self:
        weights = index.content_weights(query)
        tokens = l2_normalise(query.encoded.tokens)
        return cls(query, topic_free, tokens, weights / weights.sum(), weights >= _UNKNOWN)

    @property
    def content(self) -> NDArray[np.bool_]:
        """Which tokens say something."""
        return np.asarray(self.weights >= _CONTENT * self.weights.max())

    def missing(self, ids: NDArray[np.integer]) -> NDArray[np.bool_]:
        """Return which tokens that say something are not among some tokens."""
        return np.asarray(~np.isin(self.query.encoded.ids, ids) & self.content)


@dataclass(frozen=True, slots=True)
class _Entry:
    """An approved question, its passage, and its form; None where it matches by the same words alone."""

    question: ApprovedQuestion
    passage: Passage | None
    form: _Form | None
    token_ids: NDArray[np.integer]
    own_maxsim: float


@dataclass(frozen=True, slots=True)
class ApprovedMatcher:
    """The approved questions of a clinic over one index.

    Those whose passage has changed match nothing. `exact` has the entries by the folded words of their question.
    """

    questions: tuple[ApprovedQuestion, ...] = ()
    entries: tuple[_Entry, ...] = ()
    exact: Mapping[str, _Entry] | None = None
    model: ApprovedModel | None = None

    @classmethod
    def of(
        cls,
        questions: Sequence[ApprovedQuestion],
        index: Index,
        encoder: Encoder,
        spelling: Spelling,
        model: ApprovedModel | None = None,
    ) -> Self:
        """Return a matcher, which encodes the questions; of two with the same words, the first counts.

        The fitted model is used unless one is passed. With another encoder than that of the fit, questions match by the
        same words alone.
        """
        model = model or ApprovedModel.fitted()
        by_words = model.fingerprint != encoder.fingerprint
        found = [(question, question.find(index)) for question in questions]
        live = [
            (question, passage and index.representative(passage))
            for question, passage in found
            if passage or not question.is_answered
        ]
        corrected = [spelling.corrected(question.question) for question, _ in live]
        forms = [None] * len(live) if by_words else _forms(index, encoder, corrected)
        entries = tuple(
            _entry(index, question, passage, None if question.history else form)
            for (question, passage), form in zip(live, forms, strict=True)
        )
        exact: dict[str, _Entry] = {}
        for entry, text in zip(entries, corrected, strict=True):
            for words in (entry.question.key, replace(entry.question, question=text).key):
                exact.setdefault(words, entry)
        return cls(tuple(questions), entries, exact, model)

    def match(self, index: Index, question: str, result: SearchResult) -> ApprovedMatch | None:
        """Return the approved question that a visitor asks, if there is one; `question` is as it was typed."""
        if not self.exact or self.model is None:
            return None
        earlier = result.resolved.earlier
        for text in (question, result.resolved.question):
            entry = self.exact.get(folded_question(" ".join((*earlier, text))))
            if entry:
                return ApprovedMatch(entry.question, entry.passage, self.model.exact, exact=True)
        if earlier or result.topic_alone or result.has_exact_heading(result.hits[0]):
            return None
        matches = [
            (probability, entry)
            for entry, signals in self.signals(index, result)
            if (probability := self._model(entry).probability(signals)) >= self._model(entry).threshold
        ]
        if not matches:
            return None
        probability, entry = max(matches, key=lambda match: match[0])
        return ApprovedMatch(entry.question, entry.passage, probability, exact=False)

    def signals(self, index: Index, result: SearchResult) -> list[tuple[_Entry, list[float]]]:
        """Return the nearest entries with their `APPROVED_SIGNALS`."""
        entries = [entry for entry in self.entries if entry.form]
        forms = [entry.form for entry in entries if entry.form]
        if not forms:
            return []
        asked = _Form.of(index, result.query, result.topic_free)
        whole = np.stack([form.query.encoded.vector for form in forms]) @ asked.query.encoded.vector
        bare = np.stack([form.topic_free.encoded.vector for form in forms]) @ asked.topic_free.encoded.vector
        near = np.argsort(-(whole + bare), kind="stable")[:_NEAREST].tolist()
        top = result.hits[0].passage
        passages = [entries[row].passage or top for row in near]
        reached = index.content_maxsim(asked.topic_free, passages).tolist()
        rows = []
        for row, passage, maxsim in zip(near, passages, reached, strict=True):
            entry, form = entries[row], forms[row]
            if entry.passage is None:
                entry = _with_passage(index, entry, form, top)
            others = [whole[other] for other in near if not _same(entries[other], entries[row])]
            rows.append(
                (
                    entries[row],
                    [
                        float(whole[row]),
                        float(bare[row]),
                        *_compare(asked, form, entry.token_ids),
                        maxsim,
                        maxsim - entry.own_maxsim,
                        _lead(result.hits, passage),
                        float(whole[row] - max(others, default=0.0)),
                    ],
                )
            )
        return rows

    def _model(self, entry: _Entry) -> SignalWeights:
        if self.model is None:
            raise ValueError(entry.question)
        return self.model.answered if entry.question.is_answered else self.model.unanswered


def _forms(index: Index, encoder: Encoder, questions: Sequence[str]) -> list[_Form | None]:
    """Return the forms of questions, encoded in one batch; None for one that the encoder has no token for."""
    bare = [index.without_topic(question) or question for question in questions]
    texts = list(dict.fromkeys((*questions, *bare)))
    read = dict(zip(texts, encoder.encode_questions(texts), strict=True))
    return [_form(index, pair, read) for pair in zip(questions, bare, strict=True)]


def _form(index: Index, texts: tuple[str, str], read: Mapping[str, Encoded]) -> _Form | None:
    question, bare = texts
    if not len(read[question].ids):
        return None
    query = _query(question, read)
    return _Form.of(index, query, _query(bare, read) if len(read[bare].ids) else query)


def _query(text: str, read: Mapping[str, Encoded]) -> Query:
    return Query.of(text, replace(read[text], states=None))  # which nothing here reads


def _entry(index: Index, question: ApprovedQuestion, passage: Passage | None, form: _Form | None) -> _Entry:
    entry = _Entry(question, passage, form, np.zeros(0, dtype=np.int64), 0.0)
    return _with_passage(index, entry, form, passage) if form and passage else entry


def _with_passage(index: Index, entry: _Entry, form: _Form, passage: Passage) -> _Entry:
    """Return an entry with what its signals read of a passage."""
    ids = np.union1d(index.token_ids(passage), form.query.encoded.ids)
    (own,) = index.content_maxsim(form.topic_free, [passage])
    return replace(entry, token_ids=ids, own_maxsim=float(own))


def _compare(asked: _Form, approved: _Form, known: NDArray[np.integer]) -> list[float]:
    """Return the signals from `maxsim` to `said_elsewhere`; `known` are the tokens of the approved and its passage."""
    cosines = asked.tokens @ approved.tokens.T
    there, back = cosines.max(axis=1), cosines.max(axis=0)
    unsaid = asked.missing(known)
    return [
        float(there @ asked.weights),
        float(back @ approved.weights),
        float(there[asked.content].min()),
        float(back[approved.content].min()),
        float(asked.weights[asked.missing(approved.query.encoded.ids)].sum()),
        float(approved.weights[approved.missing(asked.query.encoded.ids)].sum()),
        float(asked.weights[unsaid].sum()),
        float(asked.weights[unsaid & ~asked.unknown].sum()),
    ]


def _lead(hits: Sequence[Hit], passage: Passage) -> float:
    """Return how far the score of a passage is above the best other one's; one that was not found has the last's."""
    score = next((hit.score for hit in hits if hit.passage == passage), hits[-1].score)
    return score - max((hit.score for hit in hits[:_RUNNERS_UP] if hit.passage != passage), default=score)


def _same(one: _Entry, other: _Entry) -> bool:
    """Return whether two entries stand for the same decision."""
    return one.passage == other.passage
