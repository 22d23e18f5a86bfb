"""What clinic.toml says of the chat on other sites: how it shows itself (`[widget]`) and where it may (`[sites]`)."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from chatbot.errors import SettingsError

__all__ = ["Sites", "Widget", "read_sites", "read_widget"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Widget:
    """How the chat shows itself on the clinic's own site; an empty text leaves it to the widget.

    `position` is left or right, `target` a CSS selector of the element that an inline chat goes into, `links` where
    citations open (new tab or same tab), `texts` the clinic's own wording: language -> key -> text.
    """

    title: str = ""
    language: str = "en"
    position: str = ""
    target: str = ""
    links: str = "new tab"
    open: bool = False
    session_storage: bool = False
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sites:
    """Who may use the assistant from elsewhere: sites by their origin, and programs where `api` is open, not closed.

    `requests_per_minute` is how many questions one address may ask; half a minute's it may ask at once.
    """

    allowed: tuple[str, ...] = ()
    api: str = "open"
    requests_per_minute: int = 20


def read_widget(path: Path, table: object) -> Widget:
    """Read `[widget]` of the clinic file at a path; raises `SettingsError` that names the key which cannot be used."""
    widget = Widget(**_values(path, "widget", table, Widget))
    _choice(path, "widget.position", widget.position, ("", "left", "right"))
    _choice(path, "widget.links", widget.links, ("new tab", "same tab"))
    for language, texts in widget.texts.items():
        if not (isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values())):
            raise SettingsError(f"{path}: widget.texts.{language} must be a table of texts between quotation marks.")
    return widget


def read_sites(path: Path, table: object) -> Sites:
    """Read `[sites]` of the clinic file at a path; raises `SettingsError` that names the key which cannot be used."""
    values = _values(path, "sites", _renamed(path, table), Sites)
    sites = Sites(**values | {"allowed": tuple(_origin(path, one) for one in values.get("allowed", ()))})
    _choice(path, "sites.api", sites.api, ("open", "closed"))
    if sites.requests_per_minute < 1:
        raise SettingsError(
            f"{path}: sites.requests_per_minute must be at least 1 question a minute, not {sites.requests_per_minute}."
        )
    return sites


def _renamed(path: Path, table: object) -> object:
    """Return `[sites]` with the present name of a key whose old one works for one more release."""
    if not isinstance(table, dict) or "rate" not in table:
        return table
    _LOG.warning("%s: sites.rate is called sites.requests_per_minute now: please write that.", path)
    return {"requests_per_minute" if key == "rate" else key: value for key, value in table.items()}


_KINDS: Final[dict[object, tuple[type, str]]] = {
    str: (str, "text between quotation marks"),
    bool: (bool, "true or false"),
    int: (int, "a whole number"),
    tuple[str, ...]: (list, 'a list such as ["https://clinic.example"]'),
    Mapping[str, Mapping[str, str]]: (dict, "tables, one a language"),
}


def _values(path: Path, name: str, table: object, noun: type) -> dict[str, Any]:
    """Check that a table holds nothing but values of the kinds that a noun's fields have."""
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name} must be a table, written as [{name}] above its lines.")
    kinds = {one.name: _KINDS[one.type] for one in fields(noun)}
    for key, value in table.items():
        if key not in kinds:
            raise SettingsError(
                f"{path}: {name}.{key} is not a key that Footnote knows; known here: {', '.join(kinds)}."
            )
        kind, told = kinds[key]
        if type(value) is not kind:
            raise SettingsError(f"{path}: {name}.{key} must be {told}.")
    return {key: value.strip() if isinstance(value, str) else value for key, value in table.items()}


def _choice(path: Path, key: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        told = " or ".join(f'"{one}"' for one in known if one)
        raise SettingsError(f"{path}: {key} must be {told}, not {value!r}.")


def _origin(path: Path, named: object) -> str:
    """Give an origin as browsers write it: lower case, in ASCII, without a standard port or a stroke at the end."""
    wrong = SettingsError(
        f"{path}: sites.allowed holds {named!r}: write each site as https://name or https://name:port, without a path "
        "or a star; with www and without are two sites."
    )
    if not (
        isinstance(named, str) and re.fullmatch(r"https?://[^\s/?#@*\\:\[\]]+(:[0-9]{1,5})?/?", named.strip().lower())
    ):
        raise wrong
    try:
        parts = urlsplit(named.strip().lower())
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except ValueError:
        raise wrong from None
    standard = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, standard} else "")
