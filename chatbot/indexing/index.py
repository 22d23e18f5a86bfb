"""The index in memory: documents, passages, and the scores of passages for a question."""

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

_DENSE_TOP_K: Final = 192  # spans that the vector search returns
_RERANK_DEPTH: Final = 48  # passages of these spans that become candidates
_BM25_TOP_K: Final = 24  # passages that BM25 adds to the candidates
_EPSILON: Final = 1e-3  # added to each token weight, so that a question of common tokens alone can be scored

Entry = tuple[Passage, tuple[Highlight, ...]]
"""A passage and its sentences."""


@dataclass(frozen=True, slots=True)
class Query:
    """A question in the forms that are searched.

    `encoded` is the whole `text` as the encoder reads it, with at least one token. `token_weights` are the weights of
    its tokens, 0 to 1, shape (tokens,). `vector` is searched among the spans, and `weighted_texts` are those that BM25
    searches, each with a weight.
    """

    text: str
    encoded: Encoded
    token_weights: Vectors
    vector: Vectors
    weighted_texts: tuple[tuple[str, float], ...]

    @classmethod
    def of(cls, text: str, encoded: Encoded) -> Self:
        """Return the query of a question that stands by itself."""
        return cls(text, encoded, np.ones(len(encoded.ids), dtype=np.float32), encoded.vector, ((text, 1.0),))


@dataclass(frozen=True, slots=True)
class Evidence:
    """Scores of each candidate passage, in no particular order, each of the shape (passages,).

    `maxsim`: IDF-weighted MaxSim of the question's tokens over the passage's best two-sentence window.
    `content_maxsim`: the same over content words only. `sentence`: cosine of the question and the passage's best
    sentence. `bm25`: the score of `BM25Index`.
    """

    passages: tuple[Passage, ...]
    maxsim: Vectors
    content_maxsim: Vectors
    sentence: Vectors
    bm25: Vectors


class Index:
    """Documents and passages with their vectors, tokens and words; immutable and safe to share between threads."""

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
        self._offsets = np.cumsum([0, *(2 + len(sentences) for _, sentences in entries)])
        if len(store) != self._offsets[-1] or len(tokens) != len(entries):
            raise IndexDamaged(f"The index holds vectors of other passages: {REBUILD_HINT}.")
        self._passage_of_span = np.repeat(np.arange(len(entries)), np.diff(self._offsets))
        self._rows = {passage: row for row, passage in enumerate(self.passages)}
        self._bm25 = BM25Index(["\n".join((each.title, *each.headings, each.text)) for each in self.passages])
        self._token_idf = self._compute_token_idf()

    @property
    def words(self) -> Mapping[str, int]:
        """The number of times that each word stands in the corpus, by the word in lower case."""
        return self._bm25.words

    def without_topic(self, text: str) -> str:
        """Return a question without the words that most passages have; may be empty."""
        return self._bm25.without_topic(text)

    def evidence(self, query: Query) -> Evidence:
        """Return the passages that may answer a question, with their scores."""
        bm25 = sum((weight * self._bm25.scores(text) for text, weight in query.weighted_texts), np.zeros(1, np.float32))
        rows = self._candidates(query, bm25)
        maxsim, content_maxsim = self._maxsim(query, rows)
        passages = tuple(self.passages[row] for row in rows)
        return Evidence(passages, maxsim, content_maxsim, self._best_sentences(query, rows), bm25[rows])

    def content_maxsim(self, query: Query, passages: Sequence[Passage]) -> Vectors:
        """Return the `content_maxsim` of `Evidence` for some passages."""
        return self._maxsim(query, [self._rows[passage] for passage in passages])[1]

    def has_content_words(self, query: Query) -> bool:
        """Return whether any word of a question is no stop word."""
        return bool(self._content_mask(query).any())

    def nearest(self, vector: Vectors) -> Passage:
        """Return the passage with the span that is nearest to a vector."""
        _, spans = self._store.search(vector, 1)
        return self.passages[int(self._passage_of_span[spans[0]])]

    def sentences(self, query: Query, passage: Passage) -> tuple[tuple[Highlight, float], ...]:
        """Return the sentences of a passage, in reading order, each with its IDF-weighted MaxSim."""
        row = self._rows[passage]
        _, sentences = self.entries[row]
        cosines = self._tokens.sentence_maxsim(l2_normalise(query.encoded.tokens), row, len(sentences))
        weights = self._weights(query)
        return tuple(zip(sentences, map(float, cosines @ weights / weights.sum()), strict=True))

    def encoded(self, row: int) -> tuple[Vectors, Tokens]:
        """Return the span vectors and the tokens of one passage, so that the next build need not encode it."""
        return self._store.vectors(np.arange(self._offsets[row], self._offsets[row + 1])), self._tokens.passage(row)

    def _candidates(self, query: Query, bm25: Vectors) -> list[int]:
        """Return the rows of the passages that the vector search finds, then of those that only BM25 finds."""
        _, spans = self._store.search(query.vector, _DENSE_TOP_K)
        near = list(dict.fromkeys(self._passage_of_span[spans].tolist()))
        limit = min(_BM25_TOP_K, len(bm25))
        matching = [row for row in np.argpartition(-bm25, limit - 1)[:limit].tolist() if bm25[row] > 0]
        return list(dict.fromkeys([*near[:_RERANK_DEPTH], *matching]))

    def _maxsim(self, query: Query, rows: Sequence[int]) -> tuple[Vectors, Vectors]:
        """Return `maxsim` and `content_maxsim` of some passages; the two are equal without content words."""
        windows, first = self._tokens.maxsim(l2_normalise(query.encoded.tokens), rows)
        weights = self._weights(query)
        content = weights * self._content_mask(query) + _EPSILON * weights
        both = windows @ np.stack([weights / weights.sum(), content / content.sum()], axis=1)
        best = np.maximum.reduceat(both, first, axis=0)
        return best[:, 0], best[:, 1]

    def _weights(self, query: Query) -> Vectors:
        idf = np.array([self._token_idf.get(token, 1.0) for token in query.encoded.ids.tolist()], dtype=np.float32)
        return np.asarray((idf + _EPSILON) * query.token_weights, dtype=np.float32)

    def _content_mask(self, query: Query) -> NDArray[np.bool_]:
        return content_word_mask(query.text, query.encoded.spans)

    def _best_sentences(self, query: Query, rows: Sequence[int]) -> Vectors:
        spans = [np.arange(self._offsets[row] + 1, self._offsets[row + 1]) for row in rows]
        cosines = self._store.vectors(np.concatenate(spans)) @ query.vector
        return np.asarray(np.maximum.reduceat(cosines, np.cumsum([0, *map(len, spans[:-1])])), dtype=np.float32)

    def _compute_token_idf(self) -> dict[int, float]:
        owners = np.repeat(np.arange(len(self._tokens)), np.diff(self._tokens.offsets))
        pairs = np.unique(np.stack([self._tokens.ids.astype(np.int64), owners]), axis=1)
        ids, document_frequency = np.unique(pairs[0], return_counts=True)
        idf = normalised_idf(len(self._tokens), document_frequency)
        return dict(zip(ids.tolist(), idf.tolist(), strict=True))
