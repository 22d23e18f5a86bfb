"""The test list of redaction: questions with something personal in them, and questions with nothing.

Two parts of each: the rules were written with one, and the other was written before them and is only measured.
"""

import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

__all__ = ["Variant", "clean", "variants"]

_FOLDER: Final = Path(__file__).parent / "redaction"
_OLDEST, _YOUNGEST = date(1931, 1, 1), date(2012, 12, 31)


@dataclass(frozen=True, slots=True)
class Variant:
    """A question, and the stretches of it that must go."""

    kind: str
    text: str
    secrets: tuple[str, ...]


def variants(part: str, number: int = 500) -> list[Variant]:
    """Give a part's variants, "seen" or "held_out": the odd ones, then each value in carriers, in a fixed order."""
    chance = random.Random(part)
    table = _read(_FOLDER / f"{part}.txt")
    made = [Variant("odd", re.sub(r"\[\[|\]\]", "", line), tuple(_marked(line))) for line in table.pop("odd")]
    kinds = [name.removesuffix(" values") for name in table if name.endswith(" values")]
    crossed = {kind: _crossed(kind, table[f"{kind} values"], table[f"{kind} carriers"], chance) for kind in kinds}
    while len(made) < number:
        row = [variant for variant in (next(crossed[kind], None) for kind in kinds) if variant]
        made += row[: number - len(made)]
        if not row:
            break
    return made


def clean(part: str) -> list[str]:
    """Give a part's questions with nothing personal in them."""
    lines = (_FOLDER / f"clean_{part}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _read(path: Path) -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    rows: list[str] = []
    for line in path.read_text("utf-8").splitlines():
        if heading := re.fullmatch(r"\[([a-z ]+)\](?: (values|carriers))?", line):
            rows = table.setdefault(" ".join(part for part in heading.groups() if part), [])
        elif line and not line.startswith("# ") and line != "#":
            rows.append(line)
    return table


def _crossed(kind: str, values: list[str], carriers: list[str], chance: random.Random) -> Iterator[Variant]:
    """Give every value in a carrier, then every value in the next one, until each stood in each."""
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
        {"#": chance.choice(string.digits), "N": chance.choice("23456789")}.get(one, one) if "#" in form else one
        for one in form
    )
    if form.startswith("QQ"):
        filled = chance.choice(["AB", "JG", "ce", "Pk"]) + filled[2:]
    if "L" in form and "#" in form and form[0] in "3456":
        filled = filled.replace("L", _luhn(re.sub(r"\D", "", filled)))
    return filled


def _luhn(digits: str) -> str:
    """Give the check digit that a card's digits end in."""
    doubled = (sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return str(-sum(doubled) % 10)


def _nhs(chance: random.Random) -> str:
    while True:
        digits = str(chance.randrange(400_000_000, 500_000_000))
        check = (11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True))) % 11
        if check < 10:
            return f"{digits}{check}"


def _marked(line: str) -> list[str]:
    return re.findall(r"\[\[(.*?)\]\]", line)
