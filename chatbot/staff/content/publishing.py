"""The staff's changes of pages: prepared as drafts, previewed, and published in one step.

The corpus is written only when drafts are published, with their index ready. All of a change is made or nothing, also
if the process is killed in the middle: `recovery.py` writes down what is to be done before it is done. The pages of the
build before are kept in the staff's folder, so that going back brings back both the pages and their index, and still
works after a restart.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from chatbot.bot import Chatbot
from chatbot.errors import ChangeRefused, FootnoteError, IndexBusy, IndexingError
from chatbot.evaluation import GoldenQuestion
from chatbot.indexing import (
    BuildResult,
    Manifest,
    build_index,
    current,
    kept_builds,
    open_build,
    preparing_lock,
    publishing_lock,
    read_left_out,
    read_manifest,
)
from chatbot.reading import CorpusFiles, PageFile, corpus_files, load_corpus
from chatbot.records import Document
from chatbot.staff.accounts.sessions import Account
from chatbot.staff.audit_log import AuditLog, ChangeKind, Entry
from chatbot.staff.content.corpus_files import apply_drafts, copy_corpus, file_text, sidecar_name
from chatbot.staff.content.drafts import Draft, Drafts
from chatbot.staff.content.page_form import (
    PageForm,
    document_of,
    is_editable,
    new_name,
    not_editable,
    read_form,
    shown_form,
    to_markdown,
    validate,
)
from chatbot.staff.content.preview import Preview, Progress, compare
from chatbot.staff.content.recovery import ContentPaths, Intent, IntentLog, crawled_pages

if TYPE_CHECKING:
    from chatbot.crawling import PageChanges  # its package loads what speaks HTTP

__all__ = ["Publisher"]

_BUSY: Final = "Somebody else is previewing or publishing pages just now: wait a moment and try again."


def _silent(_done: int, _total: int, _step: str) -> None:
    """Show no progress."""


class Publisher:
    """Prepares changes of the pages that a chatbot serves, and publishes them; any number of threads may use it."""

    def __init__(self, bot: Chatbot, place: ContentPaths, drafts: Drafts, audit_log: AuditLog) -> None:
        self._bot = bot
        self._place = place
        self._drafts = drafts
        self._audit_log = audit_log
        self._intents = IntentLog(place, drafts, audit_log)
        self._lock = Lock()
        self.gone: frozenset[str] = frozenset()  # public addresses, as `open_addresses` found them

    def drafts(self) -> tuple[Draft, ...]:
        """Return the changes that are prepared, by page."""
        return self._drafts.all()

    def form(self, page: str) -> PageForm:
        """Return the form that edits a page, filled from its draft or else its file; raises `ChangeRefused`.

        A page that cannot be edited here fills it with the words that visitors are answered from.
        """
        return read_form(page, *self._texts(page)) if is_editable(page) else shown_form(self.document(page))

    def document(self, page: str) -> Document:
        """Read a page's draft, or else its file, as the chatbot would; raises `ChangeRefused`."""
        if is_editable(page):
            return document_of(page, *self._texts(page))
        self._check_name(page)
        path = self._place.corpus / page
        sidecar = file_text(sidecar_name(path))
        return document_of(page, path.read_bytes(), sidecar)

    def read_upload(self, path: Path, page: str | None) -> tuple[PageForm, str]:
        """Read an uploaded file for a new page, or for the text of `page`; return its form and its suffix.

        Raises `ChangeRefused` for a file that is no page, or that has another suffix than `page`.
        """
        suffix = path.suffix.lower()
        if page is not None and Path(page).suffix.lower() != suffix:
            raise ChangeRefused(
                f"This page is a {Path(page).suffix} file, and the file is not. Choose such a file, or withdraw the "
                "page and add a new one."
            )
        return read_form(f"{path.stem}{suffix}", file_text(path) or ""), suffix

    def stage(self, account: Account, form: PageForm, page: str | None = None, suffix: str = ".md") -> str:
        """Prepare a new page, or another text of `page`, and return its name; raises `ChangeRefused`."""
        if page is not None and not is_editable(page):
            self._check_name(page)
            raise ChangeRefused(not_editable(page))
        text = to_markdown(form, *(self._texts(page) if page is not None else ()))
        taken = {document.id for document in self._bot.documents()} | {draft.page for draft in self.drafts()}
        name = page or new_name(form.title, suffix, taken | self._names())
        validate(name, text, self._bot.encoder)
        self._drafts.put(name, text, account.name)
        return name

    def withdraw(self, account: Account, page: str) -> None:
        """Prepare that a page goes; the draft of a page that was never live goes at once."""
        if page not in self._names():
            self._drafts.discard([page])
        else:
            self._drafts.put(page, None, account.name)

    def discard(self, page: str) -> None:
        """Delete the draft of a page."""
        self._drafts.discard([page])

    def undo(self, account: Account, change_id: int) -> str:
        """Prepare that a page becomes what it was before a change; return its name. Raises `ChangeRefused`."""
        change = self._audit_log.get(change_id)
        if change.kind is not ChangeKind.PAGE:
            raise ChangeRefused("This was no change of a page.")
        if not is_editable(change.subject):
            raise ChangeRefused(
                "Only pages of text can be brought back here. Whoever looks after the server finds the file in the "
                "staff folder, below withdrawn."
            )
        if change.before is None:
            self.withdraw(account, change.subject)
        else:
            document_of(change.subject, change.before)
            self._drafts.put(change.subject, change.before, account.name)
        return change.subject

    def open_addresses(self, progress: Callable[[int, int], object]) -> int:
        """Open the public addresses of the live pages and return how many there are.

        Those that are gone are in `gone` afterwards, for as long as the process runs.
        """
        from chatbot.crawling import gone_addresses  # noqa: PLC0415 - its package loads what speaks HTTP

        addresses = sorted({document.url for document in self._bot.documents() if document.url})
        self.gone = gone_addresses(addresses, progress)
        return len(addresses)

    def preview(self, golden: tuple[GoldenQuestion, ...], unanswered: tuple[str, ...], progress: Progress) -> Preview:
        """Build the index that the drafts would make, aside, and compare; raises `FootnoteError`."""
        with self._exclusive():
            result = self._build_aside(load_corpus(self._place.corpus), self.drafts(), progress)
            digest = result.build.manifest.corpus
            candidate = self._bot.with_corpus(self._place.draft_corpus, self._place.draft_index, digest)
            return compare(self._bot, candidate, golden, unanswered, result.problems, progress)

    def publish(self, account: Account, progress: Progress) -> tuple[Draft, ...]:
        """Publish the drafts and return them; visitors are served while their index is built aside.

        Raises `FootnoteError`, and then pages, index and drafts are as they were.
        """
        with self._exclusive():
            drafts = self.drafts()
            live = load_corpus(self._place.corpus)
            build = self._build_aside(live, drafts, progress).build
            pages = {draft.page for draft in drafts}
            texts = {page.name: _merged_text(page) for page in live.pages if page.name in pages}
            entries = [_entry(draft, texts.get(draft.page), account) for draft in drafts]
            self._make_live(live, build.manifest, pages, entries, drafts, progress=progress)
            return drafts

    def publish_crawl(self, changes: Mapping[str, "PageChanges"], remembered: Mapping[str, str]) -> None:
        """Publish what a crawl changed, by the name of the folder below the corpus; drafts stay as they are.

        `remembered` are the files in which the crawl writes down what it found, by their path below the corpus. Raises
        `FootnoteError`, and then pages and index are as they were.
        """
        pages = crawled_pages(changes)
        with self._exclusive():
            if not pages:
                self._intents.remember(remembered)
                return
            live = load_corpus(self._place.corpus)
            build = self._build_aside(live, (), _silent, changes).build
            entries = [_crawl_entry(folder, change) for folder, change in changes.items()]
            self._make_live(live, build.manifest, pages, entries, remembered=remembered)

    def previous(self) -> str | None:
        """Return the name of the build before, if its pages and its index are kept."""
        with suppress(IndexingError, OSError):
            return next((name for name in kept_builds(self._place.index) if self._place.snapshot(name).is_dir()), None)
        return None

    def go_back(self, account: Account) -> None:
        """Serve the pages and the index of the build before; raises `ChangeRefused` if they are not kept."""
        with self._exclusive():
            name = self.previous()
            if name is None:
                raise ChangeRefused("There is no earlier version to go back to.")
            live = load_corpus(self._place.corpus)
            if not self._is_built(live):
                raise ChangeRefused(
                    "The pages were changed on the server since they were published. Publish them here, or ask whoever "
                    "looks after the server. Going back now would lose those changes."
                )
            kept = load_corpus(self._place.snapshot(name))
            manifest = open_build(self._place.index, name).manifest
            if kept.digest != manifest.corpus:
                raise ChangeRefused(
                    f"The pages in {kept.folder} are no longer those of the version before. Whoever looks after the "
                    "server must bring the pages back from a backup."
                )
            copy_corpus(kept, self._place.draft_corpus)
            digests = [{page.name: page.digest for page in corpus.pages} for corpus in (live, kept)]
            pages = {page for page, _ in digests[0].items() ^ digests[1].items()}
            before = current(self._place.index)
            summary = "Went back to the version before"
            entry = Entry(account.name, ChangeKind.INDEX, "all pages", summary, before, name)
            self._make_live(live, manifest, pages, [entry])

    def unreadable(self) -> tuple[str, ...]:
        """Return the files of the corpus that visitors are not answered from, because they cannot be read."""
        served = {document.id for document in self._bot.documents()}
        return tuple(sorted(self._names() - served - set(self.unpublished())))

    def unpublished(self) -> tuple[str, ...]:
        """Return the pages that visitors are not answered from, because they say that they are not published."""
        with suppress(IndexingError):
            left_out = read_left_out(self._place.index / current(self._place.index))
            names = self._names()
            return tuple(sorted(name for name, file in left_out.items() if file.unpublished and name in names))
        return ()

    def _texts(self, page: str) -> tuple[str, str | None]:
        """Return the text of a page's draft, or else of its file and of the sidecar beside it."""
        draft = next((draft for draft in self.drafts() if draft.page == page), None)
        if draft and draft.text is not None:
            return draft.text, None
        self._check_name(page)
        path = self._place.corpus / page
        return file_text(path) or "", file_text(sidecar_name(path))

    def _check_name(self, page: str) -> None:
        if page not in self._names():
            raise ChangeRefused("There is no such page any more: load the list again.")

    def _names(self) -> frozenset[str]:
        """Return the names of the pages' files; a name that a browser sends counts only if it is among them."""
        corpus = self._place.corpus
        names = {path.relative_to(corpus).as_posix() for path in corpus_files(corpus)}
        return frozenset(name for name in names if name.removesuffix(".yaml") not in names - {name})

    def _build_aside(
        self,
        live: CorpusFiles,
        drafts: Collection[Draft],
        progress: Progress,
        crawled: Mapping[str, "PageChanges"] = MappingProxyType({}),
    ) -> BuildResult:
        """Build the index of the live pages with their drafts, aside; passages that are live are not embedded again."""
        copy_corpus(live, self._place.draft_corpus)
        apply_drafts(self._place.draft_corpus, drafts)
        for folder, changes in crawled.items():
            changes.apply_to(self._place.draft_corpus / folder)
        return build_index(
            self._place.draft_corpus,
            self._place.draft_index,
            self._bot.encoder,
            self._bot.store,
            progress=lambda done, total: progress(done, total, "Reading the passages"),
            reuse=self._place.index,
        )

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Let nobody else prepare or publish, and finish first what was cut off."""
        with ExitStack() as held:
            if not self._lock.acquire(blocking=False):
                raise ChangeRefused(_BUSY)
            held.callback(self._lock.release)
            try:
                held.enter_context(preparing_lock(self._place.index))
            except IndexBusy:  # another server of this clinic
                raise ChangeRefused(_BUSY) from None
            if self._intents.is_pending:
                with publishing_lock(self._place.index):
                    self._intents.recover()
                self._bot.follow()
            yield

    def _make_live(  # noqa: PLR0913, PLR0917 - what an intent is made of
        self,
        live: CorpusFiles,
        manifest: Manifest,
        pages: Collection[str],
        entries: Sequence[Entry],
        drafts: Sequence[Draft] = (),
        remembered: Mapping[str, str] = MappingProxyType({}),
        progress: Progress = _silent,
    ) -> None:
        """Bring pages that are ready in the draft folder to the visitors, with their build: all of it or nothing.

        `live` are the pages that it was built over. Raises `FootnoteError`, and then all is as it was.
        """
        index = self._place.index
        with publishing_lock(index):
            if load_corpus(self._place.corpus).digest != live.digest:
                raise ChangeRefused("The pages were changed on the server meanwhile: try again.")
            progress(1, 1, "Publishing")
            intent = Intent(
                time=self._place.unused_time(),
                before=current(index),
                after=manifest.id,
                built=self._is_built(live),
                kept=kept_builds(index),
                pages=tuple(sorted(pages)),
                entries=tuple(entries),
                newest=self._audit_log.newest(),
                drafts=tuple(drafts),
                remembered=dict(remembered),
            )
            self._intents.begin(live, intent)
            try:
                self._intents.carry_out(intent)
                self._bot.reload(manifest.corpus)
            except BaseException:
                with suppress(FootnoteError):  # the next publishing, or the next start, goes on with it
                    self._intents.take_back(intent)
                raise
            self._intents.complete(intent)

    def _is_built(self, live: CorpusFiles) -> bool:
        """Return whether the live build was made of the pages as they are."""
        try:
            return read_manifest(self._place.index).corpus == live.digest
        except IndexingError:
            return False


def _entry(draft: Draft, before: str | None, account: Account) -> Entry:
    """Return the entry of a draft that an account publishes."""
    summary = "Withdrawn" if draft.text is None else "Replaced" if before else "Added"
    names = draft.account if draft.account == account.name else f"{draft.account}, {account.name}"
    return Entry(names, ChangeKind.PAGE, draft.page, summary, before, draft.text)


def _crawl_entry(folder: str, change: "PageChanges") -> Entry:
    """Return the entry of what a crawl changed in the folder of a site."""
    written, removed = len(change.written), len(change.removed - change.written.keys())
    summary = f"Read from the site: {written} added or replaced, {removed} withdrawn"
    return Entry("daily crawl", ChangeKind.INDEX, folder, summary)


def _merged_text(page: PageFile) -> str | None:
    """Return a page's text with the fields of its sidecar, so that one text brings back both; None for other files."""
    if not is_editable(page.name):
        return None
    text, sidecar = (
        part.decode("utf-8-sig", "replace") if isinstance(part, bytes) else None
        for part in (page.content, page.sidecar)
    )
    if text is None or sidecar is None:
        return text
    try:
        return to_markdown(read_form(page.name, text, sidecar), text, sidecar)
    except ChangeRefused:  # it is no page as it stands
        return text
