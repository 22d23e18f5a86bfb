"""Which of the clinic's own replies a question asks for, whatever treatment it names."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np

from chatbot.clinic import Clinic, Contact, Reply
from chatbot.fitted import fitted_arrays, fitted_values
from chatbot.indexing import Encoded, Encoder, Vectors, content_words
from chatbot.records import Level
from chatbot.triage import Wording

__all__ = [
    "ReplyMatch",
    "ReplyMatcher",
    "ReplyProjection",
    "by_keyword",
    "call_text",
    "contact_line",
    "filled",
    "number_to_call",
    "own_reply",
]

_NEAREST = 3  # ways to ask whose mean nearness counts, so that one alone decides little


@dataclass(frozen=True, slots=True)
class ReplyMatch:
    """A route, and by how much the question is nearer to it than to what pages answer."""

    reply: Reply
    score: float


@dataclass(frozen=True, slots=True)
class ReplyProjection:
    """What `training/fit_replies.py` learnt of questions: directions that tell kinds apart and no subjects.

    `middle`, shape (dimensions,), is what vectors are measured from; `directions` has the shape (dimensions, n);
    `paged`, shape (m, dimensions), has the mean vectors of kinds that pages answer; `least` is the score from which a
    question matches a route. The vectors of another encoder than that with `fingerprint` cannot be read.
    """

    mean: Vectors
    components: Vectors
    page_centroids: Vectors
    threshold: float
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Give what the script wrote; `replies.json` says on what and how well."""
        values, arrays = fitted_values("chatbot.answering", "replies"), fitted_arrays("chatbot.answering", "replies")
        mean, components, centroids = (
            arrays[name].astype(np.float32) for name in ("mean", "components", "page_centroids")
        )
        return cls(mean, components, centroids, values["threshold"], values["encoder"]["fingerprint"])

    def project(self, vectors: Vectors) -> Vectors:
        """Give vectors, shape (n, dimensions), along the directions, at unit length."""
        along = (vectors - self.mean) @ self.components
        return np.asarray(along / np.linalg.norm(along, axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ReplyMatcher:
    """The clinic's routes, their ways to ask read; unread if the encoder is one that the kinds were not fitted for."""

    replies: tuple[Reply, ...]
    projection: ReplyProjection
    examples: tuple[Vectors, ...]

    @classmethod
    def of(cls, routes: Sequence[Reply], encoder: Encoder, kinds: ReplyProjection | None = None) -> Self:
        """Read the ways to ask with the encoder that reads the questions."""
        fitted = kinds or ReplyProjection.fitted()
        if fitted.fingerprint != encoder.fingerprint:
            return cls(tuple(routes), fitted, ())
        read = (encoder.encode_questions(route.examples) for route in routes)
        return cls(
            tuple(routes), fitted, tuple(fitted.project(np.array([one.vector for one in ways])) for ways in read)
        )

    def match(self, question: Encoded) -> ReplyMatch | None:
        """Give the route that a question belongs to, if it belongs to one."""
        nearest = self.nearest(question) if self.examples else None
        return nearest if nearest and nearest.score >= self.projection.threshold else None

    def nearest(self, question: Encoded) -> ReplyMatch:
        """Give the nearest of the routes, however far away."""
        asked = self.projection.project(question.vector[None])[0]
        near = [float(np.sort(ways @ asked)[-_NEAREST:].mean()) for ways in self.examples]
        best = int(np.argmax(near))
        paged = float((self.projection.project(self.projection.page_centroids) @ asked).max())
        return ReplyMatch(self.replies[best], near[best] - paged)


_KEYWORDS: Final = 2  # words that say something; a question of no more is a keyword
_PLACES: Final = ("phone", "email", "booking", "hours", "address")


def contact_line(contact: Contact, beside: str = "") -> str:
    """Return how to reach the clinic in one line, without what a text `beside` it says already; empty if all is."""
    phone = f"{contact.phone} ({contact.hours})" if contact.phone and contact.hours else contact.phone
    ways = ((contact.phone, phone), (contact.email, contact.email), (contact.booking, contact.booking))
    return " \u00b7 ".join(written for value, written in ways if value and value not in beside)


def filled(text: str, contact: Contact) -> str:
    """Return a reply with the clinic's phone, e-mail, booking page, hours and address in their places."""
    for place in _PLACES:
        text = text.replace(f"{{{place}}}", getattr(contact, place))
    return text


def own_reply(
    routes: ReplyMatcher,
    encoded: Encoded,
    clauses: Sequence[str],
    encode: Callable[[Sequence[str]], list[Encoded]],
) -> list[Reply]:
    """Return the clinic's replies that a question asks for: one, or one for each of the questions in it; or none."""
    parts = [match for match in map(routes.match, encode(clauses)) if match] if len(clauses) > 1 else []
    matched = {match.reply.name: match for match in parts}
    if len(matched) > 1:
        return [match.reply for match in matched.values()]
    whole: ReplyMatch | None = routes.match(encoded)
    return [whole.reply] if whole else []


def by_keyword(routes: ReplyMatcher, question: str) -> Reply | None:
    """Return the reply that a keyword alone asks for: the one that has it in most of its ways to ask."""
    words = _folded(question)
    if not 0 < len(words) <= _KEYWORDS or len(re.findall(r"\w+", question)) > _KEYWORDS:
        return None
    counts = Counter(
        {route.name: sum(words <= _folded(example) for example in route.examples) for route in routes.replies}
    )
    (name, count), *_ = counts.most_common(1) or [("", 0)]
    return next((route for route in routes.replies if route.name == name), None) if count else None


def _folded(text: str) -> set[str]:
    return {word.casefold() for word in content_words(text)}


def number_to_call(level: Level, clinic: Clinic) -> str:
    """Return the telephone number that an alarm of a level asks to call; empty where clinic.toml names none."""
    return {
        Level.EMERGENCY: clinic.urgent.phone,
        Level.CRISIS: clinic.urgent.crisis.phone,
        Level.TODAY: clinic.contact.phone,
    }[level]


def call_text(language: str, phone: str, clinic: Clinic) -> str:
    """Return the words that ask to call a number, such as "Call 999"; empty where there is no number."""
    return Wording.standard(language).say("call", clinic).replace("{number}", phone) if phone else ""
