"""The one interface of everything that is measured side by side: load, build, open, ask.

A retriever runs in a process of its own and in one of three forms:

    python -m benchmarks.peers.plain --model FOLDER                                # JSON lines, in and out
    python -m benchmarks.peers.plain --model FOLDER --index FOLDER --ask QUESTION  # one question, from a cold start
    python -m benchmarks.peers.plain --model FOLDER --index FOLDER --serve PORT    # a minimal HTTP server

A request is one of

    {"do": "load"}
    {"do": "build", "passages": FILE, "corpus": FOLDER, "index": FOLDER, "vectors": FILE}    # vectors may be left out
    {"do": "open", "corpus": FOLDER, "index": FOLDER}
    {"do": "ask", "question": TEXT}

A reply has the `result`, the `cpu` and `clock` seconds that it took, and `peak`, the highest resident memory of the
process so far in megabytes; or an `error`.

This module needs nothing but Python until it serves, because it runs in the environment of every peer.
"""

import argparse
import json
import os
import re
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Annotated, Any, ClassVar, Final

__all__ = ["TOP", "Passage", "Retriever", "peak", "read_passages", "run"]

TOP: Final = 3
"""Passages that a question retrieves."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A passage under its headings."""

    id: str
    text: str


class Retriever(ABC):
    """Builds an index of passages in a folder, and retrieves the best of them for a question."""

    takes_threads: ClassVar[bool] = True
    """Whether several threads may ask at once; a server of one that does not answers one question at a time."""

    def __init__(self, model: str) -> None:
        """Keep the folder of the model's weights."""
        self.model = model

    @abstractmethod
    def load(self) -> None:
        """Load the model."""

    @abstractmethod
    def build(self, passages: Sequence[Passage], index: Path, vectors: Any = None) -> None:  # noqa: ANN401 - numpy is not loaded here
        """Build an index and write it into a folder; `vectors`, where given, are those of the passages in order."""

    @abstractmethod
    def open(self, index: Path) -> None:
        """Open an index that `build` wrote."""

    @abstractmethod
    def ask(self, question: str) -> list[Passage]:
        """Return the best passages, best first."""

    def build_files(self, passages: Path, corpus: Path, index: Path, vectors: Path | None) -> None:
        """Build from a file of passages; Footnote reads its corpus instead."""
        del corpus
        index.mkdir(parents=True, exist_ok=True)
        self.build(read_passages(passages), index, _read_vectors(vectors))

    def open_files(self, corpus: Path, index: Path) -> None:
        """Open an index; Footnote holds it against its corpus."""
        del corpus
        self.open(index)


def read_passages(path: Path) -> list[Passage]:
    """Read passages, a JSON object a line."""
    with path.open(encoding="utf-8") as file:
        return [Passage(**json.loads(line)) for line in file]


def run(retriever: type[Retriever]) -> None:
    """Run a retriever in the form that the command line asks for."""
    parser = argparse.ArgumentParser(description=f"{retriever.__doc__} One of those that are measured side by side.")
    parser.add_argument("--model", required=True, help="folder of the model")
    parser.add_argument("--index", type=Path, help="folder of an index, to ask or to serve")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--ask", metavar="QUESTION", help="answer one question and end")
    form.add_argument("--serve", metavar="PORT", type=int, help="serve on a port of the loopback")
    options = parser.parse_args()
    made = retriever(options.model)
    if options.ask is None and options.serve is None:
        _loop(made)
        return
    if options.index is None:
        parser.error("--ask and --serve need --index")
    made.load()
    made.open(options.index)
    if options.serve is not None:
        _serve(made, options.serve)
        return
    for passage in made.ask(options.ask):
        print(passage.text)


def _loop(retriever: Retriever) -> None:
    """Answer requests until standard input ends; what libraries print goes to standard error."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        start = time.perf_counter(), time.process_time()
        try:
            reply: dict[str, object] = {"result": _handle(retriever, request)}
        except Exception as error:  # noqa: BLE001 - whatever a library raises is its result, and the run goes on
            reply = {"error": f"{type(error).__name__}: {error}"[:400]}
        reply |= {"cpu": time.process_time() - start[1], "clock": time.perf_counter() - start[0], "peak": peak()}
        print(json.dumps(reply), file=replies, flush=True)


def _handle(retriever: Retriever, request: dict[str, str]) -> list[str] | None:
    paths = {name: Path(value) for name, value in request.items()}
    match request["do"]:
        case "load":
            retriever.load()
        case "build":
            retriever.build_files(paths["passages"], paths["corpus"], paths["index"], paths.get("vectors"))
        case "open":
            retriever.open_files(paths["corpus"], paths["index"])
        case "ask":
            return [passage.id for passage in retriever.ask(request["question"])]
        case other:
            raise ValueError(f"no such request: {other}")
    return None


def _read_vectors(path: Path | None) -> Any:  # noqa: ANN401 - numpy is not loaded here
    if path is None:
        return None
    import numpy as np  # noqa: PLC0415 - only where vectors are given

    return np.load(path)


def peak() -> float:
    """Return the peak of resident memory in megabytes, without that of the process that started this one."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(re.findall(r"VmHWM:\s*(\d+)", status)[0]) * 1024 / 1e6


def _serve(retriever: Retriever, port: int) -> None:
    """Serve as a short program around a library would: FastAPI's threads, a lock only where needed, no journal."""
    import uvicorn  # noqa: PLC0415 - only a server needs it
    from fastapi import Body, FastAPI  # noqa: PLC0415 - as above

    app = FastAPI()
    turn = nullcontext() if retriever.takes_threads else Lock()
    retriever.ask("Are you ready?")

    @app.get("/api/ready")
    def ready() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/api/ask")
    def ask(question: Annotated[str, Body(embed=True)]) -> dict[str, list[dict[str, str]]]:
        with turn:
            found = retriever.ask(question)
        return {"citations": [{"document": passage.id, "text": passage.text} for passage in found]}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
