"""Signing in to the console at an OpenID Connect provider, which the tests start."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser

from chatbot.bot import Chatbot
from chatbot.errors import SettingsError, SingleSignOnRefused
from chatbot.settings import Settings, SingleSignOnSettings, load_settings
from chatbot.staff import AccountStore, AuditLog, Role, staff_database
from chatbot.web.console.single_sign_on import OpenIdProvider
from tests.web.accessibility import violations
from tests.web.conftest import serving
from tests.web.console.conftest import PASSWORD
from tests.web.console.openid_provider import CLIENT_ID, SECRET, Client, Provider, provider_at

UNVERIFIED = "This sign-in could not be verified."
ANNA = {"sub": "1", "email": "Anna@Clinic.Example", "email_verified": True}


class Server:
    """A server whose staff sign in at a provider."""

    def __init__(self, address: str, provider: Provider, store: AccountStore) -> None:
        self.address, self.provider, self.store = address, provider, store
        self._numbers = count()

    @contextmanager
    def client(self) -> Iterator[httpx.Client]:
        """Yield a client with an address of its own, because each address may sign in a few times a minute only."""
        headers = {"Origin": self.address, "X-Forwarded-For": f"10.0.0.{next(self._numbers)}"}
        with httpx.Client(base_url=self.address, timeout=20, headers=headers) as client:
            yield client

    def back_address(self, client: httpx.Client, user: str = "anna") -> str:
        """Begin to sign in, log in at the provider, and return the address that it leads back to."""
        begun = client.get("/staff/single-sign-on")
        assert begun.status_code == 303
        logged_in = httpx.post(begun.headers["location"], data={"user": user})
        assert logged_in.status_code == 302, logged_in.text
        return logged_in.headers["location"]

    def sign_in(self, user: str = "anna") -> httpx.Response:
        with self.client() as client:
            answer = client.get(self.back_address(client, user))
            assert client.get("/staff/").status_code == (200 if answer.status_code == 200 else 303)
            return answer


def settings_of(folder: Path, provider: Provider, address: str, **changes: object) -> Settings:
    single_sign_on = SingleSignOnSettings(
        issuer=provider.address,
        client_id=CLIENT_ID,
        client_secret=SECRET,
        redirect=f"{address}/staff/single-sign-on-return",
    )
    settings = load_settings({"FOOTNOTE_TRUSTED_PROXIES": "127.0.0.1"})
    return replace(settings, staff=folder / "staff", single_sign_on=replace(single_sign_on, **changes))  # type: ignore[arg-type]  # any of its fields


@contextmanager
def signing_on(
    bot: Chatbot, folder: Path, host: str = "127.0.0.1", path: str = "", **changes: object
) -> Iterator[Server]:
    """Serve a bot whose staff sign in at a provider; the settings are complete once its port is known."""
    with provider_at(host) as provider:
        settings = settings_of(folder, provider, "http://127.0.0.1:1", **changes)
        store = AccountStore(staff_database(settings.staff))
        store.add("anna@clinic.example", Role.EDITOR, None)
        assert settings.single_sign_on
        with serving(bot, settings=settings, path=path) as address:
            # The server listens on any free port. A clinic knows its address, and writes it into the settings.
            object.__setattr__(settings.single_sign_on, "redirect", f"{address}/staff/single-sign-on-return")
            provider.client = Client(settings.single_sign_on.redirect)
            provider.users["anna"] = ANNA
            yield Server(address, provider, store)


@pytest.fixture(scope="module")
def module_server(bot: Chatbot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with signing_on(bot, tmp_path_factory.mktemp("single-sign-on")) as server:
        yield server


@pytest.fixture
def server(module_server: Server) -> Server:
    module_server.provider.changed = {}
    module_server.provider.algorithm = "RS256"
    module_server.provider.signing_key = None
    return module_server


def test_somebody_with_an_account_signs_in_and_out(server: Server) -> None:
    with server.client() as client:
        assert f"Sign in with {urlsplit(server.provider.address).hostname}" in client.get("/staff/sign-in").text
        back = server.back_address(client)
        answer = client.get(back)
        assert answer.status_code == 200
        assert '<meta http-equiv="refresh" content="0; url=./">' in answer.text
        session = next(one for one in answer.headers.get_list("set-cookie") if one.startswith("footnote-staff="))
        assert session.endswith("; HttpOnly; Max-Age=604800; SameSite=strict")
        console = client.get("/staff/")
        assert "anna@clinic.example" in console.text
        assert client.post("/staff/sign-out").status_code == 303
        assert client.get("/staff/").status_code == 303


@pytest.mark.parametrize(
    "email",
    ["\u017fusan.weiss.k@clinic.example", "susan.wei\u00df.k@clinic.example", "susan.weiss.\u212a@clinic.example"],
)
def test_a_name_with_letters_alike_opens_nobody_elses_account(server: Server, email: str) -> None:
    name = "susan.weiss.k@clinic.example"
    if name not in {account.name for account in server.store.accounts()}:
        server.store.add(name, Role.EDITOR, None)
    server.provider.users["other"] = {"sub": "2", "email": email, "email_verified": True}
    answer = server.sign_in("other")
    assert answer.status_code == 403
    assert "has a letter that this console takes for another one" in answer.text
    server.provider.users["other"] = {"sub": "2", "email": name.upper(), "email_verified": True}
    assert server.sign_in("other").status_code == 200


def test_what_the_provider_is_asked_holds_no_secret(server: Server) -> None:
    with server.client() as client:
        address = client.get("/staff/single-sign-on").headers["location"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    assert query["code_challenge_method"] == "S256"
    assert len(query["code_challenge"]) == 43
    assert len(query["state"]) == len(query["nonce"]) == 48
    assert query["redirect_uri"] == f"{server.address}/staff/single-sign-on-return"
    assert query["scope"] == "openid email profile"
    assert SECRET not in address


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": ["another"]},
        {"aud": None},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"exp": int(time.time()) - 120},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
    ],
    ids=lambda changed: next(iter(changed)),  # a time would differ between the processes that run the tests
)
def test_an_id_token_that_is_not_ours_signs_nobody_in(server: Server, changed: dict[str, object]) -> None:
    server.provider.changed = changed
    answer = server.sign_in()
    assert answer.status_code == 403
    assert UNVERIFIED in answer.text


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_an_id_token_that_the_provider_did_not_sign_is_refused(server: Server, algorithm: str) -> None:
    server.provider.algorithm = algorithm
    assert UNVERIFIED in server.sign_in().text


def test_a_signature_of_another_key_is_refused(server: Server) -> None:
    server.provider.signing_key = RSAKey.generate_key(2048, {"kid": "first"})
    assert UNVERIFIED in server.sign_in().text


def test_a_code_works_once_and_in_its_own_browser_only(server: Server) -> None:
    with server.client() as client, server.client() as thief:
        back = server.back_address(client)
        stolen = thief.get(back)  # without the cookie of the browser that began
        assert (stolen.status_code, UNVERIFIED in stolen.text) == (403, True)
        server.back_address(thief)
        assert thief.get(back).status_code == 403  # with the cookie of another sign-in
        pending = client.cookies["footnote-staff-pending"]
        assert client.get(back).status_code == 200
        with server.client() as again:
            again.cookies["footnote-staff-pending"] = pending
            assert again.get(back).status_code == 403
            assert again.get("/staff/").status_code == 303


@pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=x", "?error=access_denied&state=x", "?state=&code="])
def test_what_nobody_asked_for_is_refused(server: Server, query: str) -> None:
    with server.client() as client:
        assert client.get(f"/staff/single-sign-on-return{query}").status_code == 403
        server.back_address(client)
        assert client.get(f"/staff/single-sign-on-return{query}").status_code == 403


def test_a_denial_and_a_foreign_issuer_are_refused(server: Server) -> None:
    with server.client() as client:
        state = parse_qs(urlsplit(client.get("/staff/single-sign-on").headers["location"]).query)["state"][0]
        denied = client.get(f"/staff/single-sign-on-return?error=access_denied&state={state}")
        assert "You did not sign in" in denied.text
        back = server.back_address(client)
        assert UNVERIFIED in client.get(f"{back}&iss=https://evil.example").text


@pytest.mark.parametrize(
    ("user", "message"),
    [
        ({"sub": "2", "email": "eve@evil.example", "email_verified": True}, "eve@evil.example has no account here."),
        ({"sub": "3", "email": "anna@clinic.example", "email_verified": False}, "a verified e-mail address"),
        ({"sub": "3", "email": "anna@clinic.example"}, "a verified e-mail address"),
        ({"sub": "3", "email": "<b>@x.example", "email_verified": True}, "&lt;b&gt;@x.example has no account here."),
        ({"sub": "4", "preferred_username": "anna@clinic.example"}, "a verified e-mail address"),
    ],
)
def test_somebody_without_an_account_stays_outside(server: Server, user: dict[str, object], message: str) -> None:
    server.provider.users["other"] = user
    answer = server.sign_in("other")
    assert answer.status_code == 403
    assert message in answer.text


def test_groups_decide_the_role_and_make_accounts(bot: Chatbot, tmp_path: Path) -> None:
    editors, readers = frozenset({"web"}), frozenset({"nurses", "it"})
    with signing_on(bot, tmp_path, path="/our/chat", editors=editors, readers=readers, only=True) as server:

        def person(*groups: str) -> None:
            server.provider.users["ben"] = {**ANNA, "email": "ben@clinic.example", "groups": [*groups]}

        person("nurses", "other")
        assert server.sign_in("ben").status_code == 200
        roles = {account.name: account.role for account in server.store.accounts()}
        assert roles == {"anna@clinic.example": Role.EDITOR, "ben@clinic.example": Role.READER}
        assert server.store.sign_in("ben@clinic.example", "") is None
        person("web", "nurses")
        with server.client() as client:
            assert client.get(server.back_address(client, "ben")).status_code == 200
            assert {account.role for account in server.store.accounts()} == {Role.EDITOR}
            person("other")
            assert "is in no group" in server.sign_in("ben").text
            assert client.get("/staff/").status_code == 303  # signed out everywhere
            page = client.get("/staff/sign-in").text
            assert "<form" not in page
            answer = client.post("/staff/sign-in", data={"name": "anna@clinic.example", "password": PASSWORD})
            assert (answer.status_code, "Passwords are not used here" in answer.text) == (403, True)
        log = AuditLog(staff_database(tmp_path / "staff")).latest()
        assert [(one.account, one.subject, one.summary) for one in log] == [
            ("single sign-on", "ben@clinic.example", "Made editor"),
            ("single sign-on", "ben@clinic.example", "Made reader"),
        ]


def test_without_the_provider_passwords_still_work(bot: Chatbot, tmp_path: Path) -> None:
    with provider_at() as provider:
        pass  # its port is closed again
    settings = settings_of(tmp_path, provider, "http://127.0.0.1:1")
    AccountStore(staff_database(settings.staff)).add("alice", Role.EDITOR, PASSWORD)
    with (
        serving(bot, settings=settings) as address,
        httpx.Client(base_url=address, headers={"Origin": address}) as client,
    ):
        answer = client.get("/staff/single-sign-on")
        assert answer.status_code == 503
        assert "The sign-in service cannot be reached just now." in answer.text
        assert "name and password work" in answer.text
        assert "<form" in answer.text
        assert client.post("/staff/sign-in", data={"name": "alice", "password": PASSWORD}).status_code == 303


def test_an_address_may_not_keep_the_provider_busy(server: Server) -> None:
    with server.client() as client:
        statuses = [client.get("/staff/single-sign-on-return?state=x&code=x").status_code for _ in range(12)]
    assert statuses == [403] * 10 + [429] * 2


@contextmanager
def asking(tmp_path: Path) -> Iterator[tuple[Provider, OpenIdProvider, Callable[[], Mapping[str, Any]]]]:
    """Start a provider; yield it, the client that asks it, and a function that signs in and returns the claims."""
    with provider_at() as provider:
        settings = settings_of(tmp_path, provider, "http://127.0.0.1:1").single_sign_on
        assert settings
        provider.client = Client(settings.redirect)
        provider.users["anna"] = ANNA
        client, numbers = OpenIdProvider(settings), count()

        def claims() -> Mapping[str, Any]:
            nonce, verifier = f"nonce {next(numbers)}", "v" * 48
            reply = httpx.post(client.sign_in_address("state", nonce, verifier), data={"user": "anna"})
            code = parse_qs(urlsplit(reply.headers["location"]).query)["code"][0]
            return client.claims(code, nonce, verifier)

        yield provider, client, claims


def test_a_provider_that_breaks_down_or_changes_its_key(tmp_path: Path) -> None:
    with asking(tmp_path) as (provider, _, claims):
        for path in ("/token", "/keys"):
            provider.broken = path
            with pytest.raises(SingleSignOnRefused, match="cannot be reached"):
                claims()
        provider.broken = ""
        assert claims()["sub"] == "1"
        provider.key = RSAKey.generate_key(2048, {"kid": "first"})
        with pytest.raises(SingleSignOnRefused, match="could not be verified"):
            claims()  # keys are asked for once a minute at most


def test_a_provider_that_calls_itself_otherwise_is_not_used(tmp_path: Path) -> None:
    with asking(tmp_path) as (provider, client, _):
        provider.issuer = "https://evil.example"
        with pytest.raises(SingleSignOnRefused, match="cannot be reached"):
            client.sign_in_address("state", "nonce", "v" * 48)


def test_a_code_without_its_verifier_is_worth_nothing(tmp_path: Path) -> None:
    with asking(tmp_path) as (_, client, claims):
        assert claims()["email"] == "Anna@Clinic.Example"
        reply = httpx.post(client.sign_in_address("state", "nonce", "v" * 48), data={"user": "anna"})
        code = parse_qs(urlsplit(reply.headers["location"]).query)["code"][0]
        with pytest.raises(SingleSignOnRefused, match="could not be verified"):
            client.claims(code, "nonce", "w" * 48)


def test_somebody_signs_in_from_another_site_in_a_browser(browser: Browser, bot: Chatbot, tmp_path: Path) -> None:
    # For a browser, localhost and 127.0.0.1 are two sites: strict cookies are not sent from one to the other.
    with signing_on(bot, tmp_path, host="localhost") as server:
        context = browser.new_context(viewport={"width": 390, "height": 800})
        page = context.new_page()
        page.goto(f"{server.address}/staff/")
        assert violations(page) == []
        page.get_by_role("link", name="Sign in with localhost").click()
        page.fill("[name=user]", "anna")
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("tab", name="Try it").wait_for()
        assert page.url == f"{server.address}/staff/"
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.get_by_role("link", name="Sign in with localhost").wait_for()
        context.close()


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"ISSUER": "http://login.example"}, "begins with https://"),
        ({"REDIRECT": "https://chat.example/staff/"}, "/staff/single-sign-on-return"),
        ({"SCOPES": "email"}, "'openid' must be one"),
        ({"ONLY": "yes"}, "set it to 'on' or 'off'"),
    ],
)
def test_a_setting_that_cannot_work_is_refused(environ: dict[str, str], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings({f"FOOTNOTE_OIDC_{name}": value for name, value in environ.items()})


def test_settings_that_go_together_are_all_needed() -> None:
    settings = load_settings({"FOOTNOTE_OIDC_ISSUER": "https://login.example", "FOOTNOTE_OIDC_EDITORS": "a, b c ,"})
    assert settings.single_sign_on
    assert settings.single_sign_on.editors == {"a", "b c"}
    with pytest.raises(SettingsError, match="FOOTNOTE_OIDC_CLIENT_ID is not"):
        settings.single_sign_on.require_complete()
