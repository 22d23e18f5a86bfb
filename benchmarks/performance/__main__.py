"""Measures Footnote beside its peers in one interleaved run, and writes docs/performance.md.

    python -m benchmarks.performance --data FOLDER                      # everything; about two hours on two cores
    python -m benchmarks.performance --data FOLDER --quick              # smaller corpora and fewer questions
    python -m benchmarks.performance --only question http --peers plain # some sections, some peers

The peers are installed into environments of their own at the first run. They get the same weights, passages and
questions as Footnote, and one thread each. docs/performance.md says what each section measures.
"""

import argparse
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tqdm import tqdm

from benchmarks.performance import beside_build, browser, builds, cold_start, growth, over_http, profiling, question
from benchmarks.performance.bench import Bench, Result
from benchmarks.performance.environments import PEERS, ROOT, systems
from benchmarks.performance.report import bars_table, markdown, read, section, write

__all__: list[str] = []

_SECTIONS: Final[dict[str, Callable[[Bench], Result]]] = {
    "question": question.measure,
    "build": builds.measure,
    "cold-start": cold_start.measure,
    "http": over_http.measure,
    "beside-build": beside_build.measure,
    "browser": browser.measure,
    "growth": growth.measure,
    "profile": profiling.measure,
}


def main() -> None:
    """Measure section by section; each is written as soon as it is done."""
    options = _parser().parse_args()
    os.nice(options.nice)
    cache = options.cache.resolve()  # the processes run in the project's folder
    ready, left_out = systems(options.peers, cache / "peers")
    folder = cache / "performance"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder / "server", ignore_errors=True)  # the journal of the run before
    for title, reason in left_out.items():
        tqdm.write(f"{title} is left out: {reason}")
    sections = read(options.output)
    for name in tqdm(options.only, desc="Sections", leave=False):
        bench = Bench(ready, folder, options.data, options.quick, left_out=dict(left_out))
        result = _SECTIONS[name](bench)
        sections[name] = section(result, bench.left_out, quick=options.quick)
        write(options.output, sections, tuple(_SECTIONS))
        for table in sections[name]["tables"]:
            tqdm.write(f"\n{markdown(table)}\n")
    print(bars_table(sections))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, help="folder of the public collections; without it, the own corpus alone")
    parser.add_argument("--only", nargs="+", choices=_SECTIONS, default=list(_SECTIONS), metavar="SECTION")
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, default=list(PEERS), metavar="PEER", help="the peers; none, if none follow"
    )
    parser.add_argument("--quick", action="store_true", help="smaller corpora, fewer questions and rounds")
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench", help="folder for environments and indexes")
    parser.add_argument("--output", type=Path, default=ROOT / "docs", help="folder of performance.md, .json and plots")
    parser.add_argument("--nice", type=int, default=0, help="how much to yield to other work, 0 to 19")
    return parser


if __name__ == "__main__":
    main()
