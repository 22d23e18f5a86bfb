import subprocess
import sys
from pathlib import Path
from time import perf_counter

import pytest

from chatbot.database import Database
from chatbot.errors import AccountRefused, StaffError
from chatbot.staff import Account, AccountStore, Role, staff_database
from tests.staff.conftest import Clock

PASSWORD = "correct horse battery"  # noqa: S105 -- of nobody
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


def test_somebody_signs_in_by_name_and_password_whatever_the_letters_case(account_store: AccountStore) -> None:
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
def test_anybody_else_does_not(account_store: AccountStore, name: str, password: str) -> None:
    assert account_store.sign_in(name, password) is None


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 10_000])
def test_a_made_up_token_belongs_to_nobody(account_store: AccountStore, token: str) -> None:
    signed_in(account_store)
    assert account_store.account_of(token) is None


def test_the_same_letters_of_another_keyboard_are_the_same_password(account_store: AccountStore) -> None:
    account_store.add("zoë", Role.READER, "cafe\u0301 au lait noir")
    assert account_store.sign_in("zoë", "caf\u00e9 au lait noir")


@pytest.mark.parametrize("password", ["", "elevenchars", "x" * 257])
def test_a_password_that_is_too_short_or_too_long_is_refused(account_store: AccountStore, password: str) -> None:
    with pytest.raises(AccountRefused, match="12 to 256"):
        account_store.add("bob", Role.READER, password)


@pytest.mark.parametrize("name", ["", " ", "two words", "a/b", "<b>", "x" * 41, "-", "a\nb", "a\0b"])
def test_an_odd_name_is_refused(account_store: AccountStore, name: str) -> None:
    with pytest.raises(AccountRefused, match="no name"):
        account_store.add(name, Role.READER, PASSWORD)


def test_a_name_is_given_once(account_store: AccountStore) -> None:
    with pytest.raises(AccountRefused, match="already"):
        account_store.add("ANNA", Role.READER, PASSWORD)
    assert account_store.accounts() == (Account("anna", Role.EDITOR),)


def test_a_session_ends_when_it_is_not_used_for_eight_hours(account_store: AccountStore, clock: Clock) -> None:
    token = signed_in(account_store)
    for _ in range(3):
        clock.now += 7.9 * HOUR
        assert account_store.account_of(token)
    clock.now += 8 * HOUR
    assert account_store.account_of(token) is None


def test_a_session_ends_after_seven_days_however_much_it_is_used(account_store: AccountStore, clock: Clock) -> None:
    token = signed_in(account_store)
    for _ in range(7 * 24 - 1):
        clock.now += HOUR
        assert account_store.account_of(token)
    clock.now += HOUR
    assert account_store.account_of(token) is None


def test_signing_out_ends_one_session_and_everywhere_ends_all_of_an_account(account_store: AccountStore) -> None:
    account_store.add("bob", Role.READER, PASSWORD)
    one, two, other = signed_in(account_store), signed_in(account_store), signed_in(account_store, "bob")
    account_store.sign_out(one)
    assert (account_store.account_of(one), bool(account_store.account_of(two))) == (None, True)
    assert account_store.sign_out_everywhere("anna") == 1
    assert (account_store.account_of(two), bool(account_store.account_of(other))) == (None, True)
    assert account_store.sign_out_everywhere() == 1
    assert account_store.account_of(other) is None


def test_another_password_or_no_account_ends_its_sessions(account_store: AccountStore) -> None:
    token = signed_in(account_store)
    account_store.set_password("anna", ANOTHER)
    assert account_store.account_of(token) is None
    assert account_store.sign_in("anna", PASSWORD) is None
    token = signed_in(account_store, password=ANOTHER)
    account_store.remove("anna")
    assert account_store.account_of(token) is None
    with pytest.raises(AccountRefused, match="no account"):
        account_store.remove("anna")


def test_another_role_holds_from_the_next_request_on(account_store: AccountStore) -> None:
    token = signed_in(account_store)
    account_store.set_role("anna", Role.READER)
    assert account_store.account_of(token) == Account("anna", Role.READER)


def test_neither_passwords_nor_tokens_are_in_the_file_and_nobody_else_may_read_it(
    account_store: AccountStore, tmp_path: Path
) -> None:
    token = signed_in(account_store)
    folder = tmp_path / "staff"
    kept = b"".join(path.read_bytes() for path in folder.iterdir())
    assert b"$argon2id$" in kept
    assert PASSWORD.encode() not in kept
    assert token.encode() not in kept
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.iterdir()]} == {0}


def test_an_unknown_name_takes_as_long_as_a_wrong_password(account_store: AccountStore) -> None:
    def seconds(name: str) -> float:
        times = []
        for _ in range(5):
            begun = perf_counter()
            account_store.sign_in(name, "wrong horse battery")
            times.append(perf_counter() - begun)
        return min(times)

    seconds("nobody")
    assert 0.5 < seconds("anna") / seconds("nobody") < 2


def test_the_file_is_found_anew_after_a_restart(account_store: AccountStore, tmp_path: Path, clock: Clock) -> None:
    token = signed_in(account_store)
    assert AccountStore(staff_database(tmp_path / "staff"), clock).account_of(token) == Account("anna", Role.EDITOR)


def test_a_folder_that_cannot_be_written_is_told_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "staff").write_text("a file")
    with pytest.raises(StaffError, match="FOOTNOTE_STAFF_DIR"):
        AccountStore(staff_database(tmp_path / "staff")).accounts()


def test_forty_sign_ins_at_once_take_the_memory_of_two() -> None:
    code = (
        "import resource, sys\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from chatbot.staff.accounts.passwords import hash_password, is_password\n"
        "hashed = hash_password('x' * 12)\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with ThreadPoolExecutor(40) as pool:\n"
        "    assert not any(pool.map(lambda n: is_password(str(n), hashed), range(40)))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert int(done.stdout) < 64 * 1024  # kilobytes; forty hashes at once would take 760 MiB
