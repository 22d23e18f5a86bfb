"""Footnote behind the proxies of deploy/: over HTTPS, below a path. What is not installed is skipped."""

import asyncio
import json
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from benchmarks.performance.processes import free_port
from chatbot.bot import Chatbot
from chatbot.clinic import AllowedSites, load_clinic
from chatbot.indexing import Encoder, build_index
from chatbot.settings import load_settings
from chatbot.staff import AccountStore, Role, staff_database
from chatbot.web import create_app
from tests.conftest import ROOT
from tests.nginx import PATH, behind_nginx, found, write_certificate
from tests.web.conftest import ask, running

ASKED = "is redness and swelling normal after microneedling?"
MARK = "After microneedling, it\u2019s normal to experience some redness and mild swelling, similar to a sunburn."
PASSWORD = "correct horse battery"  # noqa: S105 -- of nobody


@dataclass(frozen=True)
class Front:
    """The address of nginx, and what it checks its certificate by."""

    origin: str
    certificate: Path

    @property
    def chat(self) -> str:
        return self.origin + PATH

    @property
    def other_site(self) -> str:
        """The same nginx by another name, which a browser takes for another site."""
        return self.origin.replace("127.0.0.1", "localhost")

    def client(self, address: str = "127.0.0.1", **headers: str) -> httpx.Client:
        """Return a client with an address of its own."""
        trusted = ssl.create_default_context(cafile=self.certificate)
        transport = httpx.HTTPTransport(verify=trusted, local_address=address)
        return httpx.Client(transport=transport, base_url=self.origin, timeout=20, headers=headers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found()
    return tmp_path_factory.mktemp("nginx")


@pytest.fixture(scope="module")
def certificate(folder: Path) -> Path:
    return write_certificate(folder)


@pytest.fixture(scope="module")
def front(corpus: Path, encoder: Encoder, folder: Path, certificate: Path) -> Iterator[Front]:
    port = free_port()
    clinic = replace(load_clinic(ROOT / "clinic.toml"), sites=AllowedSites((f"https://localhost:{port}",)))
    build_index(corpus, folder / "index", encoder)
    bot = Chatbot(corpus, folder / "index", encoder, clinic)
    settings = load_settings(
        {
            "FOOTNOTE_CORPUS": str(corpus),
            "FOOTNOTE_INDEX": str(folder / "index"),
            "FOOTNOTE_STAFF_DIR": str(folder / "staff"),
            "FOOTNOTE_JOURNAL": "off",
            "FOOTNOTE_ROOT_PATH": PATH,
            "FOOTNOTE_TRUSTED_PROXIES": "127.0.0.1",
        }
    )
    AccountStore(staff_database(settings.staff)).add("alice", Role.EDITOR, PASSWORD)
    bot.ask("redness?")
    (folder / "front").mkdir()
    with (
        running(lambda: create_app(bot, None, settings), settings.trusted_proxies) as upstream,
        behind_nginx(folder / "front", urlsplit(upstream).port or 0, certificate, port=port) as origin,
    ):
        yield Front(origin, certificate)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield context.new_page()
    context.close()
    assert complaints == []


def test_the_chat_page_answers_and_its_citation_opens(front: Front, page: Page) -> None:
    page.goto(f"{front.chat}/")
    page.wait_for_selector("#question textarea")
    ask(page, ASKED)
    with page.context.expect_page() as opened:
        page.locator("#log figcaption a").first.click()
    expect(opened.value.locator("#mark-1")).to_have_text(MARK)
    assert opened.value.url.startswith(f"{front.chat}/pages/")


def test_the_widget_answers_on_another_site(front: Front, page: Page) -> None:
    page.goto(f"{front.other_site}/treatments")
    page.locator(".launcher").click()
    page.locator("textarea").fill(ASKED)
    page.locator("textarea").press("Enter")
    expect(page.locator(".turn mark").first).to_have_text(MARK)
    assert str(page.locator(".turn figcaption a").first.get_attribute("href")).startswith(f"{front.chat}/pages/")


def test_staff_sign_in_with_a_cookie_of_this_host_only(front: Front, page: Page) -> None:
    page.goto(f"{front.chat}/staff/")
    page.fill("[name=name]", "alice")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("tab", name="Pages").wait_for()
    (cookie,) = (one for one in page.context.cookies() if one.get("name") == "__Host-footnote-staff")
    assert (cookie.get("secure"), cookie.get("httpOnly"), cookie.get("path")) == (True, True, "/")


def test_another_site_cannot_sign_in_and_its_own_page_can(front: Front) -> None:
    form = {"name": "alice", "password": PASSWORD}
    with front.client() as client:
        for origin, status in ((front.origin, 303), (front.other_site, 403), ("https://evil.example", 403)):
            answer = client.post(f"{PATH}/staff/sign-in", data=form, headers={"Origin": origin})
            assert answer.status_code == status, origin


@pytest.mark.parametrize("path", ["/metrics", "/mcp", "/mcp/", "/staff/metrics", "/docs"])
def test_what_is_not_for_visitors_is_not_there(front: Front, path: str) -> None:
    with front.client() as client:
        assert client.get(PATH + path).status_code in {401, 404}


def test_the_path_itself_leads_to_the_page_and_its_neighbours_do_not(front: Front) -> None:
    with front.client() as client:
        moved = client.get(f"{PATH}?language=de")
        assert (moved.status_code, moved.headers["location"]) == (308, f"{PATH}/?language=de")
        assert "The site of the clinic" in client.get(f"{PATH}ter/").text
        assert client.get(f"{PATH}/pages/b%2Fa.txt").text.count('href="../look/page.') == 1  # passed on as it came


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Say who asks, as the server understands it; then wait, as a stream does."""

    async def stream() -> AsyncIterator[str]:
        yield json.dumps({"from": (scope["client"] or [""])[0], "over": scope["scheme"]}) + "\n"
        await asyncio.sleep(0 if scope["path"].endswith("/at-once") else 5)

    await StreamingResponse(stream(), media_type="text/event-stream")(scope, receive, send)


@pytest.fixture(scope="module", params=["127.0.0.1/32", "10.0.0.1/32"], ids=["named", "another named"])
def echoing(request: pytest.FixtureRequest, folder: Path, certificate: Path) -> Iterator[tuple[Front, bool]]:
    named = request.param == "127.0.0.1/32"
    place = folder / f"echo-{named}"
    place.mkdir()
    with (
        running(lambda: echo, [request.param]) as upstream,
        behind_nginx(place, urlsplit(upstream).port or 0, certificate) as origin,
    ):
        yield Front(origin, certificate), named


def test_an_address_is_believed_from_the_named_proxy_only(echoing: tuple[Front, bool]) -> None:
    front, named = echoing
    forged = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "http", "Forwarded": "for=198.51.100.7"}
    with front.client("127.0.0.9", **forged) as client:
        seen = client.get(f"{PATH}/at-once").json()
    assert seen == ({"from": "127.0.0.9", "over": "https"} if named else {"from": "127.0.0.1", "over": "http"})


def test_what_comes_of_a_stream_is_passed_on_at_once(echoing: tuple[Front, bool]) -> None:
    front, _ = echoing
    began = time.monotonic()
    with front.client() as client, client.stream("GET", f"{PATH}/stream") as response:
        first = next(response.iter_lines())
    assert "127.0.0.1" in first
    assert time.monotonic() - began < 4


def test_caddy_says_who_asks_and_passes_a_stream_on(tmp_path: Path) -> None:
    caddy = shutil.which("caddy") or pytest.skip("there is no caddy here (Debian: apt-get install caddy)")
    port = free_port()
    with running(lambda: echo, ["127.0.0.1/32"]) as upstream:
        environ = {
            "HOME": str(tmp_path),
            "CADDY_ADMIN": f"127.0.0.1:{free_port()}",
            "FOOTNOTE_SITE": f"http://127.0.0.1:{port}",
            "FOOTNOTE_UPSTREAM": urlsplit(upstream).netloc,
        }
        command = [caddy, "run", "--adapter", "caddyfile", "--config", str(ROOT / "deploy" / "Caddyfile")]
        process = subprocess.Popen(command, env=environ, cwd=tmp_path, stderr=subprocess.DEVNULL)
        try:
            for _ in range(200):
                with suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                time.sleep(0.05)
            began = time.monotonic()
            transport = httpx.HTTPTransport(local_address="127.0.0.9")
            headers = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}
            with (
                httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}", headers=headers) as client,
                client.stream("GET", "/stream") as response,
            ):
                seen = json.loads(next(response.iter_lines()))
            assert seen == {"from": "127.0.0.9", "over": "http"}
            assert time.monotonic() - began < 4
        finally:
            process.terminate()
            process.wait(10)
