from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from chatbot.staff.content.listing import gone_addresses


class Site(BaseHTTPRequestHandler):
    """A site with one page, one that moved to it, one that is gone and one that is broken."""

    def do_GET(self) -> None:
        statuses = {"/page": 200, "/moved": 301, "/gone": 410, "/broken": 500, "/private": 403}
        self.send_response(statuses.get(self.path, 404))
        self.send_header("Location", "/page" if self.path == "/moved" else "/nowhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def open_all(addresses: Sequence[str], progress: Callable[[int, int], object]) -> frozenset[str]:
    """Open addresses as the console does, in a thread that runs no event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(gone_addresses, addresses, progress).result()


def test_an_address_is_gone_where_its_site_says_so_or_no_such_host_is_known(site: str) -> None:
    there = [f"{site}{path}" for path in ("/page", "/moved", "/broken", "/private")]
    closed = "http://127.0.0.1:9/"  # nobody listens there, perhaps only now
    lost = [f"{site}/gone", f"{site}/never", "http://clinic.invalid/page", f"http://{'a' * 70}.example/"]
    steps: list[tuple[int, int]] = []
    gone = open_all([*there, closed, *lost], lambda done, total: steps.append((done, total)))
    assert gone >= set(lost[:2])  # a machine without a resolver knows of no host whether it is gone
    assert gone <= set(lost)
    assert steps[-1] == (9, 9)


def test_no_addresses_are_opened_where_there_are_none() -> None:
    assert open_all([], lambda _done, _total: None) == frozenset()
