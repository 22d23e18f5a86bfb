"""Misspelt, run-together and texted words, corrected where neither the corpus, the model nor English knows them.

Source of the search: W. Garbe, SymSpell (symmetric deletes), here by symspellpy (MIT), whose English word list is used
too. The distance is that of Damerau and Levenshtein.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Final

from symspellpy import SymSpell, Verbosity
from symspellpy.suggest_item import SuggestItem

__all__ = ["Spelling", "everyday_words", "is_english", "is_everyday"]

_WORD = re.compile(r"\w+(?:['\u2019]\w+)*")
_SHORTEST: Final = 3  # letters of a word that is corrected, and of either of two that were run together
_SHORT: Final = 5  # letters; of a shorter word the consonants must all be there, and in order
_LONG: Final = 8  # letters; a longer word may have two letters wrong, others one
_COMMON: Final = 20_000  # English words, by frequency, that a misspelt one may be
_EVERYDAY: Final = 5_000  # of these, those that two words run together may be
_FOREIGN: Final = 0.5  # share of unknown words from which a question is left as it is: another language
_FEW: Final = 4  # words; shorter questions are corrected whatever the share


class Spelling:
    """What a corpus and a model know of words; `known` tells whether the model has a word of its own for one."""

    def __init__(self, words: Mapping[str, int], known: Callable[[str], bool]) -> None:
        """Know a corpus's words, in lower case, by how often they stand there."""
        self._words = words
        self._known_to_model = known
        self._own = _dictionary(words.items(), 2)

    def corrected(self, question: str) -> str:
        """Give a question with its unknown words as the corpus or English spells them; most come back as they are."""
        found = list(_WORD.finditer(question))
        shouted = question.isupper()
        unknown = {one.start(): one.group() for one in found if not self._known(one.group())}
        foreign = len(found) >= _FEW and len(unknown) >= _FOREIGN * len(found)

        def correction(match: re.Match[str]) -> str:
            word = match.group()
            folded = word.casefold()
            if folded in _texting():
                return word if _texting()[folded] == folded else _texting()[folded]
            named = match.start() > 0 and not word.islower() and not shouted  # a name, or letters that stand for one
            if foreign or named or match.start() not in unknown:
                return word
            return self._correction(folded) or word

        return _WORD.sub(correction, question)

    def is_other_language(self, question: str, few: int = _FEW) -> bool:
        """Tell whether most of a question is neither the corpus's language nor English.

        With less than a few words in Latin letters it is not: a word alone may be a name.
        """
        words = [word.casefold() for word in _WORD.findall(question)]
        strange = [word for word in words if word.isalpha() and word not in self._words and not is_english(word)]
        enough = len(words) >= few or not question.isascii()
        return enough and len(strange) > _FOREIGN * len(words)

    def _known(self, word: str) -> bool:
        if not word.isalpha() or len(word) < _SHORTEST:
            return True
        folded = word.casefold()
        stem = folded.removesuffix("s")  # "my babys"
        return any(one in self._words or is_english(one) or self._known_to_model(one) for one in (folded, stem))

    def _correction(self, word: str) -> str | None:
        """Give the word of the corpus that is meant, or the English one if that is nearer, or two run together."""
        own = self._nearest(word, self._own, 2 if len(word) >= _LONG else 1)
        english = self._nearest(word, _common(), 1)
        if own and (english is None or own.distance <= english.distance):
            return str(own.term)
        return (
            str(english.term)
            if english and _consonant_skeleton(english.term) == _consonant_skeleton(word)
            else self._split_compound(word)
        )

    def _nearest(self, word: str, dictionary: SymSpell, most: int) -> SuggestItem | None:
        """Find the nearest word that begins alike: one with the same consonants first, then the most frequent."""
        found = dictionary.lookup(word, Verbosity.ALL, max_edit_distance=most)
        alike = [one for one in found if one.term[0] == word[0] and len(one.term) >= _SHORTEST]
        if len(word) < _SHORT:
            alike = [one for one in alike if _consonant_skeleton(one.term) == _consonant_skeleton(word)]
        return min(
            alike,
            key=lambda one: (one.distance, _consonant_skeleton(one.term) != _consonant_skeleton(word), -one.count),
            default=None,
        )

    def _split_compound(self, word: str) -> str | None:
        """Give the two words that stand in one: the pair whose rarer word is the most frequent."""
        places = range(_SHORTEST, len(word) - _SHORTEST + 1)
        pairs = [(word[:place], word[place:]) for place in places]
        often, pair = max(((min(map(self._frequency, pair)), pair) for pair in pairs), default=(0, ()))
        return " ".join(pair) if often else None

    def _frequency(self, word: str) -> float:
        return float("inf") if word in self._words else float(_everyday().get(word, 0))


def is_english(word: str) -> bool:
    """Tell whether a word, in small letters, is an English one."""
    return word in _english()


def everyday_words() -> frozenset[str]:
    """Return the English words that are written most."""
    return frozenset(_everyday())


def is_everyday(word: str) -> bool:
    """Tell whether a word, in small letters, is one of the English words that are written most."""
    return word in _everyday()


def _consonant_skeleton(word: str) -> str:
    """Give a word's consonants as they sound, none twice in a row: what hurried typing keeps."""
    sounds = re.sub(r"c(?=[eiy])|z", "s", word).replace("ph", "f").replace("c", "k").replace("q", "k")
    return re.sub(r"(.)\1+", r"\1", re.sub(r"[aeiouy]", "", sounds))


@cache
def _texting() -> Mapping[str, str]:
    """Give what people text for a word."""
    return tomllib.loads(files("chatbot.language").joinpath("texting.toml").read_text("utf-8"))


@cache
def _english() -> Mapping[str, int]:
    """Give the English words with how often they are written, the most frequent first."""
    lines = files("symspellpy").joinpath("frequency_dictionary_en_82_765.txt").read_text("utf-8-sig").splitlines()
    return {word: int(count) for word, count in (line.split() for line in lines)}


@cache
def _common() -> SymSpell:
    return _dictionary(islice(_english().items(), _COMMON), 1)


@cache
def _everyday() -> Mapping[str, int]:
    return dict(islice(_english().items(), _EVERYDAY))


def _dictionary(words: Iterable[tuple[str, int]], distance: int) -> SymSpell:
    dictionary = SymSpell(max_dictionary_edit_distance=distance, prefix_length=7)
    for word, count in words:
        dictionary.create_dictionary_entry(word, count)
    return dictionary
