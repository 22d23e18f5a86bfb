import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.language import Spelling

WORDS = {"recovery": 3, "time": 9, "the": 40, "moisturised": 1, "steroid": 2, "swelling": 2, "laser": 5, "peel": 7}


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    return Spelling(WORDS, {"botox"}.__contains__)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("recovry tme", "recovery time"),
        ("how long untill the sweling goes", "how long until the swelling goes"),
        ("RECOVRY TIME PLEASE", "recovery TIME PLEASE"),
        ("lazer", "laser"),
        ("my fase", "my face"),  # it sounds alike
        ("sideeffects", "side effects"),
        ("can u tell me wat happens b4", "can you tell me what happens before"),
        ("steriods", "steroids"),  # English is nearer than the corpus's "steroid"
    ],
)
def test_an_unknown_word_is_corrected_to_the_corpus_or_english(spelling: Spelling, typed: str, meant: str) -> None:
    assert spelling.corrected(typed) == meant


@pytest.mark.parametrize(
    "typed",
    [
        "Is it moisturising?",  # English has it
        "does botox hurt",  # the model has it
        "Is SPF 50 enough?",  # letters that stand for a name
        "I take Eliquis every day",  # a name
        "cuánto cuesta el tratamiento facial",  # another language
        "asdfgh",  # nothing near
        "my babys teeth",  # a missing apostrophe is not a misspelling
        "dont know if ive got time lol",
        "my toric lens",  # an English word is as near, but it has other consonants
    ],
)
def test_known_words_and_words_without_a_near_one_stay(spelling: Spelling, typed: str) -> None:
    assert spelling.corrected(typed) == typed


@given(st.text(max_size=80))
def test_correcting_never_empties_a_text(text: str) -> None:
    corrected = Spelling(WORDS, {"botox"}.__contains__).corrected(text)
    assert bool(corrected.strip()) == bool(text.strip())


@pytest.mark.parametrize(
    "question",
    ["¿Duele?", "me duele el pecho y no puedo respirar", "wie lange dauert die Rötung", "皮肤会红多久", "هل هو مؤلم"],
)
def test_another_language_than_the_pages_is_recognised(spelling: Spelling, question: str) -> None:
    assert spelling.is_other_language(question)


@pytest.mark.parametrize(
    "question",
    ["botox", "does Xeljanz Rinvoq matter", "how long untill the sweling goes", "asdfgh", "is a café near?", ""],
)
def test_names_and_misspelt_words_are_not_another_language(spelling: Spelling, question: str) -> None:
    assert not spelling.is_other_language(question)


def test_the_language_of_the_pages_is_not_another_language() -> None:
    words = dict.fromkeys(["cuánto", "tiempo", "dura", "el", "enrojecimiento", "de", "la", "piel"], 1)
    assert not Spelling(words, lambda _: False).is_other_language("¿cuánto dura el enrojecimiento?")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("steamd", "steam"), ("staem", "steam"), ("stam", "steam"), ("moistureisedd", "moisturised")],
)
def test_one_letter_may_differ_and_two_of_a_long_word(typed: str, meant: str) -> None:
    assert Spelling({"steam": 2, "moisturised": 1}, lambda _: False).corrected(typed) == meant


def test_the_more_frequent_of_two_near_words_is_meant() -> None:
    assert Spelling({"grafted": 1, "drafted": 9, "grafter": 3}, lambda _: False).corrected("graftex") == "grafter"
