"""The command that shows an installation on one screen: status."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from chatbot.cli.building import ATTENTION
from chatbot.clinic import load_clinic
from chatbot.errors import CrawlError, FootnoteError, JournalError, SettingsError
from chatbot.settings import Settings

if TYPE_CHECKING:
    from chatbot.indexing import IndexStatus

__all__ = ["add_status_command"]

_NO_LANGUAGE: Final = "unknown"
_SHOWN: Final = 20  # names of a list
_DAYS: Final = 7


def add_status_command(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parser of this command."""
    status = add_command("status", help="show what is served, what changed since, and what visitors asked recently")
    status.set_defaults(run=_status)


class _Line(NamedTuple):
    """A line of the screen, and whether somebody should look at it."""

    text: str
    attention: bool = False


def _status(settings: Settings, _: argparse.Namespace) -> int:
    from chatbot.indexing import index_status

    try:
        status = index_status(settings.corpus, settings.index, settings.model)
    except FootnoteError:
        _show(_life_lines(settings))  # just then, somebody wants to know whether the server answers
        raise
    return _show((*_index_lines(settings, status), *_life_lines(settings)))


def _show(lines: Iterable[_Line]) -> int:
    """Print lines and return the exit code that they ask for."""
    shown = list(lines)
    print(*(line.text for line in shown), sep="\n", flush=True)
    return ATTENTION if any(line.attention for line in shown) else 0


def _index_lines(settings: Settings, status: "IndexStatus") -> Iterator[_Line]:
    from chatbot.indexing import REBUILD_HINT
    from chatbot.times import time_text

    made = status.build.manifest
    yield _Line(
        f"{settings.index} serves build {made.id} of {time_text(status.build.made)}: "
        f"{made.passages} passages of {made.documents} {'page' if made.documents == 1 else 'pages'}."
    )
    yield _Line(f"Model: {made.encoder}.")
    counted = sorted(status.languages.items(), key=lambda item: (-item[1], item[0]))
    yield _Line(f"Languages: {', '.join(f'{language or _NO_LANGUAGE} {count}' for language, count in counted)}.")
    if status.is_current:
        yield _Line(f"It is current: nothing changed in {settings.corpus} since.")
    else:
        yield _Line(f"It is not current: {REBUILD_HINT}. In {settings.corpus}, since then:", attention=True)
    for kind, names in (("changed", status.changed), ("new", status.new), ("removed", status.removed)):
        yield from map(_Line, _named(kind, names))
    for file in status.left_out:
        yield _Line(file.reason, attention=not file.unpublished)


def _life_lines(settings: Settings) -> Iterator[_Line]:
    """Yield what happens with the installation: its server, questions, crawls and backups."""
    from chatbot.crawling import last_crawl
    from chatbot.operation.last_backup import last_backup
    from chatbot.operation.server_checks import own_address, server_answers
    from chatbot.times import time_text

    address = own_address(settings)
    yield _Line(f"Server: {address} {'answers' if server_answers(address) else 'does not answer'}.")
    try:
        if load_clinic(settings.clinic).chat.paused:
            yield _Line("The chat is paused: 'footnote resume' answers visitors again.", attention=True)
    except SettingsError as error:
        yield _Line(f"Clinic: {error}", attention=True)
    try:
        yield _Line(f"Questions of the last {_DAYS} days: {_questions(settings)}")
    except JournalError as error:
        yield _Line(f"Questions: {error}", attention=True)
    for site in settings.crawl:
        try:
            read = last_crawl(settings.corpus, site)
        except CrawlError as error:
            yield _Line(f"Crawl: {error}", attention=True)
        else:
            yield _Line(f"Last crawl of {site}: {time_text(read) if read else 'never'}.")
    backup = last_backup(settings.staff)
    yield _Line(f"Last backup: {f'{time_text(backup.made)}, {backup.file}' if backup else 'never'}.")


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


def _named(kind: str, names: tuple[str, ...]) -> Iterator[str]:
    yield from (f"  {kind}: {name}" for name in names[:_SHOWN])
    if len(names) > _SHOWN:
        yield f"  {kind}: {len(names) - _SHOWN} more"
