"""Sending the daily digest by e-mail and to a webhook, once a day, and by one of several servers."""

import hashlib
import hmac
import json
import logging
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from threading import Event, Thread
from typing import Final
from urllib.parse import unquote, urlsplit

from chatbot.bot import Chatbot
from chatbot.clinic import Digest as Wanted
from chatbot.database import Database, sql
from chatbot.errors import DigestNotSent, FootnoteError
from chatbot.journal import Journal
from chatbot.settings import LOOPBACK
from chatbot.staff.insights.digest import Digest, daily_digest

__all__ = ["DailyDigest", "Delivery", "send_digest"]

_LOG = logging.getLogger(__name__)
_TIMEOUT: Final = 20.0  # seconds
_PATIENCE: Final = 5.0  # seconds that a server which stops waits; another sends what was not sent then
_LOOK: Final = 30.0  # seconds between two looks at the clock
_RETRY: Final = timedelta(hours=1)
_SENDING: Final = timedelta(minutes=10)  # for which another server leaves a digest to the one that sends it
_KEPT: Final = timedelta(days=7)  # for which it is remembered that a digest was sent


class Delivery:
    """Sends a digest by e-mail and to a webhook; each is an address of the clinic's own choice."""

    def __init__(self, smtp: str, secret: str) -> None:
        """Take the address of the mail server, "" for none, and the secret that signs what a webhook gets, or ""."""
        self._smtp = smtp
        self._secret = secret

    def send_mail(self, digest: Digest, recipients: tuple[str, ...]) -> None:
        """Send a digest to some addresses; raises `DigestNotSent`."""
        if not self._smtp:
            raise DigestNotSent("There is no mail server to send the digest by: set FOOTNOTE_SMTP.")
        server = urlsplit(self._smtp)
        message = EmailMessage()
        message["Subject"] = digest.subject
        message["From"] = unquote(server.path.strip("/")) or unquote(server.username or "")
        message["To"] = ", ".join(recipients)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=server.hostname)
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is reported back
        message.set_content(digest.text())
        try:
            with _connected(self._smtp) as connection:
                connection.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            raise DigestNotSent(
                f"The digest could not be sent through {server.hostname}: {_reason(error)}. Check FOOTNOTE_SMTP."
            ) from None

    def post(self, digest: Digest, address: str) -> None:
        """Send a digest to a webhook as JSON; raises `DigestNotSent` unless it answers 2xx."""
        import httpx  # noqa: PLC0415 - a tenth of a second to import, and most servers send nothing

        body = json.dumps(digest.as_dict()).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "Footnote"}
        if self._secret:
            signature = hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()
            headers["Footnote-Signature"] = f"sha256={signature}"
        try:
            # What it answers with is not read: it may have no end.
            with httpx.stream("POST", address, content=body, headers=headers, timeout=_TIMEOUT) as response:
                if response.is_success:
                    return
                reason = f"it answered {response.status_code}"
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            reason = type(error).__name__
        host = urlsplit(address).hostname  # the path of a webhook is often its secret
        raise DigestNotSent(
            f"The digest could not be sent to the webhook at {host}: {reason}. Check [digest] in clinic.toml."
        )


class DailyDigest:
    """A thread that sends the digest of the day before at the hour that clinic.toml names.

    A day on which nothing needs anybody sends nothing. What could not be sent is tried again every hour.
    """

    def __init__(
        self,
        bot: Chatbot,
        journal: Journal,
        database: Database,
        delivery: Delivery,
        clock: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        """Take the staff's database, in which servers see that another one has sent it, and the time of the clinic."""
        self._bot = bot
        self._journal = journal
        self._database = database
        self._delivery = delivery
        self._clock = clock
        self._not_before = clock()
        self._mailed: datetime | None = None  # the end of the day whose digest was mailed last
        self._stop = Event()
        self._thread = Thread(target=self._run, name="daily-digest", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for what is being sent, unless the other end keeps it waiting."""
        self._stop.set()
        self._thread.join(_PATIENCE)

    def look(self) -> None:
        """Send the digest if it is due and no server has sent it; log what keeps it from being sent."""
        now, wanted = self._clock(), self._bot.clinic.digest
        if not (wanted.email or wanted.webhook) or now < self._not_before:
            return
        due = now.replace(hour=wanted.hour, minute=0, second=0, microsecond=0)
        if due > now:
            due -= timedelta(days=1)
        try:
            with self._claimed(due, now) as is_mine:
                if is_mine:
                    self.send(due)
        except FootnoteError as error:
            self._not_before = now + _RETRY
            _LOG.warning("%s It is tried again in an hour.", error)

    def send(self, until: datetime) -> None:
        """Send the digest of the day before a moment, unless it is empty; raises `DigestNotSent` and `JournalError`."""
        clinic = self._bot.clinic
        digest = daily_digest(self._journal, clinic.name, until, words=clinic.digest.words)
        if digest.is_empty:
            return
        if clinic.digest.email and self._mailed != until:
            self._delivery.send_mail(digest, clinic.digest.email)
            self._mailed = until  # else a webhook that fails would have the mail sent again every hour
        if clinic.digest.webhook:
            self._delivery.post(digest, clinic.digest.webhook)

    @contextmanager
    def _claimed(self, due: datetime, now: datetime) -> Iterator[bool]:
        """Yield whether this server is to send the digest that is due; a failure leaves it to be sent."""
        moment = {"due": int(due.timestamp()), "now": int(now.timestamp())}
        old = {"old": moment["due"] - int(_KEPT.total_seconds())}
        late = {**moment, "late": moment["now"] - int(_SENDING.total_seconds())}
        with self._database.writing() as connection:
            connection.execute(sql("DELETE FROM digests WHERE due < :old"), old)
            taken = connection.execute(
                sql(
                    "INSERT INTO digests (due, begun, sent) VALUES (:due, :now, 0) ON CONFLICT (due) DO UPDATE "
                    "SET begun = :now WHERE digests.sent = 0 AND digests.begun < :late"
                ),
                late,
            ).rowcount
        try:
            yield bool(taken)
        except FootnoteError:
            with self._database.writing() as connection:
                connection.execute(sql("DELETE FROM digests WHERE due = :due"), {"due": moment["due"]})
            raise
        if taken:
            with self._database.writing() as connection:
                connection.execute(sql("UPDATE digests SET sent = 1 WHERE due = :due"), {"due": moment["due"]})

    def _run(self) -> None:
        while not self._stop.wait(_LOOK):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - this thread must not end
                _LOG.warning("The daily digest failed: %s. It is tried again in an hour.", type(error).__name__)
                self._not_before = self._clock() + _RETRY


def send_digest(digest: Digest, wanted: Wanted, delivery: Delivery) -> None:
    """Send a digest where a clinic wants it; raises `DigestNotSent`."""
    if wanted.email:
        delivery.send_mail(digest, wanted.email)
    if wanted.webhook:
        delivery.post(digest, wanted.webhook)


@contextmanager
def _connected(address: str) -> Iterator[smtplib.SMTP]:
    """Yield a connection to a mail server, encrypted unless the server is this machine; raises what `smtplib` does."""
    server = urlsplit(address)
    host, context = server.hostname or "", ssl.create_default_context()
    connection: smtplib.SMTP
    if server.scheme == "smtps":
        connection = smtplib.SMTP_SSL(host, server.port or 465, timeout=_TIMEOUT, context=context)
    else:
        connection = smtplib.SMTP(host, server.port or (25 if host in LOOPBACK else 587), timeout=_TIMEOUT)
    with connection:
        if server.scheme == "smtp" and host not in LOOPBACK:
            connection.starttls(context=context)
        if server.username:
            connection.login(unquote(server.username), unquote(server.password or ""))
        yield connection


def _reason(error: Exception) -> str:
    """Return why a mail was not sent, without addresses or words that a server may repeat."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answered {error.smtp_code}"
    return (error.strerror if isinstance(error, OSError) else "") or type(error).__name__
