import io
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.staff import Account, AccountStore, AuditLog, ChangeKind, Role, staff_database
from tests.conftest import ROOT

PASSWORD = "correct horse battery"  # noqa: S105 -- no real account


@dataclass(frozen=True)
class Done:
    """What a command has left."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, typed: str = "") -> Done:
        monkeypatch.setenv("FOOTNOTE_STAFF_DIR", str(tmp_path / "staff"))
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        try:
            code = main(["staff", *arguments])
        except SystemExit as usage:
            code = int(usage.code or 0)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture
def run_without_terminal(tmp_path: Path) -> Run:
    def run(*arguments: str, typed: str = "") -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "chatbot", "staff", *arguments],
            env=os.environ | {"FOOTNOTE_STAFF_DIR": str(tmp_path / "staff")},
            cwd=ROOT,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,  # without the terminal that the tests were started in
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def test_accounts_are_added_changed_and_removed_on_record(run: Run, tmp_path: Path) -> None:
    assert run("list").stdout == "Nobody has an account: make one with 'footnote staff add NAME --role editor'.\n"
    added = run("add", "anna", "--role", "editor", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (added.returncode, added.stdout, added.stderr) == (0, "anna may sign in at /staff/ as editor.\n", "")
    account_store = AccountStore(staff_database(tmp_path / "staff"))
    token = account_store.sign_in("anna", PASSWORD)
    assert token
    assert run("list").stdout == "anna\teditor\n"
    assert run("role", "anna", "reader").returncode == 0
    assert account_store.account_of(token) == Account("anna", Role.READER)
    assert run("sign-out", "--all").stdout == "Ended 1 session.\n"
    assert account_store.account_of(token) is None
    assert run("password", "anna", "--password-stdin", typed="another horse battery\n").returncode == 0
    assert account_store.sign_in("anna", PASSWORD) is None
    assert run("remove", "anna").stdout == "anna has no account any more.\n"
    changes = [
        (change.kind, change.account, change.summary)
        for change in AuditLog(staff_database(tmp_path / "staff")).latest()
    ]
    assert changes[-1] == (ChangeKind.ACCOUNT, "command line", "Added as editor")
    assert len(changes) == 5


def test_a_refusal_is_one_line_that_names_the_cure(run: Run) -> None:
    short = run("add", "anna", "--role", "editor", "--password-stdin", typed="short\n")
    assert (short.returncode, short.stdout) == (1, "")
    assert short.stderr == "A password needs 12 to 256 characters: a few words in a row will do.\n"
    assert run("role", "bob", "reader").stderr == "There is no account 'bob': 'footnote staff list' names them.\n"
    assert run("add", "anna").returncode == 2
    assert run("sign-out").returncode == 2


@pytest.mark.parametrize(
    ("command", "typed"), [(("add", "anna", "--role", "editor"), ""), (("password", "anna"), f"{PASSWORD}\n" * 2)]
)
def test_without_a_terminal_the_cure_is_named(run_without_terminal: Run, command: tuple[str, ...], typed: str) -> None:
    refused = run_without_terminal(*command, typed=typed)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "There is no terminal to type the password in: add --password-stdin and pass the password on standard input.\n"
    )
