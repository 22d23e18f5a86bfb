"""The guard before everything below /staff: nobody gets further than the sign-in page without a session."""

from functools import partial
from http import HTTPStatus
from typing import Final

from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.staff import AccountStore
from chatbot.web.console.current_user import ACCOUNT, REVALIDATE
from chatbot.web.console.sign_in import SIGN_IN, cookie_name
from chatbot.web.http.middleware import BodySizeLimit
from chatbot.web.http.origins import RequestSource, classify_source
from chatbot.web.http.problems import problem_response

__all__ = ["StaffGuard"]

_SAFE: Final = {"GET", "HEAD"}
_LARGEST_JOIN: Final = 2 * 1024 * 1024  # bytes; an event sends the tables and the page that it works on
_SIGNED_OUT: Final = "Sign in at /staff/ first."
_FOREIGN: Final = "Only the console's own pages may do this."


class StaffGuard:
    """Let those who signed in through to the rooms behind, with their account in the request's state."""

    def __init__(self, rooms: ASGIApp, account_store: AccountStore) -> None:
        """Take what lies behind, which sees to the size of its uploads itself, and who is signed in."""
        self._open = BodySizeLimit(rooms)
        self._rooms = BodySizeLimit(rooms, _LARGEST_JOIN, exempt_path="/staff/gradio_api/upload")
        self._register = account_store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it: 303 to the sign-in page, 401, or 403 for other sites' requests."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        request = Request(scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        refuse, send = _unkept(send, ""), _unkept(send, path)
        # A cookie of SameSite=Strict is not sent from other sites. That counts every host of a domain as one site, and
        # older browsers do not know it; so what changes anything must also come from this very origin, by what the
        # browser says of itself (Origin, Sec-Fetch-Site) and no page can forge. A request that says nothing has no
        # business here: the console is for browsers. Nothing is changed by GET.
        if scope["method"] not in _SAFE and classify_source(request.headers, ()) is not RequestSource.OWN:
            await problem_response(HTTPStatus.FORBIDDEN, detail=_FOREIGN)(scope, receive, refuse)
            return
        still = partial(self._account, request)
        account = await to_thread.run_sync(still)
        if account:
            state = {**scope.get("state", {}), ACCOUNT: account, REVALIDATE: still}
            signed_in = _to_console() if path == SIGN_IN and scope["method"] in _SAFE else self._rooms
            await signed_in({**scope, "state": state}, receive, send)
        elif path == SIGN_IN:
            await self._open(scope, receive, send)
        else:
            await _refusal(scope, path)(scope, receive, refuse)

    def _account(self, request: Request) -> object:
        token = request.cookies.get(cookie_name(request.scope["scheme"]))
        return self._register.account_of(token) if token else None


def _to_console() -> Response:
    return RedirectResponse("/staff/", HTTPStatus.SEE_OTHER)


def _refusal(scope: Scope, path: str) -> Response:
    if scope["method"] in _SAFE and path == "/":
        return RedirectResponse("/staff/sign-in", HTTPStatus.SEE_OTHER)
    return problem_response(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Cookie"}, _SIGNED_OUT)


def _unkept(send: Send, path: str) -> Send:
    """Tell browsers to keep nothing of what the staff see, but Gradio's styles under their hashed names."""
    life = "private, max-age=31536000, immutable" if path.startswith("/assets/") else "no-store"

    async def unkept(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = life
        await send(message)

    return unkept
