"""The files of a corpus folder: copied, changed by drafts, and brought to the state of another folder."""

import shutil
from collections.abc import Collection
from pathlib import Path

from chatbot.errors import ChangeRefused
from chatbot.files import write_atomically
from chatbot.reading import LARGEST, CorpusFiles, corpus_files
from chatbot.staff.content.drafts import Draft

__all__ = ["apply_drafts", "copy_corpus", "file_text", "sidecar_name", "sync_folder"]


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
    """Change the files of a copy as drafts say; the text of a draft holds what the page's sidecar held."""
    for draft in drafts:
        path = folder / draft.page
        sidecar_name(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        if draft.text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(draft.text.encode())


def sync_folder(corpus: Path, folder: Path, withdrawn: Path, pages: Collection[str] | None = None) -> None:
    """Bring a corpus to the state of another folder, each file in one step; those that go are kept in `withdrawn`.

    With `pages`, only these pages and their sidecars change. Raises `ChangeRefused` if a file cannot be written.
    """
    before, after = _files(corpus, pages), _files(folder, pages)
    try:
        for name, path in after.items():
            content = path.read_bytes()
            if name not in before or before[name].read_bytes() != content:
                (corpus / name).parent.mkdir(parents=True, exist_ok=True)
                write_atomically(corpus / name, content)
        for name in before.keys() - after.keys():
            (withdrawn / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(before[name], withdrawn / name)
            before[name].unlink()
    except OSError as error:
        raise ChangeRefused(
            f"{corpus} cannot be written: {error.strerror}. Whoever looks after the server must allow it."
        ) from error


def file_text(path: Path) -> str | None:
    """Return the text of a file, or None if there is none."""
    try:
        return path.read_bytes().decode("utf-8-sig", "replace")
    except FileNotFoundError:
        return None


def sidecar_name(path: Path) -> Path:
    """Return the path of the sidecar beside a page's file."""
    return path.with_name(f"{path.name}.yaml")


def _files(folder: Path, pages: Collection[str] | None) -> dict[str, Path]:
    files = {path.relative_to(folder).as_posix(): path for path in corpus_files(folder)}
    return {name: path for name, path in files.items() if pages is None or name.removesuffix(".yaml") in pages}
