"""The clinic's own replies: which of them a question asks for, whatever treatment it names, and their wording."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from chatbot.clinic import Contact, Reply
from chatbot.fitted import fitted_arrays, fitted_values
from chatbot.indexing import Encoded, Encoder, Vectors, content_words

__all__ = [
    "ReplyMatch",
    "ReplyMatcher",
    "ReplyProjection",
    "contact_line",
    "fill_placeholders",
]

_NEAREST: Final = 3  # examples whose mean similarity is the score, so that one alone decides little
_KEYWORDS: Final = 2  # words; a question of no more may be a keyword
_PLACEHOLDERS: Final = ("phone", "email", "booking", "hours", "address")


@dataclass(frozen=True, slots=True)
class ReplyMatch:
    """A reply, and how much nearer the question is to its examples than to questions that pages answer."""

    reply: Reply
    score: float


@dataclass(frozen=True, slots=True)
class ReplyProjection:
    """A linear discriminant projection that keeps the kind of a question and drops its subject.

    `mean`, shape (dimensions,), is subtracted from a vector before `components`, shape (dimensions, n), project it.
    `page_centroids`, shape (m, dimensions), are the mean vectors of the kinds of question that pages answer. A question
    matches a reply from the score `threshold` on. `fingerprint` is that of the encoder of the fit, whose vectors are
    the only ones that can be projected.
    """

    mean: Vectors
    components: Vectors
    page_centroids: Vectors
    threshold: float
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Return the projection that `training/fit_replies.py` wrote to `replies.json` and `replies.npz`."""
        values, arrays = fitted_values("chatbot.answering", "replies"), fitted_arrays("chatbot.answering", "replies")
        mean, components, centroids = (
            arrays[name].astype(np.float32) for name in ("mean", "components", "page_centroids")
        )
        return cls(mean, components, centroids, values["threshold"], values["encoder"]["fingerprint"])

    def project(self, vectors: Vectors) -> Vectors:
        """Return the projections of vectors, shape (n, dimensions), at unit length."""
        projected = (vectors - self.mean) @ self.components
        return np.asarray(projected / np.linalg.norm(projected, axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ReplyMatcher:
    """The clinic's replies, with the projected vectors and the content words of their examples, by reply.

    `page_centroids` are those of the projection, projected.
    With another encoder than that of the fit, `examples` is empty and replies match by keywords alone.
    """

    replies: tuple[Reply, ...]
    projection: ReplyProjection
    examples: tuple[Vectors, ...]
    keywords: tuple[tuple[frozenset[str], ...], ...]
    page_centroids: Vectors

    @classmethod
    def of(cls, replies: Sequence[Reply], encoder: Encoder, projection: ReplyProjection | None = None) -> Self:
        """Return a matcher for the encoder of the questions; the fitted projection is used unless one is passed."""
        projection = projection or ReplyProjection.fitted()
        encodable = replies if projection.fingerprint == encoder.fingerprint else ()
        encoded = (encoder.encode_questions(reply.examples) for reply in encodable)
        examples = (projection.project(np.array([text.vector for text in texts])) for texts in encoded)
        keywords = (tuple(map(_folded_words, reply.examples)) for reply in replies)
        centroids = projection.project(projection.page_centroids)
        return cls(tuple(replies), projection, tuple(examples), tuple(keywords), centroids)

    def match(self, question: Encoded) -> ReplyMatch | None:
        """Return the reply that a question asks for, if it asks for one."""
        nearest = self.nearest(question) if self.examples else None
        return nearest if nearest and nearest.score >= self.projection.threshold else None

    def nearest(self, question: Encoded) -> ReplyMatch:
        """Return the nearest reply, whatever its score."""
        vector = self.projection.project(question.vector[None])[0]
        scores = [float(np.sort(examples @ vector)[-_NEAREST:].mean()) for examples in self.examples]
        best = int(np.argmax(scores))
        pages = float((self.page_centroids @ vector).max())
        return ReplyMatch(self.replies[best], scores[best] - pages)

    def match_all(
        self, question: Encoded, clauses: Sequence[str], encode: Callable[[Sequence[str]], list[Encoded]]
    ) -> list[Reply]:
        """Return the replies that a question asks for: one for each of its clauses if these ask for several."""
        matches = filter(None, map(self.match, encode(clauses))) if len(clauses) > 1 else ()
        replies = list({match.reply.name: match.reply for match in matches}.values())
        if len(replies) > 1:
            return replies
        whole = self.match(question)
        return [whole.reply] if whole else []

    def by_keyword(self, question: str) -> Reply | None:
        """Return the reply that a keyword alone asks for: the one with the most examples that contain it."""
        words = _folded_words(question)
        if not 0 < len(words) <= _KEYWORDS or len(re.findall(r"\w+", question)) > _KEYWORDS:
            return None
        counts = [sum(words <= example for example in examples) for examples in self.keywords]
        return self.replies[int(np.argmax(counts))] if any(counts) else None


def _folded_words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in content_words(text))


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
