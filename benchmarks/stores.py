"""Asks the same questions of files and of a Milvus server, and compares outcomes, first passages and times.

    python -m benchmarks.stores FOLDER --collections DATA --questions 1000

FOLDER is where `benchmarks.million make` wrote an index of 10,000 passages, DATA the collections that it is made of.
The server is Milvus Lite, started for this. `docs/scale.md` holds the figures.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np

from benchmarks.million import COLLECTIONS, SPANS, send
from benchmarks.milvus_server import MilvusServer
from chatbot.answering import ReplyMatcher, ServingSnapshot
from chatbot.bot import load_pipeline
from chatbot.clinic import Clinic
from chatbot.errors import StoreUnavailable
from chatbot.indexing import FaissStore, Index, StoreKind, load_encoder, load_store
from chatbot.language import Spelling
from chatbot.records import Outcome, Passage

__all__: list[str] = []

_AGREE: Final = 0.99
_PASSAGES: Final = 10_000

_RECALLED: Final = 2  # every so many questions the search of vectors alone is compared, too

_Result = tuple[Outcome, Passage | None, float]
"""The outcome, the first passage, and the milliseconds that it took."""


def main() -> int:
    """Compare, print a table, and return 1 if the stores agree too seldom."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--collections", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=1_000)
    options = parser.parse_args()
    folder = options.folder / str(_PASSAGES)
    with TemporaryDirectory() as data:
        server = MilvusServer(Path(data))
        server.start()
        try:
            kind = load_store(server.address("stores"))
            started = time.perf_counter()
            send(kind, options.folder, _PASSAGES)
            print(f"Sent in {time.perf_counter() - started:.1f} s.", flush=True)
            return _compare(folder, kind, _questions(options.collections, options.questions))
        finally:
            server.kill()


def _questions(collections: Path, number: int) -> list[str]:
    texts = [
        json.loads(line)["text"]
        for name in COLLECTIONS
        for line in (collections / name / "queries.jsonl").read_text("utf-8").splitlines()
    ]
    return random.Random(4).sample(texts, number)


def _compare(folder: Path, kind: StoreKind, questions: Sequence[str]) -> int:
    encoder = load_encoder()
    pipeline = load_pipeline(encoder)
    indexes = [Index(folder, FaissStore), Index(folder, kind)]
    spelling = Spelling(indexes[0].words, lambda word: encoder.count_tokens(word) == 1)
    replies = ReplyMatcher.of((), encoder)
    serving = [ServingSnapshot(index, spelling, Clinic(), replies) for index in indexes]
    results: list[list[_Result]] = [[], []]
    near = []
    for snapshot in serving:  # what a server loads with its first question is not counted
        with suppress(StoreUnavailable):
            pipeline.answer(questions[0], (), snapshot)
    for number, question in enumerate(questions):
        for snapshot, own in zip(serving, results, strict=True):
            started = time.perf_counter()
            answered = pipeline.answer(question, (), snapshot)
            took = 1e3 * (time.perf_counter() - started)
            own.append((answered.answer.outcome, answered.hits[0].passage if answered.hits else None, took))
        if number % _RECALLED == 0:
            near.append(_recall(indexes, encoder.encode_questions([question])[0].vector))
        if number % 100 == 99:
            print(f"{number + 1}: {_agreement(results)}", flush=True)
    outcomes, first = _agreement(results)
    print(f"{len(questions)} questions: outcome equal {outcomes:.4f}, first passage equal {first:.4f}.")
    print(f"recall@10 of the server against files: {np.mean(near):.4f}.")
    for name, own in zip(("files", "server"), results, strict=True):
        p50, p99 = np.percentile([took for *_, took in own], [50, 99])
        print(f"{name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms an answer.")
    return 0 if min(outcomes, first, float(np.mean(near))) >= _AGREE else 1


def _agreement(results: Sequence[Sequence[_Result]]) -> tuple[float, float]:
    """Return the shares of the questions with equal outcomes, and with equal first passages."""
    pairs = list(zip(*results, strict=True))
    outcomes = np.mean([one[0] == other[0] for one, other in pairs])
    return float(outcomes), float(np.mean([one[1] == other[1] for one, other in pairs]))


def _recall(indexes: Sequence[Index], vector: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> float:
    """Return the share of the ten passages nearest by files that are nearest by the server."""
    nearest = (index._store.search(vector, 10 * SPANS)[1] // SPANS for index in indexes)  # noqa: SLF001 - the store alone
    one, other = (set(list(dict.fromkeys(rows.tolist()))[:10]) for rows in nearest)
    return len(one & other) / 10


if __name__ == "__main__":
    sys.exit(main())
