"""Building the index of a corpus, and opening a build as an `Index`."""

import json
from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from chatbot.errors import CorpusError, FootnoteError, IndexIncompatible, IndexingError, IndexStale, UnreadablePage
from chatbot.indexing.bm25 import BM25Words
from chatbot.indexing.builds import (
    REBUILD_HINT,
    Build,
    Manifest,
    current,
    current_or_none,
    draft,
    kept_builds,
    open_build,
    publish,
    write_lock,
)
from chatbot.indexing.copies import DistinctCounter, DistinctPassages, copies_text, find_copies, write_copies
from chatbot.indexing.encoded_parts import EncodedParts
from chatbot.indexing.encoder import Encoder, Vectors
from chatbot.indexing.index import Index, searched_text, write_encodings
from chatbot.indexing.late_interaction import Tokens, token_bits
from chatbot.indexing.left_out import LeftOut, read_left_out, write_left_out
from chatbot.indexing.spans import heading_prefix, sentence_of, span_vectors
from chatbot.indexing.store import FaissStore, StoreKind
from chatbot.indexing.texts import Entry, Page, Texts
from chatbot.language import language_of_page
from chatbot.reading import (
    SPLITTER,
    Boilerplate,
    PageFile,
    RepeatCounter,
    corpus_digest,
    is_counted,
    named_errors,
    no_pages,
    page_files,
    read_file,
    sentences,
    split,
)
from chatbot.records import Document, Highlight, Passage

__all__ = [
    "BuildResult",
    "build_index",
    "open_index",
    "open_last_good",
    "passages_of",
    "raise_if_incompatible",
    "settle",
]

_FORMAT: Final = 11
_PASSAGE_SHARE: Final = 0.75  # of the encoder's window; the rest is for the heading prefix
_WINDOW: Final = 512  # passages that are held encoded until they are written
_BATCH: Final = 64  # of them between two steps of the progress bar
_RESUMED: Final = 2_048  # passages to encode; of more, a killed build is not to lose all
_INPUTS: Final = "inputs.npy"
_REPEATED: Final = "repeated.json"

_Encoding = tuple[Vectors, Tokens]
"""The span vectors and the tokens of a passage, or of several."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """The build that is live now, figures of it, and how many passages were embedded for it.

    `problems` name the files that cannot be read. `notices` name the pages that are not published, and what pages say
    of themselves that cannot be read. `languages` counts the pages by language, the most frequent first, without those
    of unknown language.
    """

    id: str
    documents: int
    passages: int
    embedded: int
    problems: tuple[str, ...]
    notices: tuple[str, ...]
    languages: Mapping[str, int]
    build: Build = field(repr=False, compare=False)


def build_index(  # noqa: PLR0913, PLR0917 - what a build is made of, and who hears of it
    corpus: Path,
    index: Path,
    encoder: Encoder,
    store: StoreKind = FaissStore,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
    reuse: Path | None = None,
    *,
    reading: Callable[[int, int], object] = lambda _done, _of: None,
    fresh: bool = False,
    workers: int = 1,
) -> BuildResult:
    """Build the index of a corpus and make it live; with nothing changed, do nothing.

    Pages that the live build, or that of another index folder `reuse`, already holds are not read again, nor are their
    passages embedded. `fresh` reads and embeds all of them. `progress(done, total)` counts the passages that are
    embedded, `reading(done, total)` the files that are read. `workers` passages are embedded at a time. A build of many
    passages that was killed goes on where it was. Raises `CorpusError`, `ModelError`, `IndexBusy`, `StoreUnavailable`.
    """
    with write_lock(index):
        old = None if fresh else _live_build(index)
        before = sha256()
        names = [file.name for file in page_files(corpus, before)]
        inputs = _manifest(before.hexdigest(), encoder)
        if old and old.manifest.id == inputs.id and store.holds(old.folder):
            settle(index, store, reuse)
            return _result(old, 0)
        known = _Known([old, _live_build(reuse) if reuse else None], inputs, store)
        with draft(index) as folder:
            # The digest is taken again of the bytes that are read: a page that is saved meanwhile makes the build
            # stale, never wrong.
            digest = sha256()
            repeated = _repeated(corpus, known) if any(map(is_counted, names)) else Boilerplate()
            files = _counted(page_files(corpus, digest), len(names), reading)
            cut = _write_texts(folder, corpus, files, known, encoder, repeated)
            known.keep_precise(cut.bits, store.bits_for(cut.spans))
            embedded = sum(len(unknown) for _, unknown in _windows(cut, known))
            parts = EncodedParts(index, encoder.fingerprint, cut.bits, wanted=embedded > _RESUMED)
            with ThreadPoolExecutor(workers) as pool:
                encode = partial(_encode_all, cut=cut, encoder=encoder, pool=pool, parts=parts)
                search = write_encodings(folder, store, _encodings(cut, known, encode, progress))
            made = replace(
                inputs,
                corpus=digest.hexdigest(),
                documents=len(cut.texts.documents),
                passages=len(cut.texts.entries),
                problems=cut.problems,
                notices=cut.notices,
                search=search,
            )
            build = publish(index, folder, made)
        parts.remove()
        settle(index, store, reuse)
        return _result(build, embedded)


def settle(index: Path, store: StoreKind, served: Path | None = None) -> None:
    """Let a store on a server serve the live build of an index, and drop what it needs no more.

    `served` is the index that visitors are answered from, where this is another one.
    """
    others = _builds(served) if served else []
    store.settle(index, _builds(index), others)


def _builds(index: Path) -> list[Path]:
    """Return the folders of the builds of an index, the live one first."""
    try:
        return [index / name for name in (current(index), *kept_builds(index))]
    except IndexingError:
        return []


def passages_of(document: Document, encoder: Encoder) -> tuple[Passage, ...]:
    """Split a document into the passages that an index holds of it."""
    return split(document, int(encoder.max_tokens * _PASSAGE_SHARE), encoder.count_tokens)


def open_index(
    corpus: Path, index: Path, encoder: Encoder, store: StoreKind = FaissStore, digest: str | None = None
) -> tuple[str, Index]:
    """Open the live build and return its id with it.

    `digest` is that of the corpus, where the caller has just taken it. Raises `IndexMissing`, `IndexDamaged`,
    `IndexIncompatible` (another encoder or version) or `IndexStale` (the corpus changed since), with the cure.
    """
    name = current(index)
    build = open_build(index, name)
    made = build.manifest
    now = _manifest(digest or corpus_digest(corpus), encoder)
    raise_if_incompatible(made, encoder.fingerprint, index)
    if made.id != now.id:
        raise IndexStale(f"The pages in {corpus} changed since the index in {index} was built: {REBUILD_HINT}.")
    return name, Index(build.folder, store)


def open_last_good(
    corpus: Path, index: Path, encoder: Encoder, store: StoreKind = FaissStore
) -> tuple[str, Index, FootnoteError | None]:
    """Open the live build although the corpus changed since, or else the newest kept build that is whole.

    Return its id, the index, and what is wrong with the live build or the corpus, or None. Raises that `IndexingError`
    or `CorpusError` where no build can be served.
    """
    try:
        return *open_index(corpus, index, encoder, store), None
    except (IndexingError, CorpusError) as error:
        for name in (current_or_none(index), *kept_builds(index)):
            with suppress(IndexingError):
                if name is not None:
                    build = open_build(index, name)
                    raise_if_incompatible(build.manifest, encoder.fingerprint, index)
                    return name, Index(build.folder, store), error
        raise


def raise_if_incompatible(made: Manifest, fingerprint: str, index: Path) -> None:
    """Raise `IndexIncompatible` for a build with another encoder or by another version."""
    if made.encoder_fingerprint != fingerprint:
        raise IndexIncompatible(f"The index in {index} was built with another model, {made.encoder}: {REBUILD_HINT}.")
    if (made.format, made.splitter) != (_FORMAT, SPLITTER):
        raise IndexIncompatible(f"The index in {index} was built by another version of Footnote: {REBUILD_HINT}.")


def _manifest(corpus: str, encoder: Encoder) -> Manifest:
    """Return the manifest of a build that is still to be made: its inputs alone."""
    return Manifest(_FORMAT, corpus, SPLITTER, encoder.name, encoder.fingerprint, 0, 0, (), (), {}, {})


def _result(build: Build, embedded: int) -> BuildResult:
    made = build.manifest
    languages = dict(Counter(filter(None, Texts(build.folder).languages.values())).most_common())
    return BuildResult(made.id, made.documents, made.passages, embedded, made.problems, made.notices, languages, build)


def _live_build(index: Path) -> Build | None:
    """Return the live build, or None where there is none or it is damaged."""
    try:
        return open_build(index, current(index))
    except IndexingError:
        return None


class _Known:
    """What earlier builds hold of a new one: the passages of pages, and encodings."""

    def __init__(self, builds: Iterable[Build | None], inputs: Manifest, store: StoreKind) -> None:
        """Use the builds that are of the format and by the encoder of `inputs`."""
        self._cut: list[tuple[Index, Boilerplate]] = []
        self._left_out: dict[str, LeftOut] = {}
        self._encoded: dict[bytes, tuple[Index, int]] = {}
        for build in builds:
            if build is None or _made_by(build.manifest) != _made_by(inputs):
                continue
            try:
                index = Index(build.folder, store)
                keys = np.load(build.folder / _INPUTS, allow_pickle=False)
                left_out = read_left_out(build.folder)
                repeated = Boilerplate.from_dict(json.loads((build.folder / _REPEATED).read_bytes()))
            except (IndexingError, OSError, ValueError):
                continue
            if build.manifest.splitter == inputs.splitter:
                self._cut.append((index, repeated))
                self._left_out |= left_out
            self._encoded |= {key.tobytes(): (index, row) for row, key in enumerate(keys)}

    def document(self, file: PageFile) -> Document | None:
        """Return the document of a file, if its bytes were read before; raises `UnreadablePage` if they could not be.

        Its sections are without the blocks that were repeated then.
        """
        return next((page.document for page, _ in self._pages(file)), None)

    def page(self, file: PageFile, repeated: Boilerplate) -> Page | None:
        """Return the page of a file, if its bytes were read and cut before as they would be now, or raise likewise."""
        found = self._pages(file)
        return next(
            (page for page, then in found if _cuts(then, page.document) == _cuts(repeated, page.document)), None
        )

    def _pages(self, file: PageFile) -> Iterator[tuple[Page, Boilerplate]]:
        digest, left_out = file.digest, self._left_out.get(file.name)
        if left_out and left_out.digest == digest and not isinstance(file.content, OSError):
            raise left_out.error
        for index, repeated in self._cut:
            if page := index.page(file.name, digest):
                yield page, repeated

    def keep_precise(self, token_bits: int, vector_bits: int) -> None:
        """Keep the encodings with tokens of a number of bits and vectors of no fewer: others would give other bytes."""
        self._encoded = {
            key: (index, row)
            for key, (index, row) in self._encoded.items()
            if index.token_bits == token_bits and index.vector_bits >= vector_bits
        }

    def place(self, key: bytes) -> tuple[Index, int]:
        """Return the index that has the encoding of a known passage, and the passage's number there."""
        return self._encoded[key]

    def __contains__(self, key: bytes) -> bool:
        return key in self._encoded


def _cuts(repeated: Boilerplate, document: Document) -> tuple[object, ...]:
    """Return what of a page the blocks that its site repeats decide."""
    return repeated.spans(document), repeated.kept(document)


def _made_by(manifest: Manifest) -> tuple[int, str]:
    return manifest.format, manifest.encoder_fingerprint


@dataclass(frozen=True, slots=True)
class _Cut:
    """The passages of a corpus as they were written, and what to know of them to encode them.

    `keys` identify all that the vectors of each distinct passage depend on. `common_title` stands above more than half
    of them.
    """

    texts: Texts
    distinct: DistinctPassages
    keys: tuple[bytes, ...]
    common_title: str | None
    problems: tuple[str, ...]
    notices: tuple[str, ...]

    @property
    def bits(self) -> int:
        return token_bits(len(self.keys))

    @property
    def spans(self) -> int:
        """The number of vectors that the distinct passages have."""
        return int(np.diff(self.texts.first_spans)[self.distinct.rows].sum())

    def entry(self, number: int) -> Entry:
        """Return a distinct passage by its number."""
        return self.texts.entries[int(self.distinct.rows[number])]


def _counted(files: Iterable[PageFile], total: int, reading: Callable[[int, int], object]) -> Iterator[PageFile]:
    """Yield files, and report how many of them were read."""
    for done, file in enumerate(files, 1):
        yield file
        reading(done, max(done, total))


def _repeated(corpus: Path, known: _Known) -> Boilerplate:
    """Return the blocks that the sites of a corpus repeat on their pages; needs a look at all pages of HTML."""
    counter = RepeatCounter()
    for file in page_files(corpus, sha256()):
        if is_counted(file.name):
            with suppress(UnreadablePage), named_errors(file.name):  # named when the page is read to be written
                counter.add(known.document(file) or read_file(file))
    return counter.boilerplate()


def _write_texts(  # noqa: PLR0913, PLR0917 - what the texts of a build are made of
    folder: Path, corpus: Path, files: Iterable[PageFile], known: _Known, encoder: Encoder, repeated: Boilerplate
) -> _Cut:
    """Write the pages of a corpus with their passages, words and keys; raises `CorpusError` without any."""
    left_out: dict[str, LeftOut] = {}
    notices: list[str] = []
    counter = DistinctCounter()
    contents: list[bytes] = []
    titled: list[str] = []

    def pages() -> Iterator[Page]:
        for file in files:
            try:
                page = known.page(file, repeated) or _read(file, encoder, repeated)
            except UnreadablePage as error:
                left_out[file.name] = LeftOut.of(file.digest, error)
                continue
            notices.extend(f"{file.name}: {warning}." for warning in page.document.warnings)
            for passage, marks in page.entries:
                counter.add(passage, marks)
                contents.append(_content_key(passage, marks))
                titled.append(passage.title)
            yield page

    documents = Texts.write(folder, pages())
    if not documents:
        raise no_pages(corpus, [file.error for file in left_out.values()])
    if not contents:
        raise CorpusError(f"The pages in {corpus} hold no words: write what a visitor may ask.")
    write_left_out(folder, left_out)
    distinct = counter.passages()
    distinct.write(folder)
    texts = Texts(folder)
    _words(texts, distinct).index().write(folder)
    copies = find_copies(texts.documents)
    write_copies(folder, copies)
    title, count = Counter(titled[row] for row in distinct.rows).most_common(1)[0]
    common = title if count > len(distinct) / 2 else None
    keys = tuple(_key(contents[row], None if titled[row] == common else titled[row]) for row in distinct.rows)
    np.save(folder / _INPUTS, np.frombuffer(b"".join(keys), dtype=np.uint64).reshape(len(keys), -1))
    (folder / _REPEATED).write_text(json.dumps(repeated.as_dict(), ensure_ascii=False), "utf-8")
    return _Cut(texts, distinct, keys, common, *_reports(left_out, [*notices, *repeated.notices, *copies_text(copies)]))


def _words(texts: Texts, distinct: DistinctPassages) -> BM25Words:
    """Gather the words of the distinct passages, each in the language of its page."""
    words = BM25Words()
    for passage in map(texts.passages.__getitem__, distinct.rows.tolist()):
        words.add(searched_text(passage), texts.languages[passage.document] or texts.common_language)
    return words


def _reports(left_out: Mapping[str, LeftOut], warnings: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines on files that cannot be read, and those on pages that are not published and on warnings."""
    unread, unpublished = (
        tuple(file.reason for file in left_out.values() if file.unpublished is kind) for kind in (False, True)
    )
    return unread, (*unpublished, *warnings)


def _read(file: PageFile, encoder: Encoder, repeated: Boilerplate) -> Page:
    """Read a page and cut it; raises `UnreadablePage`."""
    with named_errors(file.name):
        document = repeated.without(read_file(file))
        document = replace(document, language=language_of_page(document.text, document.language))
        passages = passages_of(document, encoder)
        return Page(file.digest, document, tuple((passage, sentences(passage.text)) for passage in passages))


def _content_key(passage: Passage, marks: Sequence[Highlight]) -> bytes:
    """Return a digest of the headings, the text and the sentences of a passage."""
    ends = array("i", [end for mark in marks for end in (mark.start, mark.end)])
    text = "\0".join((*passage.headings, passage.text)).encode("utf-8", "surrogatepass")
    return blake2b(text + ends.tobytes(), digest_size=16).digest()


def _key(content: bytes, title: str | None) -> bytes:
    """Return the key of a passage by its content and the title that is encoded above it."""
    above = "" if title is None else f"title {title}"
    return content + blake2b(above.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def _windows(cut: _Cut, known: _Known) -> Iterator[tuple[range, list[int]]]:
    """Yield distinct passages by number, each time with those among them to encode: not known, different, and few."""
    start, unknown = 0, dict[bytes, int]()
    for row, key in enumerate(cut.keys):
        if key in known or key in unknown:
            continue
        if len(unknown) == _WINDOW:
            yield range(start, row), list(unknown.values())
            start, unknown = row, {}
        unknown[key] = row
    yield range(start, len(cut.keys)), list(unknown.values())


def _encodings(
    cut: _Cut, known: _Known, encode: "_EncodeAll", progress: Callable[[int, int], object]
) -> Iterator[_Encoding]:
    """Yield the encodings of all distinct passages, in order; unknown ones are encoded, short ones first."""
    windows = list(_windows(cut, known))
    done, total = 0, sum(len(unknown) for _, unknown in windows)
    for rows, unknown in windows:
        fresh: dict[bytes, _Encoding] = {}
        for key, encoding in encode(unknown):
            fresh[key] = encoding
            done += 1
            if done % _BATCH == 0 or done == total:
                progress(done, total)
        yield from _in_order([cut.keys[row] for row in rows], fresh, known)


class _EncodeAll(Protocol):
    def __call__(self, numbers: Sequence[int]) -> Iterable[tuple[bytes, _Encoding]]:
        """Yield the key and the encoding of each of some distinct passages, in any order."""


def _encode_all(
    numbers: Sequence[int], *, cut: _Cut, encoder: Encoder, pool: Executor, parts: EncodedParts
) -> Iterator[tuple[bytes, _Encoding]]:
    """Yield the key and the encoding of each of some distinct passages, which a killed build may have left behind."""
    entries = sorted(((cut.entry(number), cut.keys[number]) for number in numbers), key=_length)
    keys = [key for _, key in entries]
    held = parts.read(keys)
    if held is not None:
        yield from zip(keys, held, strict=True)
        return
    batches = [entries[start : start + _BATCH] for start in range(0, len(entries), _BATCH)]
    encoded: list[_Encoding] = []
    for batch, made in zip(batches, pool.map(partial(_encode_batch, cut=cut, encoder=encoder), batches), strict=True):
        encoded += made
        yield from zip((key for _, key in batch), made, strict=True)
    parts.write(keys, encoded)


def _encode_batch(batch: Sequence[tuple[Entry, bytes]], cut: _Cut, encoder: Encoder) -> list[_Encoding]:
    return list(_encode([entry for entry, _ in batch], cut, encoder))


def _in_order(keys: Sequence[bytes], fresh: Mapping[bytes, _Encoding], known: _Known) -> Iterator[_Encoding]:
    """Yield the encodings of passages; known ones that stand together in an earlier build are copied together."""
    run: tuple[Index, int, int] | None = None
    for key in keys:
        place = None if key in fresh else known.place(key)
        if run and place == run[::2] and run[2] - run[1] < _WINDOW:
            run = (*run[:2], run[2] + 1)
            continue
        if run:
            yield run[0].encoded(*run[1:])
        run = (*place, place[1] + 1) if place else None
        if key in fresh:
            yield fresh[key]
    if run:
        yield run[0].encoded(*run[1:])


def _length(entry: tuple[Entry, bytes]) -> int:
    return len(entry[0][0].text)


def _encode(entries: Sequence[Entry], cut: _Cut, encoder: Encoder) -> Iterator[_Encoding]:
    prefixes = [heading_prefix(passage, cut.common_title) for passage, _ in entries]
    encoded = encoder.encode_passages(
        [prefix + passage.text for prefix, (passage, _) in zip(prefixes, entries, strict=True)]
    )
    for each, prefix, (_, marks) in zip(encoded, prefixes, entries, strict=True):
        numbers = sentence_of(each, len(prefix), marks)
        yield span_vectors(each, len(prefix), numbers, len(marks)), Tokens.of(each, numbers, cut.bits)
