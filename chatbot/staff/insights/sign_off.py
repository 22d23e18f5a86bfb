"""Sign-off: a clinician signs the lists and the wording that decide what is urgent."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

from chatbot import __version__
from chatbot.clinic import Clinic, example_warnings
from chatbot.database import Database, sql
from chatbot.errors import ChangeRefused
from chatbot.staff.content.old_values import foreign_warnings

__all__ = ["SignOff", "SignOffs", "lists_digest", "signed_lists", "staff_warnings"]

_KINDS: Final = ("red_flags", "small_talk", "wording")
_COLUMNS: Final = ("signed", "name", "role", "account", "version", "digest", "lists")
_CLINIC_TABLE: Final = "clinic.toml [urgent]"
_MAX_LENGTH: Final = 100  # characters of a name or a role
_NOT_YET: Final = (
    "Not signed off yet: a clinician must read the lists and the wording of urgent messages and sign them off, in the "
    "staff console's tab Urgent."
)


@dataclass(frozen=True, slots=True)
class SignOff:
    """A signature: when (UTC), by whom, from which account, and on which version of Footnote.

    `digest` is over all that was signed, `lists` has the digest of each list by name.
    """

    signed: datetime
    name: str
    role: str
    account: str
    version: str
    digest: str
    lists: Mapping[str, str]


def signed_lists(clinic: Clinic) -> dict[str, str]:
    """Return the signed texts by name: the lists that come with Footnote, and the clinic's [urgent] table."""
    lists = {}
    for kind in _KINDS:
        folder = files("chatbot.triage") / kind
        for file in sorted(folder.iterdir(), key=lambda path: path.name):
            if file.name.endswith(".toml"):
                lists[f"{kind}/{file.name}"] = file.read_text("utf-8")
    return lists | {_CLINIC_TABLE: json.dumps(asdict(clinic.urgent), ensure_ascii=False, indent=2)}


def lists_digest(clinic: Clinic) -> str:
    """Return the SHA-256, in hexadecimal, of all that is signed."""
    return _combined(_digests(clinic))


class SignOffs:
    """The sign-offs in the staff's database. None is ever deleted; safe for any number of threads."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        """Use the staff's database, and a clock that returns Unix time in seconds."""
        self._database = database
        self._clock = clock

    def sign(self, account: str, name: str, role: str, clinic: Clinic) -> SignOff:
        """Sign the lists as they are now; raises `ChangeRefused` without a name and a role."""
        name, role = name.strip(), role.strip()
        for label, text in (("Name", name), ("Role", role)):
            if not 0 < len(text) <= _MAX_LENGTH:
                raise ChangeRefused(f"“{label}” must be a text of 1 to {_MAX_LENGTH} characters.")
        lists = _digests(clinic)
        values = (int(self._clock()), name, role, account, __version__, _combined(lists), json.dumps(lists))
        with self._database.writing() as connection:
            connection.execute(
                sql(
                    "INSERT INTO sign_offs (signed, name, role, account, version, digest, lists) "
                    "VALUES (:signed, :name, :role, :account, :version, :digest, :lists)"
                ),
                dict(zip(_COLUMNS, values, strict=True)),
            )
        return _sign_off(*values)

    def all(self) -> tuple[SignOff, ...]:
        """Return all sign-offs, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                sql("SELECT signed, name, role, account, version, digest, lists FROM sign_offs ORDER BY id DESC")
            ).all()
        return tuple(_sign_off(*row) for row in rows)

    def changed(self, clinic: Clinic) -> tuple[str, ...]:
        """Return the names of the lists that changed since the latest sign-off; all of them before the first."""
        latest = next(iter(self.all()), None)
        signed, now = dict(latest.lists) if latest else {}, _digests(clinic)
        return tuple(sorted(name for name in signed | now if signed.get(name) != now.get(name)))

    def warning(self, clinic: Clinic) -> str:
        """Return a sentence on why the lists must be signed off, or an empty string if they are."""
        latest = next(iter(self.all()), None)
        if latest is None:
            return _NOT_YET
        if latest.digest == lists_digest(clinic):
            return ""
        day = f"{latest.signed.day} {latest.signed:%B %Y}"
        return f"The lists have changed since {latest.name} signed on {day}: they need signing off anew."


def staff_warnings(clinic: Clinic, database: Database) -> tuple[str, ...]:
    """Return a sentence for each thing that staff must look at; raises `StaffError`."""
    unsigned = SignOffs(database).warning(clinic)
    return (*([unsigned] if unsigned else []), *foreign_warnings(clinic), *example_warnings(clinic))


def _sign_off(signed: int, name: str, role: str, account: str, version: str, digest: str, lists: str) -> SignOff:  # noqa: PLR0913, PLR0917 - a row
    return SignOff(datetime.fromtimestamp(signed, UTC), name, role, account, version, digest, json.loads(lists))


def _digests(clinic: Clinic) -> dict[str, str]:
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in signed_lists(clinic).items()}


def _combined(digests: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()
