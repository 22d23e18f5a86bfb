"""Fetches the token vectors of a question's candidates from mapped files and from a Milvus server, and compares.

    python -m benchmarks.token_fetch FOLDER

FOLDER is where `benchmarks.million make` wrote its parts. `docs/scale.md` holds the figures.
"""

import argparse
import base64
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from pymilvus import DataType, MilvusClient

from benchmarks.milvus_server import MilvusServer
from chatbot.indexing.late_interaction import Tokens

__all__: list[str] = []

_PASSAGES: Final = 2_000
_CANDIDATES: Final = 72  # of a question
_QUESTIONS: Final = 50
_BATCH: Final = 500


def main() -> None:
    """Write the same token vectors to a server, fetch some from both, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    tokens = Tokens.open(parser.parse_args().folder / "parts" / "0000")
    with TemporaryDirectory() as data:
        server = MilvusServer(Path(data))
        server.start()
        try:
            client = MilvusClient(f"http://127.0.0.1:{server.port}")
            _fill(client, tokens)
            mapped, fetched = _milliseconds(tokens, client)
        finally:
            server.kill()
    size = np.mean([tokens.passages(number, number + 1).codes.nbytes for number in range(_PASSAGES)])
    print(
        f"{_CANDIDATES} passages of {size:.0f} bytes: mapped files {mapped:.2f} ms, server {fetched:.1f} ms (medians)."
    )


def _fill(client: MilvusClient, tokens: Tokens) -> None:
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("codes", DataType.VARCHAR, max_length=65_535)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=2)  # a collection must have one
    indexes = MilvusClient.prepare_index_params()
    indexes.add_index("vector", index_type="FLAT", metric_type="IP")
    client.create_collection("tokens", schema=schema, index_params=indexes)
    for start in range(0, _PASSAGES, _BATCH):
        rows = [
            {"id": number, "vector": [1.0, 0.0], "codes": _text(tokens, number)}
            for number in range(start, start + _BATCH)
        ]
        client.insert("tokens", rows)
    client.flush("tokens")
    client.load_collection("tokens")


def _text(tokens: Tokens, number: int) -> str:
    return base64.b64encode(tokens.passages(number, number + 1).codes.tobytes()).decode()


def _milliseconds(tokens: Tokens, client: MilvusClient) -> tuple[float, float]:
    chance = random.Random(1)
    wanted = [chance.sample(range(_PASSAGES), _CANDIDATES) for _ in range(_QUESTIONS)]

    def from_files(numbers: Sequence[int]) -> int:
        return sum(np.array(tokens.passages(number, number + 1).codes).nbytes for number in numbers)

    def from_server(numbers: Sequence[int]) -> int:
        rows = client.get("tokens", ids=list(numbers), output_fields=["codes"])
        return sum(np.frombuffer(base64.b64decode(row["codes"]), dtype=np.uint8).nbytes for row in rows)

    if any(from_files(numbers) != from_server(numbers) for numbers in wanted[:5]):
        raise SystemExit("The server holds other token vectors.")
    return _median(from_files, wanted), _median(from_server, wanted)


def _median(fetch: Callable[[Sequence[int]], int], wanted: Sequence[Sequence[int]]) -> float:
    times = []
    for numbers in wanted:
        started = time.perf_counter()
        fetch(numbers)
        times.append(1e3 * (time.perf_counter() - started))
    return median(times)


if __name__ == "__main__":
    main()
