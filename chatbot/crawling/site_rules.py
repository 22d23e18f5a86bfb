"""What a site says of itself to crawlers: robots.txt and sitemaps."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from protego import Protego

from chatbot.crawling.addresses import AddressRefused, WebAddress, join_url
from chatbot.crawling.fetching import Fetched, Fetcher, FetchFailed

__all__ = ["ROBOT", "Robots", "read_robots", "read_sitemaps"]

ROBOT: Final = "Footnote"
"""The name that robots.txt knows us by."""

_ROBOTS_SIZE: Final = 500 * 1024  # that are obeyed, as RFC 9309 wants; what comes after them is not
_SITEMAP_SIZE: Final = 20 * 1024 * 1024
_MAX_SITEMAPS: Final = 50
_USUAL_SITEMAPS: Final = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml")
_MAX_DELAY: Final = 30.0  # seconds; more would be to say no, and robots.txt has a line for that


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of a site's robots.txt for us: what may be read, the seconds between two requests, the sitemaps."""

    rules: Protego
    delay: float
    sitemaps: tuple[str, ...]

    def allow(self, address: WebAddress) -> bool:
        """Return whether the site lets us read an address."""
        return bool(self.rules.can_fetch(str(address), ROBOT))


def read_robots(fetcher: Fetcher, origin: WebAddress, may_follow: Callable[[WebAddress], bool]) -> Robots:
    """Read a site's robots.txt; raises `FetchFailed` where the site cannot say now what may be read (RFC 9309)."""
    address = join_url(str(origin), "/robots.txt")
    fetched = fetcher.get(address, may_follow, size=_ROBOTS_SIZE, cut=True)
    if fetched.status >= 500 or fetched.status == 429:
        raise FetchFailed(f"its server answers {fetched.status}", passing=True)
    content = fetched.content if fetched.status == 200 else b""
    if len(content) == _ROBOTS_SIZE:  # half a line may say another thing than the whole
        content = content.rpartition(b"\n")[0]
    rules = Protego.parse(content.decode("utf-8-sig", "replace"))
    delay = rules.crawl_delay(ROBOT) or 0.0
    rate = rules.request_rate(ROBOT)
    if rate and rate.requests:
        delay = max(delay, rate.seconds / rate.requests)
    return Robots(rules, min(max(delay, 0.0), _MAX_DELAY), tuple(rules.sitemaps))


def read_sitemaps(
    get: Callable[[WebAddress, int], Fetched | None], origin: WebAddress, robots: Robots, most: int
) -> tuple[WebAddress, ...]:
    """Return at most `most` addresses that the site's sitemaps name.

    `get` fetches an address with a bound on its bytes, and returns None for what is not there or not to be read.
    """
    named = [*robots.sitemaps] or list(_USUAL_SITEMAPS)
    waiting = [address for text in named if (address := _joined(origin, text))]
    seen: set[str] = set()
    found: dict[WebAddress, None] = {}
    while waiting and len(seen) < _MAX_SITEMAPS and len(found) < most:
        sitemap = waiting.pop(0)
        if str(sitemap) in seen:
            continue
        seen.add(str(sitemap))
        fetched = get(sitemap, _SITEMAP_SIZE)
        if fetched is None or fetched.status != 200:
            continue
        kind, links = _locations(_inflated(fetched.content))
        addresses = [address for link in links if (address := _joined(fetched.address, link))]
        if kind == "sitemapindex":
            waiting += addresses
        else:
            found |= dict.fromkeys(addresses)
        if not robots.sitemaps and addresses:  # one of the usual places has it
            waiting = waiting if kind == "sitemapindex" else []
    return tuple(found)[:most]


def _joined(base: WebAddress, link: str) -> WebAddress | None:
    try:
        return join_url(str(base), link)
    except AddressRefused:
        return None


def _inflated(content: bytes) -> bytes:
    """Return a sitemap that may be compressed as a file, cut at the bound."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    try:
        return zlib.decompressobj(wbits=31).decompress(content, _SITEMAP_SIZE)
    except zlib.error:
        return b""


class _Refused(Exception):
    """The sitemap declares entities, which no sitemap needs."""


def _locations(content: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the name of a sitemap's outermost element and its addresses, as far as it can be read."""
    if content.lstrip()[:1] != b"<" and not content.startswith((b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")):
        return "urlset", tuple(_lines(content))
    root, links, path, text = "", list[str](), list[str](), list[str]()

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal root
        root = root or _local(name)
        path.append(_local(name))
        text.clear()
        if path[-2:] == ["entry", "link"] and "href" in attributes:  # Atom
            links.append(attributes["href"])

    def end(_: str) -> None:
        if path[-2:] in (["url", "loc"], ["sitemap", "loc"], ["item", "link"]):
            links.append("".join(text).strip())
        path.pop()

    def refuse(*_: object) -> None:
        raise _Refused

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text.append
    parser.EntityDeclHandler = refuse  # no entity is ever expanded
    with suppress(expat.ExpatError, _Refused, IndexError):  # what was read before an error counts
        parser.Parse(content, True)
    return root, tuple(link for link in links if link)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _lines(content: bytes) -> Iterator[str]:
    for line in content.decode("utf-8-sig", "replace").splitlines():
        if line.strip().startswith(("http://", "https://")):
            yield line.strip()
