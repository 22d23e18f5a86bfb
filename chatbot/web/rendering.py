"""Answers as HTML: the quoted passages with their marks, where each stands, and how to reach the clinic."""

import html
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from chatbot.clinic import Clinic, Contact
from chatbot.reading import unwrapped
from chatbot.records import Answer, Citation, Outcome
from chatbot.web.markup import breadcrumb, escape, marked

__all__ = ["answer_html", "apology_html", "contact_html", "question_html", "shorten"]

_LONGEST_ECHO: Final = 300  # characters of a visitor's question that the conversation shows of one that was refused
# Outcomes after which a visitor may want a person.
_WITH_CONTACT: Final = {Outcome.RELATED, Outcome.NOT_FOUND, Outcome.URGENT}
_SAFE_SCHEMES: Final = {"", "http", "https"}


def question_html(text: str) -> str:
    """Give a visitor's question, with its speaker for those who hear the page."""
    return f'{_heard("You asked: ")}<span class="said">{escape(text)}</span>'


def shorten(text: str) -> str:
    """Cut a question that is too long to be shown whole."""
    return text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO].rstrip() + " …"


def answer_html(answer: Answer, clinic: Clinic) -> str:
    """Give an answer: its message, then each quoted passage, then the contact where it may be needed."""
    contact = contact_html(clinic) if answer.outcome in _WITH_CONTACT else ""
    quotes = [_quote(one) for one in answer.citations]
    message = [_heard("Answer: "), _paragraphs(answer.message)]
    if answer.outcome is Outcome.URGENT:
        apart = ['<p class="apart">Apart from that, this is what our pages say:</p>', *quotes] if quotes else []
        parts = ['<p class="alarm">This sounds urgent</p>', _urgent_call(clinic), *message, contact, *apart]
    else:
        parts = [_searched(answer), *message, *quotes, contact]
    return f'<div class="answer {answer.outcome.value}">{"".join(parts)}</div>'


def _urgent_call(clinic: Clinic) -> str:
    phone = clinic.urgent.phone
    return f'<p class="call">{_link(_tel(phone), f"Call {phone}")}</p>' if phone else ""


def _tel(phone: str) -> str:
    return "tel:" + "".join(char for char in phone if char.isascii() and (char.isdigit() or char == "+"))


def _searched(answer: Answer) -> str:
    """Say what was searched for, where that is not what was typed."""
    if answer.understood_as == answer.question:
        return ""
    return f'<p class="searched">Searched for: {escape(shorten(answer.understood_as))}</p>'


def apology_html(message: str, clinic: Clinic, *, with_contact: bool) -> str:
    """Give what is said instead of an answer when a question could not be answered at all."""
    contact = contact_html(clinic) if with_contact else ""
    return f'<div class="answer apology">{_heard("Notice: ")}{_paragraphs(message)}{contact}</div>'


def contact_html(clinic: Clinic) -> str:
    """Give the ways to reach the clinic that it has named, and help in an emergency; nothing when it has named none.

    Whoever looks for a person may be in an emergency that was told of in words which nothing was found for.
    """
    rows = "".join(f"<li>{row}</li>" for row in _ways(clinic.contact))
    phone = clinic.urgent.phone
    ways = f'<p class="title">How to reach {escape(clinic.name)}</p><ul>{rows}</ul>' if rows else ""
    emergency = f'<p class="emergency">In an emergency, call {_link(_tel(phone), phone)}.</p>' if phone else ""
    return f'<div class="contact">{ways}{emergency}</div>' if ways or emergency else ""


def _ways(contact: Contact) -> Sequence[str]:
    ways = (
        (contact.phone, _way("Call", _link(_tel(contact.phone), contact.phone))),
        (contact.email, _way("Write", _link(f"mailto:{quote(contact.email, safe='@')}", contact.email))),
        (contact.booking, _way("Book", _link(contact.booking, "Make an appointment online", new_tab=True))),
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


def _paragraphs(text: str) -> str:
    lines = (line.strip() for line in text.splitlines())
    return "".join(f'<p class="line">{_linked(line)}</p>' for line in lines if line)


def _linked(line: str) -> str:
    """Make a link of a line that is an address and nothing else."""
    is_address = line.startswith("https://") and " " not in line
    return _link(line, line, new_tab=True) if is_address else escape(line)


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
