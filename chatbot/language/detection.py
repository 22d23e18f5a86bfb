"""Guess the language of a question or a page; owns py3langid."""

import re
from collections.abc import Collection
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["UNKNOWN", "guess_language", "language_of_page"]

UNKNOWN: Final = "und"
"""ISO 639's code for a language that is not determined."""

_LANGUAGES: Final = "ar bn de el en es fa fr hi it ja ko nl pl pt ro ru tr uk ur vi zh".split()  # noqa: SIM905 - a list would take 22 lines
_SURE: Final = 0.6  # a probability; on two words the model seldom reaches more
_CERTAIN: Final = 0.999  # a probability; from here on a long text goes before what its page says of itself
_FEW: Final = 10  # words; a page of fewer may be all names
_LIKELY: Final = 0.9  # a probability; a page has more words than a question
_LONG: Final = 40  # words; templates name a language that the text below them is not in
_SAMPLE: Final = 4_000  # characters of a page that are looked at
_WORD: Final = re.compile(r"[^\W\d_]+")


def guess_language(text: str, among: Collection[str] = ()) -> str:
    """Return the ISO 639-1 code of a text's language, or `UNKNOWN` where the model is not sure.

    `among` are the languages that come into question; all that the model is asked for, if there are none.
    Source: M. Lui and T. Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", ACL 2012.
    """
    language, probability = _guess(text, among)
    return language if probability >= _SURE else UNKNOWN


def language_of_page(text: str, declared: str | None = None) -> str | None:
    """Return the ISO 639-1 code of a page's language; None where nothing tells it.

    `declared` is the BCP 47 tag that the page has of itself. It counts, unless a long text is surely in another one.
    """
    primary = re.split(r"[-_]", declared.strip().lower())[0] if declared else ""
    known = primary if re.fullmatch(r"[a-z]{2,3}", primary) and primary != UNKNOWN else None
    sample = text[:_SAMPLE]
    words = len(_WORD.findall(sample))
    least, share = (_LONG, _CERTAIN) if known else (_FEW, _LIKELY)
    if words < least or (known and known not in _LANGUAGES):
        return known
    guess, probability = _guess(sample)
    return guess if probability >= share else known


def _guess(text: str, among: Collection[str] = ()) -> tuple[str, float]:
    """Return the most probable language with its probability among those that come into question."""
    ranked = [(str(language), float(share)) for language, share in _model().rank(text.lower())]
    ranked = [pair for pair in ranked if not among or pair[0] in among]
    total = sum(share for _, share in ranked)
    return (ranked[0][0], ranked[0][1] / total) if total else (UNKNOWN, 0.0)


@cache
def _model() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - few questions need its language named

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(_LANGUAGES)
    return model
