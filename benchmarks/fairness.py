"""Measures how long a visitor waits while others flood the server or hold connections open, and how long in quiet.

    python -m benchmarks.fairness

A server of the project's own corpus runs in a process of its own, on this machine's loopback. One visitor asks from
time to time. Meanwhile twenty attackers, each at its own address, keep four requests open each and send the next as
soon as a reply comes. They first ask the visitor's question, then the worst that the limits allow. At the end one
address sends 75 of the worst questions at once. The questions, the attackers and the time are all bounded.

Then 500 connections are held open, from one address and from 500: connections that say nothing, half-sent headers and
bodies, and heartbeats of the chat page. One that the server closes is opened again. The log's size is printed last.
"""

import argparse
import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from benchmarks.worst_questions import ORDINARY, ROOT, worst

VISITOR: Final = "127.0.0.99"
BYSTANDER: Final = "127.0.0.98"
CROWD: Final = "127.0.0.97"
ATTACKERS: Final = tuple(f"127.0.0.{number}" for number in range(1, 21))
CONCURRENT: Final = 4  # open requests of one attacker
MAX_REQUESTS: Final = 500  # of one attacker
BACKOFF: Final = 0.1  # seconds that an attacker waits after a refusal
QUESTIONS: Final = 14  # of the visitor, in each part
PAUSE: Final = 1.1  # seconds between two of her questions
SECONDS: Final = 1.4  # for each question of a part, after which she asks no more
PER_MINUTE: Final = 60  # questions of one address; more than the usual limit, so that the attack lasts
AT_ONCE: Final = 75  # worst questions of one address
HELD: Final = 500  # connections that are held open
REOPENING: Final = 2.0  # seconds until one that was closed is opened again
WORST: Final = "ordinary words"  # the kind of question that costs most
START_TIMEOUT: Final = 120  # seconds
BAR: Final = 2.0  # times her quiet 95th percentile
BEGINNINGS: Final = {
    "silent": b"",
    "half a header": b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-",
    "half a body": b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b'Content-Length: 90\r\n\r\n{"question": ',
    "heartbeats": b"GET /gradio_api/heartbeat/%d HTTP/1.1\r\nHost: localhost\r\n\r\n",
}

__all__: list[str] = []


@dataclass
class Replies:
    """Seconds of the answers, and the number of replies of each status."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    def percentile(self, share: int) -> float:
        """Return a percentile of the times of the answers, in milliseconds."""
        return 1e3 * float(np.percentile(self.seconds, share))


def main() -> None:
    """Serve, ask, attack and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--per-minute", type=int, default=PER_MINUTE, help="questions a minute that an address may ask")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="questions of the visitor in each part")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with serve(options.per_minute, log) as port:
            asyncio.run(measure(port, options.questions))
        print(f"log: {log.stat().st_size / 1e3:.1f} kB")


async def measure(port: int, questions: int) -> None:
    """Ask in quiet and under each attack, and print a line for each."""
    await visit(port, VISITOR, 2)  # warm
    quiet = await visit(port, VISITOR, questions)
    print(f"{'the visitor waits, milliseconds':38}{'p50':>8}{'p95':>8}{'p95 ratio':>11}  her replies; theirs")
    report("quiet", quiet, quiet, Counter())
    attacks: dict[str, Callable[[int], str]] = {
        "20 attackers, ordinary questions": lambda _: ORDINARY,
        "20 attackers, worst questions": lambda number: worst(WORST, number),
    }
    for name, question in attacks.items():
        async with attack(port, question) as theirs:
            report(name, await visit(port, VISITOR, questions), quiet, theirs)
    crowd = Replies()
    waiting = [asyncio.create_task(ask(port, CROWD, worst(WORST, 10_000 + number), crowd)) for number in range(AT_ONCE)]
    report(f"{AT_ONCE} worst, one address", await visit(port, BYSTANDER, 5), quiet, crowd.statuses)
    await asyncio.gather(*waiting)
    for name, beginning in BEGINNINGS.items():
        for sources in ((CROWD,), tuple(f"127.1.{number // 250}.{number % 250 + 1}" for number in range(HELD))):
            async with holding(port, beginning, sources) as closed:
                hers = await visit(port, VISITOR, questions)
            addresses = "one address" if len(sources) == 1 else f"{HELD} addresses"
            report(f"{HELD} {name}, {addresses}", hers, quiet, closed)


def report(name: str, hers: Replies, quiet: Replies, theirs: Counter[int]) -> None:
    """Print the visitor's waiting times, and the replies to her and to the others by status (0: connection closed)."""
    ratio = hers.percentile(95) / quiet.percentile(95)
    over = "  over the bar" if ratio > BAR else ""
    statuses = "; ".join(
        " ".join(f"{status}: {number}" for status, number in sorted(counts.items()))
        for counts in (hers.statuses, theirs)
    )
    print(f"{name:38}{hers.percentile(50):8.0f}{hers.percentile(95):8.0f}{ratio:11.2f}  {statuses}{over}", flush=True)


async def visit(port: int, source: str, questions: int) -> Replies:
    """Ask questions one after the other, with pauses."""
    replies = Replies()
    end = time.monotonic() + SECONDS * questions
    while replies.statuses.total() < questions and time.monotonic() < end:
        await ask(port, source, ORDINARY, replies)
        await asyncio.sleep(PAUSE)
    return replies


@asynccontextmanager
async def attack(port: int, question: Callable[[int], str]) -> AsyncIterator[Counter[int]]:
    """Flood the server from all attackers, and yield the number of replies of each status."""
    replies = Replies()
    numbers = count()

    async def flood(source: str) -> None:
        for _ in range(MAX_REQUESTS // CONCURRENT):
            if await ask(port, source, question(next(numbers)), replies) != 200:
                await asyncio.sleep(BACKOFF * random.uniform(0.5, 1.5))

    floods = [asyncio.create_task(flood(source)) for source in ATTACKERS for _ in range(CONCURRENT)]
    await asyncio.sleep(0.5)
    yield replies.statuses
    for task in floods:
        task.cancel()
    await asyncio.gather(*floods, return_exceptions=True)


@asynccontextmanager
async def holding(port: int, beginning: bytes, sources: Sequence[str]) -> AsyncIterator[Counter[int]]:
    """Hold connections open from some addresses, and yield the number of those that the server closed, under 0."""
    closed: Counter[int] = Counter()

    async def hold(number: int) -> None:
        while True:
            with suppress(OSError):
                source = sources[number % len(sources)]
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
                try:
                    writer.write(beginning % number if b"%d" in beginning else beginning)
                    await reader.read()
                finally:
                    writer.close()
            closed[0] += 1
            await asyncio.sleep(REOPENING)

    connections = [asyncio.create_task(hold(number)) for number in range(HELD)]
    await asyncio.sleep(REOPENING)  # until all are open
    yield closed
    for task in connections:
        task.cancel()
    await asyncio.gather(*connections, return_exceptions=True)


async def ask(port: int, source: str, question: str, replies: Replies) -> int:
    """Ask a question from an address of the loopback, add the reply to `replies` and return its status."""
    start = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    body = json.dumps({"question": question}).encode()
    writer.write(
        b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
        b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    )
    try:
        status = int((await reader.read()).split(maxsplit=2)[1])
    finally:
        writer.close()
    if status == 200:
        replies.seconds.append(time.perf_counter() - start)
    replies.statuses[status] += 1
    return status


@contextmanager
def serve(per_minute: int, log: Path) -> Iterator[int]:
    """Serve the project's corpus on a free port, and yield the port; the server's output goes to a file."""
    with TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
        free.close()
        clinic = Path(folder) / "clinic.toml"
        clinic.write_text(f"[sites]\nrequests_per_minute = {per_minute}\n", "utf-8")
        settings = {"CLINIC": clinic, "INDEX": Path(folder) / "index", "STAFF": Path(folder) / "staff", "PORT": port}
        environ = os.environ | {f"FOOTNOTE_{name}": str(value) for name, value in settings.items()}
        environ["FOOTNOTE_JOURNAL"] = "off"
        command = [sys.executable, "-m", "chatbot"]
        subprocess.run([*command, "build"], check=True, env=environ, cwd=ROOT, capture_output=True)
        with (
            log.open("wb") as output,
            subprocess.Popen([*command, "serve"], env=environ, cwd=ROOT, stdout=output, stderr=output) as server,
        ):
            try:
                _wait_for(port, server)
                yield port
            finally:
                server.terminate()


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"The server did not start within {START_TIMEOUT} seconds.")


if __name__ == "__main__":
    main()
