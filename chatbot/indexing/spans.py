"""What of a passage has a vector of its own: the passage under its headings, its words alone, and each sentence."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from chatbot.indexing.encoder import Encoded, Vectors
from chatbot.indexing.late_interaction import l2_normalise
from chatbot.records import Highlight, Passage

__all__ = ["heading_prefix", "sentence_of", "span_vectors"]


def heading_prefix(passage: Passage, titles: frozenset[str]) -> str:
    """Give what is read before a passage: its headings, and its document's title if that is one of `titles`."""
    above = [passage.title] if passage.title in titles else []
    return "".join(f"{line}\n" for line in [*above, *passage.headings])


def sentence_of(encoded: Encoded, offset: int, sentences: Sequence[Highlight]) -> NDArray[np.int16]:
    """Tell for each token which sentence it stands in, -1 for none; the passage begins at `offset` of what was read."""
    where = np.full(len(encoded.ids), -1, dtype=np.int16)
    for number, mark in enumerate(sentences):
        inside = (encoded.spans[:, 0] >= offset + mark.start) & (encoded.spans[:, 1] <= offset + mark.end)
        where[inside] = number
    return where


def span_vectors(encoded: Encoded, offset: int, where: NDArray[np.int16], sentences: int) -> Vectors:
    """Pool a passage's token vectors into the vectors of its units, shape (2 + sentences, dimensions).

    A unit's vector is the mean of its tokens' as they were read in the whole passage. Source: M. Guenther et al., "Late
    Chunking", 2024. A unit whose tokens lie beyond the encoder's window gets the passage's vector.
    """
    body = encoded.spans[:, 0] >= offset
    groups = [body, *(where == number for number in range(sentences))]
    pooled = [l2_normalise(encoded.tokens[group].mean(axis=0)) if group.any() else encoded.vector for group in groups]
    return np.stack([encoded.vector, *pooled]).astype(np.float32)
