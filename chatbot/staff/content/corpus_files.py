"""The files of a corpus folder: copied, changed by drafts, and made equal to another folder's, file by file."""

import os
import shutil
from collections.abc import Collection
from pathlib import Path

from chatbot.errors import ChangeRefused
from chatbot.reading import corpus_files
from chatbot.staff.content.drafts import Draft

__all__ = ["apply_drafts", "copy_pages", "page_text", "sidecar_text", "sync_folder"]


def copy_pages(corpus: Path, folder: Path) -> None:
    """Copy the files of a corpus into a folder, in place of what it holds."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    for name, path in _files(corpus).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)


def apply_drafts(folder: Path, drafts: Collection[Draft]) -> None:
    """Change the files of a copy as drafts say; what a page said of itself in a file beside it now stands in it."""
    for draft in drafts:
        path = folder / draft.page
        _beside(path).unlink(missing_ok=True)
        if draft.text is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(draft.text.encode())


def sync_folder(corpus: Path, folder: Path, withdrawn: Path) -> None:
    """Give a corpus the files of a folder, each in one step; those that go are kept in another.

    Raises `ChangeRefused` if a file cannot be written.
    """
    now, then = _files(corpus), _files(folder)
    try:
        for name, path in then.items():
            content = path.read_bytes()
            if name not in now or now[name].read_bytes() != content:
                _write(corpus / name, content)
        for name in now.keys() - then.keys():
            (withdrawn / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(now[name], withdrawn / name)
            now[name].unlink()
    except OSError as error:
        raise ChangeRefused(
            f"{corpus} cannot be written: {error.strerror}. Whoever looks after the server must allow it."
        ) from error


def page_text(corpus: Path, page: str) -> str | None:
    """Give the text of a page's file, or None if there is none."""
    return _text(corpus / page)


def sidecar_text(corpus: Path, page: str) -> str | None:
    """Give the text of the file beside a page, or None if there is none."""
    return _text(_beside(corpus / page))


def _text(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8-sig", "replace")
    except FileNotFoundError:
        return None


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.yaml")


def _files(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in corpus_files(folder)}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")  # hidden, so that it is no page
    with draft.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
