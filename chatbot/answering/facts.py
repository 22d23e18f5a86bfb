"""Whether a passage holds the price, opening hours, address, parking or telephone number that a question asks for."""

import re
from typing import Final

from chatbot.indexing import content_words
from chatbot.records import Passage

__all__ = ["holds_fact"]

_DAY: Final = r"\b(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:days?)?\b"
_CLOCK: Final = r"\b\d{1,2}(?:[.:]\d\d|\s?[ap]\.?m\b|\s?(?:-|\u2013|to|till|until)\s?\d{1,2}\b)"
_STREET: Final = (
    r"(?-i:\b\d+\w?,? (?:[A-Z][\w']+ )+"
    r"(?:Street|St|Road|Rd|Lane|Avenue|Ave|Way|Square|Drive|Quay|Place|Court|Terrace|Row|Hill|Crescent|Gardens)\b)"
)
_FACTS: Final = tuple(
    (re.compile(rf"\b(?:{asks})\b", re.IGNORECASE), re.compile(holds, re.IGNORECASE | re.DOTALL), of_a_treatment)
    for asks, holds, of_a_treatment in (
        (r"how much|prices?|costs?|fees?|charges?|cheap\w*|expensive", r"[$\u00a3\u20ac\u20b9]\s?\d|\d\s?\u20ac", True),
        (r"open(?:ing)?|close[ds]?|shut|hours", rf"{_DAY}.*{_CLOCK}|{_CLOCK}.*{_DAY}", False),
        (r"park(?:ing)?|car park", r"\bpark(?:ing)?\b", False),
        (r"address|postcode|located|where are you|where is the clinic|find you", _STREET, False),
        (r"(?:tele)?phone|number", r"(?<![\d.,])\+?\d[\d ()-]{7,}\d", False),
    )
)
"""What asks for a fact, what holds it, and whether it is one of a treatment, which the question must name."""

_GENERAL: Final = frozenset(  # words that name no subject, in questions about any clinic's prices, hours and place
    {"appointment", "clinic", "come", "hello", "hi", "please", "tell", "time", "times", "visit"}
)
_STEM: Final = 5  # letters that forms of a word have in common


def holds_fact(question: str, passage: Passage) -> bool:
    """Return whether a passage holds the fact that a question asks for, of the subject that it names."""
    place = " ".join((passage.title, *passage.headings, passage.text))
    stems = set(map(_stem, re.findall(r"\w+", place.casefold())))
    return any(
        asks.search(question)
        and holds.search(passage.text)
        and (subject or not of_a_treatment)
        and all(_stem(word) in stems for word in subject)
        for asks, holds, of_a_treatment in _FACTS
        for subject in [_subject(question, asks)]
    )


def _subject(question: str, asks: re.Pattern[str]) -> set[str]:
    """Return the words that a question has beside those that ask for a fact."""
    words = {word.casefold() for word in content_words(asks.sub(" ", question))}
    return words - _GENERAL


def _stem(word: str) -> str:
    return word.rstrip("s")[:_STEM]
