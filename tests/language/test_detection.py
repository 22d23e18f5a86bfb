import pytest

from chatbot.language import UNKNOWN, guess_language, language_of_page

GERMAN = "Die R\u00f6tung klingt meist innerhalb eines Tages ab, und Sie d\u00fcrfen nicht in die Sonne gehen. "


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Wie lange dauert die Schwellung?", "de"),
        ("\u00bfCu\u00e1nto cuesta el b\u00f3tox?", "es"),
        ("Is it safe in pregnancy?", "en"),
        ("Botox 200 \u20ac", UNKNOWN),
        ("", UNKNOWN),
    ],
)
def test_the_language_of_a_question_is_guessed(question: str, language: str) -> None:
    assert guess_language(question) == language


def test_a_guess_among_few_languages_names_one_of_them() -> None:
    assert guess_language("Was kostet Botox?") == UNKNOWN
    assert guess_language("Was kostet Botox?", ("en", "de")) == "de"


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        (GERMAN, "de-AT", "de"),
        ("Botox", "DE_ch", "de"),
        (GERMAN, None, "de"),
        ("Botox 200 \u20ac", None, None),
        (GERMAN * 4, "en-US", "de"),  # a template's language, above a text in another
        ("Botox, filler.", "en", "en"),
        (GERMAN * 4, "ga", "ga"),  # a language that the model does not know
        (GERMAN, "default", "de"),
        (GERMAN, "und", "de"),
        ("", "", None),
    ],
)
def test_a_page_names_its_language_unless_its_text_surely_is_another(
    text: str, declared: str | None, language: str | None
) -> None:
    assert language_of_page(text, declared) == language
