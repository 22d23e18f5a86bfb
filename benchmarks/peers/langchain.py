"""LangChain with its FAISS store (langchain-huggingface, langchain-community)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_community.vectorstores import FAISS
from langchain_huggingface import HuggingFaceEmbeddings

from benchmarks.peers.protocol import TOP, Passage, Retriever, run


class LangChain(Retriever):
    """LangChain with its FAISS store."""

    def load(self) -> None:
        """Load the model."""
        self._embedding = HuggingFaceEmbeddings(
            model_name=self.model, model_kwargs={"device": "cpu"}, encode_kwargs={"normalize_embeddings": True}
        )

    def build(self, passages: Sequence[Passage], index: Path, vectors: Any = None) -> None:  # noqa: ANN401 - as in Retriever
        """Embed and save the store."""
        texts, ids = [passage.text for passage in passages], [passage.id for passage in passages]
        metadata = [{"id": id_} for id_ in ids]
        if vectors is None:
            store = FAISS.from_texts(texts, self._embedding, metadatas=metadata, ids=ids)
        else:
            pairs = zip(texts, vectors.tolist(), strict=True)
            store = FAISS.from_embeddings(pairs, self._embedding, metadatas=metadata, ids=ids)
        store.save_local(str(index))

    def open(self, index: Path) -> None:
        """Load the store, which is a pickle that this program wrote itself."""
        self._store = FAISS.load_local(str(index), self._embedding, allow_dangerous_deserialization=True)

    def ask(self, question: str) -> list[Passage]:
        """Return the best passages."""
        found = self._store.similarity_search(question, k=TOP)
        return [Passage(document.metadata["id"], document.page_content) for document in found]


if __name__ == "__main__":
    run(LangChain)
