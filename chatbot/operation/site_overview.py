"""What an agency sees of each of its sites, without loading a model."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from chatbot.crawling import last_crawl
from chatbot.errors import FootnoteError
from chatbot.journal import Counts, Journal, journal_database
from chatbot.operation import clinic_checks, installation
from chatbot.operation.doctor import Check, examine
from chatbot.operation.findings import Severity
from chatbot.operation.installation import Installation
from chatbot.settings import Settings
from chatbot.sites import Site, site_settings

__all__ = ["SiteOverview", "site_overview"]

_DAYS: Final = 30  # whose questions are counted
_CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("clinic", installation.clinic_file),
    ("index", installation.index),
    ("chat", clinic_checks.chat),
    ("contact", clinic_checks.contact),
    ("examples", clinic_checks.examples),
    ("sites", clinic_checks.allow_list),
    ("sign-off", clinic_checks.sign_off),
    ("accounts", clinic_checks.accounts),
    ("journal", clinic_checks.journal),
)


@dataclass(frozen=True, slots=True)
class SiteOverview:
    """A site, what it holds and was asked, and what of it needs a person.

    `state` is "served", "paused", "outdated" (an earlier build is served) or "not served". `pages` and `passages` are
    None without an index. `questions` and `answered`, a share from 0 to 1, are None where nothing was counted. `needs`
    are sentences, the gravest first.
    """

    site: Site
    clinic: str
    state: str
    pages: int | None
    passages: int | None
    questions: int | None
    answered: float | None
    crawled: datetime | None
    needs: tuple[str, ...]


def site_overview(settings: Settings, site: Site) -> SiteOverview:
    """Look at one of the sites of a server, in some hundredths of a second; what cannot be read is among its needs."""
    own = site_settings(settings, site)
    place = Installation(own, {})
    findings = list(examine(place, _CHECKS))
    errors = [finding for finding in findings if finding.level is Severity.ERROR]
    warnings = [finding for finding in findings if finding.level is Severity.WARNING]
    clinic, paused = _clinic(place)
    pages, passages = _size(place)
    counts = _counts(own)
    return SiteOverview(
        site,
        clinic,
        _state(place, served=bool(pages is not None and clinic), paused=paused),
        pages,
        passages,
        counts.questions if counts else None,
        counts.answered if counts else None,
        _crawled(own),
        tuple(f"{finding.message} {finding.cure}".strip() for finding in (*errors, *warnings)),
    )


def _state(place: Installation, *, served: bool, paused: bool) -> str:
    if not served:
        return "not served"
    if paused:
        return "paused"
    return "served" if place.status.is_current else "outdated"


def _clinic(place: Installation) -> tuple[str, bool]:
    """Return the name of the clinic, "" where its file cannot be read, and whether its chat is paused."""
    try:
        return place.clinic.name, place.clinic.chat.paused
    except FootnoteError:
        return "", False


def _size(place: Installation) -> tuple[int | None, int | None]:
    try:
        made = place.status.build.manifest
    except FootnoteError:
        return None, None
    return made.documents, made.passages


def _counts(settings: Settings) -> Counts | None:
    """Count the questions of the last days; None without a journal, or with one that cannot be read."""
    database = journal_database(settings.journal)
    if database is None or not database.exists:  # to open it would make it
        return None
    journal = Journal(database, settings.retention)
    try:
        return journal.counts(datetime.now(UTC) - timedelta(days=_DAYS))
    except FootnoteError:
        return None
    finally:
        journal.close()


def _crawled(settings: Settings) -> datetime | None:
    """Return when the last whole crawl of the site ended."""
    try:
        return last_crawl(settings.corpus, settings.crawl[0]) if settings.crawl else None
    except FootnoteError:  # the address is none, which the daily crawl names
        return None
