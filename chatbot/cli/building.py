"""The command of the index: build."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatbot.errors import FootnoteError, SettingsError
from chatbot.settings import STAFF_INTENT, Settings

if TYPE_CHECKING:
    from chatbot.indexing import BuildResult, Encoder

__all__ = ["ATTENTION", "add_building_commands", "pages_at_rest"]

ATTENTION: Final = 3
"""The exit code of a command that did its work and found something to look at."""

_FEW_SHARE: Final = 0.02  # of the pages; a language of fewer may be a slip of the guess
_PATIENCE: Final = 30.0  # seconds to wait for a publishing, which writes for less than one
_MOST_WORKERS: Final = 256
_POLL: Final = 1.0  # seconds between two looks for a folder that is gone
_LOOK: Final = 5_000  # milliseconds without a change, after which the folder is looked for


def add_building_commands(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parsers of these commands."""
    build = add_command("build", help="build the index of the clinic's pages, if anything changed")
    build.add_argument("--watch", action="store_true", help="build again whenever a page changes, until Ctrl+C")
    build.add_argument("--fresh", action="store_true", help="read and embed all pages anew, changed or not")
    build.add_argument(
        "--workers", type=_workers, default=1, metavar="N", help="batches of passages embedded at once (default: 1)"
    )
    build.set_defaults(run=_build)


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {_MOST_WORKERS}")
    return int(text)


def _build(settings: Settings, options: argparse.Namespace) -> int:
    from chatbot.answering import language_notes, unsupported_features
    from chatbot.clinic import example_warnings, load_clinic
    from chatbot.indexing import load_encoder

    encoder = load_encoder(settings.model)
    built = _build_once(settings, encoder, options.workers, fresh=options.fresh)
    _report(settings.corpus, built)
    print(f"{_summary(built)}.")
    many = [language for language, pages in built.languages.items() if pages >= _FEW_SHARE * built.documents]
    for warning in (*unsupported_features(encoder), *language_notes(many, encoder)):
        print(warning, file=sys.stderr)
    with suppress(SettingsError):  # `serve` names what is wrong in clinic.toml
        for warning in example_warnings(load_clinic(settings.clinic)):
            print(warning, file=sys.stderr)
    if options.watch:
        _watch(settings, encoder, options.workers, built)
    return ATTENTION if built.problems else 0


def _build_once(settings: Settings, encoder: "Encoder", workers: int, *, fresh: bool = False) -> "BuildResult":
    from chatbot.cli.progress import progress_bar
    from chatbot.indexing import build_index, load_store

    with (
        pages_at_rest(settings),
        progress_bar("Reading", " files") as read,
        progress_bar("Embedding", " passages") as show,
    ):
        store = load_store(settings.store, settings.site, workers)
        return build_index(
            settings.corpus,
            settings.index,
            encoder,
            store,
            progress=show,
            reading=read,
            fresh=fresh,
            workers=workers,
        )


@contextmanager
def pages_at_rest(settings: Settings) -> Iterator[None]:
    """Let nobody else change the pages or their index, once a publishing that was cut off is finished or taken back.

    Raises `IndexBusy` where a publishing that is under way does not end in time, and `FootnoteError`.
    """
    from chatbot.indexing import publishing_lock

    with publishing_lock(settings.index, _PATIENCE):
        if (settings.staff / STAFF_INTENT).exists():
            from chatbot.staff import IntentLog

            print(IntentLog.of(settings).recover(), file=sys.stderr)
        yield


def _report(corpus: Path, built: "BuildResult") -> None:
    """Print what was left out, and what pages say of themselves that cannot be read."""
    from chatbot.reading import other_files

    for line in (*built.problems, *built.notices, *other_files(corpus)):
        print(line, file=sys.stderr)


def _summary(built: "BuildResult") -> str:
    pages = "page" if built.documents == 1 else "pages"
    return (
        f"Index {built.id}: {built.passages} passages of {built.documents} {pages}, {built.embedded} passages embedded"
    )


def _watch(settings: Settings, encoder: "Encoder", workers: int, built: "BuildResult") -> None:
    """Build again after each change, a line a build; Ctrl+C ends it."""
    print(f"Watching {settings.corpus} (Ctrl+C stops it)", flush=True)
    live = built.id
    for _ in _changes(settings.corpus):
        started = time.perf_counter()
        try:
            built = _build_once(settings, encoder, workers)
        except FootnoteError as error:
            print(error, file=sys.stderr, flush=True)
            continue
        if built.id == live:
            continue
        live = built.id
        _report(settings.corpus, built)
        took = time.perf_counter() - started
        print(f"{datetime.now().astimezone():%H:%M:%S} {_summary(built)}, {took:.1f} s.", flush=True)


def _changes(folder: Path) -> Iterator[None]:
    """Yield after each burst of changes in a folder, also where it is removed and made again, as generators do."""
    from watchfiles import watch

    while True:
        while not folder.is_dir():
            time.sleep(_POLL)
        identity = folder.stat().st_ino
        yield  # what changed while nobody watched
        with suppress(FileNotFoundError):  # it went before it was watched
            for changes in watch(folder, raise_interrupt=True, yield_on_timeout=True, rust_timeout=_LOOK):
                if not folder.is_dir() or folder.stat().st_ino != identity:
                    break
                if changes:
                    yield
