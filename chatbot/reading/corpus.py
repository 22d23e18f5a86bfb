"""The corpus folder: every page in it as a `Document`, and every file that could not be read, by name and reason."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import yaml
from frontmatter.default_handlers import YAMLHandler

from chatbot.errors import CorpusError, UnreadablePage
from chatbot.reading.markdown import read_markdown
from chatbot.reading.page import Page, sections
from chatbot.reading.text import read_text
from chatbot.records import Document

__all__ = ["LARGEST", "READERS", "Corpus", "corpus_digest", "read_corpus", "read_document"]

READERS: Final[Mapping[str, Callable[[str], Page]]] = {".txt": read_text, ".md": read_markdown}
"""The reader of each suffix."""

LARGEST: Final = 4 * 1024 * 1024
"""Bytes of the largest file that is read: some ten times the longest page that a person would scroll."""

_SIDECAR = ".yaml"
_KEY = re.compile(r"\s*-{3,}\s*\n(?:title|url|reviewed)\s*:")


@dataclass(frozen=True, slots=True)
class Corpus:
    """What a corpus folder gave: its documents by id, the files that gave none, and a digest of all that was read."""

    documents: tuple[Document, ...]
    problems: tuple[UnreadablePage, ...]
    digest: str


def read_corpus(folder: Path) -> Corpus:
    """Read every page below a folder; raises `CorpusError` if there is no folder or not one page that can be read."""
    documents: list[Document] = []
    problems: list[UnreadablePage] = []
    for path in _files(folder):
        try:
            documents.append(read_document(folder, path))
        except UnreadablePage as error:
            problems.append(error)
    if not documents:
        reason = f" The first of {len(problems)} files: {problems[0]}" if problems else ""
        raise CorpusError(f"{folder} holds no page that can be read: put .txt or .md files there.{reason}")
    return Corpus(tuple(documents), tuple(problems), corpus_digest(folder))


def corpus_digest(folder: Path) -> str:
    """Give the SHA-256 of the names and bytes of all that the corpus is read from."""
    digest = hashlib.sha256()
    for path in _files(folder):
        for file in (path, _sidecar(path)):
            try:
                content = file.read_bytes() if file.stat().st_size <= LARGEST else b"too large"
            except OSError:
                content = b"unreadable" if file == path else b""
            name = file.relative_to(folder).as_posix().encode("utf-8", "surrogateescape")
            digest.update(b"%d %s %d " % (len(name), name, len(content)) + content)
    return digest.hexdigest()


def read_document(folder: Path, path: Path) -> Document:
    """Read one file of a corpus; raises `UnreadablePage` that names the file, the reason and the cure."""
    name = path.relative_to(folder).as_posix()
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise _unreadable(name, f"Footnote reads {' and '.join(READERS)} files", "save it as one of these")
    if not name.isprintable() or "\\" in name:
        raise _unreadable(name, "its name holds characters that no address can carry", "rename it")
    about, words = _about(name, _decoded(name, path))
    about |= _beside(name, path)
    page = reader(words)
    if not page.text.strip():
        raise _unreadable(name, "it holds no text", "write the page or remove the file")
    title = _string(name, about, "title") or page.title or _titled(path)
    return Document(name, title, page.text, _url(name, about), _reviewed(name, about), sections(page, title))


def _files(folder: Path) -> Iterator[Path]:
    """Give the files that should be pages: all but hidden ones, sidecars, and the README that explains the folder."""
    if not folder.is_dir():
        raise CorpusError(f"There is no corpus folder {folder}: make it, or point FOOTNOTE_CORPUS at yours.")
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        beside = path.suffix == _SIDECAR and path.with_suffix("").suffix.lower() in READERS
        if path.is_file() and not hidden and not beside and path != folder / "README.md":
            yield path


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + _SIDECAR)


def _decoded(name: str, path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            reason = f"it has {path.stat().st_size:,} bytes, more than {LARGEST:,}"
            raise _unreadable(name, reason, "cut it into the pages that it is made of")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _unreadable(
            name, error.strerror or "it cannot be opened", "check the file and who may read it"
        ) from error
    except UnicodeDecodeError as error:
        raise _unreadable(name, f"byte {error.start:,} of it is not UTF-8", "save it as UTF-8") from error
    if "\0" in text:
        raise _unreadable(name, "it holds NUL characters, so it is no text", "save it as text in UTF-8")
    return text


def _about(name: str, text: str) -> tuple[dict[str, object], str]:
    """Part a file into its front matter and its words."""
    handler = YAMLHandler()
    if not handler.detect(text):
        return {}, text
    try:
        matter, words = handler.split(text)
    except ValueError:
        if _KEY.match(text):
            reason = "its front matter has no closing line of dashes"
            raise _unreadable(name, reason, "put --- below its last line") from None
        return {}, text  # dashes are a line, then
    try:
        about = handler.load(matter)
    except (yaml.YAMLError, ValueError) as error:
        raise _unreadable(
            name, f"its front matter is no YAML ({_line(error)})", "correct the lines between ---"
        ) from error
    return (dict(about), words.lstrip("\r\n")) if isinstance(about, dict) else ({}, text)


def _beside(name: str, path: Path) -> dict[str, object]:
    sidecar = _sidecar(path)
    if not sidecar.is_file():
        return {}
    try:
        about = yaml.safe_load(sidecar.read_bytes())
    except (OSError, yaml.YAMLError, ValueError) as error:
        raise _unreadable(name, f"{sidecar.name} beside it cannot be read as YAML", "correct that file") from error
    if about is not None and not isinstance(about, dict):
        raise _unreadable(name, f"{sidecar.name} beside it holds no 'name: value' lines", "correct that file")
    return about or {}


def _line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 2}" if mark else "see its first lines"


def _string(name: str, about: Mapping[str, object], key: str) -> str:
    value = about.get(key)
    if value is not None and not isinstance(value, (str, int, float, date)):
        raise _unreadable(name, f"its {key} is no text", f"write {key} on one line")
    text = "" if value is None else " ".join(str(value).split())
    if any("\ud800" <= one <= "\udfff" for one in text):
        raise _unreadable(name, f"its {key} holds characters that cannot be shown", "write it anew")
    return text


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
        raise _unreadable(name, f"its url {url!r} is no web address", "write it as https://...")
    return url


def _reviewed(name: str, about: Mapping[str, object]) -> date | None:
    value = about.get("reviewed")
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        raise _unreadable(
            name, f"its reviewed date {value!r} cannot be read", "write year, month and day, as in 2026-01-31"
        ) from None


def _titled(path: Path) -> str:
    return path.stem.replace("-", " ").replace("_", " ").strip().capitalize() or path.name


def _unreadable(name: str, reason: str, cure: str) -> UnreadablePage:
    shown = name.encode("utf-8", "replace").decode()
    return UnreadablePage(f"{shown} was left out: {reason}; {cure}.")
