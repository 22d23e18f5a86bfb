"""Tell which elements of a page no visitor sees, by their attributes and by the styles that the page itself holds."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from enum import IntEnum
from functools import lru_cache
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

__all__ = ["find_hidden"]

_MOST_RULES: Final = 400  # of a page's own styles that can hide something
_MOST_MATCHES: Final = 3_000_000  # rules times elements
_LONGEST_SELECTOR: Final = 200  # characters
_FAR: Final = 400  # pixels; text that is moved so far is not meant to be seen
_FEW: Final = 6  # elements
_FAINT: Final = 0.05  # opacity
_ALIKE: Final = 12  # of 255, in each colour

_Style = dict[str, str]
"""The declared value of each property."""
_Rule = tuple[str, _Style]
"""A selector, and what it declares."""

_LINES = ("text-decoration", "text-decoration-line")
_COLOURS = {"color", "background", "background-color"}
_HIDING = {
    *("display", "visibility", "content-visibility", "opacity", "font-size", "position", "left", "right", "top"),
    *("text-indent", "clip", "clip-path", "transform", "scale", "height", "max-height", "width", "overflow"),
    *("overflow-y", "margin-left", *_COLOURS, *_LINES),
}
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_CSS_TOKEN = re.compile(r"([^{};]*+)([{};]|\Z)")
_IMPORTANT = re.compile(r"!\s*important")
_STATE = re.compile(r"::|:(?:hover|focus|active|checked|target|before|after|visited|disabled|root\b.*js)|no-?js|cloak")
_ALWAYS = re.compile(r"^(?:(?:only\s+)?(?:all|screen)|)$")
_AT_RULE = re.compile(r"@([\w-]+)(.*)", re.DOTALL)
_NO_SCREEN = re.compile(r"\b(?:print|speech|not)\b")
_SHOWN_BY = {"display", "visibility"}
_UNSHOWN = re.compile(r"none|hidden|collapse")
_NUMBER = re.compile(r"^(-?[\d.]+)(px|em|rem|pt|%|vw|vh|ch)?$")
_PIXELS = {"": 1, "px": 1, "em": 16, "rem": 16, "pt": 1.3, "ch": 8, "vw": 12, "vh": 8, "%": 5}
_NAMED = {"white": (255, 255, 255), "black": (0, 0, 0)}
_RGB = re.compile(r"^rgba?\(\s*(\d+)\s*[, ]\s*(\d+)\s*[, ]\s*(\d+)\s*(?:[,/]\s*([\d.]+)(%?)\s*)?\)$")
_NOTHING = r"\s*(?:0(?:\.0*)?|\.0+)%?\s*"
_ALPHA = rf"(?:[^(),/]*,){{3}}{_NOTHING}|[^()/]*/{_NOTHING}"
_TRANSPARENT = rf"transparent|#[0-9a-f]{{3}}0|#[0-9a-f]{{6}}00|(?:rgb|hsl)a?\((?:{_ALPHA})\)"
_UNSEEN_COLOUR = re.compile(rf"^(?:{_TRANSPARENT})$")
_CLEAR = re.compile(
    rf"^(?:{_TRANSPARENT}|none|inherit|initial|unset|revert|(?:0|left|top|no-repeat|transparent|none|scroll|\s)+)$"
)
_BACKGROUND = re.compile(r"url\(|gradient|var\(|image")

# The classes that common frameworks hide text by; a class such as `md:block` shows it again on a larger screen.
_HIDDEN_CLASS = re.compile(
    r"^(?:sr-only|visually-?hidden|visuallyhidden|screen-reader(?:-text|-only)?|u-hidden(?:-visually)?|(?:is-)?hidden"
    r"|hide|d-none|invisible|a11y-hidden|assistive-text|offscreen|off-screen|elementor-screen-only|w-condition-invisible"
    r"|show-for-sr|element-invisible|print-only|w-form-(?:done|fail)|wpcf7-response-output|slick-cloned|swiper-slide-duplicate|material-(?:icons|symbols)[\w-]*)$"
)
_SHOWN_AGAIN = re.compile(
    r"^(?:\w+:(?:block|flex|grid|inline.*|table.*|visible|not-sr-only)|d-\w\w+-(?!none)\w+|d-\w\w-\w+)$"
)
# Text that is hidden until it is scrolled to is shown.
_ENTRANCE = re.compile(
    r"wow|aos|anim|fade|reveal|elementor-invisible|motion|slide-?in|appear|lazy|preload|in-?view|scroll"
)
_ENTRANCE_ATTRIBUTE = re.compile(r"^data-(?:w-id|aos|anim|framer|sal|scroll|motion|reveal|wow|sr|gsap|settings|ix)")
_TOGGLING_CLASS = re.compile(r"accordion|faq|toggle|collaps|expand|tab-|tabs|tabpanel|answer|w-tab-pane|dropdown-panel")
_TOGGLES = {"collapse", "tab", "pill", "accordion", "toggle", "dropdown"}
_MORE = re.compile(r"^(?:\W*)(?:read|show|see|view|learn)\s+(?:more|less|all)\b.{0,20}$|^more\W*$", re.IGNORECASE)
# Kept from screen readers alone, such as a price that is read out in other words. Larger parts are closed banners.
_INLINE = {
    "a",
    "abbr",
    "b",
    "bdi",
    "big",
    "em",
    "font",
    "ins",
    "mark",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "time",
    "u",
}
_STRUCK = {"del", "s", "strike"}
_WRAPPERS = {"html", "body", "main", "article"}


class _Reach(IntEnum):
    """The screens on which rules apply."""

    NONE = 0
    SOME = 1
    ALL = 2


def find_hidden(parser: LexborHTMLParser) -> tuple[Callable[[LexborNode], bool], Callable[[LexborNode], bool]]:
    """Return a test of whether an element of the page is never seen, and one of whether it is crossed out.

    Either holds for all that is in the element. What a click on an accordion, a tab or a summary shows is seen. What
    only appears when it is scrolled to is too.
    """
    visibility = _Visibility(parser)
    return visibility.is_hidden, visibility.is_struck


class _Visibility:
    """The declared styles of a page's elements, and which of its parts a button opens."""

    def __init__(self, parser: LexborHTMLParser) -> None:
        self.styled, complete = _declared(parser)
        self.opened = frozenset(_opened(parser))
        # Where no other file styles the page, text stands on white unless the page says otherwise.
        others = parser.css_first('link[rel~="stylesheet"]') or parser.css_first("script[src]")
        styles = (style.text(deep=True) or "" for style in parser.css("style"))
        self.plain = complete and others is None and not any("@import" in css or "var(" in css for css in styles)

    def is_hidden(self, node: LexborNode) -> bool:
        attributes = node.attributes
        classes = (attributes.get("class") or "").lower().split()
        if node.tag == "dialog":
            return "open" not in attributes
        if "popover" in attributes or attributes.get("role") in {"dialog", "alertdialog"}:
            return True
        style = self.style(node)
        if _coloured_away(style) or (("color" in style or node.tag == "font") and self.same_colour(node, style)):
            return True
        if not (
            ("hidden" in attributes and attributes["hidden"] != "until-found")
            or (attributes.get("aria-hidden") == "true" and node.tag not in _INLINE)
            or _hidden_by_class(classes)
            or self.hidden_by_style(node, style, classes)
        ):
            return False
        return node.tag not in _WRAPPERS and not self.opens(node, classes)

    def is_struck(self, node: LexborNode) -> bool:
        """Return whether text is crossed out, as an old price is: without the line it would be taken for true."""
        if node.tag in _STRUCK:
            return True
        return _strikes(self.style(node)) and node.tag not in _WRAPPERS

    def style(self, node: LexborNode) -> _Style:
        """Return what is declared for an element, by rules and by its own attribute."""
        declared = self.styled.get(node.mem_id, {})
        inline = node.attributes.get("style")
        return declared | _declarations(inline.lower()) if inline else declared

    def hidden_by_style(self, node: LexborNode, style: _Style, classes: list[str]) -> bool:
        if not style:
            return False
        if style.get("display") == "none" or style.get("content-visibility") == "hidden":
            return True
        if _off_screen(style) or _clipped(style):
            return True
        if _zero(style.get("font-size")):
            return not any(_sized(self.style(inner)) for inner in node.css("*") if inner.mem_id != node.mem_id)
        unseen = style.get("visibility") in {"hidden", "collapse"} or _faint(style.get("opacity"))
        return unseen and not _enters(node, style, classes)

    def opens(self, node: LexborNode, classes: list[str]) -> bool:
        """Return whether a click shows an element: a closed panel of an accordion, a tab, "read more"."""
        attributes = node.attributes
        if "modal" in classes or "offcanvas" in classes:
            return False
        if attributes.get("id") in self.opened or attributes.get("role") == "tabpanel":
            return True
        if any(_TOGGLING_CLASS.search(name) for name in classes):
            return True
        before, after = _sibling(node, forward=False), _sibling(node, forward=True)
        if before is not None and _holds_toggle(before):
            return True
        return any(
            near is not None and near.tag in {"a", "button", "p", "span"} and _MORE.match(near.text(strip=True)[:40])
            for near in (before, after)
        )

    def same_colour(self, node: LexborNode, style: _Style) -> bool:
        """Return whether the text of an element has the colour of what is behind it, where that is known."""
        text = _colour(style.get("color") or (node.attributes.get("color") if node.tag == "font" else None) or "")
        if text is None:
            return False
        behind: LexborNode | None = node
        while behind is not None and behind.is_element_node:
            around = self.style(behind)
            values = (around.get("background-color"), around.get("background"), behind.attributes.get("bgcolor"))
            seen = [value for value in values if value and not _CLEAR.match(value.strip().lower())]
            if behind.attributes.get("background") or any(map(_BACKGROUND.search, seen)):
                return False
            if seen:  # a colour that cannot be named may be any
                colour = next(filter(None, map(_colour, (seen[0], *seen[0].split()))), None)
                return colour is not None and _near(text, colour)
            behind = behind.parent
        return self.plain and _near(text, _NAMED["white"])


def _declared(parser: LexborHTMLParser) -> tuple[dict[int, _Style], bool]:
    """Return what the page's own `<style>` declares for elements that it may hide, by the address of the element.

    Rules that hide are applied first, those on colours after them; of the others only those count that speak of the
    same elements. Say too whether all rules were applied.
    """
    rules = [
        rule
        for style in parser.css("style")
        if _ALWAYS.match((style.attributes.get("media") or "").strip().lower())
        for rule in _rules(style.text(deep=True) or "")
    ]
    ranked: dict[int, dict[str, tuple[tuple[bool, int, int], str]]] = {}
    budget = _MOST_MATCHES // (len(parser.css("*")) + 1) if rules else 0
    counts = [bool(style.keys() & _COLOURS) or _hides(style) for _, style in rules]
    order = sorted(range(len(rules)), key=lambda number: _place(rules[number][1]))[: min(_MOST_RULES, budget)]
    for number in order:
        selector, style = rules[number]
        if not counts[number] and not ranked:
            continue
        matched: list[LexborNode] = []
        with suppress(SelectolaxError):
            matched = parser.css(selector)
        weight = _specificity(selector)
        for node in matched:
            if counts[number] or node.mem_id in ranked:
                held = ranked.setdefault(node.mem_id, {})
                for name, value in style.items():
                    rank = ("!important" in value, weight, number)
                    if name not in held or held[name][0] <= rank:
                        held[name] = rank, value.replace("!important", "").strip()
    styled = {address: {name: value for name, (_, value) in held.items()} for address, held in ranked.items()}
    return styled, len(order) == len(rules)


def _place(style: Mapping[str, str]) -> int:
    """Return how early a rule is applied, where a page has too many to apply them all."""
    if _hides(style):
        return 0
    return 1 if _SHOWN_BY & style.keys() else 2 if style.keys() & _COLOURS else 3


def _hides(style: Mapping[str, str]) -> bool:
    plain = {name: value.replace("!important", "").strip() for name, value in style.items()}
    if _strikes(plain):
        return True
    if (
        plain.get("content-visibility") == "hidden"
        or plain.get("display") == "none"
        or _off_screen({**plain, "position": "absolute"})
    ):
        return True
    unseen = plain.get("visibility") in {"hidden", "collapse"} or _faint(plain.get("opacity"))
    cut = {"overflow": "hidden", **plain}
    return unseen or _zero(plain.get("font-size")) or _clipped(cut)


@lru_cache(maxsize=64)
def _rules(css: str) -> tuple[_Rule, ...]:
    """Return the rules of a style sheet that apply on every screen and say something of visibility."""
    return tuple(_scan(_COMMENT.sub(" ", css.lower())))


def _scan(css: str) -> Iterator[_Rule]:
    applies = [_Reach.ALL]
    prelude = ""
    body: list[str] | None = None
    for match in _CSS_TOKEN.finditer(css):
        text, mark = match[1].strip(), match[2]
        if body is not None and mark != "{":
            body.append(text)
            if mark != ";":
                yield from _relevant(prelude, body, applies[-1])
                body = None
        elif mark == "{":
            if text.startswith("@"):
                applies.append(min(applies[-1], _applies(text)))
            elif body is None and applies[-1] is not _Reach.NONE:
                prelude, body = text, []
            else:
                applies.append(_Reach.NONE)  # a rule in a rule, or in a block that does not apply
        elif mark == "}" and len(applies) > 1:
            applies.pop()


def _applies(prelude: str) -> _Reach:
    match = _AT_RULE.match(prelude)
    name, condition = match.groups() if match else ("", "")
    if name == "media" and not _ALWAYS.match(condition.strip()):
        return _Reach.NONE if _NO_SCREEN.search(condition) else _Reach.SOME
    return _Reach.ALL if name in {"media", "layer", "supports"} else _Reach.NONE


def _relevant(prelude: str, body: list[str], reach: _Reach) -> Iterator[_Rule]:
    style = _declarations(";".join(body), keep_important=True)
    if reach is _Reach.SOME:  # what some screens show is seen, and what some hide is too
        style = {name: value for name, value in style.items() if name in _SHOWN_BY and not _UNSHOWN.match(value)}
    if not style:
        return
    for selector in re.split(r",(?![^(]*\))", prelude):
        if not _STATE.search(selector) and 0 < len(selector.strip()) <= _LONGEST_SELECTOR:
            yield selector.strip(), style


def _declarations(css: str, *, keep_important: bool = False) -> _Style:
    style: _Style = {}
    for line in css.split(";"):
        name, colon, value = line.partition(":")
        if colon and (name := name.strip()) in _HIDING:
            value = _IMPORTANT.sub("!important", value).strip()
            style[name] = value if keep_important else value.replace("!important", "").strip()
    return style


def _specificity(selector: str) -> int:
    ids = selector.count("#")
    classes = len(re.findall(r"[.\[]|(?<!:):(?!:)", selector))
    return ids * 10_000 + classes * 100 + len(re.findall(r"(?:^|[\s>+~])[a-z]", selector))


def _opened(parser: LexborHTMLParser) -> Iterator[str]:
    """Yield the ids of the parts that a button, a tab or a label opens."""
    for node in parser.css("[aria-controls]"):
        yield from (node.attributes.get("aria-controls") or "").split()
    for node in parser.css("[data-toggle], [data-bs-toggle], [role=tab], [role=button]"):
        attributes = node.attributes
        kind = attributes.get("data-bs-toggle") or attributes.get("data-toggle") or attributes.get("role")
        if kind in _TOGGLES or kind == "button":
            for name in ("data-bs-target", "data-target", "href"):
                if (attributes.get(name) or "").startswith("#"):
                    yield (attributes[name] or "")[1:]


def _is_toggle(node: LexborNode) -> bool:
    attributes = node.attributes
    return (
        node.tag in {"button", "summary"}
        or attributes.get("role") == "button"
        or "aria-expanded" in attributes
        or (node.tag == "label" and "for" in attributes)
    )


def _holds_toggle(node: LexborNode) -> bool:
    """Return whether an element is a button, or little more than one."""
    inner = node.css("*")
    return _is_toggle(node) or (len(inner) <= _FEW and any(map(_is_toggle, inner)))


def _sibling(node: LexborNode, *, forward: bool) -> LexborNode | None:
    near = node.next if forward else node.prev
    while near is not None and not near.is_element_node and not (near.text_content or "").strip():
        near = near.next if forward else near.prev
    return near if near is not None and near.is_element_node else None


def _hidden_by_class(classes: list[str]) -> bool:
    if "elementor-hidden-desktop" in classes and len([name for name in classes if "elementor-hidden-" in name]) > 2:
        return True  # on each kind of screen
    return any(map(_HIDDEN_CLASS.match, classes)) and not any(map(_SHOWN_AGAIN.match, classes))


def _enters(node: LexborNode, style: Mapping[str, str], classes: list[str]) -> bool:
    """Return whether an element appears when it is scrolled to."""
    inline = (node.attributes.get("style") or "").lower()
    return (
        "transform" in style
        or any(word in inline for word in ("transform", "transition", "animation", "will-change"))
        or any(map(_ENTRANCE.search, classes))
        or any(map(_ENTRANCE_ATTRIBUTE.match, node.attributes))
    )


def _off_screen(style: Mapping[str, str]) -> bool:
    if _pixels(style.get("text-indent")) <= -_FAR or style.get("text-indent") == "100%":
        return True
    if re.search(r"translate[xy3d]*\(\s*-\d{4,}px|scale\(\s*0(?:\s*[,)]|\.0)", style.get("transform", "")):
        return True
    if _pixels(style.get("margin-left")) <= -_FAR or _zero(style.get("scale")):
        return True
    moved = style.get("position") in {"absolute", "fixed", "relative"}
    return moved and any(_pixels(style.get(side)) <= -_FAR for side in ("left", "right", "top"))


def _clipped(style: Mapping[str, str]) -> bool:
    """Return whether an element is cut down to nothing, as text for screen readers is."""
    if re.search(r"rect\(\s*(?:0|1px)(?:px)?[\s,]+(?:0|1px)(?:px)?[\s,]", style.get("clip", "")):
        return True
    if re.search(r"inset\((?:50|100)%|circle\(0|polygon\(0(?:px)? 0(?:px)?, ?0(?:px)? 0", style.get("clip-path", "")):
        return True
    cut = "hidden" in {style.get("overflow"), style.get("overflow-y")}
    sides = (style.get("height"), style.get("max-height"), style.get("width"))
    return cut and any(side is not None and 0 <= _pixels(side, 9) <= 1 for side in sides)


def _pixels(value: str | None, otherwise: float = 0) -> float:
    match = _NUMBER.match(value or "")
    try:
        return float(match[1]) * _PIXELS[match[2] or ""] if match else otherwise
    except ValueError:
        return otherwise


def _faint(value: str | None) -> bool:
    """Return whether an opacity leaves nothing to see."""
    share = _pixels(value, 1)  # a percent is five
    return share < _FAINT * (500 if value and value.endswith("%") else 1)


def _strikes(style: Mapping[str, str]) -> bool:
    return any("line-through" in style.get(name, "") for name in _LINES)


def _zero(value: str | None) -> bool:
    match = _NUMBER.match(value or "")
    return bool(match and not match[1].strip("0.-"))


def _sized(style: Mapping[str, str]) -> bool:
    return "font-size" in style and not _zero(style["font-size"])


def _coloured_away(style: Mapping[str, str]) -> bool:
    return bool(_UNSEEN_COLOUR.match(style.get("color", ""))) and "background" not in " ".join(style)


def _colour(value: str) -> tuple[int, int, int] | None:
    """Return red, green and blue of a colour that covers what is behind it."""
    value = value.strip().lower()
    if value in _NAMED:
        return _NAMED[value]
    if re.fullmatch(r"#?[0-9a-f]{6}(?:ff)?", value):
        value = value.lstrip("#")
        return int(value[:2], 16), int(value[2:4], 16), int(value[4:6], 16)
    if re.fullmatch(r"#[0-9a-f]{3}", value):
        return int(value[1] * 2, 16), int(value[2] * 2, 16), int(value[3] * 2, 16)
    match = _RGB.match(value)
    if not match or (match[4] and float(match[4]) < (100 if match[5] else 1)):
        return None
    return int(match[1]), int(match[2]), int(match[3])


def _near(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return all(abs(left - right) <= _ALIKE for left, right in zip(one, other, strict=True))
