"""Which of the clinic's own replies a question asks for, whatever treatment it names."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from typing import Self

import numpy as np

from chatbot.clinic import Route
from chatbot.indexing import Encoded, Encoder, Vectors

__all__ = ["Kinds", "Match", "Routes"]

_NEAREST = 3  # ways to ask whose mean nearness counts, so that one alone decides little


@dataclass(frozen=True, slots=True)
class Match:
    """A route, and by how much the question is nearer to it than to what pages answer."""

    route: Route
    score: float


@dataclass(frozen=True, slots=True)
class Kinds:
    """What `benchmarks/fit_routes.py` learnt of questions: directions that tell kinds apart and no subjects.

    `middle`, shape (dimensions,), is what vectors are measured from; `directions` has the shape (dimensions, n);
    `paged`, shape (m, dimensions), has the mean vectors of kinds that pages answer; `least` is the score from which a
    question matches a route. The vectors of another encoder than that with `fingerprint` cannot be read.
    """

    middle: Vectors
    directions: Vectors
    paged: Vectors
    least: float
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Give what the script wrote; `routes.json` says on what and how well."""
        folder = files("chatbot.answering")
        told = json.loads(folder.joinpath("routes.json").read_text("utf-8"))
        with as_file(folder.joinpath("routes.npz")) as path, np.load(path, allow_pickle=False) as kept:
            middle, directions, paged = (kept[name].astype(np.float32) for name in ("middle", "directions", "paged"))
        return cls(middle, directions, paged, told["least"], told["encoder"]["fingerprint"])

    def turned(self, vectors: Vectors) -> Vectors:
        """Give vectors, shape (n, dimensions), along the directions, at unit length."""
        along = (vectors - self.middle) @ self.directions
        return np.asarray(along / np.linalg.norm(along, axis=-1, keepdims=True), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Routes:
    """The clinic's routes, their ways to ask read; unread if the encoder is one that the kinds were not fitted for."""

    routes: tuple[Route, ...]
    kinds: Kinds
    examples: tuple[Vectors, ...]

    @classmethod
    def of(cls, routes: Sequence[Route], encoder: Encoder, kinds: Kinds | None = None) -> Self:
        """Read the ways to ask with the encoder that reads the questions."""
        fitted = kinds or Kinds.fitted()
        if fitted.fingerprint != encoder.fingerprint:
            return cls(tuple(routes), fitted, ())
        read = (encoder.encode_questions(route.examples) for route in routes)
        return cls(tuple(routes), fitted, tuple(fitted.turned(np.array([one.vector for one in ways])) for ways in read))

    def match(self, question: Encoded) -> Match | None:
        """Give the route that a question belongs to, if it belongs to one."""
        nearest = self.nearest(question) if self.examples else None
        return nearest if nearest and nearest.score >= self.kinds.least else None

    def nearest(self, question: Encoded) -> Match:
        """Give the nearest of the routes, however far away."""
        asked = self.kinds.turned(question.vector[None])[0]
        near = [float(np.sort(ways @ asked)[-_NEAREST:].mean()) for ways in self.examples]
        best = int(np.argmax(near))
        paged = float((self.kinds.turned(self.kinds.paged) @ asked).max())
        return Match(self.routes[best], near[best] - paged)
