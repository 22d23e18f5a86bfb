"""Phrases found in what people type: capitals, apostrophes and near misspellings aside; owns rapidfuzz."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz.distance import OSA

__all__ = ["Phrases", "Speller", "words_of"]

_SENTENCE: Final = "."
_ENDINGS: Final = ("", "s", "ed", "ing", "ting", "ning", "es", "er", "ful", "y")
_SHORTEST: Final = 5  # letters of a word that is corrected
_WORD: Final = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|[.?!;\n]+(?=\s|$)")


def words_of(text: str) -> list[str]:
    """Give the words of a text in small letters without apostrophes; a sentence's end is a word of its own."""
    plain = re.sub(r"['\u2019\u2018`\u00b4]", "", text.casefold())
    return [word if word[0].isalnum() else _SENTENCE for word in _WORD.findall(plain)]


class Phrases:
    """A group of phrases; `*` stands for any ending, or for any one word."""

    def __init__(self, phrases: Iterable[str]) -> None:
        ordered = sorted(phrases, key=len, reverse=True)
        told = "|".join(" ".join(_pattern(word) for word in phrase.split()) for phrase in ordered)
        self._found = re.compile(rf"(?= ({told}) )")

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Give the stretches of words that are one of the phrases, the longest from each word on."""
        text = f" {' '.join(words)} "
        spans = []
        for match in self._found.finditer(text):
            start = text.count(" ", 0, match.start())
            spans.append((start, start + match[1].count(" ") + 1))
        return spans


def _pattern(word: str) -> str:
    return re.escape(word).replace(r"\*", r"[^ .]+" if word == "*" else "[^ ]*")


class Speller:
    """Corrects words that the model does not know to those that are looked for."""

    def __init__(self, phrases: Iterable[str]) -> None:
        stems = {word for phrase in phrases for word in phrase.split() if word.strip("*").isalpha()}
        self._exact = {word for word in stems if "*" not in word}
        self._stems = tuple(word.rstrip("*") for word in stems if word.endswith("*") and len(word) > 3)
        forms = self._exact | {stem + ending for stem in self._stems for ending in _ENDINGS}
        self._forms = sorted(form for form in forms if len(form) >= _SHORTEST - 1)

    def correct(self, words: Sequence[str], known: Callable[[str], bool]) -> list[str]:
        """Give the words with those corrected that are neither looked for nor known."""
        return [part for word in words for part in self._corrected(word, known)]

    def _corrected(self, word: str, known: Callable[[str], bool]) -> list[str]:
        if not word.isalpha() or self._looked_for(word) or known(word):
            return [word]
        short = re.sub(r"(.)\1{2,}", r"\1", word)
        if short != word and (self._looked_for(short)):
            return [short]
        if len(short) < _SHORTEST:
            return [word]
        near = [form for form in self._forms if form[0] == short[0] and abs(len(form) - len(short)) <= 2]
        most = 1 if len(short) < 8 else 2
        best = min(near, key=lambda form: OSA.distance(short, form, score_cutoff=most), default="")
        if best and OSA.distance(short, best) <= most:
            return [best]
        for cut in range(3, len(word) - 2):
            if self._looked_for(word[:cut]) and self._looked_for(word[cut:]):
                return [word[:cut], word[cut:]]
        return [word]

    def _looked_for(self, word: str) -> bool:
        return word in self._exact or (len(word) > 3 and word.startswith(self._stems))
