import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import textwrap
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from chatbot.errors import BackupError
from chatbot.indexing import kept_builds
from chatbot.journal import Journal, LoggedQuestion
from chatbot.operation.backup import BackupChoice, back_up
from chatbot.operation.last_backup import last_backup
from chatbot.operation.presence import alone, serving
from chatbot.operation.restore import check_backup, restore
from chatbot.settings import Settings
from chatbot.staff import (
    AccountStore,
    AuditLog,
    ChangeKind,
    ContentPaths,
    Drafts,
    Publisher,
    Role,
    SignOffs,
    staff_database,
)
from chatbot.staff.insights.private_texts import PrivateTexts
from tests.conftest import WordEncoder
from tests.operation.conftest import PAGE, Site, record, use

ROOT = Path(__file__).parents[2]
A_PAGE = {"size": 4, "sha256": hashlib.sha256(b"# A\n").hexdigest(), "mode": 0o600}
SECOND = PAGE.replace("most people feel a tickle", "nobody feels anything")


def silent(_done: int, _total: int) -> None:
    pass


def back(site: Site, name: str = "backup.tar.gz", **choice: bool) -> Path:
    file = site.folder.parent / name
    back_up(site.settings, file, BackupChoice(**choice), silent)
    return file


def bring(site: Site, file: Path, *, force: bool = False) -> tuple[Path, ...]:
    return restore(site.settings, file, silent, silent, force=force).aside


def content(folder: Path) -> dict[str, bytes]:
    """Return all files of an installation but databases, locks, and what is made anew."""
    left_out = (".lock", ".serving", ".restoring", ".draft-", "staff.sqlite3", "journal.sqlite3", "backup.json")
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(name in path.name for name in left_out) and "/staff/draft/" not in str(path)
    }


def rows(settings: Settings) -> dict[str, object]:
    """Return what staff and journal know, as the program reads it."""
    database = staff_database(settings.staff, settings.staff_database)
    journal = Journal.open(settings.journal, settings.retention)
    assert journal
    found: dict[str, object] = {
        "accounts": AccountStore(database).accounts(),
        "drafts": Drafts(database).all(),
        "changes": AuditLog(database).latest(),
        "signatures": SignOffs(database).all(),
        "questions": journal.asked(),
    }
    database.close()
    journal.close()
    return found


def questions(site: Site) -> tuple[LoggedQuestion, ...]:
    found = rows(site.settings)["questions"]
    assert isinstance(found, tuple)
    return found


@pytest.fixture
def published_site(make_site: Callable[..., Site], tmp_path: Path, words: WordEncoder) -> Site:
    """Return an installation with two versions of its page, the earlier one kept, and a draft of a third."""
    site = use(make_site(tmp_path / "published", words))
    settings = site.settings
    database = staff_database(settings.staff)
    place = ContentPaths(settings.corpus, settings.index, settings.staff)
    publisher = Publisher(site.bot(), place, Drafts(database), AuditLog(database))
    account = AccountStore(database).add("bea", Role.EDITOR, "correct horse battery")
    Drafts(database).put("care.md", SECOND, "bea")
    publisher.publish(account, lambda _done, _total, _step: None)
    Drafts(database).put("care.md", PAGE.replace("tickle", "sting"), "bea")
    database.close()
    return site


@pytest.fixture
def other(make_site: Callable[..., Site], tmp_path: Path, words: WordEncoder) -> Site:
    """Return where another machine would have its installation, of which nothing is there yet."""
    return make_site(tmp_path / "other", words, empty=True)


def test_a_restored_installation_answers_and_knows_the_same(published_site: Site, other: Site) -> None:
    kept = kept_builds(published_site.settings.index)
    bring(other, back(published_site))
    assert content(other.folder) == content(published_site.folder)
    assert rows(other.settings) == rows(published_site.settings)
    assert last_backup(other.settings.staff) == last_backup(published_site.settings.staff)
    assert kept_builds(other.settings.index) == kept
    asked = "does it hurt?"
    assert other.bot().ask(asked) == published_site.bot().ask(asked)
    assert "nobody feels anything" in other.bot().ask(asked).citations[0].passage.text


def test_a_restored_installation_can_go_back_to_the_version_before(published_site: Site, other: Site) -> None:
    bring(other, back(published_site))
    database = staff_database(other.settings.staff)
    settings = other.settings
    place = ContentPaths(settings.corpus, settings.index, settings.staff)
    account = AccountStore(database).accounts()[0]
    Publisher(other.bot(), place, Drafts(database), AuditLog(database)).go_back(account)
    database.close()
    assert (settings.corpus / "care.md").read_text() == PAGE


def test_passwords_work_after_a_restore_and_nobody_stays_signed_in(used_site: Site, other: Site) -> None:
    before = staff_database(used_site.settings.staff)
    token = AccountStore(before).sign_in("anna", "correct horse battery")
    before.close()
    assert token
    bring(other, back(used_site))
    after = staff_database(other.settings.staff)
    assert AccountStore(after).account_of(token) is None
    assert AccountStore(after).sign_in("anna", "correct horse battery")
    after.close()


def test_a_backup_is_private_and_replaced_only_on_demand(used_site: Site) -> None:
    file = back(used_site)
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    with pytest.raises(BackupError, match="exists already: name another file, or add --force"):
        back(used_site)
    assert file.read_bytes() == before
    back(used_site, force=True)
    assert not list(file.parent.glob(".draft-*"))
    last = last_backup(used_site.settings.staff)
    assert last
    assert last.file == str(file)


def test_a_backup_that_cannot_be_written_says_why_and_leaves_nothing(used_site: Site) -> None:
    with pytest.raises(BackupError, match=r"There is no folder .*nowhere: make it"):
        back(used_site, "nowhere/backup.tar.gz")
    (used_site.folder / "corpus" / "odd.md").symlink_to("/etc/passwd")
    file = back(used_site)
    with tarfile.open(file) as tar:
        assert "corpus/odd.md" not in tar.getnames()
    assert {path.name for path in file.parent.iterdir()} == {"site", "backup.tar.gz"}


def test_a_file_that_could_not_be_restored_is_named_at_once(used_site: Site) -> None:
    (used_site.folder / "corpus" / "a\\b.md").write_text("# A")
    with pytest.raises(BackupError, match=r"a.+b\.md' has a name that cannot be restored: rename it, and repeat"):
        back(used_site)
    assert [path.name for path in used_site.folder.parent.iterdir()] == ["site"]


def test_the_index_and_the_journal_may_be_left_out(published_site: Site, other: Site) -> None:
    file = back(published_site, index=False, journal=False)
    names = tarfile.open(file).getnames()  # noqa: SIM115 - closed with the test
    assert "corpus/care.md" in names
    assert not [name for name in names if name.startswith(("index/", "staff/kept/", "journal"))]
    record(other, "a question that was asked here")
    bring(other, file, force=True)
    assert not other.settings.index.exists()
    (question,) = questions(other)
    assert question.text == "a question that was asked here"


def test_words_that_are_too_old_are_not_brought_back(used_site: Site, other: Site) -> None:
    file = back(used_site)
    other.environ["FOOTNOTE_RETENTION_DAYS"] = "0"
    bring(other, file)
    (question,) = questions(other)
    assert question.text is None
    assert b"does it hurt" not in Path(other.settings.journal).read_bytes()


def test_what_was_there_is_refused_and_kept_aside_on_demand(used_site: Site, other: Site) -> None:
    file = back(used_site)
    bring(other, file)
    (other.settings.corpus / "care.md").write_text("# Mine\n\nText.")
    record(other, "another question")
    mine = content(other.folder)
    with pytest.raises(BackupError, match="corpus is there already: add --force"):
        bring(other, file)
    assert content(other.folder) == mine
    folders = bring(other, file, force=True)
    assert {folder.name[:15] for folder in folders} == {"before-restore-"}
    kept = {name: text for folder in folders for name, text in content(folder).items()}
    assert kept == mine
    assert (other.settings.corpus / "care.md").read_text() == PAGE
    assert [path.name for folder in folders for path in folder.rglob("journal.sqlite3")] == ["journal.sqlite3"]


def test_a_backup_made_while_pages_change_holds_one_state(used_site: Site, other: Site) -> None:
    settings = used_site.settings
    for number in range(40):
        (settings.corpus / f"{number}.md").write_text("# A\n\n" + 500 * "first ")
    stop = threading.Event()

    def change() -> None:
        while not stop.wait(0.3):
            for number in range(40):
                (settings.corpus / f"{number}.md").write_text("# A\n\n" + 500 * "other ")

    thread = threading.Thread(target=change)
    thread.start()
    try:
        file = back(used_site)
    finally:
        stop.set()
        thread.join()
    bring(other, file)
    texts = {(other.settings.corpus / f"{number}.md").read_text() for number in range(40)}
    assert len(texts) == 1


def test_a_running_server_must_be_stopped_first(used_site: Site) -> None:
    file = back(used_site)
    before = content(used_site.folder)
    with serving(used_site.settings), serving(used_site.settings), pytest.raises(BackupError, match="stop it first"):
        bring(used_site, file, force=True)
    assert content(used_site.folder) == before
    with alone(used_site.settings), pytest.raises(BackupError, match="once it is done"), serving(used_site.settings):
        pytest.fail("a server started while a backup was restored")
    bring(used_site, file, force=True)


def test_no_backup_is_restored_while_a_server_makes_its_first_index(other: Site) -> None:
    with serving(other.settings), pytest.raises(BackupError, match="stop it first"), alone(other.settings):
        pytest.fail("a backup was restored while a server started")


def test_an_installation_moves_to_postgresql_and_back(
    published_site: Site, make_site: Callable[..., Site], tmp_path: Path, empty_postgresql: str, other: Site
) -> None:
    golden = published_site.settings.staff / "golden.jsonl"
    golden.write_text('{"question": "does it hurt?"}\n')
    known = rows(published_site.settings)
    shared = make_site(tmp_path / "shared", empty=True)
    shared.folder.rmdir()
    del shared.environ["FOOTNOTE_JOURNAL"]
    shared.environ["FOOTNOTE_DATABASE"] = empty_postgresql
    bring(shared, back(published_site))
    assert rows(shared.settings) == known
    database = staff_database(shared.settings.staff, shared.settings.staff_database)
    AccountStore(database).add("cleo", Role.READER, "correct horse battery")
    AuditLog(database).record("cleo", ChangeKind.PAGE, "care.md", "a later change gets a later id")
    assert AuditLog(database).latest(1)[0].summary == "a later change gets a later id"
    PrivateTexts(shared.settings.staff, database).write("golden.jsonl", "later\n")
    database.close()
    later = rows(shared.settings)
    assert later != known
    with pytest.raises(BackupError, match="is there already: add --force"):
        bring(shared, tmp_path / "backup.tar.gz")
    bring(other, back(shared, "shared.tar.gz"))
    assert rows(other.settings) == later
    assert (other.settings.staff / "golden.jsonl").read_text() == "later\n"
    folders = bring(shared, tmp_path / "backup.tar.gz", force=True)
    assert rows(shared.settings) == known
    assert sorted(path.name for folder in folders for path in folder.glob("*.jsonl")) == [
        "journal.jsonl",
        "staff.jsonl",
    ]


def archive(file: Path, *entries: tuple[tarfile.TarInfo, bytes], members: object = None, **fields: object) -> Path:
    """Write an archive as a stranger might."""
    with tarfile.open(file, "w:gz") as tar:
        for info, data in entries:
            info.size = len(data) if info.isreg() else 0
            tar.addfile(info, io.BytesIO(data))
        listed = {
            info.name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "modified": 0.0, "mode": 0o600}
            for info, data in entries
        }
        manifest = {
            "format": 1,
            "version": "0.1.0",
            "made": "2026-11-26T18:04:11+00:00",
            "build": "",
            "journal": None,
            "staff": None,
        }
        text = json.dumps(manifest | {"members": listed if members is None else members} | fields).encode()
        info = tarfile.TarInfo("manifest.json")
        info.size = len(text)
        tar.addfile(info, io.BytesIO(text))
    return file


def plain(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info


@pytest.mark.parametrize(
    "name",
    [
        "../evil",
        "/etc/evil",
        "corpus/../../evil",
        "corpus//evil",
        "corpus/./evil",
        "corpus/a\\b",
        "corpus/a\nb",
        "other/evil",
        "staff/staff.sqlite3",
        "staff/draft/intent.json",
        "corpus/",
    ],
)
def test_no_name_leads_out_of_the_folders(other: Site, tmp_path: Path, name: str) -> None:
    file = archive(tmp_path / "x.tar.gz", (plain(name), b"evil"))
    with pytest.raises(BackupError):
        bring(other, file)
    assert list(other.folder.rglob("*")) == []


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_nothing_but_plain_files_is_taken(other: Site, tmp_path: Path, kind: bytes) -> None:
    file = archive(tmp_path / "x.tar.gz", (plain("corpus/a", kind, "/etc"), b""), (plain("corpus/a/b"), b"evil"))
    with pytest.raises(BackupError, match="is no plain file"):
        bring(other, file)
    assert list(other.folder.rglob("*")) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"format": 2, "version": "9.0.0"}, "was made by Footnote 9.0.0, which is newer"),
        ({"version": "9.0.0"}, "was made by Footnote 9.0.0, which is newer"),
        ({"members": {}}, "corpus/a.md is missing or is not what was written"),
        ({"surplus": 1}, "its manifest cannot be read"),
        ({"members": 3}, "its manifest cannot be read"),
        ({"journal": 99}, "is newer"),
        ({"journal": "1"}, "its manifest cannot be read"),
        ({"made": 3}, "its manifest cannot be read"),
        ({"made": "2026-11-26T18:04:11"}, "its manifest cannot be read"),
        ({"build": "\x1b[2J"}, "its manifest cannot be read"),
        ({"version": None}, "its manifest cannot be read"),
        ({"members": {"corpus/a.md": {**A_PAGE, "modified": float("nan")}}}, "its manifest cannot be read"),
        ({"members": {"corpus/a.md": {**A_PAGE, "modified": "now"}}}, "its manifest cannot be read"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(
    other: Site, tmp_path: Path, fields: dict[str, object], said: str
) -> None:
    file = archive(tmp_path / "x.tar.gz", (plain("corpus/a.md"), b"# A\n"), **fields)
    with pytest.raises(BackupError, match=said):
        bring(other, file)
    assert list(other.folder.rglob("*")) == []


def test_a_backup_larger_than_the_disk_is_refused_without_being_written(tmp_path: Path) -> None:
    file = archive(tmp_path / "x.tar.gz", (plain("corpus/a.md"), bytes(3 << 20)))
    assert file.stat().st_size < 10_000
    with pytest.raises(BackupError, match="holds more than the 2 MiB that are free"):
        check_backup(file, silent, room=2 << 20)


def test_a_backup_that_is_cut_off_or_altered_anywhere_is_refused(used_site: Site, other: Site) -> None:
    whole = back(used_site).read_bytes()
    file = other.folder.parent / "broken.tar.gz"
    for cut in range(1, 9):
        file.write_bytes(whole[: len(whole) * cut // 9])
        with pytest.raises(BackupError):
            check_backup(file, silent)
    file.write_bytes(whole)
    manifest = check_backup(file, silent)
    accepted = 0
    for place in range(12, len(whole) - 8, len(whole) // 40):
        altered = bytearray(whole)
        altered[place] ^= 0x20
        file.write_bytes(altered)
        with suppress(BackupError):
            assert check_backup(file, silent) == manifest  # a bit that fills up a byte means nothing
            accepted += 1
    assert accepted < 3
    with pytest.raises(BackupError, match=r"There is no .*nowhere"):
        check_backup(other.folder / "nowhere", silent)


def test_rows_bring_no_file_that_a_start_acts_on(other: Site, tmp_path: Path) -> None:
    names = ("draft/intent.json", "staff.sqlite3", "../evil", "golden.jsonl")
    lines = [json.dumps(["texts", {"name": name, "content": "evil"}]).encode() for name in names]
    version = staff_database(Path("staff")).version
    bring(other, archive(tmp_path / "x.tar.gz", (plain("staff.jsonl"), b"\n".join(lines)), staff=version))
    written = [path.name for path in other.folder.rglob("*") if path.is_file() and path.read_bytes() == b"evil"]
    assert written == ["golden.jsonl"]


def test_a_row_that_is_nested_without_end_is_refused(other: Site, tmp_path: Path) -> None:
    file = archive(tmp_path / "x.tar.gz", (plain("staff.jsonl"), b"[" * 200_000), staff=1)
    with pytest.raises(BackupError, match="a row that cannot be read"):
        bring(other, file)


KILLED = """
    import json, os, signal, sys
    from pathlib import Path
    from chatbot.operation.restore import restore
    from chatbot.operation.swap import take_back_restore
    from chatbot.settings import load_settings
    from tests.operation.test_backup import content, rows

    environ, file = json.loads(sys.argv[1]), Path(sys.argv[2])
    settings = load_settings(environ)
    folder = settings.corpus.parent
    before = content(folder), rows(settings)

    def die(events, number):
        seen = 0
        def hook(event, _arguments):
            nonlocal seen
            seen += event in events
            if seen > number and event != "os.kill":
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(hook)

    def silent(_done, _total):
        pass

    kills = 0
    for events, steps in (({"os.mkdir"}, (0,)), ({"os.utime"}, (9,)), ({"os.rename"}, range(1, 40, 6))):
        for number in steps:
            child = os.fork()
            if not child:
                die(events, number)
                restore(settings, file, silent, silent, force=True)
                os._exit(0)
            _, status = os.waitpid(child, 0)
            take_back_restore(settings)
            if not os.WIFSIGNALED(status):
                break
            kills += 1
            found = {name: text for name, text in content(folder).items() if not name.startswith(".restoring-")}
            assert (found, rows(settings)) == before, (events, number, sorted(found), sorted(before[0]))
    print(kills)
"""


def test_a_restore_that_is_killed_leaves_what_was_there(published_site: Site, other: Site) -> None:
    bring(other, back(published_site))
    (other.settings.corpus / "care.md").write_text("# Mine\n\nText.")
    record(other, "another question")
    command = [sys.executable, "-c", textwrap.dedent(KILLED), json.dumps(other.environ), str(back(published_site, "2"))]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 3
    bring(other, back(published_site, "3"), force=True)
    assert not [path for path in other.folder.iterdir() if path.name.startswith(".restoring-")]
