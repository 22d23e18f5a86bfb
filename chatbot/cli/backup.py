"""The commands that keep an installation and bring it back: backup, restore."""

import argparse
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

from chatbot.settings import Settings
from chatbot.sites import Sites

__all__ = ["add_backup_commands"]


def add_backup_commands(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parsers of these commands."""
    backup = add_command(
        "backup",
        help="write pages, clinic.toml, index, journal and staff's work into one file, also while the server runs",
        example="footnote backup footnote-2026-11-30.tar.gz",
    )
    backup.add_argument("file", type=Path, metavar="FILE", help="the file to write")
    backup.add_argument("--without-index", action="store_true", help="leave the index out, which 'build' makes anew")
    backup.add_argument("--without-journal", action="store_true", help="leave out what visitors asked")
    backup.add_argument("--force", action="store_true", help="replace the file if it is there")
    backup.set_defaults(run=_backup)

    restore = add_command(
        "restore",
        help="put a backup in place, once the server is stopped",
        example="footnote restore footnote-2026-11-30.tar.gz",
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="the file of a backup")
    restore.add_argument("--force", action="store_true", help="replace what is there, and keep it aside")
    restore.add_argument("--check", action="store_true", help="only check the file, and change nothing")
    restore.set_defaults(run=_restore)


def _backup(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.cli.progress import progress_bar
    from chatbot.operation.backup import BackupChoice, back_up

    choice = BackupChoice(not options.without_index, not options.without_journal, options.force)
    with progress_bar("Backing up", " bytes") as show:
        manifest = back_up(settings, options.file, choice, show)
    size = options.file.stat().st_size
    shown = f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.0f} kB"
    print(f"Wrote {options.file}: {len(manifest.members):,} files, {shown}. Keep it on another machine.")
    if manifest.journal is not None:
        print("It holds what visitors asked: delete it after FOOTNOTE_RETENTION_DAYS.", file=sys.stderr)


def _restore(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.cli.progress import progress_bar
    from chatbot.operation.restore import check_backup, restore
    from chatbot.times import time_text

    if options.check:
        with progress_bar("Checking", " bytes") as show:
            manifest = check_backup(options.file, show)
        print(
            f"{options.file} is whole: {len(manifest.members):,} files of {time_text(manifest.moment)}, "
            f"Footnote {manifest.version}."
        )
        return
    # A server of many sites closes this one for as long as it takes.
    closed = Sites.of(settings).closed(settings.site) if settings.sites else nullcontext()
    with closed, progress_bar("Checking", " bytes") as check, progress_bar("Restoring", " bytes") as show:
        restored = restore(settings, options.file, check, show, force=options.force)
    for folder in restored.aside:
        print(f"What was there is kept in {folder}: delete it once all is well.")
    build = "" if restored.manifest.build else " Then run 'footnote build', because the backup holds no index."
    print(f"Restored the backup of {time_text(restored.manifest.moment)}.{build} Sign in anew: nobody stays signed in.")
