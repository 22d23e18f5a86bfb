"""The chat page and the widget in Chromium: time until a visitor can type, requests and bytes."""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright
from tqdm import tqdm

from benchmarks.performance.bench import OWN, Bench, Result, Table
from benchmarks.performance.environments import FOOTNOTE
from benchmarks.performance.processes import Server, free_port

__all__ = ["measure"]

_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")


@dataclass(slots=True)
class _Visit:
    """What a visitor's browser met until she could type: milliseconds, requests, and bytes on the wire."""

    milliseconds: float = 0.0
    sizes: dict[str, float] = field(default_factory=dict)


def measure(bench: Bench) -> Result:
    """Open the page and the widget some times, each in a browser context with an empty cache."""
    chromium = shutil.which("chromium")
    if chromium is None:
        bench.left_out["the page and the widget"] = "there is no chromium here"
        return Result()
    system = next(system for system in bench.systems if system.name == FOOTNOTE)
    corpus = bench.corpus(OWN)
    index, port = bench.index(system, corpus), free_port()
    with ThreadingHTTPServer(("127.0.0.1", 0), _clinic_site(f"http://127.0.0.1:{port}")) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        origin = f"http://localhost:{site.server_port}"
        settings = bench.settings(corpus, index, port)
        clinic = bench.folder / "server" / "clinic.toml"
        clinic.write_text(clinic.read_text("utf-8") + f'allowed = ["{origin}"]\n', "utf-8")
        command = bench.serve_command(system, index, port)
        with (
            Server.started(command, settings, port, bench.folder / "logs" / "browser.log") as server,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path=chromium, args=list(_FLAGS))
            visits = _visits(browser, server, origin, 3 if bench.quick else 9)
            browser.close()
        site.shutdown()
    return _result(visits)


def _visits(browser: Browser, server: Server, origin: str, rounds: int) -> dict[str, list[_Visit]]:
    tasks: dict[str, tuple[str, Callable[[Page], None]]] = {
        "the chat page, until a question can be typed": (
            server.address,
            _type,
        ),
        "a clinic's page, until the widget's button shows": (origin, _see_button),
        "the same, until the opened widget takes a question": (origin, _open_widget),
    }
    visits: dict[str, list[_Visit]] = {title: [] for title in tasks}
    for _ in tqdm(range(rounds), desc="Opening pages", leave=False):
        for title, (address, wait) in tasks.items():
            visits[title].append(_visit(browser, address, wait))
    return visits


def _visit(browser: Browser, address: str, wait: Callable[[Page], None]) -> _Visit:
    visit = _Visit()
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")

    def finished(event: dict[str, Any]) -> None:
        visit.sizes[event["requestId"]] = event["encodedDataLength"]

    session.on("Network.loadingFinished", finished)
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    wait(page)
    visit.milliseconds = 1e3 * (time.perf_counter() - start)
    page.wait_for_timeout(500)  # so that what was still loading is counted
    result = replace(visit, sizes=dict(visit.sizes))
    context.close()
    return result


def _type(page: Page) -> None:
    page.locator("#question textarea:enabled").wait_for()


def _see_button(page: Page) -> None:
    page.get_by_role("button", name="Ask").first.wait_for()


def _open_widget(page: Page) -> None:
    _see_button(page)
    page.get_by_role("button", name="Ask").first.click()
    page.get_by_role("textbox").first.wait_for()


def _result(visits: dict[str, list[_Visit]]) -> Result:
    rows = [
        (
            title,
            f"{median(visit.milliseconds for visit in each):.0f}",
            f"{median(len(visit.sizes) for visit in each):.0f}",
            f"{median(sum(visit.sizes.values()) for visit in each) / 1e3:.0f}",
        )
        for title, each in visits.items()
    ]
    series = {title: median(visit.milliseconds for visit in each) for title, each in visits.items()}
    return Result(
        [
            Table(
                "In Chromium, with an empty cache",
                ("", "ms by the clock", "requests", "KB"),
                tuple(rows),
                "Medians. Bytes are those on the wire, with headers. The clinic's page itself is one request.",
            )
        ],
        {"page_ms": next(iter(series.values()))},
        series,
    )


def _clinic_site(assistant: str) -> type[BaseHTTPRequestHandler]:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Clinic</title>'
        '<link rel="icon" href="data:,"></head><body><main><h1>Our clinic</h1></main>'
        f'<script src="{assistant}/widget.js" defer></script></body></html>'
    ).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(html)))
            self.end_headers()
            self.wfile.write(html)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
