"""Building an index: passages a processor second, peak memory, bytes on disk, and ten pages that changed."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

from tqdm import tqdm

from benchmarks.performance.bench import OWN, Bench, Corpus, Result, Table, disk_bytes, listed
from benchmarks.performance.environments import FOOTNOTE, System
from benchmarks.performance.processes import Failed, Reply, run

__all__ = ["measure"]

_CHANGED: Final = 10  # pages
_LARGE: Final = 2400  # pages of the corpus that the bars are about


def measure(bench: Bench) -> Result:
    """Build with every system in turn, then measure what only Footnote can do."""
    result = Result()
    corpus = bench.corpus(bench.sizes[0] if bench.data is None else 150 if bench.quick else 480)
    built: dict[str, list[tuple[Reply, int]]] = {}
    for _ in range(1 if bench.quick else 2):
        for system in tqdm(bench.shuffled(), desc=f"Building {corpus.label}", leave=False):
            try:
                built.setdefault(system.name, []).append(_build(bench, system, corpus))
            except Failed as error:
                bench.leave_out(system, "the build", error)
    built = {name: runs for name, runs in built.items() if runs}
    speed = {name: corpus.passages / median(reply.cpu for reply, _ in runs) for name, runs in built.items()}
    best = max((value for name, value in speed.items() if name != FOOTNOTE), default=0.0)
    if best and FOOTNOTE in speed:
        result.figures["build"] = speed[FOOTNOTE] / best
    result.series["speed"] = speed
    result.tables.append(_table(bench, corpus, built, speed, best))
    result.tables.append(_footnote(bench, result))
    return result


def _build(bench: Bench, system: System, corpus: Corpus) -> tuple[Reply, int]:
    """Build in a new folder; return the reply and the bytes of the index."""
    worker = bench.worker(system)
    try:
        worker.request("load")
        with TemporaryDirectory(dir=bench.folder) as folder:
            index = Path(folder) / "index"
            reply = bench.build(worker, corpus, index)
            return reply, disk_bytes(index)
    finally:
        worker.close()


def _table(
    bench: Bench, corpus: Corpus, built: Mapping[str, list[tuple[Reply, int]]], speed: Mapping[str, float], best: float
) -> Table:
    rows = [
        (
            system.title,
            f"{speed[system.name] / best:.2f}" if best else "",
            f"{speed[system.name]:.1f}",
            f"{max(reply.peak for reply, _ in built[system.name]):.0f}",
            f"{built[system.name][0][1] / corpus.passages / 1e3:.1f}",
        )
        for system in listed(bench.systems, dict(built))
    ]
    return Table(
        f"A build of {corpus.label}",
        ("system", "ratio of speed", "passages a cpu-second", "peak memory, MB", "KB a passage on disk"),
        tuple(rows),
        "Each build in a new process, with the model loaded before. The ratio is to the fastest peer, so that more is "
        "better. Footnote's build includes the token vectors and the words.",
    )


def _footnote(bench: Bench, result: Result) -> Table:
    """Measure a large build from the command line, and a second one after ten pages changed."""
    number = bench.sizes[-1]
    corpus = bench.corpus(number)
    rows = []
    with TemporaryDirectory(dir=bench.folder) as folder:
        pages, index = Path(folder) / "pages", Path(folder) / "index"
        shutil.copytree(corpus.pages, pages)
        for figure, change in (("whole", 0), ("changed", _CHANGED), ("same", 0)):
            changed = _change(pages, change)
            settings = bench.settings(Corpus(Path(folder), pages, number, corpus.passages, ()), index)
            used = run([sys.executable, "-m", "chatbot", "build"], settings)
            title = f"{changed} pages changed" if changed else "whole" if figure == "whole" else "nothing changed"
            rows.append((title, f"{used.cpu:.1f}", f"{used.peak:.0f}"))
            if number == _LARGE:
                result.figures |= {f"build_{figure}_cpu": used.cpu, f"build_{figure}_peak": used.peak}
        name = (index / "CURRENT").read_text("ascii").strip()
        kilobytes = disk_bytes(index / name) / corpus.passages / 1e3
    if number != OWN:
        result.figures["disk"] = kilobytes
    return Table(
        f"`python -m chatbot build` of {len(list(corpus.pages.iterdir())):,} pages, {corpus.label}",
        ("build", "cpu-seconds", "peak memory, MB"),
        tuple(rows),
        f"The whole command, with its start. The index takes {kilobytes:.1f} KB a passage on the disk.",
    )


def _change(pages: Path, number: int) -> int:
    """Add a sentence to some pages, spread over all, and return to how many."""
    paths = sorted(pages.iterdir())
    chosen = paths[:: max(1, len(paths) // max(number, 1))][:number]
    for path in chosen:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\n\nThis page was looked at again: {json.dumps(path.name)}.\n")
    return len(chosen)
