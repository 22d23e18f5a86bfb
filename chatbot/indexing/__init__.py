"""The index: passages with their vectors, tokens and words, on disk and in memory."""

from chatbot.indexing.bm25 import content_words
from chatbot.indexing.building import BuildResult, build_index, open_index, open_last_good, passages_of, settle
from chatbot.indexing.builds import (
    REBUILD_HINT,
    Build,
    Manifest,
    activate,
    adopt,
    current,
    current_or_none,
    kept_builds,
    live_since,
    open_build,
    preparing_lock,
    publishing_lock,
    read_manifest,
    remove_builds,
    restore,
)
from chatbot.indexing.copies import PageCopy, copies_text, words_of
from chatbot.indexing.encoder import Encoded, Encoder, Vectors
from chatbot.indexing.encoders import load_encoder
from chatbot.indexing.index import Evidence, Index, Query, SentenceEvidence
from chatbot.indexing.left_out import read_left_out
from chatbot.indexing.model_files import MULTILINGUAL_MODEL, PACKAGED_MODEL
from chatbot.indexing.sentence_encoder import SentenceEncoder
from chatbot.indexing.status import IndexStatus, index_status
from chatbot.indexing.stems import STEMMED
from chatbot.indexing.store import ExactStore, FaissStore, StoreKind, VectorStore
from chatbot.indexing.stores import load_store

__all__ = [
    "MULTILINGUAL_MODEL",
    "PACKAGED_MODEL",
    "REBUILD_HINT",
    "STEMMED",
    "Build",
    "BuildResult",
    "Encoded",
    "Encoder",
    "Evidence",
    "ExactStore",
    "FaissStore",
    "Index",
    "IndexStatus",
    "Manifest",
    "PageCopy",
    "Query",
    "SentenceEncoder",
    "SentenceEvidence",
    "StoreKind",
    "VectorStore",
    "Vectors",
    "activate",
    "adopt",
    "build_index",
    "content_words",
    "copies_text",
    "current",
    "current_or_none",
    "index_status",
    "kept_builds",
    "live_since",
    "load_encoder",
    "load_store",
    "open_build",
    "open_index",
    "open_last_good",
    "passages_of",
    "preparing_lock",
    "publishing_lock",
    "read_left_out",
    "read_manifest",
    "remove_builds",
    "restore",
    "settle",
    "words_of",
]
