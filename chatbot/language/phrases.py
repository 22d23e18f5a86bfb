"""Find phrases in what people type, regardless of capitals, accents, apostrophes and small misspellings."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

__all__ = ["COMMA", "SENTENCE", "Phrases", "Speller", "Word", "fold", "read_words", "words_of"]

SENTENCE: Final = "."
"""The word that stands for the beginning of a sentence; no phrase reaches across it."""

COMMA: Final = ","
"""The word that stands for a comma, a colon or a dash."""

_ENDINGS: Final = ("", "s", "ed", "ing", "ting", "ning", "es", "er", "ful", "y")
_SHORTEST: Final = 5  # letters of the shortest word that is corrected
_LONGEST: Final = 24  # letters of the longest; no phrase has a longer word
_MARK: Final = "\u0300-\u036f\u0640\u064b-\u065f\u0670"  # accents apart from their letters, and Arabic vowels
_IDEOGRAPH: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_LETTER: Final = rf"(?:(?![{_IDEOGRAPH}])[^\W\d_]|[{_MARK}])"
_APOSTROPHE: Final = "'\u2019\u2018`\u00b4"
_WORD: Final = re.compile(
    rf"\d+(?:\.\d+)?|[{_IDEOGRAPH}]|{_LETTER}+(?:[{_APOSTROPHE}]+{_LETTER}+)*"
    r"|[,:\u060c\u3001\u2013\u2014]|\s-+\s|\.+(?=\s|$)|[?!;\u2026\u061f\u061b\u3002]+"
)
_COMMAS: Final = frozenset(",:\u060c\u3001\u2013\u2014-")
_SPELLED_ALIKE: Final = str.maketrans(
    {"\u0142": "l", "\u00f8": "o", "\u0111": "d", "\u0131": "i", "\u00e6": "ae", "\u0153": "oe"}
    | {"\u0649": "\u064a", "\u0629": "\u0647", "\u0671": "\u0627", "\u06a9": "\u0643", "\u06cc": "\u064a"}
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word in the form that is compared, with its start and end in the text, in code points."""

    text: str
    start: int
    end: int


def fold(word: str) -> str:
    """Return a word in small letters, without accents, apostrophes and Arabic vowel marks."""
    small = unicodedata.normalize("NFKD", word.casefold().translate(_SPELLED_ALIKE))
    return re.sub(rf"[{_MARK}{_APOSTROPHE}]", "", small)


def read_words(text: str) -> list[Word]:
    """Return the words of a text with `SENTENCE` before each sentence; each ideograph is a word."""
    words = [Word(SENTENCE, 0, 0)]
    for match in _WORD.finditer(text):
        token = match.group().strip()
        if token[0] in _COMMAS:
            word = COMMA
        elif token[0].isalnum():
            word = fold(token)
        else:
            word = SENTENCE
        if word and not (word == SENTENCE == words[-1].text):
            words.append(Word(word, match.start(), match.end()))
    return words


def words_of(text: str) -> list[str]:
    """Return the texts of `read_words`."""
    return [word.text for word in read_words(text)]


class Phrases:
    """A group of phrases; `*` stands for any ending of a word, or by itself for any word."""

    def __init__(self, phrases: Iterable[str]) -> None:
        longest_first = sorted({" ".join(_parts(phrase)) for phrase in phrases}, key=len, reverse=True)
        pattern = "|".join(" ".join(_pattern(word) for word in phrase.split()) for phrase in longest_first)
        self._regex = re.compile(rf"(?= ({pattern}) )") if longest_first else re.compile(r"(?!)")

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Return the spans of words (start, end) that are one of the phrases: at each word, the longest."""
        text = f" {' '.join(words)} "
        spans, seen, start = [], 0, 0
        for match in self._regex.finditer(text):
            start += text.count(" ", seen, match.start())
            seen = match.start()
            spans.append((start, start + match[1].count(" ") + 1))
        return spans

    def mask(self, words: Sequence[str]) -> list[str]:
        """Return the words with "_" for each word of a phrase, so that the others keep their places."""
        masked = list(words)
        for start, end in self.find(words):
            masked[start:end] = ["_"] * (end - start)
        return masked


def _parts(phrase: str) -> list[str]:
    """Split a phrase in the way of `read_words`, with its stars and a leading `SENTENCE` as they are."""
    starred = [part if part in {"*", SENTENCE} else part.replace("*", "\ue000") for part in phrase.split()]
    parts: list[str] = []
    for part in starred:
        if part in {"*", SENTENCE}:
            parts.append(part)
        else:
            pieces = re.findall(rf"[{_IDEOGRAPH}]|[^{_IDEOGRAPH}]+", part)
            parts += [fold(piece).replace("\ue000", "*") for piece in pieces]
    return parts


def _pattern(word: str) -> str:
    return re.escape(word).replace(r"\*", "[^ .,]+" if word == "*" else "[^ ]*")


class Speller:
    """Corrects misspelt words to words of phrases, if one or two letters differ.

    `known` returns whether a word is correct, so that it is left alone. The distance is optimal string alignment: an
    insertion, a deletion, a replacement or a swap of neighbours counts one. Of words at the same distance, one with the
    same letters goes first.
    """

    def __init__(self, phrases: Iterable[str], known: Callable[[str], bool], shortest: int = _SHORTEST) -> None:
        self._known = known
        self._shortest = shortest
        words = {word for phrase in phrases for word in _parts(phrase) if word.strip("*").isalpha()}
        stems = {word.rstrip("*") for word in words if word.endswith("*") and len(word) > 3}
        exact = {word for word in words if "*" not in word}
        self._wanted = exact | {stem + ending for stem in stems for ending in _ENDINGS}
        self._forms: dict[tuple[str, int], list[str]] = {}
        for form in sorted(form for form in self._wanted if len(form) >= shortest - 1):
            self._forms.setdefault((form[0], len(form)), []).append(form)

    def correct(self, words: Sequence[str]) -> list[str]:
        """Return the words, with misspelt ones corrected and run-together ones cut in two."""
        return [part for word in words for part in self.corrections(word)]

    def corrections(self, word: str) -> tuple[str, ...]:
        """Return the word itself, its correction, or the two words that it runs together."""
        if not word.isalpha() or word in self._wanted:
            return (word,)
        short = re.sub(r"(.)\1{2,}", r"\1", word)  # "heeelp"
        if short in self._wanted or not self._shortest <= len(short) <= _LONGEST:
            return (short,)
        if self._known(word):
            return (word,)
        return tuple((self._nearest(short) or self._split(short) or word).split())

    def _nearest(self, word: str) -> str:
        most = 1 if len(word) < 8 else 2
        candidates: list[tuple[float, bool, str]] = []
        letters = sorted(word)
        for length in range(len(word) - most, len(word) + most + 1):
            forms = self._forms.get((word[0], length), [])
            matches = process.extract_iter(word, forms, scorer=OSA.distance, score_cutoff=most)
            candidates += [(distance, sorted(form) != letters, str(form)) for form, distance, _ in matches]
        return min(candidates)[2] if candidates else ""

    def _split(self, word: str) -> str:
        """Return the two words with the space that was left out between them, or "" if it is not two words."""
        for cut in range(3, len(word) - 2):
            if word[:cut] in self._wanted and word[cut:] in self._wanted:
                return f"{word[:cut]} {word[cut:]}"
        return ""
