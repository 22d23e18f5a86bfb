"""Read the corpus folder: a `Document` for each page, and an error for each file that cannot be read."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import urlsplit

from chatbot.errors import CorpusError, UnreadablePage
from chatbot.reading.page import Page, sections
from chatbot.reading.text import read_text
from chatbot.records import Document

__all__ = [
    "LARGEST",
    "READERS",
    "Corpus",
    "CorpusFiles",
    "PageFile",
    "corpus_digest",
    "corpus_files",
    "front_matter",
    "load_corpus",
    "no_pages",
    "page_files",
    "read_corpus",
    "read_file",
    "read_page",
]


def _read_markdown(text: str) -> Page:
    from chatbot.reading.markdown import read_markdown  # noqa: PLC0415 - a question needs no reader

    return read_markdown(text)


READERS: Final[Mapping[str, Callable[[str], Page]]] = {".txt": read_text, ".md": _read_markdown}
"""The reader of each suffix."""

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the largest file that is read: some ten times the longest page that a person would scroll."""

_SIDECAR = ".yaml"
_FRONT_MATTER = re.compile(r"\s*?-{3}[ \t]*\r?\n(.*?)^-{3}[ \t]*(?:\r?\n|\Z)\s*", re.DOTALL | re.MULTILINE)
_OPENED = re.compile(r"\s*-{3}[ \t]*\r?\n(?:title|url|reviewed)[ \t]*:")


@dataclass(frozen=True, slots=True)
class Corpus:
    """The documents of a corpus folder, sorted by id, and an error for each file that could not be read."""

    documents: tuple[Document, ...]
    problems: tuple[UnreadablePage, ...]


@dataclass(frozen=True, slots=True)
class PageFile:
    """A page's file and the sidecar beside it: at most `LARGEST` + 1 bytes each, or the error in their place.

    The bytes of a file that no reader reads are not held. `outside`: it is a link that leads out of the corpus.
    """

    name: str
    content: bytes | OSError
    sidecar: bytes | OSError | None
    outside: bool

    @property
    def digest(self) -> str:
        """The SHA-256 of all that the page is read from: its name, its bytes and those of the sidecar."""
        digest = hashlib.sha256()
        _add_file(digest, self.name, self.content)
        _add_file(digest, self.name + _SIDECAR, b"" if self.sidecar is None else self.sidecar)
        digest.update(b"outside" if self.outside else b"")
        return digest.hexdigest()


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
    for path in _files(folder):
        name, sidecar = path.relative_to(folder).as_posix(), _sidecar(path)
        content, beside = _bytes(path), _bytes(sidecar) if sidecar.is_file() else None
        _add_file(digest, name, content)
        _add_file(digest, name + _SIDECAR, beside or b"")
        known = path.suffix.lower() in READERS  # other files may be large, and nothing reads their bytes
        # The folders that are links are not walked into, so that only a file can lead out.
        outside = known and path.is_symlink() and not path.resolve().is_relative_to(folder.resolve())
        yield PageFile(name, content if known else b"", beside, outside)


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
    return CorpusError(f"{folder} holds no page that can be read: put .txt or .md files there.{reason}")


def corpus_digest(folder: Path) -> str:
    """Return the SHA-256 of the names and bytes of all files of a corpus, of which one at a time is held."""
    digest = hashlib.sha256()
    for _ in page_files(folder, digest):
        pass
    return digest.hexdigest()


def read_file(file: PageFile) -> Document:
    """Read a page from its loaded file; raises `UnreadablePage` as `read_page` does."""
    if file.outside:
        raise _unreadable(file.name, "it is a link to a file outside the corpus", "put the file itself here")
    if isinstance(file.content, OSError):
        reason = file.content.strerror or "it cannot be opened"
        raise _unreadable(file.name, reason, "check the file and who may read it") from file.content
    if isinstance(file.sidecar, OSError):
        raise _unreadable(file.name, _beside(file.name) + " cannot be read", "correct that file") from file.sidecar
    return read_page(file.name, file.content, file.sidecar)


def read_page(name: str, content: bytes, sidecar: bytes | None = None) -> Document:
    """Read a page from its name, its bytes and those of the sidecar beside it; no file is opened.

    Raises `UnreadablePage` that names the file, the reason and the cure.
    """
    path = PurePosixPath(name)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise _unreadable(name, f"Footnote reads {' and '.join(READERS)} files", "save it as one of these")
    if not name.isprintable() or "\\" in name:
        raise _unreadable(name, "its name holds characters that no address can carry", "rename it")
    about, words = front_matter(name, _decoded(name, content))
    about |= _sidecar_fields(name, sidecar)
    page = reader(words)
    if not page.text.strip():
        raise _unreadable(name, "it holds no text", "write the page or remove the file")
    title = _string(name, about, "title") or page.title or _title_from_name(path)
    cut = sections(page, title)
    return Document(name, title, page.text, _url(name, about), _reviewed(name, about), cut, page.blocks)


def corpus_files(folder: Path) -> Iterator[Path]:
    """Yield every file of a corpus: the pages and the sidecars beside them."""
    for path in _files(folder):
        yield from (file for file in (path, _sidecar(path)) if file.is_file())


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files that should be pages: all but hidden ones, sidecars and the folder's README."""
    if not folder.is_dir():
        raise CorpusError(f"There is no corpus folder {folder}: make it, or point FOOTNOTE_CORPUS at yours.")
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        beside = path.suffix == _SIDECAR and path.with_suffix("").suffix.lower() in READERS
        if path.is_file() and not hidden and not beside and path != folder / "README.md":
            yield path


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + _SIDECAR)


def _bytes(path: Path) -> bytes | OSError:
    """Read a file, at most one byte more than `LARGEST`; return the error if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        return error


def _decoded(name: str, content: bytes) -> str:
    if len(content) > LARGEST:
        raise _unreadable(name, f"it has more than {LARGEST:,} bytes", "cut it into the pages that it is made of")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"byte {error.start:,} of it is not UTF-8", "save it as UTF-8") from error
    if "\0" in text:
        raise _unreadable(name, "it holds NUL characters, so it is not text", "save it as text in UTF-8")
    return text


def front_matter(name: str, text: str) -> tuple[dict[str, object], str]:
    """Return the fields of a page's front matter, and the text below it; raises `UnreadablePage`."""
    match = _FRONT_MATTER.match(text)
    if match:
        return _yaml_fields(name, match[1], "its front matter"), text[match.end() :]
    if _OPENED.match(text):
        raise _unreadable(name, "its front matter has no closing line of dashes", "put --- below its last line")
    return {}, text


def _beside(name: str) -> str:
    return f"{PurePosixPath(name).name}{_SIDECAR} beside it"


def _sidecar_fields(name: str, sidecar: bytes | None) -> dict[str, object]:
    if sidecar is None:
        return {}
    try:
        return _yaml_fields(name, sidecar.decode("utf-8-sig"), _beside(name))
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"{_beside(name)} cannot be read", "correct that file") from error


def _yaml_fields(name: str, lines: str, place: str) -> dict[str, object]:
    """Read 'name: value' lines, with every value as text; `place` names them in errors."""
    import yaml  # noqa: PLC0415 - as above

    try:
        about = yaml.load(lines, Loader=yaml.BaseLoader)  # noqa: S506 - this loader only makes strings, lists and tables
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _unreadable(name, f"{place} is not YAML", "write lines of the form 'title: After care'") from error
    if not isinstance(about, dict):
        if not about:
            return {}
        raise _unreadable(name, f"{place} has no lines of the form 'name: value'", "correct it")
    return about


def _string(name: str, about: Mapping[str, object], key: str) -> str:
    value = about.get(key, "")
    if not isinstance(value, str):
        raise _unreadable(name, f"its {key} is not text", f"write {key} on one line")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise _unreadable(name, f"its {key} holds characters that cannot be shown", "write it anew")
    return " ".join(value.split())


def _url(name: str, about: Mapping[str, object]) -> str | None:
    url = _string(name, about, "url")
    if not url:
        return None
    try:
        parts = urlsplit(url)
        plain = parts.scheme in {"http", "https"} and bool(parts.hostname) and not parts.username
    except ValueError:
        plain = False
    if not plain:
        raise _unreadable(name, f"its url {url!r} is not a web address", "write it as https://...")
    return url


def _reviewed(name: str, about: Mapping[str, object]) -> date | None:
    value = _string(name, about, "reviewed")
    try:
        return date.fromisoformat(value[:10]) if value else None
    except ValueError:
        reason = f"its reviewed date {value!r} cannot be read"
        raise _unreadable(name, reason, "write year, month and day, as in 2026-01-31") from None


def _title_from_name(path: PurePosixPath) -> str:
    return path.stem.replace("-", " ").replace("_", " ").strip().capitalize() or path.name


def _unreadable(name: str, reason: str, cure: str) -> UnreadablePage:
    shown = name.encode("utf-8", "replace").decode()
    return UnreadablePage(f"{shown} was left out: {reason}; {cure}.")
