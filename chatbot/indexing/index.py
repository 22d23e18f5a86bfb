"""The index in memory: passages and the vectors of their units, searched."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.encoder import Vectors
from chatbot.indexing.store import VectorStore
from chatbot.indexing.units import Kind, units
from chatbot.records import Document, Highlight, Hit, Passage

__all__ = ["Entry", "Index"]

Entry = tuple[Passage, tuple[Highlight, ...]]
"""A passage and its sentences."""

_NEAREST: Final = 256  # units whose passages are looked at closely


class Index:
    """Documents, their passages, and the vectors of each passage's units; immutable and safe to share."""

    def __init__(self, documents: Sequence[Document], entries: Sequence[Entry], store: VectorStore) -> None:
        self.documents = {document.id: document for document in documents}
        self.passages = tuple(passage for passage, _ in entries)
        self._sentences = tuple(marks for _, marks in entries)
        self._store = store
        kinds = [[unit.kind for unit in units(*entry)] for entry in entries]
        self._first = np.cumsum([0, *map(len, kinds)])
        self._kinds = np.array([kind for own in kinds for kind in own], dtype=np.int8)
        self._parents = np.repeat(np.arange(len(entries)), np.diff(self._first))
        self._rows = {passage: row for row, passage in enumerate(self.passages)}
        self._entries = tuple(entries)
        if len(store) != len(self._kinds):
            raise IndexDamaged("The index holds vectors of other passages: run 'python -m chatbot build'.")

    def search(self, question: Vectors, most: int) -> tuple[Hit, ...]:
        """Find the passages nearest to a question's vector, best first.

        A passage's score is the mean, over the four granularities, of the cosine of its best unit.
        """
        _, rows = self._store.search(question, _NEAREST)
        parents = np.unique(self._parents[rows])
        hits = [Hit(self.passages[parent], self._score(question, int(parent))) for parent in parents]
        return tuple(sorted(hits, key=lambda hit: -hit.score)[:most])

    def sentences(self, question: Vectors, passage: Passage) -> tuple[tuple[Highlight, float], ...]:
        """Give the sentences of a passage with their cosines to a question's vector, in reading order."""
        row = self._rows[passage]
        cosines = self._cosines(question, row)[self._kinds_of(row) == Kind.SENTENCE]
        return tuple(zip(self._sentences[row], map(float, cosines), strict=True))

    def _score(self, question: Vectors, row: int) -> float:
        cosines, kinds = self._cosines(question, row), self._kinds_of(row)
        return float(np.mean([cosines[kinds == kind].max() for kind in Kind if (kinds == kind).any()]))

    def _cosines(self, question: Vectors, row: int) -> Vectors:
        return self._store.vectors(np.arange(self._first[row], self._first[row + 1])) @ question.reshape(-1)

    def _kinds_of(self, row: int) -> NDArray[np.int8]:
        return self._kinds[self._first[row] : self._first[row + 1]]

    def texts(self) -> dict[str, Vectors]:
        """Give every text that was embedded with its vector."""
        texts = [unit.text for entry in self._entries for unit in units(*entry)]
        return dict(zip(texts, self._store.vectors(np.arange(len(texts))), strict=True))
