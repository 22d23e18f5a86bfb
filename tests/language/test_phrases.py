import pytest

from chatbot.language import PhraseGroups, Phrases, distinct_words, masked, words_of


@pytest.mark.parametrize(
    ("phrase", "text", "spans"),
    [
        ("sore", "my sore arm is sore", [(2, 3), (5, 6)]),
        ("sore arm", "my sore arm", [(2, 4)]),
        ("sore arm", "my sore", []),
        ("bleed*", "bleed bleeding ableed", [(1, 2), (2, 3)]),
        ("*ache", "ache headache aches", [(1, 2), (2, 3)]),
        ("*ach*", "ache headaches arm", [(1, 2), (2, 3)]),
        ("4*0", "400 40 4", [(1, 2), (2, 3)]),
        ("my * is", "my arm is sore", [(1, 4)]),
        ("my * is", "my, is", []),
        ("my * is", "my 3.5 is", []),
        ("* arm", "arm. arm sore arm", [(4, 6)]),
        ("my arm*", "my arms", [(1, 3)]),
        ("my *arm", "my forearm", [(1, 3)]),
        (". is", "is it? is", [(0, 2), (3, 5)]),
        ("can\u2019t", "I CAN'T", [(2, 3)]),
        ("r\u00f6tung", "ROTUNG", [(1, 2)]),
        ("\u4e0d\u80fd", "\u6211\u4e0d\u80fd", [(2, 4)]),
    ],
)
def test_a_phrase_is_found_where_its_words_stand(phrase: str, text: str, spans: list[tuple[int, int]]) -> None:
    assert Phrases([phrase]).find(words_of(text)) == spans


def test_at_each_word_the_longest_phrase_is_found() -> None:
    phrases = Phrases(["sore", "sore arm", "arm", "sor*"])
    assert phrases.find(words_of("sore arm, sorry")) == [(1, 3), (2, 3), (4, 5)]
    assert Phrases(["sore*", "sore arm", "sore a*"]).find(words_of("sore arm")) == [(1, 3)]


def test_groups_are_found_side_by_side_and_those_without_a_phrase_left_out() -> None:
    groups = PhraseGroups({"pain": ["sore", "sore arm"], "arm": ["arm", "sore arm"], "leg": ["leg"], "none": []})
    assert groups.find(words_of("sore arm")) == {"pain": [(1, 3)], "arm": [(1, 3), (2, 3)]}


def test_words_of_a_span_are_masked_in_their_places() -> None:
    assert masked(["my", "sore", "arm"], [(1, 3)]) == ["my", "_", "_"]
    assert Phrases(["sore arm"]).mask(["my", "sore", "arm"]) == ["my", "_", "_"]
    assert Phrases(["_"]).find(["_", "arm"]) == [(0, 1)]


def test_distinct_words_are_those_of_the_texts_without_marks() -> None:
    assert distinct_words(["Can't bleed*, 3.5", ". sore", "\u4e0d\u80fd", "\u0640"]) == {
        "cant",
        "bleed",
        "3.5",
        "sore",
        "\u4e0d",
        "\u80fd",
    }
