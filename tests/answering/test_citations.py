from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chatbot.answering.citations import highlights, mark_sentences
from chatbot.indexing import Encoded, Index, Query, build_index, open_index
from chatbot.indexing.late_interaction import Tokens
from chatbot.reading import sentences
from chatbot.records import Highlight
from tests.answering.conftest import passage
from tests.conftest import WordEncoder
from tests.indexes import index_of as make_index

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
    passage = next(passage for passage in index.passages if passage.text.startswith(start))
    (encoded,) = words.encode_questions([question])
    marks = highlights(index, Query.of(question, encoded), passage)
    return [passage.text[mark.start : mark.end] for mark in marks]


def test_the_sentence_that_meets_the_question_best_is_marked(index: Index, words: WordEncoder) -> None:
    assert marked(index, words, "may I swim", "Yes") == ["Swim after a week."]


def test_a_sentence_that_leans_on_the_one_before_is_marked_with_it(index: Index, words: WordEncoder) -> None:
    both = ["Swelling is normal.", "This goes away within three days."]
    assert marked(index, words, "goes away within days", "Swelling") == both


def marks_of(text: str, scores: Sequence[float], question: str = "Can I swim?", heading: str = "Care") -> list[str]:
    """Return what is marked in a passage whose sentences have these scores."""
    cited = replace(passage(text), headings=(heading,))
    marks = mark_sentences(question, cited, sentences(text), np.array(scores, dtype=np.float32))
    return [text[mark.start : mark.end] for mark in marks]


@pytest.mark.parametrize(("behind", "marked"), [(1.88, ["Redness fades.", "Pain stays."]), (1.91, ["Redness fades."])])
def test_a_second_sentence_is_marked_from_a_seventh_of_the_probability(behind: float, marked: list[str]) -> None:
    assert marks_of("Redness fades. Pain stays.", [0, -behind]) == marked
    assert marks_of("Pain stays. Redness fades.", [-behind, 0]) == marked[::-1]


def test_two_sentences_are_marked_at_most() -> None:
    assert marks_of("Redness fades. Pain stays. Creams help.", [0, -0.2, -0.1]) == ["Redness fades.", "Creams help."]


def test_of_sentences_that_score_alike_the_first_is_best() -> None:
    assert marks_of("- Redness fades.\n- Pain stays.", [0, 0]) == ["Redness fades."]


@pytest.mark.parametrize(
    ("text", "scores", "marked"),
    [
        ("Rest. Is it red? Creams help.", [-9, 5, 0], ["Creams help."]),
        ("Yes. Creams help.", [5, 0], ["Creams help."]),
        ("No! Creams help.", [5, 0], ["Creams help."]),
        ("No creams. They sting.", [5, 0], ["No creams."]),
        ("Yes. No.", [0, 5], ["No."]),
        ("Is it red?", [0], ["Is it red?"]),
    ],
)
def test_no_question_and_no_bare_yes_is_marked_beside_others(text: str, scores: list[float], marked: list[str]) -> None:
    assert marks_of(text, scores) == marked


def test_no_other_item_of_a_list_is_marked() -> None:
    assert marks_of("- Redness fades.\n- Pain stays.\n- Creams help.", [-0.1, 0, -0.1]) == ["Pain stays."]


def test_no_neighbouring_row_of_a_table_is_marked() -> None:
    assert marks_of("Neck | \u00a340\nBack | \u00a390\nLegs | \u00a375", [-0.1, 0, -0.1]) == ["Back | \u00a390"]


HOURS = "Day | Hours\nMonday | Closed\nFriday | 9 to 4\nSaturday | 9 to 2"


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        ("when do you close on Saturdays?", "Saturday | 9 to 2"),
        ("friday or saturday", "Friday | 9 to 4"),  # of the rows that are named, the one with the best score
        ("which day are you closed?", "Monday | Closed"),  # the header names no row
        ("are you open now?", "Monday | Closed"),
    ],
)
def test_the_row_whose_first_cell_the_question_names_is_marked(question: str, marked: str) -> None:
    assert marks_of(HOURS, [-9, 0, -1, -3], question) == [marked]


@pytest.mark.parametrize(
    ("question", "marked"),
    [("open on sunday?", ["Sun | 11 | 3"]), ("open on weds?", ["Mon-Thu | 9 | 5"]), ("open on saturday?", [])],
)
def test_no_row_of_another_day_is_marked(question: str, marked: list[str]) -> None:
    assert marks_of("Mon-Thu | 9 | 5\nFri | 9 | 2\nSun | 11 | 3", [0, 5, -1], question) == marked


def test_a_sentence_beside_a_table_may_be_marked_all_the_same() -> None:
    text = "We open late.\n\nMonday | Closed\nFriday | 9 to 4"
    assert marks_of(text, [0, -1, -2], "is friday late?") == ["We open late."]


def test_two_sentences_of_one_list_item_may_be_marked() -> None:
    assert marks_of("- Pain stays. Creams help.\n- Rest.", [0, -0.2, -0.1]) == ["Pain stays.", "Creams help."]


def test_a_sentence_outside_the_list_may_be_marked_with_an_item() -> None:
    assert marks_of("Redness fades.\n\n- Pain stays.\n- Rest.", [-0.3, 0, -0.1]) == ["Redness fades.", "Pain stays."]


@pytest.mark.parametrize("above", ["Do not come with:", "We never treat"])
def test_an_unfinished_line_above_a_list_is_marked_with_its_item(above: str) -> None:
    text = f"Redness fades.\n\n{above}\n\n- a fever\n- a cough"
    assert marks_of(text, [-0.1, -9, -0.2, 0]) == [above, "a cough"]


def test_no_answer_to_another_question_is_marked_beside_the_best() -> None:
    text = "Redness fades. Is running fine? Run after a month."
    assert marks_of(text, [0, -9, -0.1]) == ["Redness fades."]
    assert marks_of(text, [-0.1, -9, 0]) == ["Run after a month."]


def test_an_answer_follows_its_own_question_where_the_passage_holds_it() -> None:
    text = "Can I run? Run after a month. Can I swim? Wait a week. Then rinse. Can I fly? Wait a day."
    assert marks_of(text, [0, 9, 0, 1, 0.9, 0, 9], "can i SWIM") == ["Wait a week.", "Then rinse."]
    assert marks_of(text, [0, 9, 0, 1, 0.9, 0, 8], "May I swim?") == ["Can I run?", "Run after a month."]


def test_a_heading_that_is_the_question_rules_no_sentence_out() -> None:
    text = "Wait a week. Is the sea fine? It is after two."
    assert marks_of(text, [0, 0, 9], heading="Can I swim?") == ["It is after two."]


@pytest.mark.parametrize("word", ["No.", "Yes.", "No!"])
def test_yes_or_no_is_marked_with_its_reason_under_the_very_question(word: str) -> None:
    text = f"{word} Chlorine stings."
    assert marks_of(text, [0] * len(sentences(text)), "can I swim", "Can I swim?") == [text]
    assert marks_of(f"Run. Can I swim? {text}", [0, 0, 5, 9][: 2 + len(sentences(text))]) == [text]


@pytest.mark.parametrize("word", ["No.", "Yes.", "No!"])
@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("{word} Chlorine stings.", "Must I stay out?"),  # "No." would say the contrary
        ("Pools are open. Can I run? {word} Chlorine stings.", "Can I swim?"),
        ("{word} Wait a week. Chlorine stings.", "Can I swim?"),
        ("{word}\n\nChlorine stings.", "Can I swim?"),
    ],
)
def test_yes_or_no_to_another_question_is_never_marked(text: str, question: str, word: str) -> None:
    text = text.format(word=word)
    scores = list(range(0, 9 * len(sentences(text)), 9))
    assert marks_of(text, scores, question, "Can I swim?") == ["Chlorine stings."]


def test_the_number_of_a_house_is_no_answer() -> None:
    assert marks_of("No. 5 is the side door.", [0]) == ["No. 5 is the side door."]


@pytest.mark.parametrize("word", ["This", "These", "That", "Those", "Both", "Such", "this", "THIS"])
def test_a_sentence_that_begins_by_pointing_leans(word: str) -> None:
    text = f"Swelling is normal. {word} fades within days."
    assert marks_of(text, [-9, 0]) == ["Swelling is normal.", f"{word} fades within days."]


@pytest.mark.parametrize(
    ("text", "scores"),
    [
        ("Swelling is normal. Redness fades.", [-9, 0]),
        ("Swelling is normal. Thistle fades.", [-9, 0]),
        ("Swelling is normal. Redness fades. Say this aloud.", [-9, 0, -9]),
        ("This fades. Redness fades.", [0, -9]),  # nothing stands before it
        ("Yes. This fades.", [-9, 0]),
        ("Rest. Is it? This fades.", [-9, -9, 0]),
    ],
)
def test_another_sentence_does_not_lean(text: str, scores: list[float]) -> None:
    assert len(marks_of(text, scores)) == 1


def test_a_second_sentence_goes_before_the_one_leant_on() -> None:
    text = "Swelling is normal. This fades within days. Redness fades."
    assert marks_of(text, [-9, 0, -0.2]) == ["This fades within days.", "Redness fades."]


def test_a_passage_without_sentences_is_marked_as_a_whole(words: WordEncoder) -> None:
    cited = replace(passage("Redness", start=7), document="care.md")
    (encoded_passage,) = words.encode_passages([cited.text])
    vectors = np.stack([encoded_passage.vector, encoded_passage.vector])
    index = make_index([(cited, ())], [(vectors, Tokens.of(encoded_passage, np.array([-1], dtype=np.int16)))])
    assert highlights(index, Query.of("redness", encoded(words)), cited) == (Highlight(0, 7),)


def encoded(words: WordEncoder) -> Encoded:
    return words.encode_questions(["redness"])[0]


FAQ = "Q: Is it safe in pregnancy?\n\nA: {answer}"


@pytest.mark.parametrize("answer", ["No.", "No, wait.", "Not at all.", "Nein.", "Ring us first."])
def test_an_answer_to_the_very_question_is_marked_alone(answer: str) -> None:
    assert marks_of(FAQ.format(answer=answer), [9, 0], "is it safe in pregnancy") == [answer]


@pytest.mark.parametrize("answer", ["No.", "No, wait.", "Not at all.", "Nein.", "Ring us first."])
def test_to_another_question_the_own_one_is_marked_with_its_answer(answer: str) -> None:
    question = "Is it dangerous in pregnancy?"
    assert marks_of(FAQ.format(answer=answer), [9, 0], question) == ["Is it safe in pregnancy?", answer]


def test_a_later_sentence_of_an_answer_is_marked_without_the_question() -> None:
    text = FAQ.format(answer="Yes. Ring us first. The nurse explains it.")
    assert marks_of(text, [9, 0, 0, 5], "who explains it?") == ["The nurse explains it."]


def test_a_question_may_begin_with_a_sentence_that_leads_up_to_it() -> None:
    text = "I am diabetic. May I come?\nYes, with something sweet."
    assert marks_of(text, [9, 9, 0], "I am diabetic. May I come?") == ["Yes, with something sweet."]
    assert marks_of(text, [9, 9, 0], "I am diabetic") == ["I am diabetic. May I come?", "Yes, with something sweet."]


def test_the_label_of_a_question_that_does_not_ask_is_enough() -> None:
    assert marks_of("Question: Parking\nAnswer: Behind the building.", [9, 0], "parking") == ["Behind the building."]


@pytest.mark.parametrize("answer", ["No.", "Not at all.", "Never."])
def test_a_bare_answer_below_another_questions_heading_is_not_marked(answer: str) -> None:
    assert marks_of(answer, [0], "Is it dangerous?", heading="Is it safe?") == []
    assert marks_of(answer, [0], "is it safe", heading="Is it safe?") == [answer]


def test_below_another_questions_heading_a_mark_begins_after_its_yes() -> None:
    assert marks_of("Yes, please book ahead.", [0], "may I walk in?", heading="Do I need to book?") == [
        "please book ahead."
    ]


@pytest.mark.parametrize("figure", ["\u00a330", "30 minutes", "9:00 to 17:00", "(30 min)"])
def test_a_figure_is_marked_with_the_name_above_it(figure: str) -> None:
    assert marks_of(f"Upper lip\n{figure}\nChin\n\u00a334", [0, 9, 0, 0]) == ["Upper lip", figure]


def test_a_row_that_asks_is_marked_in_its_answer() -> None:
    row = "Can I pay by card? | Yes."
    assert marks_of(row, [9, 0], "can I pay by card") == ["Yes."]
    assert marks_of(row, [9, 0], "is it cash only?") == ["Can I pay by card?", "Yes."]


def test_the_column_names_of_a_table_are_never_marked(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "prices.md").write_text("# Prices\n\n|Treatment|Price|\n|---|---|\n|Peel|90|\n|Laser|80|\n")
    build_index(tmp_path / "corpus", tmp_path / "index", WordEncoder())
    index = open_index(tmp_path / "corpus", tmp_path / "index", WordEncoder())[1]
    assert "Treatment | Price" not in marked(index, WordEncoder(), "price of the treatment", "Treatment")
