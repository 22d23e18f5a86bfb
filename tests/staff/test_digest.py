"""The daily digest: what it says, when it is sent, by e-mail and to a webhook, and what happens when it cannot be."""

import copy
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from time import sleep

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from benchmarks.performance.processes import free_port
from chatbot.__main__ import main
from chatbot.bot import Chatbot
from chatbot.clinic import Clinic, parse_clinic
from chatbot.clinic import Digest as Wanted
from chatbot.database import Database
from chatbot.errors import DigestNotSent, SettingsError
from chatbot.journal import Journal
from chatbot.journal.schema import JOURNAL
from chatbot.records import Alarm, Answer, Level, Outcome
from chatbot.settings import load_settings
from chatbot.staff import DailyDigest, Delivery, staff_database
from chatbot.staff.insights.digest import daily_digest
from chatbot.times import time_text

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass
class Mailbox:
    """A mail server that keeps what it gets, or refuses it."""

    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.refuses:
            return "554 5.7.1 refused: can i bring my dog"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


@dataclass
class Hook:
    """A webhook that keeps what it gets."""

    address: str = ""
    status: int = 204
    endless: bool = False
    got: list[tuple[bytes, str]] = field(default_factory=list)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    kept = Mailbox()
    port = free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=port)
    controller.start()
    yield kept, f"smtp://127.0.0.1:{port}/footnote@clinic.example"
    controller.stop()


@pytest.fixture
def hook() -> Iterator[Hook]:
    kept = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.got.append((body, self.headers["Footnote-Signature"]))
            self.send_response(kept.status)
            self.end_headers()
            with suppress(ConnectionError):
                while kept.endless:
                    self.wfile.write(bytes(1 << 16))
                    sleep(0.01)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        kept.address = f"http://127.0.0.1:{server.server_port}/secret-path"
        yield kept
        server.shutdown()


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    alarm = Alarm(Level.TODAY, "a rule")
    asked = [
        (NOON - timedelta(hours=25), Answer("too early", "", Outcome.NOT_FOUND, 0, "", (), ())),
        (NOON - timedelta(hours=23), Answer("can i bring my dog", "", Outcome.NOT_FOUND, 0, "", (), ())),
        (NOON - timedelta(hours=2), Answer("can i bring\nmy dog", "", Outcome.RELATED, 0.4, "", (), ())),
        (NOON - timedelta(hours=1), Answer("how much is a peel", "", Outcome.ANSWERED, 0.9, "", (), ())),
        (NOON - timedelta(minutes=1), Answer("my lip is white", "", Outcome.URGENT, 0, "", (), (), alarm=alarm)),
        (NOON, Answer("too late", "", Outcome.NOT_FOUND, 0, "", (), ())),
    ]
    for number, (moment, answer) in enumerate(asked):
        written = Journal(Database(str(tmp_path / "journal.sqlite3"), JOURNAL), 30, moment.timestamp)
        written.record(f"{number:032x}", answer, 1)
        written.close()
    return Journal(Database(str(tmp_path / "journal.sqlite3"), JOURNAL), 30)


@dataclass
class Clock:
    now: datetime

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Sending:
    """What the digests of one test are made of."""

    bot: Chatbot
    journal: Journal
    folder: Path

    def by(self, smtp: str, clock: Clock, wanted: Wanted) -> DailyDigest:
        self.bot.set_clinic(replace(Clinic(name="Rose"), digest=wanted))
        return DailyDigest(self.bot, self.journal, staff_database(self.folder), Delivery(smtp, "a secret"), clock)


@pytest.fixture
def sending(bot: Chatbot, journal: Journal, tmp_path: Path) -> Sending:
    return Sending(copy.copy(bot), journal, tmp_path)  # the copy's clinic is changed


def test_a_digest_counts_its_day_and_lists_each_wording_once(journal: Journal) -> None:
    digest = daily_digest(journal, "Rose", NOON, words=True)
    assert digest.subject == "Rose: 1 urgent, 2 not answered, 4 asked"
    assert digest.unanswered == (("can i bring my dog", 2),)
    assert digest.urgent == (("my lip is white (to be seen today)", 1),)
    assert digest.text().startswith(f"Questions to Rose in the 24 hours before {time_text(NOON)}: 4. ")
    assert "- can i bring my dog (2 times)\n" in digest.text()


def test_without_words_a_digest_has_only_numbers(journal: Journal) -> None:
    digest = daily_digest(journal, "Rose", NOON, words=False)
    assert (digest.unanswered, digest.urgent) == ((), ())
    assert "dog" not in json.dumps(digest.as_dict())
    assert digest.not_answered == 2


def test_a_digest_is_sent_once_a_day_at_its_hour(sending: Sending, mailbox: tuple[Mailbox, str]) -> None:
    kept, smtp = mailbox
    clock = Clock(NOON - timedelta(minutes=1))
    wanted = Wanted(email=("nurse@clinic.example", "manager@clinic.example"), hour=12)
    digest = sending.by(smtp, clock, wanted)
    digest.look()  # that of the day before, with the one question that was asked then
    assert [mail["Subject"] for mail in kept.mails] == ["Rose: 1 not answered, 1 asked"]
    clock.now = NOON + timedelta(seconds=30)
    digest.look()
    other = sending.by(smtp, clock, wanted)  # another server of the same clinic
    other.look()
    clock.now = NOON + timedelta(hours=5)
    digest.look()
    _, mail = kept.mails
    assert mail["Subject"] == "Rose: 1 urgent, 2 not answered, 4 asked"
    assert mail["To"] == "nurse@clinic.example, manager@clinic.example"
    assert mail["From"] == "footnote@clinic.example"
    assert "my lip is white" in mail.get_content()


def test_a_day_without_a_need_sends_nothing(sending: Sending, mailbox: tuple[Mailbox, str]) -> None:
    kept, smtp = mailbox
    clock = Clock(NOON + timedelta(days=3))
    sending.by(smtp, clock, Wanted(email=("nurse@clinic.example",))).look()
    assert kept.mails == []


def test_what_could_not_be_sent_is_named_once_and_tried_again_in_an_hour(
    sending: Sending,
    mailbox: tuple[Mailbox, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept, smtp = mailbox
    kept.refuses = True
    clock = Clock(NOON)
    digest = sending.by(smtp, clock, Wanted(email=("nurse@clinic.example",), hour=12))
    with caplog.at_level(logging.WARNING):
        digest.look()
        clock.now += timedelta(minutes=30)
        digest.look()
    (record,) = caplog.records
    assert record.getMessage() == (
        "The digest could not be sent through 127.0.0.1: it answered 554. Check FOOTNOTE_SMTP. "
        "It is tried again in an hour."
    )
    kept.refuses = False
    clock.now += timedelta(minutes=31)
    digest.look()
    assert len(kept.mails) == 1


def test_a_mail_is_not_sent_again_for_a_webhook_that_fails(
    sending: Sending, mailbox: tuple[Mailbox, str], hook: Hook
) -> None:
    kept, smtp = mailbox
    hook.status = 500
    clock = Clock(NOON)
    digest = sending.by(smtp, clock, Wanted(email=("nurse@clinic.example",), webhook=hook.address, hour=12))
    digest.look()
    hook.status = 200
    clock.now += timedelta(minutes=61)
    digest.look()
    assert (len(kept.mails), len(hook.got)) == (1, 2)


def test_a_webhook_gets_signed_json(sending: Sending, hook: Hook) -> None:
    sending.by("", Clock(NOON), Wanted(webhook=hook.address, hour=12)).look()
    ((body, signature),) = hook.got
    assert signature == "sha256=" + hmac.new(b"a secret", body, hashlib.sha256).hexdigest()
    sent = json.loads(body)
    assert sent["unanswered"] == [{"question": "can i bring my dog", "times": 2}]
    assert (sent["clinic"], sent["questions"], sent["sounded_urgent"]) == ("Rose", 4, 1)


def test_a_webhook_that_refuses_is_an_error_without_its_path(sending: Sending, hook: Hook) -> None:
    hook.status = 500
    digest = sending.by("", Clock(NOON), Wanted(webhook=hook.address))
    with pytest.raises(DigestNotSent, match=r"webhook at 127\.0\.0\.1: it answered 500") as caught:
        digest.send(NOON)
    assert "secret-path" not in str(caught.value)


def test_an_answer_of_a_webhook_without_an_end_is_not_read(sending: Sending, hook: Hook) -> None:
    hook.endless, hook.status = True, 200
    digest = sending.by("", Clock(NOON), Wanted(webhook=hook.address, hour=12))
    thread = Thread(target=digest.send, args=(NOON,), daemon=True)
    thread.start()
    thread.join(10)
    hook.endless = False
    assert len(hook.got) == 1
    assert not thread.is_alive()


def test_a_clinic_whose_name_has_two_lines_gets_its_digest(journal: Journal, mailbox: tuple[Mailbox, str]) -> None:
    kept, smtp = mailbox
    digest = daily_digest(journal, "Rose\r\nBcc: all@evil.example\u2028Clinic", NOON, words=False)
    Delivery(smtp, "").send_mail(digest, ("nurse@clinic.example",))
    (mail,) = kept.mails
    assert str(mail["Subject"]).strip().startswith("Rose Bcc: all@evil.example Clinic: 1 urgent")
    assert mail["Bcc"] is None


def test_without_a_mail_server_the_setting_is_named(sending: Sending) -> None:
    digest = sending.by("", Clock(NOON), Wanted(email=("nurse@clinic.example",)))
    with pytest.raises(DigestNotSent, match="set FOOTNOTE_SMTP"):
        digest.send(NOON)


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ('email = "nurse@clinic.example"', "must be a list"),
        ('email = ["nurse"]', "must hold addresses with an @"),
        ('webhook = "http://clinic.example/hook"', "must be an address that starts with https://"),
        ("hour = 24", "must be an hour from 0 to 23"),
    ],
)
def test_a_wrong_value_in_the_clinics_file_names_its_cure(line: str, cure: str) -> None:
    with pytest.raises(SettingsError, match=cure):
        parse_clinic(f"[digest]\n{line}\n", Path("clinic.toml"))


@pytest.mark.parametrize("server", ["mail.example", "http://mail.example", "smtps://a@b@c", "smtp://h/noaddress"])
def test_a_wrong_mail_server_is_refused(server: str) -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_SMTP cannot be used"):
        load_settings({"FOOTNOTE_SMTP": server})


def test_the_command_prints_the_digest_and_sends_it_when_asked_to(
    journal: Journal,
    tmp_path: Path,
    mailbox: tuple[Mailbox, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept, smtp = mailbox
    now = Journal(Database(str(tmp_path / "journal.sqlite3"), JOURNAL), 30)
    now.record("f" * 32, Answer("is there parking", "", Outcome.NOT_FOUND, 0, "", (), ()), 1)
    now.close()
    journal.close()
    (tmp_path / "clinic.toml").write_text('name = "Rose"\n')
    for name, value in (("JOURNAL", "journal.sqlite3"), ("CLINIC", "clinic.toml")):
        monkeypatch.setenv(f"FOOTNOTE_{name}", str(tmp_path / value))
    monkeypatch.setenv("FOOTNOTE_SMTP", smtp)
    assert main(["digest"]) == 0
    assert "- is there parking\n" in capsys.readouterr().out
    assert main(["digest", "--send"]) == 1
    assert "write an address under [digest]" in capsys.readouterr().err
    (tmp_path / "clinic.toml").write_text('name = "Rose"\n[digest]\nemail = ["nurse@clinic.example"]\nwords = false\n')
    assert main(["digest", "--send"]) == 0
    (mail,) = kept.mails
    assert mail["Subject"] == "Rose: 1 not answered, 1 asked"
    assert "parking" not in mail.get_content()
