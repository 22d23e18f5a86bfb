"""What a page says of itself: its title, address, review, language, and whether it is published."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from urllib.parse import urlsplit

from chatbot.reading.front_matter import normalised

__all__ = ["About", "field_keys", "has_dates", "read_about", "unpublished", "unpublished_by_date"]

_ALIASES: Final = {
    "title": ("title",),
    "url": ("url", "canonical", "canonicalurl"),
    "reviewed": ("reviewed", "reviewedon", "lastreviewed", "lastreviewedon", "datereviewed", "reviewdate"),
    "language": ("language", "lang", "languagecode", "locale"),
}
"""The keys of each field, normalised, that of Footnote first. `lastmod` and `date` are no reviews."""

_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})
_UNPUBLISHED: Final = frozenset({"archived", "draft", "future", "hidden", "inactive", "pending", "private", "trash"})
"""Values of `status`, and of `visibility`, that take a page off its site; with 'unpublished'."""

_STARTS: Final = ("publishdate", "publishon", "publishedat", "published", "pubdate", "validfrom", "date")
_ENDS: Final = (
    *("expirydate", "expiry", "expires", "expireson", "expiresat", "expirationdate"),
    *("unpublishdate", "unpublishon", "unpublish"),
)
_LAST_DAYS: Final = ("validuntil", "validthrough")  # the page is published on that day too
_DATED: Final = re.compile(
    r"^[ \t\"']*(?:publish|pub_?date|date|expir|un_?publish|valid)[\w-]*[\"']?[ \t]*[:=]", re.IGNORECASE | re.MULTILINE
)
_LONGEST_NUMBER: Final = 256  # bits; Python refuses to write out the very long ones
_FORMATS: Final = ("%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y", "%B %d %Y")


@dataclass(frozen=True, slots=True)
class About:
    """The fields that Footnote uses; `warnings` are those that cannot be read, a clause and a cure each."""

    title: str
    url: str | None
    reviewed: date | None
    language: str | None
    warnings: tuple[str, ...]


def read_about(fields: Mapping[str, object]) -> About:
    """Read the fields that Footnote uses; what cannot be read is left out and named in `warnings`."""
    warnings: list[str] = []
    title = _text(fields, "title", warnings)
    url = _url(fields, warnings)
    return About(title, url, _reviewed(fields, warnings), _language(fields), tuple(warnings))


def field_keys(fields: Iterable[str], name: str) -> tuple[str, ...]:
    """Return the keys that hold a field, in the order in which they count."""
    keys = [key for key in fields if normalised(key) in _ALIASES[name]]
    return tuple(sorted(keys, key=lambda key: _ALIASES[name].index(normalised(key))))


def _values(fields: Mapping[str, object], name: str) -> list[object]:
    return [fields[key] for key in field_keys(fields, name) if fields[key] not in (None, "")]


def _text(fields: Mapping[str, object], name: str, warnings: list[str]) -> str:
    value = next(iter(_values(fields, name)), "")
    if not isinstance(value, str | int | float | date):
        warnings.append(f"its {name} is not text; write {name} on one line")
        return ""
    text = " ".join(_scalar(value).split())
    if any("\ud800" <= character <= "\udfff" for character in text):
        warnings.append(f"its {name} holds characters that cannot be shown; write it anew")
        return ""
    return text


def _url(fields: Mapping[str, object], warnings: list[str]) -> str | None:
    urls = [
        text for value in _values(fields, "url") if not isinstance(value, bool) and (text := _scalar(value).strip())
    ]
    for url in urls:
        if _is_web_address(url):
            return url
    if urls:
        warnings.append(f"its url {_shown(urls[0])} is not a web address; write it as https://...")
    return None


def _is_web_address(url: str) -> bool:
    if any(character.isspace() or "\ud800" <= character <= "\udfff" for character in url):
        return False
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        return False


def _reviewed(fields: Mapping[str, object], warnings: list[str]) -> date | None:
    values = _values(fields, "reviewed")
    days = [day for value in values if (day := _day(value))]
    if values and not days:
        warnings.append(
            f"its reviewed date {_shown(values[0])} cannot be read; write year, month and day, as in 2026-01-31"
        )
    return days[0] if days else None


def _scalar(value: object) -> str:
    """Return a single value as text, and "" for all else: nested values may be huge once they are written out."""
    if isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER:
        return ""
    return str(value) if isinstance(value, str | int | float | date) else ""


def _shown(value: object) -> str:
    return repr(_scalar(value)[:100])


def _language(fields: Mapping[str, object]) -> str | None:
    tag = next(iter(_values(fields, "language")), "")
    match = re.fullmatch(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z0-9]{2,8}))*", tag.strip()) if isinstance(tag, str) else None
    return match[0].replace("_", "-") if match else None


def _day(value: object) -> date | None:
    """Return the day that a value names, or None; 02/03/2026 names two."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = _scalar(value).strip()
    if match := re.match(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?!\d)", text):
        try:
            return date(*map(int, match.groups()))
        except ValueError:
            return None
    for form in _FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def has_dates(lines: str) -> bool:
    """Return whether lines of front matter may hold a day on which the page is published or withdrawn."""
    return _DATED.search(lines) is not None


def unpublished_by_date(fields: Mapping[str, object], today: date) -> str:
    """Return why a page is not published on a day, as its own dates say; "" where it is."""
    about = {normalised(key): value for key, value in fields.items()}
    for name in _ENDS:
        if (day := _day(about.get(name))) and day <= today:
            return f"it expired on {day}"
    for name in _LAST_DAYS:
        if (day := _day(about.get(name))) and day < today:
            return f"it was valid until {day}"
    start = next((day for name in _STARTS if (day := _day(about.get(name)))), None)
    return f"it will be published on {start}" if start and start > today else ""


def unpublished(fields: Mapping[str, object]) -> str:
    """Return why a page is not published on any day, as it says of itself; "" where it is."""
    about = {normalised(key): value for key, value in fields.items()}

    def is_set(name: str, values: frozenset[str] = _TRUE) -> bool:
        return _scalar(about.get(name)).strip().casefold() in values

    if is_set("draft") or is_set("drafts"):
        return "it is a draft"
    if is_set("published", _FALSE) or is_set("publish", _FALSE):
        return "it is not published"
    for name in ("status", "visibility"):
        if is_set(name, _UNPUBLISHED | {"unpublished"}):
            return f"its {name} is {_scalar(about[name]).strip().casefold()}"
    for name in ("archived", "deleted", "private", "headless"):
        if is_set(name):
            return f"it says '{name}: true'"
    seo = about.get("seo")
    robots = [about.get("robots"), *((seo.get("robots"), seo.get("noindex")) if isinstance(seo, dict) else ())]
    if is_set("noindex") or any(_is_noindex(value) for value in robots):
        return "it asks search engines to leave it out (noindex)"
    return ""


def _is_noindex(value: object) -> bool:
    if value is None:
        return False
    if isinstance(value, dict):
        return _is_noindex([key for key, on in value.items() if _scalar(on).casefold() in _TRUE]) or (
            _scalar(value.get("index")).casefold() in _FALSE
        )
    words = value if isinstance(value, list) else re.split(r"[\s,]+", _scalar(value))
    return any(_scalar(word).strip().casefold() in {"noindex", "none", "true"} for word in words)
