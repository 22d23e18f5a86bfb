"""The commands of the journal of visitors' questions: erase, export, expire."""

import argparse
import os
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatbot.cli.commands import command_adder
from chatbot.errors import FootnoteError, SettingsError
from chatbot.settings import Settings, warn_renamed

if TYPE_CHECKING:
    from chatbot.journal import Journal

__all__ = ["EXPORT_FORMATS", "add_journal_commands"]

EXPORT_FORMATS: Final = ("csv", "jsonl")
"""The journal's own formats, written out so that `--help` need not load the database."""


def add_journal_commands(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parser of `footnote journal` and of the commands below it."""
    journal = add_command("journal", help="erase, export or shorten what is kept of visitors' questions")
    add = command_adder(journal)

    example = "footnote journal erase --before 2026-11-30"
    erase = add("erase", help="erase questions, and take them out of all counts", example=example)
    which = erase.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every question")
    which.add_argument("--before", metavar="DATE", type=_day, help="questions before this day (UTC)")
    which.add_argument(
        "--matching", metavar="TEXT", type=_some_text, help="questions that hold this text, or whose comment does"
    )
    which.add_argument("--answer", metavar="ID", help="the question of this answer_id")
    erase.set_defaults(run=_erase)

    example = "footnote journal export --since 2026-11-01 --output questions.csv"
    export = add("export", help="print the questions that are kept, or write them to a file", example=example)
    export.add_argument(
        "--format",
        choices=EXPORT_FORMATS,
        default="csv",
        help="csv for a spreadsheet, jsonl for a program (default: csv)",
    )
    export.add_argument("--since", metavar="DATE", type=_day, help="questions from this day on (UTC)")
    export.add_argument("--until", metavar="DATE", type=_day, help="questions before this day (UTC)")
    export.add_argument("--output", metavar="FILE", type=Path, help="write to this file, which only you may read")
    export.set_defaults(run=_export)

    expire = add(
        "expire", help="delete the words of questions older than FOOTNOTE_RETENTION_DAYS, as a server does daily"
    )
    expire.set_defaults(run=_expire)
    add("enforce").set_defaults(run=_enforce)  # the old name of expire, for one more release


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date: write it as 2026-11-30") from None


def _some_text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty, and everything would match")
    return text


def _erase(settings: Settings, options: argparse.Namespace) -> None:
    with _open_journal(settings) as journal:
        number = journal.erase(
            everything=options.all, before=options.before, matching=options.matching, answer_id=options.answer
        )
    print(f"Erased {number} {'question' if number == 1 else 'questions'}.")


def _export(settings: Settings, options: argparse.Namespace) -> None:
    with _open_journal(settings) as journal:
        lines = journal.export(options.format, options.since, options.until)
    if options.output is None:
        for line in lines:
            print(line, end="")
        return
    try:
        with open(options.output, "w", encoding="utf-8", newline="", opener=_open_private) as file:
            file.writelines(lines)
    except OSError as error:
        raise FootnoteError(f"{options.output} cannot be written: {error.strerror}. Name another file.") from error


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _expire(settings: Settings, _: argparse.Namespace) -> None:
    with _open_journal(settings) as journal:
        number = journal.apply_retention()
    print(f"Deleted the words of {number} {'question' if number == 1 else 'questions'}.")


def _enforce(settings: Settings, options: argparse.Namespace) -> None:
    warn_renamed("footnote journal enforce", "footnote journal expire")
    _expire(settings, options)


def _open_journal(settings: Settings) -> "closing[Journal]":
    from chatbot.journal import Journal

    journal = Journal.open(settings.journal, settings.retention)
    if journal is None:
        raise SettingsError("There is no journal: FOOTNOTE_JOURNAL is off.")
    return closing(journal)
