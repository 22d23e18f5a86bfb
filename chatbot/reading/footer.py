"""Find what the footer of a site says of its hours, its place and its telephone; the rest of it is no content."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from chatbot.reading.contact_facts import says_contact
from chatbot.reading.html_tree import HEADINGS, Element

__all__ = ["find_footer"]

_MOST: Final = 10  # footers of a page
_LARGEST: Final = 8_000  # characters of a footer with its menus; more is a page in the footer's place
_LONGEST: Final = 1_500  # characters of what is read of a footer
_COLUMN: Final = 400  # characters of a part that is read whole, where one of its lines says something
_LONGEST_TITLE: Final = 60  # characters
_LINKED: Final = 0.5  # share of text in links; what has more is a menu
_MOST_LINES: Final = 60

_FOOTER: Final = re.compile(
    r"^(?:(?:site|page|main|global|app|the)[-_]?)?footer$|^(?:colophon|elementor-location-footer)$"
)
_CONTENT: Final = frozenset({"h1", "main", "article"})
_NOT_READ: Final = frozenset({"nav", "form", "button", "search", "dialog", "fieldset"})
_NOT_READ_ROLES: Final = frozenset({"navigation", "search", "menu", "menubar", "button", "dialog", "form"})
_NOT_READ_NAMES: Final = re.compile(
    r"(?:^|[-_])(?:newsletter|subscribe|social|socials|share|copyright|copyrights|legal|cookies?|consent|credits?|payments?"
    r"|menu|nav|navigation|breadcrumbs?|disclaimer|btn|button)(?:$|[-_])"
)
_FINE_PRINT: Final = re.compile(
    r"\u00a9|\(c\)\s*(?:19|20)\d\d|\bcopyright\b|\ball rights? reserved\b|\balle rechte\b|\bcookies?\b|\bprivacy\b"
    r"|\b(?:powered|website|web ?design|designed|built|theme) by\b|\b(?:company|registration|registered|charity|vat)"
    r"\s+(?:no|number|nr|reg)\b|\bregistered (?:in|office)\b|\bregulated by\b|\bnewsletter\b|\bdatenschutz"
    r"|\bimpressum\b",
    re.IGNORECASE,
)
_UNITS: Final = HEADINGS | {"p", "li", "ul", "ol", "dl", "table", "address", "figcaption", "summary"}
_ROW_LINK: Final = re.compile(r"^(?:tel|mailto|geo|sms):|maps?\.|/maps?[/?]|goo\.gl/maps", re.IGNORECASE)


def find_footer(root: Element) -> Element | None:
    """Return what the footer of a page says of hours, place and telephone, or None; the page stays as it is."""
    kept = Element("body", {}, None, blocky=True)
    for footer in islice(_footers(root), _MOST):
        content = any(inner.tag in _CONTENT for inner in footer.elements())
        if not content and len(footer.words()) <= _LARGEST and (part := _selected(footer)) is not None:
            _append(kept, part)
    return kept if 0 < len(kept.words()) <= _LONGEST else None


def _footers(root: Element) -> Iterator[Element]:
    """Yield the outermost elements that are a footer of the site, and not of an article."""
    stack = [root]
    while stack:
        element = stack.pop()
        if _is_footer(element):
            yield element
        elif element.tag not in {"article", "nav", "dialog", "blockquote"}:
            stack.extend(child for child in reversed(element.children) if isinstance(child, Element))


def _is_footer(element: Element) -> bool:
    if element.tag == "footer" or element.role() == "contentinfo":
        return True
    return any(map(_FOOTER.match, (*element.classes, element.attributes.get("id", "").lower())))


def _selected(element: Element) -> Element | None:
    """Return a copy of the parts of an element that say something, each with the title above it."""
    if _is_left_out(element) or not says_contact(element.words()):
        return None
    if _is_one_part(element):
        part = _pruned(element)
        return part if part is not None and says_contact(part.words()) else None
    copy = _copy(element)
    title: Element | None = None
    for child in _blocks(element):
        part = _selected(child)
        if part is not None:
            for each in filter(None, (title, part)):
                _append(copy, each)
            title = None
        elif words := child.words():
            title = _pruned(child) if len(words) <= _LONGEST_TITLE and _is_one_line(child) else None
    return copy if copy.words() else None


def _blocks(element: Element) -> Iterator[Element]:
    """Yield the blocks in an element, with each run of text between them as a paragraph."""
    run = Element("p", {}, element, blocky=True)
    for child in element.children:
        if isinstance(child, Element) and child.blocky:
            if run.words():
                yield run
            run = Element("p", {}, element, blocky=True)
            yield child
        else:
            run.children.append(child)
    if run.words():
        yield run


def _is_one_part(element: Element) -> bool:
    """Return whether an element is a paragraph, a list or a table, or a column of a few of these."""
    if element.tag in _UNITS:
        return True
    blocks = list(_blocks(element))
    if any(block.tag not in _UNITS and any(_has_blocks(block)) for block in blocks):
        return False
    return len(element.words()) <= _COLUMN and len(blocks) <= _MOST_LINES


def _is_one_line(element: Element) -> bool:
    """Return whether the words of an element stand in one block, however many are around it."""
    while len(blocks := list(_blocks(element))) == 1 and any(_has_blocks(element)):
        element = blocks[0]
    return not any(_has_blocks(element))


def _has_blocks(element: Element) -> Iterator[bool]:
    return (isinstance(child, Element) and child.blocky for child in element.children)


def _pruned(element: Element) -> Element | None:
    """Return a copy of an element without its menus, buttons and fine print; None where nothing is left."""
    if _is_left_out(element):
        return None
    copy = _copy(element)
    for child in element.children:
        if isinstance(child, str):
            copy.children.append(child)
        elif (part := _copy(child) if child.tag == "br" else _pruned(child)) is not None:
            _append(copy, part)
    return copy if copy.words() or element.tag in {"td", "th"} else None


def _copy(element: Element) -> Element:
    return Element(element.tag, element.attributes, None, [], element.blocky, element.classes)


def _append(element: Element, child: Element) -> None:
    child.parent = element
    element.children.append(child)


def _is_left_out(element: Element) -> bool:
    if element.tag in _NOT_READ or element.role() in _NOT_READ_ROLES:
        return True
    if element.tag == "br":
        return False
    if any(map(_NOT_READ_NAMES.search, (*element.classes, element.attributes.get("id", "").lower()))):
        return True
    words = element.words()
    leaf = element.tag in {"p", "li", "small", "span", "a", "div"} and not any(_has_blocks(element))
    if leaf and _FINE_PRINT.search(words):
        return True
    links = list(_links(element))
    return bool(links) and sum(map(len, links)) > len(words) * _LINKED and not says_contact(" ".join(links))


def _links(element: Element) -> Iterator[str]:
    """Yield the words of the links in an element that lead to other pages."""
    for inner in (element, *element.elements()):
        if inner.tag == "a" and inner.attributes.get("href") and not _ROW_LINK.search(inner.attributes["href"]):
            yield inner.words()
