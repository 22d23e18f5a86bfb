from dataclasses import replace

from chatbot.answering.compose import distinct, in_general, reply, urgent
from chatbot.answering.suggestions import suggestions
from chatbot.records import Alarm, Answer, Citation, Highlight, Hit, Level, Outcome, Passage


def passage(text: str, heading: str = "Care", start: int = 0) -> Passage:
    return Passage("page.txt", "Page", None, (heading,), start, start + len(text), text)


def answer(outcome: Outcome) -> Answer:
    cited = Citation(1, passage("Some redness is normal."), (Highlight(0, 23),), "/pages/page.txt")
    return Answer("help", "help", outcome, 0.4, "This is what our pages say:", (cited,), ("Care",))


def test_passages_that_say_the_same_twice_are_shown_once() -> None:
    one, again = passage("Keep the area clean and dry."), passage("Keep the area clean, and dry!", start=99)
    other = passage("Keep out of the sun for a week.", start=200)
    assert [hit.passage for hit in distinct([Hit(one, 0.9), Hit(again, 0.8), Hit(other, 0.7)])] == [one, other]


def test_an_alarm_is_answered_with_fixed_words_and_quotes_nothing() -> None:
    alarm = Alarm(Level.CRISIS, "self-harm")
    told = urgent("help", alarm, "Call now.")
    assert (told.outcome, told.message, told.alarm) == (Outcome.URGENT, "Call now.", alarm)
    assert (told.citations, told.suggestions, told.contact) == ((), (), "")
    assert told.as_dict()["level"] == "crisis"


def test_what_the_pages_say_in_general_is_not_marked() -> None:
    told = in_general(answer(Outcome.ANSWERED), "Please ask us.")
    assert (told.outcome, told.message) == (Outcome.RELATED, "Please ask us.")
    assert [one.highlights for one in told.citations] == [()]


def test_a_line_of_contact_ends_the_message_of_the_api() -> None:
    told = replace(answer(Outcome.RELATED), contact="0123")
    assert told.as_dict()["message"] == "This is what our pages say:\n0123"
    assert told.as_dict()["contact"] == "0123"


def test_a_reply_quotes_nothing_and_is_sure_of_nothing() -> None:
    told = reply("price?", "See our list.", "https://clinic.example/prices")
    assert (told.outcome, told.confidence, told.citations) == (Outcome.REPLY, 0, ())
    assert told.message == "See our list.\nhttps://clinic.example/prices"


def test_suggestions_are_headings_that_were_neither_asked_nor_shown_questions_first() -> None:
    shown = passage("Clean it.", "Care")
    hits = [
        Hit(passage("Clean it.", heading, start), 1.0)
        for start, heading in enumerate(["Care", "The price", "Does it hurt?", "How long?", "x" * 81, "Who may?"])
    ]
    assert suggestions("how long", hits, [shown]) == ("Does it hurt?", "Who may?", "The price")
