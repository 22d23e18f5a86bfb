"""The files of a corpus folder: copied, changed by drafts, and brought to the state of another folder."""

import shutil
from collections.abc import Collection
from pathlib import Path

from chatbot.errors import ChangeRefused
from chatbot.files import is_below, sync_folder_entry, write_atomically
from chatbot.reading import LARGEST, CorpusFiles
from chatbot.staff.content.drafts import Draft

__all__ = ["apply_drafts", "changed_files", "copy_corpus", "file_text", "sidecar_name", "sync_pages"]


def copy_corpus(corpus: CorpusFiles, folder: Path) -> None:
    """Write the files of a loaded corpus into a folder, in place of what it holds; raises `ChangeRefused`.

    A link that leads out of the corpus stays a link, so that the copy is read as the corpus is.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        for page in corpus.pages:
            source, copy = corpus.folder / page.name, folder / page.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            if page.outside:
                copy.symlink_to(source.resolve())
            else:
                _copy(source, page.content, copy)
            if page.sidecar is not None:
                _copy(sidecar_name(source), page.sidecar, sidecar_name(copy))
    except OSError as error:
        raise ChangeRefused(
            f"{error.filename} cannot be copied: {error.strerror}. Whoever looks after the server must allow it."
        ) from error


def _copy(source: Path, content: bytes | OSError, copy: Path) -> None:
    if isinstance(content, bytes) and 0 < len(content) <= LARGEST:
        copy.write_bytes(content)
    else:  # the loaded corpus does not hold the whole of it
        shutil.copyfile(source, copy)


def apply_drafts(folder: Path, drafts: Collection[Draft]) -> None:
    """Change the files of a copy as drafts say; the text of a draft holds what the page's sidecar held.

    Raises `ChangeRefused` for a draft whose name leads out of the folder.
    """
    for draft in drafts:
        if not is_below(draft.page):  # of a database that somebody else has made
            raise ChangeRefused(f"{draft.page!r} is no name of a page: discard this draft.")
        path = folder / draft.page
        sidecar_name(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        if draft.text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(draft.text.encode())


def sync_pages(  # noqa: PLR0913 - three states of the pages, and what is kept of them
    corpus: Path, wanted: Path, expected: Path, pages: Collection[str], kept: Path, *, keep_removed: bool = False
) -> None:
    """Bring pages of a corpus and their sidecars to the state of the folder `wanted`, each file in one step.

    A file that is neither as `wanted` nor as `expected` was changed by somebody meanwhile, and is copied to `kept`
    first; with `keep_removed`, so is every file that goes. It may be called again after it was cut off. Raises
    `ChangeRefused` if a file cannot be written.
    """
    now, after = changed_files(corpus, pages), changed_files(wanted, pages)
    before = {path.relative_to(expected): path for path in changed_files(expected, pages)}
    contents = {path.relative_to(wanted): path.read_bytes() for path in after}
    try:
        for path in now:
            name = path.relative_to(corpus)
            content = path.read_bytes()
            if content == contents.get(name):
                contents.pop(name)
                continue
            known = name in before and before[name].read_bytes() == content
            if not known or (keep_removed and name not in contents):
                (kept / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                write_atomically(kept / name, content)
            if name not in contents:
                path.unlink()
                sync_folder_entry(path)
        for name, content in contents.items():
            (corpus / name).parent.mkdir(parents=True, exist_ok=True)
            write_atomically(corpus / name, content)
    except OSError as error:
        raise ChangeRefused(
            f"{corpus} cannot be written: {error.strerror}. Whoever looks after the server must allow it."
        ) from error


def changed_files(folder: Path, pages: Collection[str]) -> list[Path]:
    """Return the files of some pages that are in a folder: those of the pages themselves and their sidecars."""
    paths = (folder / page for page in sorted(pages))
    return [file for path in paths for file in (path, sidecar_name(path)) if file.is_file()]


def file_text(path: Path) -> str | None:
    """Return the text of a file, or None if there is none."""
    try:
        return path.read_bytes().decode("utf-8-sig", "replace")
    except FileNotFoundError:
        return None


def sidecar_name(path: Path) -> Path:
    """Return the path of the sidecar beside a page's file."""
    return path.with_name(f"{path.name}.yaml")
