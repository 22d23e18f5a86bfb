"""The one reader of the environment. `SETTINGS` is the table of its variables that the README shows."""

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from chatbot.errors import SettingsError

__all__ = ["SETTINGS", "STAFF_DATABASE", "Setting", "Settings", "load_settings", "warn_renamed"]

STAFF_DATABASE: Final = "staff.sqlite3"
"""The file of the staff's database, in the folder `Settings.staff`."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setting:
    """An environment variable: its name, its value when unset, and its meaning."""

    name: str
    default: str
    meaning: str


SETTINGS: Final = (
    Setting("FOOTNOTE_HOST", "127.0.0.1", "address that the server listens on"),
    Setting("FOOTNOTE_PORT", "7860", "port that the server listens on"),
    Setting(
        "FOOTNOTE_ROOT_PATH",
        "",
        "path below which visitors reach the server, such as `/chat`, where a proxy passes it on",
    ),
    Setting(
        "FOOTNOTE_TRUSTED_PROXIES",
        "",
        "addresses or networks of your reverse proxies, such as `127.0.0.1`: only their `X-Forwarded-For` and "
        "`X-Forwarded-Proto` are believed",
    ),
    Setting("FOOTNOTE_SITES", "off", "folder of many sites, each with a folder of its own; `off` serves one site"),
    Setting("FOOTNOTE_CORPUS", "corpus", "folder of the clinic's pages"),
    Setting("FOOTNOTE_INDEX", "index", "folder of the index that Footnote builds"),
    Setting("FOOTNOTE_CLINIC", "clinic.toml", "file in which the clinic says who it is"),
    Setting(
        "FOOTNOTE_MODEL",
        "all-MiniLM-L6-v2",
        "model: the packaged one, `universal-sentence-encoder-multilingual-3`, or the folder or cached name of a "
        "sentence-transformers model",
    ),
    Setting(
        "FOOTNOTE_JOURNAL",
        "journal/journal.sqlite3",
        "file, or PostgreSQL address, of the journal of what visitors ask; `off` keeps none",
    ),
    Setting("FOOTNOTE_RETENTION_DAYS", "30", "days that questions are kept in words; 0 keeps only counts"),
    Setting("FOOTNOTE_STAFF_DIR", "staff", "folder of the staff console's accounts, drafts and checks"),
    Setting(
        "FOOTNOTE_CRAWL",
        "off",
        "site that the server reads again every day, and further ones after a space; `off` reads none",
    ),
)
_RENAMED: Final = {
    "FOOTNOTE_RETENTION": "FOOTNOTE_RETENTION_DAYS",
    "FOOTNOTE_STAFF": "FOOTNOTE_STAFF_DIR",
    "FORWARDED_ALLOW_IPS": "FOOTNOTE_TRUSTED_PROXIES",
}
"""Old name -> new name: the old ones work for one more release."""


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
    staff: Path
    crawl: tuple[str, ...] = ()
    root_path: str = ""
    trusted_proxies: tuple[str, ...] = ()
    sites: Path | None = None
    site: str = ""  # the name of the site of many that these settings are of


def load_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from environment variables; raises `SettingsError` that names the variable and the cure."""
    for old, new in _RENAMED.items():
        if environ.get(old):
            if environ.get(new):
                raise SettingsError(f"{old} is the old name of {new}: set {new} only.")
            warn_renamed(old, new)
            environ = {**environ, new: environ[old]}
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
        journal=environ.get("FOOTNOTE_JOURNAL", value["FOOTNOTE_JOURNAL"]).strip(),  # empty: no journal
        retention=_days(value["FOOTNOTE_RETENTION_DAYS"]),
        staff=Path(value["FOOTNOTE_STAFF_DIR"]),
        crawl=() if value["FOOTNOTE_CRAWL"] == "off" else tuple(value["FOOTNOTE_CRAWL"].split()),
        root_path=_root_path(value["FOOTNOTE_ROOT_PATH"]),
        trusted_proxies=_networks(value["FOOTNOTE_TRUSTED_PROXIES"]),
        sites=None if value["FOOTNOTE_SITES"] == "off" else Path(value["FOOTNOTE_SITES"]),
    )


@cache
def warn_renamed(old: str, new: str) -> None:
    """Warn once that a name still works for this release, and log the new one."""
    _LOG.warning("%s is now called %s. The old name will stop working in the next release.", old, new)


def _port(text: str) -> int:
    if not (re.fullmatch(r"[0-9]{1,5}", text) and 0 < int(text) < 65536):
        raise SettingsError(f"FOOTNOTE_PORT is {text!r}: set it to a number from 1 to 65535.")
    return int(text)


def _root_path(text: str) -> str:
    path = "/".join(["", *filter(None, text.strip().split("/"))])
    if not re.fullmatch(r"[A-Za-z0-9._~/-]*", path) or {".", ".."} & set(path.split("/")):
        raise SettingsError(
            f"FOOTNOTE_ROOT_PATH is {text!r}: set it to the path at which your proxy serves Footnote, such as /chat."
        )
    return path


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(part)) for part in re.split(r"[,\s]+", text.strip()) if part)
    except ValueError as error:
        raise SettingsError(
            f"FOOTNOTE_TRUSTED_PROXIES is {text!r}: set it to addresses or networks, such as '127.0.0.1, 10.0.0.0/8'. "
            "There is no '*', because then every visitor could choose an address."
        ) from error


def _days(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise SettingsError(f"FOOTNOTE_RETENTION_DAYS is {text!r}: set it to a number of days, from 0 to 9999.")
    return int(text)
