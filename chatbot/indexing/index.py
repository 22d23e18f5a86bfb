"""The index of a build: documents, passages, and the scores of passages for a question."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.bm25 import BM25Index, TermQuery, content_word_mask, normalised_idf
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.copies import DistinctPassages, read_copies
from chatbot.indexing.encoder import Encoded, Vectors
from chatbot.indexing.late_interaction import Offsets, Tokens, l2_normalise
from chatbot.indexing.store import Rows, StoreDraft, StoreKind
from chatbot.indexing.texts import Page, Texts
from chatbot.language import UNKNOWN, guess_language
from chatbot.records import Highlight, Passage

__all__ = ["Evidence", "Index", "Query", "SentenceEvidence", "searched_text", "write_encodings"]

_DENSE_TOP_K: Final = 192  # spans that the vector search returns
_RERANK_DEPTH: Final = 48  # passages of these spans that become candidates
_BM25_TOP_K: Final = 24  # passages that BM25 adds to the candidates
_KEY_WORD_SHARE: Final = 0.3  # share of the greatest content weight from which on a token is a key word
_EPSILON: Final = 1e-3  # added to each token weight, so that a question of common tokens alone can be scored

_FEW_PASSAGES: Final = 5  # and the share of all; a language of fewer is a slip of the guess, or of no use to a search
_FEW_SHARE: Final = 0.02

_IDF_FILE: Final = "token_idf.npy"


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


@dataclass(frozen=True, slots=True)
class SentenceEvidence:
    """The sentences of a passage in reading order, and how they meet a question.

    `maxsim`: highest cosine of each token of the question in each sentence, shape (sentences, tokens).
    `heading_maxsim`: the same in the title and headings above, shape (tokens,), 0 without any. `weights`: the IDF
    weight of each token. `cosine`: cosine of the question and each sentence. `to_passage`: cosine of each sentence and
    the passage under its headings, then the text of the passage alone, shape (sentences, 2).
    """

    sentences: tuple[Highlight, ...]
    maxsim: Vectors
    heading_maxsim: Vectors
    weights: Vectors
    cosine: Vectors
    to_passage: Vectors


def searched_text(passage: Passage) -> str:
    """Return the text of a passage that BM25 searches."""
    return "\n".join((passage.title, *passage.headings, passage.text))


def write_encodings(folder: Path, store: StoreKind, encodings: Iterable[tuple[Vectors, Tokens]]) -> Mapping[str, float]:
    """Write span vectors and tokens into a folder, in order, and return figures of the vector search.

    Each encoding holds those of one or more passages.
    """
    held: StoreDraft | None = None
    passages, having = 0, np.zeros(0, dtype=np.int64)

    def tokens() -> Iterator[Tokens]:
        nonlocal held, passages, having
        for vectors, part in encodings:
            if held is None:
                held = store.of(vectors)
            else:
                held.add(vectors)
            counts = _passages_with_tokens(part, len(having))
            counts[: len(having)] += having
            passages, having = passages + len(part), counts
            yield part

    Tokens.write(folder, tokens())
    np.save(folder / _IDF_FILE, normalised_idf(passages, having))
    return held.write(folder) if held else {}


def _main_languages(languages: NDArray[np.str_]) -> tuple[str, ...]:
    """Return the languages that many of some passages are in, the most frequent first; "" is an unknown one."""
    names, counts = np.unique(languages[languages != ""], return_counts=True)
    many = counts >= max(_FEW_PASSAGES, _FEW_SHARE * len(languages))
    return tuple(names[many][np.argsort(-counts[many], kind="stable")].tolist())


def _merged(near: Rows, matching: Rows) -> list[int]:
    """Return the first of the passages whose spans are near, then those that match."""
    return list(dict.fromkeys([*list(dict.fromkeys(near.tolist()))[:_RERANK_DEPTH], *matching.tolist()]))


def _passages_with_tokens(tokens: Tokens, least: int) -> NDArray[np.int64]:
    """Return the number of passages that have each token, by the token's number; at least so many numbers."""
    vocabulary = max(least, int(tokens.ids.max()) + 1 if len(tokens.ids) else 0)
    owners = np.repeat(np.arange(len(tokens)), np.diff(tokens.offsets))
    return np.bincount(np.unique(owners * vocabulary + tokens.ids) % vocabulary, minlength=vocabulary)


class Index:
    """Documents and passages with their vectors, tokens and words; immutable and safe to share between threads.

    Passages that say the same are one distinct passage: vectors, tokens and words are held of these alone, by their
    numbers. One of the passages stands for it in what is found.
    """

    def __init__(self, folder: Path, store: StoreKind) -> None:
        """Map the files of a build into memory; raises `IndexDamaged` where it does not fit together."""
        self._texts = Texts(folder)
        self.documents = self._texts.documents
        self.passages = self._texts.passages
        self.entries = self._texts.entries
        self._tokens = Tokens.open(folder)
        self._store = store.open(folder)
        self._distinct = DistinctPassages.open(folder, len(self.entries))
        self.page_copies = read_copies(folder)
        """The pages that say the same as another one, or nearly so."""
        spans = np.diff(self._texts.first_spans)[self._distinct.rows]
        self._offsets = np.concatenate([[0], np.cumsum(spans)])
        if len(self._store) != self._offsets[-1] or len(self._tokens) != len(self._distinct):
            raise IndexDamaged(f"The index holds vectors of other passages: {REBUILD_HINT}.")
        self._bm25 = BM25Index.open(folder, len(self._distinct))
        languages = self._texts.passage_languages()[self._distinct.rows]
        self._languages = np.unique(languages, return_inverse=True)
        self.languages = _main_languages(languages)
        """The languages that more than a few of the passages are in, the most frequent first."""
        try:
            self._token_idf = np.load(folder / _IDF_FILE, allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise IndexDamaged(f"The tokens in {folder} cannot be read: {REBUILD_HINT}.") from error

    @property
    def token_bits(self) -> int:
        """The bits that a dimension of a token vector is rounded to."""
        return self._tokens.bits

    @property
    def vector_bits(self) -> int:
        """The bits that a component of a span's vector is rounded to."""
        return self._store.bits

    @property
    def words(self) -> Mapping[str, int]:
        """The number of times that each word stands in the corpus, by the word in lower case."""
        return self._bm25.words

    @property
    def headings(self) -> Sequence[str]:
        """The distinct last headings above passages, in order."""
        return self._texts.headings

    def page(self, name: str, digest: str) -> Page | None:
        """Return a page with its passages if its file had this digest."""
        return self._texts.page(name, digest)

    def without_topic(self, text: str) -> str:
        """Return a question without the words that most passages have; may be empty."""
        return self._bm25.without_topic(text)

    def content_stems(self, text: str) -> frozenset[str]:
        """Return the stems of the words of a text that are no stop words."""
        return self._bm25.content_stems(text)

    def evidence(self, query: Query, document: str | None = None) -> Evidence:
        """Return the passages that may answer a question, of one document or of all, with their scores."""
        terms = TermQuery(self._bm25, self._bm25.weights(query.weighted_texts), _BM25_TOP_K)
        if document is None:
            numbers = self._candidates(query, terms)
            rows = self._distinct.rows[numbers].tolist()
        else:
            rows = self._candidates_of(document, query, terms)
            numbers = self._distinct.of_row[rows].tolist()
        maxsim, content_maxsim = self._maxsim(query, numbers)
        passages = tuple(self.passages[row] for row in rows)
        sentences = self._best_sentences(query, numbers)
        return Evidence(passages, maxsim, content_maxsim, sentences, terms.scores_of(numbers))

    def content_maxsim(self, query: Query, passages: Sequence[Passage]) -> Vectors:
        """Return the `content_maxsim` of `Evidence` for some passages."""
        return self._maxsim(query, [self._number(passage) for passage in passages])[1]

    def content_match(self, query: Query, passages: Sequence[Passage]) -> tuple[Vectors, Vectors]:
        """Return for some passages the `content_maxsim`, and the lowest MaxSim of the question's key words, -1 to 1.

        Key words are the tokens whose content weight is not far below the greatest.
        """
        windows, first = self._windows(query, [self._number(passage) for passage in passages])
        weights = self.content_weights(query)
        best = np.maximum.reduceat(windows, first, axis=0)
        weakest = best[:, weights > _KEY_WORD_SHARE * weights.max()].min(axis=1)
        return self._weighted(query, windows, first)[1], np.asarray(weakest, dtype=np.float32)

    def content_weights(self, query: Query) -> Vectors:
        """Return the weight of each token of a question, shape (tokens,): its rarity, almost 0 for stop words."""
        weights = self._weights(query)
        return np.asarray(weights * self._content_mask(query) + _EPSILON * weights, dtype=np.float32)

    def token_ids(self, passage: Passage) -> NDArray[np.integer[Any]]:
        """Return the distinct tokens of a passage and its headings, by their numbers in the model's vocabulary."""
        number = self._number(passage)
        return np.unique(self._tokens.passages(number, number + 1).ids)

    def passages_of(self, document: str) -> tuple[Passage, ...]:
        """Return the passages of a document, in order; none if there is no such document."""
        return self._texts.passages_of(document)

    def copies(self, passage: Passage) -> tuple[Passage, ...]:
        """Return the other passages that say the same as a passage under the same headings, in order."""
        return tuple(self.passages[row] for row in self._distinct.others(self._texts.row(passage)))

    def representative(self, passage: Passage) -> Passage:
        """Return the passage that stands for all that say the same as one."""
        return self.passages[int(self._distinct.rows[self._number(passage)])]

    def distinct_passages(self) -> Iterator[Passage]:
        """Yield the passages, in order, without those that say the same as another one that stands for them."""
        return (self.passages[row] for row in np.sort(self._distinct.rows).tolist())

    @cached_property
    def has_one_page(self) -> bool:
        """Whether all passages are those of one page, or copies of them."""
        passages = self.distinct_passages()
        first = next(passages).document
        return all(passage.document == first for passage in passages)

    def has_content_words(self, query: Query) -> bool:
        """Return whether any word of a question is no stop word."""
        return bool(self._content_mask(query).any())

    def nearest(self, vector: Vectors) -> Passage:
        """Return the passage with the span that is nearest to a vector."""
        _, spans = self._store.search(vector, 1)
        return self.passages[int(self._distinct.rows[self._numbers_of(spans)[0]])]

    def sentences(self, query: Query, passage: Passage) -> SentenceEvidence:
        """Return the sentences of a passage, and how they meet a question."""
        row = self._texts.row(passage)
        _, sentences = self.entries[row]
        number = int(self._distinct.of_row[row])
        groups = self._tokens.group_maxsim(l2_normalise(query.encoded.tokens), number, len(sentences))
        vectors = self._store.vectors(np.arange(self._offsets[number], self._offsets[number + 1]))
        return SentenceEvidence(
            sentences,
            groups[1:],
            groups[0],
            self._weights(query),
            vectors[2:] @ query.vector,
            vectors[2:] @ vectors[:2].T,
        )

    def encoded(self, start: int, stop: int) -> tuple[Vectors, Tokens]:
        """Return the span vectors and the tokens of distinct passages, so that the next build need not encode them."""
        spans = np.arange(self._offsets[start], self._offsets[stop])
        return self._store.vectors(spans), self._tokens.passages(start, stop)

    def _candidates(self, query: Query, terms: TermQuery) -> list[int]:
        """Return the numbers of the passages that the vector search finds, then of those that only BM25 finds.

        Where pages are in several languages, only those in the question's are searched, if they hold any candidate.
        """
        own = self._in_language_of(query.text)
        if own is not None:
            mask = self._mask(own)
            near, matching = self._found(query, replace(terms, languages=own, mask=mask))
            near = near[mask[near]]
            if len(near) or len(matching):
                return _merged(near, matching)
        return _merged(*self._found(query, terms))

    def _found(self, query: Query, terms: TermQuery) -> tuple[Rows, Rows]:
        """Return the passages with the nearest spans, best first, and those with the highest scores of BM25."""
        spans, matching = self._store.hybrid(query.vector, _DENSE_TOP_K, terms)
        return self._numbers_of(spans), matching

    def _in_language_of(self, question: str) -> tuple[str, ...] | None:
        """Return the languages whose passages may answer a question: its own or an unknown one; None for any."""
        if len(self.languages) < 2:
            return None
        language = guess_language(question, self.languages)
        return None if language == UNKNOWN else (language, "")

    def _mask(self, languages: Sequence[str]) -> NDArray[np.bool_]:
        """Return which passages are in one of some languages."""
        names, codes = self._languages
        return np.isin(names, languages)[codes]

    def _candidates_of(self, document: str, query: Query, terms: TermQuery) -> list[int]:
        """Return the rows of a document's passages; of a long one, those nearest by meaning, then those by BM25."""
        numbers, first = np.unique(self._distinct.of_row[self._texts.rows_of(document)], return_index=True)
        rows = first + self._texts.rows_of(document).start
        near = rows[np.argsort(-self._best_sentences(query, numbers.tolist()), kind="stable")]
        matching = rows[np.argsort(-terms.scores_of(numbers.tolist()), kind="stable")]
        return list(dict.fromkeys([*near[:_RERANK_DEPTH].tolist(), *matching[:_BM25_TOP_K].tolist()]))

    def _maxsim(self, query: Query, numbers: Sequence[int]) -> tuple[Vectors, Vectors]:
        """Return `maxsim` and `content_maxsim` of some passages; the two are equal without content words."""
        return self._weighted(query, *self._windows(query, numbers))

    def _windows(self, query: Query, numbers: Sequence[int]) -> tuple[Vectors, Offsets]:
        """Return the highest cosines of the question's tokens in each window of some passages, as `Tokens.maxsim`."""
        return self._tokens.maxsim(l2_normalise(query.encoded.tokens), numbers)

    def _weighted(self, query: Query, windows: Vectors, first: Offsets) -> tuple[Vectors, Vectors]:
        weights = self._weights(query)
        content = self.content_weights(query)
        both = windows @ np.stack([weights / weights.sum(), content / content.sum()], axis=1)
        best = np.maximum.reduceat(both, first, axis=0)
        return best[:, 0], best[:, 1]

    def _weights(self, query: Query) -> Vectors:
        ids = query.encoded.ids
        known = ids < len(self._token_idf)  # a token with a higher number stands in no passage
        idf = np.where(known, self._token_idf[np.where(known, ids, 0)], np.float32(1))
        return np.asarray((idf + _EPSILON) * query.token_weights, dtype=np.float32)

    def _content_mask(self, query: Query) -> NDArray[np.bool_]:
        return content_word_mask(query.text, query.encoded.spans, self._bm25.languages)

    def _best_sentences(self, query: Query, numbers: Sequence[int]) -> Vectors:
        spans = [np.arange(self._offsets[number] + 1, self._offsets[number + 1]) for number in numbers]
        cosines = self._store.vectors(np.concatenate(spans)) @ query.vector
        return np.asarray(np.maximum.reduceat(cosines, np.cumsum([0, *map(len, spans[:-1])])), dtype=np.float32)

    def _number(self, passage: Passage) -> int:
        return int(self._distinct.of_row[self._texts.row(passage)])

    def _numbers_of(self, spans: Rows) -> Rows:
        return np.searchsorted(self._offsets, spans, side="right") - 1
