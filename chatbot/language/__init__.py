"""Words of a text: correct their spelling, find phrases in them, guess their language."""

from chatbot.language.detection import UNKNOWN, guess_language, language_of_page
from chatbot.language.phrases import (
    COMMA,
    SENTENCE,
    PhraseGroups,
    Phrases,
    Span,
    Speller,
    Word,
    distinct_words,
    fold,
    masked,
    read_words,
    words_of,
)
from chatbot.language.spelling import Spelling, everyday_words, is_english, is_everyday
from chatbot.language.weekdays import weekdays

__all__ = [
    "COMMA",
    "SENTENCE",
    "UNKNOWN",
    "PhraseGroups",
    "Phrases",
    "Span",
    "Speller",
    "Spelling",
    "Word",
    "distinct_words",
    "everyday_words",
    "fold",
    "guess_language",
    "is_english",
    "is_everyday",
    "language_of_page",
    "masked",
    "read_words",
    "weekdays",
    "words_of",
]
