"""The commands that pause the chat and answer visitors again."""

import argparse
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from chatbot.cli.building import ATTENTION
from chatbot.clinic import load_clinic
from chatbot.errors import ChangeRefused, StaffError
from chatbot.settings import Settings

if TYPE_CHECKING:
    from chatbot.staff import ClinicText

__all__ = ["add_pause_commands"]

_OPERATOR: Final = "command line"


def add_pause_commands(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parsers of these commands."""
    pause = add_command(
        "pause",
        help="pause the chat: visitors read a message and how to reach the clinic",
        example='footnote pause --message "We are moving."',
    )
    pause.add_argument("--message", metavar="TEXT", help="what visitors read (default: chat.message of clinic.toml)")
    pause.set_defaults(run=_pause)

    resume = add_command("resume", help="answer visitors again after a pause")
    resume.set_defaults(run=_resume)


def _pause(settings: Settings, options: argparse.Namespace) -> int:
    code = _changed(settings, lambda clinic_text: clinic_text.pause(_OPERATOR, options.message))
    print("The chat is paused. A running server says so in two seconds; urgent messages are answered all the same.")
    if message := load_clinic(settings.clinic).chat.message:  # perhaps that of an earlier pause
        print(f"Visitors read: {message}")
    return code


def _resume(settings: Settings, _: argparse.Namespace) -> int:
    code = _changed(settings, lambda clinic_text: clinic_text.resume(_OPERATOR))
    print("Visitors are answered again, in two seconds by a running server.")
    return code


def _changed(settings: Settings, change: Callable[["ClinicText"], object]) -> int:
    """Make a change and return the exit code; raises `ChangeRefused`.

    A change that is made and cannot be recorded is made all the same: who pauses the chat at night must be able to.
    """
    from chatbot.staff import AuditLog, ClinicText, staff_database
    from chatbot.web.http.translations import check_texts

    database = staff_database(settings.staff, settings.staff_database)
    try:
        change(ClinicText(None, settings.clinic, AuditLog(database), check_texts))
    except ChangeRefused:
        raise
    except StaffError as error:
        print(f"The audit log does not hold this change. {error}", file=sys.stderr)
        return ATTENTION
    return 0
