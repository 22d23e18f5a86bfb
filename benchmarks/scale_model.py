"""Prints what a number of passages needs in memory, on disk and in money, from measured inputs and a price list.

    python -m benchmarks.scale_model
    python -m benchmarks.scale_model --questions 50 --prices prices.json

A price list is a JSON object with the fields of `Prices`. `docs/scale.md` says where each input was measured, and which
ones are taken from Milvus's documentation instead.
"""

import argparse
import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

__all__: list[str] = []

_SIZES: Final = (10**4, 10**5, 10**6, 10**7, 10**8, 10**9)
_ONE_MACHINE: Final = 10**6  # passages that were measured on one
_HOURS: Final = 730  # of a month
_GB: Final = 1e9


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars; an example of what large providers ask for on demand, no offer. Put yours into a file."""

    cpu_hour: float = 0.04
    memory_gb_hour: float = 0.005
    local_disk_gb_month: float = 0.10
    object_storage_gb_month: float = 0.023
    gpu_hour: float = 3.0


@dataclass(frozen=True, slots=True)
class Measured:
    """Inputs that `benchmarks.million` measured with 10**6 passages of 40 tokens, three vectors each."""

    rows: float = 3.0  # vectors of a passage
    token_bytes: float = 4_065.0  # token vectors, scales and numbers of a passage
    text_bytes: float = 608.0  # of its text and its share of the page's
    faiss_bytes: float = 1_205.0
    words_bytes: float = 211.0
    vectors_beside_bytes: float = 2_304.0  # half precision, beside a Milvus server
    own_bytes: float = 106.0  # memory of a server that is no page of a file
    search_ms: float = 30.7  # p50 on one core
    encoded_a_cpu_second: float = 140.0  # passages, one core
    encoded_a_gpu_second: float = 4_200.0  # passages, one H100 with 14 cores


@dataclass(frozen=True, slots=True)
class Assumed:
    """Inputs for Milvus Distributed that nobody has measured here, from its sizing documentation and rounded up."""

    row_bytes: float = 384 * 1.25 + 64  # a vector in 8 bits (IVF_SQ8) with its lists, and its scalar fields
    term_bytes: float = 26 * 8 * 1.5  # the sparse vector of a passage, with postings
    node_gb: float = 64.0
    node_cpus: int = 16
    usable: float = 0.7  # of a node's memory
    questions_of_node: float = 20.0  # a second
    replicas: int = 2
    coordinators_cpus: int = 24  # proxies, coordinators, etcd, the message queue, index nodes
    coordinators_gb: float = 96.0
    footnote_cpus: int = 4  # of each Footnote server
    footnote_questions: float = 10.0  # a second of each


def main() -> None:
    """Print a table, a row for each size."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--questions", type=float, default=10.0, help="a second, at the busiest time")
    parser.add_argument("--prices", type=Path, help="a JSON file with other prices")
    options = parser.parse_args()
    prices = Prices(**json.loads(options.prices.read_bytes())) if options.prices else Prices()
    print("Prices: " + ", ".join(f"{field.name} {getattr(prices, field.name)}" for field in fields(prices)) + ".\n")
    print("| passages | store | machines | memory, GB | disk of a server, GB | embedding, hours | first | a month |")
    print("|---|---|---|---|---|---|---|---|")
    for passages in _SIZES:
        print(_row(passages, options.questions, prices, Measured(), Assumed()))


def _row(passages: int, questions: float, prices: Prices, measured: Measured, assumed: Assumed) -> str:
    on_gpu = passages > _ONE_MACHINE
    rate = measured.encoded_a_gpu_second if on_gpu else measured.encoded_a_cpu_second
    hours = passages / rate / 3600
    once = hours * (prices.gpu_hour + 14 * prices.cpu_hour if on_gpu else prices.cpu_hour)
    servers = max(1, math.ceil(questions / assumed.footnote_questions))
    files = measured.token_bytes + measured.text_bytes + measured.words_bytes
    if passages <= _ONE_MACHINE:
        disk = 2 * passages * (files + measured.faiss_bytes) / _GB  # the build before is kept
        memory = max(2.0, 0.9 + passages * (measured.own_bytes + files + measured.faiss_bytes) / _GB)
        cost = servers * (_machine(assumed.footnote_cpus, memory, prices) + disk * prices.local_disk_gb_month)
        kept, machines, total = "files", servers, servers * memory
    else:
        disk = 2 * passages * (files + measured.vectors_beside_bytes) / _GB
        memory = max(4.0, 1 + passages * measured.own_bytes / _GB + 0.02 * disk)
        engine = passages * (measured.rows * assumed.row_bytes + assumed.term_bytes) / _GB
        nodes = max(
            2, assumed.replicas * math.ceil(engine / (assumed.node_gb * assumed.usable)),
            math.ceil(questions / assumed.questions_of_node),
        )  # fmt: skip
        stored = 2 * passages * (measured.rows * 1_536 + assumed.term_bytes) / _GB
        cost = (
            servers * (_machine(assumed.footnote_cpus, memory, prices) + disk * prices.local_disk_gb_month)
            + nodes * _machine(assumed.node_cpus, assumed.node_gb, prices)
            + _machine(assumed.coordinators_cpus, assumed.coordinators_gb, prices)
            + stored * prices.object_storage_gb_month
        )
        kept, machines = "Milvus", servers + nodes + 3
        total = servers * memory + nodes * assumed.node_gb + assumed.coordinators_gb
    place = "GPU" if on_gpu else "one core"
    return (
        f"| {passages:,} | {kept} | {machines:,} | {total:,.0f} | {disk:,.1f} | {hours:,.1f} ({place}) | "
        f"{once:,.0f} $ | {cost:,.0f} $ |"
    )


def _machine(cpus: int, memory: float, prices: Prices) -> float:
    """Return the cost of a machine for a month."""
    return _HOURS * (cpus * prices.cpu_hour + memory * prices.memory_gb_hour)


if __name__ == "__main__":
    main()
