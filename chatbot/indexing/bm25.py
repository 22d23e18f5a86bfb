"""BM25 over the stemmed words of passages, and the content words of a text; owns bm25s and the stemmer.

Source: S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
"""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

import bm25s
import numpy as np
import Stemmer
from bm25s.stopwords import STOPWORDS_EN_PLUS
from numpy.typing import NDArray

from chatbot.indexing.encoder import Numbers, Vectors

__all__ = ["BM25Index", "content_word_mask", "content_words", "normalised_idf"]

_K1: Final = 1.2
_B: Final = 0.75
_IDF_SCALE: Final = 8.0  # the idf of a word that stands in one of about 2,000 passages
_NO_PASSAGE: Final = np.array(0)
_STOP_WORDS: Final = frozenset(STOPWORDS_EN_PLUS)
_TOPIC_SHARE: Final = 0.5  # a word in more than this share of the passages is a topic word
_TOPIC_PASSAGES: Final = 3  # and in more than this many: a page or two have no topic apart from their text
_WORD = re.compile(r"\w+")
_LETTERS = re.compile(r"[^\W\d_]+")


def content_words(text: str) -> tuple[str, ...]:
    """Return the words of a text that are no stop words."""
    return tuple(word for word in _WORD.findall(text) if word.casefold() not in _STOP_WORDS)


def content_word_mask(text: str, spans: Numbers) -> NDArray[np.bool_]:
    """Return which of the spans of a text, shape (n, 2), belong to a content word."""
    mask = np.zeros(len(text), dtype=bool)
    for word in _WORD.finditer(text):
        mask[word.start() : word.end()] = word.group().casefold() not in _STOP_WORDS
    return mask[spans[:, 0]]


def normalised_idf(passages: int, document_frequency: NDArray[np.int64]) -> Vectors:
    """Return BM25's idf for counts of passages, as a share of the idf of a term that no passage has.

    A term of most passages, such as the topic of the corpus, gets nearly 0.
    """
    return np.asarray(_idf(passages, document_frequency) / _idf(passages, _NO_PASSAGE), dtype=np.float32)


def _idf(passages: int, frequency: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.log1p((passages - frequency + 0.5) / (frequency + 0.5)), dtype=np.float64)


class BM25Index:
    """An index of the stemmed words of passages; `words` counts each word of the corpus, in lower case."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self.words = Counter(word for text in texts for word in _LETTERS.findall(text.casefold()))
        stems = [self._stems(text) for text in texts]
        self._document_frequency = Counter(stem for passage in stems for stem in set(passage))
        self._passages = len(texts)
        self._bm25 = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        self._bm25.index(stems, show_progress=False)

    def scores(self, text: str) -> Vectors:
        """Return a score for each passage, 0 to about 0.45, shape (passages,).

        The score is BM25 divided by an upper bound for the question, times the idf of its rarest known word on a scale
        of 0 to about 1. A match of common words alone therefore counts little. The bound has the factor k1 + 1 of the
        original formula, which bm25s leaves out of its scores, so that not even a perfect match gets 1. `ranking.json`
        was fitted to this scale.
        """
        question = dict.fromkeys(self._stems(text))
        stems = [stem for stem in question if stem in self._document_frequency]
        if not stems:
            return np.zeros(self._passages, dtype=np.float32)
        idf = _idf(self._passages, np.array([self._document_frequency[stem] for stem in stems]))
        unknown = _idf(self._passages, _NO_PASSAGE) * (len(question) - len(stems))
        highest = (_K1 + 1) * (idf.sum() + unknown)
        return np.asarray(self._bm25.get_scores(stems) / highest * idf.max() / _IDF_SCALE, dtype=np.float32)

    def without_topic(self, text: str) -> str:
        """Return a question without topic words, which most passages have; stop words stay.

        Empty where no word is left, even if punctuation is.
        """
        left = _WORD.sub(lambda word: "" if self._is_topic(word.group()) else word.group(), text)
        return " ".join(left.split()) if _WORD.search(left) else ""

    def _is_topic(self, word: str) -> bool:
        (stem,) = self._stems(word)
        frequent = self._document_frequency[stem] > max(_TOPIC_PASSAGES, _TOPIC_SHARE * self._passages)
        return frequent and word.casefold() not in _STOP_WORDS

    def _stems(self, text: str) -> list[str]:
        return list(self._stemmer.stemWords(_WORD.findall(text.casefold())))
