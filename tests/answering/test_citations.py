from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

import numpy as np
import pytest

from chatbot.answering.citations import document_digest, highlights, link, mark_sentences
from chatbot.indexing import Encoded, Index, Query, build_index, open_index
from chatbot.indexing.late_interaction import Tokens
from chatbot.reading import sentences
from chatbot.records import Document, Highlight, Passage
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
        ("Is it red? Creams help.", [5, 0], ["Creams help."]),
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
    assert marks_of(text, [0, 9, 0, 1, 0.9, 0, 8], "May I swim?") == ["Run after a month."]


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
        ("Can I run? {word} Chlorine stings.", "Can I swim?"),
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
        ("Is it? This fades.", [-9, 0]),
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


TEXT = "Rest today. Skin-care, sun & swimming: wait 3 days.\nRest today. Then call us."


def cite(url: str | None, sentence: str, start: int = 0, text: str = TEXT) -> str:
    document = Document("after care/caf\u00e9.txt", "After care", text, url, None, ())
    passage = Passage(document.id, document.title, url, (), 0, len(text), text)
    at = text.index(sentence, start)
    return link(document, passage, [Highlight(at, at + len(sentence))])


def test_a_published_page_is_opened_at_the_sentence_by_a_text_fragment() -> None:
    assert cite("https://c.example/a", "Skin-care, sun & swimming: wait 3 days.") == (
        "https://c.example/a#:~:text=Skin%2Dcare%2C%20sun%20%26%20swimming%3A%20wait%203%20days."
    )


def test_an_anchor_of_the_address_is_kept() -> None:
    assert cite("https://c.example/a#top", "Then call us.") == "https://c.example/a#top:~:text=Then%20call%20us."


def test_words_that_stand_twice_are_told_apart_by_what_is_before_them() -> None:
    assert cite("https://c.example/a", "Rest today.") == "https://c.example/a#:~:text=Rest%20today."
    assert cite("https://c.example/a", "Rest today.", start=5) == (
        "https://c.example/a#:~:text=sun%20%26%20swimming%3A%20wait%203%20days.-,Rest%20today."
    )


def test_the_words_before_are_taken_from_one_block_without_its_list_mark() -> None:
    text = "Rest today.\n\n- Day two\n\nRest today."
    assert cite("https://c.example/a", "Rest today.", start=5, text=text) == (
        "https://c.example/a#:~:text=Day%20two-,Rest%20today."
    )


@pytest.mark.parametrize("mark", ["- ", "\u2022 ", "2. "])
def test_a_repeated_list_item_is_told_apart_by_the_line_before(mark: str) -> None:
    text = f"{mark}Rest today.\n\nDay two\n\n{mark}Rest today."
    assert cite("https://c.example/a", "Rest today.", start=20, text=text) == (
        "https://c.example/a#:~:text=Day%20two-,Rest%20today."
    )


def test_the_row_of_a_table_is_named_by_its_first_and_last_cells() -> None:
    text = "Price\n\nPeel, neck | \u00a3120 | \u00a3300 for three"
    assert cite("https://c.example/a", "Peel, neck | \u00a3120 | \u00a3300 for three", text=text) == (
        "https://c.example/a#:~:text=Peel%2C%20neck,%C2%A3300%20for%20three"
    )


def test_a_sentence_over_lines_is_named_by_its_first_and_last_line() -> None:
    text = "Peels come in\nlight and\nmedium strength."
    assert cite("https://c.example/a", text, text=text) == (
        "https://c.example/a#:~:text=Peels%20come%20in,medium%20strength."
    )


def test_a_long_sentence_is_named_by_its_ends() -> None:
    text = " ".join(f"word{number}" for number in range(80)) + "."
    assert cite("https://c.example/a", text, text=text) == (
        "https://c.example/a#:~:text=word0%20word1%20word2%20word3%20word4%20word5,"
        "word74%20word75%20word76%20word77%20word78%20word79."
    )


def test_a_page_without_an_address_is_opened_here_with_the_sentence_marked() -> None:
    parts = urlsplit(cite(None, "Then call us."))
    assert unquote(parts.path) == "/pages/after care/caf\u00e9.txt"
    assert parts.fragment == "mark-1"
    query = parse_qs(parts.query)
    start, end = map(int, query["mark"][0].split("-"))
    assert TEXT[start:end] == "Then call us."
    assert query["of"] == [document_digest(Document("x", "x", TEXT, None, None, ()))]


def cited(text: str, *quoted: str, url: str | None = "https://c.example/a", start: int = 0) -> str:
    """Return the link to some words of a passage that begins further down its page."""
    document = Document("page.txt", "Page", text, url, None, ())
    passage = Passage(document.id, document.title, url, (), start, len(text), text[start:])
    places = [passage.text.index(words) for words in quoted]
    return link(document, passage, [Highlight(at, at + len(words)) for at, words in zip(places, quoted, strict=True)])


def fragment(link: str) -> str:
    return link.partition(":~:")[2]


def test_each_sentence_has_a_directive_of_its_own() -> None:
    assert cited("One two. Three.", "One two.", "Three.") == "https://c.example/a#:~:text=One%20two.&text=Three."


def test_offsets_of_a_passage_count_from_its_own_start() -> None:
    text = "Rest. Rest now.\n\nRest. Swim later."
    assert fragment(cited(text, "Rest.", start=17)) == "text=Rest.%20Rest%20now.-,Rest."
    document = Document("page.txt", "Page", text, None, None, ())
    assert cited(text, "Rest.", "Swim later.", url=None, start=17) == (
        f"/pages/page.txt?mark=17-22&mark=23-34&of={document_digest(document)}#mark-1"
    )


@pytest.mark.parametrize(("letters", "whole"), [(250, True), (251, False)])
def test_a_sentence_of_two_hundred_and_fifty_characters_is_named_whole(letters: int, whole: bool) -> None:
    text = "a " * 100 + "b" * (letters - 200)
    named = quote(text) if whole else f"{quote('a a a a a a')},{quote('a a a a a ' + 'b' * (letters - 200))}"
    assert fragment(cited(text, text)) == f"text={named}"


def test_white_space_within_a_sentence_counts_once() -> None:
    assert fragment(cited("One  two\tthree.", "One  two\tthree.")) == "text=One%20two%20three."


def test_lines_that_are_empty_are_no_block() -> None:
    assert fragment(cited("\n\nOne two.\n", "\n\nOne two.\n")) == "text=One%20two."
    assert fragment(cited("One two.\n \n", "One two.\n \n")) == "text=One%20two."


def test_the_cells_of_a_row_are_blocks() -> None:
    assert fragment(cited("Neck | Peel |", "Neck | Peel |")) == "text=Neck,Peel"
    assert fragment(cited("Neck | Peel | \u00a39", "Neck | Peel | \u00a39")) == "text=Neck,%C2%A39"


def test_six_words_before_a_repeated_sentence_tell_it_apart() -> None:
    text = "Rest.\na b c d e f g\nRest."
    assert fragment(cited(text, "Rest.", start=6)) == "text=b%20c%20d%20e%20f%20g-,Rest."


def test_the_cell_before_a_repeated_sentence_tells_it_apart() -> None:
    text = "Rest.\nNeck | Peel one Rest."
    assert fragment(cited(text, "Rest.", start=6)) == "text=Peel%20one-,Rest."


def test_an_empty_last_cell_tells_no_sentence_apart() -> None:
    text = "Rest.\nNeck | Peel |\nRest."
    assert fragment(cited(text, "Rest.", start=6)) == "text=Peel-,Rest."


def test_words_repeated_over_the_end_of_a_line_are_told_apart() -> None:
    text = "Rest\nnow and then.\nRest now."
    assert fragment(cited(text, "Rest now.", start=19)) == "text=Rest%20now."
    text = "Rest\nnow. Then.\nRest now."
    assert fragment(cited(text, "Rest now.", start=16)) == "text=now.%20Then.-,Rest%20now."


def test_a_digest_is_twelve_digits_of_the_text_alone() -> None:
    document = Document("a", "A", "Rest today.", None, None, ())
    assert document_digest(document) == sha256(b"Rest today.").hexdigest()[:12]
    assert len(document_digest(document)) == 12
