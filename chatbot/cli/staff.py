"""The commands of the staff console's accounts, which are made and changed from the command line alone."""

import argparse
import sys
import warnings
from collections.abc import Callable
from getpass import GetPassWarning, getpass
from typing import TYPE_CHECKING, Final

from chatbot.cli.commands import command_adder
from chatbot.errors import AccountRefused
from chatbot.settings import Settings

if TYPE_CHECKING:
    from chatbot.staff import AccountStore

__all__ = ["ROLES", "add_staff_commands", "edit_accounts"]

ROLES: Final = ("reader", "editor")
"""The roles of an account, written out so that `--help` need not load the staff's modules."""

_ROLES_HELP: Final = "a reader sees everything, an editor changes it too"
_OPERATOR: Final = "command line"

_Run = Callable[[Settings, argparse.Namespace], object]
_Edit = Callable[["AccountStore", argparse.Namespace], tuple[str, str]]


def add_staff_commands(add_command: Callable[..., argparse.ArgumentParser], run: _Run | None = None) -> None:
    """Add the parser of `footnote staff` and of the commands below it; `run` runs them for several sites."""
    staff = add_command("staff", help="make and change the accounts of the staff console")
    staff.set_defaults(run=run or _run)
    add_leaf = command_adder(staff)

    def add_parser(name: str, help: str, example: str = "") -> argparse.ArgumentParser:  # noqa: A002 - as argparse has it
        parser = add_leaf(name, help=help, example=example)
        if run:
            parser.add_argument(
                "--only", action="append", metavar="SITE", help="a site; may be repeated (default: all sites)"
            )
        return parser

    def add_name(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="the name to sign in with")

    example = "" if run else "footnote staff add anna --role editor"
    add = add_parser("add", help="make an account, and ask for its password", example=example)
    add_name(add)
    add.add_argument("--role", choices=ROLES, required=True, help=_ROLES_HELP)
    secret = add.add_mutually_exclusive_group()
    secret.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    secret.add_argument("--single-sign-on", action="store_true", help="set no password: see docs/single-sign-on.md")
    add.set_defaults(edit=_add)

    accounts = add_parser("list", help="list the accounts")
    accounts.set_defaults(edit=_list)

    remove = add_parser("remove", help="remove an account and sign it out")
    add_name(remove)
    remove.set_defaults(edit=_remove)

    password = add_parser("password", help="set another password of an account, and sign it out")
    add_name(password)
    password.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    password.set_defaults(edit=_set_password)

    role = add_parser("role", help="set another role of an account")
    add_name(role)
    role.add_argument("role", choices=ROLES, help=_ROLES_HELP)
    role.set_defaults(edit=_set_role)

    sign_out = add_parser("sign-out", help="end the sessions of an account, or of everyone")
    who = sign_out.add_mutually_exclusive_group(required=True)
    who.add_argument("name", nargs="?", metavar="NAME", help="the name to sign in with")
    who.add_argument("--all", action="store_true", help="everyone")
    sign_out.set_defaults(edit=_sign_out)


def _run(settings: Settings, options: argparse.Namespace) -> None:
    print(edit_accounts(settings, options))


def edit_accounts(settings: Settings, options: argparse.Namespace) -> str:
    """Make the change that a command names, write it into the audit log, and return what was done."""
    from chatbot.staff import AccountStore, AuditLog, ChangeKind, staff_database

    edit: _Edit = options.edit
    database = staff_database(settings.staff, settings.staff_database)
    message, summary = edit(AccountStore(database), options)
    if summary:
        AuditLog(database).record(_OPERATOR, ChangeKind.ACCOUNT, options.name or "everyone", summary)
    return message


def _add(account_store: "AccountStore", options: argparse.Namespace) -> tuple[str, str]:
    from chatbot.staff import Role

    password = None if options.single_sign_on else _read_password(options)
    account = account_store.add(options.name, Role(options.role), password)
    return f"{account.name} may sign in at /staff/ as {account.role.value}.", f"Added as {account.role.value}"


def _list(account_store: "AccountStore", _: argparse.Namespace) -> tuple[str, str]:
    accounts = [f"{account.name}\t{account.role.value}" for account in account_store.accounts()]
    return "\n".join(accounts) or "Nobody has an account: make one with 'footnote staff add NAME --role editor'.", ""


def _remove(account_store: "AccountStore", options: argparse.Namespace) -> tuple[str, str]:
    account_store.remove(options.name)
    return f"{options.name} has no account any more.", "Removed"


def _set_password(account_store: "AccountStore", options: argparse.Namespace) -> tuple[str, str]:
    account_store.set_password(options.name, _read_password(options))
    return f"{options.name} has a new password and is signed out everywhere.", "New password"


def _set_role(account_store: "AccountStore", options: argparse.Namespace) -> tuple[str, str]:
    from chatbot.staff import Role

    account_store.set_role(options.name, Role(options.role))
    return f"{options.name} is {options.role} now.", f"Made {options.role}"


def _sign_out(account_store: "AccountStore", options: argparse.Namespace) -> tuple[str, str]:
    number = account_store.sign_out_everywhere(None if options.all else options.name)
    return f"Ended {number} {'session' if number == 1 else 'sessions'}.", "Signed out everywhere"


def _read_password(options: argparse.Namespace) -> str:
    """Return the password of an account, which is asked for once; raises `AccountRefused`."""
    if (known := getattr(options, "password", None)) is None:
        known = options.password = _typed_password(options)
    return str(known)


def _typed_password(options: argparse.Namespace) -> str:
    from chatbot.staff.accounts.passwords import MIN_LENGTH

    if options.password_stdin:
        return _read_line()
    password = _ask(f"Password for {options.name} ({MIN_LENGTH} characters or more): ")
    if _ask("The same again: ") != password:
        raise AccountRefused("The two passwords differ: try again.")
    return password


def _read_line() -> str:
    try:
        return sys.stdin.readline().rstrip("\r\n") if sys.stdin else ""
    except UnicodeDecodeError:
        raise AccountRefused("The password on standard input is not UTF-8: convert it.") from None


def _ask(prompt: str) -> str:
    """Return a password that is typed unseen; raises `AccountRefused` without a terminal, which would show it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", GetPassWarning)
            return getpass(prompt)
    except (AttributeError, EOFError, GetPassWarning):  # no standard input, an empty one, or one that is no terminal
        raise AccountRefused(
            "There is no terminal to type the password in: "
            "add --password-stdin and pass the password on standard input."
        ) from None
