"""What clinic.toml says, as the staff edit it: checked before it is written, live at once, and undoable."""

import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from threading import Lock
from typing import Final

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic, Reply, parse_clinic
from chatbot.errors import ChangeRefused, SettingsError
from chatbot.files import write_atomically
from chatbot.staff.accounts.sessions import Account
from chatbot.staff.audit_log import AuditLog, Kind
from chatbot.staff.content.clinic_file import with_reply, with_values, without_reply

__all__ = ["FIELDS", "ClinicText"]

_MARK: Final = "\ufeff"  # what some editors put before the first letter of a file

FIELDS: Final[Mapping[str, str]] = {
    "name": "Name of the clinic",
    "greeting": "Greeting",
    "contact.phone": "Telephone",
    "contact.email": "E-mail",
    "contact.booking": "Booking page",
    "contact.hours": "Opening hours",
    "contact.address": "Address",
    "urgent.phone": "Emergency number",
    "urgent.message": "Emergency: what is said",
    "urgent.crisis.phone": "Crisis: line to call",
    "urgent.crisis.message": "Crisis: what is said",
    "urgent.today.phone": "Ring today: number when you are closed",
    "urgent.today.message": "Ring today: what is said",
}
"""The texts that staff may edit, by their keys in clinic.toml."""

_REPLY: Final = {
    "name": "Name of the reply",
    "examples": "Ways to ask",
    "reply": "What is said",
    "link": "Page that it leads to",
}

_NEVER_EMPTY: Final = {"urgent.phone"}


class ClinicText:
    """Changes the clinic's file and makes a chatbot say what it says now; any number of threads may use it."""

    def __init__(
        self,
        bot: Chatbot,
        path: Path | None,
        history: AuditLog,
        check: Callable[[Clinic], object] = lambda _: None,
    ) -> None:
        """Take the chatbot, the clinic's file (None where there is none), and where changes are kept.

        `check` raises `SettingsError` for what a surface cannot show.
        """
        self._check = check
        self._bot = bot
        self._path = path
        self._history = history
        self._lock = Lock()

    def values(self) -> dict[str, str]:
        """Give the texts that are said now, by the keys of `FIELDS`."""
        clinic = self._bot.clinic
        return {name: str(attrgetter(name)(clinic)) for name in FIELDS}

    def set_values(self, account: Account, values: Mapping[str, str]) -> tuple[str, ...]:
        """Say other texts from now on; gives the keys of those that changed. Raises `ChangeRefused`."""
        now = self.values()
        tidy = {name: value.replace("\r\n", "\n").strip() for name, value in values.items() if name in FIELDS}
        changed = {name: value for name, value in tidy.items() if value != now[name]}
        for name in _NEVER_EMPTY & changed.keys():
            if not changed[name]:
                raise ChangeRefused(f"“{FIELDS[name]}” may not be empty: somebody in an emergency reads it.")
        if changed:
            told = ", ".join(FIELDS[name] for name in changed)
            self._change(account, told, "Changed", lambda text: with_values(text, changed))
        return tuple(changed)

    def set_reply(self, account: Account, route: Reply, name: str | None = None) -> None:
        """Change the reply that has a name, or add one; raises `ChangeRefused`."""
        told = "Added" if name is None else "Changed"
        self._change(account, f"Reply: {route.name}", told, lambda text: with_reply(text, route, name))

    def remove_reply(self, account: Account, name: str) -> None:
        """Take a reply out; raises `ChangeRefused`."""
        self._change(account, f"Reply: {name}", "Removed", lambda text: without_reply(text, name))

    def undo(self, account: Account, change_id: int) -> None:
        """Say again what was said before a change; raises `ChangeRefused` where the words changed since."""
        change = self._history.get(change_id)
        if change.kind is not Kind.WORDS or change.before is None:
            raise ChangeRefused("This was no change of words.")
        before, after = change.before, change.after or ""

        def undone(text: str) -> str:
            if text != after.removeprefix(_MARK):
                raise ChangeRefused("The words were changed again since: undo the later changes first, newest first.")
            return before.removeprefix(_MARK)

        self._change(account, change.subject, "Undid", undone)

    def _change(self, account: Account, subject: str, told: str, edit: Callable[[str], str]) -> None:
        with self._lock:
            path = self._path
            if path is None:
                raise ChangeRefused("There is no clinic.toml: whoever looks after the server must make one first.")
            try:
                before = path.read_bytes().decode("utf-8")
                words = before.removeprefix(_MARK)
                after = before[: len(before) - len(words)] + edit(words)
                clinic = self._checked(path, after)
                write_atomically(path, after.encode())
            except (OSError, UnicodeError) as error:
                raise ChangeRefused(
                    f"{path} cannot be read or written: {error}. Tell whoever runs the server."
                ) from error
            self._bot.set_clinic(clinic)
            self._history.record(account.name, Kind.WORDS, subject, told, before, after)

    def _checked(self, path: Path, text: str) -> Clinic:
        """Read what is to be written as it will be read; raises `ChangeRefused` that says what to mend."""
        try:
            clinic = parse_clinic(text.removeprefix(_MARK), path)
            self._check(clinic)
        except SettingsError as error:
            raise ChangeRefused(_labelled(str(error).removeprefix(f"{path}: "))) from error
        return clinic


def _labelled(told: str) -> str:
    """Call what a message begins with as the screen calls it, not as the file does."""
    key, _, rest = told.partition(" ")
    reply = re.fullmatch(r"replies\[\d+\]\.(\w+)", key)
    label = _REPLY.get(reply[1]) if reply else FIELDS.get(key)
    return f"“{label}” {rest}" if label else told
