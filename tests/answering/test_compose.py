from chatbot.answering import distinct, reply, urgent
from chatbot.answering.suggestions import suggestions
from chatbot.clinic import Urgent
from chatbot.records import Answer, Citation, Highlight, Hit, Outcome, Passage


def passage(text: str, heading: str = "Care", start: int = 0) -> Passage:
    return Passage("page.txt", "Page", None, (heading,), start, start + len(text), text)


def answer(outcome: Outcome) -> Answer:
    cited = Citation(1, passage("Some redness is normal."), (Highlight(0, 23),), "/pages/page.txt")
    return Answer("help", "help", outcome, 0.4, "This is what our pages say:", (cited,), ("Care",))


def test_passages_that_say_the_same_twice_are_shown_once() -> None:
    one, again = passage("Keep the area clean and dry."), passage("Keep the area clean, and dry!", start=99)
    other = passage("Keep out of the sun for a week.", start=200)
    assert [hit.passage for hit in distinct([Hit(one, 0.9), Hit(again, 0.8), Hit(other, 0.7)])] == [one, other]


def test_an_emergency_gets_the_clinics_words_and_number_and_no_passage_that_only_comes_near() -> None:
    told = urgent(answer(Outcome.RELATED), Urgent("Call now.", "999"))
    assert (told.outcome, told.message, told.citations, told.suggestions) == (
        Outcome.URGENT,
        "Call now.\n999",
        (),
        (),
    )
    assert len(urgent(answer(Outcome.ANSWERED), Urgent("Call 999 now.", "999")).citations) == 1


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
