"""Contact values written out in the clinic's wording: outdated ones, and ones that are not the clinic's."""

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
# The placeholders of a reply and of urgent wording; the greeting has none.
_IN_REPLIES: Final = frozenset({"phone", "email", "booking", "hours", "address"})
_IN_WORDING: Final = frozenset({"phone", "hours", "emergency", "crisis", "out_of_hours"})

_BETWEEN: Final = r"[\s().\-/\u00a0\u2010-\u2015]{0,3}"  # what people write between the digits of a number
_LONG: Final = 7  # digits from which a number is recognised with or without its country code or leading zero
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
    """A value written out in wording, and the placeholder to write instead, empty where none fits."""

    where: str
    value: str
    placeholder: str = ""

    @property
    def sentence(self) -> str:
        """The value, where it stands, and the cure."""
        return f"{self.where} holds “{self.value}”: {self.cure}."

    @property
    def cure(self) -> str:
        """What to write instead."""
        return f"write {{{self.placeholder}}} there instead" if self.placeholder else "correct it there"


@dataclass(frozen=True, slots=True)
class _Wording:
    """One text of clinic.toml, `where` it stands in the console, and its placeholders.

    In `urgent` wording every number of three digits or more is one to call.
    """

    where: str
    text: str
    placeholders: frozenset[str]
    urgent: bool = False


def old_values(before: Clinic, after: Clinic) -> tuple[OldValue, ...]:
    """Return the values of `before` that wording of `after` repeats although they are no longer set."""
    repeated = []
    for name, placeholder in (_PHONES | _OTHERS).items():
        old, new = str(attrgetter(name)(before)), str(attrgetter(name)(after))
        if old and old != new:
            contains = _contains_number if name in _PHONES else _contains_text
            # A number that is only spaced differently, or that another key has now, is not outdated.
            if name in _PHONES and any(_same_number(old, value) for value in _numbers(after)):
                continue
            repeated += [
                OldValue(wording.where, old, _placeholder(wording, placeholder, new))
                for wording in _wordings(after)
                if contains(wording.text, old)
            ]
    return tuple(dict.fromkeys(repeated))


def foreign_values(clinic: Clinic) -> tuple[OldValue, ...]:
    """Return the telephone numbers and e-mail addresses in wording that are not the clinic's own."""
    return tuple(dict.fromkeys(value for wording in _wordings(clinic) for value in _foreign(wording, clinic)))


def foreign_warnings(clinic: Clinic) -> tuple[str, ...]:
    """Return a sentence for each of the `foreign_values`."""
    return tuple(
        f"{value.where} holds “{value.value}”, which is none of the clinic's own: {value.cure}."
        for value in foreign_values(clinic)
    )


def _foreign(wording: _Wording, clinic: Clinic) -> Iterator[OldValue]:
    for address in _EMAIL.findall(wording.text):
        if address.casefold() != clinic.contact.email.casefold():
            yield OldValue(wording.where, address, _placeholder(wording, "email", clinic.contact.email))
    text = _NO_PHONE.sub(" ; ", wording.text)
    own = _numbers(clinic)
    for number in (match[0] for match in _PHONE.finditer(text) if _is_phone_number(match[0])):
        if not any(_same_number(number, value) for value in own):
            yield OldValue(wording.where, number, _placeholder(wording, "phone", clinic.contact.phone))
    for number in _SHORT.findall(_PHONE.sub(" ; ", text)) if wording.urgent else ():
        if not any(_same_number(number, value) for value in own):
            yield OldValue(wording.where, number, _placeholder(wording, "emergency", clinic.urgent.phone))


def _placeholder(wording: _Wording, placeholder: str, value: str) -> str:
    return placeholder if value and placeholder in wording.placeholders else ""


def _wordings(clinic: Clinic) -> Iterator[_Wording]:
    yield _Wording("“Greeting”", clinic.greeting, frozenset())
    for name in _WORDING:
        yield _Wording(f"“{FIELDS[name]}”", str(attrgetter(name)(clinic)), _IN_WORDING, urgent=True)
    for reply in clinic.replies:
        yield _Wording(f"The reply “{reply.name}”", f"{reply.reply}\n{reply.link}", _IN_REPLIES)


def _numbers(clinic: Clinic) -> tuple[str, ...]:
    return tuple(value for name in _PHONES if (value := str(attrgetter(name)(clinic))))


def _is_phone_number(text: str) -> bool:
    """Return whether digits are a telephone number, and not a count or a reference."""
    return text.lstrip("(")[:1] in {"+", "0"} or len(_digits(text)) > 8


def _same_number(number: str, other: str) -> bool:
    return _contains_number(number, other) or _contains_number(other, number)


def _contains_number(text: str, number: str) -> bool:
    """Return whether a text contains a number, however it is spaced, with or without its country code."""
    text, number = _TRUNK.sub(r"\1", text), _TRUNK.sub(r"\1", number)
    return any(re.search(pattern, text) for pattern in _patterns(number))


def _patterns(number: str) -> Iterator[str]:
    """Yield patterns that match a number without its leading zeros, and without its country code."""
    digits = _digits(number)
    core = digits.removeprefix("00") if digits.startswith("00") else digits.removeprefix("0")
    if len(core) < _LONG:
        yield rf"(?<![\d.,]){_BETWEEN.join(digits)}(?![.,]?\d)" if digits else "(?!)"
        return
    codes = 4 if number.strip().startswith(("+", "00")) else 1
    for code in range(codes):
        if len(core) - code >= _LONG:
            yield rf"{_BETWEEN.join(core[code:])}(?!\d)"


def _digits(text: str) -> str:
    return "".join(str(int(character)) for character in text if character.isdecimal())


def _contains_text(text: str, words: str) -> bool:
    return " ".join(words.casefold().split()) in " ".join(text.casefold().split())
