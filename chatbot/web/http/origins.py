"""Which sites may use the assistant, judged for every request by what the browser says of where it comes from.

A browser names the page that a request comes from in Origin, or in Referer where Origin is missing, and says in
Sec-Fetch-Site how that page stands to this server; no page can change the three. Whoever is no browser can send what
they like, so none of this proves who asks: it keeps other people's pages out, and the limit by address keeps
programs in bounds.
"""

import re
from collections.abc import Collection
from enum import Enum
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.clinic import Sites
from chatbot.web.http.problems import busy_response, problem_response
from chatbot.web.http.rate_limit import RateLimiter

__all__ = ["OriginMiddleware", "RequestSource", "classify_source"]

# What an allowed site may reach, and by which method. All else here is for this server's own pages, and for links.
_SHARED: Final = (
    (re.compile(r"/widget(-talk|\.[0-9a-f]{12})?\.js|/embed"), "GET"),
    (re.compile(r"/api/(ask|feedback)"), "POST"),
)
_ASK: Final = "/api/ask"  # what is counted; feedback and pages are not
_KEPT: Final = "7200"  # seconds that a browser may remember a permission; Chromium takes no more
_REFUSED: Final = (
    "This site may not use the assistant. Whoever runs the server can list it under [sites] in clinic.toml."
)


class RequestSource(Enum):
    """Where a request comes from."""

    OWN = "a page of this server, or an address that was typed"
    ALLOWED = "a site on the clinic's list"
    FOREIGN = "any other site"
    PROGRAM = "no browser, or one that says nothing"


def classify_source(headers: Headers, allowed: Collection[str]) -> RequestSource:
    """Tell where a request comes from; `allowed` holds origins as browsers write them."""
    origin, site, referer = (headers.get(name) for name in ("origin", "sec-fetch-site", "referer"))
    if origin is None and site in {"same-origin", "none"}:
        return RequestSource.OWN
    page = origin if origin is not None else _origin(referer)
    if page in allowed:
        return RequestSource.ALLOWED
    if origin is None and site is None and referer is None:
        return RequestSource.PROGRAM
    # Browsers that say nothing of the site, and all of them on plain HTTP, still name the host that they reach: a page
    # cannot make that up. Behind a proxy that names another host, browsers vouch for it by the site.
    named = _authority(page)
    if site == "same-origin" or (site is None and named and named == _authority(f"//{headers.get('host', '')}")):
        return RequestSource.OWN
    return RequestSource.FOREIGN


def _origin(address: str | None) -> str | None:
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def _authority(address: str | None) -> tuple[str, int | None] | None:
    """Give host and port, without the standard ones; None for what names no host."""
    try:
        parts = urlsplit(address or "")
        port = parts.port
    except ValueError:
        return None
    return (parts.hostname, None if port in {80, 443} else port) if parts.hostname else None


class OriginMiddleware:
    """Refuse what other sites may not ask for, tell browsers which may read the answer, and limit each address."""

    def __init__(self, app: ASGIApp, sites: Sites, questions: RateLimiter) -> None:
        """Take the sites that may ask, and the limit of questions, which other surfaces may share."""
        self._app = app
        self._sites = sites
        self._questions = questions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403, 429 or a browser's question beforehand (preflight)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        came = classify_source(headers, self._sites.allowed)
        shared = next((method for path, method in _SHARED if path.fullmatch(scope["path"])), None)
        if shared:
            send = _readable(send, headers["origin"] if came is RequestSource.ALLOWED and "origin" in headers else "")
        if self._refuses(scope, headers, came, shared):
            answer: ASGIApp = problem_response(HTTPStatus.FORBIDDEN, detail=_REFUSED)
        elif shared and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            answer = _permission(shared)
        elif scope["method"] == "POST" and scope["path"] == _ASK and (wait := self._questions.wait(_address(scope))):
            answer = busy_response(wait)
        else:
            answer = self._app
        await answer(scope, receive, send)

    def _refuses(self, scope: Scope, headers: Headers, came: RequestSource, shared: str | None) -> bool:
        if came is RequestSource.PROGRAM:
            return self._sites.api == "closed" and "POST" in {scope["method"], shared}
        if shared is None:
            return came is not RequestSource.OWN and not _is_link(scope, headers)
        # "null" is what sandboxed frames and local files call themselves, and they may be anybody's.
        return came is RequestSource.FOREIGN or headers.get("origin") == "null"


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


def _is_link(scope: Scope, headers: Headers) -> bool:
    """Tell whether somebody followed a link to one of this server's pages."""
    return (
        scope["method"] in {"GET", "HEAD"}
        and "origin" not in headers
        and headers.get("sec-fetch-mode", "navigate") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
    )


def _permission(method: str) -> Response:
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={
            "Access-Control-Allow-Methods": method,
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": _KEPT,
        },
    )


def _readable(send: Send, origin: str) -> Send:
    """Let the pages of an origin read a response, and caches know that it depends on the origin."""

    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.add_vary_header("Origin")
            if origin:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = "Retry-After"
        await send(message)

    return complete
