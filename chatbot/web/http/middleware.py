"""Middleware of every request and response: the path of a proxy, a limit on bodies, and security headers."""

from http import HTTPStatus
from typing import Final

from anyio import fail_after
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.web.http.problems import problem_response

__all__ = [
    "BodySizeLimit",
    "OwnCookies",
    "RootPath",
    "SecurityHeaders",
    "departure",
    "json_body",
    "public_path",
    "replay",
]

_SLOWEST_BODY: Final = 20  # seconds; a phone on a bad line needs one
LARGEST_BODY: Final = 64 * 1024  # bytes; the longest question allowed is far shorter
# A client that is cut off while it sends sees a broken connection instead of the response. So this many bytes are read
# and thrown away before the response is sent.
_DISCARDED: Final = 32 * 1024 * 1024

_PUBLIC_PATH: Final = "public_path"

_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}


def public_path(scope: Scope) -> str:
    """Return the path below which visitors reach the application that handles a request; empty at the root."""
    return str(scope.get("state", {}).get(_PUBLIC_PATH, ""))


class RootPath:
    """Serve below a path as at the root, whether or not a proxy takes the path away."""

    def __init__(self, app: ASGIApp, path: str) -> None:
        """Take the path, such as /chat."""
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on without the path; redirect from the path itself to the page below it."""
        app = self._app
        if scope["type"] == "http":
            scope = {**scope, "state": {**scope.get("state", {}), _PUBLIC_PATH: public_path(scope) + self._path}}
        if scope["type"] == "http" and scope["path"] == self._path:
            query = scope["query_string"].decode("latin-1")
            target = f"{self._path.rpartition('/')[2]}/{query and '?'}{query}"
            app = RedirectResponse(target, HTTPStatus.PERMANENT_REDIRECT)
        elif scope["type"] == "http" and scope["path"].startswith(f"{self._path}/"):
            raw = scope["raw_path"].removeprefix(self._path.encode())
            scope = {**scope, "path": scope["path"].removeprefix(self._path), "raw_path": raw}
        await app(scope, receive, send)


class OwnCookies:
    """Keep the cookies of one of several applications of a host apart, by a suffix of their names.

    An application neither sees nor replaces a cookie of another one. Paths do not do that: a cookie whose name starts
    with `__Host-` is sent to all paths of its host.
    """

    def __init__(self, app: ASGIApp, suffix: str) -> None:
        """Take the suffix, of letters, digits and dashes."""
        self._app = app
        self._suffix = suffix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with the application's own cookies, and complete the names of those that it sets."""
        cookies = "; ".join(Headers(scope=scope).getlist("cookie"))
        own = (pair.strip().partition("=") for pair in cookies.split(";"))
        kept = "; ".join(
            f"{name.removesuffix(self._suffix)}={value}" for name, _, value in own if name.endswith(self._suffix)
        )
        others = [header for header in scope["headers"] if header[0] != b"cookie"]
        scope = {**scope, "headers": [*others, (b"cookie", kept.encode("latin-1"))] if kept else others}

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*map(self._completed, message.get("headers", ()))]}
            await send(message)

        await self._app(scope, receive, complete)

    def _completed(self, header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
        if header[0].lower() != b"set-cookie":
            return header
        name, _, rest = header[1].partition(b"=")
        return header[0], name + self._suffix.encode() + b"=" + rest


class BodySizeLimit:
    """Refuse bodies above a size, by the bytes that arrive and not by the length that was announced."""

    def __init__(
        self, app: ASGIApp, largest: int = LARGEST_BODY, slowest: float = _SLOWEST_BODY, exempt_path: str | None = None
    ) -> None:
        """Take the most bytes and seconds of a body; requests below `exempt_path` pass unread."""
        self._app = app
        self._largest = largest
        self._slowest = slowest
        self._exempt_path = exempt_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its whole body, or answer 408 or 413."""
        if scope["type"] != "http" or (self._exempt_path and scope["path"].startswith(self._exempt_path)):
            await self._app(scope, receive, send)
            return
        try:
            with fail_after(self._slowest):
                body = await _read(receive, self._largest)
        except ClientDisconnect:
            return
        except TimeoutError:
            await problem_response(HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"})(scope, receive, send)
            return
        if body is None:
            await problem_response(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"Connection": "close"})(scope, receive, send)
        else:
            await self._app(scope, replay(body, receive), send)


async def _read(receive: Receive, largest: int) -> bytes | None:
    """Return a body, or None for one that is too large; raises `ClientDisconnect`."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more and size <= _DISCARDED:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        more = message.get("more_body", False)
        if size <= largest:
            parts.append(part)
    return b"".join(parts) if size <= largest else None


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a channel that delivers a body again, and then whatever else arrives."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


async def json_body(request: Request) -> bytes:
    """Return the body of a request that announces JSON; raises `HTTPException` 415 for any other."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    return await request.body()


async def departure(request: Request) -> None:
    """Return once the client of a request, whose body was read, has closed the connection."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


class SecurityHeaders:
    """Add security headers to every response that does not bring its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and complete the headers of its response."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                framed = "frame-ancestors 'none'" not in headers.get(
                    "Content-Security-Policy", "frame-ancestors 'none'"
                )
                for name, value in _HEADERS.items():
                    if not (framed and name == "X-Frame-Options"):  # that header cannot name sites
                        headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, complete if scope["type"] == "http" else send)
