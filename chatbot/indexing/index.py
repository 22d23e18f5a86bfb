"""The index in memory: passages, and what a question finds of itself in each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.bm25 import BM25Index, content_word_mask, normalised_idf
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Encoded, Vectors
from chatbot.indexing.late_interaction import Tokens, l2_normalise
from chatbot.indexing.store import VectorStore
from chatbot.records import Document, Highlight, Passage

__all__ = ["Entry", "Evidence", "Index", "Query"]


@dataclass(frozen=True, slots=True)
class Query:
    """A question and what each part of it counts for.

    `encoded` is the whole `text` as the encoder reads it, with at least one token; `shares` says what each of its
    tokens counts for, 0 to 1; `vector` finds passages by meaning, and `words` are the texts that find them by words in
    common, each with its share.
    """

    text: str
    encoded: Encoded
    token_weights: Vectors
    vector: Vectors
    words: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, text: str, encoded: Encoded) -> Self:
        """Search for a question that stands by itself."""
        return cls(text, encoded, np.ones(len(encoded.ids), dtype=np.float32), encoded.vector, ((text, 1.0),))


Entry = tuple[Passage, tuple[Highlight, ...]]
"""A passage and its sentences."""

_DENSE_TOP_K: Final = 192  # units that are looked up by meaning, and
_BM25_TOP_K: Final = 24  # passages by words; the best of both are looked at closely
_RERANK_DEPTH: Final = 48  # passages
_EPSILON: Final = 1e-3  # the weight of a token that says nothing; a question of such tokens alone is still read


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a question finds in its candidate passages.

    For each candidate, best first by no order that matters: `met` says how well the words of the question are met in
    the best stretch of two sentences under their headings, a mean of cosines weighted by how rare each token is in the
    corpus; `content` the same for the words that say something by themselves; `sentence` is the cosine of the best
    sentence, and `lexical` what `BM25Index.scores` gives. Each has the shape (passages,).
    """

    passages: tuple[Passage, ...]
    maxsim: Vectors
    content_maxsim: Vectors
    sentence: Vectors
    bm25: Vectors


class Index:
    """Documents, their passages, and what is known of each passage; immutable and safe to share."""

    def __init__(
        self,
        documents: Sequence[Document],
        entries: Sequence[Entry],
        store: VectorStore,
        tokens: Tokens,
        calibration: Mapping[str, float],
    ) -> None:
        self.documents = {document.id: document for document in documents}
        self.passages = tuple(passage for passage, _ in entries)
        self.entries = tuple(entries)
        self.calibration = calibration
        self._tokens = tokens
        self._store = store
        self._first = np.cumsum([0, *(2 + len(marks) for _, marks in entries)])
        if len(store) != self._first[-1] or len(tokens) != len(entries):
            raise IndexDamaged(f"The index holds vectors of other passages: {REBUILD_HINT}.")
        self._parents = np.repeat(np.arange(len(entries)), np.diff(self._first))
        self._rows = {passage: row for row, passage in enumerate(self.passages)}
        self._lexical = BM25Index(["\n".join((one.title, *one.headings, one.text)) for one in self.passages])
        self._rarity = self._token_rarity()

    @property
    def words(self) -> Mapping[str, int]:
        """How often each word stands in the corpus, in lower case."""
        return self._lexical.words

    def without_topic(self, text: str) -> str:
        """Give a question without the words that stand in most passages of the corpus; nothing may be left."""
        return self._lexical.without_topic(text)

    def evidence(self, query: Query) -> Evidence:
        """Find the passages that may answer a question, and what it finds in each."""
        lexical = sum((share * self._lexical.scores(text) for text, share in query.words), np.zeros(1, np.float32))
        rows = self._candidates(query, lexical)
        met, content_maxsim = self._met(query, rows)
        passages = tuple(self.passages[row] for row in rows)
        return Evidence(passages, met, content_maxsim, self._best_sentences(query, rows), lexical[rows])

    def content_maxsim(self, query: Query, passages: Sequence[Passage]) -> Vectors:
        """Say how well passages meet the words of a question that say something, as in `Evidence`."""
        return self._met(query, [self._rows[passage] for passage in passages])[1]

    def has_content_words(self, query: Query) -> bool:
        """Tell whether any word of a question says something by itself."""
        return bool(self._content(query).any())

    def nearest(self, vector: Vectors) -> Passage:
        """Give the passage that lies nearest to a vector, as a whole or with one of its sentences."""
        _, units = self._store.search(vector, 1)
        return self.passages[int(self._parents[units[0]])]

    def sentences(self, query: Query, passage: Passage) -> tuple[tuple[Highlight, float], ...]:
        """Give the sentences of a passage, in reading order, with how well each meets the question's tokens."""
        row = self._rows[passage]
        _, marks = self.entries[row]
        met = self._tokens.sentence_maxsim(l2_normalise(query.encoded.tokens), row, len(marks))
        weights = self._weights(query)
        return tuple(zip(marks, map(float, met @ weights / weights.sum()), strict=True))

    def encoded(self, row: int) -> tuple[Vectors, Tokens]:
        """Give the unit vectors and the tokens of one passage, for the next build."""
        return self._store.vectors(np.arange(self._first[row], self._first[row + 1])), self._tokens.passage(row)

    def _candidates(self, query: Query, lexical: Vectors) -> list[int]:
        """Take passages in turn from those nearest in meaning and those with most words in common."""
        _, units = self._store.search(query.vector, _DENSE_TOP_K)
        near = list(dict.fromkeys(self._parents[units].tolist()))
        most = min(_BM25_TOP_K, len(lexical))
        matching = [row for row in np.argpartition(-lexical, most - 1)[:most].tolist() if lexical[row] > 0]
        return list(dict.fromkeys([*near[:_RERANK_DEPTH], *matching]))

    def _met(self, query: Query, rows: Sequence[int]) -> tuple[Vectors, Vectors]:
        """Give `met` and `content` of some passages; without content words, the second is the first."""
        windows, first = self._tokens.maxsim(l2_normalise(query.encoded.tokens), rows)
        weights = self._weights(query)
        telling = weights * self._content(query) + _EPSILON * weights
        both = windows @ np.stack([weights / weights.sum(), telling / telling.sum()], axis=1)
        best = np.maximum.reduceat(both, first, axis=0)
        return best[:, 0], best[:, 1]

    def _weights(self, query: Query) -> Vectors:
        rare = np.array([self._rarity.get(int(one), 1.0) for one in query.encoded.ids], dtype=np.float32)
        return np.asarray((rare + _EPSILON) * query.token_weights, dtype=np.float32)

    def _content(self, query: Query) -> NDArray[np.bool_]:
        return content_word_mask(query.text, query.encoded.spans)

    def _best_sentences(self, query: Query, rows: Sequence[int]) -> Vectors:
        own = [np.arange(self._first[row] + 1, self._first[row + 1]) for row in rows]
        cosines = self._store.vectors(np.concatenate(own)) @ query.vector
        return np.asarray(np.maximum.reduceat(cosines, np.cumsum([0, *map(len, own[:-1])])), dtype=np.float32)

    def _token_rarity(self) -> dict[int, float]:
        owners = np.repeat(np.arange(len(self._tokens)), np.diff(self._tokens.offsets))
        pairs = np.unique(np.stack([self._tokens.ids.astype(np.int64), owners]), axis=1)
        ids, having = np.unique(pairs[0], return_counts=True)
        return dict(zip(ids.tolist(), map(float, normalised_idf(len(self._tokens), having)), strict=True))
