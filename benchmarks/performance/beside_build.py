"""Visitors while the server's own process builds an index, as it does when staff publish pages."""

import asyncio
import sys
import time
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tqdm import tqdm

from benchmarks.performance.bench import Bench, Result, Table
from benchmarks.performance.environments import FOOTNOTE
from benchmarks.performance.over_http import Connection, Load
from benchmarks.performance.processes import Server, free_port
from benchmarks.performance.serve_and_build import BUILT

__all__ = ["measure"]

_PAUSE: Final = 0.1  # seconds between two questions of the visitor
_LIMIT: Final = 900  # seconds that a build may take


def measure(bench: Bench) -> Result:
    """Ask in quiet, during a build, and in quiet again."""
    system = next(system for system in bench.systems if system.name == FOOTNOTE)
    served = bench.corpus(bench.sizes[min(1, len(bench.sizes) - 1)])
    built = bench.corpus(bench.sizes[0] if bench.data is None else 150 if bench.quick else 480)
    questions = [question for question, _ in served.questions]
    index, port = bench.index(system, served), free_port()
    log = bench.folder / "logs" / "serve-and-build.log"
    command = [sys.executable, "-m", "benchmarks.performance.serve_and_build"]
    quiet, busy = Load(), Load()
    with (
        TemporaryDirectory(dir=bench.folder) as folder,
        Server.started(command, bench.settings(served, index, port), port, log) as server,
    ):
        count = 60 if bench.quick else 150
        asyncio.run(_visit(server.port, questions[:5], Load()))
        asyncio.run(_visit(server.port, questions[:count], quiet))
        _start_build(server, built.pages, Path(folder) / "index")
        seconds = asyncio.run(_visit_until_built(server.port, questions, busy, log))
        asyncio.run(_visit(server.port, questions[:count], quiet))
    ratio = busy.percentile(95) / quiet.percentile(95)
    rows = [
        (
            title,
            f"{load.percentile(50):.0f}",
            f"{load.percentile(95):.0f}",
            f"{1e3 * max(load.seconds):.0f}",
            str(len(load.seconds)),
        )
        for title, load in (("in quiet, before and after", quiet), ("while an index is built", busy))
    ]
    return Result(
        [
            Table(
                "A question over HTTP beside a build in the same process",
                ("", "p50, ms", "p95, ms", "slowest, ms", "questions"),
                tuple(rows),
                f"One visitor, {served.label}; {built.label} were built in {seconds:.0f} s. The ratio of the 95th "
                f"percentiles is {ratio:.1f}.",
            )
        ],
        {"beside_build": ratio},
        {"quiet": quiet.percentile(95), "building": busy.percentile(95)},
    )


async def _visit(port: int, questions: list[str], load: Load) -> None:
    connection = Connection(port, "127.0.2.1")
    for question in questions:
        await _ask(connection, question, load)
    connection.close()


async def _visit_until_built(port: int, questions: list[str], load: Load, log: Path) -> float:
    """Ask until the build ends, and return the seconds that it took."""
    connection, deadline = Connection(port, "127.0.2.1"), time.monotonic() + _LIMIT
    for question in tqdm(cycle(questions), desc="Asking beside a build", leave=False):
        await _ask(connection, question, load)
        if seconds := _seconds_built(log):
            connection.close()
            return seconds
        if time.monotonic() > deadline:
            break
    raise SystemExit(f"The build beside visitors did not end within {_LIMIT} seconds: see {log}.")


def _seconds_built(log: Path) -> float:
    """Return the seconds that the build took, or 0 while it goes on."""
    done = [line for line in log.read_text("utf-8", "replace").splitlines() if line.startswith(BUILT)]
    return float(done[-1].removeprefix(BUILT)) if done else 0.0


async def _ask(connection: Connection, question: str, load: Load) -> None:
    start = time.perf_counter()
    status = await connection.ask(question)
    if status == 200:
        load.seconds.append(time.perf_counter() - start)
    else:
        load.refused[status] += 1
    await asyncio.sleep(_PAUSE)


def _start_build(server: Server, pages: Path, index: Path) -> None:
    if server.process.stdin is None:
        raise SystemExit("The server was started without standard input.")
    server.process.stdin.write(f"{pages}\t{index}\n".encode())
    server.process.stdin.flush()
