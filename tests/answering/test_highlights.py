from pathlib import Path

import pytest

from chatbot.answering.highlights import highlights
from chatbot.indexing import Index, Query, build_index, open_index
from tests.conftest import WordEncoder

PAGE = """After care

Swelling is normal. This goes away within three days. Drink water.

Yes. Swim after a week. Is running fine? Run after a month and a week."""


@pytest.fixture
def index(tmp_path: Path, words: WordEncoder) -> Index:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "page.txt").write_text(PAGE)
    build_index(tmp_path / "corpus", tmp_path / "index", words)
    return open_index(tmp_path / "corpus", tmp_path / "index", words)[1]


def marked(index: Index, words: WordEncoder, question: str, start: str) -> list[str]:
    passage = next(one for one in index.passages if one.text.startswith(start))
    (encoded,) = words.encode_questions([question])
    marks = highlights(index, Query.of(question, encoded), passage)
    return [passage.text[mark.start : mark.end] for mark in marks]


def test_the_sentence_that_meets_the_question_best_is_marked(index: Index, words: WordEncoder) -> None:
    assert marked(index, words, "may I swim", "Yes") == ["Swim after a week."]


def test_a_sentence_that_leans_on_the_one_before_is_marked_with_it(index: Index, words: WordEncoder) -> None:
    both = ["Swelling is normal.", "This goes away within three days."]
    assert marked(index, words, "goes away within days", "Swelling") == both


def test_a_second_sentence_that_comes_as_near_is_marked_too(index: Index, words: WordEncoder) -> None:
    assert marked(index, words, "a week", "Yes") == ["Swim after a week.", "Run after a month and a week."]


def test_no_bare_yes_and_no_question_is_marked(index: Index, words: WordEncoder) -> None:
    assert marked(index, words, "yes is running fine", "Yes") == ["Swim after a week.", "Run after a month and a week."]
