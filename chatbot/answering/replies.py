"""The clinic's own replies: which of them a question asks for, whatever treatment it names, and their wording."""

import re
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from chatbot.clinic import Contact, Reply
from chatbot.fitted import fitted_arrays, fitted_values
from chatbot.indexing import Encoded, Encoder, Vectors, content_words

__all__ = [
    "ALIKE",
    "ReplyDecision",
    "ReplyMatch",
    "ReplyMatcher",
    "ReplyProjection",
    "contact_line",
    "fill_placeholders",
    "words_of",
]

ALIKE: Final = 0.85
"""The cosine from which a question is one of the ways to ask. Off-topic questions of clinc150 stay below .81."""

_NEAREST: Final = 3  # examples whose mean similarity is the score, so that one alone decides little
_KEYWORDS: Final = 2  # words; a question of no more may be a keyword
_PLACEHOLDERS: Final = ("phone", "email", "booking", "hours", "address")
_SIGNALS: Final = ("log_odds", "score", "similarity", "unknown_words")  # in the order of the weights
_EPSILON: Final = 1e-4  # keeps log-odds finite


@dataclass(frozen=True, slots=True)
class ReplyMatch:
    """A reply and how near a question is to it.

    `score` says how much nearer the projected question is to the reply's examples than to questions that pages answer.
    `similarity` is the cosine of the question and the nearest example of any reply.
    """

    reply: Reply
    score: float
    similarity: float


@dataclass(frozen=True, slots=True)
class ReplyProjection:
    """A linear discriminant projection that keeps the kind of a question and drops its subject.

    `mean`, shape (dimensions,), is subtracted from a vector before `components`, shape (dimensions, n), project it.
    `page_centroids`, shape (m, dimensions), are the mean vectors of the kinds of question that pages answer.
    `fingerprint` is that of the encoder of the fit, whose vectors are the only ones that can be projected.
    """

    mean: Vectors
    components: Vectors
    page_centroids: Vectors
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Return the projection that `training/fit_replies.py` wrote to `replies.json` and `replies.npz`."""
        values, arrays = fitted_values("chatbot.answering", "replies"), fitted_arrays("chatbot.answering", "replies")
        mean, components, centroids = (
            arrays[name].astype(np.float32) for name in ("mean", "components", "page_centroids")
        )
        return cls(mean, components, centroids, values["encoder"]["fingerprint"])

    def project(self, vectors: Vectors) -> Vectors:
        """Return the projections of vectors, shape (n, dimensions), at unit length."""
        projected = (vectors - self.mean) @ self.components
        return np.asarray(projected / np.linalg.norm(projected, axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ReplyDecision:
    """Decides whether the nearest reply answers a question, or none does.

    A network with one hidden layer tells questions that a reply answers from those that pages answer, and from those
    that are no matter of a clinic. `hidden`, shape (dimensions + 1, h), and `output`, shape (h + 1, 3), have their
    biases in the last row. A logistic model with `weights` and `intercept` then weighs the network's log-odds, the
    score and the similarity of the match, and the share of the question's words that are unknown. `vocabulary` holds
    words of questions to clinics of any kind.
    """

    hidden: Vectors
    output: Vectors
    weights: tuple[float, float, float, float]
    intercept: float
    vocabulary: frozenset[str]

    @classmethod
    def fitted(cls) -> Self:
        """Return the decision that `training/fit_replies.py` wrote to `replies.json` and `replies.npz`."""
        values, arrays = fitted_values("chatbot.answering", "replies"), fitted_arrays("chatbot.answering", "replies")
        odds, score, similarity, unknown = (values["weights"][name] for name in _SIGNALS)
        return cls(
            arrays["hidden"].astype(np.float32),
            arrays["output"].astype(np.float32),
            (odds, score, similarity, unknown),
            values["intercept"],
            frozenset(arrays["vocabulary"].tolist()),
        )

    def log_odds(self, vectors: Vectors) -> Vectors:
        """Return the network's log-odds that a reply answers each question, from vectors of shape (n, dimensions)."""
        active = np.maximum(vectors @ self.hidden[:-1] + self.hidden[-1], 0)
        logits = active @ self.output[:-1] + self.output[-1]
        shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
        chance = shares[:, 0] / shares.sum(axis=-1)
        return np.asarray(np.log((chance + _EPSILON) / (1 - chance + _EPSILON)), dtype=np.float32)

    def allows(self, question: Encoded, match: ReplyMatch, unknown_words: float) -> bool:
        """Return whether the nearest reply answers a question with this share of unknown words, 0 to 1."""
        signals = (float(self.log_odds(question.vector[None])[0]), match.score, match.similarity, unknown_words)
        return self.intercept + sum(weight * signal for weight, signal in zip(self.weights, signals, strict=True)) >= 0


@dataclass(frozen=True, slots=True)
class ReplyMatcher:
    """The clinic's replies, with the vectors and the content words of their examples, by reply.

    `examples` are their unit vectors, by reply, `projected` these projected, and `page_centroids` those of the
    projection, projected. `vocabulary` holds the words of the replies.
    With another encoder than that of the fit, `examples` is empty and replies match by keywords alone.
    """

    replies: tuple[Reply, ...]
    projection: ReplyProjection
    decision: ReplyDecision
    examples: tuple[Vectors, ...]
    projected: tuple[Vectors, ...]
    keywords: tuple[tuple[frozenset[str], ...], ...]
    page_centroids: Vectors
    vocabulary: frozenset[str]

    @classmethod
    def of(
        cls,
        replies: Sequence[Reply],
        encoder: Encoder,
        projection: ReplyProjection | None = None,
        decision: ReplyDecision | None = None,
    ) -> Self:
        """Return a matcher for the encoder of the questions; what was fitted is used unless other is passed."""
        projection = projection or ReplyProjection.fitted()
        encodable = replies if projection.fingerprint == encoder.fingerprint else ()
        vectors = [np.array([text.vector for text in encoder.encode_questions(reply.examples)]) for reply in encodable]
        return cls(
            tuple(replies),
            projection,
            decision or ReplyDecision.fitted(),
            tuple(vectors),
            tuple(map(projection.project, vectors)),
            tuple(tuple(map(_folded_words, reply.examples)) for reply in replies),
            projection.project(projection.page_centroids),
            frozenset(word for reply in replies for text in (reply.reply, *reply.examples) for word in words_of(text)),
        )

    def with_replies(self, replies: Sequence[Reply], encoder: Encoder) -> Self:
        """Return a matcher of other replies with the same projection and decision."""
        return self.of(replies, encoder, self.projection, self.decision)

    def match(self, text: str, question: Encoded, corpus_words: Container[str]) -> ReplyMatch | None:
        """Return the reply that a question asks for, if it asks for one.

        `corpus_words` are the words of the clinic's pages in lower case.
        """
        if not self.examples:
            return None
        nearest = self.nearest(question)
        if nearest.similarity >= ALIKE:
            return nearest
        unknown = self.unknown_words(text, corpus_words)
        return nearest if self.decision.allows(question, nearest, unknown) else None

    def nearest(self, question: Encoded) -> ReplyMatch:
        """Return the nearest reply, whether the question asks for it or not: the one that is alike, or by score."""
        vector = self.projection.project(question.vector[None])[0]
        scores = [float(np.sort(examples @ vector)[-_NEAREST:].mean()) for examples in self.projected]
        similarities = [float((examples @ question.vector).max()) for examples in self.examples]
        best = int(np.argmax(similarities if max(similarities) >= ALIKE else scores))
        pages = float((self.page_centroids @ vector).max())
        return ReplyMatch(self.replies[best], scores[best] - pages, max(similarities))

    def unknown_words(self, text: str, corpus_words: Container[str]) -> float:
        """Return the share of a question's content words that neither the clinic nor other clinics' questions have."""
        words = words_of(" ".join(content_words(text)))
        known = (corpus_words, self.vocabulary, self.decision.vocabulary)
        unknown = [word for word in words if not any(form in place for form in _forms(word) for place in known)]
        return len(unknown) / max(len(words), 1)

    def match_all(
        self,
        question: str,
        clauses: Sequence[str],
        encode: Callable[[Sequence[str]], list[Encoded]],
        corpus_words: Container[str],
    ) -> list[Reply]:
        """Return the replies that a question asks for: one for each of its clauses if these ask for several."""

        def matches(texts: Sequence[str]) -> list[Reply]:
            found = (
                self.match(text, encoded, corpus_words) for text, encoded in zip(texts, encode(texts), strict=True)
            )
            return list({match.reply.name: match.reply for match in found if match}.values())

        replies = matches(clauses) if len(clauses) > 1 else []
        return replies if len(replies) > 1 else matches([question])

    def by_keyword(self, question: str) -> Reply | None:
        """Return the reply that a keyword alone asks for: the one with the most examples that contain it."""
        words = _folded_words(question)
        if not 0 < len(words) <= _KEYWORDS or len(re.findall(r"\w+", question)) > _KEYWORDS:
            return None
        counts = [sum(words <= example for example in examples) for examples in self.keywords]
        return self.replies[int(np.argmax(counts))] if any(counts) else None


def _folded_words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in content_words(text))


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, without numbers."""
    return re.findall(r"[^\W\d_]+", text.casefold())


def _forms(word: str) -> tuple[str, ...]:
    """Return a word with and without the endings of its other forms."""
    return word, word.rstrip("s"), f"{word}s", re.sub(r"(?:ing|ed|es|er)$", "", word)


def contact_line(contact: Contact, beside: str = "") -> str:
    """Return a line that says how to reach the clinic, without the ways that the text `beside` it names already."""
    phone = f"{contact.phone} ({contact.hours})" if contact.phone and contact.hours else contact.phone
    ways = ((contact.phone, phone), (contact.email, contact.email), (contact.booking, contact.booking))
    return " \u00b7 ".join(shown for value, shown in ways if value and value not in beside)


def fill_placeholders(text: str, contact: Contact) -> str:
    """Return the text of a reply with the clinic's phone, e-mail, booking page, hours and address filled in."""
    for name in _PLACEHOLDERS:
        text = text.replace(f"{{{name}}}", getattr(contact, name))
    return text
