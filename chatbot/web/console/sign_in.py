"""The sign-in page, a plain form without a script, and the routes to sign out."""

import math
from dataclasses import dataclass, field
from http import HTTPStatus
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from chatbot.staff import AccountStore, SignInThrottle
from chatbot.web.console.guard import ACCOUNT, SIGN_IN, cookie_name
from chatbot.web.http.assets import Assets, static_text
from chatbot.web.http.fair_queue import FairQueue, QueueFull
from chatbot.web.http.markup import escape
from chatbot.web.http.problems import busy_response
from chatbot.web.http.rate_limit import client_address, client_prefix

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.settings import SingleSignOnSettings

__all__ = ["SESSION_LIFE", "SignInPage", "set_cookie", "sign_in_routes"]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_CONCURRENT: Final = 2  # sign-ins that are checked at once; each takes a twentieth of a second and 19 MiB
_WAITING: Final = 256  # sign-ins that may wait, some six seconds; then those with failures behind them make room
_WAITING_EACH: Final = 4  # sign-ins of one address that may wait; further ones are refused as busy
_TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS
_WRONG: Final = "This name and password do not belong together. Please try again."
SESSION_LIFE: Final = 7 * 24 * 3600  # seconds; the server ends sessions earlier by itself
_BROWSER_LIFE: Final = 180 * 24 * 3600  # seconds for which a browser is remembered
_FORM: Final = """<form method="post" action="sign-in">
<label>Name<input name="name" autocomplete="username" autocapitalize="none" required value="$name"></label>
<label>Password<input name="password" type="password" autocomplete="current-password" required></label>
<button type="submit">Sign in</button>
</form>"""
_NO_PASSWORDS: Final = "Passwords are not used here. Please sign in with the button."
_SINGLE_SIGN_ON: Final = """<p><a class="single-sign-on" href="single-sign-on">Sign in with $host</a></p>"""
_SIGNED_IN: Final = """<meta http-equiv="refresh" content="0; url=./">
<p>You are signed in. <a href="./">Open the console</a></p>"""
_NO_ACCOUNT: Final = """<p>Nobody has an account yet. Ask the person who looks after the server to make one there:</p>
<pre tabindex="0"><code>footnote staff add NAME --role editor</code></pre>
<p>It asks for a password of 12 characters or more. Then load this page again.</p>"""


def sign_in_routes(page: "SignInPage", account_store: AccountStore, throttle: SignInThrottle) -> APIRouter:
    """Return the routes of the sign-in page and of signing out."""
    passwords = _PasswordSignIn(page, account_store, throttle)
    router = APIRouter()

    @router.api_route(SIGN_IN, methods=["GET", "HEAD"])
    def sign_in_page() -> Response:
        return page.respond()

    @router.post(SIGN_IN)
    async def sign_in(request: Request) -> Response:
        if not page.takes_passwords:
            return page.respond(_NO_PASSWORDS, status=HTTPStatus.FORBIDDEN)
        return await passwords.sign_in(request, await _form(request))

    @router.post("/sign-out")
    def sign_out(request: Request) -> Response:
        account_store.sign_out(request.cookies.get(cookie_name(request.scope["scheme"]), ""))
        return _signed_out(request)

    @router.post("/sign-out-everywhere")
    def sign_out_everywhere(request: Request) -> Response:
        account_store.sign_out_everywhere(getattr(request.state, ACCOUNT).name)
        return _signed_out(request)

    return router


class SignInPage:
    """The page of the console that anybody may see."""

    def __init__(
        self, bot: "Chatbot", account_store: AccountStore, assets: Assets, provider: "SingleSignOnSettings | None"
    ) -> None:
        """Take what the page shows: the clinic's name, its accounts, its style, the provider of single sign-on."""
        self.takes_passwords = not (provider and provider.only)
        self._provider = provider
        self._bot = bot
        self._account_store = account_store
        self._assets = assets
        self._page = Template(static_text("sign-in.html"))

    def respond(self, problem: str = "", name: str = "", status: HTTPStatus = HTTPStatus.OK) -> Response:
        """Return the page, with what went wrong and the name that was typed, if there are any."""
        body = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
        if self._provider:
            host = urlsplit(self._provider.issuer).hostname or ""
            body += Template(_SINGLE_SIGN_ON).substitute(host=escape(host))
        if self.takes_passwords:
            has_accounts = bool(self._account_store.accounts())
            if has_accounts or name or not self._provider:
                body += Template(_FORM).substitute(name=escape(name)) if has_accounts else _NO_ACCOUNT
        return self._response(body, status)

    def lead_on(self) -> Response:
        """Return a page that opens the console after a moment."""
        return self._response(_SIGNED_IN, HTTPStatus.OK)

    def _response(self, body: str, status: HTTPStatus) -> Response:
        html = self._page.substitute(
            name=escape(self._bot.clinic.name),
            icon=self._assets.icon.address,
            style=self._assets.staff_css.address,
            body=body,
        )
        return HTMLResponse(html, status, {"Content-Security-Policy": _POLICY})


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A try to sign in: what was typed, and what its request says; `browser` is empty unless it is a known one."""

    name: str
    password: str = field(repr=False)
    address: str
    browser: str
    scheme: str
    session: str = field(repr=False)


class _PasswordSignIn:
    """Checks names and passwords, in turns over addresses, so that nobody's tries keep the others out."""

    def __init__(self, page: SignInPage, account_store: AccountStore, throttle: SignInThrottle) -> None:
        """Check against a store of accounts, and count failures in a throttle."""
        self._page = page
        self._account_store = account_store
        self._throttle = throttle
        self._limiter = CapacityLimiter(_CONCURRENT)
        self._queue = FairQueue(_CONCURRENT, at_once_each=1, waiting=_WAITING, waiting_each=_WAITING_EACH)

    async def sign_in(self, request: Request, form: dict[str, str]) -> Response:
        """Answer a form, once its address or its known browser has a turn. Those that have not failed go first."""
        scheme = request.scope["scheme"]
        name, token = form.get("name", ""), request.cookies.get(_browser_cookie(scheme), "")
        attempt = _Attempt(
            name=name,
            password=form.get("password", ""),
            address=client_prefix(client_address(request)),
            browser=await to_thread.run_sync(self._account_store.known_browser, name, token) if token else "",
            scheme=scheme,
            session=request.cookies.get(cookie_name(scheme), ""),
        )
        # Nobody waits in line only to learn this.
        if wait := self._throttle.wait(name, attempt.address, attempt.browser):
            return await to_thread.run_sync(self._too_many, wait, name)
        modest = bool(attempt.browser) or not self._throttle.has_failed(attempt.address)
        try:
            async with self._queue.turn(attempt.browser or attempt.address, modest=modest):
                return await to_thread.run_sync(self._check, attempt, limiter=self._limiter)
        except QueueFull:
            return busy_response()

    def _check(self, attempt: _Attempt) -> Response:
        wait = self._throttle.attempt(attempt.name, attempt.address, attempt.browser)
        if wait:
            return self._too_many(wait, attempt.name)
        token = self._account_store.sign_in(attempt.name, attempt.password)
        if token is None:
            return self._page.respond(_WRONG, attempt.name, HTTPStatus.UNAUTHORIZED)
        self._throttle.succeeded(attempt.name, attempt.address, attempt.browser)
        self._account_store.sign_out(attempt.session)  # the browser forgets this session: nobody could end it later
        response = RedirectResponse("./", HTTPStatus.SEE_OTHER)
        set_cookie(response, attempt.scheme, cookie_name(attempt.scheme), token, SESSION_LIFE)
        known = self._account_store.browser_token(attempt.name)
        set_cookie(response, attempt.scheme, _browser_cookie(attempt.scheme), known, _BROWSER_LIFE)
        return response

    def _too_many(self, wait: int, name: str) -> Response:
        response = self._page.respond(
            f"Too many tries. Please wait {_duration(wait)}, then try again.", name, _TOO_MANY
        )
        response.headers["Retry-After"] = str(wait)
        return response


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
    set_cookie(response, request.scope["scheme"], cookie_name(request.scope["scheme"]), "", 0)
    return response


def _browser_cookie(scheme: str) -> str:
    """Return the name of the cookie by which a browser is known in which somebody signed in before."""
    return cookie_name(scheme) + "-browser"


def set_cookie(  # noqa: PLR0913 - what a cookie is made of
    response: Response, scheme: str, name: str, value: str, life: int, *, across_sites: bool = False
) -> None:
    """Set a cookie of the console for some seconds, which no script reads.

    Unless `across_sites`, browsers send it only with requests that come from this site itself.
    """
    secure = scheme == "https"
    response.set_cookie(
        name,
        value,
        max_age=life,
        # Browsers demand "/" of a name that starts with __Host-. Without a path they take the console's own, which only
        # they know where a proxy serves it below another.
        path="/" if secure else None,
        secure=secure,
        httponly=True,
        samesite="lax" if across_sites else "strict",
    )
