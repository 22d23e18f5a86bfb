"""The one reader of the environment. `SETTINGS` is the table of its variables that the README shows."""

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from chatbot.errors import SettingsError

__all__ = [
    "LOOPBACK",
    "SETTINGS",
    "STAFF_DATABASE",
    "STAFF_INTENT",
    "Setting",
    "Settings",
    "SingleSignOnSettings",
    "load_settings",
    "log_format",
    "renamed_settings",
    "shared_database",
    "unknown_settings",
    "usable_settings",
    "warn_renamed",
]

STAFF_DATABASE: Final = "staff.sqlite3"
"""The file of the staff's database, in the folder `Settings.staff`."""
STAFF_INTENT: Final = "draft/intent.json"
"""The file that says which change of the pages is under way, in the folder `Settings.staff`."""

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
    Setting(
        "FOOTNOTE_STORE",
        "faiss",
        "what searches the index: `faiss`, files in its folder, or a Milvus server, such as "
        "`milvus://localhost:19530/clinic`",
    ),
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
        "file, or PostgreSQL address, of the journal of what visitors ask; `off` keeps none. With `FOOTNOTE_DATABASE`, "
        "leave it out: the journal is there",
    ),
    Setting(
        "FOOTNOTE_DATABASE",
        "",
        "PostgreSQL address of one database for the journal and all that staff change, which several servers may "
        "share; unset, both are files",
    ),
    Setting("FOOTNOTE_RETENTION_DAYS", "30", "days that questions are kept in words; 0 keeps only counts"),
    Setting("FOOTNOTE_STAFF_DIR", "staff", "folder of the staff console's accounts, drafts and checks"),
    Setting(
        "FOOTNOTE_OIDC_ISSUER",
        "",
        "address of the OpenID Connect provider of your staff, exactly as it names itself; unset, there is no single "
        "sign-on",
    ),
    Setting("FOOTNOTE_OIDC_CLIENT_ID", "", "the id that the provider gave Footnote"),
    Setting("FOOTNOTE_OIDC_CLIENT_SECRET", "", "the secret that the provider gave Footnote, if it gave one"),
    Setting(
        "FOOTNOTE_OIDC_REDIRECT",
        "",
        "address that the provider leads back to: the console's, with `single-sign-on-return` at its end",
    ),
    Setting("FOOTNOTE_OIDC_SCOPES", "openid email profile", "what the provider is asked for"),
    Setting("FOOTNOTE_OIDC_NAME", "email", "claim that holds the name of an account; `email` must be verified"),
    Setting("FOOTNOTE_OIDC_GROUPS", "groups", "claim that holds the groups of a person"),
    Setting("FOOTNOTE_OIDC_EDITORS", "", "groups whose members may edit, separated by commas"),
    Setting("FOOTNOTE_OIDC_READERS", "", "groups whose members may only read, separated by commas"),
    Setting("FOOTNOTE_OIDC_ONLY", "off", "`on` turns sign-in by password off"),
    Setting(
        "FOOTNOTE_CRAWL",
        "off",
        "site that the server reads again every day, and further ones after a space; `off` reads none",
    ),
    Setting(
        "FOOTNOTE_METRICS",
        "off",
        "address and port of a listener of its own for Prometheus, such as `127.0.0.1:9464`; `off` has none",
    ),
    Setting("FOOTNOTE_LOG_FORMAT", "text", "`json` writes the server's log as one JSON object a line"),
    Setting(
        "FOOTNOTE_SMTP",
        "",
        "mail server of the daily digest, such as `smtps://user:password@mail.clinic.example/footnote@clinic.example`, "
        "which ends with the sender",
    ),
    Setting("FOOTNOTE_WEBHOOK_SECRET", "", "secret that signs what the digest's webhook gets"),
    Setting("FOOTNOTE_MCP", "off", "`on` serves the pages at /mcp to assistants that speak the Model Context Protocol"),
)
_RENAMED: Final = {
    "FOOTNOTE_RETENTION": "FOOTNOTE_RETENTION_DAYS",
    "FOOTNOTE_STAFF": "FOOTNOTE_STAFF_DIR",
    "FORWARDED_ALLOW_IPS": "FOOTNOTE_TRUSTED_PROXIES",
}
"""Old name -> new name: the old ones work for one more release."""
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
"""The hosts by which a program reaches its own machine."""
_RETURN: Final = "/staff/single-sign-on-return"
_POSTGRESQL: Final = {"postgresql", "postgres", "postgresql+psycopg"}


@dataclass(frozen=True, slots=True)
class SingleSignOnSettings:
    """How staff sign in at an OpenID Connect provider, and who of them may."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect: str
    scopes: str = "openid email profile"
    name_claim: str = "email"
    groups_claim: str = "groups"
    editors: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()
    only: bool = False

    def require_complete(self) -> None:
        """Raise `SettingsError` if a setting is missing that goes with the others."""
        for name, value in (("CLIENT_ID", self.client_id), ("REDIRECT", self.redirect)):
            if not value:
                raise SettingsError(
                    f"FOOTNOTE_OIDC_ISSUER is set, and FOOTNOTE_OIDC_{name} is not: single sign-on needs both."
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
    staff: Path
    crawl: tuple[str, ...] = ()
    root_path: str = ""
    trusted_proxies: tuple[str, ...] = ()
    mcp: bool = False
    database: str = field(default="", repr=False)  # of FOOTNOTE_DATABASE; it may hold a password
    staff_database: str = field(default="", repr=False)  # the staff's part of it; empty: a file in `staff`
    single_sign_on: SingleSignOnSettings | None = None
    sites: Path | None = None
    smtp: str = field(default="", repr=False)  # it may hold a password
    webhook_secret: str = field(default="", repr=False)
    store: str = field(default="faiss", repr=False)  # it may hold a password
    metrics: tuple[str, int] | None = None  # address and port
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
    database = _database(value["FOOTNOTE_DATABASE"].strip())
    journal = shared_database(database, "journal") if database else value["FOOTNOTE_JOURNAL"]
    _check_log_format(value["FOOTNOTE_LOG_FORMAT"])  # `log_format` reads it, also where other settings are unusable
    return Settings(
        host=value["FOOTNOTE_HOST"],
        port=_port(value["FOOTNOTE_PORT"]),
        corpus=Path(value["FOOTNOTE_CORPUS"]),
        index=Path(value["FOOTNOTE_INDEX"]),
        clinic=clinic if named or clinic.exists() else None,
        model=value["FOOTNOTE_MODEL"],
        journal=environ.get("FOOTNOTE_JOURNAL", journal).strip(),  # empty: no journal
        retention=_days(value["FOOTNOTE_RETENTION_DAYS"]),
        staff=Path(value["FOOTNOTE_STAFF_DIR"]),
        crawl=() if value["FOOTNOTE_CRAWL"] == "off" else tuple(value["FOOTNOTE_CRAWL"].split()),
        root_path=_root_path(value["FOOTNOTE_ROOT_PATH"]),
        trusted_proxies=_networks(value["FOOTNOTE_TRUSTED_PROXIES"]),
        mcp=_on("FOOTNOTE_MCP", value["FOOTNOTE_MCP"]),
        metrics=_listener(value["FOOTNOTE_METRICS"]),
        database=database,
        staff_database=shared_database(database, "staff") if database else "",
        single_sign_on=_single_sign_on(value),
        store=value["FOOTNOTE_STORE"].strip(),
        smtp=_mail_server(value["FOOTNOTE_SMTP"].strip()),
        webhook_secret=value["FOOTNOTE_WEBHOOK_SECRET"],
        sites=None if value["FOOTNOTE_SITES"] == "off" else Path(value["FOOTNOTE_SITES"]),
    )


def usable_settings(environ: Mapping[str, str] = os.environ) -> tuple[Settings, tuple[str, ...]]:
    """Read the settings with the default for each that cannot be used, and return the messages of those beside them."""
    environ, messages = dict(environ), list[str]()
    while True:
        try:
            return load_settings(environ), tuple(messages)
        except SettingsError as error:
            messages.append(str(error))
            named = [name for name in re.findall(r"[A-Z_]{8,}", str(error)) if environ.get(name)]
            if named:
                del environ[named[0]]
            else:  # it is named by its new name, and set by the old one
                environ.clear()


def log_format(environ: Mapping[str, str] = os.environ) -> str:
    """Return how to write the log, also where the settings cannot be used."""
    return "json" if environ.get("FOOTNOTE_LOG_FORMAT") == "json" else "text"


def unknown_settings(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables FOOTNOTE_* that are set and that nothing reads, each with the closest known name, or ""."""
    known = [setting.name for setting in SETTINGS]
    unknown = [name for name in environ if name.startswith("FOOTNOTE_") and name not in {*known, *_RENAMED}]
    return {name: next(iter(get_close_matches(name, known, n=1)), "") for name in unknown}


def renamed_settings(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that are set by their old name, each with the new one."""
    return {old: new for old, new in _RENAMED.items() if environ.get(old)}


def shared_database(address: str, part: str, site: str = "") -> str:
    """Return the address of a part of the shared database, such as "staff": a PostgreSQL schema of its own.

    `site` is the key of a site, of many: small letters and digits. The address is one that any PostgreSQL client takes.
    """
    schema = "_".join(filter(None, ("footnote", site, part)))
    before, _, query = address.partition("?")
    values = parse_qs(query, keep_blank_values=True)
    options = [*values.pop("options", []), f"-csearch_path={schema}"]
    return f"{before}?{urlencode({**values, 'options': ' '.join(options)}, doseq=True, quote_via=quote)}"


@cache
def warn_renamed(old: str, new: str) -> None:
    """Warn once that a name still works for this release, and log the new one."""
    _LOG.warning("%s is now called %s. The old name will stop working in the next release.", old, new)


def _port(text: str) -> int:
    if not (re.fullmatch(r"[0-9]{1,5}", text) and 0 < int(text) < 65536):
        raise SettingsError(f"FOOTNOTE_PORT is {text!r}: set it to a number from 1 to 65535.")
    return int(text)


def _listener(text: str) -> tuple[str, int] | None:
    if text == "off":
        return None
    match = re.fullmatch(r"\[?([0-9A-Za-z.:-]+?)\]?:([0-9]{1,5})", text)
    if not match or not 0 < int(match[2]) < 65536:
        raise SettingsError(f"FOOTNOTE_METRICS is {text!r}: set it to an address and a port, such as 127.0.0.1:9464.")
    return match[1], int(match[2])


def _check_log_format(text: str) -> None:
    if text not in {"text", "json"}:
        raise SettingsError(f"FOOTNOTE_LOG_FORMAT is {text!r}: set it to text or json.")


def _root_path(text: str) -> str:
    path = "/".join(["", *filter(None, text.strip().split("/"))])
    if not re.fullmatch(r"[A-Za-z0-9._~/-]*", path) or {".", ".."} & set(path.split("/")):
        raise SettingsError(
            f"FOOTNOTE_ROOT_PATH is {text!r}: set it to the path at which your proxy serves Footnote, such as /chat."
        )
    return path


def _single_sign_on(value: Mapping[str, str]) -> SingleSignOnSettings | None:
    """Read the settings of single sign-on; each is checked by itself, whether or not the others are set."""
    read = {name: value[f"FOOTNOTE_OIDC_{name}"].strip() for name in ("ISSUER", "REDIRECT", "SCOPES")}
    for name in ("ISSUER", "REDIRECT"):
        parts = urlsplit(read[name])
        if read[name] and not (parts.hostname and (parts.scheme == "https" or parts.hostname in LOOPBACK)):
            raise SettingsError(
                f"FOOTNOTE_OIDC_{name} is {read[name]!r}: set it to an address that begins with https://."
            )
    if read["REDIRECT"] and not read["REDIRECT"].endswith(_RETURN):
        raise SettingsError(
            f"FOOTNOTE_OIDC_REDIRECT is {read['REDIRECT']!r}: set it to the console's address with its end, such as "
            f"https://chat.clinic.example{_RETURN}."
        )
    if "openid" not in read["SCOPES"].split():
        raise SettingsError(f"FOOTNOTE_OIDC_SCOPES is {read['SCOPES']!r}: 'openid' must be one of them.")
    only = _on("FOOTNOTE_OIDC_ONLY", value["FOOTNOTE_OIDC_ONLY"].strip())
    if not read["ISSUER"]:
        return None
    groups = {
        name: frozenset(filter(None, map(str.strip, value[f"FOOTNOTE_OIDC_{name}"].split(","))))
        for name in ("EDITORS", "READERS")
    }
    return SingleSignOnSettings(
        issuer=read["ISSUER"],
        client_id=value["FOOTNOTE_OIDC_CLIENT_ID"].strip(),
        client_secret=value["FOOTNOTE_OIDC_CLIENT_SECRET"].strip(),
        redirect=read["REDIRECT"],
        scopes=read["SCOPES"],
        name_claim=value["FOOTNOTE_OIDC_NAME"].strip(),
        groups_claim=value["FOOTNOTE_OIDC_GROUPS"].strip(),
        editors=groups["EDITORS"],
        readers=groups["READERS"],
        only=only,
    )


def _networks(text: str) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(part)) for part in re.split(r"[,\s]+", text.strip()) if part)
    except ValueError as error:
        raise SettingsError(
            f"FOOTNOTE_TRUSTED_PROXIES is {text!r}: set it to addresses or networks, such as '127.0.0.1, 10.0.0.0/8'. "
            "There is no '*', because then every visitor could choose an address."
        ) from error


def _database(text: str) -> str:
    if text and urlsplit(text).scheme not in _POSTGRESQL:
        raise SettingsError(
            "FOOTNOTE_DATABASE cannot be used: write postgresql://user:password@host/database. "
            "Leave it out to keep files in FOOTNOTE_STAFF_DIR and FOOTNOTE_JOURNAL."
        )
    return text


def _on(name: str, text: str) -> bool:
    if text not in {"on", "off"}:
        raise SettingsError(f"{name} is {text!r}: set it to 'on' or 'off'.")
    return text == "on"


def _mail_server(text: str) -> str:
    if text and not re.fullmatch(r"smtps?://([^\s/@]+@)?[^\s/@:]+(:[0-9]{1,5})?(/[^\s/@]+@[^\s/@]+)?", text):
        raise SettingsError(
            "FOOTNOTE_SMTP cannot be used: write smtps://user:password@mail.clinic.example/footnote@clinic.example, "
            "with %40 for an @ in the user's name."
        )
    return text


def _days(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise SettingsError(f"FOOTNOTE_RETENTION_DAYS is {text!r}: set it to a number of days, from 0 to 9999.")
    return int(text)
