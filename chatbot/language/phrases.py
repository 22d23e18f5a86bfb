"""Find phrases in what people type, regardless of capitals, accents, apostrophes and small misspellings."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

__all__ = [
    "COMMA",
    "SENTENCE",
    "PhraseGroups",
    "Phrases",
    "Span",
    "Speller",
    "Word",
    "distinct_words",
    "fold",
    "masked",
    "read_words",
    "words_of",
]

Span = tuple[int, int]
"""The index of the first word, and of the word after the last."""

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
_DROPPED: Final = re.compile(rf"[{_MARK}{_APOSTROPHE}]")
_PIECE: Final = re.compile(rf"[{_IDEOGRAPH}]|[^{_IDEOGRAPH}]+")
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
    if word.isascii():
        return word.lower().replace("'", "").replace("`", "")
    return _DROPPED.sub("", unicodedata.normalize("NFKD", word.casefold().translate(_SPELLED_ALIKE)))


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


def distinct_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of texts as `words_of` returns them, each once and without the marks."""
    tokens = set(_WORD.findall("\n".join(texts)))
    return frozenset(word for token in tokens if token[0].isalnum() and (word := fold(token)))


class PhraseGroups:
    """Groups of phrases by name, found together; `*` stands for any ending of a word, or by itself for any word.

    A phrase is looked up by its first words, so that most are never compared with a text.
    """

    def __init__(self, groups: Mapping[str, Iterable[str]]) -> None:
        self._by_word: dict[str, list[_Phrase]] = {}
        self._by_pair: dict[tuple[str, str], list[_Phrase]] = {}
        self._by_beginning: dict[str, list[_Phrase]] = {}
        self._by_ending: dict[str, list[_Phrase]] = {}
        self._others: list[_Phrase] = []
        for group, phrases in groups.items():
            for parts in dict.fromkeys(tuple(_parts(phrase)) for phrase in phrases):
                if parts:
                    self._add(_Phrase(group, parts))
        self._beginnings = sorted(set(map(len, self._by_beginning)))
        self._endings = sorted(set(map(len, self._by_ending)))

    def _add(self, phrase: "_Phrase") -> None:
        first, second = (*phrase.parts, "*")[:2]
        bare = first.strip("*")
        if "*" not in first and "*" not in second:
            self._by_pair.setdefault((first, second), []).append(phrase)
        elif "*" not in first:
            self._by_word.setdefault(first, []).append(phrase)
        elif not bare or "*" in bare or first == f"*{bare}*":
            self._others.append(phrase)
        elif first.endswith("*"):
            self._by_beginning.setdefault(bare, []).append(phrase)
        else:
            self._by_ending.setdefault(bare, []).append(phrase)

    def find(self, words: Sequence[str]) -> dict[str, list[Span]]:
        """Return the spans of words (start, end) that are a phrase, by group: at each word, the longest of a group."""
        found: dict[str, list[Span]] = {}
        for start, (word, after) in enumerate(zip(words, (*words[1:], ""), strict=False)):
            longest: dict[str, tuple[int, int]] = {}
            for phrase in self._that_may_begin(word, after):
                end = start + len(phrase.parts)
                if phrase.length > longest.get(phrase.group, (0, 0))[0] and phrase.goes_on(words, start + 1, end):
                    longest[phrase.group] = (phrase.length, end)
            for group, (_, end) in longest.items():
                found.setdefault(group, []).append((start, end))
        return found

    def _that_may_begin(self, word: str, after: str) -> "list[_Phrase]":
        """Return the phrases that a word may begin, with the word after it."""
        phrases = [*self._by_word.get(word, ()), *self._by_pair.get((word, after), ())]
        for length in self._beginnings:
            if length > len(word):
                break
            phrases += self._by_beginning.get(word[:length], ())
        for length in self._endings:
            if length > len(word):
                break
            phrases += self._by_ending.get(word[-length:], ())
        return phrases + [phrase for phrase in self._others if _fits(phrase.parts[0], word)]


class _Phrase:
    """A phrase of a group, as the words that it is compared by; `length` is the number of its characters."""

    __slots__ = ("group", "length", "parts", "rest", "starred")

    def __init__(self, group: str, parts: tuple[str, ...]) -> None:
        self.group = group
        self.parts = parts
        self.length = len(" ".join(parts))
        self.rest = list(parts[1:])
        self.starred = any("*" in part for part in self.rest)

    def goes_on(self, words: Sequence[str], start: int, end: int) -> bool:
        """Return whether the words from `start` to `end` are those after the phrase's first word."""
        if not self.rest:
            return True
        following = list(words[start:end])
        if not self.starred or len(following) < len(self.rest):
            return following == self.rest
        return all(map(_fits, self.rest, following))


class Phrases:
    """A single group of phrases, written as in `PhraseGroups`."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._groups = PhraseGroups({"": phrases})

    def find(self, words: Sequence[str]) -> list[Span]:
        """Return the spans of words (start, end) that are one of the phrases: at each word, the longest."""
        return self._groups.find(words).get("", [])

    def mask(self, words: Sequence[str]) -> list[str]:
        """Return the words with "_" for each word of a phrase, so that the others keep their places."""
        return masked(words, self.find(words))


def masked(words: Sequence[str], spans: Iterable[Span]) -> list[str]:
    """Return words with "_" for each word of some spans, so that the others keep their places."""
    left = list(words)
    for start, end in spans:
        left[start:end] = ["_"] * (end - start)
    return left


def _parts(phrase: str) -> list[str]:
    """Split a phrase in the way of `read_words`, with its stars and a leading `SENTENCE` as they are."""
    parts = fold(phrase).split()
    return parts if phrase.isascii() else [piece for part in parts for piece in _PIECE.findall(part)]


def _fits(pattern: str, word: str) -> bool:
    """Return whether a word is that of a phrase."""
    if "*" not in pattern:
        return word == pattern
    if pattern == "*":
        return SENTENCE not in word and COMMA not in word
    return bool(_wildcard(pattern).fullmatch(word))


@cache
def _wildcard(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*"))


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
