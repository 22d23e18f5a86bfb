import pytest

from chatbot.answering.search import topic_free_questions
from tests.answering.conftest import IndexOf
from tests.conftest import WordEncoder


def test_a_question_is_read_without_the_topic_and_has_its_nearest_passage(
    index_of: IndexOf, words: WordEncoder
) -> None:
    parts = ("swim days", "old scars", "numbing cream", "bright sun")
    index = index_of(*((part, f"A laser treats {part}.") for part in parts))
    scars, laser = topic_free_questions(index, words, ["laser scars", "laser"])
    (bare, whole) = words.encode_questions(["scars", "laser"])
    assert (scars.text, laser.text) == ("scars", "laser")
    assert scars.nearest.text == "A laser treats old scars."
    assert scars.vector == pytest.approx(bare.vector)
    assert laser.vector == pytest.approx(whole.vector)
