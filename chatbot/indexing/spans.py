"""The spans of a passage that have a vector each: the passage under its headings, its text alone, each sentence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chatbot.indexing.encoder import Encoded, Vectors
from chatbot.indexing.late_interaction import l2_normalise
from chatbot.records import Highlight, Passage

__all__ = ["heading_prefix", "sentence_of", "span_vectors"]


def heading_prefix(passage: Passage, common_title: str | None) -> str:
    """Return the lines that are encoded above a passage: its document's title and its headings.

    `common_title` stands above most passages of the corpus. It distinguishes none, so it is left out.
    """
    above = [] if passage.title == common_title else [passage.title]
    return "".join(f"{line}\n" for line in [*above, *passage.headings])


def sentence_of(encoded: Encoded, offset: int, sentences: Sequence[Highlight]) -> NDArray[np.int16]:
    """Return the number of each token's sentence, -1 for none; the passage begins at `offset` of the encoded text."""
    numbers = np.full(len(encoded.ids), -1, dtype=np.int16)
    for number, mark in enumerate(sentences):
        inside = (encoded.spans[:, 0] >= offset + mark.start) & (encoded.spans[:, 1] <= offset + mark.end)
        numbers[inside] = number
    return numbers


def span_vectors(encoded: Encoded, offset: int, numbers: NDArray[np.int16], sentences: int) -> Vectors:
    """Pool a passage's token vectors into the unit vectors of its spans, shape (2 + sentences, dimensions).

    A span's vector is the mean of its tokens, encoded within the whole passage. `numbers` is from `sentence_of`. A span
    whose tokens lie beyond the encoder's limit gets the passage's vector. Source: M. Guenther et al., "Late Chunking",
    2024.
    """
    body = encoded.spans[:, 0] >= offset
    groups = [body, *(numbers == number for number in range(sentences))]
    pooled = [l2_normalise(encoded.tokens[group].mean(axis=0)) if group.any() else encoded.vector for group in groups]
    return np.stack([encoded.vector, *pooled]).astype(np.float32)
