"""Kills builds on a Milvus server at random moments, and looks whether anything is lost, doubled or not answered.

    python -m benchmarks.ingestion_kills --kills 50

Each build is of other pages than the one before. It is killed (SIGKILL) and started again until it gets through. After
each kill, the build that is live must answer as before. After each build that gets through, the server must hold each
row once, and the build must find the same as one of files alone. Vectors are made up, so that the time goes to what
sends them. `docs/scale.md` holds the figures.
"""

import argparse
import json
import random
import sys
import time
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from pymilvus import MilvusClient

from benchmarks.milvus_server import MilvusServer
from benchmarks.performance.synthetic import SyntheticEncoder
from chatbot.indexing import Index, Query, build_index, load_store, open_build, open_index
from chatbot.indexing.builds import current
from chatbot.indexing.store import FaissStore

__all__: list[str] = []

_SECTIONS: Final = 70  # of a page
_QUESTIONS: Final = 5
_NAME: Final = "kills"


def main() -> int:
    """Kill, count what is wrong, print it, and return 1 if anything is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--pages", type=int, default=30, help=f"of {_SECTIONS} passages each")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        server = MilvusServer(Path(folder) / "data")
        server.start()
        try:
            return _Trial(Path(folder), server, options.pages).run(options.kills)
        finally:
            server.kill()


def _build(corpus: Path, index: Path, store: str) -> None:
    build_index(corpus, index, SyntheticEncoder(), load_store(store))


class _Trial:
    """A corpus that changes, its index, and what went wrong."""

    def __init__(self, folder: Path, server: MilvusServer, pages: int) -> None:
        self._folder, self._corpus, self._index = folder, folder / "corpus", folder / "index"
        self._address = server.address(_NAME)
        self._client = MilvusClient(f"http://127.0.0.1:{server.port}", grpc_options={"grpc.keepalive_time_ms": 300_000})
        self._chance = random.Random(1)
        self._builds, self._pages = 0, pages
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload([__name__, "chatbot.indexing.milvus"])

    def run(self, kills: int) -> int:
        """Kill builds so often, and say what was found."""
        self._change()
        started = time.perf_counter()
        self._start().join()
        takes = time.perf_counter() - started
        done = lost = doubled = silent = differing = 0
        rows = self._rows()
        lost, doubled = lost + rows[0], doubled + rows[1]
        while done < kills:
            self._change()
            before = self._answers(load_store(self._address))
            live = current(self._index)
            while True:
                process = self._start()
                if done < kills:
                    time.sleep(self._chance.uniform(0, takes))
                    if process.is_alive():
                        process.kill()
                        done += 1
                process.join()
                if current(self._index) != live:  # it was published, even if the process was killed a moment later
                    break
                silent += self._answers(load_store(self._address)) != before
            missing, twice = self._rows()
            lost, doubled = lost + missing, doubled + twice
            differing += self._differs()
            print(
                f"{done} kills, {self._builds} builds: {lost} lost, {doubled} doubled, {silent} not answered",
                flush=True,
            )
        print(
            f"{done} kills of {self._builds} builds of {self._pages * _SECTIONS:,} passages, each of {takes:.0f} s: "
            f"{lost} rows lost, {doubled} doubled, {silent} times the build before did not answer, "
            f"{differing} builds differ from files."
        )
        return 1 if lost or doubled or silent or differing else 0

    def _change(self) -> None:
        """Write other pages: all their words follow from the number of the build."""
        self._builds += 1
        self._corpus.mkdir(exist_ok=True)
        for page in range(self._pages):
            chance = random.Random(self._builds * self._pages + page)
            sections = (
                f"## Section {number}\n\n{' '.join(f'word{chance.randrange(3_000)}' for _ in range(8))}.\n"
                for number in range(_SECTIONS)
            )
            (self._corpus / f"{page}.md").write_text(f"# Page {page}\n\n" + "\n".join(sections), "utf-8")

    def _start(self) -> BaseProcess:
        """Start a build in a process that has loaded what it needs, but holds no connection yet."""
        process = self._context.Process(target=_build, args=(self._corpus, self._index, self._address))
        process.start()
        return process

    def _rows(self) -> tuple[int, int]:
        """Return how many rows of the live build the server lacks, and how many it holds twice."""
        build = open_build(self._index, current(self._index))
        collection = json.loads((build.folder / "milvus.json").read_bytes())["collection"]
        found: list[int] = []
        pages = self._client.query_iterator(collection, batch_size=2_000, output_fields=["id"])
        while batch := pages.next():
            found += [row["id"] for row in batch]
        pages.close()
        wanted = len(load_store(self._address).open(build.folder))
        return len(set(range(wanted)) - set(found)), len(found) - len(set(found))

    def _answers(self, store: object) -> list[str]:
        """Return what the live build finds for some of its own words."""
        build = open_build(self._index, current(self._index))
        return _found(Index(build.folder, store))  # type: ignore[arg-type]  # a kind of store

    def _differs(self) -> bool:
        build_index(self._corpus, self._folder / "files", SyntheticEncoder())
        files = open_index(self._corpus, self._folder / "files", SyntheticEncoder(), FaissStore)[1]
        return _found(files) != self._answers(load_store(self._address))


def _found(index: Index) -> list[str]:
    """Return the passage with the highest scores for each of some questions made of words of the pages."""
    chance, encoder = random.Random(3), SyntheticEncoder()
    found = []
    for _ in range(_QUESTIONS):
        text = chance.choice(index.passages).text.lower().replace(".", "")
        evidence = index.evidence(Query.of(text, encoder.encode_questions([text])[0]))
        found.append(evidence.passages[int(np.argmax(evidence.maxsim + evidence.bm25))].text)
    return found


if __name__ == "__main__":
    sys.exit(main())
