from concurrent.futures import ThreadPoolExecutor

from chatbot.staff import SignInThrottle
from tests.staff.conftest import Clock


def test_after_a_few_failures_each_wait_doubles(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    assert [throttle.attempt("anna", "10.0.0.1") for _ in range(5)] == [0] * 5
    waits = []
    for _ in range(11):
        waits.append(throttle.attempt("anna", "10.0.0.1"))
        clock.now += waits[-1]
        assert throttle.attempt("anna", "10.0.0.1") == 0
    assert waits == [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_three_strangers_never_keep_the_owner_out(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    for minute in range(3 * 24 * 60):
        for stranger in range(3):
            throttle.attempt("anna", f"10.0.0.{stranger}")
        if minute % 60 == 30:  # with a right password that nobody counts as such, on a new address
            assert throttle.attempt("anna", f"10.0.9.{minute // 60}") == 0
        clock.now += 60


def test_many_addresses_that_guess_one_password_wait_together(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    guesses = 0
    for number in range(24 * 60 * 10):
        guesses += throttle.attempt("anna", f"10.{number // 65536}.{number // 256 % 256}.{number % 256}") == 0
        clock.now += 6
    assert 1000 < guesses < 1500
    assert throttle.attempt("berta", "10.9.9.9") == 0


def test_the_owner_at_a_new_address_gets_in_while_hundreds_guess(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    for _ in range(6):
        for stranger in range(300):
            throttle.attempt("anna", f"10.0.{stranger // 250}.{stranger % 250}")
        clock.now += 1
    assert throttle.wait("anna", "10.0.0.7") > 60
    assert throttle.attempt("anna", "10.9.9.9") == 0
    assert not throttle.has_failed("10.9.9.8")
    assert throttle.has_failed("10.9.9.9")
    assert throttle.attempt("anna", "10.9.9.9") > 60  # a second try counts as one of the strangers'


def test_a_known_browser_has_a_limit_of_its_own(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    for stranger in range(1200):
        throttle.attempt("anna", f"10.0.{stranger // 250}.{stranger % 250}")
    assert throttle.attempt("anna", "10.9.9.9") > 0
    assert [throttle.attempt("anna", "10.0.0.1", "hers") for _ in range(11)] == [0] * 10 + [2]
    assert throttle.wait("anna", "10.0.0.1", "hers") == 2
    throttle.succeeded("anna", "10.0.0.1", "hers")
    assert throttle.wait("anna", "10.0.0.1", "hers") == 0


def test_no_account_is_locked_for_good(clock: Clock) -> None:
    throttle = SignInThrottle(clock)
    for _ in range(1000):
        clock.now += throttle.attempt("anna", "10.0.0.1")
    assert throttle.attempt("anna", "10.0.0.1") <= 900
    clock.now += 900
    assert throttle.attempt("anna", "10.0.0.1") == 0


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
    for _ in range(5):
        throttle.attempt("rita", "10.0.0.1")
    assert throttle.attempt(" " * 61 + "Rita ", "10.0.0.1") > 0
