"""The intent log: a change of the pages that was begun is finished or taken back, also after the process was killed.

A publishing first makes the pages and the index as they are to be, aside. Only then it writes its intent, one file, and
touches what is served. From there on the change is finished also after a kill: by the next start, the next publishing
or the next build. Where it cannot be finished, or failed while the process lived, it is taken back. Each step may be
done again, so that a kill during the recovery is recovered, too.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Self

from chatbot.errors import ChangeRefused, FootnoteError, IndexingError, StaffError
from chatbot.files import is_below, sync_file, sync_folder_entry, write_atomically
from chatbot.indexing import (
    Build,
    activate,
    adopt,
    current,
    kept_builds,
    open_build,
    read_manifest,
    remove_builds,
    restore,
)
from chatbot.reading import CorpusFiles, corpus_digest, load_corpus
from chatbot.settings import STAFF_INTENT, Settings
from chatbot.staff.audit_log import AuditLog, ChangeKind, Entry
from chatbot.staff.content.corpus_files import changed_files, copy_corpus, sync_pages
from chatbot.staff.content.cut_off import TIME, CutOff, CutOffs
from chatbot.staff.content.drafts import Draft, Drafts
from chatbot.staff.schema import staff_database

if TYPE_CHECKING:
    from chatbot.crawling import PageChanges  # its package loads what speaks HTTP

__all__ = ["ContentPaths", "Intent", "IntentLog", "crawled_pages"]


@dataclass(frozen=True, slots=True)
class ContentPaths:
    """The folders of the pages: the corpus, its index, and the staff's folder."""

    corpus: Path
    index: Path
    staff: Path

    @property
    def draft_corpus(self) -> Path:
        """The pages as they are to be."""
        return self.staff / "draft" / "corpus"

    @property
    def draft_index(self) -> Path:
        """The index of the pages as they are to be."""
        return self.staff / "draft" / "index"

    @property
    def pages_before(self) -> Path:
        """The pages as they were before a change that is under way."""
        return self.staff / "draft" / "before"

    def snapshot(self, build: str) -> Path:
        """Return the folder of the pages of a build that is kept, to go back to."""
        return self.staff / "kept" / build

    def withdrawn(self, time: str) -> Path:
        """Return the folder of the pages that a change withdrew, and of those that somebody else had changed."""
        return self.staff / "withdrawn" / time

    def unused_time(self) -> str:
        """Return the present time (UTC), with a number behind it if another change has withdrawn pages by that name.

        Two changes within a second never share a folder. Call it inside `publishing_lock`.
        """
        time = datetime.now(UTC).strftime(TIME)
        names = chain([time], (f"{time}-{number}" for number in count(2)))
        return next(name for name in names if not self.withdrawn(name).exists())


@dataclass(frozen=True, slots=True)
class Intent:
    """A change of the pages that is under way, and all that is needed to finish it, or to take it back.

    `time` is when it began (UTC), and names its own folder of withdrawn pages. `before` and `after` are builds. `built`
    says that `before` is of the pages as they were, so that one can go back to them. `kept` are the other builds.
    `pages` are the names of the pages that change. `entries` go into the audit log, whose newest entry was `newest`.
    `drafts` are the drafts that are live afterwards. `remembered` are the files that a crawl writes for the next one,
    by their path below the corpus. `forward` says whether the change is to be finished. `wanted` names the folder of
    the pages as they are to be. Where the index stays as it is, `after` is empty.
    """

    time: str
    before: str
    after: str
    built: bool
    kept: tuple[str, ...]
    pages: tuple[str, ...]
    entries: tuple[Entry, ...]
    newest: int
    drafts: tuple[Draft, ...] = ()
    remembered: Mapping[str, str] = field(default_factory=dict)
    forward: bool = True
    wanted: str = "corpus"

    def to_json(self) -> bytes:
        """Return the intent as it is written to the disk."""
        return json.dumps({"format": 1, **asdict(self)}, indent=1, default=datetime.isoformat).encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        """Read what `to_json` wrote; raises `ValueError`."""
        try:
            fields = json.loads(content)
            if fields.pop("format") != 1:
                raise ValueError("another format")
            fields |= {name: tuple(fields[name]) for name in ("kept", "pages")}
            fields["entries"] = tuple(
                Entry(**entry | {"kind": ChangeKind(entry["kind"])}) for entry in fields["entries"]
            )
            fields["drafts"] = tuple(
                Draft(**draft | {"made": datetime.fromisoformat(draft["made"])}) for draft in fields["drafts"]
            )
            intent = cls(**fields)
            if not intent._stays_inside:
                raise ValueError("it names files elsewhere")
        except (AttributeError, KeyError, TypeError, RecursionError) as error:
            raise ValueError(type(error).__name__) from error
        return intent

    @property
    def _stays_inside(self) -> bool:
        """Whether all names are of files below the folders that they belong to."""
        folders = (self.time, self.wanted, *filter(None, (self.before, self.after)))
        return all(map(is_below, (*self.pages, *self.remembered))) and all(
            is_below(name) and "/" not in name for name in folders
        )


class IntentLog:
    """Begins, finishes and takes back changes of the pages of one corpus; call all of it inside `publishing_lock`."""

    def __init__(self, place: ContentPaths, drafts: Drafts, audit_log: AuditLog) -> None:
        self._place = place
        self._drafts = drafts
        self._audit_log = audit_log
        self._cut_offs = CutOffs(place.staff)
        self._file = place.staff / STAFF_INTENT

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the intent log of the pages that the settings name."""
        database = staff_database(settings.staff, settings.staff_database)
        place = ContentPaths(settings.corpus, settings.index, settings.staff)
        return cls(place, Drafts(database), AuditLog(database))

    @property
    def is_pending(self) -> bool:
        """Whether a change was begun that is neither finished nor taken back."""
        return self._file.exists()

    def recover(self) -> str:
        """Finish a change that was begun, or take it back, and return a sentence on that, or "" if there was none.

        The change is finished if its build and its pages are whole, and else taken back. `CutOffs` keeps it for the
        editors. Raises `FootnoteError` if neither can be done, and may then be called again.
        """
        if not self.is_pending:
            return ""
        intent = self._read()
        if intent.forward and self._can_finish(intent):
            try:
                self.carry_out(intent)
            except FootnoteError:
                self.take_back(intent, cut_off=True)
            else:
                self.complete(intent, cut_off=True)
                return f"A publishing that was cut off is finished. Pages: {', '.join(intent.pages)}."
        else:
            self.take_back(intent, cut_off=True)
        return f"A publishing that was cut off is taken back; its drafts are kept. Pages: {', '.join(intent.pages)}."

    def begin(self, live: CorpusFiles, intent: Intent) -> None:
        """Keep the pages as they are, and write down what is to be done, flushed to the disk; raises `FootnoteError`.

        The pages as they are to be lie in `draft_corpus`, and their build in `draft_index` or among those kept.
        """
        copy_corpus(live, self._place.pages_before)
        try:
            for folder in (self._place.pages_before, self._wanted(intent)):
                for path in changed_files(folder, intent.pages):
                    sync_file(path)
            write_atomically(self._file, intent.to_json(), 0o600)
        except OSError as error:
            raise self._unwritable(error) from error

    def carry_out(self, intent: Intent) -> None:
        """Bring pages and index to what they are to be; raises `FootnoteError`."""
        place = self._place
        withdrawn = place.withdrawn(intent.time)
        sync_pages(place.corpus, self._wanted(intent), place.pages_before, intent.pages, withdrawn, keep_removed=True)
        if not intent.after:
            return
        try:
            activate(place.index, intent.after)
        except IndexingError:  # opening the new build verifies it
            manifest = read_manifest(place.draft_index, intent.after)
            adopt(place.index, Build(manifest, place.draft_index / intent.after))

    def complete(self, intent: Intent, *, cut_off: bool = False) -> None:
        """Record a change that is carried out, and tidy up; raises `FootnoteError`, and then `recover` goes on.

        With `cut_off`, what became of it is kept for the editors.
        """
        place = self._place
        try:
            if intent.entries:
                self._audit_log.record_once(intent.entries, intent.newest)
                self._drafts.done(intent.drafts)
        except StaffError as error:
            raise StaffError(f"{error} The pages are live. Their entry in the log of changes follows later.") from error
        self.remember(intent.remembered)
        try:
            if intent.after:
                remove_builds(place.index, {intent.after, intent.before})
                if intent.built and place.pages_before.is_dir():
                    _replace_folder(place.pages_before, place.snapshot(intent.before))
                self._forget_snapshots()
            if cut_off:
                self._keep_outcome(intent, finished=True)
            self._end(intent)
        except OSError as error:
            raise self._unwritable(error) from error

    def take_in(self, changes: Mapping[str, "PageChanges"], remembered: Mapping[str, str]) -> None:
        """Write what a crawl changed into the corpus, all of it or nothing; the index stays as it is.

        `changes` are by the name of the folder below the corpus, and `remembered` as in `Intent`. Raises
        `FootnoteError`, and then the pages are as they were.
        """
        place = self._place
        pages = crawled_pages(changes)
        try:
            place.staff.mkdir(mode=0o700, parents=True, exist_ok=True)
            place.corpus.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        if not pages:
            self.remember(remembered)
            return
        live = load_corpus(place.corpus)
        live = replace(live, pages=tuple(page for page in live.pages if page.name in pages))
        time = place.unused_time()
        intent = Intent(time, "", "", False, (), tuple(sorted(pages)), (), 0, (), remembered, wanted="crawled")
        shutil.rmtree(self._wanted(intent), ignore_errors=True)
        for folder, change in changes.items():
            change.apply_to(self._wanted(intent) / folder)
        self.begin(live, intent)
        try:
            self.carry_out(intent)
        except FootnoteError:
            self.take_back(intent)
            raise
        self.complete(intent)

    def remember(self, files: Mapping[str, str]) -> None:
        """Write the files in which a crawl writes down what it found, by their path below the corpus."""
        try:
            for name, text in files.items():
                path = self._place.corpus / name
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(path, text.encode())
        except OSError as error:
            raise self._unwritable(error) from error

    def take_back(self, intent: Intent, *, cut_off: bool = False) -> None:
        """Bring pages and index to what they were; raises `FootnoteError`, and then `recover` goes on.

        With `cut_off`, what became of it is kept for the editors.
        """
        place = self._place
        if not place.pages_before.is_dir():
            raise StaffError(
                f"A publishing was cut off, and {place.pages_before} is gone: compare the pages in {place.corpus} with "
                f"a backup, delete {self._file}, and run 'footnote build'. Pages: {', '.join(intent.pages)}."
            )
        withdrawn = place.withdrawn(intent.time)
        try:
            write_atomically(self._file, replace(intent, forward=False).to_json(), 0o600)
            sync_pages(place.corpus, place.pages_before, self._wanted(intent), intent.pages, withdrawn)
            if intent.after:
                restore(place.index, intent.before)
                remove_builds(place.index, {intent.before, *intent.kept})
            for path in changed_files(withdrawn, intent.pages):
                live = place.corpus / path.relative_to(withdrawn)
                if live.is_file() and live.read_bytes() == path.read_bytes():
                    path.unlink()
            _remove_empty(withdrawn)
            if cut_off:
                self._keep_outcome(intent, finished=False)
            self._end(intent)
        except OSError as error:
            raise self._unwritable(error) from error

    def _can_finish(self, intent: Intent) -> bool:
        """Return whether the new build and the new pages are there, whole."""
        if not intent.after:
            return self._wanted(intent).is_dir()
        for index in (self._place.index, self._place.draft_index):
            try:
                return open_build(index, intent.after).manifest.corpus == corpus_digest(self._place.draft_corpus)
            except FootnoteError:
                continue
        return False

    def _wanted(self, intent: Intent) -> Path:
        return self._place.draft_corpus.with_name(intent.wanted)

    def _read(self) -> Intent:
        try:
            return Intent.from_json(self._file.read_bytes())
        except (OSError, ValueError) as error:
            raise StaffError(
                f"{self._file} says which publishing was cut off, and cannot be read: {error}. Compare the pages in "
                f"{self._place.corpus} with those in {self._place.pages_before}, delete the file, and run "
                "'footnote build'."
            ) from error

    def _keep_outcome(self, intent: Intent, *, finished: bool) -> None:
        """Keep for the editors what became of their change; a crawl was begun by none of them."""
        if intent.entries and not intent.remembered:
            self._cut_offs.write(CutOff(intent.time, finished, bool(intent.drafts), intent.pages))

    def _end(self, intent: Intent) -> None:
        """Forget an intent that is carried out or taken back, and what a kill left of files half written."""
        folders = {(self._place.corpus / name).parent for name in (*intent.pages, *intent.remembered)}
        withdrawn = self._place.withdrawn(intent.time)
        for left in (
            *(path for folder in (*folders, self._file.parent) for path in folder.glob(".draft-*")),
            *withdrawn.rglob(".draft-*"),
        ):
            left.unlink(missing_ok=True)
        self._file.unlink(missing_ok=True)
        sync_folder_entry(self._file)
        shutil.rmtree(self._place.pages_before, ignore_errors=True)

    def _forget_snapshots(self) -> None:
        """Delete the pages of builds that are no longer kept."""
        builds = {current(self._place.index), *kept_builds(self._place.index)}
        folder = self._place.snapshot("x").parent
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.name not in builds:
                shutil.rmtree(path)

    def _unwritable(self, error: OSError) -> ChangeRefused:
        return ChangeRefused(
            f"{error.filename or self._place.staff} cannot be written: {error.strerror}. Whoever looks after the "
            "server must allow it, or free the disk."
        )


def crawled_pages(changes: Mapping[str, "PageChanges"]) -> set[str]:
    """Return the pages that a crawl writes or removes, by the changes of each folder below the corpus."""
    return {f"{folder}/{name}" for folder, change in changes.items() for name in {*change.written, *change.removed}}


def _replace_folder(folder: Path, target: Path) -> None:
    """Rename a folder, in place of what has that name."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if target.exists():
        shutil.rmtree(target)
    folder.rename(target)


def _remove_empty(folder: Path) -> None:
    """Remove the empty folders below a folder, and itself if it is left empty."""
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):  # it is not empty
            Path(path).rmdir()
