import numpy as np
import pytest

from chatbot.answering.highlights import SENTENCE_SIGNALS, sentence_scores, sentence_signals
from chatbot.fitted import fitted_values
from chatbot.indexing import Encoded, Query, SentenceEvidence, Vectors
from chatbot.reading import sentences
from tests.answering.conftest import passage

TEXT = "Swelling fades. It lasts 3 days. Do not swim."


def numbers(*rows: float | list[float]) -> Vectors:
    return np.array(rows, dtype=np.float32)


def evidence(
    text: str = TEXT,
    maxsim: list[list[float]] | None = None,
    headings: tuple[float, float] = (0, 0),
    weights: tuple[float, float] = (1, 1),
) -> SentenceEvidence:
    """Return the evidence of a question of two tokens for the sentences of a text."""
    marks = sentences(text)
    many = len(marks)
    return SentenceEvidence(
        marks,
        numbers(*(maxsim or [[0, 0]] * many)),
        numbers(*headings),
        numbers(*weights),
        numbers(*np.arange(many) / 10),
        numbers(*([number / 10, -number / 10] for number in range(many))),
    )


def query(text: str = "swelling days", weights: tuple[float, float] = (1, 1)) -> Query:
    encoded = Encoded(numbers(1, 0), np.eye(2, dtype=np.float32), np.array([1, 2]), np.array([[0, 8], [9, 13]]))
    return Query(text, encoded, numbers(*weights), encoded.vector, ((text, 1.0),))


def signal(name: str, found: SentenceEvidence, asked: Query | None = None, text: str = TEXT) -> list[float]:
    columns: Vectors = sentence_signals(asked or query(), passage(text), found)
    assert columns.shape == (len(found.sentences), len(SENTENCE_SIGNALS))
    return [round(float(value), 3) for value in columns[:, SENTENCE_SIGNALS.index(name)]]


MET = [[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]


def test_a_word_that_the_headings_hold_counts_less() -> None:
    assert signal("beyond_headings", evidence(maxsim=MET)) == [0.5, 0.5, 0.5]
    assert signal("beyond_headings", evidence(maxsim=MET, headings=(0.75, 0))) == [0.2, 0.8, 0.5]
    assert signal("beyond_headings", evidence(maxsim=MET, weights=(3, 1))) == [0.75, 0.25, 0.5]


def test_a_question_that_stands_in_the_headings_is_met_somewhere() -> None:
    assert signal("beyond_headings", evidence(maxsim=MET, headings=(1, 1))) == [0.5, 0.5, 0.5]


def test_the_words_of_an_earlier_question_are_left_out_of_the_last() -> None:
    follow_up = query("swelling? days", (0.6, 1))
    assert signal("last_question", evidence(maxsim=MET), follow_up) == [0, 1, 0.5]
    assert signal("last_question", evidence(maxsim=MET)) == [0.5, 0.5, 0.5]


def test_a_sentence_inherits_most_of_what_stands_above_it() -> None:
    assert signal("in_context", evidence(maxsim=MET)) == [0.5, 0.85, 0.7]
    assert signal("in_context", evidence(maxsim=MET, headings=(0, 1))) == [0.85, 0.85, 0.7]
    assert signal("in_context", evidence(maxsim=[[0.0, 0.0], *MET[:2]])) == [0, 0.5, 0.85]


def test_likeness_above_zero_is_squared() -> None:
    assert signal("strong", evidence(maxsim=[[1, -1], [0.5, 0.5], [0, 0]])) == [0.5, 0.25, 0]


def test_cosines_are_signals_as_they_are() -> None:
    assert signal("cosine", evidence()) == [0, 0.1, 0.2]
    assert signal("to_section", evidence()) == [0, 0.1, 0.2]
    assert signal("to_text", evidence()) == [0, -0.1, -0.2]


def test_questions_and_short_sentences_are_known() -> None:
    text = "Is it red? Wait a week. Rest now."
    assert signal("question", evidence(text), text=text) == [1, 0, 0]
    assert signal("short", evidence(text), text=text) == [0, 0, 1]


def test_a_sentence_that_refers_back_has_the_likeness_of_the_one_before() -> None:
    found = evidence(maxsim=[[0.5, 0.5], [0, 0], [0, 0]])
    assert signal("refers_back", found) == [0, 0.5, 0]
    assert signal("refers_back", evidence("This fades.", [[0.4, 0.2]]), text="This fades.") == [0.3]


@pytest.mark.parametrize(("asked", "holds"), [("How long is it?", [0, 1, 0]), ("Is it long?", [0, 0, 0])])
def test_the_type_of_answer_asked_for_is_looked_for(asked: str, holds: list[float]) -> None:
    assert signal("answer_type", evidence(), query(asked)) == holds


@pytest.mark.parametrize(
    ("asked", "holds"), [("Can I swim?", [0, 0, 1]), ("is it SAFE", [0, 0, 1]), ("Swimming", [0, 0, 0])]
)
def test_a_limit_is_looked_for_where_permission_is_asked(asked: str, holds: list[float]) -> None:
    assert signal("permission", evidence(), query(asked)) == holds


@pytest.mark.parametrize("limit", ["You can't swim.", "You don\u2019t have to.", "Only showers.", "Nothing until May."])
def test_limits_are_known_in_many_words(limit: str) -> None:
    assert signal("permission", evidence(limit), query("may I"), limit) == [1]


def test_the_first_of_several_rows_of_a_table_is_its_header() -> None:
    text = "Prices.\nArea | Price\nNeck | \u00a340\nRest.\nBack | \u00a390"
    assert signal("table_header", evidence(text), text=text) == [0, 1, 0, 0, 0]


def test_scores_are_the_signals_by_their_fitted_weights() -> None:
    weights = fitted_values("chatbot.answering", "highlights")["weights"]
    found, asked = evidence(maxsim=MET, headings=(0.5, 0)), query("How long is it?")
    signals = sentence_signals(asked, passage(TEXT), found)
    expected = signals @ np.array([weights[name] for name in SENTENCE_SIGNALS])
    assert sentence_scores(asked, passage(TEXT), found) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize(("name", "sign"), [("beyond_headings", 1), ("in_context", 1), ("cosine", 1), ("question", -1)])
def test_the_fitted_weights_have_the_signs_that_their_signals_mean(name: str, sign: int) -> None:
    assert fitted_values("chatbot.answering", "highlights")["weights"][name] * sign > 0
