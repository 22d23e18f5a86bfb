import shutil
from pathlib import Path
from threading import Event, Thread

import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic, Contact, Reply
from chatbot.errors import DocumentNotFound, IndexStale, QuestionEmpty
from chatbot.indexing import Encoder, build_index
from chatbot.records import Answer, Level, Outcome
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
    answer, hits = bot.ask_with_candidates("who won the football world cup?")
    assert answer.outcome is Outcome.NOT_FOUND
    assert len(hits) == 10
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_question_without_words_gets_an_honest_answer(bot: Chatbot) -> None:
    assert bot.ask("\U0001f600\U0001f600").outcome is Outcome.NOT_FOUND
    with pytest.raises(QuestionEmpty):
        bot.ask("\u200b")


@pytest.mark.parametrize("question", ["\u0301", "\ufe0f\ufe0f", "\ufffd", "\u094d", "\U0001f600", "?", "...", "asdfgh"])
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


def test_a_question_to_a_page_that_is_not_there_is_refused(bot: Chatbot) -> None:
    with pytest.raises(DocumentNotFound, match="leave the document out"):
        bot.ask("is redness normal?", document="gone.md")


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


def test_a_build_made_beside_the_server_is_followed(tmp_path: Path, words: WordEncoder) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    (corpus / "page.txt").write_text("The redness fades.")
    build_index(corpus, index, words)
    bot = Chatbot(corpus, index, words, Clinic())
    assert not bot.follow()
    (corpus / "more.txt").write_text("The swelling fades.")
    built = build_index(corpus, index, words)
    assert (bot.follow(), bot.build, len(bot.documents())) == (True, built.id, 2)
    assert not bot.follow()


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
            texts = [hit.passage.text for hit in bot.ask_with_candidates("redness build words")[1]]
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
    assert answer.alarm
    assert answer.alarm.level is Level.EMERGENCY
    assert answer.message.startswith("Call 999 now")
    assert (answer.citations, answer.suggestions, answer.contact) == ((), (), "")


def test_what_an_aftercare_leaflet_says_to_ring_about_is_for_today(bot: Chatbot) -> None:
    answer = bot.ask("my wound is leaking yellow pus")
    assert answer.as_dict()["level"] == "today"
    assert answer.message == (
        "Please ring us today: +44 20 7946 0123. We are open Monday to Friday, 9:00 to 17:30. "
        "When we are closed, call 111. If it gets worse, call 999. Nobody reads this chat."
    )


def test_somebody_in_danger_is_given_a_crisis_line_whatever_else_they_ask(bot: Chatbot) -> None:
    answer = bot.ask("I want to kill myself. Can I still come to my appointment tomorrow?")
    assert answer.as_dict()["level"] == "crisis"
    assert "116 123" in answer.message
    assert "book" not in answer.message


def test_small_talk_gets_a_fixed_reply_and_somewhere_to_start(bot: Chatbot) -> None:
    answer = bot.ask("good morning!")
    assert (answer.outcome, answer.confidence, answer.citations) == (Outcome.REPLY, 0.0, ())
    assert answer.suggestions == bot.starters()
    assert bot.ask("good morning, does it tighten the skin?").outcome is not Outcome.REPLY


def test_where_the_pages_say_nothing_the_clinics_own_reply_is_given(bot: Chatbot) -> None:
    price = next(route for route in bot.clinic.replies if route.name == "price")
    answer = bot.ask("what would one treatment cost me?")
    assert (answer.outcome, answer.message) == (Outcome.REPLY, f"{price.reply}\n{price.link}")
    assert answer.contact == (
        "+44 20 7946 0123 (Monday to Friday, 9:00 to 17:30) · hello@clinic.example · https://clinic.example/book"
    )


def test_two_questions_of_two_kinds_get_both_replies(bot: Chatbot) -> None:
    answer = bot.ask("Where can I park and can I pay by card?")
    routes = {route.name: route for route in bot.clinic.replies}
    assert routes["address and parking"].reply.partition("{address}")[2] in answer.message
    assert routes["insurance and payment"].reply in answer.message


@pytest.mark.parametrize(("keyword", "name"), [("klarna", "insurance and payment"), ("pregnant", "suitability")])
def test_a_keyword_alone_asks_for_the_reply_that_has_it(bot: Chatbot, keyword: str, name: str) -> None:
    (route,) = (route for route in bot.clinic.replies if route.name == name)
    assert bot.ask(keyword).message.startswith(route.reply)


def test_a_reply_says_the_number_that_the_clinic_has_now(corpus: Path, encoder: Encoder, tmp_path: Path) -> None:
    route = Reply("phone", ("phone number", "what is your phone number", "how can I ring you"), "Ring {phone}.")
    build_index(corpus, tmp_path, encoder)
    bot = Chatbot(corpus, tmp_path, encoder, Clinic(contact=Contact(phone="0123"), replies=(route,)))
    assert bot.ask("what is your phone number").message == "Ring 0123."
    bot.set_clinic(Clinic(contact=Contact(phone="0456"), replies=(route,)))
    assert bot.ask("what is your phone number").message == "Ring 0456."


@pytest.mark.parametrize("question", ["can I speak to a human", "nurse please", "call me back", "a real person!!"])
def test_who_wants_a_person_is_given_the_ways_to_one_first(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question)
    assert answer.outcome is Outcome.REPLY
    assert answer.message.splitlines()[1].startswith("+44 20 7946 0123")


def test_a_symptom_of_ones_own_gets_the_clinic_first_and_nothing_marked(bot: Chatbot) -> None:
    answer = bot.ask("I have a rash on my neck since yesterday")
    assert answer.outcome in {Outcome.RELATED, Outcome.NOT_FOUND}
    assert answer.message.startswith("Please ask us about this")
    assert marked(answer) == []
    assert answer.contact


def test_where_the_pages_answer_they_go_before_the_clinics_reply(
    corpus: Path, encoder: Encoder, tmp_path: Path
) -> None:
    route = Reply("sun", ("Can I go in the sun afterwards?", "direct sun exposure", "sunbathing"), "Ask us.")
    build_index(corpus, tmp_path, encoder)
    bot = Chatbot(corpus, tmp_path, encoder, Clinic(replies=(route,)))
    assert bot.ask("Should I avoid direct sun exposure after microneedling?").citations


EMERGENCY = "my face is bleeding and it wont stop"


REMINDER = "If it is urgent after all, call 999."


@pytest.mark.parametrize("question", ["how long does that last", "and will it heal?", "what should I do"])
def test_what_goes_on_about_an_emergency_is_urgent_still_and_quotes_nothing(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question, [EMERGENCY])
    assert (answer.outcome, answer.citations) == (Outcome.URGENT, ())


@pytest.mark.parametrize("question", ["can I book?", "how much is it?", "what are your opening hours", "phone number"])
def test_a_plain_practical_question_after_an_alarm_is_answered_under_a_reminder(bot: Chatbot, question: str) -> None:
    answer = bot.ask(question, [EMERGENCY])
    assert answer.outcome is Outcome.REPLY
    assert answer.message.splitlines()[0] == REMINDER


def test_an_all_clear_ends_the_alarm(bot: Chatbot) -> None:
    clear = bot.ask("I'm fine now, it was my cat", [EMERGENCY])
    assert clear.outcome is Outcome.REPLY
    assert clear.message == f"{REMINDER}\nGood to hear. What would you like to know?"
    after = bot.ask("how much is it?", [EMERGENCY, "I'm fine now, it was my cat"])
    assert not after.message.startswith(REMINDER)


def test_the_button_that_says_it_is_no_emergency_answers_the_question_in_general(bot: Chatbot) -> None:
    answer = bot.ask("This is not an emergency", ["my face is swelling badly after microneedling"])
    assert answer.outcome in {Outcome.RELATED, Outcome.NOT_FOUND}
    assert answer.message.startswith(f"{REMINDER}\nPlease ask us about this")
    assert marked(answer) == []


def test_after_a_crisis_the_button_gives_no_passages_and_the_crisis_line_stays(bot: Chatbot) -> None:
    answer = bot.ask("This is not an emergency", ["I want to die"])
    assert (answer.outcome, answer.citations) == (Outcome.REPLY, ())
    assert "116 123" in answer.message


def test_an_emergency_lasts_as_long_as_each_question_goes_on_about_it(bot: Chatbot) -> None:
    told = ["my lips are swelling", "is it urgent", "and my eyes now"]
    assert bot.ask("how long will it last", told).outcome is Outcome.URGENT
    assert bot.ask("how long will it last", [*told[:2], "thanks, im ok now"]).outcome is not Outcome.URGENT
    assert bot.ask("hearing loop", [told[0], "what are the benefits of microneedling"]).outcome is not Outcome.URGENT


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


def test_a_question_of_its_own_in_another_language_than_the_pages_is_told_whom_to_call(bot: Chatbot) -> None:
    answer = bot.ask("quanto tempo dura il gonfiore dopo il trattamento")
    assert (answer.outcome, answer.citations) == (Outcome.NOT_FOUND, ())
    assert answer.message.startswith("In an emergency, call 999.")


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("no puedo respirar", "es"),
        ("je veux mourir", "fr"),
        ("لا أستطيع التنفس", "ar"),
        ("ich kriege keine Luft", "de"),
    ],
)
def test_an_emergency_in_another_language_than_the_pages_is_answered_in_it(
    bot: Chatbot, question: str, language: str
) -> None:
    answer = bot.ask(question)
    assert answer.alarm
    assert (answer.outcome, answer.alarm.language) == (Outcome.URGENT, language)


def test_with_another_model_it_is_said_what_does_not_work(tmp_path: Path, words: WordEncoder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "page.txt").write_text("Words about redness.")
    build_index(corpus, tmp_path / "index", words)
    bot = Chatbot(corpus, tmp_path / "index", words, Clinic())
    assert len(bot.warnings) == 3
    assert "word lists alone" in bot.warnings[0]
    assert bot.ask("I can't breathe").outcome is Outcome.URGENT
