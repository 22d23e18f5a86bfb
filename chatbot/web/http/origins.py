"""Which sites may use the assistant, decided for every request by the headers that browsers set.

A browser names the page that a request comes from in Origin, or in Referer where Origin is missing. In Sec-Fetch-Site
it says how that page relates to this server. No page can change the three. A program can send any header, so this
proves nothing about who asks. It keeps other people's pages out; the rate limit keeps programs in bounds.
"""

import json
import re
from collections.abc import Callable, Collection
from enum import Enum
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from fastapi import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.clinic import AllowedSites
from chatbot.operation.notices import REFUSED_SITES, Notices
from chatbot.web.http.problems import busy_response, problem_response
from chatbot.web.http.rate_limit import RateLimiter, client_address

__all__ = ["OriginMiddleware", "RequestSource", "classify_source"]

# What an allowed site may request, and by which method. All else is for this server's own pages, and for links.
_SHARED: Final = (
    (re.compile(r"/widget(-talk|\.[0-9a-f]{12})?\.js|/embed"), "GET"),
    (re.compile(r"/api/(ask|feedback)"), "POST"),
)
_SCRIPT: Final = "/widget.js"
_NAMED: Final = re.compile(r"https?://[a-z0-9.:\[\]-]{1,200}", re.IGNORECASE)
_ASK: Final = "/api/ask"  # the one address that the rate limit counts here
_PREFLIGHT_LIFE: Final = "7200"  # seconds that a browser may remember a permission; Chromium allows no more
_CURE: Final = "Whoever runs the server can list it under [sites] in clinic.toml."
_REFUSED: Final = f"This site may not use the assistant. {_CURE}"


class RequestSource(Enum):
    """Where a request comes from."""

    OWN = "a page of this server, or a typed address"
    ALLOWED = "a site on the clinic's list"
    FOREIGN = "any other site"
    PROGRAM = "a program, or a browser that sends none of the headers"


def classify_source(headers: Headers, allowed: Collection[str]) -> RequestSource:
    """Return where a request comes from; `allowed` holds origins as browsers write them."""
    origin, site, referer = (headers.get(name) for name in ("origin", "sec-fetch-site", "referer"))
    if origin is None and site in {"same-origin", "none"}:
        return RequestSource.OWN
    if origin is None and site is None and referer is None:
        return RequestSource.PROGRAM
    page = origin if origin is not None else _origin(referer)
    # Old browsers, and all browsers on plain HTTP, do not send Sec-Fetch-Site. They still send the host that they
    # reach, which no page can change. Behind a proxy that changes the host, Sec-Fetch-Site is what counts.
    authority = _authority(page)
    host = _authority(f"//{headers.get('host', '')}")
    if site == "same-origin" or (site is None and authority and authority == host):
        return RequestSource.OWN  # also where the list holds this server's own address
    return RequestSource.ALLOWED if page in allowed else RequestSource.FOREIGN


def _origin(address: str | None) -> str | None:
    try:
        parts = urlsplit(address or "")
    except ValueError:
        return None
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def _authority(address: str | None) -> tuple[str, int | None] | None:
    """Return host and port, the port None if it is a standard one; return None for an address without a host."""
    try:
        parts = urlsplit(address or "")
        port = parts.port
    except ValueError:
        return None
    return (parts.hostname, None if port in {80, 443} else port) if parts.hostname else None


class OriginMiddleware:
    """Refuse what other sites may not request, let allowed sites read responses (CORS), and limit each address."""

    def __init__(
        self,
        app: ASGIApp,
        sites: AllowedSites,
        questions: RateLimiter,
        notices: Notices,
        on_refusal: Callable[[], object] = lambda: None,
    ) -> None:
        """Take the settings of sites, the limit of questions, which is shared with the chat page, and the notices.

        `on_refusal` is called for each request that is refused for where it comes from.
        """
        self._on_refusal = on_refusal
        self._app = app
        self._sites = sites
        self._questions = questions
        self._notices = notices

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403, 429 or a preflight request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        source = classify_source(headers, self._sites.allowed)
        shared = next((method for path, method in _SHARED if path.fullmatch(scope["path"])), None)
        if shared:
            send = _with_cors_headers(
                send, headers["origin"] if source is RequestSource.ALLOWED and "origin" in headers else ""
            )
        if self._refuses(scope, headers, source, shared):
            self._on_refusal()
            app: ASGIApp = self._refusal(scope, headers, shared)
        elif shared and scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            app = _preflight_response(shared)
        elif (
            scope["method"] == "POST"
            and scope["path"] == _ASK
            and (wait := self._questions.acquire(client_address(HTTPConnection(scope))))
        ):
            await self._questions.hold_back(client_address(HTTPConnection(scope)))
            app = busy_response(wait)
        else:
            app = self._app
        await app(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers, shared: str | None) -> Response:
        """Refuse a request, and name the site where somebody looks for it: in the log and in its page's console."""
        site = headers.get("origin") or _origin(headers.get("referer")) or ""
        if not (shared and _NAMED.fullmatch(site)):
            return problem_response(HTTPStatus.FORBIDDEN, detail=_REFUSED)
        self._notices.note(
            REFUSED_SITES,
            site,
            f"{site} asks for the chat and may not show it. "
            f'If it is yours, add "{site}" to allowed under [sites] in clinic.toml.',
        )
        if (scope["path"], scope["method"], headers.get("sec-fetch-dest")) != (_SCRIPT, "GET", "script"):
            return problem_response(HTTPStatus.FORBIDDEN, detail=_REFUSED)
        # Browsers run no script of a refusal, and show nobody why.
        said = json.dumps(f"Footnote: {site} is not on the list of sites that may show this chat. {_CURE}")
        return Response(
            f"console.error({said})",
            media_type="text/javascript",
            headers={
                "Access-Control-Allow-Origin": site,
                "Cache-Control": "no-store",
                "Cross-Origin-Resource-Policy": "cross-origin",
            },
        )

    def _refuses(self, scope: Scope, headers: Headers, source: RequestSource, shared: str | None) -> bool:
        if source is RequestSource.PROGRAM:
            return self._sites.api == "closed" and "POST" in {scope["method"], shared}
        if shared is None:
            return not (source is RequestSource.OWN or _is_link(scope, headers) or _may_be_own(scope, headers, source))
        # Sandboxed frames and local files send the origin "null". They may be anybody's.
        return source is RequestSource.FOREIGN or headers.get("origin") == "null"


def _is_link(scope: Scope, headers: Headers) -> bool:
    """Return whether somebody followed a link to one of this server's pages."""
    return (
        scope["method"] in {"GET", "HEAD"}
        and "origin" not in headers
        and headers.get("sec-fetch-mode", "navigate") == "navigate"
        and headers.get("sec-fetch-dest", "document") == "document"
    )


def _may_be_own(scope: Scope, headers: Headers, source: RequestSource) -> bool:
    """Return whether a request of a listed site may be one of this server's own pages.

    A proxy may change the host, and a browser on plain HTTP does not vouch for the page. Then the list is all that says
    so. Another listed site gains nothing by it: no response is shared with it, and it may ask questions anyway.
    """
    return source is RequestSource.ALLOWED and "sec-fetch-site" not in headers and scope["method"] != "OPTIONS"


def _preflight_response(method: str) -> Response:
    return Response(
        status_code=HTTPStatus.NO_CONTENT,
        headers={
            "Access-Control-Allow-Methods": method,
            "Access-Control-Allow-Headers": "Content-Type",
            "Access-Control-Max-Age": _PREFLIGHT_LIFE,
        },
    )


def _with_cors_headers(send: Send, origin: str) -> Send:
    """Let pages of an origin read the response, and tell caches that it depends on the origin."""

    async def complete(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.add_vary_header("Origin")
            if origin:
                headers["Access-Control-Allow-Origin"] = origin
                headers["Access-Control-Expose-Headers"] = "Retry-After"
        await send(message)

    return complete
