"""A question in the process: processor time of each system for the same question, in turn."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Final

import numpy as np
from tqdm import tqdm

from benchmarks.performance.bench import OWN, Bench, Corpus, Result, Table, listed
from benchmarks.performance.environments import FOOTNOTE, System
from benchmarks.performance.processes import Failed, Worker

__all__ = ["against_best", "best_peer", "measure", "ratio_text"]

_WARM: Final = 5  # questions that are asked before any is timed
_NAMES: Final = {OWN: "question_20", 480: "question_1000", 2400: "question_5000"}

Milliseconds = dict[str, list[float]]
"""Processor time of each question, by system."""


def measure(bench: Bench) -> Result:
    """Ask every system the same questions, at each size of the corpus."""
    result = Result()
    columns: dict[str, dict[str, tuple[float, float]]] = {}
    hits: dict[str, dict[str, str]] = {}
    for number in bench.sizes:
        corpus = bench.corpus(number)
        questions = corpus.questions[: 60 if bench.quick else 300]
        times, right = _ask(bench, corpus, questions)
        columns[corpus.label] = {name: (median(each), float(np.percentile(each, 95))) for name, each in times.items()}
        hits[corpus.label] = {name: f"{np.mean(each):.2f}" if each else "" for name, each in right.items()}
        middle = {name: value for name, (value, _) in columns[corpus.label].items()}
        if FOOTNOTE in middle and best_peer(middle):
            result.figures[_NAMES[number]] = against_best(middle, FOOTNOTE)
        result.series[corpus.label] = middle
    result.tables.append(_table(bench.systems, columns, hits, len(questions)))
    return result


def best_peer(values: Mapping[str, float]) -> float:
    """Return the lowest value of a peer, or 0 where no peer ran."""
    return min((value for name, value in values.items() if name != FOOTNOTE), default=0.0)


def against_best(values: Mapping[str, float], name: str) -> float:
    """Return the ratio of a system's value to that of the best peer."""
    return values[name] / best_peer(values)


def ratio_text(values: Mapping[str, float], name: str) -> str:
    """Return that ratio as a table shows it; empty where there is none."""
    return f"{against_best(values, name):.2f}" if name in values and best_peer(values) else ""


def _ask(
    bench: Bench, corpus: Corpus, questions: Sequence[tuple[str, frozenset[str]]]
) -> tuple[Milliseconds, dict[str, list[bool]]]:
    times: Milliseconds = {}
    right: dict[str, list[bool]] = {}
    with bench.opened(corpus, "a question") as workers:
        for question, _ in questions[:_WARM]:
            for name in workers:
                _request(bench, workers, name, question)
        for question, gold in tqdm(questions, desc=f"Asking {corpus.label}", leave=False):
            for system in bench.shuffled():
                reply = _request(bench, workers, system.name, question)
                if reply:
                    milliseconds, ids = reply
                    times.setdefault(system.name, []).append(milliseconds)
                    right.setdefault(system.name, [])
                    if gold:
                        right[system.name].append(any(id_.rpartition(":")[0] in gold for id_ in ids))
    return times, right


def _request(bench: Bench, workers: dict[str, Worker], name: str, question: str) -> tuple[float, list[str]] | None:
    if name not in workers:
        return None
    try:
        reply = workers[name].request("ask", question=question)
    except Failed as error:
        workers.pop(name).close()
        bench.leave_out(next(system for system in bench.systems if system.name == name), "a question", error)
        return None
    return 1e3 * reply.cpu, reply.result


def _table(
    systems: Sequence[System],
    columns: Mapping[str, Mapping[str, tuple[float, float]]],
    hits: Mapping[str, Mapping[str, str]],
    questions: int,
) -> Table:
    rows = []
    present = {name: None for values in columns.values() for name in values}
    for system in listed(systems, present):
        row = [system.title]
        middles = [{name: value for name, (value, _) in values.items()} for values in columns.values()]
        row += [ratio_text(values, system.name) for values in middles]
        for label, values in columns.items():
            middle, slow = values.get(system.name, (0.0, 0.0))
            row.append(f"{middle:.1f} ({slow:.1f})" if middle else "")
            row.append(hits[label].get(system.name, ""))
        rows.append(tuple(row))
    heads = [f"ratio, {label}" for label in columns]
    heads += [head for label in columns for head in (f"ms, {label}", "hit@3")]
    shown = [place for place, head in enumerate(["", *heads]) if head != "hit@3" or any(row[place] for row in rows)]
    return Table(
        "A question in the process",
        tuple(["system", *heads][place] for place in shown),
        tuple(tuple(row[place] for place in shown) for row in rows),
        f"Processor time, median (95th percentile), {questions} questions at most. The ratio is to the best peer's "
        "median. Each question goes to every system in turn, in random order. hit@3 is the share of questions with a "
        "passage of the right page among the first three.",
    )
