"""Single sign-on: staff sign in to the console with their account at an OpenID Connect provider.

The browser goes to the provider and comes back with a code. The server exchanges the code for an ID token, checks it,
and begins a session as a password would. Source: OpenID Connect Core 1.0 (authorization code flow), RFC 7636 (PKCE),
RFC 9700 (the best current practice).
"""

import hmac
import logging
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from typing import Any, Final
from urllib.parse import quote_plus

import httpx
from anyio import CapacityLimiter, to_thread
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from chatbot.errors import AccountRefused, SingleSignOnRefused
from chatbot.settings import SingleSignOnSettings
from chatbot.staff import Account, AccountStore, AuditLog, ChangeKind, Role
from chatbot.web.console.guard import SINGLE_SIGN_ON, SINGLE_SIGN_ON_RETURN, cookie_name
from chatbot.web.console.sign_in import SESSION_LIFE, SignInPage, set_cookie
from chatbot.web.http.problems import busy_response
from chatbot.web.http.rate_limit import RateLimiter, client_address

__all__ = ["OpenIdProvider", "single_sign_on_routes"]

_LOG = logging.getLogger(__name__)
_TIMEOUT: Final = 10.0  # seconds for each request to the provider
_CONCURRENT: Final = 4  # sign-ins that wait for the provider at once
_PER_MINUTE: Final = 20  # sign-ins by address, since each of them sends requests to the provider
_DESCRIPTION_LIFE: Final = 3600.0  # seconds for which what the provider says of itself is remembered
_KEYS_LIFE: Final = 60.0  # seconds before unknown keys make the server ask for them again
_LEEWAY: Final = 60  # seconds by which the clocks of the two servers may differ
_PENDING_LIFE: Final = 600  # seconds in which somebody must have signed in at the provider
_TOKEN_LENGTH: Final = 48  # characters of state, nonce and code verifier, each of 62 kinds
# Signatures with a key pair, of which the provider shows one half. Never "none", and never a shared secret (RFC 8725).
_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_WHO: Final = "single sign-on"  # who makes accounts, in the audit log
_UNREACHABLE: Final = "The sign-in service cannot be reached just now. Please try again in a few minutes."
_MEANWHILE: Final = " Meanwhile, name and password work if you have one."
_UNVERIFIED: Final = "This sign-in could not be verified. Please begin again."
_NOT_SIGNED_IN: Final = "You did not sign in at the sign-in service. Please try again."


@dataclass(frozen=True, slots=True)
class _Description:
    """What a provider says of itself (OpenID Connect Discovery 1.0), as of `read`."""

    authorization: str
    token: str
    keys: str
    basic: bool  # whether the secret goes into a header, and not into the form
    read: float


class OpenIdProvider:
    """The provider of the settings, asked over HTTP. Each method may wait for it; safe for any number of threads.

    >>> provider = OpenIdProvider(settings)
    >>> address = provider.sign_in_address(state, nonce, verifier)
    >>> claims = provider.claims(code, nonce, verifier)
    """

    def __init__(self, settings: SingleSignOnSettings, clock: Callable[[], float] = time.monotonic) -> None:
        """Use a clock that returns seconds; nothing is asked before somebody signs in."""
        self._settings = settings
        self._clock = clock
        self._lock = Lock()
        self._description: _Description | None = None
        self._keys: KeySet | None = None
        self._keys_read = 0.0

    def sign_in_address(self, state: str, nonce: str, verifier: str) -> str:
        """Return the address at which somebody signs in; raises `SingleSignOnRefused` without the provider."""
        description = self._describe()
        return str(
            prepare_grant_uri(
                description.authorization,
                self._settings.client_id,
                "code",
                self._settings.redirect,
                self._settings.scopes,
                state,
                nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier),
                code_challenge_method="S256",
            )
        )

    def claims(self, code: str, nonce: str, verifier: str) -> Mapping[str, Any]:
        """Exchange a code for an ID token and return its claims; raises `SingleSignOnRefused` unless all is right."""
        description = self._describe()
        try:
            return self._verified(description, self._token(description, code, verifier), nonce)
        except httpx.HTTPError as error:
            raise _unreachable(error) from error
        except (JoseError, ValueError, TypeError, KeyError) as error:
            # The type alone: a message may quote the token.
            _LOG.warning("A single sign-on was refused: %s.", type(error).__name__)
            raise SingleSignOnRefused(_UNVERIFIED) from error

    def _verified(self, description: _Description, token: Mapping[str, Any], nonce: str) -> Mapping[str, Any]:
        registry = JWSRegistry(algorithms=list(_ALGORITHMS), strict_check_header=False)
        try:
            decoded = jwt.decode(token["id_token"], self._key_set(description), registry=registry)
        except (InvalidKeyIdError, JoseError):  # the provider may have new keys
            decoded = jwt.decode(token["id_token"], self._key_set(description, fresh=True), registry=registry)
        required = {"iss": self._settings.issuer, "aud": self._settings.client_id, "nonce": nonce}
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            {name: {"essential": True, "value": value} for name, value in required.items()},
            {"client_id": self._settings.client_id, "nonce": nonce, "access_token": token.get("access_token")},
        )
        claims.validate(leeway=_LEEWAY)
        return dict(claims)

    def _token(self, description: _Description, code: str, verifier: str) -> Mapping[str, Any]:
        """Exchange a code for a token response, or for the provider's refusal, which holds no ID token."""
        settings = self._settings
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": settings.redirect}
        fields |= {"client_id": settings.client_id, "code_verifier": verifier}
        auth = None
        if settings.client_secret and description.basic:
            # Encoded as RFC 6749, section 2.3.1, has it.
            auth = httpx.BasicAuth(quote_plus(settings.client_id), quote_plus(settings.client_secret))
        elif settings.client_secret:
            fields["client_secret"] = settings.client_secret
        reply = httpx.post(
            description.token, data=fields, auth=auth, headers={"Accept": "application/json"}, timeout=_TIMEOUT
        )
        if reply.is_server_error:
            reply.raise_for_status()
        return dict(reply.json())

    def _describe(self) -> _Description:
        """Return what the provider says of itself, asked at most once an hour."""
        with self._lock:
            known = self._description
        if known and self._clock() - known.read < _DESCRIPTION_LIFE:
            return known
        described = self._read_description()
        with self._lock:
            self._description = described
        return described

    def _read_description(self) -> _Description:
        """Ask the provider for what it says of itself; raises `SingleSignOnRefused` if that cannot be used."""
        issuer = self._settings.issuer
        said = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != issuer:
            _LOG.error(
                "The provider calls itself %r. Set FOOTNOTE_OIDC_ISSUER to exactly that, if it is yours.",
                str(said.get("issuer"))[:200],
            )
            raise SingleSignOnRefused(_UNREACHABLE)
        addresses = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        # An address without TLS is only right for a provider that was named so, on this very machine.
        if not all(isinstance(one, str) and one.startswith(("https://", issuer)) for one in addresses):
            _LOG.error("The description of %s lacks an address that is needed, or one is not https.", issuer)
            raise SingleSignOnRefused(_UNREACHABLE)
        authorization, token, keys = map(str, addresses)
        methods = said.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return _Description(authorization, token, keys, "client_secret_post" not in methods, self._clock())

    def _key_set(self, description: _Description, *, fresh: bool = False) -> KeySet:
        """Return the provider's keys. Fresh ones are asked for at most once a minute."""
        with self._lock:
            known, age = self._keys, self._clock() - self._keys_read
        if known and age < (_KEYS_LIFE if fresh else _DESCRIPTION_LIFE):
            return known
        keys = KeySet.import_key_set(self._get(description.keys))  # type: ignore[arg-type]  # it checks the shape
        with self._lock:
            self._keys, self._keys_read = keys, self._clock()
        return keys

    def _get(self, address: str) -> dict[str, Any]:
        try:
            reply = httpx.get(address, timeout=_TIMEOUT).raise_for_status().json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise _unreachable(error) from error
        if not isinstance(reply, dict):
            raise SingleSignOnRefused(_UNREACHABLE)
        return reply


def _unreachable(error: Exception) -> SingleSignOnRefused:
    _LOG.warning("The provider of single sign-on cannot be used: %s.", type(error).__name__)
    return SingleSignOnRefused(_UNREACHABLE)


def _account_for(
    claims: Mapping[str, Any], settings: SingleSignOnSettings, account_store: AccountStore, audit_log: AuditLog
) -> Account:
    """Return the account that somebody with these claims may use; raises `SingleSignOnRefused` if there is none.

    Where the settings name groups, the groups decide, and the account follows them. Otherwise there must be an account.
    """
    said = str(claims.get(settings.name_claim) or "").strip()
    name = said.casefold()
    # Anybody may claim an address that nobody has checked.
    if not name or (settings.name_claim == "email" and claims.get("email_verified") is not True):
        raise SingleSignOnRefused(
            "The sign-in service does not say who you are. Ask the person who looks after it to let it send "
            f"{'a verified e-mail address' if settings.name_claim == 'email' else settings.name_claim}."
        )
    if not _folds_to_itself(said):
        raise SingleSignOnRefused(
            f"{said} has a letter that this console takes for another one. Ask the person who looks after the sign-in "
            "service for a name without it."
        )
    known = {account.name: account for account in account_store.accounts()}.get(name)
    if not settings.editors and not settings.readers:
        if known is None:
            raise SingleSignOnRefused(f"{name} has no account here. Ask the person who looks after the server for one.")
        return known
    role = _role(_groups(claims.get(settings.groups_claim)), settings)
    if role is None:
        account_store.sign_out_everywhere(name)
        raise SingleSignOnRefused(f"{name} is in no group that may use this console.")
    if known and known.role is role:
        return known
    try:
        account = account_store.provide(name, role)
    except AccountRefused as error:
        raise SingleSignOnRefused(str(error)) from error
    audit_log.record(_WHO, ChangeKind.ACCOUNT, account.name, f"Made {role.value}")
    return account


def _folds_to_itself(name: str) -> bool:
    """Return whether only capitals change where a name is compared.

    Otherwise two people of the provider would share an account: "weiß" and "weiss", or a name with a long s.
    """
    return all(one.lower() == one.casefold() and one.isascii() == one.lower().isascii() for one in name)


def _groups(claim: object) -> Collection[str]:
    """Return the groups of a claim, which is a list or one name."""
    return {str(group) for group in claim} if isinstance(claim, list | tuple) else {str(claim or "")}


def _role(groups: Collection[str], settings: SingleSignOnSettings) -> Role | None:
    if not settings.editors.isdisjoint(groups):
        return Role.EDITOR
    return None if settings.readers.isdisjoint(groups) else Role.READER


def single_sign_on_routes(
    page: SignInPage, settings: SingleSignOnSettings, account_store: AccountStore, audit_log: AuditLog
) -> APIRouter:
    """Return the routes that lead to the provider and back."""
    sign_in = _SingleSignOn(page, settings, account_store, audit_log)
    router = APIRouter()

    @router.get(SINGLE_SIGN_ON)
    async def single_sign_on(request: Request) -> Response:
        return await sign_in.in_turn(sign_in.begin, request)

    @router.get(SINGLE_SIGN_ON_RETURN)
    async def single_sign_on_return(request: Request) -> Response:
        response = await sign_in.in_turn(sign_in.finish, request)
        scheme = request.scope["scheme"]
        set_cookie(response, scheme, _pending_cookie(scheme), "", 0, across_sites=True)
        return response

    return router


class _SingleSignOn:
    """Leads browsers to the provider, and begins a session when they come back with what proves who they are."""

    def __init__(
        self, page: SignInPage, settings: SingleSignOnSettings, account_store: AccountStore, audit_log: AuditLog
    ) -> None:
        """Ask the provider of the settings; show what goes wrong on the page."""
        self._page = page
        self._settings = settings
        self._account_store = account_store
        self._audit_log = audit_log
        self._provider = OpenIdProvider(settings)
        self._limiter = CapacityLimiter(_CONCURRENT)
        self._tries = RateLimiter(_PER_MINUTE)

    async def in_turn(self, work: Callable[[Request], Response], request: Request) -> Response:
        """Do a step in a thread, because it waits for the provider, and as often as an address may."""
        wait = self._tries.acquire(client_address(request))
        if wait:
            return busy_response(wait)
        try:
            return await to_thread.run_sync(work, request, limiter=self._limiter)
        except SingleSignOnRefused as error:
            down = str(error) == _UNREACHABLE
            status = HTTPStatus.SERVICE_UNAVAILABLE if down else HTTPStatus.FORBIDDEN
            message = f"{error}{_MEANWHILE if down and self._page.takes_passwords else ''}"
            return await to_thread.run_sync(self._page.respond, message, "", status)

    def begin(self, request: Request) -> Response:
        """Send the browser to the provider; raises `SingleSignOnRefused`."""
        # The cookie binds what comes back to this browser, so that nobody is signed in with a stranger's code.
        state, nonce, verifier = (generate_token(_TOKEN_LENGTH) for _ in range(3))
        response = RedirectResponse(self._provider.sign_in_address(state, nonce, verifier), HTTPStatus.SEE_OTHER)
        scheme = request.scope["scheme"]
        pending = f"{state}.{nonce}.{verifier}"
        # Across sites, because the provider's page leads back.
        set_cookie(response, scheme, _pending_cookie(scheme), pending, _PENDING_LIFE, across_sites=True)
        return response

    def finish(self, request: Request) -> Response:
        """Begin a session for somebody who comes back from the provider; raises `SingleSignOnRefused`."""
        scheme, query = request.scope["scheme"], request.query_params
        state, nonce, verifier = (*request.cookies.get(_pending_cookie(scheme), "").split("."), "", "")[:3]
        if not (verifier and hmac.compare_digest(query.get("state", "").encode(), state.encode())):
            raise SingleSignOnRefused(_UNVERIFIED)
        # A provider that says who it is must be the one that was asked (RFC 9207).
        if query.get("iss", self._settings.issuer) != self._settings.issuer:
            raise SingleSignOnRefused(_UNVERIFIED)
        if not query.get("code"):
            raise SingleSignOnRefused(_NOT_SIGNED_IN)
        claims = self._provider.claims(query["code"], nonce, verifier)
        account = _account_for(claims, self._settings, self._account_store, self._audit_log)
        token = self._account_store.begin_session(account.name)
        if token is None:
            raise SingleSignOnRefused(_UNVERIFIED)
        self._account_store.sign_out(request.cookies.get(cookie_name(scheme), ""))
        # Browsers send no cookie of the console where another site led to a page. So this page leads on by itself.
        response = self._page.lead_on()
        set_cookie(response, scheme, cookie_name(scheme), token, SESSION_LIFE)
        return response


def _pending_cookie(scheme: str) -> str:
    """Return the name of the cookie of a sign-in that has begun."""
    return cookie_name(scheme) + "-pending"
