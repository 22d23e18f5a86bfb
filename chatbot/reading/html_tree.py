"""Parse HTML into a tree of plain elements, in bounded time, without what no browser shows."""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode

from chatbot.reading.html_visibility import Visibility

__all__ = ["BLOCKS", "HEADINGS", "Element", "bounded", "build_tree", "decode_html", "places", "web_encoding"]

_DEEPEST: Final = 200  # elements inside each other; a page has some sixty, browsers flatten below 512
_FORMATTING_DEEPEST: Final = 30  # open at once; each paragraph opens those that are not closed again
_LONGEST_TAG: Final = 8_192  # characters; a parser compares each attribute of a tag with all others of it
_MOST_ATTRIBUTES: Final = 100
_PREAMBLE: Final = 2_048  # bytes in which a page names its encoding

HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
BLOCKS: Final = HEADINGS | {
    *(
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
    ),
    *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hgroup", "hr", "html", "legend"),
    *("li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot"),
    *("th", "thead", "tr", "ul"),
}
"""The elements that a browser begins on a line of their own."""

_UNSEEN = {
    *("audio", "canvas", "datalist", "embed", "head", "iframe", "input", "map", "meter", "noembed", "noframes"),
    *("noscript", "object", "optgroup", "option", "progress", "rp", "rt", "script", "select", "style", "svg"),
    *("template", "textarea", "title", "video", "link", "meta", "img", "annotation", "annotation-xml"),
}
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_ENDS_ITSELF = {"p", "li", "dt", "dd", "tr", "td", "th", "tbody", "thead", "tfoot", "option", "html", "head", "body"}
_FORMATTING = {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
_BLOCK_STYLE = re.compile(r"display\s*:\s*(?:block|flex|grid|table|list-item)", re.IGNORECASE)
_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+|(?=>)))?+"""
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)\b.*?(?:</(?P=raw)|\Z)"
    rf"|<(?P<close>/?)(?P<name>[a-z][^\s/>]*+)(?P<attributes>(?:{_ATTRIBUTE})*+)[\s/]*+(?:>|\Z)",
    re.DOTALL | re.IGNORECASE,
)
_CHARSET = re.compile(rb"<meta[^>]*?charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_WINDOWS: Final = "windows-1252"
# The labels that browsers read as another encoding, by the WHATWG Encoding Standard.
_READ_AS = {"iso8859-1": _WINDOWS, "ascii": _WINDOWS, "gb2312": "gb18030", "gbk": "gb18030", "iso8859-9": "cp1254"}
_WEB_ENCODINGS: Final = frozenset(
    {
        *("utf-8", _WINDOWS, "cp866", "cp874", "tis-620", "koi8-r", "koi8-u", "mac-roman", "mac-cyrillic"),
        *(f"cp{number}" for number in range(1250, 1259)),
        *(f"iso8859-{number}" for number in (2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16)),
        *("gb18030", "big5", "big5hkscs", "euc_jp", "iso2022_jp", "shift_jis", "cp932", "euc_kr", "cp949"),
    }
)
"""Python's names of the encodings of the WHATWG Encoding Standard."""


@dataclass(slots=True, eq=False)
class Element:
    """An element with its children: elements and stretches of text, in order.

    `blocky` says that it begins on a line of its own, or that something in it does.
    """

    tag: str
    attributes: Mapping[str, str]
    parent: "Element | None" = field(repr=False)
    children: "list[Element | str]" = field(default_factory=list, repr=False)
    blocky: bool = False
    classes: frozenset[str] = frozenset()

    def elements(self) -> "Iterator[Element]":
        """Yield the elements below this one, in the page's order."""
        stack = [child for child in reversed(self.children) if isinstance(child, Element)]
        while stack:
            element = stack.pop()
            yield element
            stack.extend(child for child in reversed(element.children) if isinstance(child, Element))

    def ancestors(self) -> "Iterator[Element]":
        """Yield the elements around this one, the nearest first."""
        element = self.parent
        while element is not None:
            yield element
            element = element.parent

    def words(self) -> str:
        """Return the text of the element in one line."""
        pieces: list[str] = []
        stack: list[Element | str] = [self]
        while stack:
            node = stack.pop()
            if isinstance(node, str):
                pieces.append(node)
                continue
            if node.blocky or node.tag == "br":
                pieces.append(" ")
                stack.append(" ")
            stack.extend(reversed(node.children))
        return " ".join("".join(pieces).split())

    def role(self) -> str:
        """Return the first role that the element says it has."""
        return (self.attributes.get("role", "").lower().split() or [""])[0]

    def remove(self) -> None:
        """Take the element out of the tree."""
        if self.parent is not None:
            self.parent.children = [child for child in self.parent.children if child is not self]
            self.parent = None


def places(root: Element) -> dict[Element, int]:
    """Return the place of each element among the children of the one around it."""
    return {
        child: number
        for element in (root, *root.elements())
        for number, child in enumerate(element.children)
        if isinstance(child, Element)
    }


def decode_html(content: bytes, encoding: str = "") -> str:
    """Decode a page as browsers do.

    Its byte order mark goes before the `encoding` that its server named, that before its `<meta charset>`. Without any,
    it is UTF-8 or else Windows-1252.
    """
    for mark, marked in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(marked, "replace")
    named = _CHARSET.search(content[:_PREAMBLE])
    labels = (encoding, named[1].decode("ascii", "ignore") if named else "")
    for codec in (*map(web_encoding, labels), "utf-8"):
        try:
            if codec:
                return content.decode(codec)
        except (LookupError, UnicodeError):  # a codec of something else than text, or another text
            continue
    return content.decode(_WINDOWS, "replace")


def web_encoding(label: str) -> str:
    """Return Python's name of an encoding as browsers read its label; "" for one that they do not know.

    Python knows more: its codecs of escapes make characters that no text can hold, or are slow.
    """
    try:
        name = codecs.lookup(label).name
    except (LookupError, UnicodeError, ValueError):
        return ""
    name = "utf-8" if name.startswith("utf") else _READ_AS.get(name, name)
    return name if name in _WEB_ENCODINGS else ""


def bounded(html: str) -> str:
    """Return HTML without the tags that make a parser take quadratic time, which no page has.

    Those are tags nested too deeply, the formatting tags of too many that are open, and the attributes of a tag with
    too many of them.
    """
    kept: list[str] = []
    start = 0
    depth = {False: 0, True: 0}
    deepest = {False: _DEEPEST, True: _FORMATTING_DEEPEST}
    drawing = False
    for match in _MARKUP.finditer(html):
        name = (match["name"] or "").lower()
        drawn = drawing and name not in BLOCKS and match.group().endswith("/>")
        if not name or name in _VOID or drawn:
            continue
        formatting = name in _FORMATTING
        if name == "svg":
            drawing = not match["close"]
        if match["close"]:
            depth[formatting] = max(depth[formatting] - (name not in _ENDS_ITSELF), 0)
            continue
        depth[formatting] += name not in _ENDS_ITSELF
        if depth[formatting] > deepest[formatting]:
            kept.append(html[start : match.start()])
            start = match.end()
        elif len(match["attributes"]) > _LONGEST_TAG and _too_many(match["attributes"]):
            kept.append(html[start : match.start()] + f"<{name}>")
            start = match.end()
    return "".join(kept) + html[start:]


def _too_many(attributes: str) -> bool:
    return sum(1 for _ in re.finditer(_ATTRIBUTE, attributes)) > _MOST_ATTRIBUTES


def build_tree(parser: LexborHTMLParser) -> Element:
    """Return the tree below the body of a parsed page.

    It is without the elements that nobody sees and what is in them, without words that nobody sees, and without what is
    in elements that are struck out: a cell stays where it is.
    """
    root = Element("body", {}, None, blocky=True)
    body = parser.body
    if body is None:
        return root
    root.attributes = _attributes(body)
    visibility = Visibility(parser)
    look = visibility.page
    for outer in (body.parent, body):
        look = (visibility.look(outer, look) if outer is not None else None) or look
    stack = [(body.first_child, root, 0, look)]
    while stack:
        node, parent, depth, look = stack.pop()
        if node is None:
            continue
        stack.append((node.next, parent, depth, look))
        if node.is_text_node:
            if look.shows_words:
                parent.children.append(node.text_content or "")
        elif node.is_element_node and (tag := node.tag or "") not in _UNSEEN:
            inner = visibility.look(node, look)
            if inner is None:
                continue
            element = parent if depth > _DEEPEST else _element(tag, node, parent)
            if not visibility.is_struck(node):
                stack.append((node.first_child, element, depth + 1, inner))
    return root


def _element(tag: str, node: LexborNode, parent: Element) -> Element:
    attributes = _attributes(node)
    element = Element(tag, attributes, parent, classes=frozenset(attributes.get("class", "").lower().split()))
    parent.children.append(element)
    if tag in BLOCKS or _BLOCK_STYLE.search(attributes.get("style", "")):
        element.blocky = True
        above: Element | None = parent
        while above is not None and not above.blocky:
            above.blocky = True
            above = above.parent
    return element


def _attributes(node: LexborNode) -> dict[str, str]:
    return {name.lower(): value or "" for name, value in node.attributes.items()}
