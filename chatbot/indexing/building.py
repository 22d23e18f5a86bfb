"""From a corpus to a live build of its index, and from the disk back to an `Index`."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from chatbot.errors import FootnoteError, IndexDamaged, IndexForeign, IndexingError, IndexStale
from chatbot.indexing.encoder import Encoder, Vectors
from chatbot.indexing.generation import Generation, Manifest, current, open_generation, publish, writing
from chatbot.indexing.index import Entry, Index
from chatbot.indexing.store import FaissStore, VectorStore
from chatbot.indexing.tokens import Tokens
from chatbot.indexing.units import context, sentence_of, unit_vectors
from chatbot.reading import SPLITTER, corpus_digest, read_corpus, sentences, split
from chatbot.records import Document, Highlight, Passage, Section

__all__ = ["Built", "build_index", "open_index"]

_FORMAT: Final = 2
_PASSAGE_SHARE: Final = 0.75  # of the encoder's window; the rest is for the headings above a passage
_BATCH: Final = 64  # passages between two steps of the progress bar
_CURE: Final = "run 'python -m chatbot build'"

Known = Mapping[str, tuple[Vectors, Tokens]]
"""What was encoded before: the unit vectors and the tokens of a passage, by the text that was read."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: which build is live now, what is in it, and how many passages were embedded for it."""

    id: str
    documents: int
    passages: int
    embedded: int
    problems: tuple[str, ...]


def build_index(
    corpus: Path,
    index: Path,
    encoder: Encoder,
    store: type[VectorStore] = FaissStore,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Built:
    """Build the index of a corpus and make it live; with nothing changed, do nothing.

    Passages that the live build already holds are not embedded again. `progress` hears how many passages are embedded,
    of how many. Raises `CorpusError`, `ModelError`, `IndexBusy`.
    """
    with writing(index):
        old = _reusable(index)
        if old and old.manifest.id == _manifest(corpus_digest(corpus), encoder).id:
            return _built(old.manifest, 0)
        read = read_corpus(corpus)
        limit = int(encoder.window * _PASSAGE_SHARE)
        entries = [
            (passage, sentences(passage.text))
            for document in read.documents
            for passage in split(document, limit, encoder.length)
        ]
        vectors, tokens, embedded = _encoded(entries, _known(old, encoder, store), encoder, progress)
        files = {
            "documents.jsonl": _jsonl(asdict(document) for document in read.documents),
            "passages.jsonl": _jsonl(_told(*entry) for entry in entries),
            "vectors.faiss": store.of(vectors).to_bytes(),
            "tokens.npz": tokens.to_bytes(),
        }
        manifest = _manifest(
            read.digest,
            encoder,
            documents=len(read.documents),
            passages=len(entries),
            problems=tuple(map(str, read.problems)),
            files={name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
        )
        publish(index, Generation(manifest, files))
        return _built(manifest, embedded)


def open_index(corpus: Path, index: Path, encoder: Encoder, store: type[VectorStore] = FaissStore) -> tuple[str, Index]:
    """Open the live build and give its id with it.

    Raises `IndexMissing`, `IndexDamaged`, `IndexForeign` (another encoder or version) or `IndexStale` (the corpus
    changed since); each names the cure.
    """
    name = current(index)
    generation = open_generation(index, name)
    made, now = generation.manifest, _manifest(corpus_digest(corpus), encoder)
    if (made.format, made.encoder_fingerprint) != (now.format, now.encoder_fingerprint):
        raise IndexForeign(f"The index in {index} was built with {made.encoder} by another Footnote: {_CURE}.")
    if made.id != now.id:
        raise IndexStale(f"The pages in {corpus} changed since the index in {index} was built: {_CURE}.")
    return name, _opened(generation, store)


def _opened(generation: Generation, store: type[VectorStore]) -> Index:
    try:
        documents = {one.id: one for one in map(_document, _lines(generation.files["documents.jsonl"]))}
        entries = [_entry(told, documents) for told in _lines(generation.files["passages.jsonl"])]
        vectors = store.from_bytes(generation.files["vectors.faiss"])
        tokens = Tokens.from_bytes(generation.files["tokens.npz"])
    except (KeyError, TypeError, ValueError) as error:
        raise IndexDamaged(f"The index holds lines that cannot be read: {_CURE}.") from error
    return Index(tuple(documents.values()), entries, vectors, tokens)


def _manifest(  # noqa: PLR0913 - one argument a line of the manifest
    corpus: str,
    encoder: Encoder,
    *,
    documents: int = 0,
    passages: int = 0,
    problems: tuple[str, ...] = (),
    files: Mapping[str, str] | None = None,
) -> Manifest:
    name, fingerprint = encoder.name, encoder.fingerprint
    return Manifest(_FORMAT, corpus, SPLITTER, name, fingerprint, documents, passages, problems, files or {})


def _built(manifest: Manifest, embedded: int) -> Built:
    return Built(manifest.id, manifest.documents, manifest.passages, embedded, tuple(manifest.problems))


def _reusable(index: Path) -> Generation | None:
    """Give the live build if there is one that is whole; a build is the cure for any other."""
    try:
        return open_generation(index, current(index))
    except IndexingError:
        return None


def _known(old: Generation | None, encoder: Encoder, store: type[VectorStore]) -> Known:
    """Give what an older build by the same encoder holds."""
    if old is None or old.manifest.encoder_fingerprint != encoder.fingerprint or old.manifest.format != _FORMAT:
        return {}
    try:
        index = _opened(old, store)
    except FootnoteError:
        return {}
    titles = _telling(index.passages)
    return {
        context(passage, titles) + passage.text: (
            index.store.vectors(np.arange(index.first[row], index.first[row + 1])),
            index.tokens.passage(row),
        )
        for row, passage in enumerate(index.passages)
    }


def _encoded(
    entries: Sequence[Entry], known: Known, encoder: Encoder, progress: Callable[[int, int], object]
) -> tuple[Vectors, Tokens, int]:
    """Give the unit vectors and tokens of all passages, encoding those that are not known; and how many were not."""
    titles = _telling([passage for passage, _ in entries])
    texts = {context(passage, titles) + passage.text: (passage, marks) for passage, marks in entries}
    known = dict(known)
    unknown = sorted((text for text in texts if text not in known), key=len)
    for batch in range(0, len(unknown), _BATCH):
        for text, encoded in zip(
            unknown[batch : batch + _BATCH], encoder.encode_passages(unknown[batch : batch + _BATCH]), strict=True
        ):
            passage, marks = texts[text]
            offset = len(text) - len(passage.text)
            where = sentence_of(encoded, offset, marks)
            known[text] = unit_vectors(encoded, offset, where, len(marks)), Tokens.of(encoded, where)
        progress(min(batch + _BATCH, len(unknown)), len(unknown))
    found = [known[context(passage, titles) + passage.text] for passage, _ in entries]
    return (
        np.concatenate([vectors for vectors, _ in found]),
        Tokens.joined([tokens for _, tokens in found]),
        len(unknown),
    )


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
