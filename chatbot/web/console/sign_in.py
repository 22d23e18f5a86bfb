"""The sign-in page, a plain form without a script, and the routes to sign out."""

import math
from http import HTTPStatus
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chatbot.staff import AccountStore, SignInThrottle
from chatbot.web.console.guard import ACCOUNT, SIGN_IN, cookie_name
from chatbot.web.http.assets import Assets, static_text
from chatbot.web.http.markup import escape
from chatbot.web.http.problems import busy_response
from chatbot.web.http.rate_limit import client_prefix

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["sign_in_routes"]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_CONCURRENT: Final = 2  # sign-ins that are checked at once; each takes a twentieth of a second and 19 MiB
_QUEUE_LENGTH: Final = 16  # sign-ins that may wait; further ones are told that the server is busy
_TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS
_WRONG: Final = "This name and password do not belong together. Please try again."
_COOKIE_LIFE: Final = 7 * 24 * 3600  # seconds; the server ends sessions earlier by itself
_FORM: Final = """<form method="post" action="sign-in">
<label>Name<input name="name" autocomplete="username" autocapitalize="none" required value="$name"></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Sign in</button>
</form>"""
_NO_ACCOUNT: Final = """<p>Nobody has an account yet. Ask the person who looks after the server to make one there:</p>
<pre tabindex="0"><code>footnote staff add NAME --role editor</code></pre>
<p>It asks for a password of 12 characters or more. Then load this page again.</p>"""


def sign_in_routes(bot: "Chatbot", account_store: AccountStore, throttle: SignInThrottle, assets: Assets) -> APIRouter:
    """Return the routes of the sign-in page and of signing out."""
    page = Template(static_text("sign-in.html"))
    limiter = CapacityLimiter(_CONCURRENT)
    router = APIRouter()

    def respond(problem: str = "", name: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
        body = Template(_FORM).substitute(name=escape(name)) if account_store.accounts() else _NO_ACCOUNT
        alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
        html = page.substitute(
            name=escape(bot.clinic.name), icon=assets.icon.address, style=assets.staff_css.address, body=alert + body
        )
        return HTMLResponse(html, status, {"Content-Security-Policy": _POLICY})

    def check(name: str, password: str, address: str, scheme: str, before: str) -> Response:
        wait = throttle.attempt(name, address)
        if wait:
            response = respond(f"Too many tries. Please wait {_duration(wait)}, then try again.", name, _TOO_MANY)
            response.headers["Retry-After"] = str(wait)
            return response
        token = account_store.sign_in(name, password)
        if token is None:
            return respond(_WRONG, name, HTTPStatus.UNAUTHORIZED)
        throttle.succeeded(name, address)
        account_store.sign_out(before)  # the browser forgets this session, so nobody could end it later
        response = RedirectResponse("./", HTTPStatus.SEE_OTHER)
        _set_cookie(response, scheme, token, _COOKIE_LIFE)
        return response

    @router.api_route(SIGN_IN, methods=["GET", "HEAD"])
    def sign_in_page() -> Response:
        return respond()

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        form = await _form(request)
        if limiter.statistics().tasks_waiting >= _QUEUE_LENGTH:
            return busy_response()
        address = client_prefix(request.client.host if request.client else "")
        name, password = form.get("name", ""), form.get("password", "")
        scheme = request.scope["scheme"]
        before = request.cookies.get(cookie_name(scheme), "")
        return await to_thread.run_sync(check, name, password, address, scheme, before, limiter=limiter)

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        account_store.sign_out(request.cookies.get(cookie_name(request.scope["scheme"]), ""))
        return _signed_out(request)

    @router.post("/sign-out-everywhere")
    def sign_out_everywhere(request: Request) -> Response:
        account_store.sign_out_everywhere(getattr(request.state, ACCOUNT).name)
        return _signed_out(request)

    return router


async def _form(request: Request) -> dict[str, str]:
    """Read the fields of a form; a body that is no form has none."""
    try:
        fields = parse_qs((await request.body()).decode("utf-8"), keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def _duration(seconds: int) -> str:
    if seconds < 60:
        return f"{seconds} second{'s' * (seconds > 1)}"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minute{'s' * (minutes > 1)}"


def _signed_out(request: Request) -> Response:
    response = RedirectResponse("sign-in", HTTPStatus.SEE_OTHER)
    _set_cookie(response, request.scope["scheme"], "", 0)
    return response


def _set_cookie(response: Response, scheme: str, token: str, life: int) -> None:
    secure = scheme == "https"
    response.set_cookie(
        cookie_name(scheme),
        token,
        max_age=life,
        # Browsers demand "/" of a name that starts with __Host-. Without a path they take the console's own, which only
        # they know where a proxy serves it below another.
        path="/" if secure else None,
        secure=secure,
        httponly=True,
        samesite="strict",
    )
