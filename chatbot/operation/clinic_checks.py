"""What the doctor checks of the clinic: its contact, its sites, its staff, its journal, and its backups."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from chatbot.clinic import Contact, example_warnings
from chatbot.errors import CorpusError, IndexingError, ModelError
from chatbot.journal import Journal
from chatbot.operation.findings import Finding
from chatbot.operation.installation import Installation, some
from chatbot.operation.last_backup import last_backup
from chatbot.operation.notices import REFUSED_SITES, day_seen, is_recent, read_notices
from chatbot.settings import LOOPBACK
from chatbot.staff import AccountStore, Role, SignOffs, foreign_warnings, signed_lists
from chatbot.times import day_text, time_text

__all__ = ["accounts", "allow_list", "backups", "chat", "contact", "digest", "examples", "journal", "sign_off"]

_OLD_BACKUP: Final = timedelta(days=8)  # a weekly one, and a day
_LATE: Final = timedelta(days=2)  # retention runs once a day
_MAIL: Final = re.compile(r"[^@\s\"<>(),;:]+@([a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)
_LISTED: Final = "to allowed under [sites] in clinic.toml."


def chat(place: Installation) -> Iterator[Finding]:
    """Check that visitors are answered, and the chat is not paused."""
    if place.clinic.chat.paused:
        cure = "To answer them again, run 'footnote resume', or press Resume the chat in the staff console."
        yield Finding.warning("chat", "It is paused: visitors only read how to reach the clinic.", cure)
    else:
        yield Finding.ok("chat", "Visitors are answered.")


def contact(place: Installation) -> Iterator[Finding]:
    """Check that visitors can reach the clinic."""
    given = place.clinic.contact
    if given == Contact():
        yield Finding.warning(
            "contact", "The chat does not say how to reach the clinic.", "Fill in [contact] in clinic.toml."
        )
        return
    if not given.phone:
        yield Finding.warning("contact", "No telephone number is given.", "Write phone under [contact] in clinic.toml.")
    if given.email and not _MAIL.fullmatch(given.email):
        cure = "Correct email under [contact] in clinic.toml."
        yield Finding.error("contact", f"{given.email} is no e-mail address that mail can reach.", cure)
    else:
        ways = [name for name in ("phone", "email", "booking", "hours", "address") if getattr(given, name)]
        yield Finding.ok("contact", f"Visitors are shown: {', '.join(ways)}.")


def digest(place: Installation) -> Iterator[Finding]:
    """Check that the daily digest can be sent where the clinic wants it."""
    wanted = place.clinic.digest
    if wanted.email and not place.settings.smtp:
        cure = "Set FOOTNOTE_SMTP, then try it: footnote digest --send"
        yield Finding.error("digest", "[digest] names an address, and there is no mail server.", cure)
    elif wanted.email or wanted.webhook:
        yield Finding.ok("digest", f"It is sent every day after {wanted.hour}:00.")
    else:
        yield Finding.ok("digest", "Nobody gets one: [digest] in clinic.toml names no address.")


def examples(place: Installation) -> Iterator[Finding]:
    """Check that nothing of the example, or of the clinic before a change, is shown."""
    texts = [*example_warnings(place.clinic), *foreign_warnings(place.clinic)]
    for text in texts:
        message, _, cure = text.partition(": ")
        yield Finding.error(
            "examples", f"{message.rstrip('.')}.", f"{cure[:1].upper()}{cure[1:]}" or "Correct clinic.toml."
        )
    if not texts:
        yield Finding.ok("examples", "clinic.toml holds no value of the example.")


def allow_list(place: Installation) -> Iterator[Finding]:
    """Check which sites may show the chat, and which were refused."""
    allowed = place.clinic.sites.allowed
    if not allowed:
        message = "No other site may show the chat; it stands on this server's own page only."
        yield Finding.warning("sites", message, f"Write the clinic's site {_LISTED}")
    for site in allowed:
        parts = urlsplit(site)
        if parts.hostname in LOOPBACK:
            yield Finding.warning(
                "sites", f"{site} is a page on a developer's machine.", "Remove it from [sites] in clinic.toml."
            )
        elif (parts.hostname, parts.port) == (place.settings.host, place.settings.port):
            cure = "Write the clinic's site in its place: this server's own pages need no entry."
            yield Finding.warning("sites", f"{site} is this server itself.", cure)
        elif parts.scheme == "http":
            cure = "Let the site serve https, and write its https address."
            yield Finding.warning(
                "sites", f"{site} is not encrypted: others on the way can read and change the chat.", cure
            )
    refused = read_notices(place.settings.staff).get(REFUSED_SITES, {})
    for site, seen in refused.items():
        if site not in allowed and is_recent(seen, place.now):
            yield Finding.warning(
                "sites",
                f"{site} asked for the chat on {day_seen(seen)} and was refused.",
                f"If it is yours, write it {_LISTED}",
            )
    if allowed:
        yield Finding.ok("sites", f"The chat may be shown on {some(allowed)}.")


def sign_off(place: Installation) -> Iterator[Finding]:
    """Check that a clinician signed the lists of the languages that the clinic uses."""
    languages = {place.clinic.widget.language, *(place.status.languages if _has_index(place) else ())} - {""}
    with place.staff_database() as database:
        lists = SignOffs(database).changed(place.clinic) if database else tuple(signed_lists(place.clinic))
    used = [name for name in lists if re.sub(r".*/|\.toml$", "", name) in languages or "/" not in name]
    if used:
        cure = "A clinician reads and signs them in the staff console, tab Urgent."
        yield Finding.warning(
            "sign-off", f"Not signed as they are now, of the languages in use: {', '.join(used)}.", cure
        )
    else:
        yield Finding.ok("sign-off", f"A clinician signed the lists of {', '.join(sorted(languages))}.")


def accounts(place: Installation) -> Iterator[Finding]:
    """Check that somebody can use the staff console."""
    cure = "Make one: footnote staff add NAME --role editor"
    with place.staff_database() as database:
        known = AccountStore(database).accounts() if database else ()
    editors = [account.name for account in known if account.role is Role.EDITOR]
    sign_on = place.settings.single_sign_on
    if sign_on and sign_on.editors:
        yield Finding.ok(
            "accounts", f"Editors are the members of {', '.join(sorted(sign_on.editors))} at {sign_on.issuer}."
        )
    elif not known:
        yield Finding.warning("accounts", "Nobody has an account for the staff console.", cure)
    elif not editors:
        yield Finding.warning("accounts", "No account may change anything: all are readers.", cure)
    else:
        yield Finding.ok("accounts", f"Accounts: {len(known)}, of them editors: {len(editors)}.")


def journal(place: Installation) -> Iterator[Finding]:
    """Check that the journal can be read, and that it holds words no longer than it should."""
    file, setting, days = place.journal_file, place.settings.journal, place.settings.retention
    opened = Journal.open(setting, days)
    if opened is None:
        yield Finding.ok("journal", "None is kept: FOOTNOTE_JOURNAL is off.")
        return
    if file and not file.exists():
        yield Finding.ok("journal", f"{file} is made with the first question.")
        return
    try:
        counts = opened.counts()
        oldest = opened.oldest_words()
        newest = opened.newest()
    finally:
        opened.close()
    yield Finding.ok("journal", f"Questions in it: {counts.questions:,}. Words are kept for {days} days.")
    if oldest and oldest < place.now - timedelta(days=days) - _LATE:
        message = f"Words of {day_text(oldest)} are still kept, longer than {days} days."
        yield Finding.error("journal", message, "Run 'footnote journal expire', and start the server.")
    if newest and newest > place.now + timedelta(minutes=5):
        message = f"A question is dated {time_text(newest)}, in the future."
        yield Finding.warning("clock", message, "Set the clock: timedatectl set-ntp true.")


def backups(place: Installation) -> Iterator[Finding]:
    """Check that there is a recent backup."""
    cure = "Run 'footnote backup FILE.tar.gz' every night, and keep the file on another machine."
    last = last_backup(place.settings.staff)
    if last is None:
        yield Finding.warning("backups", "None was made so far.", cure)
    elif place.now - last.made > _OLD_BACKUP:
        yield Finding.warning("backups", f"The newest is of {day_text(last.made)}: {last.file}.", cure)
    else:
        yield Finding.ok("backups", f"The newest is of {time_text(last.made)}: {last.file}.")


def _has_index(place: Installation) -> bool:
    """Return whether the languages of the pages are known; another check says why not."""
    try:
        return bool(place.status)
    except (CorpusError, IndexingError, ModelError):
        return False
