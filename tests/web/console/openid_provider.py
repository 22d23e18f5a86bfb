"""A real OpenID Connect provider over HTTP: Authlib's authorization server, with real keys and a login form."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Error, OAuth2Request, grants
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, OpenIDCode
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT_ID = "footnote"
SECRET = "a-secret-of-the-provider"  # noqa: S105 - of nobody


@dataclass
class Client(ClientMixin):  # type: ignore[misc]  # Authlib ships no types
    """Footnote, as the provider knows it."""

    redirect: str

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> str:
        return self.redirect

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri == self.redirect

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic" and endpoint == "token"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Code(AuthorizationCodeMixin):  # type: ignore[misc]  # Authlib ships no types
    """A code that was given out, and for whom."""

    code: str
    redirect_uri: str
    scope: str
    nonce: str
    user: dict[str, Any]
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


@dataclass
class Provider:
    """The provider: whom it knows, and how its ID tokens differ from what is right."""

    address: str = ""
    client: Client | None = None
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    changed: dict[str, Any] = field(default_factory=dict)  # claims of the ID token that replace the right ones
    algorithm: str = "RS256"
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "first"}))
    signing_key: RSAKey | None = None  # another than the published one
    issuer: str = ""  # another than its address
    broken: str = ""  # the path at which it hangs up
    codes: dict[str, Code] = field(default_factory=dict)

    def id_token(self, claims: dict[str, Any]) -> str:
        claims = {name: value for name, value in {**claims, **self.changed}.items() if value is not None}
        header = {"alg": self.algorithm, "kid": "first"}
        if self.algorithm == "none":
            return ".".join(_base64(json.dumps(part)) for part in (header, claims)) + "."
        if self.algorithm == "HS256":  # signed with what everybody knows: the published key
            shared = OctKey.import_key(json.dumps(self.key.as_dict(private=False)))
            return jwt.encode(header, claims, shared, ["HS256"])
        return jwt.encode(header, claims, self.signing_key or self.key, [self.algorithm])


def _base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


class _Request(OAuth2Request):  # type: ignore[misc]  # Authlib ships no types
    """A request with its fields, as Authlib's server reads them."""

    def __init__(self, uri: str, fields: dict[str, str], headers: dict[str, str]) -> None:
        super().__init__("POST", uri, headers=headers)
        self.payload = BasicOAuth2Payload(fields)

    @property
    def form(self) -> dict[str, str]:
        return dict(self.payload.data)


def _server(provider: Provider) -> AuthorizationServer:  # noqa: C901 - one class after the other
    class Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib ships no types
        def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
            data = request.payload.data
            provider.codes[code] = Code(
                code,
                data["redirect_uri"],
                data["scope"],
                data["nonce"],
                request.user,
                data["code_challenge"],
                data["code_challenge_method"],
            )

        def query_authorization_code(self, code: str, client: Client) -> Code | None:  # noqa: ARG002 - there is one client
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            del provider.codes[authorization_code.code]

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return authorization_code.user

    class IdToken(OpenIDCode):  # type: ignore[misc]  # Authlib ships no types
        def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:  # noqa: ARG002 - the same for all requests
            return any(code.nonce == nonce for code in provider.codes.values())

        def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:  # noqa: ARG002 - no hash of it
            now = int(time.time())
            claims = {"iss": provider.address, "aud": [CLIENT_ID], "iat": now, "exp": now + 300}
            return provider.id_token(
                {**claims, "nonce": request.authorization_code.nonce, "sub": request.user["sub"], **request.user}
            )

    class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
        def query_client(self, client_id: str) -> Client | None:
            return provider.client if client_id == CLIENT_ID else None

        def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
            pass

        def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
            return request

        def handle_response(
            self, status: int, body: object, headers: Iterable[tuple[str, str]]
        ) -> tuple[int, str, dict[str, str]]:
            return status, json.dumps(body) if isinstance(body, dict) else str(body), dict(headers)

        def send_signal(self, *_: object, **__: object) -> None:
            pass

    server = Server()
    server.register_token_generator("default", BearerTokenGenerator(lambda **_: "an access token"))
    server.register_grant(Grant, [CodeChallenge(required=True), IdToken(require_nonce=True)])
    return server


class _Handler(BaseHTTPRequestHandler):
    provider: Provider
    server_side: AuthorizationServer

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == self.provider.broken:
            return
        if path == "/.well-known/openid-configuration":
            address = self.provider.address
            self._json(
                {
                    "issuer": self.provider.issuer or address,
                    "authorization_endpoint": f"{address}/authorize",
                    "token_endpoint": f"{address}/token",
                    "jwks_uri": f"{address}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_basic"],
                    "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                }
            )
        elif path == "/keys":
            self._json({"keys": [self.provider.key.as_dict(private=False)]})
        elif path == "/authorize":
            form = f'<form method="post" action="{escape(self.path)}"><input name="user"><button>Log in</button></form>'
            page = f"<!doctype html><title>Provider</title><link rel=icon href=data:,>{form}"
            self._send(200, page, {"Content-Type": "text/html"})
        else:
            self._send(404, "", {})

    def do_POST(self) -> None:
        body = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        parts = urlsplit(self.path)
        if parts.path == self.provider.broken:
            return
        # "https", or Authlib's server refuses: on this very machine, plain HTTP is right.
        fields = {**dict(parse_qsl(parts.query)), **body}
        request = _Request(f"https://{self.headers['Host']}{self.path}", fields, dict(self.headers))
        if parts.path == "/token":
            self._send(*self.server_side.create_token_response(request))
            return
        try:
            grant = self.server_side.get_consent_grant(request, {})
        except OAuth2Error as error:
            self._send(400, str(error), {})
            return
        user = self.provider.users.get(body.get("user", ""))
        self._send(*self.server_side.create_authorization_response(request, grant_user=user, grant=grant))

    def _json(self, value: object) -> None:
        self._send(200, json.dumps(value), {"Content-Type": "application/json"})

    def _send(self, status: int, body: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def provider_at(host: str = "127.0.0.1") -> Iterator[Provider]:
    """Serve a provider on a free port of a host of this machine."""
    provider = Provider()
    handler = type("Handler", (_Handler,), {"provider": provider, "server_side": _server(provider)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        provider.address = f"http://{host}:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield provider
        server.shutdown()
