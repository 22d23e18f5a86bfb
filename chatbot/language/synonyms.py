"""Replace the words of patients that the pages do not use by the pages' words for the same thing.

`synonyms.toml` holds the groups of words. A question is changed only where the pages lack what was typed, so a clinic
that writes "botox" is searched for "botox". Of several words of the pages, the most frequent is taken.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["with_words_of_pages"]

_WORD = re.compile(r"\w+")


def with_words_of_pages(question: str, words: Mapping[str, int]) -> str:
    """Return a question with its synonyms replaced; `words` are the pages' words, in lower case."""

    def replacement(match: re.Match[str]) -> str:
        typed = match.group()
        if _uses(typed, words):
            return typed
        used = max(_groups()[_key(typed)], key=lambda term: _uses(term, words))
        return used if _uses(used, words) else typed

    return _any_term().sub(replacement, question)


def _uses(term: str, words: Mapping[str, int]) -> int:
    """Return how often the pages use a term at most: the count of its rarest word."""
    return min(words.get(word, 0) for word in _WORD.findall(term.casefold()))


def _key(term: str) -> str:
    return " ".join(_WORD.findall(term.casefold()))


@cache
def _groups() -> Mapping[str, tuple[str, ...]]:
    """Return the group of each term, by the words of the term."""
    groups = tomllib.loads(files("chatbot.language").joinpath("synonyms.toml").read_text("utf-8"))["terms"]
    return {_key(term): tuple(group) for group in groups for term in group}


@cache
def _any_term() -> re.Pattern[str]:
    """Return the pattern of all terms, the longest first, with any space or punctuation between their words."""
    terms = sorted(_groups(), key=len, reverse=True)
    return re.compile(
        r"\b(?:" + "|".join(r"[\s\-'\u2019]+".join(map(re.escape, term.split())) for term in terms) + r")\b",
        re.IGNORECASE,
    )
