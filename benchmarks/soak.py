"""Runs a server for as long as you like, under visitors, attackers, publishing and kills, and counts what went wrong.

    make soak ARGS="--minutes 60"
    python -m benchmarks.soak --minutes 10 --visitors 50 --kill-every 0    # no kills, for times and memory

The server serves a made-up site in a process of its own, on this machine's loopback, where each visitor and attacker
has an address. Visitors ask, and say whether the answer helped. Attackers keep connections half open, flood, and send
what is no question. A webmaster changes a page and builds. From time to time the server is killed and started again.
Requests that a kill cuts off are no error. Exit code 1 if anything else failed, if feedback that was acknowledged is
lost, if an answer quotes what no build ever held, or if the log names what a visitor wrote.
"""

import argparse
import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

import httpx
import numpy as np

from benchmarks.performance.processes import environ, free_port
from benchmarks.size import question, write_site
from chatbot.journal import Journal

__all__: list[str] = []

_ROOT: Final = Path(__file__).parents[1]
_PAGES: Final = 24
_PER_MINUTE: Final = 60  # questions of one address
_CLINIC: Final = f'name = "Soak"\n[contact]\nphone = "0123"\n[sites]\nrequests_per_minute = {_PER_MINUTE}\n'
_MARK: Final = "xyzzyqwert"  # a word of every question that may stand in no log
_START: Final = 120.0  # seconds that a start may take
_CUT_OFF: Final = 3.0  # seconds around a kill in which a connection may break
_HALF_OPEN: Final = 100  # connections of an attacker
_FLOODS: Final = 4  # addresses
_JUNK: Final = (
    b"",
    b"{",
    b"[]",
    b'{"question": null}',
    b'{"question": "' + b"\\ud800" * 50 + b'"}',
    b'{"question": "' + b"a" * 70_000 + b'"}',
    b"\xff\xfe\x00",
    b'{"question": "x", "history": [1]}',
)
_LONGEST_LOG: Final = 1_000_000  # bytes
_MEMORY_AFTER: Final = 0.2  # of the time, after which memory should not grow any more


@dataclass
class Seen:
    """What was seen so far; `acknowledged` is feedback by the id of its answer, `prices` are those of all builds."""

    seconds: list[float] = field(default_factory=list)
    replies: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    acknowledged: dict[str, bool] = field(default_factory=dict)
    prices: set[str] = field(default_factory=set)
    memory: list[tuple[float, float]] = field(default_factory=list)  # seconds since the start, megabytes


class Server:
    """A server that is started, killed and started again."""

    def __init__(self, folder: Path) -> None:
        """Serve the site of a folder."""
        self.folder = folder
        self.port = free_port()
        names = {"CORPUS": "corpus", "INDEX": "index", "CLINIC": "clinic.toml", "STAFF_DIR": "staff"}
        paths = {name: folder / file for name, file in names.items()}
        self.env = environ(**paths, JOURNAL=folder / "journal.sqlite3", PORT=self.port)
        self.log = folder / "server.log"
        self.down_since: float | None = None
        self.last_kill = -_CUT_OFF
        self.kills = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None

    @property
    def address(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def may_fail(self) -> bool:
        """Whether a connection may break now, because of a kill."""
        return self.down_since is not None or time.monotonic() - self.last_kill < _CUT_OFF

    @property
    def memory(self) -> float:
        """Return the resident memory in megabytes; 0 while it is down."""
        with suppress(OSError):
            status = Path(f"/proc/{self._process.pid if self._process else 0}/status").read_text("utf-8")
            if found := re.search(r"VmRSS:\s*(\d+)", status):
                return int(found[1]) * 1024 / 1e6
        return 0.0

    async def start(self) -> None:
        """Start, and wait until it is ready."""
        self._output = self._output or self.log.open("ab")
        command = [sys.executable, "-m", "chatbot", "serve"]
        self._process = subprocess.Popen(  # noqa: ASYNC220 - it is started at once
            command, cwd=_ROOT, env=self.env, stdout=self._output, stderr=self._output
        )
        deadline = time.monotonic() + _START
        async with httpx.AsyncClient() as client:
            while True:
                with suppress(httpx.HTTPError):
                    if (await client.get(f"{self.address}/api/ready")).is_success:
                        break
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise SystemExit(f"The server did not start: {self.log.read_text('utf-8', 'replace')[-500:]}")
                await asyncio.sleep(0.1)
        self.last_kill, self.down_since = time.monotonic(), None

    async def kill(self) -> None:
        """Kill without a warning, and start again."""
        if self._process:
            self.down_since = time.monotonic()
            self._process.kill()
            self._process.wait()
            self.kills += 1
            await self.start()

    def stop(self) -> None:
        """Stop as a service manager does."""
        if self._process:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
        if self._output:
            self._output.close()


def main() -> int:
    """Run, print a table, and return 1 if something failed that may not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10, help="how long")
    parser.add_argument("--visitors", type=int, default=20, help="visitors at once")
    parser.add_argument("--kill-every", type=float, default=20, help="seconds between two kills; 0 kills never")
    parser.add_argument("--publish-every", type=float, default=8, help="seconds between two builds; 0 builds once")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        return asyncio.run(_soak(Path(folder), options))


async def _soak(folder: Path, options: argparse.Namespace) -> int:
    write_site(folder / "corpus", _PAGES)
    (folder / "clinic.toml").write_text(_CLINIC, "utf-8")
    server, seen = Server(folder), Seen()
    await _publish(server, seen, "100")
    await server.start()
    chance = random.Random(options.seed)
    async with _running(
        [
            *(
                _visit(server, seen, f"127.0.1.{number + 1}", random.Random(number))
                for number in range(options.visitors)
            ),
            *(_flood(server, seen, f"127.0.2.{number + 1}") for number in range(_FLOODS)),
            _hold_half_open(server, "127.0.3.1"),
            _send_junk(server, seen, "127.0.3.2"),
            _watch(server, seen),
            _every(options.publish_every, lambda: _publish(server, seen, f"{chance.randrange(101, 999)}")),
            _every(options.kill_every, server.kill),
        ]
    ):
        await asyncio.sleep(60 * options.minutes)
    server.stop()
    return _report(server, seen)


@asynccontextmanager
async def _running(work: "list[Awaitable[None]]") -> AsyncIterator[None]:
    """Run tasks until the block ends; one that fails ends the run."""
    tasks = [asyncio.ensure_future(one) for one in work]
    yield
    broken = [task for task in tasks if task.done() and task.exception()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for task in broken:
        task.result()


async def _every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    while seconds:
        await asyncio.sleep(seconds)
        await work()


async def _publish(server: Server, seen: Seen, price: str) -> None:
    """Write a price into a page and build, as a webmaster does."""
    page = server.folder / "corpus" / "price.md"
    seen.prices.add(f"costs {price} pounds")
    page.write_text(f"# Prices\n\nA consultation costs {price} pounds at our clinic.\n", "utf-8")
    command = [sys.executable, "-m", "chatbot", "build"]
    building = await asyncio.create_subprocess_exec(
        *command, cwd=_ROOT, env=server.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, errors = await building.communicate()
    seen.replies["builds"] += 1
    if building.returncode not in {0, 3}:
        seen.failures[f"build: {errors.decode('utf-8', 'replace').strip()[-80:]}"] += 1


async def _visit(server: Server, seen: Seen, address: str, chance: random.Random) -> None:
    """Ask, read, say whether it helped, and ask again; the pauses keep within the limits."""
    async with _client(server, address) as client:
        while True:
            await asyncio.sleep(chance.uniform(60 / _PER_MINUTE, 4))
            asked = chance.choice(("How much is a consultation?", question(chance.randrange(_PAGES)), "does it hurt"))
            started = time.perf_counter()
            reply = await _post(server, seen, client, "/api/ask", {"question": f"{asked} {_MARK}"})
            if reply is None:
                continue
            seen.seconds.append(time.perf_counter() - started)
            answer = reply.json()
            _check(seen, answer["citations"])
            if chance.random() < 0.3:
                helpful = chance.random() < 0.5
                body = {"answer_id": answer["answer_id"], "helpful": helpful}
                if await _post(server, seen, client, "/api/feedback", body) is not None:
                    seen.acknowledged[answer["answer_id"]] = helpful


def _check(seen: Seen, citations: "list[dict[str, str]]") -> None:
    """Note a citation whose price no build has ever held."""
    for citation in citations:
        price = re.search(r"costs \d+ pounds at our clinic", citation["text"])
        if price and price[0].removesuffix(" at our clinic") not in seen.prices:
            seen.failures["quoted what no build held"] += 1


async def _post(
    server: Server, seen: Seen, client: httpx.AsyncClient, path: str, body: dict[str, object]
) -> httpx.Response | None:
    """Return the reply to a request if it is a success; count it as a failure unless a kill explains that."""
    try:
        reply = await client.post(path, json=body)
    except httpx.HTTPError as error:
        kind, failed = type(error).__name__, not server.may_fail
    else:
        if reply.is_success:
            seen.replies[f"{path} {reply.status_code}"] += 1
            return reply
        # An answer that was given just before a kill may not be in the journal yet: its feedback finds no answer.
        lost = reply.status_code == httpx.codes.NOT_FOUND and bool(server.kills)
        kind, failed = str(reply.status_code), not (lost or server.may_fail)
    seen.failures[f"{path}: {kind}"] += failed
    seen.replies["cut off by a kill"] += not failed
    return None


async def _flood(server: Server, seen: Seen, address: str) -> None:
    """Ask without a pause; refusals are expected."""
    async with _client(server, address) as client:
        while True:
            try:
                reply = await client.post("/api/ask", json={"question": "peel " * 300})
                seen.replies[f"flood {reply.status_code}"] += 1
                seen.failures["flood: 5xx"] += reply.is_server_error and not server.may_fail
                await asyncio.sleep(0.2 if reply.is_client_error else 0)
            except httpx.HTTPError:
                await asyncio.sleep(0.5)


async def _hold_half_open(server: Server, address: str) -> None:
    """Keep connections open on which half a request was sent."""
    writers: list[asyncio.StreamWriter] = []
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", server.port, local_addr=(address, 0))
            writer.write(b"POST /api/ask HTTP/1.1\r\nHost: localhost\r\nContent-")
            writers.append(writer)
        while len(writers) > _HALF_OPEN:
            writers.pop(0).close()
        await asyncio.sleep(0.05)


async def _send_junk(server: Server, seen: Seen, address: str) -> None:
    """Send what is no question."""
    async with _client(server, address) as client:
        for number in range(sys.maxsize):
            with suppress(httpx.HTTPError):
                headers = {"Content-Type": "application/json"}
                reply = await client.post("/api/ask", content=_JUNK[number % len(_JUNK)], headers=headers)
                seen.replies[f"junk {reply.status_code}"] += 1
                seen.failures["junk: 5xx"] += reply.is_server_error and not server.may_fail
            await asyncio.sleep(0.5)


async def _watch(server: Server, seen: Seen) -> None:
    """Note the memory of the server."""
    began = time.monotonic()
    while True:
        await asyncio.sleep(1)
        if memory := server.memory:
            seen.memory.append((time.monotonic() - began, memory))


def _client(server: Server, address: str) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(base_url=server.address, transport=transport, timeout=60)


def _report(server: Server, seen: Seen) -> int:
    journal = Journal.open(str(server.folder / "journal.sqlite3"), 30)
    kept = {question.answer_id: question.helpful for question in journal.asked()} if journal else {}
    lost = sum(kept.get(answer) is not helpful for answer, helpful in seen.acknowledged.items())
    seen.failures["feedback lost that was acknowledged"] = lost
    log = server.log.read_text("utf-8", "replace")
    seen.failures["words of a visitor in the log"] = log.count(_MARK)
    seen.failures["log longer than 1 MB"] = int(len(log) > _LONGEST_LOG)
    failed = {kind: number for kind, number in seen.failures.items() if number}
    asked = seen.replies["/api/ask 200"]
    p50, p99 = (1e3 * float(np.percentile(seen.seconds or [0], share)) for share in (50, 99))
    print("| | |\n|---|---|")
    print(f"| questions answered | {asked:,}, p50 {p50:.0f} ms, p99 {p99:.0f} ms, {p99 / max(p50, 1):.1f} times |")
    print(f"| feedback acknowledged | {len(seen.acknowledged):,} |")
    print(f"| builds published, kills | {seen.replies['builds']}, {server.kills} |")
    print(f"| cut off by a kill | {seen.replies['cut off by a kill']:,} |")
    print(f"| memory | {_growth(seen, server.kills)} |")
    print(f"| log | {len(log.encode()) / 1e3:.1f} kB |")
    for kind, number in sorted(seen.replies.items()):
        if kind.startswith(("flood", "junk")):
            print(f"| {kind} | {number:,} |")
    for kind, number in failed.items():
        print(f"| FAILED: {kind} | {number:,} |")
    if not failed:
        print("| failed | 0 |")
    return int(bool(failed) or not asked)


def _growth(seen: Seen, kills: int) -> str:
    """Return how memory grew after the first part of the run; with kills, only where it ended."""
    if not seen.memory:
        return "not measured"
    settled = next(size for moment, size in seen.memory if moment >= _MEMORY_AFTER * seen.memory[-1][0])
    last = seen.memory[-1][1]
    return f"{last:.0f} MB" if kills else f"{settled:.0f} MB to {last:.0f} MB, {last / settled - 1:+.1%}"


if __name__ == "__main__":
    os.chdir(_ROOT)
    sys.exit(main())
