"""HTML that cannot be broken out of, because its type knows what was escaped."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

from markupsafe import Markup

from chatbot.records import Highlight

__all__ = ["Html", "breadcrumb", "escape", "marked", "replace_surrogates"]

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


class Html(Markup):
    """HTML in which every text was escaped; `format` and `join` escape what is not `Html` yet.

    >>> Html("<p>{}</p>").format("1 < 2")
    Html('<p>1 &lt; 2</p>')
    """

    @classmethod
    def escape(cls, s: Any, /) -> Self:  # noqa: ANN401 -- as in the base class
        """Escape a text for HTML, as content or between quotation marks, and leave HTML as it is.

        Characters that cannot be sent as UTF-8 or stand in HTML become the replacement character. Line ends and tabs
        are written as references, because Gradio tidies the white space of its messages.
        """
        if isinstance(s, Markup):
            return cls(s)
        text = html.escape(replace_surrogates(str(s)).replace("\0", "\ufffd"))
        return cls(text.replace("\r", "&#13;").replace("\n", "&#10;").replace("\t", "&#9;"))


escape: Final = Html.escape


def replace_surrogates(text: str) -> str:
    """Replace half character pairs, which cannot be sent as UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


def breadcrumb(names: Iterable[str]) -> str:
    """Return the way to a place, from the outermost name in, as text."""
    return " › ".join(names)  # noqa: RUF001 -- a breadcrumb's arrow, meant as such


def marked(text: str, highlights: Sequence[Highlight], start: int = 0, end: int | None = None, name: str = "") -> Html:
    """Return a text, from `start` to `end`, with its highlights inside `<mark>`.

    Highlights that overlap or lie partly outside are cut. With a name, the element in which the nth highlight begins
    has the id `name-n`.
    """
    end = len(text) if end is None else end
    parts: list[str] = []
    done = start
    for number, highlight in enumerate(sorted(highlights, key=lambda highlight: highlight.start), start=1):
        first, last = max(done, highlight.start), min(end, highlight.end)
        if first < last:
            mark_id = Html(' id="{}-{}"').format(name, number) if name and first == highlight.start else ""
            parts += [text[done:first], Html("<mark{}>{}</mark>").format(mark_id, text[first:last])]
            done = last
    return Html().join([*parts, text[done:end]])
