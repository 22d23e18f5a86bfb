"""Find words on when a clinic is open, where it is and what its telephone is, and facts by which two texts compare."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["Said", "contact_facts", "said", "says_contact"]

_LONGEST: Final = 1_500  # characters in which a place is looked for
_DAY_NAMES: Final = (
    "mon mondays? mo montags? lundi lunes luned\u00ec lun maandag ma segunda",
    "tues? tuesdays? di dienstags? mardi martes marted\u00ec mar dinsdag ter\u00e7a",
    "weds? wednesdays? mi mittwochs? mercredi mi\u00e9rcoles mercoled\u00ec mer mi\u00e9 woensdag wo",
    "thur?s? thursdays? do donnerstags? jeudi jueves gioved\u00ec jeu jue gio donderdag quinta",
    "fri fridays? fr freitags? vendredi viernes venerd\u00ec ven vie vrijdag vr sexta",
    "sat saturdays? sa samstags? sonnabend samedi s\u00e1bado sabato sam s\u00e1b sab zaterdag za",
    "sun sundays? so sonntags? dimanche domingo domenica dim dom zondag zo",
)
_SPANS: Final = (
    "daily weekdays? weekends? t\u00e4glich werktags diario everyday every\\sday 7\\sdays tous\\sles\\sjours"
)
_WEEKDAYS: Final = re.compile(r"^(?:weekday|werktag)", re.IGNORECASE)
_WEEKENDS: Final = re.compile(r"^weekend", re.IGNORECASE)
_RANGE: Final = re.compile(
    r"^[\s.]{0,3}(?:-|\u2013|\u2014|to|until|till|through|thru|bis|au|\u00e0|a|al|t/m)\s{0,3}$", re.IGNORECASE
)
_ALWAYS: Final = re.compile(
    r"\b(?:open|hours|ge\u00f6ffnet|ouvert|abierto|aperto)\b\W(?:.{0,30}\W)?24/7|^\W*24/7\W*$",
    re.IGNORECASE | re.DOTALL,
)
_DAY: Final = re.compile(
    "|".join(rf"\b(?P<day{number}>{'|'.join(names.split())})\b" for number, names in enumerate((*_DAY_NAMES, _SPANS))),
    re.IGNORECASE,
)
_CLOSED: Final = re.compile(
    r"\b(?:closed|geschlossen|ferm\u00e9e?|cerrado|chiuso|gesloten|fechado|by appointment)\b", re.IGNORECASE
)
_CLOCK: Final = re.compile(
    r"(?<![\d.,:$\u00a3\u20ac])(?P<hour>[01]?\d|2[0-4])(?:[:.h](?P<minute>[0-5]\d))?\s?(?P<half>[ap])\.?m\b"
    r"|(?<![\d.,:$\u00a3\u20ac])(?P<hour24>[01]?\d|2[0-4])(?:[:.h](?P<minute24>[0-5]\d)\b(?!\s?%)|\s?(?:uhr|h)\b)"
    r"|(?<![\d.,:$\u00a3\u20ac])(?P<from>[01]?\d|2[0-4])\s?(?:-|\u2013|\u2014|to|bis|until|till|\u00e0|a)\s?"
    r"(?P<to>[01]?\d|2[0-4])\b(?!\s?%)",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(r"(?<![\w.,/])(?:\+|\(\+?)?\d(?:[ \u00a0()./-]{0,3}\d){7,14}(?!\w)")
_TOKEN: Final = re.compile(r"\w+(?:['\u2019]\w+)*")
_PLACE: Final = re.compile(r"\[(?:address|postcode)\]")
# Words that name nothing: neither a branch nor what else a line of hours, or a number, is of.
_GENERIC: Final = re.compile(
    r"^(?:open|opening|hours?|times?|from|to|until|till|and|or|on|at|by|the|we|us|our|are|is|call|phone|telephone|tel|t|p"
    r"|only|am|pm|noon|uhr|von|bis|und|ge\u00f6ffnet|sprechzeiten|\u00f6ffnungszeiten|telefon|ouvert|horaires|horario"
    r"|et|de|du|au|y|a|\d+)$"
)
_GERMAN_PLACE: Final = re.compile(r"\b\d{5}\s[A-Z\u00c4\u00d6\u00dc][a-z\u00e4\u00f6\u00fc\u00df]+")


@dataclass(frozen=True, slots=True)
class Said:
    """What a line says: on which days (Monday is 0) and at which minutes a clinic is open, telephones and a place.

    `place` are the numbers of an address by its kinds: a street, a postcode. `label` are the words before it, or those
    that are left of hours and telephones: whose they are.
    """

    days: frozenset[int]
    times: frozenset[int]
    phones: frozenset[str]
    place: dict[str, frozenset[str]]
    label: str

    def differs(self, other: "Said") -> bool:
        """Return whether two lines cannot both be true of one clinic."""
        hours = self.times and other.times and self.days & other.days and self.times != other.times
        phones = self.phones and other.phones and self.phones != other.phones
        places = any(self.place[kind] != other.place[kind] for kind in self.place.keys() & other.place.keys())
        return bool(hours or phones or places)


def said(line: str) -> Said:
    """Return what a line says of hours, telephones and a place."""
    without = _PHONE.sub(" ", line)
    place = _place(without)
    times = frozenset(_times(without)) | ({-1} if _CLOSED.search(line) else set())
    before, colon, _ = line.partition(":")
    label = before if colon and not any(map(str.isdigit, before)) else ""
    rest = _CLOSED.sub(" ", _DAY.sub(" ", label if place else _CLOCK.sub(" ", without)))
    words = [match.group().lower() for match in _TOKEN.finditer(rest)]
    named = " ".join(word for word in words if not _GENERIC.match(word))
    return Said(frozenset(_days(line)), frozenset() if place else times, frozenset(_phones(line)), place, named)


def _days(line: str) -> Iterator[int]:
    """Yield the days that a line names, those between two as well."""
    last: re.Match[str] | None = None
    for match in _DAY.finditer(line):
        number = int(str(match.lastgroup).removeprefix("day"))
        if number == len(_DAY_NAMES):
            weekend = _WEEKENDS.match(match.group())
            yield from range(5 if weekend else 0, 5 if _WEEKDAYS.match(match.group()) else len(_DAY_NAMES))
            last = None
            continue
        yield number
        if last is not None and _RANGE.match(line[last.end() : match.start()]):
            first = int(str(last.lastgroup).removeprefix("day"))
            yield from range(first, number + 1 + (len(_DAY_NAMES) if number < first else 0))
        last = match


def _place(line: str) -> dict[str, frozenset[str]]:
    kinds = _place_kinds(line)
    numbers = frozenset(token.lower() for token in _TOKEN.findall(line) if any(map(str.isdigit, token)))
    return dict.fromkeys(kinds, numbers)


def contact_facts(text: str, *, both_sides: bool = False) -> frozenset[str]:
    """Return the facts of a text by which two texts on hours, places and telephones are compared.

    The number of a house is a fact together with the word after it, or else before it, or with `both_sides` with each.
    """
    facts = set(_phones(text))
    facts |= {str(match.lastgroup) for match in _DAY.finditer(text)}
    facts |= {f"time {minute}" for minute in _times(text)}
    rest = _CLOCK.sub(" ", _PHONE.sub(" ", text))
    tokens = [match.group().lower() for match in _TOKEN.finditer(rest)]
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        if token.isdigit() and len(token) < 4:
            words = [f"{token} {beside}" for beside in (after, before) if beside.isalpha()]
            facts.update(words if both_sides else words[:1])
        elif any(character.isdigit() for character in token):
            facts.add(token)
    return frozenset(facts)


def says_contact(words: str) -> bool:
    """Return whether words say when a clinic is open, where it is, or what its telephone is."""
    return _says_hours(words) or bool(_place_kinds(words)) or bool(_phones(words))


def _says_hours(words: str) -> bool:
    return bool(_DAY.search(words) and (_CLOCK.search(words) or _CLOSED.search(words))) or bool(_ALWAYS.search(words))


def _place_kinds(words: str) -> set[str]:
    """Return the kinds of what words say of an address: a street, a postcode."""
    if not any(character.isdigit() for character in words):
        return set()
    from chatbot.redaction import redact_addresses  # noqa: PLC0415 - its lists take a third of a second to load

    words = words[:_LONGEST]
    kinds = set(_PLACE.findall(redact_addresses(_PHONE.sub(" ", words))))
    return kinds or ({"[postcode]"} if _GERMAN_PLACE.search(words) else set())


def _phones(text: str) -> Sequence[str]:
    """Return the telephone numbers of a text by their last nine digits, which no way of writing changes."""
    return [f"phone {re.sub(r'[^0-9]', '', match.group())[-9:]}" for match in _PHONE.finditer(text)]


def _times(text: str) -> Iterator[int]:
    """Yield the times of the day in a text, in minutes; "9 to 5" ends in the afternoon."""
    for match in _CLOCK.finditer(text):
        if match["from"]:
            first, last = int(match["from"]), int(match["to"])
            yield from (60 * first, 60 * (last + 12 * (last <= first)))
            continue
        hour, minute = match["hour"] or match["hour24"], match["minute"] or match["minute24"] or "0"
        hours = int(hour) % 12 + 12 * (match["half"].lower() == "p") if match["half"] else int(hour)
        yield 60 * hours + int(minute)
