"""The one reader of the environment and of clinic.toml.

`SETTINGS` is the table of environment variables that the README shows. `load_settings` and `load_clinic` raise
`SettingsError` with the name of what is wrong; nothing else in Footnote reads either source.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

from chatbot.errors import SettingsError
from chatbot.placement import Sites, Widget, read_sites, read_widget

__all__ = ["SETTINGS", "Answers", "Clinic", "Colours", "Contact", "Setting", "Settings", "load_clinic", "load_settings"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable: its name, what it is when unset, and what it means."""

    name: str
    default: str
    meaning: str


SETTINGS: Final = (
    Setting("FOOTNOTE_HOST", "127.0.0.1", "address that the server listens on"),
    Setting("FOOTNOTE_PORT", "7860", "port that the server listens on"),
    Setting("FOOTNOTE_CORPUS", "corpus", "folder of the clinic's pages"),
    Setting("FOOTNOTE_INDEX", "index", "folder of the index that Footnote builds"),
    Setting("FOOTNOTE_CLINIC", "clinic.toml", "file in which the clinic says who it is"),
    Setting(
        "FOOTNOTE_MODEL",
        "all-MiniLM-L6-v2",
        "sentence-transformers model: the packaged one, or the folder or cached name of another",
    ),
    Setting(
        "FOOTNOTE_JOURNAL",
        "journal/journal.sqlite3",
        "file, or PostgreSQL address, of the journal of what visitors ask; `off` keeps none",
    ),
    Setting("FOOTNOTE_RETENTION", "30", "days that questions are kept in words; 0 keeps only counts"),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment, read once at start."""

    host: str
    port: int
    corpus: Path
    index: Path
    clinic: Path | None
    model: str
    journal: str = field(repr=False)  # it may hold a password
    retention: int


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the clinic; what is empty is not shown."""

    phone: str = ""
    email: str = ""
    booking: str = ""
    hours: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours of the visitor's screen, as #rrggbb."""

    accent: str = "#0f766e"


@dataclass(frozen=True, slots=True)
class Answers:
    """How careful to be: the share of answers, shown without a warning, that may be wrong."""

    wrong_at_most: float = 0.05


@dataclass(frozen=True, slots=True)
class Clinic:
    """What clinic.toml says."""

    name: str = "the clinic"
    greeting: str = "Hello! Ask me a question. I answer with what our own pages say, word for word."
    contact: Contact = field(default_factory=Contact)
    colours: Colours = field(default_factory=Colours)
    answers: Answers = field(default_factory=Answers)
    widget: Widget = field(default_factory=Widget)
    sites: Sites = field(default_factory=Sites)


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from environment variables; raises `SettingsError` for a port that is none."""
    value = {setting.name: environ.get(setting.name) or setting.default for setting in SETTINGS}
    clinic = Path(value["FOOTNOTE_CLINIC"])
    named = bool(environ.get("FOOTNOTE_CLINIC"))
    return Settings(
        host=value["FOOTNOTE_HOST"],
        port=_port(value["FOOTNOTE_PORT"]),
        corpus=Path(value["FOOTNOTE_CORPUS"]),
        index=Path(value["FOOTNOTE_INDEX"]),
        clinic=clinic if named or clinic.exists() else None,
        model=value["FOOTNOTE_MODEL"],
        journal=environ.get("FOOTNOTE_JOURNAL", value["FOOTNOTE_JOURNAL"]).strip(),  # empty means none, as "off" does
        retention=_days(value["FOOTNOTE_RETENTION"]),
    )


def _port(text: str) -> int:
    if not (re.fullmatch(r"[0-9]{1,5}", text) and 0 < int(text) < 65536):
        raise SettingsError(f"FOOTNOTE_PORT is {text!r}: set it to a number from 1 to 65535.")
    return int(text)


def _days(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise SettingsError(f"FOOTNOTE_RETENTION is {text!r}: set it to a number of days, from 0 to 9999.")
    return int(text)


def load_clinic(path: Path | None) -> Clinic:
    """Read clinic.toml; raises `SettingsError` that names the key which cannot be used.

    Without a file the clinic has no name and no contact, which is enough to try Footnote out.
    """
    if path is None:
        return Clinic()
    table = _read(path)
    contact = _strings(path, "contact", table.pop("contact", {}), Contact)
    colours = _strings(path, "colours", table.pop("colours", {}), Colours)
    answers = _answers(path, table.pop("answers", {}))
    widget = read_widget(path, table.pop("widget", {}))
    sites = read_sites(path, table.pop("sites", {}))
    said = _strings(path, "", table, Clinic)
    clinic = Clinic(
        contact=Contact(**contact), colours=Colours(**colours), answers=answers, widget=widget, sites=sites, **said
    )
    _check(path, clinic)
    return clinic


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"There is no {path}: point FOOTNOTE_CLINIC at the clinic's own file.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Correct the file and start again.") from error


def _strings(path: Path, name: str, table: object, noun: type) -> dict[str, str]:
    """Check that a table holds nothing but the texts that a noun has fields for."""
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name} must be a table, written as [{name}] above its lines.")
    known = [one.name for one in fields(noun) if one.type is str]
    every = ", ".join(one.name if one.type is str else f"[{one.name}]" for one in fields(noun))
    for key, value in table.items():
        where = f"{name}.{key}" if name else key
        if key not in known:
            raise SettingsError(f"{path}: {where} is not a key that Footnote knows; known here: {every}.")
        if not isinstance(value, str):
            raise SettingsError(f"{path}: {where} must be text between quotation marks.")
    return {key: value.strip() for key, value in table.items()}


def _answers(path: Path, table: object) -> Answers:
    if not (isinstance(table, dict) and table.keys() <= {"wrong_at_most"}):
        raise SettingsError(f"{path}: [answers] holds wrong_at_most and nothing else.")
    share = table.get("wrong_at_most", Answers().wrong_at_most)
    if type(share) not in {int, float} or not 0.01 <= share <= 0.2:
        raise SettingsError(f"{path}: answers.wrong_at_most must be from 0.01 to 0.2, a share of the answers.")
    return Answers(float(share))


def _check(path: Path, clinic: Clinic) -> None:
    if clinic.contact.phone and not any(one.isdigit() for one in clinic.contact.phone):
        raise SettingsError(f"{path}: contact.phone must hold a number, not {clinic.contact.phone!r} alone.")
    if clinic.contact.email and not re.fullmatch(r"[^@\s]+@[^@\s]+", clinic.contact.email):
        raise SettingsError(f"{path}: contact.email must be an address with an @, not {clinic.contact.email!r}.")
    booking = clinic.contact.booking
    if booking and not re.fullmatch(r"https?://[^\s/\[\]]+(/\S*)?", booking):
        raise SettingsError(f"{path}: contact.booking must be an address that starts with https://, not {booking!r}.")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", clinic.colours.accent):
        raise SettingsError(f"{path}: colours.accent must be written as #rrggbb, not {clinic.colours.accent!r}.")
    if not clinic.name:
        raise SettingsError(f"{path}: name must not be empty: visitors are told whose assistant this is.")
