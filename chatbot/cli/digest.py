"""The command of the daily digest: digest."""

import argparse
from collections.abc import Callable

from chatbot.errors import SettingsError
from chatbot.settings import Settings

__all__ = ["add_digest_command"]


def add_digest_command(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parser of this command."""
    digest = add_command(
        "digest", help="print the daily digest of unanswered and urgent questions, of the last 24 hours"
    )
    digest.add_argument("--send", action="store_true", help="send it, too, to where [digest] in clinic.toml says")
    digest.set_defaults(run=_digest)


def _digest(settings: Settings, options: argparse.Namespace) -> None:
    from datetime import datetime, timedelta

    from chatbot.clinic import load_clinic
    from chatbot.journal import Journal
    from chatbot.staff import Delivery, daily_digest, send_digest

    journal = Journal.open(settings.journal, settings.retention)
    if journal is None:
        raise SettingsError("There is no digest without a journal: FOOTNOTE_JOURNAL is off.")
    clinic = load_clinic(settings.clinic)
    until = datetime.now().astimezone() + timedelta(seconds=1)  # with the question of this very second
    digest = daily_digest(journal, clinic.name, until, words=clinic.digest.words)
    print(f"{digest.subject}\n\n{digest.text()}", end="")
    if options.send:
        if not (clinic.digest.email or clinic.digest.webhook):
            raise SettingsError("Nobody is to get the digest: write an address under [digest] in clinic.toml.")
        send_digest(digest, clinic.digest, Delivery(settings.smtp, settings.webhook_secret))
        print("Sent.")
