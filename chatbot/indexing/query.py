"""What is searched for: a question as it was understood, read by the encoder."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from chatbot.indexing.encoder import Encoded, Vectors

__all__ = ["Query"]


@dataclass(frozen=True, slots=True)
class Query:
    """A question and what each part of it counts for.

    `encoded` is the whole `text` as the encoder reads it, with at least one token; `shares` says what each of its
    tokens counts for, 0 to 1; `vector` finds passages by meaning, and `words` are the texts that find them by words in
    common, each with its share.
    """

    text: str
    encoded: Encoded
    shares: Vectors
    vector: Vectors
    words: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, text: str, encoded: Encoded) -> Self:
        """Search for a question that stands by itself."""
        return cls(text, encoded, np.ones(len(encoded.ids), dtype=np.float32), encoded.vector, ((text, 1.0),))
