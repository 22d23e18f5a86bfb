"""BM25 over the stemmed words of passages, and the content words of a text.

The score of each stem in each passage is computed at build. A question only adds them up. A passage is stemmed in its
own language, and a question in each language that the passages have.

Source: S. Robertson and H. Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009.
"""

import json
import re
from array import array
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.encoder import Numbers, Vectors
from chatbot.indexing.stems import ENGLISH, language_of, stem, stop_words, terms

__all__ = ["BM25Index", "BM25Words", "TermQuery", "content_word_mask", "content_words", "normalised_idf"]

_K1: Final = 1.2
_B: Final = 0.75
_IDF_SCALE: Final = 8.0  # the idf of a word that stands in one of about 2,000 passages
_NO_PASSAGE: Final = np.array(0)
_TOPIC_SHARE: Final = 0.5  # a word in more than this share of the passages is a topic word
_TOPIC_PASSAGES: Final = 3  # and in more than this many: a page or two have no topic apart from their text
_Postings = tuple[NDArray[np.int64], NDArray[np.int32], Vectors]
_WORD = re.compile(r"\w+")
_LETTERS = re.compile(r"[^\W\d_]+")


def content_words(text: str, languages: Collection[str] = (ENGLISH,)) -> tuple[str, ...]:
    """Return the words of a text that are stop words of none of some languages."""
    stop = _stop_words(languages)
    return tuple(word for word in _WORD.findall(text) if word.casefold() not in stop)


def content_word_mask(text: str, spans: Numbers, languages: Collection[str] = (ENGLISH,)) -> NDArray[np.bool_]:
    """Return which of the spans of a text, shape (n, 2), belong to a content word."""
    mask, stop = np.zeros(len(text), dtype=bool), _stop_words(languages)
    for word in _WORD.finditer(text):
        mask[word.start() : word.end()] = word.group().casefold() not in stop
    return mask[spans[:, 0]]


def _stop_words(languages: Collection[str]) -> frozenset[str]:
    return frozenset().union(*map(stop_words, languages))


def normalised_idf(passages: int, document_frequency: NDArray[np.int64]) -> Vectors:
    """Return BM25's idf for counts of passages, as a share of the idf of a term that no passage has.

    A term of most passages, such as the topic of the corpus, gets nearly 0.
    """
    return np.asarray(_idf(passages, document_frequency) / _idf(passages, _NO_PASSAGE), dtype=np.float32)


def _idf(passages: int, frequency: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.asarray(np.log1p((passages - frequency + 0.5) / (frequency + 0.5)), dtype=np.float64)


class _Stems(dict[tuple[str, str], int]):
    """The number of the stem of each word in a language; each is stemmed once."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def __missing__(self, key: tuple[str, str]) -> int:
        number = self[key] = self.numbers.setdefault(stem(*key), len(self.numbers))
        return number


class BM25Words:
    """Gathers the words of passages, from which a `BM25Index` is made."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._stems = _Stems()
        self._numbers = array("i")  # of the stems of all passages, one after another
        self._lengths = array("i")

    def add(self, text: str, language: str | None = None) -> None:
        """Add the text of the next passage, whose language may be unknown."""
        found = terms(text)
        self._counts.update(_WORD.findall(text.casefold()))
        self._numbers.extend([self._stems[word, language or ENGLISH] for word in found])
        self._lengths.append(len(found))

    def index(self) -> "BM25Index":
        """Return the index of at least one passage."""
        words: Counter[str] = Counter()
        for word, count in self._counts.items():
            for letters in _LETTERS.findall(word):
                words[letters] += count
        stems = self._stems.numbers
        return BM25Index(words, list(stems), self._postings(len(stems)), len(self._lengths))

    def _postings(self, stems: int) -> "_Postings":
        lengths = np.array(self._lengths, dtype=np.int64)
        passages = len(lengths)
        owners = np.repeat(np.arange(passages), lengths)
        pairs, times = np.unique(np.array(self._numbers, dtype=np.int64) * passages + owners, return_counts=True)
        numbers, owners = np.divmod(pairs, passages)
        frequency = np.bincount(numbers, minlength=stems)
        saturation = times + _K1 * (1 - _B + _B * lengths[owners] / max(lengths.mean(), 1))
        scores = _idf(passages, frequency)[numbers] * times / saturation
        offsets = np.cumsum([0, *frequency], dtype=np.int64)
        return offsets, owners.astype(np.int32), scores.astype(np.float32)


@dataclass(frozen=True)
class TermQuery:
    """The words of a question: the factor of each stem's scores, by its number, and how many passages to return.

    Where `languages` is not None, only passages in these are searched; `mask` says which they are, shape (passages,).
    """

    index: "BM25Index"
    weights: Mapping[int, float]
    limit: int
    languages: tuple[str, ...] | None = None
    mask: NDArray[np.bool_] | None = None

    @cached_property
    def _all(self) -> Vectors:
        return self.index.scores(self.weights)

    def best(self) -> NDArray[np.int64]:
        """Return the numbers of the passages with the highest scores above 0, in no particular order."""
        scores = self._all if self.mask is None else np.where(self.mask, self._all, 0)
        limit = min(self.limit, len(scores))
        best = np.argpartition(-scores, limit - 1)[:limit]
        return best[scores[best] > 0]

    def best_of(self, passages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return those of some passages that `best` would return if there were no others, best first."""
        among = passages if self.mask is None else passages[self.mask[passages]]
        scores = self.scores_of(among.tolist())
        best = np.argsort(-scores, kind="stable")[: self.limit]
        return among[best[scores[best] > 0]]

    def scores_of(self, passages: Sequence[int]) -> Vectors:
        """Return the scores of some passages by their numbers."""
        known = vars(self).get("_all")  # as it is where `best` was asked
        return self.index.scores_of(self.weights, passages) if known is None else known[np.asarray(passages, np.int64)]


class BM25Index:
    """The BM25 scores of the stemmed words of passages; `words` counts each word of the corpus, in lower case.

    The passages with stem i and its scores there, without the factor of a question, are rows `offsets[i]` to
    `offsets[i + 1]` of the arrays of postings: `offsets`, the numbers of the passages, and the scores.
    """

    FILES: ClassVar = ("words.json", "stems.json", "bm25_offsets.npy", "bm25_passages.npy", "bm25_scores.npy")
    """The names of the files that `write` makes."""

    def __init__(self, words: Mapping[str, int], stems: Sequence[str], postings: _Postings, passages: int) -> None:
        self.words = words
        self._numbers = {stemmed: number for number, stemmed in enumerate(stems)}
        self.languages = tuple(sorted(set(map(language_of, stems)))) or (ENGLISH,)
        """The languages that the passages were stemmed in."""
        self._offsets, self._owners, self._scores = postings
        self._passages = passages

    def write(self, folder: Path) -> None:
        """Write the index into `FILES` of a folder; equal passages give equal bytes."""
        words, stems, *arrays = (folder / name for name in self.FILES)
        words.write_text(json.dumps(self.words, ensure_ascii=False), "utf-8")
        stems.write_text(json.dumps(list(self._numbers), ensure_ascii=False), "utf-8")
        np.save(arrays[0], self._offsets)
        np.save(arrays[1], self._owners)
        np.save(arrays[2], self._scores)

    @classmethod
    def open(cls, folder: Path, passages: int) -> Self:
        """Map the files that `write` made into memory; raises `IndexDamaged` if they do not fit together."""
        try:
            words, stems = (json.loads((folder / name).read_bytes()) for name in cls.FILES[:2])
            offsets, owners, scores = (
                np.load(folder / name, mmap_mode="r", allow_pickle=False).view(np.ndarray) for name in cls.FILES[2:]
            )
            complete = len(offsets) == len(stems) + 1 and offsets[-1] == len(owners) == len(scores)
        except (OSError, ValueError, EOFError, LookupError, TypeError) as error:
            raise IndexDamaged(f"The words in {folder} cannot be read: {REBUILD_HINT}.") from error
        if not complete:
            raise IndexDamaged(f"The words in {folder} are incomplete: {REBUILD_HINT}.")
        return cls(words, stems, (offsets, owners, scores), passages)

    def weights(self, weighted_texts: Sequence[tuple[str, float]]) -> Mapping[int, float]:
        """Return the factor of each stem's scores for the texts of a question, each with its weight, by its number.

        A text's score in a passage is 0 to about 0.45: BM25 divided by an upper bound for the text, times the idf of
        its rarest known word on a scale of 0 to about 1. A match of common words alone therefore counts little. The
        bound has the factor k1 + 1 of the original formula, which is left out of the scores here, so that not even a
        perfect match gets 1. `ranking.json` was fitted to this scale.
        """
        weights: dict[int, float] = {}
        for (text, weight), language in product(weighted_texts, self.languages):
            question = dict.fromkeys(_stems(text, language))
            known = [self._numbers[stemmed] for stemmed in question if stemmed in self._numbers]
            if not known or weight <= 0:
                continue
            idf = self._idf(known)
            unknown = _idf(self._passages, _NO_PASSAGE) * (len(question) - len(known))
            highest = (_K1 + 1) * (idf.sum() + unknown)
            for number in known:
                weights[number] = weights.get(number, 0.0) + weight * float(idf.max() / highest / _IDF_SCALE)
        return weights

    def scores(self, weights: Mapping[int, float]) -> Vectors:
        """Return the score of each passage, shape (passages,)."""
        scores = np.zeros(self._passages, dtype=np.float32)
        for number, weight in weights.items():
            start, end = self._offsets[number : number + 2]
            scores[self._owners[start:end]] += self._scores[start:end] * np.float32(weight)
        return scores

    def scores_of(self, weights: Mapping[int, float], passages: Sequence[int]) -> Vectors:
        """Return the scores of some passages, as `scores` does, but read no others."""
        wanted, scores = np.asarray(passages, dtype=np.int32), np.zeros(len(passages), dtype=np.float32)
        for number, weight in weights.items():
            start, end = self._offsets[number : number + 2]
            owners = self._owners[start:end]
            places = np.minimum(np.searchsorted(owners, wanted), len(owners) - 1)
            having = owners[places] == wanted
            scores[having] += self._scores[start:end][places[having]] * np.float32(weight)
        return scores

    def by_passage(self) -> _Postings:
        """Return the postings by passage: where those of each begin, the numbers of their stems, and the scores."""
        order = np.argsort(self._owners, kind="stable")
        stems = np.repeat(np.arange(len(self._offsets) - 1, dtype=np.int32), np.diff(self._offsets))[order]
        first = np.searchsorted(self._owners[order], np.arange(self._passages + 1))
        return first, stems, self._scores[order]

    def without_topic(self, text: str) -> str:
        """Return a question without topic words, which most passages have; stop words stay.

        Empty where no word is left, even if punctuation is.
        """
        left = _WORD.sub(lambda word: "" if self._is_topic(word.group()) else word.group(), text)
        return " ".join(left.split()) if _WORD.search(left) else ""

    def content_stems(self, text: str) -> frozenset[str]:
        """Return the stems of the content words of a text, in each language of the passages."""
        words = " ".join(content_words(text, self.languages))
        return frozenset(stemmed for language in self.languages for stemmed in _stems(words, language))

    def _is_topic(self, word: str) -> bool:
        if word.casefold() in _stop_words(self.languages):
            return False
        frequency = sum(min(map(self._frequency, _stems(word, language))) for language in self.languages)
        return frequency > max(_TOPIC_PASSAGES, _TOPIC_SHARE * self._passages)

    def _frequency(self, stemmed: str) -> int:
        """Return the number of passages that have a stem, which may be unknown."""
        number = self._numbers.get(stemmed)
        return 0 if number is None else self._document_frequency(number)

    def _idf(self, numbers: Sequence[int]) -> NDArray[np.float64]:
        return _idf(self._passages, np.array([self._document_frequency(number) for number in numbers], dtype=np.int64))

    def _document_frequency(self, number: int) -> int:
        return int(self._offsets[number + 1] - self._offsets[number])


def _stems(text: str, language: str) -> list[str]:
    return [stem(word, language) for word in terms(text)]
