"""An answer as plain text, for a terminal."""

from chatbot.clinic import Contact
from chatbot.records import Answer, Citation, Outcome

__all__ = ["plain_text"]

_WITHOUT_CONTACT = {Outcome.ANSWERED, Outcome.REPLY}


def plain_text(answer: Answer, contact: Contact) -> str:
    """Give an answer's message and quotes, what was searched for if it is not what was typed, and the contact."""
    searched = [f"Searched for: {answer.understood_as}"] if answer.understood_as != answer.question else []
    ways = [way for way in (contact.phone, contact.email, contact.booking, contact.hours, contact.address) if way]
    reach = [] if answer.outcome in _WITHOUT_CONTACT else ["\n".join(ways)]
    return "\n\n".join([answer.message, *searched, *map(_quote, answer.citations), *reach])


def _quote(citation: Citation) -> str:
    where = " > ".join((citation.passage.title, *citation.passage.headings))
    return f"[{citation.number}] {where}\n{_marked(citation)}\n{citation.link}"


def _marked(citation: Citation) -> str:
    """Put the sentences that answer between angle quotation marks."""
    text = citation.passage.text
    for mark in reversed(citation.highlights):
        text = f"{text[: mark.start]}\u00ab{text[mark.start : mark.end]}\u00bb{text[mark.end :]}"
    return text
