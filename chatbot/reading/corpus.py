"""Read the corpus folder: a `Document` for each page, and an error for each file that cannot be read."""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

from chatbot.errors import CorpusError, FootnoteError, PageUnpublished, UnreadablePage
from chatbot.reading.about import has_dates, read_about, unpublished, unpublished_by_date
from chatbot.reading.blocks import all_blocks
from chatbot.reading.front_matter import FrontMatter, read_front_matter, yaml_fields
from chatbot.reading.isolated import LARGEST_PARSED, PARSED, Unparsable, parse
from chatbot.reading.page import Page, finished, printed, sections
from chatbot.reading.text import read_text
from chatbot.records import Block, BlockKind, Document

__all__ = [
    "EDITABLE",
    "LARGEST",
    "READERS",
    "Corpus",
    "CorpusFiles",
    "PageFile",
    "corpus_digest",
    "corpus_files",
    "load_corpus",
    "named_errors",
    "no_pages",
    "other_files",
    "page_files",
    "read_corpus",
    "read_file",
    "read_page",
]


def _read_markdown(text: str) -> Page:
    from chatbot.reading.markdown import read_markdown  # noqa: PLC0415 - a question needs no reader

    return read_markdown(text)


def _read_html(text: str) -> Page:
    from chatbot.reading.html import read_html  # noqa: PLC0415 - as above

    return read_html(text)


EDITABLE: Final[Mapping[str, Callable[[str], Page]]] = {
    ".txt": read_text,
    ".md": _read_markdown,
    ".text": read_text,
    ".markdown": _read_markdown,
    ".mdx": _read_markdown,
}
"""The reader of each suffix of text that a person writes. Staff can change these pages and no others."""

_HTML: Final = frozenset({".html", ".htm", ".xhtml"})

READERS: Final[Mapping[str, Callable[[str], Page]]] = {**EDITABLE, **dict.fromkeys(_HTML, _read_html)}
"""The reader of each suffix of text; those of `PARSED` are read in a child process."""

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the largest text that is read: some ten times the longest page that a person would scroll."""

_FORMATS: Final = ".txt, .md, .html, .pdf and .docx"
_CURES: Final = {
    **dict.fromkeys((".doc", ".docm", ".dot", ".odt", ".rtf", ".pages", ".wpd", ".wps"), "save it as .docx or .pdf"),
    **dict.fromkeys((".key", ".odp", ".ppt", ".pptx", ".ps", ".xps", ".epub"), "save it as .pdf"),
    **dict.fromkeys((".csv", ".ods", ".xls", ".xlsx"), "write its table into a page"),
    ".yml": "rename it to .yaml if it belongs to the page beside it, or remove it",
}
_FEW: Final = 8  # endings that are counted one by one
_SIDECAR: Final = ".yaml"
_HEAD: Final = 64 * 1024  # bytes in which front matter is looked for, where only its dates matter
_DOCUMENTS: Final = frozenset({*_CURES, ".adoc", ".docx", ".org", ".pdf", ".rst", ".tex"})
"""Suffixes of files that somebody may take for pages: each is named. All others are counted."""
_NO_FOLDERS: Final = frozenset({"_includes", "_layouts", "_sass", "_site", "node_modules", "__MACOSX"})
_NO_PAGES: Final = frozenset({"robots.txt", "humans.txt", "ads.txt", "app-ads.txt", "llms.txt", "security.txt"})
_LOCKS: Final = ("~$", "._")  # what Word and macOS put beside a file
_HEADINGS_ALONE: Final = "it holds a heading alone; write what stands below it"
_INDEX: Final = frozenset({"index", "_index", "default", "readme"})
_BELOW: Final = "\n\n"
_LOOKS_LIKE: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of a corpus folder, sorted by id, and an error for each file that is not among them.

    A file that is not published, as it says of itself, has a `PageUnpublished`.
    """

    documents: tuple[Document, ...]
    problems: tuple[UnreadablePage, ...]


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page's file and the sidecar beside it: at most a byte more than may be read, or the error in their place.

    The bytes of a file that no reader reads are not held. `outside`: it is a link that leads out of the corpus.
    `unpublished` says why the page is not published today, where its own dates say so.
    """

    name: str
    content: bytes | OSError
    sidecar: bytes | OSError | None
    outside: bool
    unpublished: str = ""

    @property
    def digest(self) -> str:
        """The SHA-256 of all that the page is read from: its name, its bytes, those of the sidecar, and the day."""
        digest = hashlib.sha256()
        self.add_to(digest)
        digest.update(b"outside" if self.outside else b"")
        return digest.hexdigest()

    def add_to(self, digest: "hashlib._Hash") -> None:
        """Add the file to the digest of a corpus."""
        _add_file(digest, self.name, self.content)
        _add_file(digest, self.name + _SIDECAR, b"" if self.sidecar is None else self.sidecar)
        digest.update(self.unpublished.encode())


@dataclass(frozen=True, slots=True)
class CorpusFiles:
    """The files of a corpus folder, each opened once, and the SHA-256 of all their names and bytes."""

    folder: Path
    pages: tuple[PageFile, ...]
    digest: str


def load_corpus(folder: Path) -> CorpusFiles:
    """Read the bytes of every file of a corpus; raises `CorpusError` if there is no folder."""
    digest = hashlib.sha256()
    pages = tuple(page_files(folder, digest))
    return CorpusFiles(folder, pages, digest.hexdigest())


def page_files(folder: Path, digest: "hashlib._Hash") -> Iterator[PageFile]:
    """Yield the files of a corpus, each read when it is asked for, and add their names and bytes to a digest.

    Raises `CorpusError` if there is no folder.
    """
    today = datetime.now(UTC).date()
    for path, error in _walk(folder):
        if not _is_page(path, folder):
            continue
        sidecar = _sidecar(path)
        known = _is_read(path)  # other files may be large, and nothing reads their bytes
        outside = _leads_out(path, folder)
        content = error or (_bytes(path) if known and not outside else b"")
        beside = _bytes(sidecar) if sidecar.is_file() else None
        name, day = path.relative_to(folder).as_posix(), ""
        with suppress(UnreadablePage), named_errors(name):  # a page with such dates is named when it is read
            day = _unpublished_today(content, beside, today)
        file = PageFile(name, content, beside, outside, day)
        file.add_to(digest)
        yield file


def _unpublished_today(content: bytes | OSError, sidecar: bytes | OSError | None, today: date) -> str:
    """Return why a page is not published today, by the dates that it and its sidecar hold; "" where it is."""
    text, beside = (
        part[:_HEAD].decode("utf-8-sig", "replace") if isinstance(part, bytes) else "" for part in (content, sidecar)
    )
    if not (has_dates(text) or has_dates(beside)):
        return ""
    return unpublished_by_date({**read_front_matter(text).fields, **_fields(beside)}, today)


def _fields(sidecar: str) -> dict[str, object]:
    try:
        return yaml_fields(sidecar)
    except ValueError:
        return {}


def _add_file(digest: "hashlib._Hash", name: str, content: bytes | OSError) -> None:
    encoded = name.encode("utf-8", "surrogateescape")
    hashed = b"unreadable" if isinstance(content, OSError) else content
    digest.update(b"%d %s %d " % (len(encoded), encoded, len(hashed)) + hashed)


def read_corpus(corpus: Path | CorpusFiles) -> Corpus:
    """Read every page of a corpus, from its folder or its loaded files.

    Raises `CorpusError` if there is no folder or not one page that can be read.
    """
    files = load_corpus(corpus) if isinstance(corpus, Path) else corpus
    documents: list[Document] = []
    problems: list[UnreadablePage] = []
    for file in files.pages:
        try:
            documents.append(read_file(file))
        except UnreadablePage as error:
            problems.append(error)
    if not documents:
        raise no_pages(files.folder, problems)
    return Corpus(tuple(documents), tuple(problems))


def no_pages(folder: Path, problems: Sequence[UnreadablePage]) -> CorpusError:
    """Return the error for a corpus without one page that can be read."""
    reason = f" The first of {len(problems)} files: {problems[0]}" if problems else ""
    return CorpusError(
        f"{folder} holds no page that can be read: put {_FORMATS.replace('and', 'or')} files there.{reason}"
    )


def corpus_digest(folder: Path) -> str:
    """Return the SHA-256 of the names and bytes of all files of a corpus, of which one at a time is held."""
    digest = hashlib.sha256()
    for _ in page_files(folder, digest):
        pass
    return digest.hexdigest()


def other_files(folder: Path) -> tuple[str, ...]:
    """Return lines that count what lies in a corpus folder and is no page: pictures, backups, links to its folders."""
    endings: Counter[str] = Counter()
    lines: list[str] = []
    for path, _ in _walk(folder):
        if _is_page(path, folder):
            continue
        if path.is_dir() and path.is_symlink():
            target = path.resolve().relative_to(folder.resolve())
            lines.append(f"{path.relative_to(folder)} was left out: it is a link to {target}, whose pages are read.")
        else:
            endings[_ending(path)] += 1
    if endings:
        kinds = ", ".join(f"{count} {ending}" for ending, count in endings.most_common(_FEW))
        more = ", ..." if len(endings) > _FEW else ""
        are = "1 other file is no page" if endings.total() == 1 else f"{endings.total()} other files are no pages"
        lines.append(f"{are}: {kinds}{more}.")
    return tuple(lines)


def corpus_files(folder: Path) -> Iterator[Path]:
    """Yield every file that a corpus is read from: the pages and the sidecars beside them."""
    for path, _ in _walk(folder):
        if _is_page(path, folder):
            yield from (file for file in (path, _sidecar(path)) if file.is_file())


def _walk(folder: Path) -> Iterator[tuple[Path, OSError | None]]:
    """Yield what lies in a corpus, by path, links to folders too, but nothing hidden, no sidecars and no README of it.

    A folder that cannot be opened, or that programs write, is yielded in place of its files.
    """
    if not folder.is_dir():
        raise CorpusError(f"There is no corpus folder {folder}: make it, or point FOOTNOTE_CORPUS at yours.")
    found: dict[Path, OSError | None] = {}

    def unopened(error: OSError) -> None:
        found[Path(error.filename)] = error

    for root, folders, files in os.walk(folder, onerror=unopened):
        place = Path(root)
        closed = {name for name in folders if name in _NO_FOLDERS or (place / name).is_symlink()}
        folders[:] = [name for name in folders if name not in closed and not name.startswith(".")]
        found |= dict.fromkeys(place / name for name in (*files, *closed) if not name.startswith("."))
    for path in sorted(found):
        beside = path.suffix == _SIDECAR and _is_read(path.with_suffix(""))
        if not beside and path != folder / "README.md":
            yield path, found[path]


def _is_page(path: Path, folder: Path) -> bool:
    """Return whether something in a corpus is a page, or should be named because it cannot be one."""
    if path.is_dir():
        return _leads_out(path, folder) or not os.access(path, os.R_OK | os.X_OK)
    if path.exists() and not path.is_file():
        return False  # a pipe or a device
    listed = _is_read(path) or path.suffix.lower() in _DOCUMENTS
    return listed and not path.name.startswith(_LOCKS) and path.name.lower() not in _NO_PAGES


def _is_read(path: PurePath) -> bool:
    return path.suffix.lower() in READERS or path.suffix.lower() in PARSED


def _leads_out(path: Path, folder: Path) -> bool:
    return path.is_symlink() and not path.resolve().is_relative_to(folder.resolve())


def _ending(path: Path) -> str:
    """Return the ending by which a file that is no page is counted: its suffix or, without one, its name."""
    return path.suffix.lower() or path.name


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + _SIDECAR)


def _bytes(path: Path) -> bytes | OSError:
    """Read a file, at most one byte more than the largest may have; return the error if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(_largest(path) + 1)
    except OSError as error:
        return error


def read_file(file: PageFile) -> Document:
    """Read a page from its loaded file; raises `PageUnpublished`, or `UnreadablePage` as `read_page` does."""
    if file.outside:
        raise _unreadable(file.name, "it is a link that leads out of the corpus", "put the file or folder itself here")
    if isinstance(file.content, OSError):
        reason = file.content.strerror or "it cannot be opened"
        raise _unreadable(file.name, reason, "check it and who may read it") from file.content
    if file.unpublished:
        raise _unpublished(file.name, file.unpublished)
    if any(part == "_drafts" for part in PurePosixPath(file.name).parts):
        raise _unpublished(file.name, "it is in a folder of drafts")
    sidecar = None if isinstance(file.sidecar, OSError) else file.sidecar
    with named_errors(file.name):
        document, about = _read(file.name, file.content, sidecar)
        reason = unpublished(about)
    if reason:
        raise _unpublished(file.name, reason)
    if isinstance(file.sidecar, OSError):
        return replace(document, warnings=(*document.warnings, _unread_sidecar(file.name)))
    return document


@contextmanager
def named_errors(name: str) -> Iterator[None]:
    """Make an error that nobody foresaw an `UnreadablePage` of the page that is read."""
    try:
        yield
    except FootnoteError:
        raise
    except Exception as error:  # whatever is wrong with one page, all others are served
        reason = f"it could not be read ({type(error).__name__})"
        raise _unreadable(name, reason, "save it anew, or write its words into another page") from error


def read_page(name: str, content: bytes, sidecar: bytes | None = None) -> Document:
    """Read a page, published or not, from its name, its bytes and those of the sidecar beside it; no file is opened.

    Raises `UnreadablePage` that names the file, the reason and the cure.
    """
    return _read(name, content, sidecar)[0]


def _read(name: str, content: bytes, sidecar: bytes | None) -> tuple[Document, Mapping[str, object]]:
    """Read a page, and return what it says of itself with it."""
    path = PurePosixPath(name)
    suffix = path.suffix.lower()
    if not _is_read(path):
        raise _unreadable(name, f"Footnote reads {_FORMATS} files", _CURES.get(suffix, "save it as one of these"))
    if not name.isprintable() or "\\" in name:
        raise _unreadable(name, "its name holds characters that no address can carry", "rename it")
    if len(content) > _largest(path):
        raise _unreadable(
            name, f"it has more than {_largest(path):,} bytes", "cut it into the pages that it is made of"
        )
    beside, unread = _beside(name, sidecar)
    if suffix in PARSED:
        front, page = FrontMatter({}, ""), finished(_parsed(name, suffix, content))
    else:
        front = read_front_matter(
            _decoded(name, content, encoding if isinstance(encoding := beside.get("encoding"), str) else "")
        )
        page = finished(READERS[suffix](front.body))
    if not page.text.strip():
        raise _unreadable(name, "it holds no text", "write the page or remove the file")
    own = read_about(page.about)
    about = read_about({**front.fields, **beside})
    title = printed(about.title or own.title or page.title or _title_from_name(path))
    cut = sections(page, title)
    document = Document(
        name,
        title,
        page.text,
        about.url or own.url,
        about.reviewed or own.reviewed,
        cut,
        all_blocks(page, title, cut),
        about.language or own.language,
        (*page.warnings, *front.warnings, *unread, *about.warnings, *(() if cut else (_HEADINGS_ALONE,))),
        page.pages,
    )
    if page.footer is not None:
        document = _with_footer(document, finished(page.footer))
    return document, {**page.about, **front.fields, **beside}


def _with_footer(document: Document, footer: Page) -> Document:
    """Return a document with what the site's footer says below its own text, each part under its own heading."""
    offset = len(document.text) + len(_BELOW)
    cut = sections(footer, document.title)
    parts: list[Block] = []
    place = 0
    for section in cut:
        text = footer.text[place : section.end]
        parts.append(Block(BlockKind.FOOTER, section.end - len(text.lstrip()), place + len(text.rstrip())))
        place = section.end
    blocks = sorted((*parts, *all_blocks(footer, document.title, cut)), key=lambda block: (block.start, -block.end))
    return replace(
        document,
        text=f"{document.text}{_BELOW}{footer.text}",
        sections=(
            *document.sections,
            *(replace(each, start=each.start + offset, end=each.end + offset) for each in cut),
        ),
        blocks=(*document.blocks, *(Block(each.kind, each.start + offset, each.end + offset) for each in blocks)),
        footer=tuple(footer.text[part.start : part.end] for part in parts),
    )


def _largest(path: PurePath) -> int:
    return LARGEST_PARSED if path.suffix.lower() in PARSED else LARGEST


def _parsed(name: str, suffix: str, content: bytes) -> Page:
    try:
        return parse(suffix, content)
    except Unparsable as error:
        raise _unreadable(name, error.reason, error.cure) from error


def _decoded(name: str, content: bytes, encoding: str) -> str:
    """Decode a page; `encoding` is the one that the sidecar of a crawled page names, or ""."""
    from chatbot.reading.html_tree import decode_html, web_encoding  # noqa: PLC0415 - as above

    if PurePosixPath(name).suffix.lower() in _HTML:
        return decode_html(content, encoding)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        with suppress(LookupError, UnicodeError):
            if known := web_encoding(encoding):
                return content.decode(known)
        kind = _LOOKS_LIKE.get(content[:2], "Windows-1252" if b"\0" not in content else "")
        reason = f"byte {error.start:,} of it is not UTF-8{kind and f' (it looks like {kind})'}"
        raise _unreadable(name, reason, "save it as UTF-8") from error
    if "\0" in text:
        raise _unreadable(name, "it holds NUL characters, so it is not text", "save it as text in UTF-8")
    return text


def _beside(name: str, sidecar: bytes | None) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the fields of a page's sidecar, and warnings where it cannot be read."""
    if sidecar is None:
        return {}, ()
    try:
        lines = sidecar.decode("utf-8-sig")
        fields = yaml_fields(lines)
    except ValueError:
        return {}, (_unread_sidecar(name),)
    return fields, () if fields or not lines.strip() else (_unread_sidecar(name),)


def _unread_sidecar(name: str) -> str:
    return f"{PurePosixPath(name).name}{_SIDECAR} beside it cannot be read; write lines of the form 'title: After care'"


def _title_from_name(path: PurePosixPath) -> str:
    """Return a title made of a file's name, or of its folder's where the file is the folder's page."""
    stem = re.sub(r"(?<=.)\.[a-z]{2}(?:-[a-zA-Z]{2})?$", "", path.stem)  # Hugo writes the language there
    if stem.casefold() in _INDEX and path.parent.name:
        stem = path.parent.name
    words = re.sub(r"^\d{4}-\d{2}-\d{2}-(?=.)", "", stem).replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:] if words else path.name


def _unpublished(name: str, reason: str) -> PageUnpublished:
    return PageUnpublished(f"{_shown(name)} was left out: {reason}.")


def _unreadable(name: str, reason: str, cure: str) -> UnreadablePage:
    return UnreadablePage(f"{_shown(name)} was left out: {reason}; {cure}.")


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode()
