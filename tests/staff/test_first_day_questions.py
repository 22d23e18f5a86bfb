"""The questions of the first-day review, as data."""

import tomllib
from collections import Counter

import pytest

from chatbot.answering import clean_question
from chatbot.staff import specialties
from tests.conftest import ROOT

FOLDER = ROOT / "chatbot" / "staff" / "insights" / "first_day"
FILES = sorted(FOLDER.glob("*.toml"))


def test_there_are_eighteen_specialties_in_order_of_their_names() -> None:
    names = [specialty.name for specialty in specialties().values()]
    assert names == sorted(names)
    assert len(names) == 18
    assert specialties()["dental"].name == "Dental practice"


def test_a_review_has_some_sixty_questions_each_once() -> None:
    for id_, specialty in specialties().items():
        texts = [question.text for question in specialty.questions]
        assert 55 <= len(texts) <= 75, id_
        assert Counter(map(str.casefold, texts)).most_common(1)[0][1] == 1, id_


def test_general_questions_come_first_without_the_topics_left_out() -> None:
    skin, vet = specialties()["skin-and-aesthetics"], specialties()["vet"]
    assert (skin.questions[0].topic, skin.questions[0].text) == (
        "Prices and paying",
        "How much is a first appointment?",
    )
    assert "Children" in {question.topic for question in skin.questions}
    assert "Children" not in {question.topic for question in vet.questions}
    assert vet.questions[-1].text == "Do you arrange cremation?"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_questions_are_short_and_in_a_visitors_words(path: object) -> None:
    table = tomllib.loads((FOLDER / str(path)).read_text("utf-8"))
    general = tomllib.loads((FOLDER / "general.toml").read_text("utf-8"))["questions"]
    assert set(table.get("leave_out", ())) <= set(general)
    for texts in table["questions"].values():
        for text in texts:
            assert text == clean_question(text)
            assert text.endswith("?")
            assert len(text.split()) <= 14, text
            assert not set(text) & set("{}[]<>_"), text  # placeholders
