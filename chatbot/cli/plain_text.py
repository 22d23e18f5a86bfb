"""An answer as plain text, for a terminal."""

from chatbot.clinic import Clinic
from chatbot.records import Answer, Citation, Outcome
from chatbot.triage import Wording

__all__ = ["plain_text"]


def plain_text(answer: Answer, clinic: Clinic) -> str:
    """Return an answer as text.

    An urgent one begins with the number to call, one from the pages with the sentence that answers. The line of contact
    goes before passages that probably do not answer, and after any other.
    """
    alarm = answer.alarm
    if alarm:
        wording = Wording.standard(alarm.language)
        parts = [wording.call_text(alarm.level, clinic), wording.heading(alarm.level, clinic), answer.message]
    else:
        quotes = [*map(_quote, answer.citations)]
        if answer.contact_first:
            quotes = [answer.contact, *(["This is the closest our pages come:"] if quotes else []), *quotes]
        else:
            quotes.append(answer.contact)
        searched = f"Searched for: {answer.corrected}" if answer.corrected else ""
        parts = [searched, *_message(answer), *quotes]
    return "\n\n".join(part for part in parts if part)


def _message(answer: Answer) -> list[str]:
    """Return the message, in an answer from the pages with the sentence that answers in place of its last line."""
    if answer.outcome is not Outcome.ANSWERED:
        return [answer.message]
    return [*answer.message.splitlines()[:-1], *(citation.lead for citation in answer.citations[:1])]


def _quote(citation: Citation) -> str:
    where = " > ".join((citation.passage.title, *citation.passage.headings))
    return f"[{citation.number}] From our page {where}\n{_with_marks(citation)}\n{citation.link}"


def _with_marks(citation: Citation) -> str:
    """Put the sentences that answer between angle quotation marks."""
    text = citation.passage.text
    for mark in reversed(citation.highlights):
        text = f"{text[: mark.start]}\u00ab{text[mark.start : mark.end]}\u00bb{text[mark.end :]}"
    return text
