"""The days of the week that a text names, in English."""

import re
from typing import Final

__all__ = ["weekdays"]

_NAME: Final = r"(?:mon|tues?|wed(?:s|nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:days?)?\.?"
_NAMED: Final = re.compile(
    rf"\b(?:(?P<first>{_NAME})(?:\s*(?:-|\u2013|\u2014|to|till|until|through)\s*(?P<last>{_NAME}))?"
    r"|(?P<weekend>weekends?)|(?P<week>weekdays?|working days?)|(?P<all>every day|daily|seven days a week))(?!\w)",
    re.IGNORECASE,
)
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekdays(text: str) -> frozenset[int]:
    """Return the days that a text names, 0 for Monday: "Mon-Wed" are three, "weekend" two, and "daily" all seven.

    "sun" and "sat" count only with a capital, because they are words too.
    """
    return frozenset(day for match in _NAMED.finditer(text) for day in _days(match))


def _days(match: re.Match[str]) -> range | list[int]:
    if match["weekend"]:
        return range(5, 7)
    if match["week"]:
        return range(5)
    if match["all"]:
        return range(7)
    first = _day(match["first"])
    last = _day(match["last"]) if match["last"] else first
    if first is None or last is None:
        return []
    return [day % 7 for day in range(first, last + 1 + (7 if last < first else 0))]


def _day(name: str) -> int | None:
    return None if name.rstrip(".") in {"sun", "sat"} else _DAYS.index(name[:3].casefold())
