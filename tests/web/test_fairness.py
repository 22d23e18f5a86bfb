"""Whose turn it is: nobody's questions delay or refuse another's, and nobody is answered who has gone."""

import asyncio
import json
import socket
import ssl
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import AllowedSites, Clinic
from chatbot.indexing import build_index
from chatbot.journal import Journal
from chatbot.records import Answer
from chatbot.web.http.answer_and_record import AT_ONCE
from chatbot.web.http.fair_queue import ClientDisconnected, FairQueue, QueueFull
from chatbot.web.http.rate_limit import RateLimiter, client_prefix
from tests.conftest import WordEncoder
from tests.web.conftest import serving

JOIN = "/gradio_api/queue/join"
Result = TypeVar("Result")


def run(scenario: Coroutine[Any, Any, Result]) -> Result:
    """Run a scenario in a thread of its own: the browser of other tests keeps a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, scenario).result()


class Turns:
    """Requests at a queue, each of which takes a second of the queue's own clock."""

    def __init__(self, at_once: int = 1, at_once_each: int = 2, waiting: int = 64, waiting_each: int = 8) -> None:
        self.now = 0.0
        self.queue = FairQueue(at_once, at_once_each, waiting, waiting_each, clock=lambda: self.now)
        self.served: list[str] = []
        self.most = 0
        self._running = 0

    async def ask(
        self, name: str, seconds: float = 1.0, gone: asyncio.Future[None] | None = None, *, modest: bool = True
    ) -> str:
        """Ask as an address, the name's first letter, and return what came of it."""
        try:
            async with self.queue.turn(name[0], gone, modest=modest):
                self.served.append(name)
                self._running += 1
                self.most = max(self.most, self._running)
                await asyncio.sleep(0)
                self.now += seconds
                self._running -= 1
                if name.endswith("!"):
                    int(name)  # raises
        except (QueueFull, ClientDisconnected, ValueError) as error:
            return type(error).__name__
        return "served"

    async def all(self, names: str) -> list[str]:
        """Let requests arrive in order, all before the first is served."""
        return await asyncio.gather(*(self.ask(name) for name in names.split()))


@pytest.mark.parametrize(
    ("arrivals", "order"),
    [
        ("a1 a2 a3", "a1 a2 a3"),
        ("a1 a2 a3 b1 c1", "a1 b1 c1 a2 a3"),
        ("a1 a2 a3 b1 b2 b3", "a1 b1 a2 b2 a3 b3"),
        ("a1 b1 c1 c2 b2 a2", "a1 b1 c1 a2 b2 c2"),
    ],
)
def test_addresses_take_turns_in_rotation(arrivals: str, order: str) -> None:
    turns = Turns()
    assert set(run(turns.all(arrivals))) == {"served"}
    assert " ".join(turns.served) == order
    assert turns.most == 1


def test_whoever_took_least_time_of_late_is_next() -> None:
    async def scenario() -> Turns:
        turns = Turns()
        await turns.ask("a1", seconds=5)
        await turns.ask("b1", seconds=1)
        await turns.all("a2 b2 c1 c2 b3")
        return turns

    # a2 found the queue empty. Then c is new, and b took 1 second, which decays, where c took 1 just now.
    assert run(scenario()).served == ["a1", "b1", "a2", "c1", "b2", "c2", "b3"]


def test_who_asks_one_question_at_a_time_goes_before_who_asks_many() -> None:
    async def visitor(turns: Turns) -> None:
        for number in range(4):
            await turns.ask(f"v{number}")

    async def scenario() -> list[str]:
        turns = Turns()
        flood = asyncio.create_task(turns.all("a0 a1 a2 a3 b0 b1 b2 b3"))
        await asyncio.sleep(0)
        await asyncio.gather(visitor(turns), flood)
        return turns.served

    # a0 had come before, b0 was the first of its address; then the visitor waits for one turn at most.
    assert run(scenario())[:9] == ["a0", "b0", "v0", "a1", "v1", "b1", "v2", "a2", "v3"]


def test_an_address_that_asked_much_of_late_goes_after_one_that_asked_little() -> None:
    async def scenario() -> list[str]:
        turns = Turns()
        much = [turns.ask(name, modest=False) for name in ("a1", "b1", "c1", "d1")]
        await asyncio.gather(*much, turns.ask("v1"), turns.ask("w1"))
        return turns.served

    assert run(scenario()) == ["a1", "v1", "w1", "b1", "c1", "d1"]


def test_an_address_asks_little_while_half_of_its_bucket_is_left() -> None:
    now = [0.0]
    limiter = RateLimiter(20, clock=lambda: now[0])
    asked = [(limiter.asks_little("1.2.3.4"), limiter.acquire("1.2.3.4"))[0] for _ in range(8)]
    assert asked == [True] * 6 + [False] * 2
    now[0] = 9  # three tokens later
    assert limiter.asks_little("1.2.3.4")


def test_an_address_that_many_share_has_a_turn_in_ten() -> None:
    async def scenario() -> list[str]:
        turns = Turns()
        visitors = "ABCDEFGHIJKL"
        for visitor in visitors:
            await turns.ask(visitor)
        shared = [turns.ask(name, seconds=0) for name in ("s1", "s2", "s3")]
        await asyncio.gather(*shared, *(turns.ask(visitor) for visitor in visitors))
        return turns.served[len(visitors) :]

    assert " ".join(run(scenario())) == "s1 A B C D E F s2 G H I J K L s3"  # s2 has the twentieth turn


def test_time_that_was_taken_is_forgotten_by_and_by() -> None:
    async def scenario() -> Turns:
        turns = Turns()
        await turns.ask("a1", seconds=8)
        turns.now += 40  # four half-lives: half a second is left
        await turns.ask("b1", seconds=0.75)
        await turns.all("c1 b2 a2")
        return turns

    assert run(scenario()).served == ["a1", "b1", "c1", "a2", "b2"]


def test_one_address_never_has_all_the_turns() -> None:
    turns = Turns(at_once=3, at_once_each=2)
    assert set(run(turns.all("a1 a2 a3 a4 b1"))) == {"served"}
    assert turns.served[:3] == ["a1", "a2", "b1"]
    assert turns.most == 3


def test_a_full_line_refuses_its_own_address_only() -> None:
    turns = Turns(waiting_each=2)
    results = run(turns.all("a1 a2 a3 a4 a5 b1 b2 b3 c1"))
    assert results == ["served"] * 3 + ["QueueFull"] * 2 + ["served", "served", "QueueFull", "served"]


def test_a_full_queue_makes_room_in_the_longest_line() -> None:
    turns = Turns(waiting=6, waiting_each=4)
    results = run(turns.all("a1 a2 a3 a4 a5 b1 b2 c1"))
    assert results == ["served"] * 4 + ["QueueFull"] + ["served"] * 3
    assert sorted(turns.served) == ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]


def test_a_full_queue_of_equal_lines_refuses_who_comes_last() -> None:
    turns = Turns(waiting=3)
    assert run(turns.all("a1 b1 c1 d1 e1")) == ["served"] * 4 + ["QueueFull"]


def test_an_error_gives_the_turn_to_the_next() -> None:
    turns = Turns()
    assert run(turns.all("a1! a2! b1 a3")) == ["ValueError", "ValueError", "served", "served"]
    assert turns.served == ["a1!", "b1", "a2!", "a3"]


def test_a_visitor_who_leaves_frees_a_place_in_the_line() -> None:
    async def scenario() -> tuple[list[str], Turns]:
        turns = Turns(waiting_each=1)
        gone = asyncio.get_running_loop().create_future()
        first, second = asyncio.create_task(turns.ask("a1")), asyncio.create_task(turns.ask("a2", gone=gone))
        third = asyncio.create_task(turns.ask("a3"))
        gone.set_result(None)
        results = [await second, await third, await turns.ask("a4"), await first]
        return results, turns

    results, turns = run(scenario())
    assert results == ["ClientDisconnected", "QueueFull", "served", "served"]
    assert turns.served == ["a1", "a4"]


def test_a_cancelled_request_frees_its_place_or_its_turn() -> None:
    async def scenario() -> Turns:
        turns = Turns(waiting_each=2)
        tasks = [asyncio.create_task(turns.ask(name)) for name in ("a1", "a2", "b1")]
        await asyncio.sleep(0)
        tasks[0].cancel()
        tasks[1].cancel()
        await asyncio.wait(tasks)
        await turns.all("a3 a4 a5 b2")
        return turns

    assert run(scenario()).served[-5:] == ["b1", "a3", "b2", "a4", "a5"]


def test_a_heavy_line_starts_nothing_beside_a_light_one() -> None:
    async def scenario() -> list[str]:
        now = [0.0]
        queue = FairQueue(2, at_once_each=1, clock=lambda: now[0], heavy=4)
        started: list[str] = []

        async def work(line: str, name: str, finish: asyncio.Event) -> None:
            async with queue.turn(line):
                started.append(name)
                await finish.wait()

        finishes = [asyncio.Event() for _ in range(4)]
        first = asyncio.create_task(work("heavy", "h1", finishes[0]))
        await asyncio.sleep(0.01)
        now[0] = 5  # so long did the first one take
        finishes[0].set()
        await first
        light = asyncio.create_task(work("light", "l1", finishes[1]))
        await asyncio.sleep(0.01)
        heavy = asyncio.create_task(work("heavy", "h2", finishes[2]))
        other = asyncio.create_task(work("other", "o1", finishes[3]))
        await asyncio.sleep(0.01)
        assert started == ["h1", "l1", "o1"]
        for finish in finishes:
            finish.set()
        await asyncio.gather(light, heavy, other)
        return started

    assert run(scenario()) == ["h1", "l1", "o1", "h2"]


def test_a_bucket_holds_half_a_minute_and_refills() -> None:
    now = [0.0]
    limiter = RateLimiter(12, clock=lambda: now[0])
    assert [limiter.acquire("1.2.3.4") for _ in range(7)] == [0] * 6 + [5]
    assert limiter.acquire("1.2.3.5") == 0
    now[0] = 5
    assert [limiter.acquire("1.2.3.4") for _ in range(2)] == [0, 5]
    now[0] = 1000
    assert [limiter.acquire("1.2.3.4") for _ in range(7)] == [0] * 6 + [5]


def test_an_address_floods_once_it_was_refused_often_and_until_it_calms_down() -> None:
    now = [0.0]
    limiter = RateLimiter(12, clock=lambda: now[0])
    for _ in range(11):  # six are allowed
        limiter.acquire("1.2.3.4")
    assert not limiter.is_flooding("1.2.3.4")
    limiter.acquire("1.2.3.4")
    assert limiter.is_flooding("1.2.3.4")
    assert not limiter.is_flooding("1.2.3.5")
    now[0] = 5
    assert limiter.acquire("1.2.3.4") == 0  # the one that it may ask now
    assert limiter.is_flooding("1.2.3.4")
    now[0] = 25
    assert limiter.acquire("1.2.3.4") == 0
    assert not limiter.is_flooding("1.2.3.4")


def test_what_was_asked_long_ago_is_forgotten_so_that_memory_is_bounded() -> None:
    limiter = RateLimiter(1, clock=lambda: 0.0)
    assert [limiter.acquire("1.2.3.4") for _ in range(2)] == [0, 60]
    for number in range(5000):
        limiter.acquire(f"10.0.{number // 256}.{number % 256}")
    assert limiter.acquire("1.2.3.4") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2.3.4", "1.2.3.5", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:1.2.3.4", "1.2.3.4", True),
        ("unix", "unix", True),
    ],
)
def test_an_address_stands_for_what_one_sender_has(one: str, other: str, same: bool) -> None:
    assert (client_prefix(one) == client_prefix(other)) is same


class Held(Chatbot):
    """The chatbot, which answers what says "wait" only once it is let, and knows what it was asked."""

    def ask(self, question: str, history: Sequence[str] = (), document: str | None = None) -> Answer:
        asked, go = _HELD[id(self)]
        asked.append(question)
        if "wait" in question:
            assert go.wait(60)
        return super().ask(question, history, document)


_NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # one for all; httpx would load the certificates for each client
_HELD: dict[int, tuple[list[str], Event]] = {}


@dataclass
class Server:
    """A served chatbot with its journal, and visitors at addresses of this machine's own."""

    address: str
    asked: list[str]
    go: Event
    journal: Journal
    pool: ThreadPoolExecutor

    def ask(self, question: str, source: str = "127.0.0.1") -> httpx.Response:
        with self.client(source) as client:
            return client.post("/api/ask", json={"question": question})

    def asking(self, question: str, source: str = "127.0.0.1") -> "Future[httpx.Response]":
        return self.pool.submit(self.ask, question, source)

    def client(self, source: str = "127.0.0.1") -> httpx.Client:
        transport = httpx.HTTPTransport(_NO_TLS, local_address=source)
        return httpx.Client(base_url=self.address, transport=transport, timeout=60)

    def connect(self, question: str) -> socket.socket:
        """Ask a question over a socket that the test may close."""
        place = urlsplit(self.address)
        connection = socket.create_connection((place.hostname or "", place.port or 0))
        body = json.dumps({"question": question}).encode()
        head = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(f"POST /api/ask HTTP/1.1\r\n{head}".encode() + body)
        return connection

    def hold(self) -> "Future[httpx.Response]":
        """Ask what occupies the chatbot until `go`."""
        held = [self.asking("wait", f"127.0.0.{50 + number}") for number in range(AT_ONCE)]
        until(lambda: self.asked == ["wait"] * AT_ONCE)
        return held[0]


def until(true: Callable[[], bool]) -> None:
    """Wait for what happens soon."""
    patience = time.monotonic() + 30
    while not true():
        assert time.monotonic() < patience
        time.sleep(0.02)


@contextmanager
def started(corpus: Path, folder: Path, sites: AllowedSites) -> Iterator[Server]:
    encoder = WordEncoder()
    build_index(corpus, folder / "index", encoder)
    bot = Held(corpus, folder / "index", encoder, Clinic(sites=sites))
    asked, go = _HELD[id(bot)] = [], Event()
    bot.ask("redness?")  # the first question loads the rules of every language, which takes seconds on a busy machine
    asked.clear()
    journal = Journal.open(str(folder / "journal.sqlite3"), 30)
    assert journal
    with ThreadPoolExecutor(100) as pool, serving(bot, journal) as address:
        yield Server(address, asked, go, journal, pool)
        go.set()
    del _HELD[id(bot)]


@pytest.fixture
def server(corpus: Path, tmp_path: Path) -> Iterator[Server]:
    with started(corpus, tmp_path, AllowedSites(requests_per_minute=6000)) as server:
        yield server


@pytest.fixture
def limited(corpus: Path, tmp_path: Path) -> Iterator[Server]:
    with started(corpus, tmp_path, AllowedSites(requests_per_minute=6)) as server:
        yield server


def test_an_address_that_overflows_its_line_is_refused_and_no_other(server: Server) -> None:
    held = server.hold()
    flood = [server.asking(f"redness {number}?", "127.0.0.2") for number in range(40)]
    until(lambda: sum(one.done() for one in flood) == 32)
    visitors = [server.asking("swelling?", f"127.0.0.{number}") for number in range(3, 9)]
    time.sleep(0.3)
    assert not any(visitor.done() for visitor in visitors)
    server.go.set()
    assert [visitor.result().status_code for visitor in visitors] == [200] * 6
    replies = [one.result() for one in flood]
    assert sorted(reply.status_code for reply in replies) == [200] * 8 + [429] * 32
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert refused.headers["retry-after"] == "5"
    assert refused.headers["content-type"] == "application/problem+json"
    assert held.result().status_code == 200


def test_a_visitor_waits_for_one_question_of_a_flood_and_not_for_its_line(server: Server) -> None:
    server.hold()
    flood = [server.asking(f"redness {number}?", "127.0.0.2") for number in range(8)]
    time.sleep(0.5)
    visitor = server.asking("swelling?", "127.0.0.3")
    time.sleep(0.3)
    server.go.set()
    assert visitor.result().status_code == 200
    assert [one.result().status_code for one in flood] == [200] * 8
    assert server.asked.index("swelling?") <= AT_ONCE + 1


def test_a_question_of_a_closed_connection_is_never_answered(server: Server) -> None:
    server.hold()
    left = [server.connect(f"left {number}?") for number in range(8)]
    time.sleep(0.3)
    for connection in left:
        connection.close()
    time.sleep(0.3)
    stayed = [server.asking(f"stayed {number}?") for number in range(8)]  # the whole line is free again
    time.sleep(0.3)
    server.go.set()
    assert [one.result().status_code for one in stayed] == [200] * 8
    assert not [question for question in server.asked if "left" in question]


def test_a_question_whose_visitor_leaves_while_it_is_answered_is_not_recorded(server: Server) -> None:
    connection = server.connect("wait for what nobody reads")
    until(lambda: "wait for what nobody reads" in server.asked)
    connection.close()
    time.sleep(0.3)
    server.go.set()
    assert server.ask("swelling?").status_code == 200
    until(lambda: server.journal.counts().questions == 1)
    time.sleep(0.2)
    assert server.journal.counts().questions == 1


def join(client: httpx.Client, question: str, session: str) -> httpx.Response:
    """Send a question as the chat page's script does: in an event of Gradio, as JSON with the id of its turn."""
    sent = json.dumps({"id": session, "question": question, "history": []})
    return client.post(JOIN, json={"fn_index": 0, "data": [sent], "session_hash": session})


def said(client: httpx.Client, session: str) -> str:
    """Return what the chat page is sent for its question."""
    with client.stream("GET", f"/gradio_api/queue/data?session_hash={session}") as stream:
        return next(line for line in stream.iter_lines() if "process_completed" in line)


def test_the_chat_page_stands_in_the_same_line_as_the_interface(server: Server) -> None:
    server.hold()
    with server.client("127.0.0.2") as client:
        for number in range(8):
            assert join(client, f"redness {number}?", f"s{number}").status_code == 200
        time.sleep(0.5)
        assert server.ask("redness?", "127.0.0.2").status_code == 429
        assert join(client, "redness 8?", "s8").status_code == 200
        refused = said(client, "s8")
        assert '"success":true' in refused
        assert "Many people are asking just now." in refused
        server.go.set()
        assert "Many people are asking" not in said(client, "s7")
    assert len(server.asked) == AT_ONCE + 8


def test_a_question_of_a_closed_chat_page_is_never_answered(server: Server) -> None:
    server.hold()
    with server.client("127.0.0.2") as client:
        join(client, "left?", "left")
        with client.stream("GET", "/gradio_api/queue/data?session_hash=left") as stream:
            assert "data" in next(stream.iter_lines())
        time.sleep(1)
        server.go.set()
        join(client, "stayed?", "stayed")
        assert '"success":true' in said(client, "stayed")
    assert server.asked == [*["wait"] * AT_ONCE, "stayed?"]


def test_an_address_that_asks_too_fast_waits(limited: Server) -> None:
    replies = [limited.ask("redness?") for _ in range(5)]
    assert [reply.status_code for reply in replies] == [200, 200, 200, 429, 429]
    assert 1 <= int(replies[3].headers["retry-after"]) <= 10
    assert replies[3].json()["status"] == 429
    assert limited.ask("redness?", "127.0.0.2").status_code == 200


def test_questions_of_the_chat_page_and_of_the_interface_are_counted_together(limited: Server) -> None:
    with limited.client() as client:
        assert [join(client, "redness?", f"s{number}").status_code for number in range(2)] == [200, 200]
        assert limited.ask("redness?").status_code == 200
        refused = join(client, "redness?", "s2")
        assert (refused.status_code, refused.json()["status"]) == (429, 429)
        assert 1 <= int(refused.headers["retry-after"]) <= 10


def test_feedback_and_pages_are_not_counted(limited: Server) -> None:
    answer_id = limited.ask("redness?").json()["answer_id"]
    with limited.client() as client:
        until(lambda: limited.journal.counts().questions == 1)
        for _ in range(10):
            judged = client.post("/api/feedback", json={"answer_id": answer_id, "helpful": True})
            assert judged.status_code == 204
            assert client.get("/pages/benefits-of-microneedling.txt").status_code == 200
    assert [limited.ask("redness?").status_code for _ in range(3)] == [200, 200, 429]


def test_a_person_may_ask_ten_questions_at_once_and_twenty_a_minute() -> None:
    now = [0.0]
    limiter = RateLimiter(AllowedSites().requests_per_minute, clock=lambda: now[0])
    assert [limiter.acquire("1.2.3.4") for _ in range(11)] == [0] * 10 + [3]
