"""Correct misspelt, run-together and texted words that neither the corpus, the model nor English has.

Words of patients are first replaced by the corpus's words for the same thing.

The distance is optimal string alignment: an insertion, a deletion, a replacement or a swap of neighbours counts one.
The English word list is that of symspellpy (MIT), most frequent words first.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from chatbot.language.synonyms import with_words_of_pages

__all__ = ["Spelling", "everyday_words", "is_english", "is_everyday"]

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_SHORTEST: Final = 3  # letters of the shortest word that is corrected, and of either of two that were run together
_SHORT: Final = 5  # letters; a shorter word must have all the consonants of its correction, in order
_LONG: Final = 8  # letters; a longer word may have two letters wrong, others one
_COMMON: Final = 20_000  # the most frequent English words, to which a misspelt one is corrected
_EVERYDAY: Final = 5_000  # the most frequent of them, into which a run-together word is cut
_OTHER_LANGUAGE: Final = 0.5  # share of unknown words from which a question is taken to be in another language
_FEW: Final = 4  # words; fewer do not show a language


class Spelling:
    """Corrects the words of questions about one corpus; `known` returns whether the model has a token for a word."""

    def __init__(self, words: Mapping[str, int], known: Callable[[str], bool]) -> None:
        """Take the corpus's words, in lower case, with their counts."""
        self._words = words
        self._known_to_model = known
        self._own = _Dictionary(words)

    def corrected(self, question: str) -> str:
        """Return a question with its unknown words as the corpus or English says or spells them."""
        question = with_words_of_pages(question, self._words)
        words = list(_WORD.finditer(question))
        all_capitals = question.isupper()
        unknown = {word.start() for word in words if not self._known(word.group())}
        other_language = len(words) >= _FEW and len(unknown) >= _OTHER_LANGUAGE * len(words)

        def correction(match: re.Match[str]) -> str:
            word = match.group()
            folded = word.casefold()
            if folded in _texting():
                return word if _texting()[folded] == folded else _texting()[folded]
            # Capitals after the first word show a name or an abbreviation.
            is_name = match.start() > 0 and not word.islower() and not all_capitals
            if other_language or is_name or match.start() not in unknown:
                return word
            return self._correction(folded) or word

        return _WORD.sub(correction, question)

    def is_other_language(self, question: str, few: int = _FEW) -> bool:
        """Return whether most words of a question are neither the corpus's nor English.

        A question of fewer than `few` words in ASCII is not: a single word may be a name.
        """
        words = [word.casefold() for word in _WORD.findall(question)]
        unknown = [word for word in words if word.isalpha() and word not in self._words and not is_english(word)]
        enough = len(words) >= few or not question.isascii()
        return enough and len(unknown) > _OTHER_LANGUAGE * len(words)

    def _known(self, word: str) -> bool:
        if not word.isalpha() or len(word) < _SHORTEST:
            return True
        folded = word.casefold()
        stem = folded.removesuffix("s")  # "my babys"
        return any(form in self._words or is_english(form) or self._known_to_model(form) for form in (folded, stem))

    def _correction(self, word: str) -> str | None:
        """Return the nearest word of the corpus, a nearer English one, or two words; None without any."""
        own = self._nearest(word, self._own, 2 if len(word) >= _LONG else 1)
        english = self._nearest(word, _common(), 1)
        if own and (english is None or own.distance <= english.distance):
            return own.word
        if english and _consonant_skeleton(english.word) == _consonant_skeleton(word):
            return english.word
        return self._split_compound(word)

    def _nearest(self, word: str, dictionary: "_Dictionary", most: int) -> "_Near | None":
        """Return the nearest word with the same first letter; of several, one with the same consonants goes first."""
        skeleton = _consonant_skeleton(word)
        near = list(dictionary.near(word, most))
        if len(word) < _SHORT:
            near = [item for item in near if _consonant_skeleton(item.word) == skeleton]
        return min(
            near,
            key=lambda item: (item.distance, _consonant_skeleton(item.word) != skeleton, -item.frequency),
            default=None,
        )

    def _split_compound(self, word: str) -> str | None:
        """Return the two words that a word runs together: the pair whose rarer word is the most frequent."""
        places = range(_SHORTEST, len(word) - _SHORTEST + 1)
        pairs = [(word[:place], word[place:]) for place in places]
        frequency, pair = max(((min(map(self._frequency, pair)), pair) for pair in pairs), default=(0, ()))
        return " ".join(pair) if frequency else None

    def _frequency(self, word: str) -> float:
        return float("inf") if word in self._words else float(_everyday().get(word, 0))


class _Near(NamedTuple):
    """A word of a dictionary, how often it stands in the dictionary's texts, and its distance to another word."""

    word: str
    frequency: int
    distance: int


class _Dictionary:
    """Words with their counts, searched for those near to another; the search is prepared at its first use."""

    def __init__(self, words: Mapping[str, int]) -> None:
        self._words = words

    def near(self, word: str, most: int) -> Iterator[_Near]:
        """Yield the words with the same first letter and at most a number of letters that differ."""
        for length in range(len(word) - most, len(word) + most + 1):
            forms = self._forms.get((word[0], length), [])
            matches = process.extract(word, forms, scorer=OSA.distance, score_cutoff=most, limit=None)
            yield from (_Near(form, self._words[form], int(distance)) for form, distance, _ in matches)

    @cached_property
    def _forms(self) -> Mapping[tuple[str, int], list[str]]:
        """The words that a misspelt one is corrected to, by their first letter and their length."""
        forms: dict[tuple[str, int], list[str]] = {}
        for word in self._words:
            if len(word) >= _SHORTEST:
                forms.setdefault((word[0], len(word)), []).append(word)
        return forms


def is_english(word: str) -> bool:
    """Return whether a word, in small letters, is English."""
    return word in _english()


def everyday_words() -> frozenset[str]:
    """Return the most frequent English words."""
    return frozenset(_everyday())


def is_everyday(word: str) -> bool:
    """Return whether a word, in small letters, is one of the most frequent English words."""
    return word in _everyday()


def _consonant_skeleton(word: str) -> str:
    """Return a word's consonants by their sound, without repetitions; hurried typing leaves these intact."""
    sounds = re.sub(r"c(?=[eiy])|z", "s", word).replace("ph", "f").replace("c", "k").replace("q", "k")
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[aeiouy]", "", sounds))


@cache
def _texting() -> Mapping[str, str]:
    """Return the texted forms with the words that they stand for."""
    return tomllib.loads(files("chatbot.language").joinpath("texting.toml").read_text("utf-8"))


@cache
def _english() -> Mapping[str, int]:
    """Return the English words with their counts, the most frequent first."""
    spec = find_spec("symspellpy")  # finds the list without importing the package
    folder = Path(spec.origin or "").parent if spec else Path()
    fields = (folder / "frequency_dictionary_en_82_765.txt").read_text("utf-8-sig").split()
    return dict(zip(fields[::2], map(int, fields[1::2]), strict=True))


@cache
def _common() -> _Dictionary:
    return _Dictionary(dict(islice(_english().items(), _COMMON)))


@cache
def _everyday() -> Mapping[str, int]:
    return dict(islice(_english().items(), _EVERYDAY))
