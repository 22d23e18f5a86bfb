from chatbot.clinic import Clinic, Contact, Urgent
from chatbot.records import Answer, Citation, Highlight, Outcome, Passage
from chatbot.web.rendering import answer_html, apology_html, contact_html, question_html, shorten

FULL = Clinic(
    name="Skin & Co",
    contact=Contact("+44 (20) 7946-0123", "hello@clinic.example", "https://clinic.example/book", "9 to 5", "1 Street"),
)


def answer(outcome: Outcome, link: str = "/pages/a.txt#mark-1") -> Answer:
    passage = Passage("a.txt", "A <title>", None, ("Care", "Day 1"), 0, 18, "It hurts. A <bit>.")
    citation = Citation(1, passage, (Highlight(10, 18),), link)
    return Answer("q", "q", outcome, 0.9, "Our pages say:\nthis & that", (citation,), ())


def test_a_passage_is_quoted_with_its_sentence_marked_and_its_place_named() -> None:
    found = answer_html(answer(Outcome.ANSWERED), FULL)
    assert "<blockquote>It hurts. <mark>A &lt;bit&gt;.</mark></blockquote>" in found
    assert '<a href="/pages/a.txt#mark-1" target="_blank" rel="noopener noreferrer">' in found
    assert "A &lt;title&gt; › Care › Day 1" in found  # noqa: RUF001 -- the arrow that is shown
    assert '<span class="heard">Source </span>1' in found


def test_the_message_is_given_line_by_line() -> None:
    assert '<p class="line">Our pages say:</p><p class="line">this &amp; that</p>' in answer_html(
        answer(Outcome.ANSWERED), FULL
    )


def test_only_an_answer_that_may_not_do_comes_with_the_contact() -> None:
    assert 'class="contact"' not in answer_html(answer(Outcome.ANSWERED), FULL)
    assert 'class="contact"' not in answer_html(answer(Outcome.REPLY), FULL)
    for outcome in (Outcome.RELATED, Outcome.NOT_FOUND, Outcome.URGENT):
        assert 'class="contact"' in answer_html(answer(outcome), FULL)


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
    assert '<p class="line">Too long.</p></div>' in apology_html("Too long.", FULL, with_contact=False)
    assert "tel:" in apology_html("Broken.", FULL, with_contact=True)
