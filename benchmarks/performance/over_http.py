"""Over HTTP: a small request on an open connection, and questions from 1, 8 and 32 visitors at once."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle, islice
from statistics import median
from typing import Final

import numpy as np
from tqdm import tqdm

from benchmarks.performance.bench import Bench, Corpus, Result, Table, listed
from benchmarks.performance.environments import FOOTNOTE
from benchmarks.performance.processes import Failed, Server
from benchmarks.performance.question import ratio_text

__all__ = ["Connection", "Load", "ask_at_once", "measure"]

_AT_ONCE: Final = {1: (20, 100), 8: (40, 160), 32: (96, 320)}
"""Visitors at once, and how many questions they ask together in a round of the quick and of the full form."""

_NO_REPLY: Final = 0
"""The status of a request whose connection the server closed."""

_SMALL: Final = 50  # requests to /api/ready in a round


@dataclass(slots=True)
class Load:
    """What some visitors at once met: seconds of each answer and of all, and the server's processor time."""

    seconds: list[float] = field(default_factory=list)
    clock: float = 0.0
    cpu: float = 0.0
    refused: Counter[int] = field(default_factory=Counter)

    @property
    def throughput(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.clock

    @property
    def milliseconds(self) -> float:
        """Processor time of an answer."""
        return 1e3 * self.cpu / max(len(self.seconds), 1)

    def percentile(self, share: int) -> float:
        """Return a percentile of the times of the answers, in milliseconds."""
        return 1e3 * float(np.percentile(self.seconds, share)) if self.seconds else float("nan")


class Connection:
    """A kept-alive HTTP connection from an address of the loopback; each visitor has an address of her own."""

    def __init__(self, port: int, source: str) -> None:
        self._port = port
        self._source = source
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(self, head: str, body: bytes = b"") -> int:
        """Send a request, read the whole reply and return its status; raises `Failed` if the server gives none."""
        try:
            return await self._request(head, body)
        except (OSError, asyncio.IncompleteReadError) as error:
            self.close()
            raise Failed("the server closed the connection") from error

    async def _request(self, head: str, body: bytes) -> int:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, local_addr=(self._source, 0))
        reader, writer = self._streams
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        writer.write(f"{head} HTTP/1.1\r\nHost: localhost\r\n{kind}\r\n".encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if ": " in line)
        await reader.readexactly(int(headers.get("content-length", 0)))
        if headers.get("connection") == "close":
            self.close()
        return int(lines[0].split()[1])

    async def ask(self, question: str) -> int:
        """Ask a question and return the status of the reply."""
        return await self.request("POST /api/ask", json.dumps({"question": question}).encode())

    def close(self) -> None:
        """Close the connection."""
        if self._streams:
            self._streams[1].close()
            self._streams = None


@dataclass(slots=True)
class _Measured:
    """Seconds of small requests by system, and loads by the number of visitors and by system."""

    ready: dict[str, list[float]] = field(default_factory=dict)
    loads: dict[int, dict[str, Load]] = field(default_factory=lambda: {visitors: {} for visitors in _AT_ONCE})


def measure(bench: Bench) -> Result:
    """Serve all systems, and let visitors ask each in turn."""
    corpus = bench.corpus(bench.sizes[min(1, len(bench.sizes) - 1)])
    questions = [question for question, _ in corpus.questions]
    measured = _Measured()
    with ExitStack() as stack:
        servers = _start_servers(bench, corpus, questions, stack)
        for number in tqdm(range(1 if bench.quick else 3), desc="Asking over HTTP", leave=False):
            for system in [each for each in bench.shuffled() if each.name in servers]:
                try:
                    _ask_server(measured, system.name, servers[system.name], _shares(questions, number, bench.quick))
                except Failed as error:
                    del servers[system.name]
                    bench.leave_out(system, "HTTP", error)
    return _result(bench, measured, corpus.label)


def _start_servers(bench: Bench, corpus: Corpus, questions: Sequence[str], stack: ExitStack) -> dict[str, Server]:
    servers = {}
    for system in tqdm(bench.systems, desc="Starting servers", leave=False):
        try:
            servers[system.name] = stack.enter_context(bench.served(system, corpus))
            asyncio.run(ask_at_once(servers[system.name].port, 1, questions[:3], Load()))
        except Failed as error:
            bench.leave_out(system, "HTTP", error)
    return servers


def _shares(questions: Sequence[str], number: int, quick: bool) -> dict[int, list[str]]:
    """Return the questions of a round, by the number of visitors who ask them; other ones in every round."""
    counts = {visitors: few if quick else many for visitors, (few, many) in _AT_ONCE.items()}
    return {
        visitors: list(islice(cycle(questions), number * count, (number + 1) * count))
        for visitors, count in counts.items()
    }


def _ask_server(measured: _Measured, name: str, server: Server, shares: Mapping[int, Sequence[str]]) -> None:
    """Send a server the requests of a round; raises `Failed` if it ends."""
    measured.ready.setdefault(name, []).extend(asyncio.run(_small_requests(server.port)))
    for visitors, questions in shares.items():
        load = measured.loads[visitors].setdefault(name, Load())
        before, start = server.used, time.perf_counter()
        asyncio.run(ask_at_once(server.port, visitors, questions, load))
        load.clock += time.perf_counter() - start
        if server.process.poll() is not None:
            del measured.loads[visitors][name]
            raise Failed(f"its server ended with code {server.process.returncode} at {visitors} at once")
        load.cpu += server.used.cpu - before.cpu


def _result(bench: Bench, measured: _Measured, label: str) -> Result:
    result = Result([_ready_table(bench, measured.ready)])
    if FOOTNOTE in measured.ready:
        result.figures["ready"] = 1e3 * median(measured.ready[FOOTNOTE])
    for visitors, found in measured.loads.items():
        result.tables.append(_table(bench, visitors, found, label))
        result.series[str(visitors)] = {name: load.throughput for name, load in found.items()}
    crowd = measured.loads[max(_AT_ONCE)]
    if FOOTNOTE in crowd:
        own = crowd[FOOTNOTE]
        result.figures["spread_32"] = own.percentile(99) / own.percentile(50)
        best = max((load.throughput for name, load in crowd.items() if name != FOOTNOTE), default=0.0)
        if best:
            result.figures["throughput_32"] = own.throughput / best
    return result


async def ask_at_once(port: int, visitors: int, questions: Sequence[str], load: Load) -> None:
    """Let some visitors ask questions until there are none left, each the next as soon as she has her answer."""
    waiting = iter(questions)

    async def visit(number: int) -> None:
        connection = Connection(port, f"127.0.1.{number + 1}")
        for question in waiting:
            start = time.perf_counter()
            try:
                status = await connection.ask(question)
            except Failed:
                status = _NO_REPLY
            if status == 200:
                load.seconds.append(time.perf_counter() - start)
            else:
                load.refused[status] += 1
        connection.close()

    await asyncio.gather(*(visit(number) for number in range(visitors)))


async def _small_requests(port: int) -> list[float]:
    """Return the seconds of some requests to /api/ready on one connection."""
    connection, seconds = Connection(port, "127.0.1.1"), []
    for _ in range(_SMALL):
        start = time.perf_counter()
        await connection.request("GET /api/ready")
        seconds.append(time.perf_counter() - start)
    connection.close()
    return seconds


def _ready_table(bench: Bench, ready: dict[str, list[float]]) -> Table:
    middle = {name: 1e3 * median(seconds) for name, seconds in ready.items()}
    rows = [
        (system.title, ratio_text(middle, system.name), f"{middle[system.name]:.2f}")
        for system in listed(bench.systems, dict(ready))
    ]
    return Table(
        "GET /api/ready on an open connection",
        ("system", "ratio", "ms by the clock"),
        tuple(rows),
        "The median. The peers' servers are a few lines of FastAPI around their query.",
    )


def _table(bench: Bench, visitors: int, loads: dict[str, Load], label: str) -> Table:
    fastest = max((load.throughput for name, load in loads.items() if name != FOOTNOTE), default=0.0)
    rows = []
    for system in listed(bench.systems, dict(loads)):
        load = loads[system.name]
        rows.append(
            (
                system.title,
                f"{load.throughput / fastest:.2f}" if fastest else "",
                f"{load.throughput:.1f}",
                f"{load.percentile(50):.0f}",
                f"{load.percentile(99):.0f}",
                f"{load.percentile(99) / load.percentile(50):.1f}",
                f"{load.milliseconds:.1f}",
                ", ".join(f"{count} times {status or 'no reply'}" for status, count in sorted(load.refused.items())),
            )
        )
    return Table(
        f"POST /api/ask, {visitors} at once, {label}",
        (
            "system",
            "ratio of throughput",
            "answers a second",
            "p50, ms",
            "p99, ms",
            "p99 / p50",
            "cpu-ms an answer",
            "refused",
        ),
        tuple(rows),
        "By the clock, but for the processor time of the server. Each visitor has an address of her own and asks the "
        "next question as soon as she has her answer. Footnote keeps its journal; its rate limit is raised.",
    )
