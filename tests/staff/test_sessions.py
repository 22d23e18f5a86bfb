import subprocess
import sys
from pathlib import Path

import pytest

from chatbot.database import Database
from chatbot.errors import AccountRefused, StaffError
from chatbot.staff import Account, AccountStore, Role, staff_database
from tests.staff.conftest import Clock

PASSWORD = "correct horse battery"  # noqa: S105 -- no real account
ANOTHER = "another horse battery"
HOUR = 3600


@pytest.fixture
def account_store(database: Database, clock: Clock) -> AccountStore:
    account_store = AccountStore(database, clock)
    account_store.add("Anna", Role.EDITOR, PASSWORD)
    return account_store


def signed_in(account_store: AccountStore, name: str = "anna", password: str = PASSWORD) -> str:
    token = account_store.sign_in(name, password)
    assert token is not None
    return token


def test_a_name_in_any_case_and_its_password_sign_in(account_store: AccountStore) -> None:
    assert account_store.account_of(signed_in(account_store, " ANNA ")) == Account("anna", Role.EDITOR)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("anna", "wrong horse battery"),
        ("anna", ""),
        ("bob", PASSWORD),
        ("", ""),
        ("anna", "x" * 100_000),
        ("a" * 9999, ""),
    ],
    ids=lambda text: text[:20],
)
def test_other_names_and_passwords_do_not_sign_in(account_store: AccountStore, name: str, password: str) -> None:
    assert account_store.sign_in(name, password) is None


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 10_000])
def test_an_invented_token_has_no_account(account_store: AccountStore, token: str) -> None:
    signed_in(account_store)
    assert account_store.account_of(token) is None


def test_composed_and_decomposed_letters_are_the_same_password(account_store: AccountStore) -> None:
    account_store.add("zoë", Role.READER, "cafe\u0301 au lait noir")
    assert account_store.sign_in("zoë", "caf\u00e9 au lait noir")


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 257])
def test_a_password_that_is_too_short_or_too_long_is_refused(account_store: AccountStore, password: str) -> None:
    with pytest.raises(AccountRefused, match="12 to 256"):
        account_store.add("bob", Role.READER, password)


@pytest.mark.parametrize("name", ["", " ", "two words", "a/b", "<b>", "x" * 65, "-", "a\nb", "a\0b"])
def test_an_invalid_name_is_refused(account_store: AccountStore, name: str) -> None:
    with pytest.raises(AccountRefused, match="no name"):
        account_store.add(name, Role.READER, PASSWORD)


def test_a_taken_name_is_refused(account_store: AccountStore) -> None:
    with pytest.raises(AccountRefused, match="already"):
        account_store.add("ANNA", Role.READER, PASSWORD)
    assert account_store.accounts() == (Account("anna", Role.EDITOR),)


def test_a_session_ends_after_eight_hours_without_use(account_store: AccountStore, clock: Clock) -> None:
    token = signed_in(account_store)
    for _ in range(3):
        clock.now += 7.9 * HOUR
        assert account_store.account_of(token)
    clock.now += 8 * HOUR
    assert account_store.account_of(token) is None


def test_a_session_ends_after_seven_days_in_any_case(account_store: AccountStore, clock: Clock) -> None:
    token = signed_in(account_store)
    for _ in range(7 * 24 - 1):
        clock.now += HOUR
        assert account_store.account_of(token)
    clock.now += HOUR
    assert account_store.account_of(token) is None


def test_signing_out_ends_one_session_or_all_of_an_account(account_store: AccountStore) -> None:
    account_store.add("bob", Role.READER, PASSWORD)
    first, second, other = signed_in(account_store), signed_in(account_store), signed_in(account_store, "bob")
    account_store.sign_out(first)
    assert (account_store.account_of(first), bool(account_store.account_of(second))) == (None, True)
    assert account_store.sign_out_everywhere("anna") == 1
    assert (account_store.account_of(second), bool(account_store.account_of(other))) == (None, True)
    assert account_store.sign_out_everywhere() == 1
    assert account_store.account_of(other) is None


def test_a_new_password_or_a_removal_ends_the_sessions(account_store: AccountStore) -> None:
    token = signed_in(account_store)
    account_store.set_password("anna", ANOTHER)
    assert account_store.account_of(token) is None
    assert account_store.sign_in("anna", PASSWORD) is None
    token = signed_in(account_store, password=ANOTHER)
    account_store.remove("anna")
    assert account_store.account_of(token) is None
    with pytest.raises(AccountRefused, match="no account"):
        account_store.remove("anna")


def test_a_new_role_holds_from_the_next_request_on(account_store: AccountStore) -> None:
    token = signed_in(account_store)
    account_store.set_role("anna", Role.READER)
    assert account_store.account_of(token) == Account("anna", Role.READER)


def test_the_file_holds_no_password_or_token_and_is_private(account_store: AccountStore, tmp_path: Path) -> None:
    token = signed_in(account_store)
    folder = tmp_path / "staff"
    stored = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored
    assert token.encode() not in stored
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.iterdir()]} == {0}


# Counts what the threads that check passwords do, so it is set before they start.
COUNTED = """
import sys, threading
from pathlib import Path
from argon2 import PasswordHasher
from chatbot.staff import AccountStore, Role, staff_database

checked = []
def count(frame, event, _):
    if event == "call" and frame.f_code is PasswordHasher.verify.__code__:
        checked.append(frame.f_locals["hash"].rpartition("$")[0].rpartition("$")[0])  # the costs of the hash

threading.setprofile(count)
store = AccountStore(staff_database(Path(sys.argv[1])))
store.add("anna", Role.EDITOR, "correct horse battery")
for name in ("anna", "nobody"):
    store.sign_in(name, "wrong horse battery")
known, unknown = checked
print(known == unknown, known)
"""


def test_an_unknown_name_costs_as_much_as_a_wrong_password(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", COUNTED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("True $argon2id$")


def test_a_session_outlives_a_restart(account_store: AccountStore, tmp_path: Path, clock: Clock) -> None:
    token = signed_in(account_store)
    assert AccountStore(staff_database(tmp_path / "staff"), clock).account_of(token) == Account("anna", Role.EDITOR)


def test_a_folder_that_cannot_be_written_is_named_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "staff").write_text("a file")
    with pytest.raises(StaffError, match="FOOTNOTE_STAFF_DIR"):
        AccountStore(staff_database(tmp_path / "staff")).accounts()


def test_forty_concurrent_sign_ins_take_the_memory_of_two() -> None:
    code = (
        "import resource, sys\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from chatbot.staff.accounts.passwords import hash_password, verify_password\n"
        "hashed = hash_password('x' * 12)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with ThreadPoolExecutor(40) as pool:\n"
        "    assert not any(pool.map(lambda n: verify_password(str(n), hashed), range(40)))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 64 * 1024  # kilobytes; forty hashes at once would take 760 MiB


def test_a_browser_is_known_for_its_own_account_until_the_password_changes(account_store: AccountStore) -> None:
    account_store.add("alice", Role.EDITOR, "correct horse battery")
    account_store.add("rita", Role.READER, "correct horse battery")
    account_store.add("bot@clinic.example", Role.READER, None)
    token = account_store.browser_token("Alice ")
    browser = account_store.known_browser("alice", token)
    assert browser
    assert browser != account_store.known_browser("alice", account_store.browser_token("alice"))
    assert [account_store.known_browser(name, token) for name in ("rita", "nobody")] == ["", ""]
    assert [account_store.known_browser("alice", one) for one in ("", ".", f"x{token}", f"{token}0", "\ud800.x")] == [
        ""
    ] * 5
    assert account_store.known_browser("bot@clinic.example", account_store.browser_token("bot@clinic.example")) == ""
    account_store.set_password("alice", "another horse battery")
    assert account_store.known_browser("alice", token) == ""
    assert account_store.sign_in("bot@clinic.example", "") is None
    session = account_store.begin_session("bot@clinic.example")
    assert session
    assert account_store.account_of(session)
    assert account_store.begin_session("nobody") is None
