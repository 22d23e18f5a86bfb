import shutil
from pathlib import Path
from threading import Event, Thread

import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic, Route
from chatbot.errors import DocumentNotFound, IndexStale, QuestionEmpty
from chatbot.indexing import SentenceEncoder, build_index
from chatbot.records import Answer, Outcome
from tests.conftest import WordEncoder


def marked(answer: Answer) -> list[str]:
    return [one.passage.text[mark.start : mark.end] for one in answer.citations for mark in one.highlights]


def test_a_visitor_gets_the_clinics_own_words_with_the_sentence_marked(bot: Chatbot) -> None:
    answer = bot.ask("is redness and swelling normal after microneedling?")
    assert answer.outcome is Outcome.ANSWERED
    assert "redness and mild swelling, similar to a sunburn" in "".join(one.passage.text for one in answer.citations)
    assert [one.number for one in answer.citations] == list(range(1, len(answer.citations) + 1))
    assert {len(one.highlights) for one in answer.citations} <= {1, 2}


def test_every_citation_is_verbatim_and_links_to_its_place(bot: Chatbot) -> None:
    (document,) = bot.documents()
    for citation in bot.ask("will my acne scars fade?").citations:
        passage = citation.passage
        assert bot.document(passage.document).text[passage.start : passage.end] == passage.text
        places = (f"mark={passage.start + mark.start}-{passage.start + mark.end}" for mark in citation.highlights)
        place = "&".join(places)
        assert citation.link.startswith(f"/pages/{document.id}?{place}&of=")


def test_another_subject_is_not_found_and_shows_no_passage(bot: Chatbot) -> None:
    answer = bot.ask("who won the football world cup?")
    assert (answer.outcome, answer.citations) == (Outcome.NOT_FOUND, ())
    assert answer.confidence < 0.5
    assert answer.suggestions


def test_the_ten_best_passages_are_explained_whatever_the_gate_said(bot: Chatbot) -> None:
    answer, hits = bot.explain("who won the football world cup?")
    assert answer.outcome is Outcome.NOT_FOUND
    assert len(hits) == 10
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_question_without_words_gets_an_honest_answer(bot: Chatbot) -> None:
    assert bot.ask("\U0001f600\U0001f600").outcome is Outcome.NOT_FOUND
    with pytest.raises(QuestionEmpty):
        bot.ask("\u200b")


@pytest.mark.parametrize(
    "question", ["\u0301", "\ufe0f\ufe0f", "\ufffd", "\u094d", "\U0001f600", "?", "...", "asdfgh", "\u4f60\u597d"]
)
def test_a_question_that_the_model_cannot_read_gets_an_honest_answer(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    assert answer.outcome in {Outcome.NOT_FOUND, Outcome.RELATED}
    assert 0 <= answer.confidence < 0.5


def test_the_first_questions_are_the_corpus_own_headings(bot: Chatbot) -> None:
    assert bot.starters() == (
        "What Are The Benefits Of Microneedling?",
        "Does Microneedling Tighten Skin?",
        "How Long Does It Take To See Results From Microneedling?",
        "What To Expect After Microneedling",
    )


def test_a_page_that_is_not_there_is_an_error_that_says_so(bot: Chatbot) -> None:
    with pytest.raises(DocumentNotFound, match="no such page"):
        bot.document("../clinic.toml")


def test_a_new_build_is_served_after_reload_and_a_refused_one_never(tmp_path: Path, words: WordEncoder) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    (corpus / "page.txt").write_text("Old words about redness.")
    build_index(corpus, index, words)
    bot = Chatbot(corpus, index, words, Clinic())
    old = bot.build
    (corpus / "page.txt").write_text("New words about redness.")
    with pytest.raises(IndexStale):
        bot.reload()
    assert (bot.build, bot.documents()[0].text) == (old, "Old words about redness.")
    new = build_index(corpus, index, words).id
    bot.reload()
    assert (bot.build, bot.documents()[0].text) == (new, "New words about redness.")
    assert new != old


def test_a_rebuild_never_mixes_two_indexes_in_one_answer(tmp_path: Path, words: WordEncoder) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    stop = Event()
    broken: list[str] = []

    def write(turn: int) -> None:
        shutil.rmtree(corpus)
        corpus.mkdir()
        for page in range(3):
            (corpus / f"{page}.txt").write_text(f"Words about redness, build {turn}. Page {page}.")
        build_index(corpus, index, words)

    def ask() -> None:
        while not stop.is_set():
            texts = [hit.passage.text for hit in bot.explain("redness build words")[1]]
            if len({text.split(". ")[0] for text in texts}) != 1:
                broken.append(repr(texts))

    write(0)
    bot = Chatbot(corpus, index, words, Clinic())
    visitors = [Thread(target=ask) for _ in range(4)]
    for visitor in visitors:
        visitor.start()
    for turn in range(1, 12):
        write(turn)
        bot.reload()
    stop.set()
    for visitor in visitors:
        visitor.join()
    assert broken == []


def test_a_misspelt_question_is_searched_for_as_it_was_meant(bot: Chatbot) -> None:
    answer = bot.ask("how long til the sweling goes")
    assert answer.understood_as == "how long til the swelling goes"
    assert "This usually subsides within a day or two." in marked(answer)


def test_a_follow_up_is_read_with_what_was_asked_before(bot: Chatbot) -> None:
    alone, after = bot.ask("and for scars?"), bot.ask("and for scars?", ["How many sessions do people need?"])
    assert alone.understood_as == "and for scars?"
    assert after.understood_as == "How many sessions do people need? and for scars?"
    assert after.citations[0].passage.text.startswith("Scar Reduction: Individuals seeking scar reduction")


def test_earlier_small_talk_is_nothing_to_lean_on(bot: Chatbot) -> None:
    assert bot.ask("and for scars?", ["hello"]).understood_as == "and for scars?"


def test_an_emergency_comes_before_anything_else(bot: Chatbot) -> None:
    answer = bot.ask("my face is swelling up and i cant breath propperly")
    assert answer.outcome is Outcome.URGENT
    assert answer.message == bot.clinic.urgent.message
    assert not any("normal to experience some redness" in one.passage.text for one in answer.citations)


def test_small_talk_gets_a_fixed_reply_and_somewhere_to_start(bot: Chatbot) -> None:
    answer = bot.ask("good morning!")
    assert (answer.outcome, answer.confidence, answer.citations) == (Outcome.REPLY, 0.0, ())
    assert answer.suggestions == bot.starters()
    assert bot.ask("good morning, does it tighten the skin?").outcome is not Outcome.REPLY


def test_where_the_pages_say_nothing_the_clinics_own_reply_is_given(bot: Chatbot) -> None:
    price = next(route for route in bot.clinic.routes if route.name == "price")
    answer = bot.ask("what would one treatment cost me?")
    assert (answer.outcome, answer.message) == (Outcome.REPLY, f"{price.reply}\n{price.link}")


def test_where_the_pages_answer_they_go_before_the_clinics_reply(
    corpus: Path, encoder: SentenceEncoder, tmp_path: Path
) -> None:
    route = Route("sun", ("Can I go in the sun afterwards?", "direct sun exposure", "sunbathing"), "Ask us.")
    build_index(corpus, tmp_path, encoder)
    bot = Chatbot(corpus, tmp_path, encoder, Clinic(routes=(route,)))
    assert bot.ask("Should I avoid direct sun exposure after microneedling?").citations


EMERGENCY = "my face is bleeding and it wont stop"


@pytest.mark.parametrize(
    "question", ["how long does that last", "and will it heal?", "what should I do", "phone number"]
)
def test_what_goes_on_about_an_emergency_is_urgent_still_and_quotes_nothing(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question, [EMERGENCY])
    assert (answer.outcome, answer.citations) == (Outcome.URGENT, ())


def test_an_emergency_lasts_as_long_as_each_question_goes_on_about_it(bot: Chatbot) -> None:
    told = ["my lips are swelling", "is it urgent", "and my eyes now"]
    assert bot.ask("how long will it last", told).outcome is Outcome.URGENT
    assert bot.ask("how long will it last", [*told[:2], "thanks, im ok now"]).outcome is not Outcome.URGENT
    assert bot.ask("hearing loop", [told[0], "wrinkles"]).outcome is not Outcome.URGENT


def test_a_question_of_its_own_after_an_emergency_is_answered(bot: Chatbot) -> None:
    answer = bot.ask("Does microneedling tighten the skin around the eyes?", [EMERGENCY])
    assert answer.outcome in {Outcome.ANSWERED, Outcome.RELATED}
    assert answer.understood_as == "Does microneedling tighten the skin around the eyes?"


def test_a_short_question_on_a_new_subject_stands_by_itself(bot: Chatbot) -> None:
    answer = bot.ask("wrinkles", ["How long is my face red for?"])
    assert answer.understood_as == "wrinkles"
    assert "wrinkles" in answer.citations[0].passage.text


def test_every_question_that_the_bot_offers_is_answered_from_under_its_heading(bot: Chatbot) -> None:
    offered = {*bot.starters(), *bot.ask("who won the football world cup?").suggestions}
    assert len(offered) >= 4
    for question in offered:
        answer = bot.ask(question)
        assert answer.outcome is Outcome.ANSWERED
        assert answer.citations[0].passage.headings[-1] == question


def test_what_everybody_reads_is_not_corrected(bot: Chatbot) -> None:
    question = "lol ive got scars, theyre old and i dont know"
    assert bot.ask(question).understood_as == question


@pytest.mark.parametrize(
    "question", ["me duele el pecho y no puedo respirar", "no puedo respirar", "je veux mourir", "لا أستطيع التنفس"]
)
def test_a_question_in_another_language_than_the_pages_is_told_so(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    assert answer.outcome is Outcome.NOT_FOUND
    assert "in another language than our pages" in answer.message
    assert "call your local emergency number" in answer.message
