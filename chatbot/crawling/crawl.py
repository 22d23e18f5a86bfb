"""The crawl of a site: sitemaps first, then links, one request at a time, until all is read or a limit is reached."""

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from types import TracebackType
from typing import Final, Self

from chatbot import __version__
from chatbot.crawling.addresses import (
    STANDARD_PORTS,
    AddressRefused,
    Scope,
    TrapDetector,
    WebAddress,
    join_url,
    parse_url,
)
from chatbot.crawling.fetching import Fetched, Fetcher, FetchFailed, FetchLimits
from chatbot.crawling.markup import PageFacts, page_facts
from chatbot.crawling.network import GuardedBackend, Resolver, is_public, resolve
from chatbot.crawling.report import Copy, CrawlReport, LeftOut
from chatbot.crawling.site_folder import KnownPage, PageChanges, SiteFolder, today
from chatbot.crawling.site_rules import ROBOT, Robots, read_robots, read_sitemaps
from chatbot.errors import CrawlError

__all__ = ["Crawl", "CrawlOptions", "last_crawl"]

_SUFFIXES: Final[Mapping[str, str]] = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/plain": ".txt",
    "text/markdown": ".md",
}
_HIDDEN: Final = "it asks not to be found (noindex)"
_PERHAPS_LATER: Final = frozenset({401, 403, 408, 425, 429})
_BUSY: Final = frozenset({429, 503})
_MAX_TRIES: Final = 3
_MAX_WAIT: Final = 60.0  # seconds that a site may ask us to wait
_MAX_PAUSE: Final = 10.0
_MAX_FAILURES: Final = 5  # one after another: the site is down, or does not want us
_MAX_CANONICAL: Final = 3  # addresses that name each other as their own
_FEW: Final = 3  # pages that may always go at once


@dataclass(frozen=True, slots=True)
class CrawlOptions:
    """Bounds and manners of a crawl: numbers of pages, links from the start, bytes, seconds.

    `also` are further sites. `private` lets the crawl connect to the addresses of the named sites although they are not
    public. `overwrite` brings back pages that somebody changed or took away, `withdraw_all` takes away any number.
    """

    also: tuple[str, ...] = ()
    pages: int = 1000
    depth: int = 10
    page_size: int = 10 * 1024 * 1024
    total_size: int = 500 * 1024 * 1024
    seconds: float = 3600.0
    pause: float = 0.5
    contact: str = ""
    private: bool = False
    overwrite: bool = False
    withdraw_all: bool = False


class _Stopped(Exception):
    """The crawl ends before all is read; the message says why."""


class _LimitReached(_Stopped):
    """The crawl ends at a limit of its options, and another would, too."""


@dataclass
class _Findings:
    """What the crawl has found so far: the lists of its report, without those that only the end can know."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    copies: list[Copy] = field(default_factory=list)
    untitled: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def read(self) -> int:
        return len(self.new) + len(self.changed) + len(self.unchanged)


class Crawl:
    """One crawl of a site into a corpus; use it as a context manager, run it once, then apply it.

    Nothing in the corpus changes before `apply`.
    """

    def __init__(
        self,
        address: str,
        corpus: Path,
        options: CrawlOptions,
        resolver: Resolver = resolve,
        stop: Event | None = None,
    ) -> None:
        """Prepare a crawl; raises `CrawlError` for an address that is not crawled."""
        self._options = options
        self._start, *others = (_start_address(text) for text in (address, *options.also))
        self._scope = Scope.of([self._start, *others])
        self._folders = {site: SiteFolder(corpus, site) for site in sorted(self._scope.sites)}
        self._starts = (self._start, *others)
        self._stop = stop or Event()
        named = frozenset(start.port for start in self._starts)
        self._backend = GuardedBackend(resolver, ports=named - frozenset(STANDARD_PORTS.values()))
        contact = options.contact or f"about {self._start.host}"
        agent = f"{ROBOT}/{__version__} (the clinic's own assistant, reading its site; contact: {contact})"
        self._fetcher = Fetcher(self._backend, agent, FetchLimits(size=options.page_size))
        self._traps = TrapDetector()
        self._robots: dict[str, Robots | str] = {}
        self._queue: deque[tuple[WebAddress, int]] = deque()
        self._queued: set[str] = set()
        self._visited: set[str] = set()
        self._nested = 0
        self._titles: dict[str, tuple[str, str]] = {}  # key of a kept page -> title, heading
        self._kept: dict[str, str] = {}  # digest of words -> address of the page that is kept
        self._met: set[tuple[str, str]] = set()  # known pages that are kept
        self._missed: set[tuple[str, str]] = set()  # known pages that the site has no more
        self._found = _Findings()
        self._requests = self._failures = 0
        self._pause = options.pause
        self._began = self._last = self._took = 0.0
        self._own = TemporaryDirectory(prefix="footnote-crawl-")
        own = Path(self._own.name)
        self._changes = {site: PageChanges(own / folder.name) for site, folder in self._folders.items()}
        self._whole = True
        self.interrupted = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fetcher.close()
        self._own.cleanup()

    @property
    def changes(self) -> dict[str, PageChanges]:
        """What the crawl changes, by the name of the site's folder below the corpus."""
        return {folder.name: self._changes[site] for site, folder in self._folders.items()}

    def remembered(self) -> dict[str, str]:
        """Return the files in which the next crawl finds what this one found, by their path below the corpus.

        They are written with the pages. Raises `CrawlError` for a folder that is a link.
        """
        return {
            name: text
            for site, folder in self._folders.items()
            for name, text in folder.remembered(self._changes[site]).items()
        }

    def run(self, progress: Callable[[int, int], object] = lambda _done, _total: None) -> CrawlReport:
        """Read the site and return the report; `progress(done, total)` counts addresses.

        Raises `CrawlError` where the site cannot be read at all. Ctrl+C ends it, and sets `interrupted`.
        """
        self._began = time.monotonic()
        stopped = ""
        try:
            self._begin()
            self._read_all(progress)
        except _Stopped as reason:
            stopped = str(reason)
            self._whole = isinstance(reason, _LimitReached)
        except KeyboardInterrupt:
            stopped, self.interrupted, self._whole = "it was interrupted", True, False
        withdrawn, missing = self._settle(stopped)
        found = self._found
        return CrawlReport(
            site=str(self._start),
            seconds=time.monotonic() - self._began,
            requests=self._requests,
            received=self._fetcher.received,
            new=tuple(found.new),
            changed=tuple(found.changed),
            unchanged=tuple(found.unchanged),
            withdrawn=withdrawn,
            missing=missing,
            kept_by_hand=tuple(found.by_hand),
            left_out=tuple(LeftOut(address, reason) for address, reason in found.left_out.items()),
            copies=tuple(found.copies),
            untitled=tuple(found.untitled),
            notes=tuple(found.notes),
            stopped=stopped,
        )

    def _begin(self) -> None:
        """Check the start, read robots.txt and the sitemaps, and queue what they name."""
        if self._options.private:
            self._allow_private()
        for start in self._starts:
            robots = self._robots_of(start)
            if isinstance(robots, str) and start is self._start:
                raise CrawlError(f"{start} cannot be read: {robots}. Check the address, and try again later.")
            self._queue_address(start, 0)
        for start in self._starts:
            rules = self._robots_of(start)
            if isinstance(rules, Robots):
                for address in read_sitemaps(self._get_sitemap, start, rules, 10 * self._options.pages):
                    if address in self._scope:
                        self._queue_address(address, 1)

    def _allow_private(self) -> None:
        """Let the guard through to the addresses that the named sites have now, at the ports that they name."""
        endpoints = set()
        for start in self._starts:
            try:
                addresses = self._backend.resolver(start.host)
            except OSError:
                continue  # the first request says so
            endpoints |= {(ip, start.port) for ip in addresses if not is_public(ip)}
        self._backend.allowed = frozenset(endpoints)

    def _read_all(self, progress: Callable[[int, int], object]) -> None:
        """Read the queue as it grows, and at its end the known pages that nothing led to."""
        done, all_queued = 0, False
        while self._queue or not all_queued:
            if not self._queue:
                self._queue_known()
                all_queued = True
                continue
            address, depth = self._queue.popleft()
            self._check_limits()
            self._visit_safely(address, depth)
            done += 1
            progress(done, done + len(self._queue))

    def _queue_known(self) -> None:
        for folder in self._folders.values():
            for page in folder.known.values():
                if not page.gone:
                    self._queue_address(parse_url(page.source), 1)

    def _check_limits(self) -> None:
        options = self._options
        if self._stop.is_set():
            raise _Stopped("Footnote is being stopped")
        if self._found.read >= options.pages:
            raise _LimitReached(f"{options.pages:,} pages were read, and there are more")
        if time.monotonic() - self._began > options.seconds:
            raise _LimitReached(f"{options.seconds:.0f} seconds have passed")
        if self._fetcher.received > options.total_size:
            raise _LimitReached(f"{options.total_size // 1024**2:,} MB were read")
        if self._failures >= _MAX_FAILURES:
            raise _Stopped("the site does not answer any more")

    def _queue_address(self, address: WebAddress, depth: int) -> None:
        if address.key not in self._queued:
            self._queued.add(address.key)
            self._queue.append((address, depth))

    def _follow(self, base: WebAddress, facts: PageFacts, depth: int) -> None:
        """Queue the links of a page."""
        if depth >= self._options.depth:
            return
        root = str(_joined(str(base), facts.base) or base)
        for link in (*facts.links, facts.refresh):
            if not link or link.startswith("#"):
                continue
            address = _joined(root, link)
            if address is None or address not in self._scope or address.key in self._queued:
                continue
            reason = self._traps.reason_against(address)
            if not reason:
                self._queue_address(address, depth + 1)
            elif reason != "it is no page":
                self._queued.add(address.key)
                self._found.left_out[str(address)] = reason

    def _visit_safely(self, address: WebAddress, depth: int) -> None:
        """Visit an address; one with which something unforeseen goes wrong is named, and the crawl goes on."""
        try:
            self._visit(address, depth)
        except (_Stopped, CrawlError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one page, all others are read
            self._leave_out(address, f"it cannot be read ({type(error).__name__})", lasting=False)

    def _visit(self, address: WebAddress, depth: int) -> None:
        """Read one address and file what it is."""
        if address.key in self._visited:
            return
        self._visited.add(address.key)
        robots = self._robots_of(address)
        if isinstance(robots, str):
            self._leave_out(address, f"its site's robots.txt cannot be read: {robots}", lasting=False)
            return
        if not robots.allow(address):
            self._leave_out(address, "robots.txt does not let it be read")
            return
        known = self._folders[address.site].known.get(address.key)
        try:
            fetched = self._get(address, _conditions(known))
        except FetchFailed as error:
            self._failures += error.passing
            self._leave_out(address, str(error), lasting=not error.passing)
            return
        self._failures = self._failures + 1 if fetched.status >= 500 else 0
        for hop in fetched.redirected:
            if hop.key != fetched.address.key:
                self._visited.add(hop.key)
                self._miss(hop)
        if fetched.address.key != address.key:
            if fetched.address.key in self._visited:
                return
            self._visited.add(fetched.address.key)
        self._file(fetched, known, depth)

    def _file(self, fetched: Fetched, known: KnownPage | None, depth: int) -> None:
        """File an answer by its status."""
        address, status = fetched.address, fetched.status
        if fetched.outside:
            self._leave_out(address, f"it leads to {fetched.outside}, which is not read")
            if address.key == self._start.key and _joined(str(address), fetched.outside) not in self._scope:
                raise CrawlError(f"{address} leads to another site: crawl {fetched.outside} instead.")
        elif status == HTTPStatus.NOT_MODIFIED and known:
            content = self._folders[address.site].content(known)
            self._file_page(fetched, content, Path(known.name).suffix, depth)
        elif status == HTTPStatus.OK:
            suffix = _suffix(fetched)
            if suffix:
                self._file_page(fetched, fetched.content, suffix, depth)
            else:
                self._leave_out(address, f"it is {fetched.media_type or 'of no known kind'}, which is not read")
        else:
            lasting = 400 <= status < 500 and status not in _PERHAPS_LATER
            self._leave_out(address, f"its server answers {status}", lasting=lasting)

    def _file_page(self, fetched: Fetched, content: bytes, suffix: str, depth: int) -> None:
        """Keep a page, unless it is a copy or asks not to be found."""
        address = fetched.address
        header = fetched.headers.get("x-robots-tag", "")
        if suffix != ".html":
            if "noindex" in header.lower():
                self._leave_out(address, _HIDDEN)
            else:
                self._keep(fetched, content, suffix, address)
            return
        facts = page_facts(content, fetched.charset, header)
        self._follow(address, facts, depth)
        if reason := _reason_against(facts):
            self._leave_out(address, reason)
            return
        own = self._canonical(address, facts)
        if own.key != address.key:
            self._add_copy(address, str(own))
        elif not self._is_first(address, facts.words):
            self._add_copy(address, self._kept[facts.words])
        else:
            self._titles[address.key] = (facts.title, facts.heading)
            if not (facts.title or facts.heading):
                self._found.untitled.append(str(address))
            self._keep(fetched, content, suffix, own)

    def _canonical(self, address: WebAddress, facts: PageFacts) -> WebAddress:
        """Return the address that a page says is its own, where that can be believed; else the one it was read from.

        Many sites name their home page as the address of every page. So another path or query is believed only if the
        page there is kept and has the same title or heading.
        """
        own = _joined(str(address), facts.canonical) if facts.canonical else None
        if own is None or own not in self._scope:
            return address
        if own.key == address.key:
            return own
        if own.key not in self._visited and self._nested < _MAX_CANONICAL:
            self._nested += 1
            try:
                self._visit_safely(own, 1)
            finally:
                self._nested -= 1
        title, heading = self._titles.get(own.key, ("", ""))
        alike = (title and title == facts.title) or (heading and heading == facts.heading)
        return own if alike else address

    def _is_first(self, address: WebAddress, words: str) -> bool:
        """Return whether no page before shows the same words; one that is known goes before one that is new."""
        first = self._kept.setdefault(words, str(address))
        if first == str(address):
            return True
        folder = self._folders[address.site]
        if address.key not in folder.known or first not in self._found.new:
            return False
        self._found.new.remove(first)
        changes = self._changes[parse_url(first).site]
        for name in [name for name, source in changes.written.items() if source == first]:
            del changes.written[name]
        self._found.copies.append(Copy(first, str(address)))
        self._kept[words] = str(address)
        return True

    def _keep(self, fetched: Fetched, content: bytes, suffix: str, url: WebAddress) -> None:
        """Keep a page: write it, or leave it as it is."""
        address, found = fetched.address, self._found
        folder, changes = self._folders[address.site], self._changes[address.site]
        known = folder.known.get(address.key)
        name = folder.name_for(address, suffix)
        if known:
            self._met.add((address.site, known.name))
            if not known.intact and not self._options.overwrite:
                found.by_hand.append(str(address))
                return
            if known.name == name and not known.gone and folder.says_the_same(known, content, str(url)):
                found.unchanged.append(str(address))
                return
            if known.name != name:
                changes.removed.add(known.name)
        about = {
            "url": str(url),
            "source": str(address),
            "fetched": today(),
            "etag": _plain(fetched.headers.get("etag", "")[:200]),
            "modified": _plain(fetched.headers.get("last-modified", "")[:100]),
            "encoding": _plain(fetched.charset[:40]),
        }
        changes.put(name, content, about)
        (found.changed if known else found.new).append(str(address))

    def _leave_out(self, address: WebAddress, reason: str, *, lasting: bool = True) -> None:
        """Note why an address is not kept; a known page is missed only if the reason is `lasting`."""
        self._found.left_out[str(address)] = reason
        if lasting:
            self._miss(address)

    def _add_copy(self, address: WebAddress, of: str) -> None:
        self._found.copies.append(Copy(str(address), of))
        self._miss(address)

    def _miss(self, address: WebAddress) -> None:
        """Note that the site has a known page no more."""
        known = self._folders[address.site].known.get(address.key)
        if known:
            self._missed.add((address.site, known.name))

    def _settle(self, stopped: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Decide which known pages go: those that this whole crawl missed and the one before, too.

        Return the addresses that go, and those that are missed for the first time.
        """
        withdrawn, missing = list[str](), list[str]()
        missed = self._missed - self._met
        for site, folder in self._folders.items():
            changes = self._changes[site]
            known = [page for page in folder.known.values() if not page.gone]
            gone = {page.name for page in known if (site, page.name) in missed}
            second = [page for page in known if page.name in gone and page.missed and page.intact and not stopped]
            many = len(second) > max(_FEW, len(known) / 2) and not self._options.withdraw_all
            if many:
                self._found.notes.append(
                    f"{len(second)} of the {len(known)} pages of {site} are gone at once, so none was withdrawn. If "
                    "the site has really changed so much, crawl with --withdraw-all."
                )
            for page in known:
                if page in second and not many:
                    changes.removed.add(page.name)
                    withdrawn.append(page.source)
                elif page.name in gone:
                    changes.missed[page.name] = page.missed or today()
                    missing.append(page.source)
                elif page.missed and (site, page.name) not in self._met:  # this crawl did not come to it
                    changes.missed[page.name] = page.missed
            if self._whole:
                changes.finished = datetime.now(UTC).isoformat(timespec="seconds")
        return tuple(withdrawn), tuple(missing)

    def _may_follow(self, address: WebAddress) -> bool:
        if address not in self._scope:
            return False
        robots = self._robots_of(address)
        return isinstance(robots, Robots) and robots.allow(address)

    def _robots_of(self, address: WebAddress) -> Robots | str:
        """Return the rules of an address's origin, or why they cannot be read."""
        if address.origin not in self._robots:
            self._robots[address.origin] = "it leads to itself"  # while it is being read
            self._requests += 1
            try:
                self._robots[address.origin] = read_robots(self._fetcher, address, self._scope.__contains__)
            except FetchFailed as error:
                self._robots[address.origin] = str(error)
            self._last = time.monotonic()
        return self._robots[address.origin]

    def _get_sitemap(self, address: WebAddress, size: int) -> Fetched | None:
        self._check_limits()
        if not self._may_follow(address):
            return None
        try:
            return self._get(address, {}, size)
        except FetchFailed as error:
            self._found.notes.append(f"The sitemap {address} cannot be read: {error}.")
            return None

    def _get(self, address: WebAddress, conditions: Mapping[str, str], size: int | None = None) -> Fetched:
        """Fetch an address in good manners: after a pause, and later where the site says so; raises `FetchFailed`."""
        for _ in range(_MAX_TRIES):
            robots = self._robots_of(address)
            delay = robots.delay if isinstance(robots, Robots) else 0.0
            self._sleep(self._last + max(self._pause, delay, min(self._took, _MAX_PAUSE)) - time.monotonic())
            begun = time.monotonic()
            self._requests += 1
            try:
                fetched = self._fetcher.get(address, self._may_follow, conditions, size)
            finally:
                self._last = time.monotonic()
                self._took = self._last - begun
            wait = _retry_after(fetched)
            if wait is None:
                return fetched
            self._pause = min(2 * self._pause + 0.5, _MAX_PAUSE)
            self._sleep(wait)
        return fetched

    def _sleep(self, seconds: float) -> None:
        if seconds > 0 and self._stop.wait(seconds):
            raise _Stopped("Footnote is being stopped")


def last_crawl(corpus: Path, address: str) -> datetime | None:
    """Return the time at which the last whole crawl of a site ended, or None; raises `CrawlError` for no address."""
    return SiteFolder(corpus, _start_address(address).site).finished


def _start_address(text: str) -> WebAddress:
    """Read an address that somebody typed; raises `CrawlError`."""
    full = text if "://" in text else f"https://{text}"
    try:
        return parse_url(full)
    except AddressRefused as error:
        raise CrawlError(f"{text} cannot be crawled: {error}. Write it as https://clinic.example.") from None


def _joined(base: str, link: str) -> WebAddress | None:
    try:
        return join_url(base, link)
    except AddressRefused:
        return None


def _conditions(known: KnownPage | None) -> dict[str, str]:
    """Return the headers that ask for a page only if it has changed."""
    if known is None or not known.intact:
        return {}
    headers = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    return {name: value for name, value in headers.items() if _plain(value)}


def _plain(value: str) -> str:
    """Return the value of a header, or "" where it is not printable ASCII, as it has to be."""
    return value if value.isascii() and value.isprintable() else ""


def _reason_against(facts: PageFacts) -> str:
    """Return why a page is not kept, or ""."""
    if facts.noindex:
        return _HIDDEN
    if facts.refresh:
        return f"it forwards to {facts.refresh}"
    if facts.not_found:
        return "it says that the page was not found"
    return "" if facts.words else "it shows no words without JavaScript"


def _suffix(fetched: Fetched) -> str:
    """Return the suffix of the file for an answer, by its first bytes and its media type, or ""."""
    start = fetched.content[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"%pdf-"):
        return ".pdf"
    if start.startswith((b"<!doctype html", b"<html")):
        return ".html"
    known = _SUFFIXES.get(fetched.media_type, "")
    if known in {".pdf", ".docx"}:
        return known if known == ".docx" and start.startswith(b"pk") else ""
    if fetched.media_type in {"", "application/octet-stream", "application/zip", "binary/octet-stream"}:
        word = fetched.address.path.lower().endswith(".docx") and start.startswith(b"pk")
        return ".docx" if word else ""
    return known


def _retry_after(fetched: Fetched) -> float | None:
    """Return the seconds that a busy site asks us to wait, or None where it does not, or wants more than we wait."""
    if fetched.status not in _BUSY:
        return None
    value = fetched.headers.get("retry-after", "")
    try:
        wait = float(value) if value.isdigit() else (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        wait = 5.0
    return max(wait, 1.0) if wait <= _MAX_WAIT else None
