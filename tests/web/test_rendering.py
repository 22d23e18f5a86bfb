import re
from dataclasses import replace

import pytest

from chatbot.clinic import Clinic, Contact, Crisis, Urgent
from chatbot.records import Alarm, Answer, Citation, Highlight, Level, Outcome, Passage, Place
from chatbot.triage import LANGUAGES
from chatbot.web.http.translations import direction
from chatbot.web.visitor.rendering import answer_html, apology_html, contact_html, question_html, shorten

FULL = Clinic(
    name="Skin & Co",
    contact=Contact("+44 (20) 7946-0123", "hello@clinic.example", "https://clinic.example/book", "9 to 5", "1 Street"),
    urgent=Urgent(phone="999", crisis=Crisis(phone="116 123")),
)
LINE = "+44 (20) 7946-0123 (9 to 5) \u00b7 hello@clinic.example \u00b7 https://clinic.example/book"
LINKED = (
    '<a href="tel:+442079460123">+44 (20) 7946-0123</a> (9 to 5) \u00b7\u00a0'
    '<a href="mailto:hello@clinic.example">hello@clinic.example</a> \u00b7\u00a0'
    '<a href="https://clinic.example/book" target="_blank" rel="noopener noreferrer">Make an appointment online'
    '<span class="heard"> (opens in a new tab)</span></a>'
)
HELP = '<p class="emergency">In an emergency, call <a href="tel:999">999</a>.</p>'


def answer(outcome: Outcome, link: str = "/pages/a.txt#mark-1") -> Answer:
    passage = Passage("a.txt", "A <title>", None, ("Care", "Day 1"), 0, 18, "It hurts. A <bit>.")
    citation = Citation(1, passage, (Highlight(10, 18),), link)
    return Answer("q", "q", outcome, 0.9, "Our pages say:\nthis & that", (citation,), ())


def urgent(level: Level, language: str = "en") -> Answer:
    return Answer("q", "q", Outcome.URGENT, 0.0, "One & two.\nThree.", (), (), Alarm(level, "rule", language))


def test_a_passage_is_quoted_with_its_sentence_marked_and_its_place_named() -> None:
    found = answer_html(answer(Outcome.ANSWERED), FULL)
    assert "<blockquote>It hurts. <mark>A &lt;bit&gt;.</mark></blockquote>" in found
    assert '<a href="pages/a.txt#mark-1" target="_blank" rel="noopener noreferrer">' in found
    assert '<p class="about">Day 1</p><blockquote>' in found
    assert 'From our page <span class="where">A &lt;title&gt; › Care</span>' in found  # noqa: RUF001 -- as shown
    assert '<span class="heard">Source </span>1' in found


def test_the_message_is_shown_line_by_line() -> None:
    lines = '<p class="line" dir="auto">Our pages say:</p><p class="line" dir="auto">this &amp; that</p>'
    assert lines in answer_html(answer(Outcome.RELATED), FULL)


def test_an_answer_begins_with_its_sentence_below_a_reminder() -> None:
    reminded = answer_html(answer(Outcome.ANSWERED), FULL)
    assert reminded.startswith(
        '<div class="answer answered"><span class="heard">Answer: </span><p class="line" dir="auto">Our pages say:</p>'
        '<figure class="quote"><p class="lead">A &lt;bit&gt;.</p><p class="about">Day 1</p><blockquote>'
    )
    assert "this &amp; that" not in reminded


def test_a_passage_that_begins_with_its_sentence_does_not_repeat_it() -> None:
    found = answer(Outcome.ANSWERED)
    at_once = replace(found, citations=(replace(found.citations[0], highlights=(Highlight(0, 9),)),))
    assert 'class="lead"' not in answer_html(at_once, FULL)
    assert 'class="lead"' not in answer_html(answer(Outcome.RELATED), FULL)


def test_further_passages_are_folded_unless_they_answer_too() -> None:
    first = answer(Outcome.ANSWERED).citations[0]
    second, third = replace(first, number=2), replace(first, number=3, highlights=())
    found = answer_html(replace(answer(Outcome.ANSWERED), citations=(first, second, third)), FULL)
    assert found.count("<details") == 1
    assert "<summary>A &lt;title&gt; › Care › Day 1</summary>" in found  # noqa: RUF001 -- the arrow that is shown
    assert found.index("<details") > found.index('<span class="heard">Source </span>2')
    assert (found.count("<mark>"), found.count('class="lead"')) == (2, 2)


def test_what_may_not_answer_is_folded_below_the_contact() -> None:
    first = replace(answer(Outcome.RELATED).citations[0], highlights=())
    weak = replace(answer(Outcome.RELATED), citations=(first,), contact=LINE, contact_first=True)
    found = answer_html(weak, FULL)
    parts = ["this &amp; that", 'class="reach"', "This is the closest our pages come:", "<details", "<blockquote>"]
    assert sorted(parts, key=found.index) == parts
    assert "<mark>" not in found


def test_what_the_pages_say_in_general_stands_open_without_a_mark() -> None:
    first = replace(answer(Outcome.RELATED).citations[0], highlights=())
    found = answer_html(replace(answer(Outcome.RELATED), citations=(first,)), FULL)
    assert "<details" not in found
    assert "<mark>" not in found


def test_only_a_corrected_question_is_named() -> None:
    follow_up = replace(answer(Outcome.ANSWERED), understood_as="Does it hurt? q")
    assert "Searched for" not in answer_html(follow_up, FULL)
    corrected = answer_html(replace(follow_up, corrected="<q>"), FULL)
    assert '<p class="searched">Searched for: &lt;q&gt;</p>' in corrected


@pytest.mark.parametrize(
    ("level", "call", "heading"),
    [
        (Level.EMERGENCY, '<a href="tel:999">Call 999</a>', "This sounds urgent"),
        (Level.CRISIS, '<a href="tel:116123">Call 116 123</a>', "You are not alone"),
        (Level.TODAY, '<a href="tel:+442079460123">Call +44 (20) 7946-0123</a>', "Please ring us today"),
    ],
)
def test_the_number_comes_first_in_an_urgent_answer(level: Level, call: str, heading: str) -> None:
    assert answer_html(urgent(level), FULL) == (
        f'<div class="answer urgent {level.value}" lang="en" dir="ltr"><p class="call">{call}</p>'
        f'<p class="alarm">{heading}</p><p class="line">One &amp; two.</p><p class="line">Three.</p></div>'
    )


@pytest.mark.parametrize("level", Level)
def test_without_a_number_the_text_of_an_urgent_answer_stands_alone(level: Level) -> None:
    found = answer_html(urgent(level), Clinic())
    assert "<a" not in found
    assert found.index('class="alarm"') < found.index("One &amp; two.")


def test_an_urgent_answer_speaks_the_language_of_the_alarm() -> None:
    found = answer_html(urgent(Level.EMERGENCY, "de"), FULL)
    assert found.startswith('<div class="answer urgent emergency" lang="de" dir="ltr">')
    assert '<a href="tel:999">999 anrufen</a></p>' in found
    assert "Das klingt dringend" in found


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_urgent_answer_can_be_shown_in_every_language(language: str) -> None:
    found = answer_html(urgent(Level.CRISIS, language), FULL)
    assert found.startswith(f'<div class="answer urgent crisis" lang="{language}" dir="{direction(language)}">')
    assert re.search(r'<p class="call"><a href="tel:116123">[^<]*116 123[^<]*</a></p><p class="alarm">[^<]+</p>', found)


def test_the_line_of_contact_ends_an_answer_with_links() -> None:
    for outcome in (Outcome.RELATED, Outcome.NOT_FOUND, Outcome.REPLY):
        found = answer_html(replace(answer(outcome), contact=LINE), FULL)
        assert found.endswith(f'</figure><div class="reach"><p class="ways" dir="auto">{LINKED}</p>{HELP}</div></div>')
        assert 'class="contact"' not in found


def test_an_answer_from_the_pages_comes_without_the_contact() -> None:
    assert 'class="reach"' not in answer_html(answer(Outcome.ANSWERED), FULL)
    assert LINKED in answer_html(replace(answer(Outcome.ANSWERED), contact=LINE), FULL)


def test_help_in_an_emergency_is_named_once() -> None:
    assert HELP in answer_html(answer(Outcome.NOT_FOUND), FULL)
    assert HELP in answer_html(replace(answer(Outcome.NOT_FOUND), message="Since 1999."), FULL)
    said = replace(answer(Outcome.NOT_FOUND), message="In an emergency, call 999.")
    shown = answer_html(said, FULL)
    assert 'In an emergency, call <a href="tel:999">999</a>.</p>' in shown
    assert shown.count("emergency") == 1


def test_a_line_of_contact_within_a_message_is_linked() -> None:
    found = answer_html(replace(answer(Outcome.REPLY), message=f"Of course:\n{LINE}\nNo messages."), FULL)
    assert f'<p class="line" dir="auto">{LINKED}</p><p class="line" dir="auto">No messages.</p>' in found


def test_a_message_that_only_speaks_of_the_contact_is_no_link() -> None:
    said = "Our number is +44 (20) 7946-0123, our address hello@clinic.example."
    assert said in answer_html(replace(answer(Outcome.REPLY), message=said), FULL)


def test_an_address_that_would_run_something_is_not_linked() -> None:
    found = answer_html(answer(Outcome.ANSWERED, "JavaScript:alert(1)"), FULL)
    assert "JavaScript:" not in found
    assert 'href="#"' in found


def test_the_contact_can_be_called_written_to_and_booked() -> None:
    found = contact_html(FULL)
    assert "How to reach Skin &amp; Co" in found
    assert '<a href="tel:+442079460123">+44 (20) 7946-0123</a>' in found
    assert '<a href="mailto:hello@clinic.example">hello@clinic.example</a>' in found
    assert '<a href="https://clinic.example/book" target="_blank" rel="noopener noreferrer">' in found
    assert "9 to 5" in found
    assert "1 Street" in found


def test_what_a_clinic_has_not_named_is_not_shown() -> None:
    assert contact_html(Clinic()) == ""
    assert 'In an emergency, call <a href="tel:999">999</a>.' in contact_html(Clinic(urgent=Urgent(phone="999")))
    found = contact_html(Clinic(contact=Contact(hours="9 to 5")))
    assert found.count("<li>") == 1
    assert "href" not in found


def test_a_question_is_shown_as_typed() -> None:
    assert '<span class="said">&lt;img src=x&gt; ${1}</span>' in question_html("<img src=x> ${1}")


def test_a_refused_question_is_shown_in_short() -> None:
    assert shorten("x" * 300) == "x" * 300
    assert shorten("x" * 301) == "x" * 300 + " …"


def test_an_apology_says_why_and_may_offer_the_contact() -> None:
    assert '<p class="line" dir="auto">Too long.</p></div>' in apology_html("Too long.", FULL, with_contact=False)
    assert "tel:" in apology_html("Broken.", FULL, with_contact=True)


def test_other_pages_with_the_same_words_are_folded_below_the_link() -> None:
    place = Place("print/a.txt", "Care (Print)", None, "/pages/print/a.txt#mark-1")
    cited = replace(answer(Outcome.ANSWERED).citations[0], page="Care (Leeds)", also_at=(place,))
    found = answer_html(replace(answer(Outcome.ANSWERED), citations=(cited,)), FULL)
    also = found.partition('<details class="also">')[2].partition("</details>")[0]
    assert also.startswith("<summary>The same words also stand on:</summary><ul><li><a ")
    assert 'href="pages/print/a.txt#mark-1"' in also
    assert "Care (Print)" in also
    assert '<span class="where">Care (Leeds)' in found
    assert '<details class="also">' not in answer_html(answer(Outcome.ANSWERED), FULL)
