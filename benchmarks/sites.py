"""Serves a hundred sites from one process, and attacks one of them while another is asked.

    python -m benchmarks.sites                   # 100 sites of 60 passages; some minutes on two cores
    python -m benchmarks.sites --sites 10 --questions 100

Each site has pages of its own, so that a citation shows whose it is. The server runs in a process of its own, on this
machine's loopback, where each visitor and attacker has an address. Prints how much memory the sites take, how long
opening one takes, how many answers are another site's, and how long a visitor of one site waits while twenty attackers
ask another one. `docs/many-sites.md` holds the figures.
"""

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import numpy as np

from benchmarks.performance.processes import Server, environ, free_port
from benchmarks.size import question, write_site
from chatbot.indexing import build_index, load_encoder
from chatbot.sites import Site, Sites

__all__: list[str] = []

_PAGES: Final = 30  # of a site, two passages each
_MEGABYTES: Final = 2048  # all sites may take so much
_READY: Final = 15.0  # seconds
_SLOWER: Final = 1.0  # seconds that a question to a closed site may take longer
_ATTACKERS: Final = 20
_OPEN: Final = 4  # open requests of one attacker
_BACKOFF: Final = 0.1  # seconds that an attacker waits after a refusal
_PAUSE: Final = 0.5  # seconds between two questions of the visitor
_RATIO: Final = 1.5  # of the visitor's 95th percentile under attack to that in quiet
_CLINIC: Final = 'name = "Clinic {0}"\n[contact]\nphone = "0123 {0}"\n[sites]\nrequests_per_minute = {1}\n'
_PER_MINUTE: Final = 60  # questions of one address; more than the usual limit, so that the attack lasts
_ADDRESSES: Final = count(2)


def main() -> int:
    """Measure, print a table, and return 1 if a bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sites", type=int, default=100, help="sites of the server")
    parser.add_argument("--questions", type=int, default=1000, help="questions spread over the sites")
    parser.add_argument("--visits", type=int, default=40, help="questions of the visitor in quiet and under attack")
    parser.add_argument("--folder", type=Path, help="where to keep the sites; a temporary folder if left out")
    options = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        sites = _make(folder / "sites", options.sites)
        port = free_port()
        env = environ(SITES=folder / "sites", PORT=port)
        started = time.perf_counter()
        with Server.started([sys.executable, "-m", "chatbot", "serve"], env, port, folder / "server.log") as server:
            ready = time.perf_counter() - started
            rows = asyncio.run(_measure(server, sites, options.questions, options.visits))
    rows.insert(0, (f"start until ready, {len(sites)} sites", f"{ready:.1f} s", f"{_READY:.0f} s", ready <= _READY))
    print("| | figure | bound |\n|---|---|---|")
    for title, figure, bound, _ in rows:
        print(f"| {title} | {figure} | {bound} |")
    return 0 if all(held for *_, held in rows) else 1


def _make(folder: Path, number: int) -> Sequence[Site]:
    """Write the sites and build their indexes, unless an earlier run has left them."""
    sites = Sites(folder)
    encoder = load_encoder()
    for place in range(number):
        name = f"clinic-{place:03}"
        if not (folder / name).exists():
            sites.add(name)
            write_site(folder / name / "corpus", _PAGES, first=place * _PAGES)
            (folder / name / "clinic.toml").write_text(_CLINIC.format(place, _PER_MINUTE), "utf-8")
        build_index(folder / name / "corpus", folder / name / "index", encoder)
    return sites.find().sites[:number]


_Row = tuple[str, str, str, bool]


@dataclass(frozen=True, slots=True)
class _Visit:
    """What a question took, in seconds, and whether it failed or was answered with a page of another site."""

    seconds: float
    failed: bool
    foreign: bool


async def _measure(server: Server, sites: Sequence[Site], questions: int, visits: int) -> list[_Row]:
    numbers = range(len(sites))
    closed = [await _ask(server, sites, number) for number in numbers]
    opened = [await _ask(server, sites, number) for number in numbers]
    slower = max(first.seconds - second.seconds for first, second in zip(closed, opened, strict=True))
    many = [await _ask(server, sites, number % len(sites), number // len(sites)) for number in range(questions)]
    memory = server.used.peak
    quiet = await _visit(server, sites, visits)
    async with _attacked(server, sites):
        attacked = await _visit(server, sites, visits)
    all_visits = [*closed, *opened, *many, *quiet, *attacked]
    p95, p95_attacked = (1e3 * float(np.percentile([one.seconds for one in some], 95)) for some in (quiet, attacked))
    errors, foreign = sum(one.failed for one in all_visits), sum(one.foreign for one in all_visits)
    return [
        (f"memory, all {len(sites)} open", f"{memory:.0f} MB", f"{_MEGABYTES} MB", memory <= _MEGABYTES),
        ("a question to a closed site, slower by at most", f"{slower:.2f} s", f"{_SLOWER} s", slower <= _SLOWER),
        (f"{len(all_visits)} questions: errors", str(errors), "0", errors == 0),
        (f"{len(all_visits)} questions: answers of another site", str(foreign), "0", foreign == 0),
        ("p95 of a visitor in quiet", f"{p95:.0f} ms", "", True),
        (
            f"the same with {_ATTACKERS} attackers on another site",
            f"{p95_attacked:.0f} ms, {p95_attacked / p95:.2f} times",
            f"{_RATIO} times",
            p95_attacked <= _RATIO * p95,
        ),
    ]


async def _ask(server: Server, sites: Sequence[Site], number: int, page: int = 0) -> _Visit:
    """Ask a site, by its number, what one of its pages says; each question comes from an address of its own."""
    host = next(_ADDRESSES)
    address = f"127.0.{1 + host // 250}.{1 + host % 250}"
    first = number * _PAGES
    async with _client(server, address) as client:
        started = time.perf_counter()
        response = await client.post(
            f"/s/{sites[number].key}/api/ask", json={"question": question(first + page % _PAGES)}
        )
        seconds = time.perf_counter() - started
    if response.status_code != httpx.codes.OK:
        return _Visit(seconds, failed=True, foreign=False)
    documents = [citation["document"] for citation in response.json()["citations"]]
    own = all(int(Path(document).stem[-4:]) // _PAGES == number for document in documents)
    return _Visit(seconds, failed=not documents, foreign=not own)


async def _visit(server: Server, sites: Sequence[Site], visits: int) -> list[_Visit]:
    """Ask the second site from time to time."""
    answers = []
    for page in range(visits):
        await asyncio.sleep(_PAUSE)
        answers.append(await _ask(server, sites, 1, page))
    return answers


@asynccontextmanager
async def _attacked(server: Server, sites: Sequence[Site]) -> AsyncIterator[None]:
    """Let attackers ask the first site without a pause."""

    async def attack(address: str) -> None:
        async with _client(server, address) as client:
            for page in count():
                reply = await client.post(
                    f"/s/{sites[0].key}/api/ask", json={"question": question(page % _PAGES) + " please" * 20}
                )
                await asyncio.sleep(0 if reply.status_code == httpx.codes.OK else _BACKOFF)

    attackers = [
        asyncio.create_task(attack(f"127.0.0.{2 + number}")) for number in range(_ATTACKERS) for _ in range(_OPEN)
    ]
    await asyncio.sleep(_PAUSE)
    yield
    for attacker in attackers:
        attacker.cancel()
    await asyncio.gather(*attackers, return_exceptions=True)


def _client(server: Server, address: str) -> httpx.AsyncClient:
    transport = httpx.AsyncHTTPTransport(local_address=address)
    return httpx.AsyncClient(base_url=server.address, transport=transport, timeout=60)


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    sys.exit(main())
