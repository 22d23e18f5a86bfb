"""The command that shows an installation on one screen: status."""

import argparse
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from chatbot.cli.building import ATTENTION
from chatbot.clinic import load_clinic
from chatbot.errors import CrawlError, JournalError, SettingsError
from chatbot.settings import Settings

if TYPE_CHECKING:
    from chatbot.indexing import IndexStatus

__all__ = ["add_status_command"]

_NO_LANGUAGE: Final = "unknown"
_SHOWN: Final = 20  # names of a list
_DAYS: Final = 7


def add_status_command(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parser of this command."""
    status = add_command("status", help="say what is served, what changed since, and what visitors asked of late")
    status.set_defaults(run=_status)


def _status(settings: Settings, _: argparse.Namespace) -> int:
    from chatbot.indexing import index_status

    status = index_status(settings.corpus, settings.index, settings.model)
    print("\n".join((*_index_lines(settings, status), *_life_lines(settings))))
    return 0 if status.is_current and not status.build.manifest.problems else ATTENTION


def _index_lines(settings: Settings, status: "IndexStatus") -> Iterator[str]:
    made = status.build.manifest
    yield (
        f"{settings.index} serves build {made.id} of {status.build.made.astimezone():%d %B %Y, %H:%M}: "
        f"{made.passages} passages of {made.documents} {'page' if made.documents == 1 else 'pages'}."
    )
    yield f"Model: {made.encoder}."
    counted = sorted(status.languages.items(), key=lambda item: (-item[1], item[0]))
    yield f"Languages: {', '.join(f'{language or _NO_LANGUAGE} {count}' for language, count in counted)}."
    if status.is_current:
        yield f"It is current: nothing changed in {settings.corpus} since."
    else:
        yield f"It is not current: run 'footnote build'. In {settings.corpus}, since then:"
    for kind, names in (("changed", status.changed), ("new", status.new), ("removed", status.removed)):
        yield from _named(kind, names)
    for file in status.left_out:
        yield file.reason


def _life_lines(settings: Settings) -> Iterator[str]:
    """Yield what happens with the installation: its server, questions, crawls and backups."""
    from chatbot.crawling import last_crawl
    from chatbot.operation.last_backup import last_backup
    from chatbot.operation.server_checks import own_address, server_answers

    address = own_address(settings)
    yield f"Server: {address} {'answers' if server_answers(address) else 'does not answer'}."
    try:
        if load_clinic(settings.clinic).chat.paused:
            yield "The chat is paused: 'footnote resume' answers visitors again."
    except SettingsError as error:
        yield f"Clinic: {error}"
    try:
        yield f"Questions of the last {_DAYS} days: {_questions(settings)}"
    except JournalError as error:
        yield f"Questions: {error}"
    for site in settings.crawl:
        try:
            read = last_crawl(settings.corpus, site)
        except CrawlError as error:
            yield f"Crawl: {error}"
        else:
            yield f"Last crawl of {site}: {_moment(read)}."
    backup = last_backup(settings.staff)
    yield f"Last backup: {_moment(backup.made if backup else None)}{f', {backup.file}' if backup else ''}."


def _questions(settings: Settings) -> str:
    from chatbot.journal import Journal, journal_database
    from chatbot.records import Outcome

    database = journal_database(settings.journal)
    if database is None:
        return "no journal is kept."
    if not database.exists:  # to open it would make it
        return "none."
    journal = Journal(database, settings.retention)
    counts = journal.counts(datetime.now(UTC) - timedelta(days=_DAYS))
    journal.close()
    if not counts.questions:
        return "none."
    answered = "none" if counts.answered is None else f"{counts.answered:.0%}"
    return f"{counts.questions:,}, {answered} answered by the pages, {counts.outcomes[Outcome.URGENT]:,} urgent."


def _moment(moment: datetime | None) -> str:
    return f"{moment.astimezone():%d %B %Y, %H:%M}" if moment else "never"


def _named(kind: str, names: tuple[str, ...]) -> Iterator[str]:
    yield from (f"  {kind}: {name}" for name in names[:_SHOWN])
    if len(names) > _SHOWN:
        yield f"  {kind}: {len(names) - _SHOWN} more"
