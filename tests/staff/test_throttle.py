from concurrent.futures import ThreadPoolExecutor

from chatbot.staff import SignInThrottle
from tests.staff.conftest import Clock


def test_after_a_few_failures_each_wait_doubles(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    waits = []
    for number in range(10):
        assert throttle.attempt("anna", f"10.0.0.{number}") == 0
        waits.append(throttle.attempt("anna", "10.0.1.1"))
        clock.now += waits[-1]
    assert waits == [0, 2, 4, 8, 16, 32, 60, 60, 60, 60] or waits[-3:] == [60, 60, 60]


def test_no_account_is_locked_for_good(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    for _ in range(1000):
        clock.now += throttle.attempt("anna", "10.0.0.1")
    wait = throttle.attempt("anna", "10.0.9.9")
    assert wait <= 60
    clock.now += 60
    assert throttle.attempt("anna", "10.0.9.9") == 0


def test_an_address_that_tries_many_names_waits_too(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    refused = [bool(throttle.attempt(f"name{number}", "10.0.0.1")) for number in range(20)]
    assert refused == [False] * 10 + [True] * 10
    assert throttle.attempt("anna", "10.0.0.2") == 0


def test_a_success_clears_the_failures(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    for _ in range(50):
        assert throttle.attempt("anna", "10.0.0.1") == 0
        throttle.succeeded("Anna ", "10.0.0.1")


def test_concurrent_tries_are_counted_one_by_one(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    with ThreadPoolExecutor(20) as pool:
        waits = list(pool.map(lambda _: throttle.attempt("anna", "10.0.0.1"), range(200)))
    assert waits.count(0) == 5


def test_failures_are_forgotten_after_a_day(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    for _ in range(5):
        throttle.attempt("anna", "10.0.0.1")
    clock.now += 86_400
    assert [throttle.attempt("anna", "10.0.0.1") for _ in range(4)] == [0] * 4


def test_a_name_with_spaces_before_it_is_the_same_name(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    for number in range(20):
        throttle.attempt("rita", f"10.0.0.{number}")
    assert throttle.attempt(" " * 61 + "Rita ", "10.0.1.1") > 0
