"""HTML that cannot be broken out of: every text goes through `escape`."""

import html
import re
from collections.abc import Iterable, Sequence

from chatbot.records import Highlight

__all__ = ["attribute", "breadcrumb", "escape", "marked", "replace_surrogates"]

_SURROGATE = re.compile(r"[\ud800-\udfff]")


def escape(text: str) -> str:
    """Escape a text for HTML, as content or between quotation marks.

    What cannot be sent as UTF-8 or stand in HTML becomes a replacement character; line ends and tabs are written as
    references, because Gradio tidies the white space of what it is given.
    """
    clean = replace_surrogates(text).replace("\0", "\ufffd")
    return html.escape(clean).replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;")


def replace_surrogates(text: str) -> str:
    """Replace half character pairs, which cannot be sent as UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


def attribute(name: str, value: str) -> str:
    """Give an attribute with the space before it, or nothing for an empty value."""
    return f' {name}="{escape(value)}"' if value else ""


def breadcrumb(names: Iterable[str]) -> str:
    """Give the way to a place, from the outermost name in."""
    return " › ".join(names)  # noqa: RUF001 -- a breadcrumb's arrow, meant as such


def marked(text: str, highlights: Sequence[Highlight]) -> str:
    """Escape a text with its highlights, in order and apart, inside `<mark>`."""
    parts: list[str] = []
    done = 0
    for highlight in sorted(highlights, key=lambda one: one.start):
        start, end = max(done, highlight.start), min(len(text), highlight.end)
        if start < end:
            parts += [escape(text[done:start]), "<mark>", escape(text[start:end]), "</mark>"]
            done = end
    return "".join([*parts, escape(text[done:])])
