"""Fetching one address: redirects checked hop by hop, and every size and time bounded."""

import ssl
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

import httpcore2

from chatbot.crawling.addresses import AddressRefused, WebAddress, join_url
from chatbot.crawling.network import AddressForbidden, GuardedBackend

__all__ = ["FetchFailed", "FetchLimits", "Fetched", "Fetcher"]

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_REDIRECTS: Final = 5
_PLAIN: Final = frozenset({"", "identity"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})


class FetchFailed(Exception):
    """An address could not be fetched; the message says why, to stand after the address.

    `passing` says that the reason lies with the network or the server of now, and another day may be better.
    """

    def __init__(self, reason: str, *, passing: bool) -> None:
        super().__init__(reason)
        self.passing = passing


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Bounds of one request: bytes of the body after decompression, and seconds in all and of each silence.

    With a `size` of 0, the body is not read.
    """

    size: int = 10 * 1024 * 1024
    seconds: float = 60.0
    silence: float = 20.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: `address` is the last of the redirects, `status` is no redirect unless it leads out of the scope."""

    address: WebAddress
    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)
    redirected: tuple[WebAddress, ...] = ()
    outside: str = ""

    @property
    def media_type(self) -> str:
        """The media type in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The character encoding that the server names, or ""."""
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.partition("=")
            if name.strip().lower() == "charset":
                return value.strip(" \"'").lower()
        return ""


class Fetcher:
    """Fetches addresses one after another through one guarded backend; close it after use."""

    def __init__(self, backend: GuardedBackend, user_agent: str, limits: FetchLimits) -> None:
        self._backend = backend
        self._limits = limits
        self._headers = {
            "User-Agent": user_agent,
            "Accept": "text/html,application/xhtml+xml,application/pdf,*/*;q=0.5",
            "Accept-Encoding": "gzip",
        }
        self._pool = httpcore2.ConnectionPool(
            _tls(),
            max_connections=4,
            max_keepalive_connections=2,
            keepalive_expiry=10,
            network_backend=backend,
        )
        self.received = 0
        """Bytes of all bodies so far."""

    def close(self) -> None:
        """Close the connections that are kept open."""
        self._pool.close()

    def get(
        self,
        address: WebAddress,
        may_follow: Callable[[WebAddress], bool],
        conditions: Mapping[str, str] | None = None,
        size: int | None = None,
        *,
        cut: bool = False,
    ) -> Fetched:
        """Fetch an address and follow its redirects as far as `may_follow` allows; raises `FetchFailed`.

        A body of more than `size` bytes is `cut` or refused.
        """
        hops: list[WebAddress] = []
        while True:
            self._backend.deadline = time.monotonic() + self._limits.seconds
            asked = conditions if conditions and not hops else {}
            fetched = self._once(address, asked, self._limits.size if size is None else size, cut=cut)
            target = fetched.headers.get("location", "")
            if fetched.status not in _REDIRECTS or not target:
                return Fetched(address, fetched.status, fetched.headers, fetched.content, tuple(hops))
            try:
                following = join_url(str(address), target)
            except AddressRefused as error:
                raise FetchFailed(f"it leads to an address that is not read: {error}", passing=False) from None
            if not may_follow(following):
                return Fetched(address, fetched.status, fetched.headers, b"", tuple(hops), str(following))
            hops.append(address)
            if following in hops or len(hops) > _MAX_REDIRECTS:
                raise FetchFailed("its redirects do not end", passing=False)
            address = following

    def _once(self, address: WebAddress, conditions: Mapping[str, str], size: int, *, cut: bool) -> Fetched:
        """Fetch an address without following it; one that fails on a connection that was kept open is tried again."""
        for last in (False, True):
            try:
                return self._request(address, conditions, size, cut=cut)
            except httpcore2.RemoteProtocolError as error:
                if last:
                    raise FetchFailed("its server does not speak HTTP properly", passing=True) from error
            except AddressForbidden as error:
                raise FetchFailed(str(error), passing=False) from error
            except httpcore2.TimeoutException as error:
                raise FetchFailed("its server takes too long", passing=True) from error
            except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, OSError) as error:
                raise FetchFailed(_reason(error), passing=True) from error
        raise AssertionError

    def _request(self, address: WebAddress, conditions: Mapping[str, str], size: int, *, cut: bool) -> Fetched:
        url = httpcore2.URL(
            scheme=address.scheme.encode(),
            host=address.host.encode(),
            port=address.port,
            target=address.target.encode("ascii"),
        )
        silence = self._limits.silence
        timeouts = {"connect": silence, "read": silence, "write": silence, "pool": silence}
        host = address.origin.partition("://")[2]
        headers: list[tuple[bytes | str, bytes | str]] = [("Host", host), *self._headers.items(), *conditions.items()]
        with self._pool.stream("GET", url, headers=headers, extensions={"timeout": timeouts}) as response:
            known = {_text(name).lower(): _text(value) for name, value in response.headers}
            content = b""
            if size and response.status not in _REDIRECTS:
                content = b"".join(self._body(response, known.get("content-encoding", ""), size, cut=cut))
            return Fetched(address, response.status, known, content)

    def _body(self, response: httpcore2.Response, coding: str, size: int, *, cut: bool) -> Iterator[bytes]:
        """Yield the decompressed body; raises `FetchFailed` at the first byte too many, or is `cut` before it."""
        coding = coding.strip().lower()
        if coding not in _PLAIN | _GZIP:
            raise FetchFailed(f"it is compressed in a way that is not read ({coding:.40})", passing=False)
        decoder = zlib.decompressobj(wbits=31) if coding in _GZIP else None
        left, raw = size, 0
        for chunk in response.iter_stream():
            self.received += len(chunk)
            raw += len(chunk)
            self._backend.remaining(None)
            data = chunk
            if decoder:
                try:
                    data = decoder.decompress(chunk, left + 1)
                except zlib.error:
                    raise FetchFailed("its compression is broken", passing=False) from None
            if cut and len(data) > left:
                yield data[:left]
                return
            left -= len(data)
            if left < 0 or raw > size:
                raise FetchFailed(f"it has more than {size // 1024:,} KB", passing=False)
            yield data
        if decoder and raw and not decoder.eof:
            raise FetchFailed("it came in part only", passing=True)


def _text(header: bytes) -> str:
    """Decode a header: it should be ASCII, and addresses in it are often UTF-8."""
    try:
        return header.decode()
    except UnicodeDecodeError:
        return header.decode("latin-1")


@cache
def _tls() -> ssl.SSLContext:
    """Return the context of all connections; it reads the system's certificates, which takes a third of a second."""
    return ssl.create_default_context()


def _reason(error: BaseException | None) -> str:
    """Return why a connection failed, from the innermost error that says so."""
    text = str(error)
    while error:
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"its certificate cannot be trusted: {error.verify_message}"
        error = error.__cause__ or error.__context__
    return f"no connection: {text}" if text else "no connection"
