"""Idle and half-open connections beside an ordinary visitor, on real sockets."""

import asyncio
import logging
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Thread

import httpx
import pytest
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from chatbot.web.http.connections import ConnectionLimits, RepeatFilter, with_mapped
from chatbot.web.server import build_server, listen
from tests.conftest import ROOT

HALF = b"GET / HTTP/1.1\r\nHost: a\r\nX-Half:"
BEGINNINGS = [
    b"",
    HALF,
    b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Name the client; /stream never ends, as the heartbeat of a chat page."""

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"."
            await asyncio.sleep(0.1)

    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind.endswith("shutdown"):
                return
    streams = scope["path"] == "/stream"
    answer = StreamingResponse(endless()) if streams else PlainTextResponse(f"{scope['scheme']} {scope['client'][0]}")
    await answer(scope, receive, send)


@contextmanager
def served(limits: ConnectionLimits, proxies: tuple[str, ...] = ()) -> Iterator[int]:
    server = build_server(lambda: application, proxies, limits)
    server.config.timeout_graceful_shutdown = 0
    listening = listen("127.0.0.1", 0)
    thread = Thread(target=server.run, args=[[listening]], daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join(10)


def connect(stack: ExitStack, port: int, beginning: bytes = b"", source: str = "127.0.0.1") -> socket.socket:
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5, (source, 0)))
    connection.sendall(beginning)
    return connection


def is_closed(connection: socket.socket, within: float = 5) -> bool:
    """Return whether the other end closes a connection within some seconds."""
    end = time.monotonic() + within
    try:
        while (left := end - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(4096):
                return True
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return False


def get(port: int, **headers: str) -> httpx.Response:
    return httpx.get(
        f"http://127.0.0.1:{port}/", headers={name.replace("_", "-"): text for name, text in headers.items()}, timeout=5
    )


def test_silent_and_half_sent_requests_are_closed_in_time() -> None:
    with served(ConnectionLimits(64, 64, header_timeout=0.3)) as port, ExitStack() as stack:
        waiting = [connect(stack, port, beginning) for beginning in (b"", HALF)]
        started = time.monotonic()
        assert all(is_closed(connection) for connection in waiting)
        assert time.monotonic() - started > 0.2


def test_a_byte_at_a_time_prolongs_nothing() -> None:
    with served(ConnectionLimits(64, 64, header_timeout=0.5)) as port, ExitStack() as stack:
        connection = connect(stack, port, HALF)
        bytes_sent = 0
        while not is_closed(connection, 0.05):
            connection.sendall(b"x")
            bytes_sent += 1
        assert bytes_sent < 100


def test_a_second_request_that_stays_half_sent_is_closed() -> None:
    with served(ConnectionLimits(64, 64, header_timeout=0.3)) as port, ExitStack() as stack:
        connection = connect(stack, port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        connection.sendall(HALF)
        assert is_closed(connection)


def test_an_answer_may_take_longer_than_headers() -> None:
    with served(ConnectionLimits(64, 64, header_timeout=0.2)) as port, ExitStack() as stack:
        stream = connect(stack, port, b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
        assert not is_closed(stream, 0.8)


@pytest.mark.parametrize("beginning", BEGINNINGS, ids=["silent", "half", "stream", "body"])
def test_a_visitor_is_served_beside_many_connections(beginning: bytes) -> None:
    with served(ConnectionLimits(32, 8)) as port, ExitStack() as stack:
        for _ in range(100):
            connect(stack, port, beginning)
        assert get(port).text == "http 127.0.0.1"


def test_many_addresses_keep_nobody_out() -> None:
    with served(ConnectionLimits(32, 8)) as port, ExitStack() as stack:
        for number in range(100):
            connect(stack, port, BEGINNINGS[number % 4], f"127.0.{number // 3}.9")
        assert get(port).status_code == 200


def test_the_oldest_idle_connection_makes_room() -> None:
    with served(ConnectionLimits(32, 3)) as port, ExitStack() as stack:
        stream = connect(stack, port, BEGINNINGS[2])
        assert stream.recv(15).startswith(b"HTTP/1.1 200")
        oldest, newer = connect(stack, port), connect(stack, port)
        other = connect(stack, port, source="127.0.0.2")
        time.sleep(1.1)  # until they are no newcomers, whose request may be on its way
        connect(stack, port)
        assert is_closed(oldest)
        for connection in (stream, newer, other):
            assert not is_closed(connection, 0.3)


def test_an_address_that_goes_on_opening_has_its_newest_closed() -> None:
    with served(ConnectionLimits(32, 3, burst=5, per_minute=1)) as port, ExitStack() as stack:
        opened = [connect(stack, port) for _ in range(20)]
        assert [number for number, one in enumerate(opened) if not is_closed(one, 0.3)] == [5, 6, 7]
        other = connect(stack, port, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", source="127.0.0.2")
        assert other.recv(4096).startswith(b"HTTP/1.1 200")


def test_a_trusted_proxy_may_hold_more_than_an_address() -> None:
    with served(ConnectionLimits(32, 3), ("127.0.0.1",)) as port, ExitStack() as stack:
        held = [connect(stack, port) for _ in range(10)]
        assert get(port).status_code == 200
        assert not is_closed(held[0], 0.3)


def test_with_few_files_500_connections_fill_no_log(tmp_path: Path) -> None:
    program = """import resource, logging
from tests.web.test_connections import application
from chatbot.web.server import build_server, listen
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
logging.basicConfig()
listening = listen("127.0.0.1", 0)
print(listening.getsockname()[1], flush=True)
build_server(lambda: application).run(sockets=[listening])"""
    with (tmp_path / "log").open("w") as log, ExitStack() as stack:
        server = subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True
        )
        stack.callback(server.wait)
        stack.callback(server.kill)
        assert server.stdout
        stack.enter_context(server.stdout)
        port = int(server.stdout.readline())
        assert get(port).status_code == 200  # it waits in the queue until the server has started
        for number in range(500):
            connect(stack, port, BEGINNINGS[number % 4], f"127.0.0.{1 + number % 5}")
        for _ in range(5):
            assert get(port).status_code == 200
    lines = (tmp_path / "log").read_text().splitlines()
    assert sum("connections: the" in line or "its oldest" in line for line in lines) <= 2
    assert len(lines) < 60


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [((), "http 127.0.0.1"), (("10.0.0.0/8",), "http 127.0.0.1"), (("127.0.0.0/8",), "https 203.0.113.9")],
)
def test_only_named_proxies_say_who_the_visitor_is(proxies: tuple[str, ...], seen: str) -> None:
    with served(ConnectionLimits(32, 8), proxies) as port:
        assert get(port, X_Forwarded_For="203.0.113.9", X_Forwarded_Proto="https").text == seen


def test_an_ipv4_proxy_is_known_on_a_socket_for_both_protocols() -> None:
    assert with_mapped(["10.0.0.0/8", "::1/128"]) == ["10.0.0.0/8", "::ffff:a00:0/104", "::1/128"]


def test_the_log_says_the_same_line_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    logger = logging.getLogger("tests.repeats")
    logger.addFilter(RepeatFilter(lambda: now[0]))
    for number in range(1000):
        logger.warning("accept failed on <socket fd=%d at 0x7f%x>", number, number)
    logger.warning("something else")
    now[0] += 60
    logger.warning("accept failed on <socket fd=%d at 0x7f%x>", 7, 7)
    assert caplog.messages == [
        "accept failed on <socket fd=0 at 0x7f0>",
        "something else",
        "accept failed on <socket fd=7 at 0x7f7> (999 more like this since the last)",
    ]
