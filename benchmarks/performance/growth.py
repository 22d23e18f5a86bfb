"""Growth: search time, memory and disk from 20 to a million passages, with synthetic vectors."""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tqdm import tqdm

from benchmarks.performance.bench import Bench, Result, Table, disk_bytes
from benchmarks.performance.environments import ROOT
from benchmarks.performance.processes import Failed, environ, usage_of

__all__ = ["measure"]

_QUICK: Final = (20, 1_000, 10_000)
_FULL: Final = (20, 1_000, 10_000, 100_000, 1_000_000)
_MEMORY: Final = 24_000  # megabytes, above which a build is stopped
_LIMIT: Final = 5_400  # seconds of the largest build


def measure(bench: Bench) -> Result:
    """Build and search corpora of growing size, until one does not fit."""
    result = Result()
    rows = []
    found: dict[int, dict[str, float]] = {}
    for passages in tqdm(_QUICK if bench.quick else _FULL, desc="Growing", leave=False):
        try:
            found[passages] = _grow(bench.folder, passages)
        except Failed as error:
            bench.left_out[f"{passages:,} synthetic passages"] = str(error)
            tqdm.write(f"{passages:,} synthetic passages: {error}")
            break
        each = found[passages]
        values = (f"{each[name]:.{digits}f}" for name, digits in _COLUMNS.values())
        rows.append((f"{passages:,}", *values))
    result.series = {
        name: {str(passages): each[name] for passages, each in found.items()} for name in ("search", "memory", "disk")
    }
    if 10_000 in found and 1_000_000 in found:
        result.figures["growth"] = found[1_000_000]["search"] / found[10_000]["search"]
        result.figures["memory_million"] = max(found[1_000_000]["memory"], found[1_000_000]["build_memory"]) / 1e3
    result.tables.append(
        Table(
            "Growth, with synthetic vectors",
            ("passages", *_COLUMNS),
            tuple(rows),
            "Pages of random words and vectors without a model, because encoding would take days; everything else is "
            "the product's own code. A search is all that follows the encoding of a question up to the ranking: vector "
            "search, BM25 and MaxSim, the median of 45 in processor time. Times of the build are without encoding.",
        )
    )
    return result


_COLUMNS: Final = {
    "search, ms": ("search", 2),
    "memory to search, MB": ("memory", 0),
    "open, cpu-s": ("open", 2),
    "build, cpu-s": ("build", 1),
    "memory to build, MB": ("build_memory", 0),
    "KB a passage on disk": ("disk", 1),
}


def _grow(folder: Path, passages: int) -> dict[str, float]:
    with TemporaryDirectory(dir=folder) as place:
        built = _step("build", Path(place), passages)
        searched = _step("search", Path(place), passages)
        index = Path(place) / "index"
        kilobytes = disk_bytes(index / (index / "CURRENT").read_text("ascii").strip()) / built["passages"] / 1e3
    return {
        "search": searched["search"],
        "memory": searched["peak"],
        "open": searched["open"],
        "build": built["cpu"],
        "build_memory": built["peak"],
        "disk": kilobytes,
    }


def _step(step: str, folder: Path, passages: int) -> dict[str, Any]:
    """Run one step in a process of its own, and stop it if it takes too much."""
    command = [sys.executable, "-m", "benchmarks.performance.grow", step, str(folder), str(passages)]
    log = folder / f"{step}.log"
    deadline = time.monotonic() + _LIMIT
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, env=environ(), text=True)
        while process.poll() is None:
            time.sleep(0.2)
            memory = usage_of(process.pid).peak
            if memory > _MEMORY or time.monotonic() > deadline:
                process.kill()
                process.communicate()
                raise Failed(
                    f"{step} stopped at {memory / 1e3:.1f} GB after {_LIMIT + time.monotonic() - deadline:.0f} s"
                )
        output, _ = process.communicate()
    if process.returncode:
        raise Failed(f"{step}: {log.read_text('utf-8', 'replace').strip()[-300:]}")
    figures: dict[str, Any] = json.loads(output)
    return figures
