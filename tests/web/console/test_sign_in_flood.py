"""Signing in while strangers try passwords of the same names, over a real server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import httpx

from tests.web.console.conftest import PASSWORD, Staffed


def attempt(client: httpx.Client, address: str, name: str, password: str) -> httpx.Response:
    """Try to sign in from an address, as the trusted proxy names it."""
    return client.post(
        "/staff/sign-in", data={"name": name, "password": password}, headers={"X-Forwarded-For": address}
    )


@contextmanager
def strangers(staffed: Staffed) -> Iterator[list[int]]:
    """Try passwords from thirty addresses, twenty at once; yield the statuses that they get."""
    stop = threading.Event()
    statuses: list[int] = []

    def guess(number: int) -> None:
        with staffed.client() as client:
            for turn in count(number, 20):
                if stop.is_set():
                    return
                name = ("alice", "rita")[turn % 2]
                statuses.append(attempt(client, f"10.0.0.{turn % 30}", name, "guess").status_code)

    with ThreadPoolExecutor(20) as pool:
        for number in range(20):
            pool.submit(guess, number)
        try:
            yield statuses
        finally:
            stop.set()


def test_the_owner_signs_in_each_time_while_strangers_try(staffed: Staffed) -> None:
    with strangers(staffed) as statuses, staffed.client() as client:
        while len(statuses) < 24:
            threading.Event().wait(0.01)
        owner = []
        for _ in range(16):
            owner.append(attempt(client, "192.0.2.7", "alice", PASSWORD).status_code)
            client.cookies.clear()  # each time in a browser that never signed in before
    assert owner == [303] * 16
    assert set(statuses) <= {401, 429}


def test_a_browser_that_signed_in_before_gets_in_from_a_strangers_address(staffed: Staffed) -> None:
    with staffed.client() as stranger, staffed.client() as owner:
        assert attempt(owner, "192.0.2.8", "alice", PASSWORD).status_code == 303
        del owner.cookies["footnote-staff"]
        while attempt(stranger, "192.0.2.9", "alice", "guess").status_code != 429:
            pass
        assert attempt(owner, "192.0.2.9", "alice", PASSWORD).status_code == 303
