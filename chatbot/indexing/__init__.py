"""Passages into an index on disk, and questions into hits."""

from chatbot.indexing.building import Built, build_index, open_index
from chatbot.indexing.encoder import PACKAGED_MODEL, Encoded, Encoder, SentenceEncoder, Vectors
from chatbot.indexing.index import Evidence, Index
from chatbot.indexing.store import ExactStore, FaissStore, VectorStore

__all__ = [
    "PACKAGED_MODEL",
    "Built",
    "Encoded",
    "Encoder",
    "Evidence",
    "ExactStore",
    "FaissStore",
    "Index",
    "SentenceEncoder",
    "VectorStore",
    "Vectors",
    "build_index",
    "open_index",
]
