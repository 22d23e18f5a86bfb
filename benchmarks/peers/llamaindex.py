"""LlamaIndex with its FAISS store."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
from llama_index.core import Settings, StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.faiss import FaissVectorStore

from benchmarks.peers.protocol import TOP, Passage, Retriever, run

_DIMENSIONS = 384


class LlamaIndex(Retriever):
    """LlamaIndex with its FAISS store."""

    def load(self) -> None:
        """Load the model."""
        self._embed = HuggingFaceEmbedding(model_name=self.model, device="cpu", normalize=True)
        Settings.embed_model = self._embed

    def build(self, passages: Sequence[Passage], index: Path, vectors: Any = None) -> None:  # noqa: ANN401 - as in Retriever
        """Embed the nodes and persist the index."""
        nodes = [TextNode(id_=passage.id, text=passage.text) for passage in passages]
        for node, vector in zip(nodes, () if vectors is None else vectors.tolist(), strict=False):
            node.embedding = vector
        storage = StorageContext.from_defaults(vector_store=FaissVectorStore(faiss.IndexFlatIP(_DIMENSIONS)))
        VectorStoreIndex(nodes, storage_context=storage).storage_context.persist(str(index))

    def open(self, index: Path) -> None:
        """Load the index."""
        storage = StorageContext.from_defaults(
            vector_store=FaissVectorStore.from_persist_dir(str(index)), persist_dir=str(index)
        )
        self._retriever = load_index_from_storage(storage).as_retriever(similarity_top_k=TOP)

    def ask(self, question: str) -> list[Passage]:
        """Return the best passages."""
        return [Passage(found.node.node_id, found.node.get_content()) for found in self._retriever.retrieve(question)]


if __name__ == "__main__":
    run(LlamaIndex)
