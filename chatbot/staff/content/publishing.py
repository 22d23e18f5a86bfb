"""The pages as the staff keep them: changes are prepared as drafts, looked at, and put live in one step.

The corpus is written only when drafts are put live, with their index ready: a change that is half made leaves what is
served as it was. The pages of the build before are kept in the staff's folder, so that going back brings back both the
pages and their index, and holds after a restart.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Final

from chatbot.answering import Calibration
from chatbot.bot import Chatbot
from chatbot.errors import ChangeRefused, FootnoteError, IndexingError
from chatbot.evaluation import GoldenQuestion
from chatbot.indexing import activate, adopt, build_index, current, kept_builds, open_build
from chatbot.reading import READERS, corpus_digest, corpus_files
from chatbot.records import Document
from chatbot.staff.accounts.sessions import Account
from chatbot.staff.audit_log import AuditLog, Kind
from chatbot.staff.content.corpus_files import apply_drafts, copy_pages, page_text, sidecar_text, sync_folder
from chatbot.staff.content.drafts import Draft, Drafts
from chatbot.staff.content.listing import gone_addresses
from chatbot.staff.content.page_form import PageForm, document_of, new_name, read_form, to_markdown, validate
from chatbot.staff.content.preview import Preview, Progress, compare

__all__ = ["Place", "Publisher"]

_BUSY: Final = "Somebody else is preparing or changing the pages just now: wait a moment and try again."


@dataclass(frozen=True, slots=True)
class Place:
    """Where pages lie: the corpus, its index, and the staff's folder."""

    corpus: Path
    index: Path
    staff: Path


class Publisher:
    """Prepares and makes changes of the pages that a chatbot serves; any number of threads may use it."""

    def __init__(self, bot: Chatbot, place: Place, drafts: Drafts, history: AuditLog) -> None:
        """Take the chatbot and where its pages lie, and where drafts and changes are kept."""
        self._bot = bot
        self._place = place
        self._drafts = drafts
        self._history = history
        self._lock = Lock()
        self.gone: frozenset[str] = frozenset()  # public addresses, as `open_addresses` found them

    def drafts(self) -> tuple[Draft, ...]:
        """Give the changes that are prepared, by page."""
        return self._drafts.all()

    def form(self, page: str) -> PageForm:
        """Give a page to be edited, as its draft has it or else as it is; raises `ChangeRefused` if there is none."""
        draft = self._draft(page)
        if draft and draft.text is not None:
            return read_form(page, draft.text)
        return read_form(page, self._text(page), sidecar_text(self._place.corpus, page))

    def document(self, page: str) -> Document:
        """Give a page as the chatbot reads it, as its draft has it or else as it is; raises `ChangeRefused`."""
        draft = self._draft(page)
        if draft and draft.text is not None:
            return document_of(page, draft.text)
        return document_of(page, self._text(page), sidecar_text(self._place.corpus, page))

    def read_upload(self, path: Path, page: str | None) -> tuple[PageForm, str]:
        """Read a file that may become a page, or another text of one; give it with its suffix.

        Raises `ChangeRefused` for what is no page, or is written otherwise than the page that it is to replace.
        """
        suffix = path.suffix.lower()
        if page is not None and Path(page).suffix.lower() != suffix:
            raise ChangeRefused(
                f"This page is a {Path(page).suffix} file, and the file is not. Choose such a file, or withdraw the "
                "page and add a new one."
            )
        text = page_text(path.parent, path.name)
        sheet = read_form(f"{path.stem}{suffix}", text or "")
        return sheet, suffix

    def stage(self, account: Account, sheet: PageForm, page: str | None = None, suffix: str = ".md") -> str:
        """Prepare a new page, or another text of one that is there; give its name. Raises `ChangeRefused`."""
        if page is not None and not self._draft(page):
            self._text(page)
        text = to_markdown(sheet)
        taken = [one.id for one in self._bot.documents()] + [draft.page for draft in self.drafts()]
        name = page or new_name(sheet.title, suffix, [*taken, *self._names()])
        validate(name, text, self._bot.encoder)
        self._drafts.put(name, text, account.name)
        return name

    def withdraw(self, account: Account, page: str) -> None:
        """Prepare that a page goes; one that was never live goes at once."""
        if page not in self._names():
            self._drafts.discard([page])
        else:
            self._drafts.put(page, None, account.name)

    def discard(self, page: str) -> None:
        """Leave a page as it is."""
        self._drafts.discard([page])

    def undo(self, account: Account, change_id: int) -> str:
        """Prepare that a page becomes what it was before a change; give its name. Raises `ChangeRefused`."""
        change = self._history.get(change_id)
        if change.kind is not Kind.PAGE:
            raise ChangeRefused("This was no change of a page.")
        if change.before is None:
            self.withdraw(account, change.subject)
        else:
            document_of(change.subject, change.before)
            self._drafts.put(change.subject, change.before, account.name)
        return change.subject

    def open_addresses(self, progress: Callable[[int, int], object]) -> int:
        """Open the public addresses of the live pages, and know from then on which are gone; gives how many there are.

        What is known goes with the process.
        """
        addresses = sorted({document.url for document in self._bot.documents() if document.url})
        self.gone = gone_addresses(addresses, progress)
        return len(addresses)

    def preview(self, golden: tuple[GoldenQuestion, ...], unanswered: tuple[str, ...], progress: Progress) -> Preview:
        """Build the index that the drafts would make, aside, and compare; raises `FootnoteError`."""
        with self._exclusive():
            then, problems = self._prepare(self.drafts(), progress)
            return compare(self._bot, then, golden, unanswered, problems, progress)

    def publish(self, account: Account, progress: Progress) -> tuple[Draft, ...]:
        """Make the drafts live: their index is built aside while visitors are served, then pages and index change.

        Gives the drafts that are live now. Raises `FootnoteError`, and then all is as it was.
        """
        with self._exclusive():
            drafts = self.drafts()
            digest = corpus_digest(self._place.corpus)
            self._prepare(drafts, progress)
            if digest != corpus_digest(self._place.corpus):
                raise ChangeRefused("The pages were changed on the server meanwhile: try again.")
            progress(1, 1, "Putting it live")
            before = {draft.page: self._merged_text(draft.page) for draft in drafts}
            with self._snapshot_or_rollback():
                sync_folder(self._place.corpus, self._draft_corpus, self._withdrawn)
                adopt(self._place.index, self._draft_index)
                self._bot.reload()
            for draft in drafts:
                told = "Withdrawn" if draft.text is None else "Replaced" if before[draft.page] else "Added"
                who = draft.account if draft.account == account.name else f"{draft.account}, {account.name}"
                self._history.record(who, Kind.PAGE, draft.page, told, before[draft.page], draft.text)
            self._drafts.done(drafts)
            return drafts

    def previous(self) -> str | None:
        """Name the build before, if its pages and its index are kept."""
        with suppress(IndexingError, OSError):
            return next((name for name in kept_builds(self._place.index) if self._snapshot(name).is_dir()), None)
        return None

    def go_back(self, account: Account) -> None:
        """Serve the pages and the index of the build before; raises `ChangeRefused` if they are not kept."""
        with self._exclusive():
            name = self.previous()
            if name is None:
                raise ChangeRefused("There is no earlier version to go back to.")
            live = current(self._place.index)
            if not _is_built(self._place.index, self._place.corpus):
                raise ChangeRefused(
                    "The pages were changed on the server since they were put live. Put them live here, or ask whoever "
                    "looks after the server; going back now would lose those changes."
                )
            with self._snapshot_or_rollback():
                sync_folder(self._place.corpus, self._snapshot(name), self._withdrawn)
                activate(self._place.index, name)
                self._bot.reload()
            self._history.record(account.name, Kind.INDEX, "all pages", "Went back to the version before", live, name)

    def _draft(self, page: str) -> Draft | None:
        return next((draft for draft in self.drafts() if draft.page == page), None)

    def _text(self, page: str) -> str:
        text = page_text(self._place.corpus, page) if page in self._names() else None
        if text is None:
            raise ChangeRefused("There is no such page any more: load the list again.")
        return text

    def _merged_text(self, page: str) -> str | None:
        """Give a page's text with what is said of it in the file beside it, so that one text brings back both."""
        text, beside = page_text(self._place.corpus, page), sidecar_text(self._place.corpus, page)
        if text is None or beside is None:
            return text
        try:
            return to_markdown(read_form(page, text, beside))
        except ChangeRefused:  # it is no page as it stands
            return text

    def unreadable(self) -> tuple[str, ...]:
        """Name the files of the corpus that visitors are not answered from, because they cannot be read."""
        served = {document.id for document in self._bot.documents()}
        return tuple(sorted(self._names() - served))

    def _names(self) -> frozenset[str]:
        """Name the files of the corpus; what a browser sends is only believed when it stands here."""
        corpus = self._place.corpus
        return frozenset(path.relative_to(corpus).as_posix() for path in corpus_files(corpus) if path.suffix in READERS)

    def _prepare(self, drafts: tuple[Draft, ...], progress: Progress) -> tuple[Chatbot, tuple[str, ...]]:
        """Build the index of the pages with their drafts, aside; what is known of unchanged passages is used again."""
        copy_pages(self._place.corpus, self._draft_corpus)
        apply_drafts(self._draft_corpus, drafts)
        if not _is_built(self._draft_index, self._draft_corpus):  # else a preview built it already
            with suppress(IndexingError):
                adopt(self._draft_index, self._place.index)
        built = build_index(
            self._draft_corpus,
            self._draft_index,
            self._bot.encoder,
            progress=lambda done, of: progress(done, of, "Reading the passages"),
            calibrator=Calibration(),
        )
        return self._bot.with_corpus(self._draft_corpus, self._draft_index), built.problems

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        if not self._lock.acquire(blocking=False):
            raise ChangeRefused(_BUSY)
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _snapshot_or_rollback(self) -> Iterator[None]:
        """Keep the pages that are live, to go back to; where what follows fails, bring them back at once."""
        live = current(self._place.index)
        snapshot = self._snapshot(live)
        copy_pages(self._place.corpus, snapshot)
        built = _is_built(self._place.index, self._place.corpus)
        try:
            yield
        except FootnoteError:
            sync_folder(self._place.corpus, snapshot, self._withdrawn)
            with suppress(FootnoteError):
                activate(self._place.index, live)
            raise
        finally:
            if not built:  # the index never held these pages: there is nothing to go back to
                shutil.rmtree(snapshot)
            self._prune_snapshots()

    def _prune_snapshots(self) -> None:
        """Let go of pages whose index is kept no longer."""
        builds = {current(self._place.index), *kept_builds(self._place.index)}
        for folder in self._snapshot("x").parent.iterdir():
            if folder.name not in builds:
                shutil.rmtree(folder)

    def _snapshot(self, build: str) -> Path:
        return self._place.staff / "kept" / build

    @property
    def _draft_corpus(self) -> Path:
        return self._place.staff / "draft" / "corpus"

    @property
    def _draft_index(self) -> Path:
        return self._place.staff / "draft" / "index"

    @property
    def _withdrawn(self) -> Path:
        return self._place.staff / "withdrawn" / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S")


def _is_built(index: Path, corpus: Path) -> bool:
    """Tell whether the live build of an index is of the pages as they are."""
    try:
        return open_build(index, current(index)).manifest.corpus == corpus_digest(corpus)
    except IndexingError:
        return False
