import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.cli.building import ATTENTION
from chatbot.errors import BackupError, StaffError
from chatbot.operation.backup import BackupChoice, back_up
from chatbot.operation.doctor import CHECKS, examine
from chatbot.operation.findings import Finding, Severity
from chatbot.operation.installation import Installation
from chatbot.operation.last_backup import note_backup
from chatbot.operation.notices import PROXIES, REFUSED_SITES, Notices
from chatbot.settings import usable_settings
from chatbot.staff import AccountStore, Role, staff_database
from chatbot.times import day_text, time_text
from tests.operation.conftest import Site, record


def of(subject: str, found: Installation | Iterable[Finding]) -> list[tuple[Severity, str]]:
    """Return what is amiss of a subject; of an installation, only its check is made."""
    check = [(name, check) for name, check in CHECKS if name == subject]
    findings = examine(found, check) if isinstance(found, Installation) else found
    return [(one.level, one.message) for one in findings if one.subject == subject and one.level is not Severity.OK]


def test_a_sound_installation_needs_nothing_but_a_backup(used_site: Site) -> None:
    place = used_site.place()
    findings = list(examine(place))
    assert [one for one in findings if one.level is not Severity.OK and one.subject != "backups"] == []
    assert {one.subject for one in findings} == {subject for subject, _ in CHECKS} - {"server"}
    assert of("backups", findings) == [(Severity.WARNING, "None was made so far.")]


def test_every_finding_that_is_not_fine_has_a_cure(site: Site) -> None:
    shutil.rmtree(site.folder / "index")
    (site.folder / "clinic.toml").write_text("name = 3")
    for one in examine(site.place(FOOTNOTE_CORPUSS="x")):
        assert one.level is Severity.OK or one.cure or ":" in one.message, one


def test_a_misspelt_and_an_old_setting_are_named(site: Site) -> None:
    site.environ["FOOTNOTE_RETENTION"] = "9"
    findings = list(examine(site.place(FOOTNOTE_CORPUSS="x")))
    assert of("settings", findings) == [
        (Severity.WARNING, "FOOTNOTE_CORPUSS is set, and Footnote knows no such setting."),
        (Severity.WARNING, "FOOTNOTE_RETENTION is the old name of FOOTNOTE_RETENTION_DAYS."),
    ]
    assert "Did you mean FOOTNOTE_CORPUS?" in [one.cure for one in findings]


def test_an_unusable_setting_hides_no_other_check(site: Site) -> None:
    environ = site.environ | {"FOOTNOTE_PORT": "abc", "FOOTNOTE_TRUSTED_PROXIES": "*"}
    settings, unusable = usable_settings(environ)
    findings = list(examine(Installation(settings, environ, unusable)))
    assert [level for level, _ in of("settings", findings)] == [Severity.ERROR, Severity.ERROR]
    assert of("index", findings) == []


def test_a_damaged_index_is_wrong_and_what_needs_it_says_so(site: Site) -> None:
    (next(site.folder.glob("index/*/vectors.faiss"))).write_bytes(b"x")
    findings = list(examine(site.place()))
    ((level, message),) = of("index", findings)
    assert level is Severity.ERROR
    assert "vectors.faiss is missing or is not what was written" in message
    assert of("addresses", findings) == [(Severity.WARNING, "This could not be looked at.")]


def test_pages_that_changed_and_files_left_out_are_named(site: Site) -> None:
    (site.folder / "corpus" / "broken.md").write_bytes(b"\xff")
    site.build()
    (site.folder / "corpus" / "new.md").write_text("# New\n\nText.")
    changed, left_out = of("index", site.place())
    assert changed[1].startswith("1 page changed since build ")
    assert changed[1].endswith(": new.md.")
    assert "1 of the corpus's files were left out: broken.md" in left_out[1]


def test_databases_that_others_may_read_are_named(used_site: Site) -> None:
    (used_site.folder / "staff" / "staff.sqlite3").chmod(0o644)
    ((_, message),) = of("disk", used_site.place())
    assert message.endswith("staff.sqlite3 can be read by other users.")


def test_files_of_the_future_tell_of_a_wrong_clock(site: Site) -> None:
    later = time.time() + 86_400
    os.utime(site.folder / "corpus" / "care.md", (later, later))
    ((level, message),) = of("clock", site.place())
    assert level is Severity.WARNING
    assert message.endswith(f"files were written later, up to {time_text(datetime.fromtimestamp(later, UTC))}.")


@pytest.mark.parametrize(
    ("allowed", "said"),
    [
        ("", "No other site may show the chat"),
        ('"http://skin.test"', "http://skin.test is not encrypted"),
        ('"http://localhost:3000"', "http://localhost:3000 is a page on a developer's machine"),
        ('"http://chat.skin.test:7860"', "http://chat.skin.test:7860 is this server itself"),
    ],
)
def test_an_allow_list_that_serves_nobody_is_named(site: Site, allowed: str, said: str) -> None:
    (site.folder / "clinic.toml").write_text(f'name = "Skin"\n[sites]\nallowed = [{allowed}]\n')
    ((_, message),) = of("sites", site.place(FOOTNOTE_HOST="chat.skin.test"))
    assert message.startswith(said)


def test_a_refused_site_and_an_unnamed_proxy_are_named(site: Site) -> None:
    notices = Notices(site.folder / "staff")
    notices.note(REFUSED_SITES, "https://www.skin.test", "refused")
    notices.note(REFUSED_SITES, "https://skin.test", "refused before it was listed")
    notices.note(PROXIES, "10.0.0.7", "not named")
    findings = list(examine(site.place()))
    ((_, refused),) = of("sites", findings)
    ((_, unnamed),) = of("proxy", findings)
    assert refused.startswith(f"https://www.skin.test asked for the chat on {day_text(datetime.now(UTC))} and")
    assert unnamed.startswith(f"10.0.0.7 forwarded requests on {day_text(datetime.now(UTC))} and")


def test_a_proxy_that_must_be_there_is_missed_in_the_settings(site: Site) -> None:
    ((level, message),) = of("proxy", site.place(FOOTNOTE_TRUSTED_PROXIES=""))
    assert level is Severity.WARNING
    assert "none is named" in message
    ((level, message),) = of("proxy", site.place(FOOTNOTE_TRUSTED_PROXIES="0.0.0.0/0"))
    assert level is Severity.ERROR


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of half a MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a disk can be mounted here by nobody but root")
    yield folder
    unmount = ["umount", str(folder)]
    subprocess.run(unmount, check=True)


def test_a_full_disk_is_named_and_no_database_moved_away(small_disk: Path) -> None:
    database = staff_database(small_disk)
    AccountStore(database).add("rob", Role.READER, "correct horse battery")
    database.close()
    with suppress(OSError), (small_disk / "fill").open("wb") as file:
        file.write(bytes(1 << 20))
    with pytest.raises(StaffError, match=r"cannot be used: its disk is full\. Make room on it\.$"):
        AccountStore(staff_database(small_disk)).add("bea", Role.READER, "correct horse battery")


def test_a_backup_to_a_full_disk_names_the_cure(small_disk: Path, used_site: Site) -> None:
    with suppress(OSError), (small_disk / "fill").open("wb") as file:
        file.write(bytes(1 << 20))
    with pytest.raises(BackupError, match=r"no room for .*b\.tar\.gz: name a file on another disk"):
        back_up(used_site.settings, small_disk / "b.tar.gz", BackupChoice(), lambda _done, _total: None)
    assert [path.name for path in small_disk.iterdir()] == ["fill"]


def test_a_paused_chat_is_a_warning(site: Site) -> None:
    assert of("chat", site.place()) == []
    with (site.folder / "clinic.toml").open("a") as clinic:
        clinic.write("[chat]\npaused = true\n")
    assert of("chat", site.place()) == [(Severity.WARNING, "It is paused: visitors only read how to reach the clinic.")]


def test_example_values_are_wrong_and_a_bad_address_too(site: Site) -> None:
    (site.folder / "clinic.toml").write_text('[contact]\nemail = "desk@skin"\nphone = "+44 20 7946 0123"\n')
    findings = list(examine(site.place()))
    assert of("contact", findings) == [(Severity.ERROR, "desk@skin is no e-mail address that mail can reach.")]
    assert of("examples", findings) == [(Severity.ERROR, "Visitors are given the example clinic's phone.")]


def test_a_digest_by_mail_needs_a_mail_server(site: Site) -> None:
    (site.folder / "clinic.toml").write_text('name = "Skin"\n[digest]\nemail = ["nurse@skin.test"]\n')
    assert of("digest", site.place()) == [(Severity.ERROR, "[digest] names an address, and there is no mail server.")]
    assert of("digest", site.place(FOOTNOTE_SMTP="smtp://localhost/footnote@skin.test")) == []


def test_only_the_lists_of_languages_in_use_need_a_signature(site: Site) -> None:
    ((_, message),) = of("sign-off", site.place())
    assert "red_flags/en.toml" in message
    assert "red_flags/de.toml" not in message


def test_somebody_must_be_able_to_edit(site: Site) -> None:
    assert of("accounts", site.place()) == [(Severity.WARNING, "Nobody has an account for the staff console.")]
    sign_on = {
        "FOOTNOTE_OIDC_ISSUER": "https://login.skin.test",
        "FOOTNOTE_OIDC_CLIENT_ID": "footnote",
        "FOOTNOTE_OIDC_REDIRECT": "https://chat.skin.test/staff/single-sign-on-return",
        "FOOTNOTE_OIDC_EDITORS": "nurses",
    }
    assert of("accounts", site.place(**sign_on)) == []
    database = staff_database(site.folder / "staff")
    AccountStore(database).add("rob", Role.READER, "correct horse battery")
    database.close()
    assert of("accounts", site.place()) == [(Severity.WARNING, "No account may change anything: all are readers.")]


def test_words_kept_too_long_are_wrong(site: Site) -> None:
    record(site, "an old question", clock=lambda: time.time() - 20 * 86_400)
    assert of("journal", site.place()) == []
    ((level, message),) = of("journal", site.place(FOOTNOTE_RETENTION_DAYS="7"))
    assert level is Severity.ERROR
    assert message.endswith("longer than 7 days.")


def test_a_backup_that_is_a_week_old_is_named(site: Site) -> None:
    place = site.place()
    note_backup(place.settings.staff, Path("b.tar.gz"), place.now - timedelta(days=9))
    ((_, message),) = of("backups", place)
    assert message.startswith("The newest is of ")


def test_the_doctor_writes_nothing_where_nothing_was(site: Site) -> None:
    before = sorted(site.folder.rglob("*"))
    list(examine(site.place()))
    assert sorted(site.folder.rglob("*")) == before


def test_a_server_that_does_not_answer_is_wrong(site: Site) -> None:
    place = Installation(site.settings, site.environ, server="http://127.0.0.1:9")
    ((level, message),) = of("server", place)
    assert level is Severity.ERROR
    assert message.startswith("http://127.0.0.1:9 does not answer: ")


def test_status_counts_what_visitors_asked(
    used_site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in used_site.environ.items():
        monkeypatch.setenv(name, value)
    note_backup(used_site.folder / "staff", Path("/backups/b.tar.gz"), datetime.now(UTC))
    assert main(["status"]) == 0
    said = capsys.readouterr().out
    assert "\nQuestions of the last 7 days: 1, 0% answered by the pages, 0 urgent.\n" in said
    assert said.endswith(", /backups/b.tar.gz.\n")
    assert "paused" not in said
    assert main(["pause"]) == 0
    assert main(["status"]) == ATTENTION
    assert "\nThe chat is paused: 'footnote resume' answers visitors again.\n" in capsys.readouterr().out


def test_a_pause_holds_where_the_database_cannot_be_reached(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    del site.environ["FOOTNOTE_JOURNAL"]
    site.environ["FOOTNOTE_DATABASE"] = "postgresql://footnote@127.0.0.1:1/nowhere"
    for name, value in site.environ.items():
        monkeypatch.setenv(name, value)
    assert main(["pause"]) == ATTENTION
    said = capsys.readouterr()
    assert said.out.startswith("The chat is paused.")
    assert said.err.startswith("The audit log does not hold this change. The staff's database postgresql://footnote@")
    assert said.err.endswith("Check whether the PostgreSQL server runs and can be reached, and FOOTNOTE_DATABASE.\n")
    assert site.place().clinic.chat.paused


def test_status_shows_the_rest_where_the_index_is_damaged(
    used_site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in used_site.environ.items():
        monkeypatch.setenv(name, value)
    next(used_site.folder.glob("index/*/vectors.faiss")).write_bytes(b"x")
    assert main(["status"]) == 1
    said = capsys.readouterr()
    assert said.err.endswith("vectors.faiss is missing or is not what was written: run 'footnote build'.\n")
    assert said.out.startswith("Server: http://127.0.0.1:7860 ")
    assert "\nQuestions of the last 7 days: 1, " in said.out


def test_times_are_shown_in_words_and_with_their_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/London")
    time.tzset()
    try:
        assert time_text(datetime(2026, 7, 5, 23, 4, tzinfo=UTC)) == "6 July 2026, 00:04 BST"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_command_prints_lines_or_json_and_exits_by_the_worst(
    used_site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in used_site.environ.items():
        monkeypatch.setenv(name, value)
    assert main(["doctor"]) == ATTENTION
    assert "warning  backups    None was made so far. Run 'footnote backup" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == ATTENTION
    content = json.loads(capsys.readouterr().out)
    assert content["level"] == "warning"
    assert {"level": "ok", "subject": "contact", "message": "Visitors are shown: phone, email.", "cure": ""} in content[
        "findings"
    ]
    monkeypatch.setenv("FOOTNOTE_PORT", "abc")
    assert main(["doctor"]) == 1
    assert "FOOTNOTE_PORT is 'abc'" in capsys.readouterr().out
