"""Which language a question is in: a guess, for the clinic to see who it does not serve."""

from functools import cache
from typing import Final

from py3langid.langid import MODEL_FILE, LanguageIdentifier

__all__ = ["UNKNOWN", "guess_language"]

UNKNOWN: Final = "und"
"""ISO 639's code for a language that is not determined."""

_LANGUAGES: Final = "ar bn de el en es fa fr hi it ja ko nl pl pt ro ru tr uk ur vi zh".split()  # noqa: SIM905 -- a list would take 22 lines
_SURE: Final = 0.6  # of two words, the model is seldom surer


def guess_language(text: str) -> str:
    """Give the ISO 639-1 code of a text's language, or `UNKNOWN` where the text is too short to tell.

    Lui and Baldwin, langid.py: An Off-the-shelf Language Identification Tool, 2012.
    """
    language, probability = _model().classify(text.lower())
    return str(language) if probability >= _SURE else UNKNOWN


@cache
def _model() -> LanguageIdentifier:
    model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    model.set_languages(_LANGUAGES)
    return model
