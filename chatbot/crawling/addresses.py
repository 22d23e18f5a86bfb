"""Web addresses of a site: read strictly, written in one form, and bounded where a site has no end of them.

Everything that a page or a redirect names passes `parse_url` before it is compared, stored or requested.
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

__all__ = ["STANDARD_PORTS", "AddressRefused", "Scope", "TrapDetector", "WebAddress", "join_url", "parse_url"]

STANDARD_PORTS: Final = {"http": 80, "https": 443}
_MAX_LENGTH: Final = 1000  # characters; browsers and servers cut off not far above
_MAX_SEGMENTS: Final = 12
_MAX_REPEATS: Final = 2  # of one segment in a path: /a/b/a/b/a/ is a broken relative link
_MAX_PARAMETERS: Final = 4
_MAX_ALIKE: Final = 50  # addresses that differ in their digits or values alone
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\\]")
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_HOST: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_VISITOR: Final = re.compile(
    r"utm_.*|mtm_.*|pk_.*|hsa_.*|_ga|_gl|gclid|gclsrc|gbraid|wbraid|dclid|fbclid|msclkid|yclid|twclid|ttclid|igshid|"
    r"li_fat_id|mc_[ce]id|_hs(?:enc|mi)|vero_.*|wickedid|oly_(?:anon|enc)_id|srsltid|ref|"
    r"phpsessid|jsessionid|aspsessionid.*|s_?id|session_?id|sessid|cfid|cftoken",
    re.IGNORECASE,
)
_PATH_SESSION: Final = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
_ACTION: Final = re.compile(r"replytocom|add-to-cart|share|action|do|login|redirect_to|print|format", re.IGNORECASE)
_NO_PAGE: Final = re.compile(
    r"\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|css|m?js|json|map|woff2?|ttf|otf|eot|mp[34]|m4[av]|mov|avi|webm|"
    r"og[gv]|wav|zip|gz|tgz|rar|7z|dmg|exe|apk|iso|xlsx?|pptx?|ics|vcf|rss|atom|xml|webmanifest)$"
    r"|/(?:wp-admin|wp-login\.php|wp-json|xmlrpc\.php|cdn-cgi|feed|cart|basket|checkout|my-account|admin)(?:/|$)",
    re.IGNORECASE,
)
_INDEX_FILE: Final = re.compile(r"/(?:index|default)\.(?:html?|php|aspx?)$", re.IGNORECASE)


class AddressRefused(ValueError):
    """A web address that is not read; the message says why, to stand after the address."""


@dataclass(frozen=True, slots=True)
class WebAddress:
    """A web address in one form: host in lower case and ASCII, port always known, path and query percent-encoded."""

    scheme: str
    host: str
    port: int
    path: str
    query: str = ""

    @property
    def origin(self) -> str:
        """The address of the site's root, without a standard port and without a final slash."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == STANDARD_PORTS[self.scheme] else f":{self.port}")

    @property
    def target(self) -> str:
        """The path and the query, as a request names them."""
        return self.path + (f"?{self.query}" if self.query else "")

    @property
    def site(self) -> str:
        """The host without `www.`, with a port that is not standard: the same for both forms of a site's address."""
        bare = self.host.removeprefix("www.")
        return bare if self.port in STANDARD_PORTS.values() else f"{bare}:{self.port}"

    @property
    def key(self) -> str:
        """The same text for addresses that sites use for one page: http and https, www, a final slash, index.html."""
        path = _INDEX_FILE.sub("/", self.path).rstrip("/")
        return self.site + path + ("?" + "&".join(sorted(self.query.split("&"))) if self.query else "")

    def __str__(self) -> str:
        return self.origin + self.target


def parse_url(text: str) -> WebAddress:
    """Read an absolute web address strictly; raises `AddressRefused`.

    Refused are schemes other than http and https, user names, characters that parsers disagree about, and IP addresses
    in any form but the usual one (decimal, octal, hexadecimal, shortened). The fragment, tracking parameters and
    session ids are left out.
    """
    text = re.sub(r"[\t\r\n]", "", text.strip())  # as browsers do
    if len(text) > _MAX_LENGTH:
        raise AddressRefused("its address is too long")
    if _CONTROL.search(text):
        raise AddressRefused("its address holds characters that do not belong there")
    try:
        parts = urlsplit(text)
        scheme, port = parts.scheme.lower(), parts.port
        if scheme not in STANDARD_PORTS:
            raise AddressRefused("it is not a web address")
        host = _host(parts.hostname or "")
    except (ValueError, UnicodeError) as error:
        reason = str(error) if isinstance(error, AddressRefused) else "its address cannot be read"
        raise AddressRefused(reason) from None
    if "@" in parts.netloc:
        raise AddressRefused("its address holds a user name")
    if port == 0:
        raise AddressRefused("its port is none")
    return WebAddress(
        scheme, host, STANDARD_PORTS[scheme] if port is None else port, _path(parts.path), _query(parts.query)
    )


def join_url(base: str, link: str) -> WebAddress:
    """Return the address that a link on a page leads to; raises `AddressRefused`."""
    try:
        return parse_url(urljoin(base, link.strip()))
    except AddressRefused:
        raise
    except ValueError:
        raise AddressRefused("its address cannot be read") from None


def _host(text: str) -> str:
    """Return a host in lower case and ASCII; raises `AddressRefused` or `UnicodeError`."""
    if ":" in text:
        if "%" in text:
            raise AddressRefused("its address names a network interface")
        return ipaddress.IPv6Address(text).compressed
    host = unquote(text) if "%" in text else text
    host = host.encode("idna").decode().lower().rstrip(".")
    if not host or len(host) > 253 or not _HOST.fullmatch(host):
        raise AddressRefused("its host is no name")
    last = host.rpartition(".")[2]
    if re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last):  # browsers take such a host for an IPv4 address, in many notations
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise AddressRefused("its host is an IP address in an unusual form") from None
    return host


def _path(text: str) -> str:
    segments: list[str] = []
    path = _encoded(_PATH_SESSION.sub("", text))
    for segment in path.split("/")[1:]:
        if segment == "..":
            del segments[-1:]
        elif segment != ".":
            segments.append(segment)
    if path.endswith(("/.", "/..")):
        segments.append("")
    return "/" + re.sub(r"/{2,}", "/", "/".join(segments))


def _query(text: str) -> str:
    """Return a query without the parameters that only tell visitors apart."""
    names = (unquote(part.partition("=")[0]) for part in text.split("&"))
    kept = (part for part, name in zip(text.split("&"), names, strict=True) if part and not _VISITOR.fullmatch(name))
    return _encoded("&".join(kept))


def _encoded(text: str) -> str:
    """Percent-encode what an address may not hold, and nothing that need not be."""
    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    text = quote(text, safe="%/:@!$&'()*+,;=~?", errors="replace")
    return _ESCAPE.sub(lambda code: chr(int(code[1], 16)) if int(code[1], 16) in _UNRESERVED else code[0].upper(), text)


@dataclass(frozen=True, slots=True)
class Scope:
    """The sites that may be read: the one asked for and those named beside it, each with `www.` and without."""

    sites: frozenset[str]

    @classmethod
    def of(cls, addresses: Iterable[WebAddress]) -> "Scope":
        """Build the scope of the sites of some addresses."""
        return cls(frozenset(address.site for address in addresses))

    def __contains__(self, address: WebAddress | None) -> bool:
        return address is not None and address.site in self.sites


class TrapDetector:
    """Bounds the addresses that links lead to where there is no end of them: calendars, filters, broken links."""

    def __init__(self) -> None:
        self._alike: Counter[str] = Counter()

    def reason_against(self, address: WebAddress) -> str:
        """Return why an address is not followed, or "" and count it."""
        segments = address.path.strip("/").split("/")
        names = [name for name, _ in parse_qsl(address.query, keep_blank_values=True)]
        if _NO_PAGE.search(address.path):
            return "it is no page"
        if any(map(_ACTION.fullmatch, names)):
            return "it is another form of a page"
        if len(segments) > _MAX_SEGMENTS or max(Counter(segments).values()) > _MAX_REPEATS:
            return "its address goes round in circles"
        if len(names) > _MAX_PARAMETERS:
            return "its address has too many parameters"
        pattern = re.sub(r"\d+", "0", address.path) + "?" + "&".join(names)
        if pattern != address.path + "?":
            self._alike[pattern] += 1
            if self._alike[pattern] > _MAX_ALIKE:
                return f"there are more than {_MAX_ALIKE} addresses like it"
        return ""
