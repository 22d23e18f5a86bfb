"""The doctor: all checks of an installation, each on its own, so that a broken one hides no other."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from chatbot.errors import FootnoteError
from chatbot.operation import clinic_checks, installation, server_checks
from chatbot.operation.findings import Finding, Severity
from chatbot.operation.installation import Installation

__all__ = ["CHECKS", "examine"]

Check = Callable[[Installation], Iterable[Finding]]

CHECKS: Final[tuple[tuple[str, Check], ...]] = (
    ("settings", installation.settings),
    ("clinic", installation.clinic_file),
    ("model", installation.model),
    ("index", installation.index),
    ("disk", installation.disk),
    ("clock", installation.clock),
    ("addresses", installation.addresses),
    ("sites", clinic_checks.allow_list),
    ("proxy", server_checks.proxy),
    ("chat", clinic_checks.chat),
    ("contact", clinic_checks.contact),
    ("digest", clinic_checks.digest),
    ("examples", clinic_checks.examples),
    ("sign-off", clinic_checks.sign_off),
    ("accounts", clinic_checks.accounts),
    ("journal", clinic_checks.journal),
    ("backups", clinic_checks.backups),
    ("server", server_checks.server),
)
"""The checks in order, each with the subject of what it finds."""


def examine(place: Installation, checks: Iterable[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """Yield what the checks find; a check that fails yields why, and what it could not look at."""
    causes: dict[str, str] = {}  # message -> the subject that it was first said of
    for subject, check in checks:
        try:
            yield from check(place)
        except FootnoteError as error:
            if first := causes.get(str(error)):
                yield _hidden(subject, f"first mend what is said of {first}")
            else:
                causes[str(error)] = subject
                yield Finding(Severity.ERROR, subject, str(error))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            message = f"{error.filename or 'A file'} cannot be read: {reason}."
            yield Finding.error(subject, message, "Check who may read it.")
        except Exception as error:  # noqa: BLE001 - an installation may be broken in any way, and the rest is looked at
            yield _hidden(subject, f"report {type(error).__name__} to the project")


def _hidden(subject: str, cure: str) -> Finding:
    return Finding.warning(subject, "This could not be looked at.", f"{cure[:1].upper()}{cure[1:]}.")
