"""`footnote journal`: what its commands are called with."""

import argparse
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from chatbot.journal.export import FORMATS

__all__ = ["add_journal_commands"]


def add_journal_commands(journal: argparse.ArgumentParser, do: Mapping[str, Callable[..., None]]) -> None:
    """Describe the commands below `footnote journal`; `do` has what each does, by its name."""
    commands = journal.add_subparsers(required=True, metavar="WHAT")

    erase = commands.add_parser("erase", help="erase questions, counts and all")
    which = erase.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every question")
    which.add_argument("--before", metavar="DATE", type=_day, help="questions asked before a day, as 2026-11-30 (UTC)")
    which.add_argument(
        "--matching", metavar="TEXT", type=_some_text, help="questions that hold a text, or whose comment does"
    )
    which.add_argument("--answer", metavar="ID", help="the question of an answer's id")
    erase.set_defaults(run=do["erase"])

    export = commands.add_parser("export", help="print the questions that are kept")
    export.add_argument("--format", choices=FORMATS, default="csv", help="for a spreadsheet (csv) or a program (jsonl)")
    export.add_argument("--since", metavar="DATE", type=_day, help="from this day on (UTC)")
    export.add_argument("--until", metavar="DATE", type=_day, help="before this day (UTC)")
    export.add_argument("--output", metavar="FILE", type=Path, help="write to a file that only you may read")
    export.set_defaults(run=do["export"])

    enforce = commands.add_parser("enforce", help="take out the words of questions older than FOOTNOTE_RETENTION")
    enforce.set_defaults(run=do["enforce"])


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write it as 2026-11-30") from None


def _some_text(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty, and everything would match")
    return text
