"""Find what the footer of a site says of its hours, its place and its telephone; the rest of it is no content."""

import re
from collections.abc import Callable, Iterator
from itertools import combinations, islice
from typing import Final

from chatbot.reading.contact_facts import Said, said, says_contact
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
_LISTS: Final = frozenset({"ul", "ol", "dl", "table", "thead", "tbody", "tfoot", "tr", "menu"})
_BELOW_HEADINGS: Final = 7  # the level of a title that is no heading
_MOST_TITLES: Final = 2  # above a part, such as the name of a branch and "Opening hours"
_MOST_FACTS: Final = 100  # lines that are compared
_ACTION: Final = re.compile(
    r"^(?:book|read|view|learn|see|get|more|click|call|e-?mail|download|shop|log ?in|sign|make|request|follow|find out"
    r"|contact|directions|home|menu|about|faqs?|termin|jetzt|mehr|anfahrt|kontakt|r\u00e9server|plus|reservar|prenota)\b",
    re.IGNORECASE,
)
_ANOTHERS: Final = re.compile(
    r"(?<!and )(?<!& )(?<!und )\bpartner(?:s|ed|labor)?\b|\b(?:our|the|an?|external|dental|blood|testing) labs?\b"
    r"|\blaborator(?:y|ies)\b|\bsponsor|\bsupplier|\bmanufacturer|\bhelp ?(?:line|desk)s?\b|\b(?:nearby|next door)\b"
    r"|\b(?:nearest|local) (?:hospital|pharmacy|lab|a&e|car|station|bus)\b|\bneighbour|\baffiliate|\bcar ?parks?\b"
    r"|\bparkhaus\b|\blabor\b|\blaboratoire\b|\bpartenaire|\blaboratorio\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"\b(?:is|are|opens?|has|offers?|ist|sind|hat|est|sont)\b", re.IGNORECASE)
_OWN: Final = re.compile(
    r"^\W*(?:we|you|open|our|call|ring|visit|find|come)\b.{0,40}|\b(?:we|us|our|clinics?|practice|surgery|cent(?:re|er)"
    r"|salon|studio|reception|hours|lines|wir|uns|unsere?|praxis|klinik|nous|notre|cabinet|clinique|cl\u00ednica|nuestr[ao])\b",
    re.IGNORECASE,
)
_ROW_LINK: Final = re.compile(r"^(?:tel|mailto|geo|sms):|maps?\.|/maps?[/?]|goo\.gl/maps", re.IGNORECASE)


def find_footer(root: Element) -> Element | None:
    """Return what the footer of a page says of hours, place and telephone, or None; the page stays as it is."""
    kept = Element("body", {}, None, blocky=True)
    for footer in islice(_footers(root), _MOST):
        content = any(inner.tag in _CONTENT for inner in footer.elements())
        if not content and len(footer.words()) <= _LARGEST and (part := _selected(footer)) is not None:
            _append(kept, part)
    return kept if 0 < len(kept.words()) <= _LONGEST and not _is_ambiguous(kept) else None


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
    for part in _titled(element, _selected):
        _append(copy, part)
    return copy if copy.words() else None


def _titled(element: Element, read: Callable[[Element], Element | None]) -> Iterator[Element]:
    """Yield what is read of the blocks in an element, each part that says something after the titles above it.

    What has the title of somebody else is left out. Of two links, one below the other, none is a title.
    """
    titles: list[Element] = []
    others = linked = False
    for child in _blocks(element):
        words, part = child.words(), read(child)
        if part is not None and (read is _selected or says_contact(part.words())):
            yield from () if others else (*titles[-_MOST_TITLES:], part)
            titles, linked = [], False
        elif words and element.tag not in _LISTS and _is_title(child):
            others = bool(_ANOTHERS.search(words))
            again, linked = linked, _is_link(child)
            title = None if others or (again and linked) else _title(child)
            titles = [*([] if others or (again and linked) else titles), *([] if title is None else [title])]
        elif part is not None and not others:
            yield from (*([] if linked else titles), part)
            titles, linked = [], False
        elif words:
            titles, linked = [], False
    if read is _pruned and not linked:
        yield from titles


def _is_title(element: Element) -> bool:
    words = element.words()
    return len(words) <= _LONGEST_TITLE and _is_one_line(element) and not says_contact(words)


def _is_link(element: Element) -> bool:
    """Return whether all words of an element are those of one link to another page."""
    return list(_links(element)) == [element.words()]


def _title(element: Element) -> Element | None:
    """Return a line as the title of what follows, also where it is a link."""
    if not _is_link(element):
        return _pruned(element)
    words = element.words()
    around = (element, *element.elements())
    if any(map(_is_never_read, around)) or _ACTION.search(words) or _FINE_PRINT.search(words):
        return None
    title = next((Element(each.tag, {}, None, [words], blocky=True) for each in around if each.tag in HEADINGS), None)
    if title is None:
        title = Element("p", {}, None, blocky=True)
        _append(title, Element("strong", {}, None, [words]))
    return title


def _is_ambiguous(footer: Element) -> bool:
    """Return whether a footer says different things, such as the hours of two branches, without saying of what."""
    facts = list(islice(_facts(footer), _MOST_FACTS))
    for (titles, one), (others, other) in combinations(facts, 2):
        named, renamed = (*titles, one.label), (*others, other.label)
        nameless = bool(one.times and other.times) and not (any(named) and any(renamed))
        if (named == renamed or nameless) and one.differs(other):
            return True
    return False


def _facts(footer: Element) -> Iterator[tuple[tuple[str, ...], Said]]:
    """Yield what each line of a footer says, with the titles above it."""
    titles: list[tuple[int, str]] = []
    fresh = False
    days: list[str] = []
    for level, line in _lines(footer):
        words = said(line)
        if words.days and not words.times and not words.phones and not words.place:
            days.append(line)  # its times are in the next line
        elif words.times and not words.days and days:
            yield tuple(title for _, title in titles), said(f"{' '.join(days)} {line}")
            days, fresh = [], False
        elif (words.times and words.days) or words.phones or words.place:
            yield tuple(title for _, title in titles), words
            days, fresh = [], False
        elif len(line) <= _LONGEST_TITLE and any(map(str.isalpha, line)):
            titles = [each for each in titles if each[0] < level or (fresh and each[0] == level == _BELOW_HEADINGS)]
            titles.append((level, line.casefold()))
            days, fresh = [], True


def _lines(element: Element) -> Iterator[tuple[int, str]]:
    """Yield the lines of an element, each with the level of its heading."""
    if any(_has_blocks(element)) and element.tag != "tr":
        for block in _blocks(element):
            yield from _lines(block)
        return
    level = int(element.tag[1]) if element.tag in HEADINGS else _BELOW_HEADINGS
    if any(each.tag in {"b", "strong"} and each.words() == element.words() for each in element.elements()):
        level = _BELOW_HEADINGS - 1  # such a line becomes a heading
    line = Element("p", {}, None, blocky=True)
    for child in (*_flat(element), Element("br", {}, None)):
        if isinstance(child, str):
            line.children.append(child)
        elif line.words():
            yield level, line.words()
            line = Element("p", {}, None, blocky=True)


def _flat(element: Element) -> Iterator[Element | str]:
    """Yield the text in an element and its line ends; cells are apart."""
    for child in element.children:
        if isinstance(child, str) or child.tag == "br":
            yield child
        else:
            yield from _flat(child)
            if child.blocky:
                yield " "


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
    if any(_has_blocks(element)):
        for part in _titled(element, _pruned):
            _append(copy, part)
    else:
        _copy_line(element, copy)
    return copy if copy.words() or element.tag in {"td", "th"} else None


def _copy_line(element: Element, copy: Element) -> None:
    """Copy what stands in a line, with a link only where it is a part of what the line says."""
    linked = len(list(_links(element))) == 1
    for number, child in enumerate(element.children):
        if isinstance(child, str):
            copy.children.append(child)
        elif child.tag == "br":
            _append(copy, _copy(child))
        elif linked and _is_link(child) and not _is_never_read(child):
            after = Element("p", {}, None, element.children[number + 1 :], blocky=True).words()
            if any(map(str.isalnum, after)):
                copy.children.append(child.words())
        elif (part := _pruned(child)) is not None:
            _append(copy, part)


def _copy(element: Element) -> Element:
    return Element(element.tag, element.attributes, None, [], element.blocky, element.classes)


def _append(element: Element, child: Element) -> None:
    child.parent = element
    element.children.append(child)


def _is_never_read(element: Element) -> bool:
    """Return whether an element is a menu, a form or a button, or says by its names that it is no content."""
    if element.tag in _NOT_READ or element.role() in _NOT_READ_ROLES:
        return True
    return any(map(_NOT_READ_NAMES.search, (*element.classes, element.attributes.get("id", "").lower())))


def _is_left_out(element: Element) -> bool:
    if _is_never_read(element):
        return True
    words = element.words()
    leaf = element.tag in {"p", "li", "small", "span", "a", "div"} and not any(_has_blocks(element))
    if leaf and (_FINE_PRINT.search(words) or _is_anothers(words)):
        return True
    if any(_has_blocks(element)) and element.tag not in _UNITS:
        return False  # its parts are looked at one by one
    links = list(filter(_is_silent, _links(element)))
    if element.tag in _LISTS:
        items = [child for child in element.children if isinstance(child, Element)]
        return bool(links) and all(map(_is_link, items))
    if not links or sum(map(len, links)) <= len(words) * _LINKED:
        return False
    return len(links) > 1 or links == [words]


def _is_silent(link: str) -> bool:
    """Return whether a link says nothing of hours, a place or a telephone."""
    return not (any(map(str.isdigit, link)) and says_contact(link))


def _is_anothers(words: str) -> bool:
    """Return whether words are about somebody else, or a sentence that is not plainly about the clinic."""
    return bool(_ANOTHERS.search(words) or (_SENTENCE.search(words) and not _OWN.search(words)))


def _links(element: Element) -> Iterator[str]:
    """Yield the words of the links in an element that lead to other pages."""
    for inner in (element, *element.elements()):
        if inner.tag == "a" and inner.attributes.get("href") and not _ROW_LINK.search(inner.attributes["href"]):
            yield inner.words()
