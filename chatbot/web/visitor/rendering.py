"""Answers as HTML: the number to call, the quoted passages with their marks, and how to reach the clinic."""

import html
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Self
from urllib.parse import quote, urlsplit

from chatbot.answering import call_text, number_to_call
from chatbot.clinic import Clinic, Contact
from chatbot.reading import unwrapped
from chatbot.records import Answer, Citation, Outcome
from chatbot.triage import Wording
from chatbot.web.http.markup import breadcrumb, escape, marked
from chatbot.web.http.translations import direction

__all__ = ["UrgentTexts", "answer_html", "apology_html", "contact_html", "question_html", "shorten", "urgent_field"]

_LONGEST_ECHO: Final = 300  # characters of a visitor's question that the conversation shows of one that was refused
_BETWEEN_WAYS: Final = " \u00b7 "  # in the line of contact
_SAFE_SCHEMES: Final = {"", "http", "https"}


@dataclass(frozen=True, slots=True)
class UrgentTexts:
    """The texts around an urgent message, in the language that the alarm was raised in.

    `phone` is the number to call and `call` the words of its link; both are empty where clinic.toml names no number.
    `dismiss` is the text of the button, which is asked word for word. `dir` is `ltr` or `rtl`.
    """

    heading: str
    call: str
    phone: str
    dismiss: str
    language: str
    dir: str

    @classmethod
    def of(cls, answer: Answer, clinic: Clinic) -> Self | None:
        """Return the texts for an urgent answer, and None for any other."""
        alarm = answer.alarm
        if alarm is None:
            return None
        wording, phone = Wording.standard(alarm.language), number_to_call(alarm.level, clinic)
        return cls(
            heading=wording.heading(alarm.level, clinic),
            call=call_text(alarm.language, phone, clinic),
            phone=phone,
            dismiss=wording.say("not_an_emergency", clinic),
            language=alarm.language,
            dir=direction(alarm.language),
        )


def urgent_field(answer: Answer, clinic: Clinic) -> dict[str, object]:
    """Return what `POST /api/ask` adds to an urgent answer; an empty dictionary for any other."""
    texts = UrgentTexts.of(answer, clinic)
    return {"urgent": asdict(texts)} if texts else {}


def question_html(text: str) -> str:
    """Return a visitor's question as HTML, with its speaker for screen readers."""
    return f'{_heard("You asked: ")}<span class="said">{escape(text)}</span>'


def shorten(text: str) -> str:
    """Cut a question that is too long to be shown whole."""
    return text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO].rstrip() + " …"


def answer_html(answer: Answer, clinic: Clinic) -> str:
    """Return an answer as HTML: its message, each quoted passage, the line of contact.

    Of an urgent answer the number to call stands first, and nothing else can be followed.
    """
    texts = UrgentTexts.of(answer, clinic)
    if texts and answer.alarm:
        place = f'class="answer urgent {answer.alarm.level.value}" lang="{texts.language}" dir="{texts.dir}"'
        call = f'<p class="call">{_link(_tel(texts.phone), texts.call)}</p>' if texts.phone else ""
        message = "".join(f'<p class="line">{escape(line)}</p>' for line in _lines(answer.message))
        return f'<div {place}>{call}<p class="alarm">{escape(texts.heading)}</p>{message}</div>'
    message = _heard("Answer: ") + _paragraphs(answer.message, clinic.contact)
    quotes = [_quote(one) for one in answer.citations]
    parts = [_searched(answer), message, *quotes, _reach(answer, clinic)]
    return f'<div class="answer {answer.outcome.value}">{"".join(parts)}</div>'


def _reach(answer: Answer, clinic: Clinic) -> str:
    """Return the line of contact, and help in an emergency unless the message names the number."""
    if answer.outcome is Outcome.ANSWERED and not answer.contact:
        return ""
    line = f'<p class="ways" dir="auto">{_linked(answer.contact, clinic.contact)}</p>' if answer.contact else ""
    phone = clinic.urgent.phone
    says_it = re.search(rf"(?<!\d){re.escape(phone)}(?!\d)", answer.message)
    emergency = "" if says_it else _emergency(clinic)
    return f'<div class="reach">{line}{emergency}</div>' if line or emergency else ""


def _emergency(clinic: Clinic) -> str:
    phone = clinic.urgent.phone
    return f'<p class="emergency">In an emergency, call {_link(_tel(phone), phone)}.</p>' if phone else ""


def _tel(phone: str) -> str:
    return "tel:" + "".join(char for char in phone if char.isascii() and (char.isdigit() or char == "+"))


def _searched(answer: Answer) -> str:
    """Say what was searched for, where that is not what was typed."""
    if answer.understood_as == answer.question:
        return ""
    return f'<p class="searched">Searched for: {escape(shorten(answer.understood_as))}</p>'


def apology_html(message: str, clinic: Clinic, *, with_contact: bool) -> str:
    """Return what is said instead of an answer when a question could not be answered at all."""
    contact = contact_html(clinic) if with_contact else ""
    return f'<div class="answer apology">{_heard("Notice: ")}{_paragraphs(message, clinic.contact)}{contact}</div>'


def contact_html(clinic: Clinic) -> str:
    """Return a card with the ways to reach the clinic and the emergency number, for when the server cannot be asked.

    It is empty where clinic.toml names none of them.
    """
    rows = "".join(f"<li>{row}</li>" for row in _ways(clinic.contact))
    ways = f'<p class="title">How to reach {escape(clinic.name)}</p><ul>{rows}</ul>' if rows else ""
    emergency = _emergency(clinic)
    return f'<div class="contact">{ways}{emergency}</div>' if ways or emergency else ""


def _ways(contact: Contact) -> Sequence[str]:
    ways = (
        (contact.phone, _way("Call", _link(_tel(contact.phone), contact.phone))),
        (contact.email, _way("Write", _mail(contact.email))),
        (contact.booking, _way("Book", _book(contact.booking))),
        (contact.hours, _way("Open", escape(contact.hours))),
        (contact.address, _way("Visit", escape(contact.address))),
    )
    return [way for said, way in ways if said]


def _way(name: str, value: str) -> str:
    return f'<span class="way">{name}</span> {value}'


def _quote(citation: Citation) -> str:
    passage = citation.passage
    where = breadcrumb((passage.title, *passage.headings))
    place = (
        f'<span class="number">{_heard("Source ")}{citation.number}</span>'
        f'<span class="where">{escape(where)}</span>'
        f"{_heard(' (opens the page at this passage, in a new tab)')}"
    )
    # A heading is often the question that the passage answers: "Yes." says nothing without it.
    about = f'<p class="about">{escape(passage.headings[-1])}</p>' if passage.headings else ""
    return (
        f'<figure class="quote">{about}<blockquote>{marked(unwrapped(passage.text), citation.highlights)}</blockquote>'
        f"<figcaption>{_anchor(_safe(citation.link), place, new_tab=True)}</figcaption></figure>"
    )


def _paragraphs(text: str, contact: Contact) -> str:
    return "".join(f'<p class="line" dir="auto">{_linked(line, contact)}</p>' for line in _lines(text))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _linked(line: str, contact: Contact) -> str:
    """Return a line with its ways to reach the clinic as links, and as a link what is an address and nothing else."""
    if line.startswith("https://") and " " not in line and line != contact.booking:
        return _link(line, line, new_tab=True)
    return _BETWEEN_WAYS.join(_linked_way(part, contact) for part in line.split(_BETWEEN_WAYS))


def _linked_way(part: str, contact: Contact) -> str:
    if part and part == contact.email:
        return _mail(part)
    if part and part == contact.booking:
        return _book(part)
    if contact.phone and f"{part} ".startswith(f"{contact.phone} "):  # the opening hours may follow
        return _link(_tel(contact.phone), contact.phone) + escape(part.removeprefix(contact.phone))
    return escape(part)


def _mail(address: str) -> str:
    return _link(f"mailto:{quote(address, safe='@')}", address)


def _book(address: str) -> str:
    return _link(address, "Make an appointment online", new_tab=True)


def _link(address: str, text: str, *, new_tab: bool = False) -> str:
    return _anchor(address, escape(text) + (_heard(" (opens in a new tab)") if new_tab else ""), new_tab=new_tab)


def _anchor(address: str, content: str, *, new_tab: bool) -> str:
    target = ' target="_blank" rel="noopener noreferrer"' if new_tab else ""
    return f'<a href="{html.escape(address)}"{target}>{content}</a>'


def _safe(address: str) -> str:
    """Give an address that a page of the corpus named, unless following it would run something."""
    return address if urlsplit(address).scheme.lower() in _SAFE_SCHEMES else "#"


def _heard(text: str) -> str:
    """Give words for those who hear the page."""
    return f'<span class="heard">{escape(text)}</span>'
