"""The guard before everything below /staff: without a session, only the sign-in page answers."""

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Final, TypeVar

import gradio as gr
from anyio import to_thread
from fastapi import Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.staff import Account, AccountStore, Role
from chatbot.web.http.middleware import BodySizeLimit
from chatbot.web.http.origins import RequestSource, classify_source
from chatbot.web.http.problems import problem_response

__all__ = [
    "ACCOUNT",
    "REVALIDATE",
    "SIGN_IN",
    "SINGLE_SIGN_ON",
    "SINGLE_SIGN_ON_RETURN",
    "StaffGuard",
    "cookie_name",
    "editors_only",
    "is_for_editors",
    "require_editor",
    "signed_in",
]

ACCOUNT: Final = "staff_account"
"""The name in a request's state under which the guard leaves the account."""

REVALIDATE: Final = "staff_revalidate"
"""The name of the function that looks up the account again: an event may wait while its sender signs out."""

SIGN_IN: Final = "/sign-in"
"""The address below /staff of the sign-in page."""

SINGLE_SIGN_ON: Final = "/single-sign-on"
"""The address below /staff that leads to the provider of single sign-on."""

SINGLE_SIGN_ON_RETURN: Final = "/single-sign-on-return"
"""The address below /staff to which that provider leads back."""

_Event = TypeVar("_Event", bound=Callable[..., object])
_EDITORS_ONLY: Final = "footnote_editors_only"
_SAFE: Final = {"GET", "HEAD"}
_WITHOUT_SESSION: Final = {SIGN_IN, SINGLE_SIGN_ON, SINGLE_SIGN_ON_RETURN}
_LARGEST_BODY: Final = 2 * 1024 * 1024  # bytes; an event sends the tables and the page that it works on
_SIGNED_OUT: Final = "Sign in at /staff/ first."
_FOREIGN: Final = "Only the console's own pages may do this."


class StaffGuard:
    """Pass on the requests of those who signed in, with their account in the request's state."""

    def __init__(self, console: ASGIApp, account_store: AccountStore) -> None:
        """Take the console, which limits the size of uploads itself, and the store of accounts and sessions."""
        self._sign_in = BodySizeLimit(console)
        self._console = BodySizeLimit(console, _LARGEST_BODY, exempt_path="/staff/gradio_api/upload")
        self._account_store = account_store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it: 303 to the sign-in page, 401, or 403 for other sites' requests."""
        if scope["type"] != "http":
            await send({"type": "websocket.close"})
            return
        request = Request(scope)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        refuse, send = _uncached(send, ""), _uncached(send, path)
        # Browsers do not send a SameSite=Strict cookie from other sites. But they count every host of a domain as one
        # site, and older ones ignore the attribute. So what may change something must also come from this very origin.
        # Browsers state that in Origin or Sec-Fetch-Site, and no page can forge it. A request without either is
        # refused, because the console is for browsers. GET changes nothing.
        if scope["method"] not in _SAFE and classify_source(request.headers, ()) is not RequestSource.OWN:
            await problem_response(HTTPStatus.FORBIDDEN, detail=_FOREIGN)(scope, receive, refuse)
            return
        look_up = partial(self._account, request)
        account = await to_thread.run_sync(look_up)
        if account:
            state = {**scope.get("state", {}), ACCOUNT: account, REVALIDATE: look_up}
            to_console = path == SIGN_IN and scope["method"] in _SAFE
            target = RedirectResponse("./", HTTPStatus.SEE_OTHER) if to_console else self._console
            await target({**scope, "state": state}, receive, send)
        elif path in _WITHOUT_SESSION:
            await self._sign_in(scope, receive, send)
        else:
            await _refusal(scope, path)(scope, receive, refuse)

    def _account(self, request: Request) -> Account | None:
        token = request.cookies.get(cookie_name(request.scope["scheme"]))
        return self._account_store.account_of(token) if token else None


def cookie_name(scheme: str) -> str:
    """Return the name of the session's cookie; over https its prefix binds it to this very host."""
    return "__Host-footnote-staff" if scheme == "https" else "footnote-staff"


def signed_in(request: gr.Request) -> Account:
    """Return the account that sends an event; raises `gr.Error` where it is signed out meanwhile."""
    look_up = getattr(request.request.state, REVALIDATE, None) if request.request else None
    account = look_up() if callable(look_up) else None
    if not isinstance(account, Account):
        raise gr.Error("You are signed out. Load the page again to sign in.", print_exception=False)
    return account


def require_editor(request: gr.Request) -> Account:
    """Return the editor who sends an event; raises `gr.Error` in plain words for anybody else."""
    account = signed_in(request)
    if account.role is not Role.EDITOR:
        raise gr.Error(
            "Your account may look at everything and change nothing. Ask an editor to make this change.",
            print_exception=False,
        )
    return account


def editors_only(event: _Event) -> _Event:
    """Mark a handler so that readers are refused before Gradio; the handler itself calls `require_editor` too."""
    setattr(event, _EDITORS_ONLY, True)
    return event


def is_for_editors(event: object) -> bool:
    """Return whether a handler is marked by `editors_only`."""
    return bool(getattr(event, _EDITORS_ONLY, False))


def _refusal(scope: Scope, path: str) -> Response:
    if scope["method"] in _SAFE and path == "/":
        return RedirectResponse("sign-in", HTTPStatus.SEE_OTHER)
    return problem_response(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": "Cookie"}, _SIGNED_OUT)


def _uncached(send: Send, path: str) -> Send:
    """Forbid caches to keep what the staff see, except Gradio's styles, whose names hold their hash."""
    cache_control = "private, max-age=31536000, immutable" if path.startswith("/assets/") else "no-store"

    async def send_uncached(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["Cache-Control"] = cache_control
        await send(message)

    return send_uncached
