"""What the clinic says in its own words: its replies, and the line that says how to reach it."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from chatbot.answering.routes import Match, Routes
from chatbot.clinic import Contact, Route
from chatbot.indexing import Encoded, content_words

__all__ = ["by_keyword", "contact_line", "filled", "own_reply"]

_KEYWORDS: Final = 2  # words that say something; a question of no more is a keyword
_PLACES: Final = ("phone", "email", "booking", "hours", "address")


def contact_line(contact: Contact, beside: str = "") -> str:
    """Return how to reach the clinic in one line, without what a text `beside` it says already; empty if all is."""
    phone = f"{contact.phone} ({contact.hours})" if contact.phone and contact.hours else contact.phone
    ways = ((contact.phone, phone), (contact.email, contact.email), (contact.booking, contact.booking))
    return " \u00b7 ".join(written for value, written in ways if value and value not in beside)


def filled(text: str, contact: Contact) -> str:
    """Return a reply with the clinic's phone, e-mail, booking page, hours and address in their places."""
    for place in _PLACES:
        text = text.replace(f"{{{place}}}", getattr(contact, place))
    return text


def own_reply(
    routes: Routes,
    encoded: Encoded,
    clauses: Sequence[str],
    encode: Callable[[Sequence[str]], list[Encoded]],
) -> list[Route]:
    """Return the clinic's replies that a question asks for: one, or one for each of the questions in it; or none."""
    parts = [match for match in map(routes.match, encode(clauses)) if match] if len(clauses) > 1 else []
    matched = {match.route.name: match for match in parts}
    if len(matched) > 1:
        return [match.route for match in matched.values()]
    whole: Match | None = routes.match(encoded)
    return [whole.route] if whole else []


def by_keyword(routes: Routes, question: str) -> Route | None:
    """Return the reply that a keyword alone asks for: the one that has it in most of its ways to ask."""
    words = _folded(question)
    if not 0 < len(words) <= _KEYWORDS or len(re.findall(r"\w+", question)) > _KEYWORDS:
        return None
    counts = Counter(
        {route.name: sum(words <= _folded(example) for example in route.examples) for route in routes.routes}
    )
    (name, count), *_ = counts.most_common(1) or [("", 0)]
    return next((route for route in routes.routes if route.name == name), None) if count else None


def _folded(text: str) -> set[str]:
    return {word.casefold() for word in content_words(text)}
