"""A real server over the real chatbot, and a real browser that watches itself.

With BEHIND_NGINX=1, each server is reached through an nginx of its own, over HTTPS and below a path, as deploy/nginx/
has it (`make test-behind-nginx`).
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.bot import Chatbot
from chatbot.clinic import AllowedSites, load_clinic
from chatbot.indexing import Encoder, build_index
from chatbot.journal import Journal
from chatbot.records import Answer
from chatbot.settings import Settings
from chatbot.web import create_app
from chatbot.web.http.metrics import Metrics
from chatbot.web.http.middleware import RootPath
from chatbot.web.server import build_server, listen
from tests.conftest import ROOT
from tests.nginx import PATH, behind_nginx, write_certificate

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CERTIFICATE: Path | None = None
if os.environ.get("BEHIND_NGINX"):
    CERTIFICATE = write_certificate(Path(tempfile.mkdtemp(prefix="footnote-certificate-")))
    os.environ["SSL_CERT_FILE"] = str(CERTIFICATE)  # httpx believes it
    FLAGS.append("--ignore-certificate-errors")

expect.set_options(timeout=20_000)  # milliseconds: the first question after a start takes seconds on a busy machine


def below(path: str, app: ASGIApp) -> ASGIApp:
    """Serve an application below a path, as a proxy does that takes the path away and says nothing of it."""

    async def proxy(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            inside = scope["path"].startswith(f"{path}/")
            shown = scope["path"].removeprefix(path) if inside else "/outside-of-the-path"
            raw = scope["raw_path"].removeprefix(path.encode()) if inside else shown.encode()
            scope = {**scope, "path": shown, "raw_path": raw}
        await app(scope, receive, send)

    return proxy


@contextmanager
def serving(
    bot: Chatbot, journal: Journal | None = None, settings: Settings | None = None, path: str = ""
) -> Iterator[str]:
    """Serve a bot on a free port, perhaps below a path, and give its address.

    Tests ask faster than a person, so its usual limit is raised.
    """
    sites = bot.clinic.sites
    if sites.requests_per_minute == AllowedSites().requests_per_minute:
        bot.set_clinic(replace(bot.clinic, sites=replace(sites, requests_per_minute=6000)))
    if CERTIFICATE and not path:
        with _serving_behind_nginx(bot, journal, settings, CERTIFICATE) as address:
            yield address
        return
    proxies = settings.trusted_proxies if settings else ()
    with running(lambda: below(path, create_app(bot, journal, settings)), proxies) as address:
        yield f"{address}{path}"


@contextmanager
def _serving_behind_nginx(
    bot: Chatbot, journal: Journal | None, settings: Settings | None, certificate: Path
) -> Iterator[str]:
    proxies = ("127.0.0.1",)
    settings = settings and replace(settings, root_path=PATH, trusted_proxies=proxies)

    def create() -> ASGIApp:
        app = create_app(bot, journal, settings)
        return app if settings else RootPath(app, PATH)

    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="footnote-nginx-"))
        upstream = stack.enter_context(running(create, proxies))
        front = stack.enter_context(behind_nginx(Path(folder), urlsplit(upstream).port or 0, certificate))
        yield front + PATH


@contextmanager
def running(
    create: Callable[[], ASGIApp], trusted_proxies: Sequence[str] = (), metrics: Metrics | None = None
) -> Iterator[str]:
    """Serve an application on a free port and give its address."""
    # Built inside the server's event loop: outside of one, Gradio opens loops and never closes them.
    server = build_server(create, trusted_proxies, metrics=metrics)
    server.config.timeout_graceful_shutdown = 1
    listening = listen("127.0.0.1", 0)
    thread = Thread(target=server.run, args=[[listening]], daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(scope="session")
def address(bot: Chatbot) -> Iterator[str]:
    bot.ask("redness?")  # the first question loads the rules of every language, longer than a browser waits
    with serving(bot) as address:
        yield address


@pytest.fixture
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody with a browser, who notices every request it makes and every complaint it has."""

    context: BrowserContext
    address: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.context.set_default_timeout(15_000)
        self.context.on("request", lambda request: self.requests.append(request.url))
        self.context.on("console", self._heard)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def open(self, path: str = "/") -> Page:
        page = self.context.new_page()
        page.goto(self.address + path)
        if path == "/":
            page.wait_for_selector("#question textarea")
        return page

    @property
    def hosts(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.requests if not url.startswith("data:")}


@contextmanager
def visiting(browser: Browser, address: str, **options: object) -> Iterator[Visitor]:
    context = browser.new_context(**options)  # type: ignore[arg-type]  # whatever Playwright knows of a device
    visitor = Visitor(context, address)
    yield visitor
    context.close()
    assert visitor.complaints == []
    assert visitor.hosts == {urlsplit(address).netloc}


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    with visiting(browser, address, viewport={"width": 1280, "height": 800}) as visitor:
        yield visitor


def ask(page: Page, question: str) -> None:
    """Type a question, send it and wait for what is said to it."""
    before = page.locator("#log .answer").count()
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.locator("#log .answer").nth(before).wait_for()


class Attentive(Chatbot):
    """The chatbot, which also does at a word what is hard to bring about: a slow answer, a breakdown."""

    asked: ClassVar[list[tuple[str, tuple[str, ...]]]] = []

    def ask(self, question: str, history: Sequence[str] = (), document: str | None = None) -> Answer:
        self.asked.append((question, tuple(history)))
        if "break" in question:
            raise RuntimeError(question)
        if "slowly" in question:
            time.sleep(2)
        return super().ask(question, history, document)


@dataclass
class ClinicSite:
    """The clinic's own site, on another port than the assistant that it shows."""

    origin: str
    assistant: str
    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def page(self, path: str, body: str = "", head: str = "", tag: str = "", **headers: str) -> str:
        """Put a page on the site, with the widget's tag unless another is given, and give its address."""
        tag = tag or f'<script src="{self.assistant}/widget.js" defer></script>'
        html = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Clinic</title><meta name="viewport" '
            f'content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">{head}</head>'
            f"<body><main><h1>Our clinic</h1><p>Text of the page.</p>{body}</main>{tag}</body></html>"
        )
        self.pages[path] = html, {name.replace("_", "-"): value for name, value in headers.items()}
        return self.origin + path


@pytest.fixture(scope="session")
def clinic_site(corpus: Path, encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClinicSite]:
    pages: dict[str, tuple[str, dict[str, str]]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            html, headers = pages.get(urlsplit(self.path).path, ("", {}))
            self.send_response(200 if html else 404)
            for name, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            pass

    index = tmp_path_factory.mktemp("widget-index")
    build_index(corpus, index, encoder)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as host:
        Thread(target=host.serve_forever, daemon=True).start()
        origin = f"http://localhost:{host.server_port}"  # for the assistant at 127.0.0.1 this is another site
        clinic = replace(load_clinic(ROOT / "clinic.toml"), sites=AllowedSites((origin,)))
        with serving(Attentive(corpus, index, encoder, clinic)) as address:
            yield ClinicSite(origin, address, pages)
        host.shutdown()
