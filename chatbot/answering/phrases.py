"""Phrases found in what people type, whatever the capitals, apostrophes and near misspellings; owns rapidfuzz."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rapidfuzz.distance import OSA

__all__ = ["COMMA", "SENTENCE", "Phrases", "Speller", "words_of"]

SENTENCE: Final = "."
"""The word that stands where a sentence begins, and that no phrase runs across."""

COMMA: Final = ","
"""The word that stands for a comma."""

_ENDINGS: Final = ("", "s", "ed", "ing", "ting", "ning", "es", "er", "ful", "y")
_SHORTEST: Final = 5  # letters of a word that is corrected
_WORD: Final = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+|,|[.?!;]+(?=\s|$)")


def words_of(text: str) -> list[str]:
    """Give the words of a text in small letters without apostrophes, with `SENTENCE` before each sentence."""
    plain = re.sub(r"['\u2019\u2018`\u00b4]", "", text.casefold())
    return [SENTENCE, *(word if word[0].isalnum() or word == COMMA else SENTENCE for word in _WORD.findall(plain))]


class Phrases:
    """A group of phrases; `*` stands for any ending, or for any one word."""

    def __init__(self, phrases: Iterable[str]) -> None:
        ordered = sorted(phrases, key=len, reverse=True)
        told = "|".join(" ".join(_pattern(word) for word in phrase.split()) for phrase in ordered)
        self._found = re.compile(rf"(?= ({told}) )")

    def find(self, words: Sequence[str]) -> list[tuple[int, int]]:
        """Give the stretches of words (start, end) that are one of the phrases: the longest from each word on."""
        text = f" {' '.join(words)} "
        spans, seen, start = [], 0, 0
        for match in self._found.finditer(text):
            start += text.count(" ", seen, match.start())
            seen = match.start()
            spans.append((start, start + match[1].count(" ") + 1))
        return spans

    def taken_out(self, words: Sequence[str]) -> list[str]:
        """Give the words with those of the phrases blanked, so that the others keep their places."""
        left = list(words)
        for start, end in self.find(words):
            left[start:end] = ["_"] * (end - start)
        return left


def _pattern(word: str) -> str:
    return re.escape(word).replace(r"\*", "[^ .,]+" if word == "*" else "[^ ]*")


class Speller:
    """Corrects words to those that are looked for, by at most one or two letters.

    `known` says of a word that it is one, and so no misspelling. Distance: optimal string alignment (an insertion, a
    deletion, a replacement or a swap of neighbours counts one); of two as near, one with the same letters is taken.
    """

    def __init__(self, phrases: Iterable[str], known: Callable[[str], bool]) -> None:
        self._known = known
        words = {word for phrase in phrases for word in phrase.split() if word.strip("*").isalpha()}
        stems = {word.rstrip("*") for word in words if word.endswith("*") and len(word) > 3}
        exact = {word for word in words if "*" not in word}
        self._looked_for = exact | {stem + ending for stem in stems for ending in _ENDINGS}
        self._forms: dict[str, list[str]] = {}
        for form in sorted(form for form in self._looked_for if len(form) >= _SHORTEST - 1):
            self._forms.setdefault(form[0], []).append(form)

    def correct(self, words: Sequence[str]) -> list[str]:
        """Give the words, those corrected (or cut in two) that are neither looked for nor known."""
        return [part for word in words for part in self._corrected(word)]

    def _corrected(self, word: str) -> list[str]:
        if not word.isalpha() or word in self._looked_for:
            return [word]
        short = re.sub(r"(.)\1{2,}", r"\1", word)  # "heeelp"
        if short in self._looked_for or len(short) < _SHORTEST:
            return [short]
        if self._known(word):
            return [word]
        return (self._nearest(short) or self._cut(short) or word).split()

    def _nearest(self, word: str) -> str:
        most = 1 if len(word) < 8 else 2
        near = [form for form in self._forms.get(word[0], ()) if abs(len(form) - len(word)) <= most]
        letters = sorted(word)
        best = min(near, key=lambda form: (OSA.distance(word, form), sorted(form) != letters), default="")
        return best if best and OSA.distance(word, best) <= most else ""

    def _cut(self, word: str) -> str:
        """Put the space back that was left out between two words."""
        for cut in range(3, len(word) - 2):
            if word[:cut] in self._looked_for and word[cut:] in self._looked_for:
                return f"{word[:cut]} {word[cut:]}"
        return ""
