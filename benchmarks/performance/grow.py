"""Builds one synthetic corpus, or opens it and searches it; each in a process of its own, started by growth.py.

python -m benchmarks.performance.grow build FOLDER PASSAGES
python -m benchmarks.performance.grow search FOLDER PASSAGES
"""

import argparse
import json
import random
import time
from pathlib import Path
from statistics import median

from benchmarks.peers.protocol import peak
from benchmarks.performance.synthetic import SyntheticEncoder, write_pages
from chatbot.indexing import Query, build_index, open_index

_QUESTIONS = 50


def main() -> None:
    """Do one of both and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("step", choices=("build", "search"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("passages", type=int)
    options = parser.parse_args()
    corpus, index = options.folder / "pages", options.folder / "index"
    if options.step == "build":
        write_pages(corpus, options.passages)
        start = time.process_time()
        built = build_index(corpus, index, SyntheticEncoder())
        figures = {"passages": built.passages, "cpu": time.process_time() - start}
    else:
        figures = _search(corpus, index)
    print(json.dumps(figures | {"peak": peak()}))


def _search(corpus: Path, folder: Path) -> dict[str, float]:
    """Ask questions made of words of the passages, each without the time that a model would take for it."""
    encoder = SyntheticEncoder()
    start = time.process_time()
    _, index = open_index(corpus, folder, encoder)
    opened = time.process_time() - start
    chance = random.Random(1)
    times = []
    for _ in range(_QUESTIONS):
        words = chance.choice(index.passages).text.lower().replace(".", "").split()
        text = " ".join(chance.sample(words, min(9, len(words))))
        query = Query.of(text, encoder.encode_questions([text])[0])
        start = time.process_time()
        index.evidence(query)
        times.append(time.process_time() - start)
    return {"open": opened, "search": 1e3 * median(times[5:])}


if __name__ == "__main__":
    main()
