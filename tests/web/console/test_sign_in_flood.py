"""Signing in while strangers try passwords of the same names, over a real server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.web.console.conftest import PASSWORD, Staffed


def attempt(staffed: Staffed, address: str, name: str, password: str, **cookies: str) -> httpx.Response:
    """Try to sign in from an address, as the trusted proxy names it."""
    headers = {"Origin": staffed.address, "X-Forwarded-For": address}
    with httpx.Client(base_url=staffed.address, headers=headers, timeout=60, cookies=cookies, verify=False) as client:  # noqa: S501 -- plain HTTP, and loading certificates takes longer than the request
        return client.post("/staff/sign-in", data={"name": name, "password": password})


@contextmanager
def strangers(staffed: Staffed, addresses: list[str]) -> Iterator[list[int]]:
    """Try passwords from many addresses, all the while; yield the statuses that they get."""
    stop = threading.Event()
    statuses: list[int] = []

    def guess(number: int) -> None:
        turn = number
        while not stop.is_set():
            statuses.append(
                attempt(staffed, addresses[turn % len(addresses)], ("alice", "rita")[turn % 2], "guess").status_code
            )
            turn += 24

    with ThreadPoolExecutor(24) as pool:
        for number in range(24):
            pool.submit(guess, number)
        try:
            yield statuses
        finally:
            stop.set()


@pytest.mark.parametrize("number", [3, 120], ids=["three addresses", "many addresses"])
def test_the_owner_signs_in_each_time_while_strangers_try(staffed: Staffed, number: int) -> None:
    addresses = [f"10.{number % 256}.{one // 250}.{one % 250}" for one in range(number)]
    with strangers(staffed, addresses) as statuses:
        while len(statuses) < 60:
            threading.Event().wait(0.01)
        owner = [attempt(staffed, "192.0.2.7", "alice", PASSWORD).status_code for _ in range(16)]
    assert owner == [303] * 16
    assert set(statuses) <= {401, 429}


def test_a_browser_that_signed_in_before_gets_in_from_a_strangers_address(staffed: Staffed) -> None:
    first = attempt(staffed, "192.0.2.8", "alice", PASSWORD)
    known = {"footnote-staff-browser": first.cookies["footnote-staff-browser"]}
    for _ in range(12):
        attempt(staffed, "192.0.2.9", "alice", "guess")
    assert attempt(staffed, "192.0.2.9", "alice", PASSWORD).status_code == 429
    assert attempt(staffed, "192.0.2.9", "rita", PASSWORD, **known).status_code == 429  # it is alice's
    assert attempt(staffed, "192.0.2.9", "alice", PASSWORD, **known).status_code == 303
    forged = {"footnote-staff-browser": "a" + known["footnote-staff-browser"]}
    assert attempt(staffed, "192.0.2.9", "alice", "guess", **forged).status_code in {401, 429}
