"""Haystack with its document store in memory, a pipeline of two components."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from haystack import Document, Pipeline
from haystack.components.retrievers.in_memory import InMemoryEmbeddingRetriever
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.utils import ComponentDevice
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)

from benchmarks.peers.protocol import TOP, Passage, Retriever, run

_FILE = "documents.json"


class Haystack(Retriever):
    """Haystack with its document store in memory."""

    def load(self) -> None:
        """Load the model."""
        self._embedder = SentenceTransformersTextEmbedder(**self._options())
        self._embedder.warm_up()

    def build(self, passages: Sequence[Passage], index: Path, vectors: Any = None) -> None:  # noqa: ANN401 - as in Retriever
        """Embed the documents and save the store."""
        documents = [Document(id=passage.id, content=passage.text) for passage in passages]
        if vectors is None:
            embedder = SentenceTransformersDocumentEmbedder(**self._options())
            embedder.warm_up()
            documents = embedder.run(documents)["documents"]
        else:
            pairs = zip(passages, vectors.tolist(), strict=True)
            documents = [Document(id=passage.id, content=passage.text, embedding=each) for passage, each in pairs]
        store = InMemoryDocumentStore(embedding_similarity_function="dot_product")
        store.write_documents(documents)
        store.save_to_disk(str(index / _FILE))

    def open(self, index: Path) -> None:
        """Load the store and put the pipeline together."""
        store = InMemoryDocumentStore.load_from_disk(str(index / _FILE))
        self._pipeline = Pipeline()
        self._pipeline.add_component("embedder", self._embedder)
        self._pipeline.add_component("retriever", InMemoryEmbeddingRetriever(store, top_k=TOP))
        self._pipeline.connect("embedder.embedding", "retriever.query_embedding")

    def ask(self, question: str) -> list[Passage]:
        """Return the best passages."""
        found = self._pipeline.run({"embedder": {"text": question}})["retriever"]["documents"]
        return [Passage(document.id, document.content) for document in found]

    def _options(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "device": ComponentDevice.from_str("cpu"),
            "normalize_embeddings": True,
            "progress_bar": False,
        }


if __name__ == "__main__":
    run(Haystack)
