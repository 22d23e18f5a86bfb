"""`footnote staff`: accounts, made and changed from the command line alone."""

import argparse
import sys
from collections.abc import Callable
from getpass import getpass

from chatbot.errors import AccountRefused
from chatbot.settings import Settings
from chatbot.staff.accounts.passwords import SHORTEST
from chatbot.staff.accounts.sessions import AccountStore, Role
from chatbot.staff.audit_log import AuditLog, Kind
from chatbot.staff.schema import staff_database

__all__ = ["add_staff_commands", "staff_command"]

_OPERATOR = "command line"

_Do = Callable[[AccountStore, argparse.Namespace], tuple[str, str]]


def add_staff_commands(staff: argparse.ArgumentParser) -> None:
    """Describe the commands below `footnote staff`."""
    commands = staff.add_subparsers(required=True, metavar="WHAT")
    roles = [role.value for role in Role]

    add = _command(commands, "add", "make an account; asks for its password", _add)
    add.add_argument("name", help="what somebody signs in with")
    add.add_argument("--role", choices=roles, required=True, help="reader: sees everything; editor: changes it too")
    _with_stdin(add)

    _command(commands, "list", "name the accounts", _list)
    _command(commands, "remove", "remove an account and sign it out", _remove).add_argument("name")

    password = _command(commands, "password", "give an account another password and sign it out", _password)
    password.add_argument("name")
    _with_stdin(password)

    role = _command(commands, "role", "give an account another role", _role)
    role.add_argument("name")
    role.add_argument("role", choices=roles)

    sign_out = _command(commands, "sign-out", "end the sessions of an account, or of everyone", _sign_out)
    which = sign_out.add_mutually_exclusive_group(required=True)
    which.add_argument("name", nargs="?")
    which.add_argument("--all", action="store_true")


def staff_command(settings: Settings, options: argparse.Namespace) -> str:
    """Do what a command says, keep it on record, and give what is to be printed; raises `StaffError`."""
    do: _Do = options.do
    database = staff_database(settings.staff)
    told, record = do(AccountStore(database), options)
    if record:
        AuditLog(database).record(_OPERATOR, Kind.ACCOUNT, options.name or "everyone", record)
    return told


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, told: str, do: _Do
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=told)
    command.set_defaults(do=do)
    return command


def _with_stdin(command: argparse.ArgumentParser) -> None:
    command.add_argument("--password-stdin", action="store_true", help="read the password from standard input")


def _add(account_store: AccountStore, options: argparse.Namespace) -> tuple[str, str]:
    account = account_store.add(options.name, Role(options.role), _asked_password(options))
    return f"{account.name} may sign in at /staff/ as {account.role.value}.", f"Added as {account.role.value}"


def _list(account_store: AccountStore, _: argparse.Namespace) -> tuple[str, str]:
    accounts = [f"{account.name}\t{account.role.value}" for account in account_store.accounts()]
    return "\n".join(accounts) or "Nobody has an account: make one with 'footnote staff add NAME --role editor'.", ""


def _remove(account_store: AccountStore, options: argparse.Namespace) -> tuple[str, str]:
    account_store.remove(options.name)
    return f"{options.name} has no account any more.", "Removed"


def _password(account_store: AccountStore, options: argparse.Namespace) -> tuple[str, str]:
    account_store.set_password(options.name, _asked_password(options))
    return f"{options.name} has a new password and is signed out everywhere.", "New password"


def _role(account_store: AccountStore, options: argparse.Namespace) -> tuple[str, str]:
    account_store.set_role(options.name, Role(options.role))
    return f"{options.name} is {options.role} now.", f"Made {options.role}"


def _sign_out(account_store: AccountStore, options: argparse.Namespace) -> tuple[str, str]:
    number = account_store.sign_out_everywhere(None if options.all else options.name)
    return f"Ended {number} {'session' if number == 1 else 'sessions'}.", "Signed out everywhere"


def _asked_password(options: argparse.Namespace) -> str:
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass(f"Password for {options.name} ({SHORTEST} characters or more): ")
    if getpass("The same again: ") != password:
        raise AccountRefused("The two passwords differ: try again.")
    return password
