"""Words in common: BM25 over the passages, and how rare each word is among them; owns bm25s and the stemmer.

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
_NONE = np.array(0)  # passages
_STOP_WORDS = frozenset(STOPWORDS_EN_PLUS)
_TOPIC: Final = 0.5  # share of the passages that a word of the corpus's topic stands in, and
_SOME: Final = 3  # passages, for a page or two have no topic apart from what they say
_WORD = re.compile(r"\w+")
_LETTERS = re.compile(r"[^\W\d_]+")


def content_words(text: str) -> tuple[str, ...]:
    """Give the words of a text that say something by themselves."""
    return tuple(word for word in _WORD.findall(text) if word.casefold() not in _STOP_WORDS)


def content_word_mask(text: str, spans: Numbers) -> NDArray[np.bool_]:
    """Tell which of the stretches of a text, shape (n, 2), belong to a word that says something by itself."""
    told = np.zeros(len(text), dtype=bool)
    for word in _WORD.finditer(text):
        told[word.start() : word.end()] = word.group().casefold() not in _STOP_WORDS
    return told[spans[:, 0]]


def normalised_idf(passages: int, document_frequency: NDArray[np.int64]) -> Vectors:
    """Say how rare things are that stand in `having` of the passages: BM25's idf, 1 for what stands in none.

    What stands in most passages of a corpus, its topic, comes out near 0.
    """
    return np.asarray(_idf(passages, document_frequency) / _idf(passages, _NONE), dtype=np.float32)


def _idf(passages: int, having: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.log1p((passages - having + 0.5) / (having + 0.5)), dtype=np.float64)


class BM25Index:
    """The stemmed words of passages, searched."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self.words = Counter(word for text in texts for word in _LETTERS.findall(text.casefold()))
        stems = [self._stems(text) for text in texts]
        self._having = Counter(stem for passage in stems for stem in set(passage))
        self._passages = len(texts)
        self._bm25 = bm25s.BM25(k1=_K1, b=_B, method="lucene")
        self._bm25.index(stems, show_progress=False)

    def scores(self, text: str) -> Vectors:
        """Say how well each passage matches the words of a question, from 0 up to about 1, shape (passages,).

        It is the BM25 score as a share of the highest that the question could get, times the rarity of its rarest word
        that any passage has: where a question's words are common ones, or shared by chance, sharing them says little.
        """
        asked = dict.fromkeys(self._stems(text))
        stems = [stem for stem in asked if stem in self._having]
        if not stems:
            return np.zeros(self._passages, dtype=np.float32)
        idf = _idf(self._passages, np.array([self._having[stem] for stem in stems]))
        unknown = _idf(self._passages, _NONE) * (len(asked) - len(stems))
        highest = (_K1 + 1) * (idf.sum() + unknown)
        return np.asarray(self._bm25.get_scores(stems) / highest * idf.max() / _IDF_SCALE, dtype=np.float32)

    def without_topic(self, text: str) -> str:
        """Give a question without the words that stand in most passages: what it asks about the corpus's topic.

        Words that say nothing by themselves stay. Where no word is left, it is empty, whatever marks there were.
        """
        left = _WORD.sub(lambda word: "" if self._is_topic(word.group()) else word.group(), text)
        return " ".join(left.split()) if _WORD.search(left) else ""

    def _is_topic(self, word: str) -> bool:
        (stem,) = self._stems(word)
        return self._having[stem] > max(_SOME, _TOPIC * self._passages) and word.casefold() not in _STOP_WORDS

    def _stems(self, text: str) -> list[str]:
        return list(self._stemmer.stemWords(_WORD.findall(text.casefold())))
