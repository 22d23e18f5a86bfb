"""Contact values inside wording: old ones that a change leaves behind, and ones that are none of the clinic's."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Final

from chatbot.clinic import Clinic
from chatbot.staff.content.clinic_text import FIELDS

__all__ = ["OldValue", "foreign_values", "foreign_warnings", "old_values"]

_PHONES: Final = {
    "contact.phone": "phone",
    "urgent.phone": "emergency",
    "urgent.crisis.phone": "crisis",
    "urgent.today.phone": "out_of_hours",
}
_OTHERS: Final = {
    "contact.email": "email",
    "contact.booking": "booking",
    "contact.hours": "hours",
    "contact.address": "address",
}
_WORDING: Final = ("urgent.message", "urgent.crisis.message", "urgent.today.message")
# What is put into the places of a reply and of urgent wording; the greeting has no places.
_IN_REPLIES: Final = frozenset({"phone", "email", "booking", "hours", "address"})
_IN_WORDING: Final = frozenset({"phone", "hours", "emergency", "crisis", "out_of_hours"})

_BETWEEN: Final = r"[\s().\-/\u00a0\u2010-\u2015]{0,3}"  # what people write between the digits of a number
_LONG: Final = 7  # digits from which on a number is one whatever stands before it: a country's code, a zero
_TRUNK: Final = re.compile(r"(\+\d{1,3}[\s.-]?)\(0\)")  # +44 (0)20: the zero is dialled without the code alone
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NO_PHONE: Final = re.compile(
    r"https?://\S+|[\w.+-]+@[\w.-]+"  # addresses
    r"|\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{4}|\b(?:19|20)\d\d\s?[-\u2013]\s?(?:19|20)\d\d\b"  # days, years
    r"|\b\d{1,2}[.:]\d\d\b"  # hours
    r"|[\u00a3$\u20ac]\s?\d[\d.,]*|\d[\d.,]*\s?[\u00a3$\u20ac]"  # prices
)
_PHONE: Final = re.compile(rf"(?<![\w.,])(?:\+|\(\+?)?\d(?:{_BETWEEN}\d){{6,14}}(?![\w])")
_SHORT: Final = re.compile(r"(?<![\w.,])\d{3,6}(?![\w])(?![.,]\d)")  # in urgent wording, a number to call


@dataclass(frozen=True, slots=True)
class OldValue:
    """A value that stands as text in wording: where, which, and the place to write instead, empty where none fits."""

    where: str
    value: str
    place: str = ""

    @property
    def sentence(self) -> str:
        """What to do about it, in words."""
        return f"{self.where} holds “{self.value}”: {self.cure}."

    @property
    def cure(self) -> str:
        """What to write instead."""
        return f"write {{{self.place}}} there instead" if self.place else "correct it there"


@dataclass(frozen=True, slots=True)
class _Text:
    """One wording of clinic.toml: what the console calls it, what it says, and the places that are filled in it.

    In `urgent` wording every number of three digits or more is one to call.
    """

    where: str
    said: str
    places: frozenset[str]
    urgent: bool = False


def old_values(before: Clinic, after: Clinic) -> tuple[OldValue, ...]:
    """Return where wording of `after` repeats a value that `before` had and `after` has no more."""
    found = []
    for name, place in (_PHONES | _OTHERS).items():
        old, new = str(attrgetter(name)(before)), str(attrgetter(name)(after))
        if old and old != new:
            holds = _holds_number if name in _PHONES else _holds_words
            # A number that changed its spelling alone, or that another key has now, is no old one.
            if name in _PHONES and any(_same_number(old, value) for value in _numbers(after)):
                continue
            found += [
                OldValue(text.where, old, _place(text, place, new)) for text in _texts(after) if holds(text.said, old)
            ]
    return tuple(dict.fromkeys(found))


def foreign_values(clinic: Clinic) -> tuple[OldValue, ...]:
    """Return where wording holds a telephone number or an e-mail address that is none of the clinic's present ones."""
    return tuple(dict.fromkeys(one for text in _texts(clinic) for one in _foreign(text, clinic)))


def foreign_warnings(clinic: Clinic) -> tuple[str, ...]:
    """Return a sentence for each of the `foreign_values`."""
    return tuple(
        f"{one.where} holds “{one.value}”, which is none of the clinic's own: {one.cure}."
        for one in foreign_values(clinic)
    )


def _foreign(text: _Text, clinic: Clinic) -> Iterator[OldValue]:
    for address in _EMAIL.findall(text.said):
        if address.casefold() != clinic.contact.email.casefold():
            yield OldValue(text.where, address, _place(text, "email", clinic.contact.email))
    said = _NO_PHONE.sub(" ; ", text.said)
    present = _numbers(clinic)
    for number in (match[0] for match in _PHONE.finditer(said) if _is_number(match[0])):
        if not any(_same_number(number, value) for value in present):
            yield OldValue(text.where, number, _place(text, "phone", clinic.contact.phone))
    for number in _SHORT.findall(_PHONE.sub(" ; ", said)) if text.urgent else ():
        if not any(_same_number(number, value) for value in present):
            yield OldValue(text.where, number, _place(text, "emergency", clinic.urgent.phone))


def _place(text: _Text, place: str, value: str) -> str:
    return place if value and place in text.places else ""


def _texts(clinic: Clinic) -> Iterator[_Text]:
    yield _Text("“Greeting”", clinic.greeting, frozenset())
    for name in _WORDING:
        yield _Text(f"“{FIELDS[name]}”", str(attrgetter(name)(clinic)), _IN_WORDING, urgent=True)
    for route in clinic.replies:
        yield _Text(f"The reply “{route.name}”", f"{route.reply}\n{route.link}", _IN_REPLIES)


def _numbers(clinic: Clinic) -> tuple[str, ...]:
    return tuple(value for name in _PHONES if (value := str(attrgetter(name)(clinic))))


def _is_number(text: str) -> bool:
    """Tell whether digits are a telephone number, and not a count or a reference."""
    return text.lstrip("(")[:1] in {"+", "0"} or len(_digits(text)) > 8


def _same_number(one: str, other: str) -> bool:
    return _holds_number(one, other) or _holds_number(other, one)


def _holds_number(text: str, number: str) -> bool:
    """Tell whether a text holds a number, however it is spaced, with its country's code or without."""
    text, number = (_TRUNK.sub(r"\1", one) for one in (text, number))
    return any(re.search(pattern, text) for pattern in _patterns(number))


def _patterns(number: str) -> Iterator[str]:
    """Yield what finds a number: without its leading zeros, and without the code of its country."""
    digits = _digits(number)
    plain = digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")
    if len(plain) < _LONG:
        yield rf"(?<![\d.,]){_BETWEEN.join(digits)}(?![.,]?\d)" if digits else "(?!)"
        return
    codes = 4 if number.strip().startswith(("+", "00")) else 1
    for code in range(codes):
        if len(plain) - code >= _LONG:
            yield rf"{_BETWEEN.join(plain[code:])}(?!\d)"


def _digits(text: str) -> str:
    return "".join(str(int(one)) for one in text if one.isdecimal())


def _holds_words(text: str, words: str) -> bool:
    return " ".join(words.casefold().split()) in " ".join(text.casefold().split())
