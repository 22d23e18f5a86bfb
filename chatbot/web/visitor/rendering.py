"""Answers as HTML: the number to call, the quoted passages with their marks, and how to reach the clinic."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Final, Self
from urllib.parse import quote, urlsplit

from chatbot.clinic import Clinic, Contact
from chatbot.records import Answer, Citation, Outcome
from chatbot.triage import Wording
from chatbot.web.http.markup import Html, breadcrumb
from chatbot.web.http.translations import direction, english
from chatbot.web.visitor.layout import quoted

__all__ = [
    "UrgentTexts",
    "answer_html",
    "apology_html",
    "contact_html",
    "new_tab_link",
    "question_html",
    "shorten",
    "urgent_field",
]

_LONGEST_ECHO: Final = 300  # characters that the conversation shows of a question that was refused
_BETWEEN_WAYS: Final = Html(" \u00b7 ")  # in the line of contact
_SHOWN_BETWEEN_WAYS: Final = Html(" \u00b7\u00a0")  # no line on a narrow screen ends with the dot
_SAFE_SCHEMES: Final = {"", "http", "https"}


@dataclass(frozen=True, slots=True)
class UrgentTexts:
    """The texts around an urgent message, in the language that the alarm was raised in.

    `phone` is the number to call and `call` the text of its link. Both are empty where clinic.toml names no number.
    `dismiss` is the text of the button that dismisses the alarm. It is asked as a question, word for word. `dir` is
    `ltr` or `rtl`.
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
        wording = Wording.standard(alarm.language)
        return cls(
            heading=wording.heading(alarm.level, clinic),
            call=wording.call_text(alarm.level, clinic),
            phone=wording.number_to_call(alarm.level, clinic),
            dismiss=wording.say("not_an_emergency", clinic),
            language=alarm.language,
            dir=direction(alarm.language),
        )


def urgent_field(answer: Answer, clinic: Clinic) -> dict[str, object]:
    """Return what `POST /api/ask` adds to an urgent answer; an empty dictionary for any other."""
    texts = UrgentTexts.of(answer, clinic)
    return {"urgent": asdict(texts)} if texts else {}


def question_html(text: str) -> Html:
    """Return a visitor's question, with its speaker for screen readers."""
    return Html('{}<span class="said">{}</span>').format(_screen_reader_only("You asked: "), text)


def shorten(text: str) -> str:
    """Cut a question that is too long to be shown whole."""
    return text if len(text) <= _LONGEST_ECHO else text[:_LONGEST_ECHO].rstrip() + " …"


def answer_html(answer: Answer, clinic: Clinic, root: str = "") -> Html:
    """Return an answer: its message, the quoted passages, and the line of contact, which may go before them.

    `root` leads from the page that shows it to the server's first page, such as `../`.

    An answer from the pages begins with the sentence that answers. Passages that are not marked are folded, except the
    first where neither the contact nor choices go before it. In an urgent answer the number to call stands first, and
    there is no other link.
    """
    texts = UrgentTexts.of(answer, clinic)
    if texts and answer.alarm:
        call = Html('<p class="call">{}</p>').format(_link(_tel(texts.phone), texts.call)) if texts.phone else ""
        return Html('<div class="answer urgent {}" lang="{}" dir="{}">{}<p class="alarm">{}</p>{}</div>').format(
            answer.alarm.level.value,
            texts.language,
            texts.dir,
            call,
            texts.heading,
            _join(Html('<p class="line">{}</p>').format(line) for line in _lines(answer.message)),
        )
    answer = replace(answer, citations=tuple(_seen_from(root, citation) for citation in answer.citations))
    reach, quotes = _reach(answer, clinic), _join(_open_or_folded(answer, citation) for citation in answer.citations)
    parts = (reach, _closest(answer), quotes) if answer.contact_first else (_choices(answer), quotes, reach)
    return Html('<div class="answer {}">{}{}{}{}</div>').format(
        answer.outcome.value,
        _searched(answer),
        _screen_reader_only("Answer: "),
        _paragraphs(_above_citations(answer), clinic),
        _join(parts),
    )


def _above_citations(answer: Answer) -> list[str]:
    """Return the lines of a message, without the last where it announces what says itself where it comes from."""
    lines = _lines(answer.message)
    return lines[:-1] if answer.outcome is Outcome.ANSWERED else lines


def _closest(answer: Answer) -> Html:
    return Html('<p class="closest">{}</p>').format(english("closest")) if answer.citations else Html()


def _choices(answer: Answer) -> Html:
    """Return a button for each page that the visitor may mean; `chat.js` names the group and asks what is pressed."""
    button = Html('<button type="button"><span dir="auto">{}</span></button>')
    group = Html('<div class="choices" role="group">{}</div>')
    return group.format(_join(button.format(choice.title) for choice in answer.choices)) if answer.choices else Html()


def _open_or_folded(answer: Answer, citation: Citation) -> Html:
    is_first = citation.number == 1
    if citation.highlights or (is_first and not answer.contact_first and not answer.choices):
        return _quote(citation, lead=answer.outcome is Outcome.ANSWERED)
    return _folded(citation)


def _folded(citation: Citation) -> Html:
    """Return a passage that opens under its place on the page."""
    place = breadcrumb((_page_name(citation), *citation.passage.headings))
    return Html('<details class="folded"><summary>{}</summary>{}</details>').format(place, _quote(citation))


def _reach(answer: Answer, clinic: Clinic) -> Html:
    """Return the line of contact, and help in an emergency unless the message names the number."""
    if not answer.contact and (answer.outcome is Outcome.ANSWERED or answer.choices):
        return Html()
    ways = _linked(answer.contact, clinic)
    line = Html('<p class="ways" dir="auto">{}</p>').format(ways) if answer.contact else ""
    phone = clinic.urgent.phone
    is_named = re.search(rf"(?<!\d){re.escape(phone)}(?!\d)", answer.message)
    emergency = "" if is_named else _emergency(clinic)
    return Html('<div class="reach">{}{}</div>').format(line, emergency) if line or emergency else Html()


def _emergency(clinic: Clinic) -> Html:
    phone = clinic.urgent.phone
    line = Html('<p class="emergency">In an emergency, call {}.</p>')
    return line.format(_link(_tel(phone), phone)) if phone else Html()


def _tel(phone: str) -> str:
    return "tel:" + "".join(char for char in phone if char.isascii() and (char.isdigit() or char == "+"))


def _searched(answer: Answer) -> Html:
    """Return the line that names the question as it was corrected, or nothing where no word was."""
    line = Html('<p class="searched">{} {}</p>')
    return line.format(english("understood"), shorten(answer.corrected)) if answer.corrected else Html()


def apology_html(message: str, clinic: Clinic, *, with_contact: bool) -> Html:
    """Return the notice that stands in place of an answer when a question could not be answered."""
    return Html('<div class="answer apology">{}{}{}</div>').format(
        _screen_reader_only("Notice: "),
        _paragraphs(_lines(message), clinic),
        contact_html(clinic) if with_contact else "",
    )


def contact_html(clinic: Clinic) -> Html:
    """Return a card with the ways to reach the clinic and the emergency number, for when the server cannot be asked.

    It is empty where clinic.toml names none of them.
    """
    rows = _join(_ways(clinic.contact))
    ways = Html('<p class="title">How to reach {}</p><ul>{}</ul>').format(clinic.name, rows) if rows else ""
    emergency = _emergency(clinic)
    return Html('<div class="contact">{}{}</div>').format(ways, emergency) if ways or emergency else Html()


def _ways(contact: Contact) -> Iterator[Html]:
    """Yield an item for each way to reach the clinic that clinic.toml names."""
    for name, value, content in (
        ("Call", contact.phone, _link(_tel(contact.phone), contact.phone)),
        ("Write", contact.email, _mail(contact.email)),
        ("Book", contact.booking, _book(contact.booking)),
        ("Open", contact.hours, contact.hours),
        ("Visit", contact.address, contact.address),
    ):
        if value:
            yield Html('<li><span class="way">{}</span> {}</li>').format(name, content)


def _quote(citation: Citation, *, lead: bool = False) -> Html:
    """Return a passage with its heading and the link to its page, if wanted after the sentences that answer."""
    passage = citation.passage
    before, after = english("from_page").split("{page}")
    place = Html('<span class="number">{}{}</span><span>{}<span class="where">{}</span>{}</span>{}').format(
        _screen_reader_only("Source "),
        citation.number,
        before,
        breadcrumb((_page_name(citation), *passage.headings[:-1])),
        after,
        _screen_reader_only(" (opens the page at this passage, in a new tab)"),
    )
    sentence = Html('<p class="lead">{}</p>').format(citation.lead) if lead and citation.lead else ""
    # A heading is often the question that the passage answers: "Yes." says nothing without it.
    about = Html('<p class="about">{}</p>').format(passage.headings[-1]) if passage.headings else ""
    return Html('<figure class="quote">{}{}<blockquote>{}</blockquote><figcaption>{}{}</figcaption></figure>').format(
        sentence,
        about,
        quoted(passage.text, citation.highlights, citation.blocks, citation.header),
        _anchor(_safe(citation.link), place, new_tab=True),
        _also_at(citation),
    )


def _page_name(citation: Citation) -> str:
    return citation.page or citation.passage.title


def _also_at(citation: Citation) -> Html:
    """Return the other pages that hold the words, folded."""
    if not citation.also_at:
        return Html()
    item = Html("<li>{}</li>")
    pages = _join(item.format(new_tab_link(_safe(place.link), place.title)) for place in citation.also_at)
    return Html('<details class="also"><summary>{}</summary><ul>{}</ul></details>').format(english("also_at"), pages)


def _paragraphs(lines: Iterable[str], clinic: Clinic) -> Html:
    paragraph = Html('<p class="line" dir="auto">{}</p>')
    return _join(paragraph.format(_linked(line, clinic)) for line in lines)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _linked(line: str, clinic: Clinic) -> Html:
    """Return a line with its ways to reach the clinic as links; a line that is an address becomes a link as a whole."""
    if line.startswith("https://") and " " not in line and line != clinic.contact.booking:
        return new_tab_link(line, line)
    return _SHOWN_BETWEEN_WAYS.join(_linked_way(part, clinic) for part in line.split(_BETWEEN_WAYS))


def _linked_way(part: str, clinic: Clinic) -> Html:
    contact, emergency = clinic.contact, clinic.urgent.phone
    if part and part == contact.email:
        return _mail(part)
    if part and part == contact.booking:
        return _book(part)
    if contact.phone and f"{part} ".startswith(f"{contact.phone} "):  # the opening hours may follow
        return _link(_tel(contact.phone), contact.phone) + part.removeprefix(contact.phone)
    if emergency and (named := re.search(rf"(?<!\d){re.escape(emergency)}(?!\d)", part)):
        before, after = part[: named.start()], part[named.end() :]
        return Html("{}{}{}").format(before, _link(_tel(emergency), emergency), after)
    return Html.escape(part)


def _mail(address: str) -> Html:
    return _link(f"mailto:{quote(address, safe='@')}", address)


def _book(address: str) -> Html:
    return new_tab_link(address, "Make an appointment online")


def new_tab_link(address: str, text: str) -> Html:
    """Return a link that opens in a new tab, and says so to screen readers."""
    notice = _screen_reader_only(" (opens in a new tab)")
    return _anchor(address, Html("{}{}").format(text, notice), new_tab=True)


def _link(address: str, text: str) -> Html:
    return _anchor(address, Html("{}").format(text), new_tab=False)


def _anchor(address: str, content: Html, *, new_tab: bool) -> Html:
    target = Html(' target="_blank" rel="noopener noreferrer"') if new_tab else ""
    return Html('<a href="{}"{}>{}</a>').format(address, target, content)


def _seen_from(root: str, citation: Citation) -> Citation:
    """Return a citation whose links to pages of this server hold below whatever path a proxy serves it."""
    also_at = tuple(replace(place, link=_below(root, place.link)) for place in citation.also_at)
    return replace(citation, link=_below(root, citation.link), also_at=also_at)


def _below(root: str, link: str) -> str:
    is_own = link.startswith("/") and not link.startswith("//")
    return root + link[1:] if is_own else link


def _safe(address: str) -> str:
    """Return an address that a page of the corpus named, or `#` where following it would run a script."""
    return address if urlsplit(address).scheme.lower() in _SAFE_SCHEMES else "#"


def _screen_reader_only(text: str) -> Html:
    return Html('<span class="heard">{}</span>').format(text)


def _join(parts: Iterable[str]) -> Html:
    return Html().join(parts)
