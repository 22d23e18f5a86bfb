"""The pages of a site in the corpus: `corpus/<host>/`, a sidecar beside each, and what a crawl remembers.

A crawl first writes into a folder of its own. Only at its end are the pages brought into the corpus. The staff's intent
log does that, so that all of them are there or none.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from chatbot.crawling.addresses import AddressRefused, WebAddress, parse_url
from chatbot.errors import CrawlError, UnreadablePage
from chatbot.files import write_atomically
from chatbot.reading import read_page

__all__ = ["KnownPage", "PageChanges", "SiteFolder", "file_name", "today"]

_STATE: Final = ".crawl.json"
_SIDECAR: Final = ".yaml"
_MAX_NAME: Final = 100  # bytes, so that the sidecar's name and a draft's stay below what every disk takes
_RESERVED: Final = re.compile(
    r"con|prn|aux|nul|com\d|lpt\d"  # devices of Windows
    r"|readme|robots|humans|ads|app-ads|llms|security",  # no pages, to the reader of the corpus
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page that an earlier crawl wrote: the address that was read, the file's name, and the day it was first missed.

    `etag` and `modified` are for conditional requests. `intact` says that the file is as the crawl wrote it, `gone`
    that somebody took it away.
    """

    source: str
    name: str
    etag: str = ""
    modified: str = ""
    missed: str = ""
    intact: bool = True
    gone: bool = False


@dataclass
class PageChanges:
    """What a crawl changes: files in a folder of its own to be written below the site's folder, and names to remove."""

    folder: Path
    written: dict[str, str] = field(default_factory=dict)
    """File name -> the address that was read."""
    removed: set[str] = field(default_factory=set)
    missed: dict[str, str] = field(default_factory=dict)
    """File name -> the day on which the site first had the page no more."""
    finished: str = ""

    def __bool__(self) -> bool:
        return bool(self.written or self.removed)

    def put(self, name: str, content: bytes, about: Mapping[str, str]) -> None:
        """Keep a page and its sidecar until they are applied; raises `CrawlError`."""
        about = {**about, "sha256": sha256(content).hexdigest()}
        lines = "".join(_line(key, value) for key, value in about.items() if value)
        with _or_unwritable(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)
            (self.folder / (name + _SIDECAR)).write_text(lines, "utf-8")
        self.written[name] = about["source"]

    def apply_to(self, folder: Path) -> None:
        """Write the changes into a folder, each file in one step; raises `CrawlError`."""
        _refuse_link(folder)
        with _or_unwritable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for name in self.removed:
                for file in (name, name + _SIDECAR):
                    (folder / file).unlink(missing_ok=True)
            for name in self.written:
                for file in (name, name + _SIDECAR):
                    write_atomically(folder / file, (self.folder / file).read_bytes())


class SiteFolder:
    """The pages of one site in a corpus, as earlier crawls left them."""

    def __init__(self, corpus: Path, site: str) -> None:
        """Read what is known of a site; `site` is its host, with a port that is not standard after a colon.

        Raises `CrawlError` for a folder that is a link.
        """
        self.name = site.replace(":", "-")
        self.folder = corpus / self.name
        _refuse_link(self.folder)
        self._state = self._read_state()
        self.known: dict[str, KnownPage] = dict(self._pages())
        """The pages that earlier crawls wrote, by the key of their address."""
        self._names = {page.name.casefold(): key for key, page in self.known.items()}
        if self.folder.is_dir():  # a person's own file is never taken
            for path in self.folder.iterdir():
                self._names.setdefault(path.name.removesuffix(_SIDECAR).casefold(), "")

    @property
    def finished(self) -> datetime | None:
        """The time at which the last crawl ended that nothing cut short, or None."""
        try:
            time = datetime.fromisoformat(str(self._state.get("finished") or ""))
        except ValueError:
            return None
        return time if time.tzinfo else time.replace(tzinfo=UTC)

    def name_for(self, address: WebAddress, suffix: str) -> str:
        """Return the name of a page's file: that of an earlier crawl, or a new one that no other page has."""
        known = self.known.get(address.key)
        if known and Path(known.name).suffix == suffix:
            return known.name
        for name in (file_name(address, suffix), file_name(address, suffix, unique=True)):
            if self._names.setdefault(name.casefold(), address.key) == address.key:
                return name
        raise CrawlError(f"{self.folder} holds files of your own with the names of this site's pages: rename them.")

    def content(self, page: KnownPage) -> bytes:
        """Return the bytes of a known page, or b"" if it cannot be read."""
        try:
            return (self.folder / page.name).read_bytes()
        except OSError:
            return b""

    def says_the_same(self, page: KnownPage, content: bytes, url: str) -> bool:
        """Return whether a known page would be read as another version of it, whose public address is `url`.

        Many sites put a new token or time into their HTML at each request, which changes nothing that is read.
        """
        old = self.content(page)
        if old == content:
            return True
        if not page.name.endswith(".html"):
            return False
        try:
            sidecar = (self.folder / (page.name + _SIDECAR)).read_bytes()
            return read_page(page.name, old, sidecar) == read_page(page.name, content, _line("url", url).encode())
        except (OSError, UnreadablePage):
            return False

    def remembered(self, changes: PageChanges) -> dict[str, str]:
        """Return the text of the file in which a crawl writes down what it found, by its path below the corpus."""
        names = {page.name: page.source for page in self.known.values()} | changes.written
        pages = {
            name: {"source": source, **({"missed": changes.missed[name]} if name in changes.missed else {})}
            for name, source in sorted(names.items())
            if name not in changes.removed
        }
        finished = changes.finished or self._state.get("finished")
        _refuse_link(self.folder)
        return {f"{self.name}/{_STATE}": json.dumps({"format": 1, "finished": finished, "pages": pages}, indent=1)}

    def _read_state(self) -> dict[str, object]:
        try:
            state = json.loads((self.folder / _STATE).read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        return state if isinstance(state, dict) else {}

    def _pages(self) -> Iterator[tuple[str, KnownPage]]:
        """Yield the known pages by key, from their sidecars and from the state, either of which may be gone."""
        remembered = dict(self._remembered())
        beside = {page.name: page for page in self._sidecars()}
        for name, page in {**remembered, **beside}.items():
            missed = remembered[name].missed if name in remembered else ""
            with suppress(AddressRefused):
                yield parse_url(page.source).key, replace(page, missed=missed)

    def _remembered(self) -> Iterator[tuple[str, KnownPage]]:
        pages = self._state.get("pages")
        for name, entry in pages.items() if isinstance(pages, dict) else ():
            if isinstance(entry, dict) and Path(name).name == name:
                source, missed = (str(entry.get(key) or "") for key in ("source", "missed"))
                gone = not (self.folder / name).exists()
                yield name, KnownPage(source, name, missed=missed, intact=False, gone=gone)

    def _sidecars(self) -> Iterator[KnownPage]:
        for path in sorted(self.folder.glob(f"*{_SIDECAR}")) if self.folder.is_dir() else ():
            about = _about(path)
            file = path.with_suffix("")
            if about.get("source") and about.get("sha256") and file.is_file():
                intact = sha256(file.read_bytes()).hexdigest() == about["sha256"]
                etag, modified = about.get("etag", ""), about.get("modified", "")
                yield KnownPage(about["source"], file.name, etag, modified, intact=intact)


def file_name(address: WebAddress, suffix: str, *, unique: bool = False) -> str:
    """Return a file name for a page: its path in words, safe on every disk, at most 100 bytes.

    With `unique`, or where the path does not say all of the address, a digest of the address is part of it.
    """
    path = unquote(address.path, errors="replace").strip("/")
    path = re.sub(r"\.(?:html?|php|aspx?|pdf|docx?|txt|md)$", "", path, flags=re.IGNORECASE)
    words = unicodedata.normalize("NFKC", path).casefold()
    stem = re.sub(r"[^\w]+", "-", words).strip("-_") or ("page" if path else "index")
    cut = stem.encode()[: _MAX_NAME - len(suffix) - 9].decode(errors="ignore").rstrip("-_")
    if unique or address.query or cut != stem or _RESERVED.fullmatch(stem) or stem == "page":
        cut = f"{cut}-{sha256(str(address).encode()).hexdigest()[:8]}"
    return cut + suffix


def _line(key: str, value: str) -> str:
    """Return a line of a sidecar: JSON's strings are YAML, too, as long as they are ASCII."""
    return f"{key}: {json.dumps(value)}\n"


def _about(path: Path) -> dict[str, str]:
    """Read the lines that `PageChanges.put` writes; any other sidecar has none of them."""
    about: dict[str, str] = {}
    try:
        for line in path.read_text("utf-8").removesuffix("\n").split("\n"):
            key, _, value = line.partition(": ")
            text = json.loads(value)
            if isinstance(text, str):
                about[key] = text
    except (OSError, ValueError):
        return {}
    return about


def _refuse_link(folder: Path) -> None:
    """Raise `CrawlError` for a site's folder that leads elsewhere, where the files may be somebody else's."""
    if folder.is_symlink():
        raise CrawlError(
            f"{folder} is a link, and a crawl writes into no other folder: remove the link. If the pages are to lie "
            "elsewhere, point FOOTNOTE_CORPUS there."
        )


@contextmanager
def _or_unwritable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CrawlError(f"{folder} cannot be written: {error.strerror}. Check the folder and the disk.") from error


def today() -> str:
    """Return the day of now, as sidecars write it."""
    return datetime.now(UTC).date().isoformat()
