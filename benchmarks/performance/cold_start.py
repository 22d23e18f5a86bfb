"""A cold start: the version, one question from the command line, and a server until it is ready."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Final

from tqdm import tqdm

from benchmarks.performance.bench import OWN, Bench, Corpus, Result, Table, listed
from benchmarks.performance.environments import FOOTNOTE, System
from benchmarks.performance.processes import Failed, Usage, environ, run
from benchmarks.performance.question import ratio_text

__all__ = ["measure"]

_LARGE: Final = 2400  # pages of the corpus that the bars are about


@dataclass(frozen=True, slots=True)
class _Task:
    """Something that starts cold, as the tables name it and as the figures do."""

    title: str
    figure: str
    work: Callable[[System], Usage]


def measure(bench: Bench) -> Result:
    """Start each system some times, in a random order."""
    result = Result()
    tasks = []
    for number in dict.fromkeys((bench.sizes[0], bench.sizes[-1])):
        corpus = bench.corpus(number)
        if number == OWN:
            tasks.append(_Task(f"ask, {corpus.label}", "ask", _asks(bench, corpus)))
        figure = "serve" if number == _LARGE else ""
        tasks.append(_Task(f"serve until ready, {corpus.label}", figure, _serves(bench, corpus)))
    used: dict[str, dict[str, list[Usage]]] = {task.title: {} for task in tasks}
    versions = []
    for _ in tqdm(range(2 if bench.quick else 3), desc="Starting cold", leave=False):
        versions.append(run([sys.executable, "-m", "chatbot", "--version"], environ()))
        for task in tasks:
            for system in bench.shuffled():
                try:
                    used[task.title].setdefault(system.name, []).append(task.work(system))
                except Failed as error:
                    bench.leave_out(system, task.title, error)
    for task in tasks:
        result.tables.append(_table(bench, task, used[task.title]))
        own = used[task.title].get(FOOTNOTE)
        if own and task.figure:
            result.figures[f"{task.figure}_cpu"] = median(each.cpu for each in own)
            result.figures[f"{task.figure}_peak"] = median(each.peak for each in own)
        result.series[task.title] = {
            name: median(each.cpu for each in runs) for name, runs in used[task.title].items() if runs
        }
    cpu, peak = median(each.cpu for each in versions), median(each.peak for each in versions)
    result.figures["version_cpu"] = cpu
    result.tables.append(
        Table("`python -m chatbot --version`", ("cpu-seconds", "peak memory, MB"), ((f"{cpu:.2f}", f"{peak:.0f}"),))
    )
    return result


def _asks(bench: Bench, corpus: Corpus) -> Callable[[System], Usage]:
    def ask(system: System) -> Usage:
        index = bench.index(system, corpus)
        return run(bench.ask_command(system, index, "how long is my face red for?"), bench.settings(corpus, index))

    return ask


def _serves(bench: Bench, corpus: Corpus) -> Callable[[System], Usage]:
    def serve(system: System) -> Usage:
        with bench.served(system, corpus) as server:
            return server.start

    return serve


def _table(bench: Bench, task: _Task, used: dict[str, list[Usage]]) -> Table:
    cpu = {name: median(each.cpu for each in runs) for name, runs in used.items() if runs}
    peak = {name: median(each.peak for each in runs) for name, runs in used.items() if runs}
    rows = [
        (
            system.title,
            ratio_text(cpu, system.name),
            f"{cpu[system.name]:.2f}",
            ratio_text(peak, system.name),
            f"{peak[system.name]:.0f}",
        )
        for system in listed(bench.systems, dict(cpu))
    ]
    return Table(
        f"Cold start: {task.title}",
        ("system", "ratio of time", "cpu-seconds", "ratio of memory", "peak memory, MB"),
        tuple(rows),
        "Of the process and all that it starts. Memory counts the pages of mapped files that were read.",
    )
