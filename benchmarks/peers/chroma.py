"""Chroma with its HNSW index on disk."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import chromadb
from chromadb.config import Settings
from chromadb.utils.embedding_functions import SentenceTransformerEmbeddingFunction

from benchmarks.peers.protocol import TOP, Passage, Retriever, run

_NAME = "passages"


class Chroma(Retriever):
    """Chroma with its HNSW index on disk."""

    def load(self) -> None:
        """Load the model."""
        self._embed: Any = SentenceTransformerEmbeddingFunction(
            model_name=self.model, device="cpu", normalize_embeddings=True
        )

    def build(self, passages: Sequence[Passage], index: Path, vectors: Any = None) -> None:  # noqa: ANN401 - as in Retriever
        """Embed and add the passages, in the batches that the store takes."""
        client = self._client(index)
        collection = client.create_collection(
            _NAME, embedding_function=self._embed, configuration={"hnsw": {"space": "ip"}}
        )
        batch = client.get_max_batch_size()
        for start in range(0, len(passages), batch):
            part = passages[start : start + batch]
            collection.add(
                ids=[passage.id for passage in part],
                documents=[passage.text for passage in part],
                embeddings=None if vectors is None else vectors[start : start + batch],
            )

    def open(self, index: Path) -> None:
        """Open the collection."""
        self._collection = self._client(index).get_collection(_NAME, embedding_function=self._embed)

    def ask(self, question: str) -> list[Passage]:
        """Return the best passages."""
        found: Any = self._collection.query(query_texts=[question], n_results=TOP)
        return [Passage(id_, text) for id_, text in zip(found["ids"][0], found["documents"][0], strict=True)]

    def _client(self, index: Path) -> Any:  # noqa: ANN401 - the type is the library's own
        return chromadb.PersistentClient(str(index), Settings(anonymized_telemetry=False))


if __name__ == "__main__":
    run(Chroma)
