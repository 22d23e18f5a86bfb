"""Words of a text, their stems and stop words, in the language that a page is written in; owns the stemmer.

The stemmers are Snowball's. The stop words are those of bm25s (MIT): the ranking was fitted with the English ones.

Source: M. F. Porter, "Snowball: A language for stemming algorithms", 2001.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import Stemmer

__all__ = ["ENGLISH", "STEMMED", "language_of", "stem", "stop_words", "terms"]

ENGLISH: Final = "en"
"""The language of the packaged model and of pages whose language is not known."""

STEMMED: Final = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "et": "estonian", "eu": "basque", "fa": "persian", "fi": "finnish", "fr": "french", "ga": "irish",
    "hi": "hindi", "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "nb": "norwegian", "ne": "nepali", "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil",
    "tr": "turkish", "yi": "yiddish",
}  # fmt: skip
"""The name of the stemmer of each language that has one, by its ISO 639-1 code."""

_APART: Final = {
    form: forms.split()[0]
    for forms in (
        "cupping", "enteritis", "glasses", "important", "literally", "medication medications", "memorial memorials",
        "paste pastes", "positive positively", "radiator radiators", "several", "shorts", "testes",
        "witness witnesses",
    )
    for form in forms.split()
}  # fmt: skip
"""Words that the English stemmer takes for forms of another word, such as "several" of "severe", with their stems."""

_MARK: Final = ":"  # between the language of a stem and the stem, which holds none
_WORD: Final = re.compile(r"\w+")
_WITHOUT_SPACES: Final = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+"
)
"""Letters of scripts that put no spaces between words, and of Korean, whose words carry their particles."""


def terms(text: str) -> list[str]:
    """Return the words of a text in lower case, in order; a script without spaces gives each pair of letters."""
    words = _WORD.findall(text.casefold())
    if not _WITHOUT_SPACES.search(text):
        return words
    return [part for word in words for part in _pairs(word)]


def _pairs(word: str) -> Iterable[str]:
    start = 0
    for run in _WITHOUT_SPACES.finditer(word):
        yield from filter(None, [word[start : run.start()]])
        letters = run.group()
        yield from (letters[place : place + 2] for place in range(max(1, len(letters) - 1)))
        start = run.end()
    yield from filter(None, [word[start:]])


def stem(word: str, language: str) -> str:
    """Return the stem of a word in lower case; one of another language than English names its language."""
    stemmer = _stemmer(language)
    stemmed = stemmer.stemWord(word) if stemmer else word
    return _APART.get(word, stemmed) if language == ENGLISH else f"{language}{_MARK}{stemmed}"


def language_of(stemmed: str) -> str:
    """Return the language of a stem that `stem` has returned."""
    language, mark, _ = stemmed.partition(_MARK)
    return language if mark else ENGLISH


@cache
def stop_words(language: str) -> frozenset[str]:
    """Return the words of a language that say nothing of a subject; none for a language without a list."""
    path = Path(__file__).with_name("stop_words") / f"{language}.txt"
    return frozenset(path.read_text("utf-8").split()) if language.isalpha() and path.is_file() else frozenset()


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    return Stemmer.Stemmer(STEMMED[language]) if language in STEMMED else None
