"""The commands that pause the chat and answer visitors again."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from chatbot.clinic import load_clinic
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


def _pause(settings: Settings, options: argparse.Namespace) -> None:
    _clinic_text(settings).pause(_OPERATOR, options.message)
    print("The chat is paused. A running server says so in two seconds; urgent messages are answered all the same.")
    if message := load_clinic(settings.clinic).chat.message:  # perhaps that of an earlier pause
        print(f"Visitors read: {message}")


def _resume(settings: Settings, _: argparse.Namespace) -> None:
    _clinic_text(settings).resume(_OPERATOR)
    print("Visitors are answered again, in two seconds by a running server.")


def _clinic_text(settings: Settings) -> "ClinicText":
    from chatbot.staff import AuditLog, ClinicText, staff_database
    from chatbot.web.http.translations import check_texts

    database = staff_database(settings.staff, settings.staff_database)
    return ClinicText(None, settings.clinic, AuditLog(database), check_texts)
