"""Many sites on one server: a folder for each, with its own pages, index, journal, staff and `clinic.toml`.

```
sites/
  rose-clinic/
    site.toml       the key in the script tag, the host names, and what is read again every day
    clinic.toml
    corpus/  index/  journal/  staff/
```
"""

import hashlib
import hmac
import json
import os
import re
import secrets
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from chatbot.errors import SettingsError, SiteRefused
from chatbot.files import open_lock, try_lock, write_atomically
from chatbot.settings import Settings, shared_database

__all__ = ["SITE_PATH", "Agency", "Site", "SiteLock", "Sites", "SitesFound", "site_settings"]

SITE_PATH: Final = "/s/"
"""Below it, and then their keys, a server has the sites that its host name does not name."""

_FILE: Final = "site.toml"
_AGENCY: Final = "agency.toml"
_AGENCY_SHAPE: Final = 'write name = "...", accent = "#0f766e" and contact = "...", texts of up to 200 characters'
_LONGEST: Final = 200
_ACCENT: Final = "#0f766e"
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_OPEN: Final = ".open"  # each server that has the site open shares its lock
_CLOSING: Final = ".closing"  # locked by a command that wants the site closed; servers look at it
_REMOVED: Final = ".removed"
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_NO_JOURNAL: Final = {"", "off"}
_KEY: Final = re.compile(r"[a-z0-9]{8,40}")
_KEY_LENGTH: Final = 16
_KEY_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another one
_HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_ADDRESS: Final = re.compile(r"https?://\S+")
_SECRET: Final = b"footnote webhook "  # what a derived secret is for, before the site's key
_PATIENCE: Final = 30.0  # seconds that a command waits for servers to close a site
_LOOK: Final = 0.1  # seconds between two tries
_SHAPE: Final = (
    'write key = "..." (8 to 40 small letters and digits), hosts = ["chat.clinic.example"] and '
    'crawl = ["https://clinic.example"], and no other key'
)


@dataclass(frozen=True, slots=True)
class Site:
    """A clinic's site: its folder's name, the key in its script tag, its host names, and what is crawled every day."""

    name: str
    key: str
    hosts: tuple[str, ...] = ()
    crawl: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path below which a server has the site, whatever its host name."""
        return SITE_PATH + self.key

    def base(self, server: str) -> str:
        """Return the address of the site at a server, below its key unless the server's host is one of its own."""
        address = server.rstrip("/")
        return address if urlsplit(address).hostname in self.hosts else f"{address}{self.path}"


@dataclass(frozen=True, slots=True)
class SitesFound:
    """The sites that can be served, by name, and a sentence for each folder that cannot."""

    sites: tuple[Site, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agency:
    """The name and the accent colour (#rrggbb) that an agency's reports carry, and how to reach it."""

    name: str = ""
    accent: str = _ACCENT
    contact: str = ""


class Sites:
    """The folder of all sites. Sites are added, renamed and removed while servers run.

    >>> sites = Sites(Path("sites"))
    >>> sites.add("rose-clinic", hosts=["chat.rose.example"])
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def of(cls, settings: Settings) -> "Sites":
        """Return the sites of a server; raises `SettingsError` where it has one alone."""
        if settings.sites is None:
            raise SettingsError("There is one site here: set FOOTNOTE_SITES to the folder of many.")
        return cls(settings.sites)

    def find(self) -> SitesFound:
        """Read all sites. One that cannot be read, or takes the key or host of an earlier one, is a problem.

        Raises `SettingsError` where the folder itself cannot be read.
        """
        sites, problems = [], []
        taken: dict[str, str] = {}
        for name in self._names():
            try:
                site = _read(self.folder / name)
            except SettingsError as error:
                problems.append(str(error))
                continue
            both = [address for address in (site.key, *site.hosts) if taken.setdefault(address, name) != name]
            if both:
                problems.append(f"{self.folder / name / _FILE}: {both[0]} is that of {taken[both[0]]} already.")
            else:
                sites.append(site)
        return SitesFound(tuple(sites), tuple(problems))

    def agency(self) -> Agency:
        """Read `agency.toml`, which may be missing; raises `SettingsError`."""
        path = self.folder / _AGENCY
        try:
            values = tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            return Agency()
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path} cannot be read ({error}): {_AGENCY_SHAPE}.") from error
        texts = all(isinstance(value, str) and len(value) <= _LONGEST for value in values.values())
        if not (texts and values.keys() <= {"name", "accent", "contact"}):
            raise SettingsError(f"{path} cannot be used: {_AGENCY_SHAPE}.")
        if not _COLOUR.fullmatch(values.get("accent", _ACCENT)):
            raise SettingsError(f"{path} cannot be used: {_AGENCY_SHAPE}.")
        return Agency(**values)

    def changes(self) -> object:
        """Return a value that differs once a site is added, changed or removed; raises `SettingsError`."""
        return {name: _changed(self.folder / name / _FILE) for name in self._names()}

    def get(self, name: str) -> Site:
        """Return a site; raises `SiteRefused` for a name that is not there and `SettingsError` for one unreadable."""
        if not _NAME.fullmatch(name) or not _is_there(self.folder / name / _FILE):
            raise SiteRefused(f"There is no site {name!r} in {self.folder}: 'footnote sites' names them.")
        return _read(self.folder / name)

    def is_closed(self, name: str) -> bool:
        """Return whether a command wants a site closed, to rename, remove or replace it."""
        try:
            with _file_lock(self.folder / name / _CLOSING) as closing:
                return not try_lock(closing, shared=True)
        except OSError:
            return True

    def add(self, name: str, hosts: Iterable[str] = (), crawl: Iterable[str] = (), key: str | None = None) -> Site:
        """Make the folder of a site, with a new key unless it has one; raises `SiteRefused` for what cannot be used."""
        folder = self._free(name)
        site = Site(name, key or _new_key(), tuple(host.lower() for host in hosts), tuple(crawl))
        self._refuse_taken(site)
        content = _content(site)  # refused before anything is made
        try:
            folder.mkdir(mode=0o700, parents=True)
            write_atomically(folder / _FILE, content)
        except OSError as error:
            raise _unwritable(folder, error) from error
        return site

    def change(self, site: Site) -> None:
        """Write the hosts and crawled addresses of a site; raises `SiteRefused`."""
        self._refuse_taken(site)
        path = self.folder / site.name / _FILE
        try:
            write_atomically(path, _content(site))
        except OSError as error:
            raise _unwritable(path, error) from error

    def rename(self, name: str, new: str) -> None:
        """Rename a site, whose key and hosts stay; raises `SiteRefused`."""
        target = self._free(new)
        with self.closed(name) as folder:
            folder.rename(target)

    def remove(self, name: str) -> Path:
        """Put a site out of service and return where its folder is kept; raises `SiteRefused`."""
        kept = self.folder / _REMOVED / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
        with self.closed(name) as folder:
            kept.parent.mkdir(mode=0o700, exist_ok=True)
            folder.rename(kept)
        return kept

    @contextmanager
    def closed(self, name: str) -> Iterator[Path]:
        """Close a site on all servers until the block ends, and yield its folder, which may be moved.

        Raises `SiteRefused` for an unknown name, and where a server does not close it in time.
        """
        self.get(name)
        folder = self.folder / name
        with _file_lock(folder / _CLOSING) as closing, _file_lock(folder / _OPEN) as opened:
            _wait_for(closing, f"Another command works on {name}: wait for it, then repeat yours.")
            _wait_for(opened, f"A server did not close {name} within {_PATIENCE:.0f} seconds: stop it, then repeat.")
            yield folder

    def _names(self) -> list[str]:
        try:
            return sorted(
                entry.name
                for entry in self.folder.iterdir()
                if not entry.name.startswith(".") and _is_there(entry / _FILE)
            )
        except FileNotFoundError:
            return []
        except OSError as error:
            raise SettingsError(
                f"{self.folder} cannot be read: {error.strerror}. Set FOOTNOTE_SITES to the folder of the sites."
            ) from error

    def _free(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise SiteRefused(f"{name!r} is no name for a site: use up to 40 small letters, digits and dashes.")
        folder = self.folder / name
        if folder.exists():
            raise SiteRefused(f"{folder} exists already: choose another name.")
        return folder

    def _refuse_taken(self, site: Site) -> None:
        for other in self.find().sites:
            both = {site.key, *site.hosts} & {other.key, *other.hosts}
            if other.name != site.name and both:
                raise SiteRefused(f"{min(both)} is that of {other.name} already: name another host or key.")


class SiteLock:
    """Says to other processes that a server has a site open, until it is released."""

    def __init__(self, sites: Sites, name: str) -> None:
        """Lock a site; raises `SiteRefused` while a command works on it, or once it is renamed or removed."""
        try:
            self._descriptor = open_lock(sites.folder / name / _OPEN)
        except FileNotFoundError:
            raise SiteRefused(f"{name} is not there any more: it was renamed or removed.") from None
        if sites.is_closed(name) or not try_lock(self._descriptor, shared=True):
            self.release()
            raise SiteRefused(f"A command works on {name}: it is served again in a moment.")

    def release(self) -> None:
        """Release the lock."""
        os.close(self._descriptor)


def site_settings(settings: Settings, site: Site) -> Settings:
    """Return the settings of a site: those of the server, with the site's own folders."""
    folder = Sites.of(settings).folder / site.name
    journal, shared = settings.journal, settings.database
    if journal not in _NO_JOURNAL:
        own = folder / "journal" / "journal.sqlite3"
        journal = shared_database(shared, "journal", site.key) if shared else str(own)
    return replace(
        settings,
        site=site.name,
        corpus=folder / "corpus",
        index=folder / "index",
        clinic=folder / "clinic.toml",
        journal=journal,
        staff=folder / "staff",
        staff_database=shared_database(shared, "staff", site.key) if shared else "",
        crawl=site.crawl,
        webhook_secret=_own_secret(settings.webhook_secret, site),
        root_path="",  # the server takes it away before it looks for the site
        single_sign_on=None,  # its redirect address is of one site, and so are its groups
    )


def _own_secret(secret: str, site: Site) -> str:
    """Derive the webhook secret of a site, so that no clinic can sign in another's name; "" where there is none.

    It is the one block of HKDF-SHA256 (RFC 5869) without a salt, in hexadecimal digits. A renamed site keeps it.
    """
    if not secret:
        return ""
    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), secret.encode(), "sha256")
    return hmac.digest(extracted, _SECRET + site.key.encode() + b"\x01", "sha256").hex()


def _is_there(file: Path) -> bool:
    """Return whether a file is there, also where this user may not look: to read it then says so."""
    try:
        return file.is_file()
    except OSError:
        return True


def _changed(file: Path) -> int:
    """Return when a file was changed, 0 where that cannot be seen: its site may be removed just now."""
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _read(folder: Path) -> Site:
    path = folder / _FILE
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{path} cannot be read ({error}): {_SHAPE}.") from error
    if not _NAME.fullmatch(folder.name):
        raise SettingsError(f"{folder} is no name for a site: use up to 40 small letters, digits and dashes.")
    known = {"key", "hosts", "crawl"}
    if not (values.keys() <= known and _is_key(values.get("key")) and _are(_HOST, values.get("hosts", []))):
        raise SettingsError(f"{path} cannot be used: {_SHAPE}.")
    if not _are(_ADDRESS, values.get("crawl", [])):
        raise SettingsError(f"{path} cannot be used: {_SHAPE}.")
    return Site(folder.name, values["key"], tuple(values.get("hosts", ())), tuple(values.get("crawl", ())))


def _content(site: Site) -> bytes:
    if not _are(_HOST, list(site.hosts)):
        raise SiteRefused("A host is written as in chat.clinic.example: small letters, without https:// and port.")
    if not _is_key(site.key):
        raise SiteRefused(f"{site.key!r} is no key: it has 8 to 40 small letters and digits.")
    if not _are(_ADDRESS, list(site.crawl)):
        raise SiteRefused("An address to crawl is written as in https://clinic.example.")
    lines = (f"{name} = {json.dumps(value)}" for name, value in _values(site).items())
    return ("\n".join(lines) + "\n").encode()


def _values(site: Site) -> Mapping[str, str | tuple[str, ...]]:
    return {"key": site.key, "hosts": site.hosts, "crawl": site.crawl}


def _is_key(value: object) -> bool:
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def _are(pattern: re.Pattern[str], values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) and pattern.fullmatch(value) for value in values)


def _new_key() -> str:
    return "".join(secrets.choice(_KEY_LETTERS) for _ in range(_KEY_LENGTH))


def _unwritable(path: Path, error: OSError) -> SiteRefused:
    return SiteRefused(f"{path} cannot be written: {error.strerror}. Check who may write in the folder of the sites.")


@contextmanager
def _file_lock(path: Path) -> Iterator[int]:
    descriptor = open_lock(path)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, failure: str) -> None:
    """Wait for a lock that excludes all others; raises `SiteRefused`."""
    end = time.monotonic() + _PATIENCE
    while not try_lock(descriptor):
        if time.monotonic() > end:
            raise SiteRefused(failure)
        time.sleep(_LOOK)
