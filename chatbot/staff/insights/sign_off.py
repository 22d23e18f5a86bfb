"""Sign-off: a clinician puts their name to the lists and the wording that decide what is urgent."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Final

from chatbot import __version__
from chatbot.clinic import Clinic
from chatbot.database import Database
from chatbot.errors import ChangeRefused
from chatbot.staff.content.old_values import foreign_warnings
from chatbot.staff.schema import staff_database

__all__ = ["SignOff", "SignOffs", "lists_digest", "signed_lists", "staff_warnings"]

_KINDS: Final = ("red_flags", "small_talk", "wording")
_OWN: Final = "clinic.toml [urgent]"
_LONGEST: Final = 100  # characters of a name or a role
_NOT_YET: Final = (
    "Not signed off yet: a clinician must read the lists and the wording of urgent messages and sign them off, in the "
    "staff console's tab Urgent."
)


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who signed the lists and when (UTC), the account it was done with, the version of Footnote and each digest."""

    signed: datetime
    name: str
    role: str
    account: str
    version: str
    digest: str
    lists: Mapping[str, str]


def signed_lists(clinic: Clinic) -> dict[str, str]:
    """Return the texts that are signed, by name: the lists that come with Footnote and the clinic's [urgent] table."""
    lists = {}
    for kind in _KINDS:
        folder = files("chatbot.triage") / kind
        for file in sorted(folder.iterdir(), key=lambda one: one.name):
            if file.name.endswith(".toml"):
                lists[f"{kind}/{file.name}"] = file.read_text("utf-8")
    return lists | {_OWN: json.dumps(asdict(clinic.urgent), ensure_ascii=False, indent=2)}


def lists_digest(clinic: Clinic) -> str:
    """Return a SHA-256, in hexadecimal digits, over all that is signed."""
    return _whole(_digests(clinic))


class SignOffs:
    """Keeps who signed off what, for good; any number of threads may use it."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Take the staff's database, and what returns the time in seconds."""
        self._database = database
        self._clock = clock

    def sign(self, account: str, name: str, role: str, clinic: Clinic) -> SignOff:
        """Keep that somebody signs the lists as they are now; raises `ChangeRefused` without a name and a role."""
        name, role = name.strip(), role.strip()
        for label, text in (("Name", name), ("Role", role)):
            if not 0 < len(text) <= _LONGEST:
                raise ChangeRefused(f"“{label}” must be a text of 1 to {_LONGEST} characters.")
        lists = _digests(clinic)
        values = (int(self._clock()), name, role, account, __version__, _whole(lists), json.dumps(lists))
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO sign_offs (signed, name, role, account, version, digest, lists) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        return _sign_off(*values)

    def all(self) -> tuple[SignOff, ...]:
        """Return all sign-offs, newest first."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT signed, name, role, account, version, digest, lists FROM sign_offs ORDER BY id DESC"
            ).all()
        return tuple(_sign_off(*row) for row in rows)

    def changed(self, clinic: Clinic) -> tuple[str, ...]:
        """Return the names of the lists that came, went or changed since the latest sign-off; all before the first."""
        latest = next(iter(self.all()), None)
        signed, now = dict(latest.lists) if latest else {}, _digests(clinic)
        return tuple(sorted(name for name in signed | now if signed.get(name) != now.get(name)))

    def warning(self, clinic: Clinic) -> str:
        """Return a sentence that says why the lists must be signed off, or nothing where they are."""
        latest = next(iter(self.all()), None)
        if latest is None:
            return _NOT_YET
        if latest.digest == lists_digest(clinic):
            return ""
        day = f"{latest.signed.day} {latest.signed:%B %Y}"
        return f"The lists have changed since {latest.name} signed on {day}: they need signing off anew."


def _sign_off(signed: int, name: str, role: str, account: str, version: str, digest: str, lists: str) -> SignOff:  # noqa: PLR0913, PLR0917 - a row
    return SignOff(datetime.fromtimestamp(signed, UTC), name, role, account, version, digest, json.loads(lists))


def _digests(clinic: Clinic) -> dict[str, str]:
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in signed_lists(clinic).items()}


def _whole(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def staff_warnings(clinic: Clinic, folder: Path) -> tuple[str, ...]:
    """Return a sentence for each thing to look after; `folder` is the staff's. Raises `StaffError`."""
    unsigned = SignOffs(staff_database(folder)).warning(clinic)
    return (*([unsigned] if unsigned else []), *foreign_warnings(clinic))
