"""Words of a text: correct their spelling, find phrases in them, guess their language."""

from chatbot.language.detection import UNKNOWN, guess_language
from chatbot.language.phrases import COMMA, SENTENCE, Phrases, Speller, Word, fold, read_words, words_of
from chatbot.language.spelling import Spelling, everyday_words, is_english, is_everyday

__all__ = [
    "COMMA",
    "SENTENCE",
    "UNKNOWN",
    "Phrases",
    "Speller",
    "Spelling",
    "Word",
    "everyday_words",
    "fold",
    "guess_language",
    "is_english",
    "is_everyday",
    "read_words",
    "words_of",
]
