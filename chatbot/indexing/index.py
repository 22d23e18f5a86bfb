"""The index in memory: passages, and what a question finds of itself in each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.encoder import Encoded, Vectors
from chatbot.indexing.generation import CURE
from chatbot.indexing.lexical import Lexical, content, rarity
from chatbot.indexing.store import VectorStore
from chatbot.indexing.tokens import Tokens, unit
from chatbot.records import Document, Highlight, Passage

__all__ = ["Entry", "Evidence", "Index"]

Entry = tuple[Passage, tuple[Highlight, ...]]
"""A passage and its sentences."""

_NEAREST: Final = 192  # units that are looked up by meaning, and
_MATCHING: Final = 24  # passages by words; the best of both are looked at closely
_CLOSELY: Final = 48  # passages
_LEAST: Final = 1e-3  # the weight of a token that stands everywhere; a question of such tokens alone is still read


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question finds in its candidate passages, a row each.

    `met` says how well each token of the question is met in a passage (cosines, shape (passages, tokens)), `weights`
    how rare each token is in this corpus (0 to 1), `content` whether it belongs to a word that says something by
    itself, `sentence` is the cosine of the passage's best sentence, and `lexical` what `Lexical.scores` gives.
    """

    passages: tuple[Passage, ...]
    met: Vectors
    weights: Vectors
    content: NDArray[np.bool_]
    sentence: Vectors
    lexical: Vectors


class Index:
    """Documents, their passages, and what is known of each passage; immutable and safe to share."""

    def __init__(
        self, documents: Sequence[Document], entries: Sequence[Entry], store: VectorStore, tokens: Tokens
    ) -> None:
        self.documents = {document.id: document for document in documents}
        self.passages = tuple(passage for passage, _ in entries)
        self.entries = tuple(entries)
        self._tokens = tokens
        self._store = store
        self._first = np.cumsum([0, *(2 + len(marks) for _, marks in entries)])
        if len(store) != self._first[-1] or len(tokens) != len(entries):
            raise IndexDamaged(f"The index holds vectors of other passages: {CURE}.")
        self._parents = np.repeat(np.arange(len(entries)), np.diff(self._first))
        self._rows = {passage: row for row, passage in enumerate(self.passages)}
        self._lexical = Lexical(["\n".join((one.title, *one.headings, one.text)) for one in self.passages])
        self._rarity = self._token_rarity()

    def evidence(self, question: Encoded, text: str) -> Evidence:
        """Find the passages that may answer a question, and what it finds in each."""
        lexical = self._lexical.scores(text)
        rows = self._candidates(question, lexical)
        told = content(text, question.spans)
        met = self._tokens.met(unit(question.tokens), rows)
        sentence = np.array([self._cosines(question, row).max() for row in rows], dtype=np.float32)
        return Evidence(
            tuple(self.passages[row] for row in rows), met, self._weights(question), told, sentence, lexical[rows]
        )

    def sentences(self, question: Encoded, passage: Passage) -> tuple[tuple[Highlight, float], ...]:
        """Give the sentences of a passage, in reading order, with how well each meets the question's tokens."""
        row = self._rows[passage]
        _, marks = self.entries[row]
        met = self._tokens.met_by_sentence(unit(question.tokens), row, len(marks))
        weights = self._weights(question) + _LEAST
        return tuple(zip(marks, map(float, met @ weights / weights.sum()), strict=True))

    def encoded(self, row: int) -> tuple[Vectors, Tokens]:
        """Give the unit vectors and the tokens of one passage, for the next build."""
        return self._store.vectors(np.arange(self._first[row], self._first[row + 1])), self._tokens.passage(row)

    def _candidates(self, question: Encoded, lexical: Vectors) -> list[int]:
        """Take passages in turn from those nearest in meaning and those with most words in common."""
        _, units = self._store.search(question.vector, _NEAREST)
        near = list(dict.fromkeys(self._parents[units].tolist()))
        most = min(_MATCHING, len(lexical))
        matching = [row for row in np.argpartition(-lexical, most - 1)[:most].tolist() if lexical[row] > 0]
        return list(dict.fromkeys([*near[:_CLOSELY], *matching]))

    def _weights(self, question: Encoded) -> Vectors:
        return np.array([self._rarity.get(int(one), 1.0) for one in question.ids], dtype=np.float32)

    def _cosines(self, question: Encoded, row: int) -> Vectors:
        own = np.arange(self._first[row] + 1, self._first[row + 1])
        return self._store.vectors(own) @ question.vector

    def _token_rarity(self) -> dict[int, float]:
        owners = np.repeat(np.arange(len(self._tokens)), np.diff(self._tokens.first))
        pairs = np.unique(np.stack([self._tokens.ids.astype(np.int64), owners]), axis=1)
        ids, having = np.unique(pairs[0], return_counts=True)
        return dict(zip(ids.tolist(), map(float, rarity(len(self._tokens), having)), strict=True))
