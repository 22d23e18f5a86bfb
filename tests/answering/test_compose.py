from dataclasses import replace
from pathlib import Path

import pytest

from chatbot.answering.compose import compose, in_general, not_found, reply, starters, suggestions, urgent
from chatbot.answering.links import document_digest
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import search
from chatbot.indexing import ExactStore, Index, build_index, open_index
from chatbot.records import Alarm, Answer, Citation, Highlight, Hit, Level, Outcome
from tests.answering.conftest import IndexOf, passage
from tests.conftest import WordEncoder

PARTS = (
    ("Redness", "Redness fades within days. Creams cool."),
    ("Redness later", "Late redness is seldom seen."),
    ("Swelling", "Swelling stays longer than redness."),
)
MESSAGES = {
    Outcome.ANSWERED: "This is what our pages say:",
    Outcome.RELATED: "This part of our page may help. If it doesn\u2019t, please ask us.",
    Outcome.NOT_FOUND: "Our pages don\u2019t say. Please ask the clinic directly.",
}


def answer(outcome: Outcome) -> Answer:
    cited = Citation(1, passage("Some redness is normal."), (Highlight(0, 23),), "/pages/page.txt")
    return Answer("help", "help", outcome, 0.4, "This is what our pages say:", (cited,), ("Care",))


def test_an_alarm_is_answered_with_fixed_words_and_quotes_nothing() -> None:
    alarm = Alarm(Level.CRISIS, "self-harm")
    composed = urgent("help", alarm, "Call now.")
    assert (composed.outcome, composed.message, composed.alarm) == (Outcome.URGENT, "Call now.", alarm)
    assert (composed.citations, composed.suggestions, composed.contact) == ((), (), "")
    assert composed.as_dict()["level"] == "crisis"


def test_what_the_pages_say_in_general_is_not_marked() -> None:
    composed = in_general(answer(Outcome.ANSWERED), "Please ask us.")
    assert (composed.outcome, composed.message) == (Outcome.RELATED, "Please ask us.")
    assert [citation.highlights for citation in composed.citations] == [()]


def test_a_line_of_contact_ends_the_message_of_the_api() -> None:
    composed = replace(answer(Outcome.RELATED), contact="0123")
    assert composed.as_dict()["message"] == "This is what our pages say:\n0123"
    assert composed.as_dict()["contact"] == "0123"


def test_a_reply_quotes_nothing_and_is_sure_of_nothing() -> None:
    composed = reply("price?", "See our list.", "https://clinic.example/prices")
    assert (composed.outcome, composed.confidence, composed.citations) == (Outcome.REPLY, 0, ())
    assert composed.message == "See our list.\nhttps://clinic.example/prices"


@pytest.fixture
def page(index_of: IndexOf) -> Index:
    return index_of(*PARTS)


def test_suggestions_are_headings_that_were_neither_asked_nor_shown_questions_first(page: Index) -> None:
    shown = passage("Clean it.", "Care")
    hits = [
        Hit(passage("Clean it.", heading, start=start), 1.0)
        for start, heading in enumerate(["Care", "The price", "Does it hurt?", "How long?", "x" * 81, "Who may?"])
    ]
    assert suggestions(page, "how long", hits, [shown]) == ("Does it hurt?", "Who may?", "The price")


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.RELATED])
def test_passages_are_quoted_with_their_numbers_marks_and_links(
    index_of: IndexOf, words: WordEncoder, outcome: Outcome
) -> None:
    index = index_of(*PARTS)
    result = search(index, words, Ranking((1.0, 0.0, 0.0, 0.0)), "redness fades", ())
    assert result
    composed = compose("RedNess fades", outcome, 0.4, index, result, result.hits[:2])
    assert (composed.question, composed.understood_as, composed.outcome) == ("RedNess fades", "redness fades", outcome)
    assert (composed.confidence, composed.message, composed.alarm, composed.contact) == (
        0.4,
        MESSAGES[outcome],
        None,
        "",
    )
    assert [(citation.number, citation.passage) for citation in composed.citations] == [
        (1, result.hits[0].passage),
        (2, result.hits[1].passage),
    ]
    first = composed.citations[0]
    assert first.highlights == (Highlight(0, 26),)
    start, digest = first.passage.start, document_digest(index.documents["page.md"])
    assert first.link == f"/pages/page.md?mark={start}-{start + 26}&of={digest}#mark-1"
    assert [citation.highlights for citation in composed.citations[1:]] == [()]
    assert (composed.contact_first, composed.corrected) == (False, "redness fades")
    assert composed.suggestions == ("Swelling",)


def test_two_passages_are_marked_where_two_carry_the_answer(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(*PARTS)
    result = search(index, words, Ranking((1.0, 0.0, 0.0, 0.0)), "redness fades", ())
    assert result
    composed = compose("redness fades", Outcome.ANSWERED, 0.9, index, result, result.hits, marked=2)
    assert [bool(citation.highlights) for citation in composed.citations] == [True, True, False]
    assert composed.corrected == ""


def test_a_weak_answer_puts_the_contact_first_and_marks_nothing(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(*PARTS)
    result = search(index, words, Ranking((1.0, 0.0, 0.0, 0.0)), "redness fades", ())
    assert result
    composed = compose("redness fades", Outcome.RELATED, 0.2, index, result, result.hits[:2], weak=True)
    assert (composed.outcome, composed.contact_first) == (Outcome.RELATED, True)
    assert composed.message == "Our pages may not answer this. Please ask us directly."
    assert [citation.highlights for citation in composed.citations] == [(), ()]
    assert composed.citations[0].link.endswith("#mark-1")
    assert composed.as_dict()["contact_first"] is True


def test_where_nothing_is_found_no_passage_is_quoted_and_the_nearest_headings_are_suggested(
    index_of: IndexOf, words: WordEncoder
) -> None:
    index = index_of(*PARTS)
    result = search(index, words, Ranking((1.0, 0.0, 0.0, 0.0)), "redness", ["Does it hurt at all?"])
    assert result
    composed = compose("redness", Outcome.NOT_FOUND, 0.01, index, result, result.hits)
    assert (composed.citations, composed.message) == ((), MESSAGES[Outcome.NOT_FOUND])
    assert composed.suggestions == ("Redness later", "Swelling")
    assert composed.contact_first


def test_what_was_understood_is_the_question_with_those_before_it(index_of: IndexOf, words: WordEncoder) -> None:
    index = index_of(*PARTS)
    result = search(index, words, Ranking((1.0, 0.0, 0.0, 0.0)), "and swelling?", ["Does redness fade?"])
    assert result
    composed = compose("and SWELLING?", Outcome.ANSWERED, 0.9, index, result, result.hits[:1])
    assert (composed.question, composed.understood_as) == ("and SWELLING?", "Does redness fade? and swelling?")


def test_an_answer_without_citations_is_not_found_in_general_either() -> None:
    bare = replace(answer(Outcome.ANSWERED), citations=())
    assert in_general(bare, "Please ask us.").outcome is Outcome.NOT_FOUND


def test_a_question_without_a_word_is_not_found() -> None:
    composed = Answer("?!", "?!", Outcome.NOT_FOUND, 0.0, MESSAGES[Outcome.NOT_FOUND], (), (), contact_first=True)
    assert not_found("?!") == composed


def test_a_reply_without_a_link_ends_with_its_words() -> None:
    composed = reply("price?", "See our list.", suggestions=["Pain?"])
    assert composed == Answer("price?", "price?", Outcome.REPLY, 0.0, "See our list.", (), ("Pain?",))


def test_an_alarm_repeats_the_question() -> None:
    composed = urgent("help", Alarm(Level.CRISIS, "self-harm"), "Call now.")
    assert (composed.question, composed.understood_as, composed.confidence) == ("help", "help", 0.0)


def headed(*headings: str) -> list[Hit]:
    return [
        Hit(passage("Text.", *([heading] if heading else []), start=row), 1.0) for row, heading in enumerate(headings)
    ]


def test_three_headings_are_suggested_at_most_the_best_first(page: Index) -> None:
    assert suggestions(page, "price", headed("a", "b", "c", "d"), []) == ("a", "b", "c")
    assert suggestions(page, "price", headed("a", "b", "c", "d?"), []) == ("d?", "a", "b")


def test_a_heading_is_suggested_once_and_none_where_there_is_none(page: Index) -> None:
    assert suggestions(page, "price", headed("a", "", "a", "b"), []) == ("a", "b")


def test_only_the_own_heading_of_a_passage_is_suggested(page: Index) -> None:
    assert suggestions(page, "price", [Hit(passage("Text.", "Care", "Pain"), 1.0)], []) == ("Pain",)


def test_a_heading_that_fits_a_button_is_suggested(page: Index) -> None:
    assert suggestions(page, "price", headed("x" * 80, "y" * 81), []) == ("x" * 80,)


def test_what_was_asked_is_not_suggested_however_it_is_written(page: Index) -> None:
    asked = [" Does it HURT?! ", "does it hurt.", "Does it hurt"]
    assert [suggestions(page, question, headed("Does it hurt?", "Pain"), []) for question in asked] == [("Pain",)] * 3


def test_no_heading_above_what_is_shown_is_suggested(page: Index) -> None:
    shown = passage("Text.", "Care", "Pain!")
    assert suggestions(page, "price", headed("care", "pain", "Sun"), [shown]) == ("Sun",)


def test_four_headings_start_a_conversation_questions_first(index_of: IndexOf) -> None:
    names = ["Rest", "Rest", "Does it hurt?", "x" * 81, "Pain", "Sun", "How long?"]
    index = index_of(*((name, f"Words about {number}.") for number, name in enumerate(names)))
    assert starters(index) == ("Does it hurt?", "How long?", "Rest", "Pain")


def test_a_heading_of_eighty_characters_starts_a_conversation(index_of: IndexOf) -> None:
    index = index_of(("x" * 80, "Words about one."), ("y" * 81, "Words about two."))
    assert starters(index) == ("x" * 80,)


def test_the_own_headings_of_passages_start_a_conversation(index_of: IndexOf) -> None:
    assert starters(index_of(("Treatments\n\n### Peels", "Words about peels."))) == ("Peels",)


def test_passages_without_a_heading_start_no_conversation(index_of: IndexOf) -> None:
    assert starters(index_of(("", "Words about nothing."))) == ()


def several_pages(folder: Path, words: WordEncoder) -> Index:
    texts = {
        "peels": "# Chemical peels\n\nPeels renew skin.\n\n## Prices\n\nPeels cost 90.\n\n## Is a peel safe?\n\nYes.",
        "lips": f"# Lip filler\n\nFiller lasts.\n\n## Prices\n\nFiller costs 200.\n\n## {'x' * 70}\n\nIt swells.",
        "faq": "# Common questions\n\n## Can I drive home?\n\nMost people can.",
    }
    (folder / "corpus").mkdir()
    for name, text in texts.items():
        (folder / "corpus" / f"{name}.md").write_text(text)
    build_index(folder / "corpus", folder / "index", words, ExactStore)
    return open_index(folder / "corpus", folder / "index", words, ExactStore)[1]


def test_of_several_pages_suggestions_say_which(tmp_path: Path, words: WordEncoder) -> None:
    index = several_pages(tmp_path, words)
    hits = [Hit(passage, 1.0) for passage, _ in index.entries]
    assert set(starters(index)) < {
        "Chemical peels: Prices", "Lip filler: Prices", "Is a peel safe?", "Can I drive home?", "x" * 70,
    }  # fmt: skip
    price = next(hit.passage for hit in hits if hit.passage.headings == ("Prices",))
    assert price.document == "lips.md"
    rest = [hit for hit in hits if hit.passage.headings == ("Prices",)]
    assert suggestions(index, "sun", rest, [price]) == ("Chemical peels: Prices",)
    assert suggestions(index, "chemical peels: prices?", rest, [price]) == ()


def test_a_suggestion_that_is_asked_leads_to_its_passage(tmp_path: Path, words: WordEncoder) -> None:
    index = several_pages(tmp_path, words)
    for question in starters(index):
        result = search(index, words, Ranking((1.0, 0.0, 0.0, 0.0)), question, ())
        assert result
        best = result.hits[0]
        assert result.has_exact_heading(best)
        assert question in {best.passage.headings[-1], f"{best.passage.title}: {best.passage.headings[-1]}"}


def test_the_line_above_a_long_list_is_no_suggestion(tmp_path: Path, words: WordEncoder) -> None:
    (tmp_path / "corpus").mkdir()
    items = "\n".join(
        f"- {food} of any kind, raw or cooked" for food in ("nuts", "eggs", "fish", "clams", "milk", "soy")
    )
    (tmp_path / "corpus" / "diet.md").write_text(
        f"# Diet\n\n## Before:\n\nDo not eat any of these:\n\n{items}\n{items}\n"
    )
    build_index(tmp_path / "corpus", tmp_path / "index", words)
    index = open_index(tmp_path / "corpus", tmp_path / "index", words)[1]
    assert index.passages[-1].headings == ("Before:", "Do not eat any of these:")
    assert starters(index) == ("Before:",)
