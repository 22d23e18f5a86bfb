"""txtai with its FAISS index and its SQLite content store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from txtai import Embeddings

from benchmarks.peers.protocol import TOP, Passage, Retriever, run


class Txtai(Retriever):
    """txtai with its FAISS index and its SQLite content store."""

    takes_threads = False  # SQLite crashes the process when two threads share its connection

    def load(self) -> None:
        """Load the model."""
        self._embeddings = self._empty()

    def build(self, passages: Sequence[Passage], index: Path, vectors: Any = None) -> None:  # noqa: ANN401 - as in Retriever
        """Embed and save the index; txtai stores texts only where it embeds them itself, so vectors go unused."""
        del vectors
        embeddings = self._empty()
        embeddings.index((passage.id, passage.text, None) for passage in passages)
        embeddings.save(str(index))
        embeddings.close()

    def open(self, index: Path) -> None:
        """Load the index."""
        self._embeddings.load(str(index))

    def ask(self, question: str) -> list[Passage]:
        """Return the best passages."""
        return [Passage(found["id"], found["text"]) for found in self._embeddings.search(question, TOP)]

    def _empty(self) -> Any:  # noqa: ANN401 - the library ships no types
        return Embeddings(path=self.model, method="sentence-transformers", content=True, gpu=False)


if __name__ == "__main__":
    run(Txtai)
