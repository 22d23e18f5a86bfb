"""Builds the test questions of redaction, with personal data and without.

Each kind has two parts. The rules were written with the part "seen". The part "held_out" is older than the rules, and
is only measured.

The messages of `visitors` are lines as people write them. A hash of each line decides whether it may be read while
rules are written ("fit"), or is only counted ("blind"). Those of "unseen" were written after the last rule.
"""

import hashlib
import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

__all__ = ["Variant", "clean", "variants", "visitors", "visitors_clean"]

_FOLDER: Final = Path(__file__).parent / "redaction"
_OLDEST, _YOUNGEST = date(1931, 1, 1), date(2012, 12, 31)


@dataclass(frozen=True, slots=True)
class Variant:
    """A question, and the stretches of it that must be redacted."""

    kind: str
    text: str
    secrets: tuple[str, ...]


def variants(part: str, number: int = 500) -> list[Variant]:
    """Return the variants of a part, the same each time: single lines, then each value in carrier sentences."""
    chance = random.Random(part)
    table = _read(_FOLDER / f"{part}.txt")
    result = [Variant("odd", re.sub(r"\[\[|\]\]", "", line), tuple(_marked(line))) for line in table.pop("odd")]
    kinds = [name.removesuffix(" values") for name in table if name.endswith(" values")]
    combined = {kind: _combine(kind, table[f"{kind} values"], table[f"{kind} carriers"], chance) for kind in kinds}
    while len(result) < number:
        row = [variant for variant in (next(combined[kind], None) for kind in kinds) if variant]
        result += row[: number - len(result)]
        if not row:
            break
    return result


def clean(part: str) -> list[str]:
    """Return the questions of a part that hold no personal data."""
    lines = (_FOLDER / f"clean_{part}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def visitors(part: str) -> list[Variant]:
    """Return the messages of a part, "fit", "blind" or "unseen", whose personal details are marked."""
    lines = _lines("visitors_unseen.txt") if part == "unseen" else _half("visitors.txt", part)
    lines += _lines("visitors_fit.txt") if part == "fit" else []
    return [Variant("message", re.sub(r"\[\[|\]\]", "", line), tuple(_marked(line))) for line in lines]


def visitors_clean(part: str) -> list[str]:
    """Return the messages of a part that hold nothing personal; all of them beside "unseen", which has none."""
    return (
        [*_half("visitors_clean.txt", "fit"), *_half("visitors_clean.txt", "blind")]
        if part == "unseen"
        else _half("visitors_clean.txt", part)
    )


def _lines(name: str) -> list[str]:
    lines = (_FOLDER / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


def _half(name: str, half: str) -> list[str]:
    return [line for line in _lines(name) if ("fit", "blind")[hashlib.sha256(line.encode()).digest()[0] % 2] == half]


def _read(path: Path) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    rows: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"\[([a-z ]+)\](?: (values|carriers))?", line):
            rows = table.setdefault(" ".join(part for part in heading.groups() if part), [])
        elif line and not line.startswith("# ") and line != "#":
            rows.append(line)
    return table


def _combine(kind: str, values: list[str], carriers: list[str], chance: random.Random) -> Iterator[Variant]:
    """Yield every value in one carrier, then every value in the next carrier, until each has been in each."""
    for turn in range(len(carriers)):
        for place, form in enumerate(values):
            value = _value(form, chance)
            carrier = carriers[(place + turn) % len(carriers)]
            yield Variant(kind, carrier.replace("<>", value), (value,))


def _value(form: str, chance: random.Random) -> str:
    if "://" in form:
        return form
    if form.startswith("NHS"):
        digits = _nhs(chance)
        return {
            "NHS": f"{digits[:3]} {digits[3:6]} {digits[6:]}",
            "NHS-": f"{digits[:3]}-{digits[3:6]}-{digits[6:]}",
        }.get(form, digits)
    if "%" in form:
        return (_OLDEST + timedelta(days=chance.randrange((_YOUNGEST - _OLDEST).days))).strftime(form)
    filled = "".join(
        {"#": chance.choice(string.digits), "N": chance.choice("23456789")}.get(sign, sign) if "#" in form else sign
        for sign in form
    )
    if form.startswith("QQ"):
        filled = chance.choice(["AB", "JG", "ce", "Pk"]) + filled[2:]
    if "L" in form and "#" in form and form[0] in "3456":
        filled = filled.replace("L", _luhn(re.sub(r"\D", "", filled)))
    return filled


def _luhn(digits: str) -> str:
    """Return the check digit of a card number. Source: ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return str(-sum(doubled) % 10)


def _nhs(chance: random.Random) -> str:
    """Return a valid NHS number: its last digit is a check digit modulo 11."""
    while True:
        digits = str(chance.randrange(400_000_000, 500_000_000))
        check = (11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True))) % 11
        if check < 10:
            return f"{digits}{check}"


def _marked(line: str) -> list[str]:
    return re.findall(r"\[\[(.*?)\]\]", line)
