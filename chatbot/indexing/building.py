"""From a corpus to a live build of its index, and from the disk back to an `Index`."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from chatbot.errors import CorpusError, FootnoteError, IndexDamaged, IndexIncompatible, IndexingError, IndexStale
from chatbot.indexing.builds import REBUILD_HINT, Build, Manifest, current, open_build, publish, write_lock
from chatbot.indexing.encoder import Encoded, Encoder, Vectors
from chatbot.indexing.index import Entry, Index
from chatbot.indexing.late_interaction import Tokens
from chatbot.indexing.spans import heading_prefix, sentence_of, span_vectors
from chatbot.indexing.store import FaissStore, VectorStore
from chatbot.reading import SPLITTER, corpus_digest, read_corpus, sentences, split
from chatbot.records import Document, Highlight, Passage, Section

__all__ = ["BuildResult", "build_index", "open_index", "passages_of"]

_FORMAT: Final = 4
_PASSAGE_SHARE: Final = 0.75  # of the encoder's window; the rest is for the headings above a passage
_BATCH: Final = 64  # passages between two steps of the progress bar

_Read = tuple[str, str, tuple[Highlight, ...]]
"""What a passage's vectors depend on: what stands above it, its text, and its sentences."""

_Known = Mapping[_Read, tuple[Vectors, Tokens]]
"""What was encoded: the unit vectors and the tokens of a passage."""


class Calibrator(Protocol):
    """Finds out about a corpus what whoever judges answers needs to know; builds by another `fingerprint` differ."""

    @property
    def fingerprint(self) -> str: ...

    def __call__(self, index: Index, encoder: Encoder) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build did: which build is live now, what is in it, and how many passages were embedded for it."""

    id: str
    documents: int
    passages: int
    embedded: int
    calibration: Mapping[str, float]
    problems: tuple[str, ...]


def build_index(  # noqa: PLR0913, PLR0917 - what a build is made of, and who hears of it
    corpus: Path,
    index: Path,
    encoder: Encoder,
    store: type[VectorStore] = FaissStore,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
    calibrator: Calibrator | None = None,
) -> BuildResult:
    """Build the index of a corpus and make it live; with nothing changed, do nothing.

    Passages that the live build already holds are not embedded again. `progress` hears how many passages are embedded,
    of how many; what `calibrator` finds out about the corpus is kept with the build. Raises `CorpusError`,
    `ModelError`, `IndexBusy`.
    """
    with write_lock(index):
        old = _reusable(index)
        # The digest is taken before the pages are read: one that is saved meanwhile makes the build stale, never wrong.
        inputs = _manifest(corpus_digest(corpus), encoder, calibrator.fingerprint if calibrator else "")
        if old and old.manifest.id == inputs.id:
            return _built(old.manifest, 0)
        read = read_corpus(corpus)
        entries = _entries(read.documents, encoder)
        if not entries:
            raise CorpusError(f"The pages in {corpus} hold headings alone: write what stands below them.")
        vectors, tokens, embedded = _encoded(entries, _known(old, encoder, store), encoder, progress)
        stored = store.of(vectors)
        files = {
            "documents.jsonl": _jsonl(asdict(document) for document in read.documents),
            "passages.jsonl": _jsonl(_told(*entry) for entry in entries),
            "vectors.faiss": stored.to_bytes(),
            "tokens.npz": tokens.to_bytes(),
        }
        manifest = replace(
            inputs,
            documents=len(read.documents),
            passages=len(entries),
            problems=tuple(map(str, read.problems)),
            calibration=calibrator(Index(read.documents, entries, stored, tokens, {}), encoder) if calibrator else {},
            files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        )
        publish(index, Build(manifest, files))
        return _built(manifest, embedded)


def passages_of(document: Document, encoder: Encoder) -> tuple[Passage, ...]:
    """Cut a document into the passages that an index holds of it."""
    return split(document, int(encoder.max_tokens * _PASSAGE_SHARE), encoder.count_tokens)


def _entries(documents: Sequence[Document], encoder: Encoder) -> list[Entry]:
    passages = (passage for document in documents for passage in passages_of(document, encoder))
    return [(passage, sentences(passage.text)) for passage in passages]


def open_index(corpus: Path, index: Path, encoder: Encoder, store: type[VectorStore] = FaissStore) -> tuple[str, Index]:
    """Open the live build and give its id with it.

    Raises `IndexMissing`, `IndexDamaged`, `IndexIncompatible` (another encoder or version) or `IndexStale` (the corpus
    changed since); each names the cure.
    """
    name = current(index)
    build = open_build(index, name)
    made = build.manifest
    now = _manifest(corpus_digest(corpus), encoder, made.calibrator)  # an older fit's calibration can be served
    if made.encoder_fingerprint != now.encoder_fingerprint:
        raise IndexIncompatible(f"The index in {index} was built with another model, {made.encoder}: {REBUILD_HINT}.")
    if (made.format, made.splitter) != (now.format, now.splitter):
        raise IndexIncompatible(f"The index in {index} was built by another version of Footnote: {REBUILD_HINT}.")
    if made.id != now.id:
        raise IndexStale(f"The pages in {corpus} changed since the index in {index} was built: {REBUILD_HINT}.")
    return name, _opened(build, store)


def _opened(build: Build, store: type[VectorStore]) -> Index:
    try:
        documents = {one.id: one for one in map(_document, _lines(build.files["documents.jsonl"]))}
        entries = [_entry(told, documents) for told in _lines(build.files["passages.jsonl"])]
        vectors = store.from_bytes(build.files["vectors.faiss"])
        tokens = Tokens.from_bytes(build.files["tokens.npz"])
    except (KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(f"The index holds lines that cannot be read: {REBUILD_HINT}.") from error
    return Index(tuple(documents.values()), entries, vectors, tokens, build.manifest.calibration)


def _manifest(corpus: str, encoder: Encoder, calibrator: str) -> Manifest:
    """Give the manifest of a build that is still to be made."""
    return Manifest(_FORMAT, corpus, SPLITTER, encoder.name, encoder.fingerprint, calibrator, 0, 0, (), {}, {})


def _built(manifest: Manifest, embedded: int) -> BuildResult:
    return BuildResult(
        manifest.id, manifest.documents, manifest.passages, embedded, manifest.calibration, tuple(manifest.problems)
    )


def _reusable(index: Path) -> Build | None:
    """Give the live build if there is one that is whole; a build is the cure for any other."""
    try:
        return open_build(index, current(index))
    except IndexingError:
        return None


def _known(old: Build | None, encoder: Encoder, store: type[VectorStore]) -> _Known:
    """Give what an older build by the same encoder holds."""
    if old is None or old.manifest.encoder_fingerprint != encoder.fingerprint or old.manifest.format != _FORMAT:
        return {}
    try:
        index = _opened(old, store)
    except FootnoteError:
        return {}
    rows = (index.encoded(row) for row in range(len(index.entries)))
    return dict(zip(_reads(index.entries), rows, strict=True))


def _encoded(
    entries: Sequence[Entry], known: _Known, encoder: Encoder, progress: Callable[[int, int], object]
) -> tuple[Vectors, Tokens, int]:
    """Give the unit vectors and tokens of all passages, encoding those that are not known; and how many were not."""
    reads = _reads(entries)
    unknown = sorted((read for read in dict.fromkeys(reads) if read not in known), key=lambda read: len(read[1]))
    found = dict(known)
    for start in range(0, len(unknown), _BATCH):
        batch = unknown[start : start + _BATCH]
        encoded = encoder.encode_passages([above + text for above, text, _ in batch])
        found |= {read: _units(one, read) for read, one in zip(batch, encoded, strict=True)}
        progress(start + len(batch), len(unknown))
    vectors, tokens = zip(*(found[read] for read in reads), strict=True)
    return np.concatenate(vectors), Tokens.joined(tokens), len(unknown)


def _units(encoded: Encoded, read: _Read) -> tuple[Vectors, Tokens]:
    above, _, marks = read
    where = sentence_of(encoded, len(above), marks)
    return span_vectors(encoded, len(above), where, len(marks)), Tokens.of(encoded, where)


def _reads(entries: Sequence[Entry]) -> list[_Read]:
    titles = _telling([passage for passage, _ in entries])
    return [(heading_prefix(passage, titles), passage.text, marks) for passage, marks in entries]


def _telling(passages: Sequence[Passage]) -> frozenset[str]:
    """Give the titles that tell passages apart: those that stand over no more than half of them."""
    count = Counter(passage.title for passage in passages)
    return frozenset(title for title, times in count.items() if times <= len(passages) / 2)


def _document(told: Mapping[str, Any]) -> Document:
    reviewed = told["reviewed"] and date.fromisoformat(told["reviewed"])
    parts = (Section(tuple(one["headings"]), one["start"], one["end"]) for one in told["sections"])
    return Document(told["id"], told["title"], told["text"], told["url"], reviewed, tuple(parts))


def _told(passage: Passage, marks: Sequence[Highlight]) -> dict[str, object]:
    return {
        "document": passage.document,
        "headings": passage.headings,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "sentences": [[mark.start, mark.end] for mark in marks],
    }


def _entry(told: Mapping[str, Any], documents: Mapping[str, Document]) -> Entry:
    document, start, end = documents[told["document"]], told["start"], told["end"]
    if document.text[start:end] != told["text"]:
        raise ValueError(told["document"])
    headings = tuple(told["headings"])
    passage = Passage(document.id, document.title, document.url, headings, start, end, told["text"])
    return passage, tuple(Highlight(*mark) for mark in told["sentences"])


def _jsonl(values: Iterable[object]) -> bytes:
    lines = (json.dumps(value, ensure_ascii=False, default=date.isoformat) + "\n" for value in values)
    return "".join(lines).encode()


def _lines(content: bytes) -> Iterable[dict[str, Any]]:
    # Only \n ends a line: text may hold other line separators.
    return (json.loads(line) for line in content.split(b"\n") if line)
