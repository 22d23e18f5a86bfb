"""Read a page of HTML into the words of its main content, as a visitor sees them."""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, islice
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from chatbot.reading.footer import find_footer
from chatbot.reading.html_layout import SOFT_BREAK, write_page
from chatbot.reading.html_tree import HEADINGS, Element, bounded, build_tree, decode_html, places
from chatbot.reading.main_content import keep_main_content
from chatbot.reading.page import Page, same_words
from chatbot.records import Block, BlockKind

__all__ = ["SOFT_BREAK", "decode_html", "read_fragment", "read_html"]

_LONGEST_TITLE: Final = 120  # characters
_MOST_SCHEMA: Final = 500  # objects of schema.org data on a page
_DEEPEST_SCHEMA: Final = 12
_MOST_QUESTIONS: Final = 100  # of schema.org data on a page
_GAP: Final = 200  # characters between a question and its answer, at most
_ENDS: Final = 60  # characters of an answer by which its end is found

_SITE_NAME = re.compile(r"\s+(?:[|\u2013\u2014\u00b7\u2022\u00bb\u203a]|::|-|//|~)\s+|\s*\|\s*")
_HOME = {"home", "homepage", "home page", "start", "startseite", "accueil", "inicio", "welcome", "index"}
_PAGES = {"WebPage", "MedicalWebPage", "FAQPage", "AboutPage", "ContactPage", "Article", "BlogPosting", "NewsArticle"}
_QUESTION_ITEM = re.compile(
    r"(?:^|[-_])(?:accordion|faqs?|toggle|collapse|question|tab)[-_]{1,2}(?:item|card|single|entry"
    r"|section|list-item|panel|wrap(?:per)?)$"
    r"|schema-faq-section|rank-math-(?:list|faq)-item|^et_pb_toggle$|wp-block-toggle|^faq$"
)
_ITEM_MARK = re.compile(r"^[ \t]*(?:[-\u2022]|\d{1,3}\.)(?=[ \t])", re.MULTILINE)
_PANEL = re.compile(r"content|panel|answer|body|dropdown|collapse|pane", re.IGNORECASE)


def read_html(html: str) -> Page:
    """Read a page: the text, headings and blocks of its main content, and what it says of itself.

    Text that no visitor sees is left out, and so is what stands around the content: menus, banners, forms, footers. The
    page's `footer` holds what the footer says of hours, place and telephone.
    `about` has `title`, `url`, `reviewed`, `language` and `robots`, where the page says them.
    """
    parser = LexborHTMLParser(bounded(html))
    root = build_tree(parser)
    _label_tabs(root)
    pairs = list(_pairs(root))
    titles = _SITE_NAME.split(_whole_title(parser))
    footer = find_footer(root)
    page = write_page(keep_main_content(root, {question for question, _ in pairs}, titles), pairs)
    data = list(_schema(parser))
    page = replace(page, blocks=_with_answers(page, data))
    below = write_page(footer) if footer is not None else None
    return replace(page, about=_about(parser, page, data), footer=below)


def read_fragment(html: str) -> Page:
    """Read a piece of HTML that is all content, such as rendered Markdown."""
    parser = LexborHTMLParser(bounded(html))
    root = build_tree(parser)
    return write_page(root, list(_pairs(root)))


def _label_tabs(root: Element) -> None:
    """Put the label of each tab above what it opens."""
    by_id = _by_id(root)
    headings: dict[Element, str] = {}
    for tab in [element for element in root.elements() if element.role() == "tab"]:
        named = tab.attributes.get("aria-controls") or tab.attributes.get("href", "").lstrip("#")
        panel = by_id.get(named)
        words = tab.words()
        if panel is None or panel.role() != "tabpanel" or not words:
            continue
        if panel not in headings:
            headings[panel] = _first_heading(panel)
        if headings[panel] != same_words(words):
            label = Element("p", {}, panel, blocky=True)
            label.children = [Element("strong", {}, label, [words])]
            panel.children.insert(0, label)


def _first_heading(element: Element) -> str:
    first = next((inner for inner in element.elements() if inner.tag in HEADINGS), None)
    return same_words(first.words()) if first is not None else ""


def _by_id(root: Element) -> dict[str, Element]:
    return {element.attributes["id"]: element for element in root.elements() if element.attributes.get("id")}


def _pairs(root: Element) -> Iterator[tuple[Element, Element]]:
    """Yield the questions of a page's accordions, each with the element that holds its answer."""
    by_id, numbers = _by_id(root), places(root)
    for element in root.elements():
        if element.tag == "details":
            continue
        named = element.attributes.get("aria-controls") or element.attributes.get("data-bs-target", "")
        panel = by_id.get(named.lstrip("#"))
        if panel is not None and ("aria-expanded" in element.attributes or element.tag == "button"):
            yield element, panel
        elif _is_toggle(element):
            if (following := _panel_after(element, numbers)) is not None:
                yield element, following
        elif _is_question_item(element):
            yield element, element


def _is_toggle(element: Element) -> bool:
    return element.tag == "button" or "aria-expanded" in element.attributes


def _panel_after(toggle: Element, numbers: Mapping[Element, int]) -> Element | None:
    """Return the element that follows a button, or the heading that it stands in, if it looks like its panel."""
    part = toggle
    while part.parent is not None and (part.parent.tag in HEADINGS or _is_alone(part)):
        part = part.parent
    siblings = part.parent.children if part.parent is not None else []
    after = range(numbers[part] + 1, len(siblings)) if siblings else range(0)
    following = next((child for place in after if isinstance(child := siblings[place], Element)), None)
    if following is None or following.tag == "button" or not following.words():
        return None
    named = any(map(_PANEL.search, (*following.classes, following.attributes.get("id", ""))))
    return following if named or "aria-expanded" in toggle.attributes else None


def _is_alone(element: Element) -> bool:
    """Return whether there is nothing but an element in the one around it."""
    siblings = element.parent.children if element.parent is not None else []
    return len(siblings) < 4 and all(
        child is element or (isinstance(child, str) and not child.strip()) for child in siblings
    )


def _is_question_item(element: Element) -> bool:
    if element.attributes.get("itemtype", "").endswith("schema.org/Question"):
        return True
    if not any(map(_QUESTION_ITEM.search, element.classes)) or element.tag in {"a", "button", *HEADINGS}:
        return False
    return not any(any(map(_QUESTION_ITEM.search, inner.classes)) for inner in element.elements() if inner.blocky)


def _schema(parser: LexborHTMLParser) -> Iterator[dict[str, object]]:
    """Yield the objects of a page's JSON-LD, those in others too."""
    stack: list[tuple[object, int]] = []
    for script in reversed(parser.css('script[type="application/ld+json"]')):
        try:
            stack.append((json.loads(script.text(deep=True) or "", strict=False), 0))
        except (ValueError, RecursionError):
            continue
    for _ in range(_MOST_SCHEMA):
        if not stack:
            return
        value, depth = stack.pop()
        if isinstance(value, dict):
            yield value
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        if depth < _DEEPEST_SCHEMA:
            stack.extend((each, depth + 1) for each in reversed(inner) if isinstance(each, dict | list))


def _with_answers(page: Page, data: Sequence[dict[str, object]]) -> tuple[Block, ...]:
    """Return the page's blocks with the questions and answers of its data, where both stand on the page."""
    pairs = list(islice(_schema_answers(data), _MOST_QUESTIONS))
    whole, bare = (_Collapsed(page.text if pairs else "", marks=marks) for marks in (True, False))
    found: list[Block] = []
    for question, answer in pairs:
        asked, said = _plain(question), _plain(answer)
        if span := _span(whole, asked, said, marks=True) or _span(bare, asked, said, marks=False):
            found.append(Block(BlockKind.ANSWER, *span))
    blocks = sorted({*page.blocks, *found}, key=lambda block: (block.start, -block.end))
    return tuple(blocks)


def _schema_answers(data: Sequence[dict[str, object]]) -> Iterator[tuple[str, str]]:
    """Yield each question of a page's data with its answer; both may hold HTML."""
    for each in data:
        answer = each.get("acceptedAnswer")
        if isinstance(answer, list):
            answer = answer[0] if answer else None
        if each.get("@type") == "Question" and isinstance(answer, dict):
            question, text = each.get("name"), answer.get("text")
            if isinstance(question, str) and isinstance(text, str):
                yield question, text


def _plain(html: str) -> str:
    return read_fragment(html).text if html.strip() else ""


def _words_of(text: str, *, marks: bool) -> list[re.Match[str]]:
    """Return the words of a text, with the marks of its lists or without."""
    left_out = set() if marks else {match.end() for match in _ITEM_MARK.finditer(text)}
    return [word for word in re.finditer(r"\S+", text) if word.end() not in left_out]


class _Collapsed:
    """The words of a text with a space between them, and the place of each in the text.

    A plain search in them takes a time that the length of the text bounds, whatever stands in it.
    """

    def __init__(self, text: str, *, marks: bool) -> None:
        words = _words_of(text, marks=marks)
        self.text = " ".join(word.group() for word in words)
        self.places = [word.start() for word in words]
        self.starts = [0, *accumulate(len(word.group()) + 1 for word in words)][:-1]

    def find(self, words: Sequence[str], start: int) -> tuple[int, int] | None:
        """Return where words stand, from a place among the collapsed words on."""
        sought = " ".join(words)
        found = self.text.find(sought, start)
        return (found, found + len(sought)) if found >= 0 else None

    def place(self, offset: int) -> int:
        """Return the place in the text of a character among the collapsed words."""
        word = bisect_right(self.starts, offset) - 1
        return self.places[word] + offset - self.starts[word]


def _span(page: _Collapsed, question: str, answer: str, *, marks: bool) -> tuple[int, int] | None:
    """Return where a question and its answer stand, one after the other."""
    asked, answered = ([word.group() for word in _words_of(text, marks=marks)] for text in (question, answer))
    start = page.find(asked, 0) if asked and answered else None
    if start is None:
        return None
    first = page.find(answered[: min(max(len(answered) // 2, 1), 8)], start[1])
    if first is None or first[0] - start[1] > _GAP:
        return None
    last = page.find(answered[-8:], first[0])
    length = sum(map(len, answered)) + len(answered)
    if last is None or last[1] - first[0] > 2 * length + _ENDS:
        return None
    return page.place(start[0]), page.place(last[1] - 1) + 1


def _about(parser: LexborHTMLParser, page: Page, data: Sequence[dict[str, object]]) -> dict[str, object]:
    html = parser.css_first("html")
    robots = [_content(parser, f'meta[name="{name}" i]') for name in ("robots", "footnote")]
    said: dict[str, object] = {
        "title": _title(parser, page),
        "url": _attribute(parser, 'link[rel~="canonical" i]', "href") or _content(parser, 'meta[property="og:url"]'),
        "reviewed": _reviewed(parser, data),
        "language": (html.attributes.get("lang") or "" if html is not None else "").strip()
        or _content(parser, 'meta[http-equiv="content-language" i]').split(",")[0],
        "robots": ", ".join(filter(None, robots)),
    }
    return {name: value for name, value in said.items() if value}


def _content(parser: LexborHTMLParser, selector: str) -> str:
    return _attribute(parser, selector, "content")


def _attribute(parser: LexborHTMLParser, selector: str, name: str) -> str:
    node = parser.css_first(selector)
    return " ".join((node.attributes.get(name) or "").split()) if node is not None else ""


def _reviewed(parser: LexborHTMLParser, data: Sequence[dict[str, object]]) -> str:
    """Return the day on which the page says that it was last reviewed."""
    for each in data:
        kinds = each.get("@type")
        named = {kind for kind in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(kind, str)}
        if named & _PAGES and isinstance(each.get("lastReviewed"), str):
            return str(each["lastReviewed"])[:10]
    values = (_attribute(parser, '[itemprop="lastReviewed"]', name) for name in ("content", "datetime"))
    return next((value[:10] for value in values if value), "")


def _title(parser: LexborHTMLParser, page: Page) -> str:
    """Return the title of a page without the name of its site.

    A heading that says what the browser's title says in other words is the better one, because search engines are the
    readers of the other.
    """
    whole = _whole_title(parser)
    site = _content(parser, 'meta[property="og:site_name"]')
    parts = [part for part in _SITE_NAME.split(whole) if part]
    firsts = [heading.text for heading in page.headings if heading.level == 1]
    heading = firsts[0] if len(firsts) == 1 and len(firsts[0]) <= _LONGEST_TITLE else ""
    if heading and _shares_words(heading, whole):
        return heading
    tops = {same_words(each.text) for each in page.headings if each.level <= 2}
    if len(parts) > 1 and (repeated := next((part for part in parts if same_words(part) in tops), "")):
        return repeated
    named = [part for part in parts if same_words(part) != same_words(site)]
    if not named or same_words(named[0]) in _HOME:
        return next((part for part in (*named[1:], site, heading) if part), whole)
    if len(parts) > 1 and len(named) == len(parts) and not site:
        named = named[:-1]
    return _joined(whole, named)


def _whole_title(parser: LexborHTMLParser) -> str:
    node = parser.css_first("head title") or parser.css_first("title")
    return _content(parser, 'meta[property="og:title"]') or (" ".join(node.text().split()) if node is not None else "")


def _joined(whole: str, parts: Sequence[str]) -> str:
    """Return parts of a title with what stands between them."""
    start, end = whole.find(parts[0]), whole.rfind(parts[-1])
    return whole[start : end + len(parts[-1])] if 0 <= start <= end else parts[0]


def _shares_words(heading: str, title: str) -> bool:
    words = same_words(heading).split()
    shared = sum(word in same_words(title).split() for word in words)
    return shared * 2 >= len(words) > 0
