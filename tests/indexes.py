"""Indexes of passages and vectors that a test makes up."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from chatbot.indexing import ExactStore, Index, StoreKind, Vectors
from chatbot.indexing.bm25 import BM25Words
from chatbot.indexing.copies import DistinctPassages, write_copies
from chatbot.indexing.index import searched_text, write_encodings
from chatbot.indexing.late_interaction import Tokens
from chatbot.indexing.texts import Entry, Page, Texts
from chatbot.records import Document

PAGE = Document("care.md", "Care", "Is red.", None, None, ())


def index_of(entries: Sequence[Entry], encodings: Sequence[tuple[Vectors, Tokens]]) -> Index:
    """Return an index of passages of `PAGE`, whatever its text."""
    with TemporaryDirectory() as folder:  # an open index outlives its files
        write_index(Path(folder), entries, encodings)
        return Index(Path(folder), ExactStore)


def write_index(
    folder: Path,
    entries: Sequence[Entry],
    encodings: Sequence[tuple[Vectors, Tokens]],
    store: StoreKind = ExactStore,
) -> None:
    """Write the files of such an index, in which each passage is distinct."""
    words = BM25Words()
    for passage, _ in entries:
        words.add(searched_text(passage))
    words.index().write(folder)
    rows = np.arange(len(entries))
    DistinctPassages(rows, rows).write(folder)
    write_copies(folder, ())
    Texts.write(folder, [Page("digest", PAGE, tuple(entries))])
    write_encodings(folder, store, encodings)
