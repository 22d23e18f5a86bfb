"""Building the index of a corpus, and opening a build as an `Index`."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
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
from chatbot.reading import SPLITTER, corpus_digest, load_corpus, read_corpus, sentences, split
from chatbot.records import Document, Highlight, Passage, Section

__all__ = ["BuildResult", "build_index", "open_index", "passages_of"]

_FORMAT: Final = 4
_PASSAGE_SHARE: Final = 0.75  # of the encoder's window; the rest is for the heading prefix
_BATCH: Final = 64  # passages between two steps of the progress bar

_EncoderInput = tuple[str, str, tuple[Highlight, ...]]
"""All that a passage's vectors depend on: its heading prefix, its text, and its sentences."""

_Encodings = Mapping[_EncoderInput, tuple[Vectors, Tokens]]
"""The span vectors and the tokens of passages that were encoded."""


class Calibrator(Protocol):
    """Measures what the calibration of answers needs of a corpus; another `fingerprint` makes another build."""

    @property
    def fingerprint(self) -> str: ...

    def __call__(self, index: Index, encoder: Encoder) -> Mapping[str, float]: ...


@dataclass(frozen=True, slots=True)
class BuildResult:
    """The build that is live now, figures of it, and how many passages were embedded for it."""

    id: str
    documents: int
    passages: int
    embedded: int
    calibration: Mapping[str, float]
    problems: tuple[str, ...]
    build: Build = field(repr=False, compare=False)


def build_index(  # noqa: PLR0913, PLR0917 - what a build is made of, and who hears of it
    corpus: Path,
    index: Path,
    encoder: Encoder,
    store: type[VectorStore] = FaissStore,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
    calibrator: Calibrator | None = None,
    reuse: Path | None = None,
) -> BuildResult:
    """Build the index of a corpus and make it live; with nothing changed, do nothing.

    Passages that the live build, or that of another index folder `reuse`, already holds are not embedded again.
    `progress(done, total)` counts the passages that are embedded. The build keeps the figures of `calibrator`.
    Raises `CorpusError`, `ModelError`, `IndexBusy`.
    """
    with write_lock(index):
        old = _live_build(index)
        # Each page is opened once: one that is saved during the build makes it stale, never wrong.
        corpus_files = load_corpus(corpus)
        inputs = _manifest(corpus_files.digest, encoder, calibrator.fingerprint if calibrator else "")
        if old and old.manifest.id == inputs.id:
            return _result(old, 0)
        pages = read_corpus(corpus_files)
        entries = _entries(pages.documents, encoder)
        if not entries:
            raise CorpusError(f"The pages in {corpus} hold headings alone: write what stands below them.")
        known = _encodings(old, encoder, store)
        if reuse:
            known = {**known, **_encodings(_live_build(reuse), encoder, store)}
        vectors, tokens, embedded = _encode(entries, known, encoder, progress)
        stored = store.of(vectors)
        files = {
            "documents.jsonl": _jsonl(asdict(document) for document in pages.documents),
            "passages.jsonl": _jsonl(_fields(*entry) for entry in entries),
            "vectors.faiss": stored.to_bytes(),
            "tokens.npz": tokens.to_bytes(),
        }
        manifest = replace(
            inputs,
            documents=len(pages.documents),
            passages=len(entries),
            problems=tuple(map(str, pages.problems)),
            calibration=calibrator(Index(pages.documents, entries, stored, tokens, {}), encoder) if calibrator else {},
            files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        )
        build = Build(manifest, files)
        publish(index, build)
        return _result(build, embedded)


def passages_of(document: Document, encoder: Encoder) -> tuple[Passage, ...]:
    """Split a document into the passages that an index holds of it."""
    return split(document, int(encoder.max_tokens * _PASSAGE_SHARE), encoder.count_tokens)


def _entries(documents: Sequence[Document], encoder: Encoder) -> list[Entry]:
    passages = (passage for document in documents for passage in passages_of(document, encoder))
    return [(passage, sentences(passage.text)) for passage in passages]


def open_index(
    corpus: Path, index: Path, encoder: Encoder, store: type[VectorStore] = FaissStore, digest: str | None = None
) -> tuple[str, Index]:
    """Open the live build and return its id with it.

    `digest` is that of the corpus, where the caller has just taken it. Raises `IndexMissing`, `IndexDamaged`,
    `IndexIncompatible` (another encoder or version) or `IndexStale` (the corpus changed since), with the cure.
    """
    name = current(index)
    build = open_build(index, name)
    made = build.manifest
    # The calibration of an older fit can be served.
    now = _manifest(digest or corpus_digest(corpus), encoder, made.calibrator)
    if made.encoder_fingerprint != now.encoder_fingerprint:
        raise IndexIncompatible(f"The index in {index} was built with another model, {made.encoder}: {REBUILD_HINT}.")
    if (made.format, made.splitter) != (now.format, now.splitter):
        raise IndexIncompatible(f"The index in {index} was built by another version of Footnote: {REBUILD_HINT}.")
    if made.id != now.id:
        raise IndexStale(f"The pages in {corpus} changed since the index in {index} was built: {REBUILD_HINT}.")
    return name, _open(build, store)


def _open(build: Build, store: type[VectorStore]) -> Index:
    try:
        documents = {document.id: document for document in map(_document, _lines(build.files["documents.jsonl"]))}
        entries = [_entry(fields, documents) for fields in _lines(build.files["passages.jsonl"])]
        vectors = store.from_bytes(build.files["vectors.faiss"])
        tokens = Tokens.from_bytes(build.files["tokens.npz"])
    except (KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(f"The index holds lines that cannot be read: {REBUILD_HINT}.") from error
    return Index(tuple(documents.values()), entries, vectors, tokens, build.manifest.calibration)


def _manifest(corpus: str, encoder: Encoder, calibrator: str) -> Manifest:
    """Return the manifest of a build that is still to be made: its inputs alone."""
    return Manifest(_FORMAT, corpus, SPLITTER, encoder.name, encoder.fingerprint, calibrator, 0, 0, (), {}, {})


def _result(build: Build, embedded: int) -> BuildResult:
    made = build.manifest
    return BuildResult(made.id, made.documents, made.passages, embedded, made.calibration, made.problems, build)


def _live_build(index: Path) -> Build | None:
    """Return the live build, or None where there is none or it is damaged."""
    try:
        return open_build(index, current(index))
    except IndexingError:
        return None


def _encodings(build: Build | None, encoder: Encoder, store: type[VectorStore]) -> _Encodings:
    """Return the encodings that a build holds, if it is of this format and by this encoder."""
    if build is None or (build.manifest.encoder_fingerprint, build.manifest.format) != (encoder.fingerprint, _FORMAT):
        return {}
    try:
        index = _open(build, store)
    except FootnoteError:
        return {}
    rows = (index.encoded(row) for row in range(len(index.entries)))
    return dict(zip(_encoder_inputs(index.entries), rows, strict=True))


def _encode(
    entries: Sequence[Entry], known: _Encodings, encoder: Encoder, progress: Callable[[int, int], object]
) -> tuple[Vectors, Tokens, int]:
    """Encode the passages that are not known; return the span vectors and tokens of all, and how many were encoded."""
    inputs = _encoder_inputs(entries)
    unknown = sorted((item for item in dict.fromkeys(inputs) if item not in known), key=lambda item: len(item[1]))
    encodings = dict(known)
    for start in range(0, len(unknown), _BATCH):
        batch = unknown[start : start + _BATCH]
        encoded = encoder.encode_passages([prefix + text for prefix, text, _ in batch])
        encodings |= {item: _by_sentence(passage, item) for item, passage in zip(batch, encoded, strict=True)}
        progress(start + len(batch), len(unknown))
    vectors, tokens = zip(*(encodings[item] for item in inputs), strict=True)
    return np.concatenate(vectors), Tokens.joined(tokens), len(unknown)


def _by_sentence(encoded: Encoded, encoder_input: _EncoderInput) -> tuple[Vectors, Tokens]:
    prefix, _, sentence_marks = encoder_input
    numbers = sentence_of(encoded, len(prefix), sentence_marks)
    return span_vectors(encoded, len(prefix), numbers, len(sentence_marks)), Tokens.of(encoded, numbers)


def _encoder_inputs(entries: Sequence[Entry]) -> list[_EncoderInput]:
    titles = _distinctive_titles([passage for passage, _ in entries])
    return [(heading_prefix(passage, titles), passage.text, marks) for passage, marks in entries]


def _distinctive_titles(passages: Sequence[Passage]) -> frozenset[str]:
    """Return the titles that distinguish passages: those above no more than half of them."""
    count = Counter(passage.title for passage in passages)
    return frozenset(title for title, times in count.items() if times <= len(passages) / 2)


def _document(fields: Mapping[str, Any]) -> Document:
    reviewed = fields["reviewed"] and date.fromisoformat(fields["reviewed"])
    sections = (Section(tuple(item["headings"]), item["start"], item["end"]) for item in fields["sections"])
    return Document(fields["id"], fields["title"], fields["text"], fields["url"], reviewed, tuple(sections))


def _fields(passage: Passage, marks: Sequence[Highlight]) -> dict[str, object]:
    return {
        "document": passage.document,
        "headings": passage.headings,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "sentences": [[mark.start, mark.end] for mark in marks],
    }


def _entry(fields: Mapping[str, Any], documents: Mapping[str, Document]) -> Entry:
    document, start, end = documents[fields["document"]], fields["start"], fields["end"]
    if document.text[start:end] != fields["text"]:
        raise ValueError(fields["document"])
    headings = tuple(fields["headings"])
    passage = Passage(document.id, document.title, document.url, headings, start, end, fields["text"])
    return passage, tuple(Highlight(*mark) for mark in fields["sentences"])


def _jsonl(values: Iterable[object]) -> bytes:
    lines = (json.dumps(value, ensure_ascii=False, default=date.isoformat) + "\n" for value in values)
    return "".join(lines).encode()


def _lines(content: bytes) -> Iterable[dict[str, Any]]:
    # Only \n ends a line, because text may hold other line separators.
    return (json.loads(line) for line in content.split(b"\n") if line)
