"""What the doctor checks of the machine: settings, model, index, disk, clock, and addresses of pages."""

import os
import shutil
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from chatbot.clinic import Clinic, load_clinic
from chatbot.database import Database
from chatbot.indexing import REBUILD_HINT, IndexStatus, index_status
from chatbot.indexing.model_files import fingerprint_of, model_folder
from chatbot.operation.findings import Finding
from chatbot.reading import corpus_files
from chatbot.settings import STAFF_DATABASE, Settings, renamed_settings, unknown_settings
from chatbot.staff import staff_database
from chatbot.times import time_text

__all__ = [
    "Installation",
    "addresses",
    "clinic_file",
    "clock",
    "disk",
    "index",
    "model",
    "settings",
    "some",
]

_MEBIBYTE = 1 << 20
_LITTLE_SPACE = 1024 * _MEBIBYTE  # below it, somebody should look
_NO_SPACE = 100 * _MEBIBYTE  # below it, a build or the journal may fail at any moment
_SKEW = timedelta(minutes=5)  # between two clocks that are set right
_SHOWN = 3  # names of a list


@dataclass(frozen=True)
class Installation:
    """What the doctor looks at: the settings with the messages of those that are unusable, and the moment of now.

    `progress` shows how many addresses were opened; without it, none is opened. `server` is the address of a running
    server to ask, or "".
    """

    settings: Settings
    environ: Mapping[str, str]
    unusable: tuple[str, ...] = ()
    progress: Callable[[int, int], object] | None = None
    server: str = ""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def clinic(self) -> Clinic:
        """The clinic's file; raises `SettingsError`."""
        return load_clinic(self.settings.clinic)

    @cached_property
    def status(self) -> IndexStatus:
        """The live build beside the pages; raises an `IndexingError`, a `CorpusError` or a `ModelError`."""
        return index_status(self.settings.corpus, self.settings.index, self.settings.model)

    @contextmanager
    def staff_database(self) -> Iterator[Database | None]:
        """Yield the staff's database, or None where there is none yet."""
        database = staff_database(self.settings.staff, self.settings.staff_database)
        try:
            yield database if database.exists else None
        finally:
            database.close()

    @property
    def journal_file(self) -> Path | None:
        """The journal's file, or None where it is in PostgreSQL or there is none."""
        name = self.settings.journal
        return None if "://" in name or name.casefold() in {"", "off"} else Path(name).expanduser()


def settings(place: Installation) -> Iterator[Finding]:
    """Check the variables that are set."""
    for message in place.unusable:
        yield Finding.error("settings", message, "Until then, no other command runs.")
    for name, close in unknown_settings(place.environ).items():
        meant = f"Did you mean {close}?" if close else "Remove it; the README lists the settings."
        yield Finding.warning("settings", f"{name} is set, and Footnote knows no such setting.", meant)
    for old, new in renamed_settings(place.environ).items():
        yield Finding.warning(
            "settings", f"{old} is the old name of {new}.", f"Set {new} instead; the next release knows no other."
        )
    if not place.unusable:
        known = sorted(name for name in place.environ if name.startswith("FOOTNOTE_") and place.environ[name])
        yield Finding.ok("settings", f"Set: {', '.join(known)}." if known else "All are at their defaults.")


def clinic_file(place: Installation) -> Iterator[Finding]:
    """Check that clinic.toml can be read."""
    if place.settings.clinic is None:
        cure = "Write one: 'footnote init' makes an example."
        yield Finding.warning("clinic", "There is no clinic.toml, so the chat names no clinic and no contact.", cure)
    else:
        yield Finding.ok("clinic", f"{place.settings.clinic} is that of {place.clinic.name}.")


def model(place: Installation) -> Iterator[Finding]:
    """Check that the model's files are there, and the published ones where it is a packaged model."""
    folder = model_folder(place.settings.model)
    fingerprint_of(place.settings.model, folder)
    yield Finding.ok("model", f"{place.settings.model} is complete, in {folder}.")


def index(place: Installation) -> Iterator[Finding]:
    """Check that the live build is intact and of the pages as they are."""
    status = place.status
    made = status.build.manifest
    if status.is_current:
        yield Finding.ok(
            "index", f"Build {made.id} is intact and current: {made.passages} passages of {_pages(made.documents)}."
        )
    else:
        names = (*status.changed, *status.new, *status.removed)
        message = f"{_pages(len(names))} changed since build {made.id}: {some(names)}."
        yield Finding.warning("index", message, f"To publish, {REBUILD_HINT}.")
    if made.problems:
        cure = "Mend or remove these files; 'footnote status' lists them all."
        reasons = " ".join(made.problems[:_SHOWN])
        yield Finding.warning("index", f"{len(made.problems)} of the corpus's files were left out: {reasons}", cure)


def disk(place: Installation) -> Iterator[Finding]:
    """Check the free space, and who may read and write the folders."""
    journal = place.journal_file
    folders = {
        "the corpus": place.settings.corpus,
        "the index": place.settings.index,
        "the staff's folder": place.settings.staff,
        **({"the journal": journal.parent} if journal else {}),
    }
    least: tuple[int, Path] | None = None
    for name, folder in folders.items():
        there = _nearest(folder)
        free = shutil.disk_usage(there).free
        least = min(least or (free, there), (free, there))
        if not os.access(there, os.W_OK | os.X_OK):
            cure = f"Run this as the server's user, or allow it: chown -R USER {folder}."
            yield Finding.error("disk", f"{folder}, of {name}, cannot be written by this user.", cure)
        elif folder.exists() and folder.stat().st_uid != _user():
            cure = "Run Footnote's commands as the owner of its folders, such as with sudo -u footnote."
            yield Finding.warning("disk", f"{folder}, of {name}, belongs to another user.", cure)
    for file in (place.settings.staff / STAFF_DATABASE, journal):
        if file and file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield Finding.warning("disk", f"{file} can be read by other users.", f"Run chmod 600 {file}.")
    if least:
        yield _space(*least)


def _space(free: int, folder: Path) -> Finding:
    message = f"{free // _MEBIBYTE:,} MiB are free at {folder}."
    if free < _NO_SPACE:
        return Finding.error("disk", message, "Make room now: publishing and the journal need it.")
    if free < _LITTLE_SPACE:
        return Finding.warning("disk", message, "Make room: publishing writes the index anew beside the old one.")
    return Finding.ok("disk", message)


def clock(place: Installation) -> Iterator[Finding]:
    """Check that nothing was written in the future, which tells of a clock that was or is wrong."""
    files = [place.settings.corpus, place.settings.index, place.settings.staff, place.journal_file]
    files += list(corpus_files(place.settings.corpus)) if place.settings.corpus.is_dir() else []
    times = [datetime.fromtimestamp(file.stat().st_mtime, UTC) for file in files if file and file.exists()]
    newest = max(times, default=place.now)
    said = time_text(place.now)
    if newest > place.now + _SKEW:
        cure = "Set the clock (timedatectl set-ntp true), then touch those files."
        message = f"It says {said}, and files were written later, up to {time_text(newest)}."
        yield Finding.warning("clock", message, cure)
    else:
        yield Finding.ok("clock", f"It says {said}, and nothing was written later.")


def addresses(place: Installation) -> Iterator[Finding]:
    """Check where citations lead, and open the addresses if there is a progress to show."""
    pages = place.status.page_addresses()
    urls = sorted({url for url in pages.values() if url})
    schemes = Counter(urlsplit(url or "").scheme for url in pages.values())
    plain = [url for url in urls if urlsplit(url).scheme == "http"]
    yield Finding.ok(
        "addresses",
        f"Of {_pages(len(pages))}, {schemes['https']} are cited by an https address of the clinic's site; "
        f"{schemes['']} have no address and are shown by this server.",
    )
    if plain:
        yield Finding.warning(
            "addresses", f"{len(plain)} have http addresses: {some(plain)}.", "Write https, if the site has it."
        )
    if place.progress:
        from chatbot.crawling import gone_addresses  # noqa: PLC0415 - its package loads what speaks HTTP

        gone = sorted(gone_addresses(urls, place.progress))
        if gone:
            cure = "Correct the address at the head of each page, or crawl the site again."
            yield Finding.warning("addresses", f"{len(gone)} of {len(urls)} addresses are gone: {some(gone)}.", cure)
        else:
            yield Finding.ok("addresses", f"None of {len(urls)} addresses is gone.")


def _pages(number: int) -> str:
    return f"{number:,} {'page' if number == 1 else 'pages'}"


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())


def _user() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0


def some(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
