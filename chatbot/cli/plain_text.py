"""An answer as plain text, for a terminal."""

from chatbot.clinic import Clinic
from chatbot.records import Answer, Citation
from chatbot.triage import Wording

__all__ = ["plain_text"]


def plain_text(answer: Answer, clinic: Clinic) -> str:
    """Return an answer as text: the number to call where it is urgent, the message, the quotes, the line of contact."""
    alarm = answer.alarm
    if alarm:
        wording = Wording.standard(alarm.language)
        parts = [wording.call_text(alarm.level, clinic), wording.heading(alarm.level, clinic), answer.message]
    else:
        searched = f"Searched for: {answer.understood_as}" if answer.understood_as != answer.question else ""
        parts = [answer.message, searched, *map(_quote, answer.citations), answer.contact]
    return "\n\n".join(part for part in parts if part)


def _quote(citation: Citation) -> str:
    where = " > ".join((citation.passage.title, *citation.passage.headings))
    return f"[{citation.number}] {where}\n{_with_marks(citation)}\n{citation.link}"


def _with_marks(citation: Citation) -> str:
    """Put the sentences that answer between angle quotation marks."""
    text = citation.passage.text
    for mark in reversed(citation.highlights):
        text = f"{text[: mark.start]}\u00ab{text[mark.start : mark.end]}\u00bb{text[mark.end :]}"
    return text
