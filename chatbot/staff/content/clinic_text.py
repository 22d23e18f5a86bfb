"""The staff's edits of clinic.toml: checked before they are written, live at once, and undoable."""

import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from threading import Lock
from typing import Final

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic, Reply, load_clinic, parse_clinic
from chatbot.errors import ChangeRefused, SettingsError
from chatbot.files import locked, write_atomically
from chatbot.staff.accounts.sessions import Account
from chatbot.staff.audit_log import AuditLog, ChangeKind
from chatbot.staff.content.clinic_file import with_reply, with_values, without_reply

__all__ = ["FIELDS", "ClinicText"]

_BYTE_ORDER_MARK: Final = "\ufeff"  # some editors begin a file with it

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
    "chat.message": "While the chat is paused: what is said",
    "privacy.notice": "Below the box: sentence on privacy",
    "privacy.link": "Below the box: address of your privacy page",
}
"""The texts that staff may edit, by their keys in clinic.toml."""

_REPLY_FIELDS: Final = {
    "name": "Name of the reply",
    "examples": "Ways to ask",
    "reply": "What is said",
    "link": "Page that it leads to",
}

_NEVER_EMPTY: Final = {"urgent.phone"}
_PAUSE: Final = "The chat"


class ClinicText:
    """Edits the clinic's file and makes a chatbot serve it at once; any number of threads may use it."""

    def __init__(
        self,
        bot: Chatbot | None,
        path: Path | None,
        audit_log: AuditLog,
        check: Callable[[Clinic], object] = lambda _: None,
    ) -> None:
        """Take the clinic's file as `path`, None where there is none.

        Without a chatbot, whichever server runs takes up the file by itself.
        `check` raises `SettingsError` for text that a surface cannot show.
        """
        self._check = check
        self._bot = bot
        self._path = path
        self._audit_log = audit_log
        self._lock = Lock()

    def values(self) -> dict[str, str]:
        """Return the live texts by the keys of `FIELDS`."""
        clinic = self._bot.clinic if self._bot else load_clinic(self._path)
        return {name: str(attrgetter(name)(clinic)) for name in FIELDS}

    def set_values(self, account: Account, values: Mapping[str, str]) -> tuple[str, ...]:
        """Replace texts and return the keys of those that changed; raises `ChangeRefused`."""
        before = self.values()
        tidy = {name: value.replace("\r\n", "\n").strip() for name, value in values.items() if name in FIELDS}
        changed = {name: value for name, value in tidy.items() if value != before[name]}
        for name in _NEVER_EMPTY & changed.keys():
            if not changed[name]:
                raise ChangeRefused(f"“{FIELDS[name]}” may not be empty: somebody in an emergency reads it.")
        if changed:
            subject = ", ".join(FIELDS[name] for name in changed)
            self._change(account.name, subject, "Changed", lambda text: with_values(text, changed))
        return tuple(changed)

    def pause(self, account_name: str, message: str | None = None) -> bool:
        """Pause the chat, and replace what visitors then read if a message is given; raises `ChangeRefused`.

        Return False where the chat is paused already, with that message: nothing is recorded then.
        """
        values: dict[str, str | bool] = {"chat.paused": True}
        if message is not None:
            values["chat.message"] = message.strip()
        return self._change(account_name, _PAUSE, "Paused", lambda text: with_values(text, values))

    def resume(self, account_name: str) -> bool:
        """Answer visitors again; return False where they are answered already. Raises `ChangeRefused`."""
        return self._change(account_name, _PAUSE, "Resumed", lambda text: with_values(text, {"chat.paused": False}))

    def set_reply(self, account: Account, reply: Reply, name: str | None = None) -> None:
        """Replace the reply called `name`, or add one; raises `ChangeRefused`."""
        summary = "Added" if name is None else "Changed"
        self._change(account.name, f"Reply: {reply.name}", summary, lambda text: with_reply(text, reply, name))

    def remove_reply(self, account: Account, name: str) -> None:
        """Remove a reply; raises `ChangeRefused`."""
        self._change(account.name, f"Reply: {name}", "Removed", lambda text: without_reply(text, name))

    def undo(self, account: Account, change_id: int) -> None:
        """Restore the file as it was before a change; raises `ChangeRefused` if it has changed again since."""
        change = self._audit_log.get(change_id)
        if change.kind is not ChangeKind.WORDS or change.before is None:
            raise ChangeRefused("This was no change of the clinic's text.")
        before, after = change.before, change.after or ""

        def restore(text: str) -> str:
            if text != after.removeprefix(_BYTE_ORDER_MARK):
                raise ChangeRefused("The text was changed again since: undo the later changes first, newest first.")
            return before.removeprefix(_BYTE_ORDER_MARK)

        self._change(account.name, change.subject, "Undid", restore)

    def _change(self, account_name: str, subject: str, summary: str, edit: Callable[[str], str]) -> bool:
        """Edit the file, serve and record it; return False, and do nothing of it, where its meaning stays the same."""
        with self._lock:
            path = self._path
            if path is None:
                raise ChangeRefused("There is no clinic.toml: ask whoever looks after the server to make one first.")
            try:
                with locked(path):  # another server may change it too
                    before = path.read_bytes().decode("utf-8")
                    text = before.removeprefix(_BYTE_ORDER_MARK)
                    after = before[: len(before) - len(text)] + edit(text)
                    clinic = self._parse(path, after)
                    changes = clinic != _read(path, text)
                    if changes:
                        write_atomically(path, after.encode())
            except (OSError, UnicodeError) as error:
                raise ChangeRefused(
                    f"{path} cannot be read or written: {error}. Tell whoever looks after the server."
                ) from error
            if self._bot:
                self._bot.set_clinic(clinic)
            if changes:
                self._audit_log.record(account_name, ChangeKind.WORDS, subject, summary, before, after)
            return changes

    def _parse(self, path: Path, text: str) -> Clinic:
        """Read a text as the chatbot will read the file; raises `ChangeRefused` that says what to correct."""
        try:
            clinic = parse_clinic(text.removeprefix(_BYTE_ORDER_MARK), path)
            self._check(clinic)
        except SettingsError as error:
            raise ChangeRefused(_with_label(str(error).removeprefix(f"{path}: "))) from error
        return clinic


def _read(path: Path, text: str) -> Clinic | None:
    """Read a text as the chatbot reads the file; None where it cannot be used, as an engineer may have left it."""
    try:
        return parse_clinic(text, path)
    except SettingsError:
        return None


def _with_label(message: str) -> str:
    """Replace the key that a message begins with by its label on the screen."""
    key, _, rest = message.partition(" ")
    reply = re.fullmatch(r"replies\[\d+\]\.(\w+)", key)
    label = _REPLY_FIELDS.get(reply[1]) if reply else FIELDS.get(key)
    return f"“{label}” {rest}" if label else message
