"""sentence-transformers with FAISS, and nothing around them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from sentence_transformers import SentenceTransformer

from benchmarks.peers.protocol import TOP, Passage, Retriever, read_passages, run


class Plain(Retriever):
    """sentence-transformers and FAISS's flat index."""

    def load(self) -> None:
        """Load the model."""
        self._encoder = SentenceTransformer(self.model, device="cpu")

    def build(self, passages: Sequence[Passage], index: Path, vectors: Any = None) -> None:  # noqa: ANN401 - as in Retriever
        """Encode and write the index and the passages."""
        if vectors is None:
            vectors = self.encode([passage.text for passage in passages])
        flat = faiss.IndexFlatIP(vectors.shape[1])
        flat.add(vectors)
        faiss.write_index(flat, str(index / "vectors.faiss"))
        lines = (json.dumps({"id": passage.id, "text": passage.text}) + "\n" for passage in passages)
        (index / "passages.jsonl").write_text("".join(lines), "utf-8")

    def encode(self, texts: Sequence[str]) -> Any:  # noqa: ANN401 - as in Retriever
        """Return the unit vectors of texts, shape (n, dimensions)."""
        return np.asarray(self._encoder.encode(list(texts), normalize_embeddings=True, show_progress_bar=False))

    def open(self, index: Path) -> None:
        """Read the index and the passages."""
        self._flat = faiss.read_index(str(index / "vectors.faiss"))
        self._passages = read_passages(index / "passages.jsonl")

    def ask(self, question: str) -> list[Passage]:
        """Return the best passages."""
        _, rows = self._flat.search(self.encode([question]), TOP)
        return [self._passages[row] for row in rows[0] if row >= 0]


if __name__ == "__main__":
    run(Plain)
