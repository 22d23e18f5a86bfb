"""Guess the language of a question, so that a clinic sees whom its pages do not serve."""

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

__all__ = ["UNKNOWN", "guess_language"]

UNKNOWN: Final = "und"
"""ISO 639's code for a language that is not determined."""

_LANGUAGES: Final = "ar bn de el en es fa fr hi it ja ko nl pl pt ro ru tr uk ur vi zh".split()  # noqa: SIM905 - a list would take 22 lines
_SURE: Final = 0.6  # a probability; on two words the model seldom reaches more


def guess_language(text: str) -> str:
    """Return the ISO 639-1 code of a text's language, or `UNKNOWN` where the model is not sure.

    Source: M. Lui and T. Baldwin, "langid.py: An Off-the-shelf Language Identification Tool", ACL 2012.
    """
    language, probability = _model().classify(text.lower())
    return str(language) if probability >= _SURE else UNKNOWN


@cache
def _model() -> "LanguageIdentifier":
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - few questions need its language named

    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(_LANGUAGES)
    return model
