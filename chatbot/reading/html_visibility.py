"""Find which words of a page no visitor sees, by attributes and by the styles that the page itself holds."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from chatbot.reading.html_styles import (
    COLOURS,
    Colour,
    Declared,
    Reach,
    Rule,
    Style,
    covers,
    read_colour,
    read_compounds,
    read_declarations,
    read_rules,
)
from chatbot.reading.questions import asks

__all__ = ["Look", "Visibility"]

_MOST_RULES: Final = 400  # of a page's own styles that can hide something
_MOST_MATCHES: Final = 3_000_000  # rules times elements
_MOST_STEPS: Final = 1_000_000_000  # of looking for what a page's selectors name; a step takes a few nanoseconds
_FAR: Final = 400  # pixels; text that is moved so far is not meant to be seen
_OUT: Final = 1_000  # pixels by which a transformation moves something off the screen
_VERY_FAR: Final = 2_000  # pixels; no overlap of two parts of a page, and no slide beside others, is so large
_FEW: Final = 6  # elements
_LONGEST_LABEL: Final = 200  # characters of a button
_FAINT: Final = 0.05  # opacity
_ALIKE: Final = 12  # of 255, in each colour
_SMALLEST: Final = 2.0  # pixels; nobody reads smaller letters

_UNSEEN = {"hidden", "collapse"}
_LINES = ("text-decoration", "text-decoration-line")
_UNKNOWN: Final = "unknown"
_LATER: Final = "shown-later"
"""A property of our own: a class that a script sets shows the element."""
_MOST_CLASSES: Final = 2  # that a script sets at once
_NAME = re.compile(r"\[[^\]]*\]|[.#]?(?:[\w-]|\\.)+")
_UPON_CLICK = re.compile(
    r"open|error|invalid|success|sent|submit|complete|done|fail|modal|popup|menu|nav|tooltip|cookie|lightbox|dropdown"
    r"|toggle|hover|expand|select|checked|search|overlay|drawer|print",
    re.IGNORECASE,
)
_INHERITED = {"inherit", "unset", ""}
_CLEAR = {"", "none", "inherit", "initial", "unset", "revert", "transparent"}
_NUMBER = re.compile(r"^([-+]?[\d.]+)(px|em|rem|pt|%|vw|vh|ch)?$")
_PIXELS = {"": 1, "px": 1, "em": 16, "rem": 16, "pt": 1.3, "ch": 8, "vw": 12, "vh": 8, "%": 5}
_FUNCTION = re.compile(r"([a-z][\w-]{0,30})\(([^()]{0,100})\)")
_FAR_SUM = re.compile(r"calc\([^)]{0,100}\b(?:[3-9]\d{3}|\d{5,})px")
_NO_PATH = re.compile(
    r"inset\((?:50|100)%|(?:circle|ellipse)\(0(?!\.?\d*[1-9])|polygon\(0(?:px)? 0(?:px)?, ?0(?:px)? 0"
)
_PICTURES = "img, picture, video, canvas, svg"
_COLOURED = {"a", "button", "mark"}  # in colours of the browser's own
_CUT = {"hidden", "clip"}

# The classes that common frameworks hide text by; a class such as `md:block` shows it again on a larger screen.
_HIDDEN_CLASS = re.compile(
    r"^(?:sr-only|visually-?hidden|visuallyhidden|screen-reader(?:-text|-only)?|u-hidden(?:-visually)?|(?:is-)?hidden"
    r"|hide|d-none|invisible|a11y-hidden|assistive-text|offscreen|off-screen|elementor-screen-only|w-condition-invisible"
    r"|show-for-sr|element-invisible|print-only|w-form-(?:done|fail)|wpcf7-response-output|material-(?:icons|symbols)[\w-]*)$"
)
_SHOWN_AGAIN = re.compile(
    r"^(?:(?!print:)\w+:(?:block|flex|grid|inline.*|table.*|contents|flow-root|list-item|visible|not-sr-only)"
    r"|d-(?!print)\w\w+-(?!none)\w+|d-\w\w-\w+)$"
)
# Slides that a slider holds twice, so that the first one follows the last.
_CLONE = re.compile(
    r"^(?:(?:slick|tns-slide|is)-)?cloned?$|^swiper-slide-duplicate|^(?:splide|glide)__slide--clone$|^bx-clone$"
)
_SLIDER = re.compile(r"slider|slideshow|carousel|swiper|slick|^owl-|splide|glide|flickity|keen-|embla")
_SLIDE = re.compile(
    r"^(?:carousel-(?:item|inner)|item)$|(?:^|[-_])(?:slides?|cell|track|stage|wrapper|list|viewport)$|^owl-item$"
)
# Text that is hidden until it is scrolled to is shown.
_ENTRANCE = re.compile(
    r"wow|aos|anim|fade|reveal|elementor-invisible|motion|slide-?in|appear|lazy|preload|in-?view|scroll"
)
_ENTRANCE_ATTRIBUTE = re.compile(r"^data-(?:w-id|aos|anim|framer|sal|scroll|motion|reveal|wow|sr|gsap|settings|ix)")
_TOGGLING_CLASS = re.compile(
    r"accordion|faq|toggle|collaps|expand|tab-|tabs|tabpanel|answer|w-tab-pane|dropdown-panel|et_pb_tab|vc_tta"
)
_PANEL_CLASS = re.compile(r"(?:^|[-_\s])(?:content|panel|body|collapse|pane|inner|drawer|details)(?:$|[-_\s])")
_TOGGLING_ATTRIBUTE = re.compile(r"^(?:data-(?:bs-)?(?:toggle|collapse|accordion)|(?:@|x-on:|v-on:|ng-|\(|on:)click)")
_TOGGLING_SCRIPT = re.compile(
    r"toggle|show|hid|expand|collapse|display|next(?:element)?sibling|(?<!window\.)open", re.IGNORECASE
)
_SHOWN_BY_SCRIPT = re.compile(r"^(?:x-show|x-collapse|v-show|ng-show|ng-hide|\*ngif|data-collapse)")
_OPENING_MARK = re.compile(r"[+\u2795\u25b6\u25b8\u25be\u25bc\u25bd\u2304\u203a\u276f\u2228]\W*$")
_OPENS_LAYER = {"modal", "tooltip", "popover", "offcanvas"}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
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


@dataclass(frozen=True, slots=True)
class Look:
    """How words look that stand in an element, as far as the page says; a colour that is not known is None."""

    visible: bool = True
    legible: bool = True
    colour: Colour | None = None
    behind: Colour | None = None

    @property
    def shows_words(self) -> bool:
        """Whether words that stand in the element itself can be seen."""
        if not self.visible or not self.legible:
            return False
        if self.colour is None:
            return True
        return self.colour[3] > 0 and (self.behind is None or not _near(self.colour, self.behind))


_WHITE: Final[Colour] = (255, 255, 255, 1.0)
_BLACK: Final[Colour] = (0, 0, 0, 1.0)


class Visibility:
    """The declared styles of a page's elements, and which of its parts a button opens."""

    def __init__(self, parser: LexborHTMLParser) -> None:
        self._styled, complete = _declared(parser)
        self._opened = frozenset(_opened(parser))
        self._switches = frozenset(_switches(parser))
        # Where no other file styles the page, black text stands on white unless the page says otherwise.
        others = parser.css_first('link[rel~="stylesheet"]') or parser.css_first("script[src]")
        styles = (style.text(deep=True) or "" for style in parser.css("style"))
        self._plain = complete and others is None and not any("@import" in css or "var(" in css for css in styles)
        self._pictures = parser.css_first(_PICTURES) is not None
        self.page = Look(colour=_BLACK, behind=_WHITE) if self._plain else Look()
        """The look of a page on which nothing is declared."""

    def look(self, node: LexborNode, around: Look) -> Look | None:
        """Return the look of an element in another one; None where it is never seen, nor anything in it.

        What a click on an accordion, a tab or a summary shows is seen. What only appears when it is scrolled to is too.
        """
        attributes = node.attributes
        role = attributes.get("role")
        if (node.tag == "dialog" and "open" not in attributes) or role in {"dialog", "alertdialog"}:
            return None
        if "popover" in attributes:
            return None
        style = self.style(node)
        classes = (attributes.get("class") or "").lower().split()
        gone = _hidden_by_attribute(node, attributes) or _hidden_by_class(classes) or _gone(node, style, classes)
        unseen, tiny = style.get("visibility") in _UNSEEN and not _enters(node, style, classes), _is_tiny(style)
        if (gone or unseen or tiny) and (node.tag in _WRAPPERS or self.opens(node, classes)):
            gone = unseen = tiny = False
        if gone:
            return None
        visible = not unseen and (around.visible or style.get("visibility") == "visible")
        legible = not tiny and (around.legible or _has_own_size(style))
        colour = self.colour(node, style, around)
        return Look(visible, legible, colour, self.behind(node, style, around, colour))

    def is_struck(self, node: LexborNode) -> bool:
        """Return whether text is crossed out, as an old price is: without the line it would be taken for true."""
        if node.tag in _STRUCK:
            return True
        return _strikes(self.style(node)) and node.tag not in _WRAPPERS

    def style(self, node: LexborNode) -> Style:
        """Return what is declared for an element, by rules and by its own attribute."""
        plain, important = self._styled.get(node.mem_id, ({}, {}))
        inline = node.attributes.get("style")
        if not inline:
            return plain | important
        declared = read_declarations(inline)
        return plain | declared.plain | important | declared.important

    def opens(self, node: LexborNode, classes: list[str]) -> bool:
        """Return whether a click shows an element: a closed panel of an accordion, a tab, "read more"."""
        attributes = node.attributes
        if "modal" in classes or "offcanvas" in classes or any(map(_CLONE.match, classes)):
            return False
        if _is_slide(node, classes) or attributes.get("id") in self._opened or attributes.get("role") == "tabpanel":
            return True
        if any(_TOGGLING_CLASS.search(name) for name in classes):
            return True
        before, after = _sibling(node, forward=False), _sibling(node, forward=True)
        if before is not None and _answers(node, before, after):
            return True
        if before is not None and any(self.toggles(toggle, before, node) for toggle in _toggles_in(before)):
            return True
        return any(
            near is not None and near.tag in {"a", "button", "p", "span"} and _MORE.match(near.text(strip=True)[:40])
            for near in (before, after)
        )

    def toggles(self, toggle: LexborNode, before: LexborNode, panel: LexborNode) -> bool:
        """Return whether a button says that it opens what follows it; many buttons do something else."""
        attributes = toggle.attributes
        if toggle.tag == "summary" or "aria-expanded" in attributes:
            return True
        if toggle.tag == "label":
            return attributes.get("for") in self._switches
        if attributes.get("aria-controls"):
            return False  # it opens what it names
        return _says_it_toggles(toggle) or _looks_like_toggle(toggle, before, panel)

    def colour(self, node: LexborNode, style: Style, around: Look) -> Colour | None:
        """Return the colour of the words in an element, where it is known."""
        value = style.get("-webkit-text-fill-color") or style.get("color") or ""
        if value in _INHERITED:
            value = (node.attributes.get("color") or "") if node.tag == "font" else ""
        if value in _INHERITED or value == "currentcolor":
            # Files that are not read may colour links, and what has a background of its own.
            own = not self._plain and not {"background-color", "background-image"}.isdisjoint(style)
            return None if own or node.tag in _COLOURED else around.colour
        colour = _colour(value)
        if colour is not None and colour[3] == 0 and not {"background-color", "background-image"}.isdisjoint(style):
            return None  # letters cut out of a picture
        outlined = style.get("text-shadow", "none") != "none" or "-webkit-text-stroke" in style
        return None if outlined or (colour and 0 < colour[3] < 1) else colour

    def behind(self, node: LexborNode, style: Style, around: Look, colour: Colour | None) -> Colour | None:
        """Return the colour of what is behind an element, where it is known."""
        if node.attributes.get("background") or style.get("background-image", "none") not in _CLEAR:
            return None
        value = style.get("background-color") or node.attributes.get("bgcolor") or ""
        if value in _CLEAR:
            apart = self._pictures and style.get("position") in {"absolute", "fixed"}
            return None if apart else around.behind
        behind = colour if value == "currentcolor" else _colour(value)
        if behind is not None and behind[3] == 0:
            return around.behind
        return behind if behind is not None and behind[3] == 1 else None


_Ranked = dict[str, tuple[tuple[int, int], str]]
"""For each property the specificity and the number of its rule, and the value."""


def _declared(parser: LexborHTMLParser) -> tuple[dict[int, tuple[Style, Style]], bool]:
    """Return what the page's own `<style>` declares for elements that it may hide, by the address of the element.

    That is what is declared plainly, and what as `!important`. Rules that hide are applied first, those on colours
    after them. What elements inherit counts everywhere, all else only for elements that a rule hides. Say too whether
    all rules were applied.
    """
    rules = _revealed([rule for style in parser.css("style") if _is_applied(style) for rule in _rules(style)])
    ranked: dict[int, tuple[_Ranked, _Ranked]] = {}
    budget = _MOST_MATCHES // (len(parser.css("*")) + 1) if rules else 0
    styles = [rule.declared.plain | rule.declared.important for rule in rules]
    inherited = COLOURS | {"visibility"} | ({"font-size"} if any(map(_is_tiny, styles)) else set())
    counts = [not inherited.isdisjoint(style) or _hides(style) for style in styles]
    order = sorted(range(len(rules)), key=lambda number: _place(styles[number]))[: min(_MOST_RULES, budget)]
    complete = len(order) == len(rules)
    finder = _Finder(parser) if order else None
    for number in order:
        rule = rules[number]
        if finder is None or (not counts[number] and not ranked):
            continue
        matched = finder.find(rule.selector)
        complete = complete and matched is not None
        rank = _specificity(rule.selector), number
        for node in (matched or ()) if covers(styles[number]) else ():
            if node.parent is not None:  # whose words stand on the box
                ranked.setdefault(node.parent.mem_id, ({}, {}))[1]["background-image"] = rank, _UNKNOWN
        for node in matched or ():
            if counts[number] or node.mem_id in ranked:
                plain, important = ranked.setdefault(node.mem_id, ({}, {}))
                _rank(plain, rule.declared.plain, rank)
                _rank(important, rule.declared.important, rank)
    return {address: (_values(plain), _values(urgent)) for address, (plain, urgent) in ranked.items()}, complete


def _rank(ranked: _Ranked, style: Style, rank: tuple[int, int]) -> None:
    """Take the values of a rule, where none of a higher rank is there."""
    for name, value in style.items():
        if name not in ranked or ranked[name][0] <= rank:
            ranked[name] = rank, value


class _Finder:
    """Looks for the elements that selectors name, unless it would take too long.

    The parser tries every way in which the parts of a selector can stand for the elements around one, so that ten words
    of a style sheet can keep it busy for years.
    """

    def __init__(self, parser: LexborHTMLParser) -> None:
        self._parser = parser
        self._left = _MOST_STEPS
        self._found: dict[str, int] = {}
        depths: dict[int, int] = {}
        children: Counter[int] = Counter()
        for node in parser.css("*"):
            above = node.parent.mem_id if node.parent is not None else 0
            depths[node.mem_id] = depths.get(above, 0) + 1
            children[above] += 1
        self._all = len(depths) + 1
        self._depth = max(depths.values(), default=1)
        self._width = max(children.values(), default=1)

    def find(self, selector: str) -> list[LexborNode] | None:
        """Return the elements that a selector names, or None where it is not understood or takes too long."""
        try:
            steps = self._steps(selector)
            if steps > self._left:
                return None
            self._left -= steps
            return self._parser.css(selector) if steps else []
        except SelectolaxError:
            return None

    def _steps(self, selector: str) -> int:
        """Return how many elements are looked at, at most; 0 where a part of the selector is nowhere on the page."""
        steps = 1
        compounds = read_compounds(selector)
        for place, (compound, after) in enumerate(zip(compounds, [*compounds[1:], None], strict=True)):
            found = self._count(compound.names)
            around = {" ": self._depth, "~": self._width}.get(after.combinator, 1) if after else found
            steps *= min(found, around) if place or not found else around
            steps *= self._width**compound.counted * self._all**compound.below
            steps *= max(self._depth, self._width) ** compound.nested
        return steps

    def _count(self, names: str) -> int:
        if names not in self._found:
            self._found[names] = len(self._parser.css(names)) if names else self._all
        return self._found[names]


def _values(ranked: _Ranked) -> Style:
    return {name: value for name, (_, value) in ranked.items()}


def _is_applied(style: LexborNode) -> bool:
    """Return whether a `<style>` is read by a browser that runs scripts."""
    kind = (style.attributes.get("type") or "text/css").strip().lower()
    above = style.parent
    while above is not None and above.tag not in {"noscript", "template"}:
        above = above.parent
    return kind == "text/css" and above is None


def _rules(node: LexborNode) -> Iterator[Rule]:
    """Yield the rules of a `<style>`: of those on some screens only what shows, for what these show is seen.

    A colour that some screens have is not known.
    """
    for rule in read_rules(node.text(deep=True) or "", node.attributes.get("media") or ""):
        if rule.reach is Reach.ALL:
            yield rule
            continue
        shown = Declared(_shown(rule.declared.plain), _shown(rule.declared.important))
        if shown.plain or shown.important:
            yield Rule(rule.selector, shown, rule.reach)


def _shown(style: Style) -> Style:
    """Return what shows words on some screens, and the colours as unknown."""
    shown = {name: value for name, value in style.items() if not _hides({name: value})}
    return shown | dict.fromkeys(COLOURS & style.keys(), _UNKNOWN)


def _revealed(rules: list[Rule]) -> list[Rule]:
    """Return rules, those that hide what a class shows that a script sets when the page is read marked by it.

    Such a rule has the same names for the element itself as the other one, which has a class more, there or around.
    """
    shows: dict[str, list[tuple[frozenset[str], frozenset[str], Style]]] = {}
    hides: list[int] = []
    for number, rule in enumerate(rules):
        style = rule.declared.plain | rule.declared.important
        if not ("opacity" in style or "visibility" in style):
            continue
        if _is_faded(style):
            hides.append(number)
        else:
            whole, last = _names_of(rule.selector)
            for name in last:
                shows.setdefault(name, []).append((whole, last, style))
    marked = list(rules)
    for number in hides[:_MOST_RULES] if shows else ():
        declared = rules[number].declared
        style = declared.plain | declared.important
        whole, last = _names_of(rules[number].selector)
        near = min((shows.get(name, []) for name in last), key=len, default=[])
        if any(
            last <= shown_last and _is_set_later(shown - whole) and _undoes(shown_style, style)
            for shown, shown_last, shown_style in near[:_MOST_RULES]
        ):
            marked[number] = replace(rules[number], declared=replace(declared, plain=declared.plain | {_LATER: "yes"}))
    return marked


def _names_of(selector: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names in a selector: all of them, and those of the element that it is for."""
    parts = [frozenset(_NAME.findall(compound.names)) for compound in read_compounds(selector)]
    return frozenset().union(*parts), parts[-1] if parts else frozenset()


def _is_set_later(names: frozenset[str]) -> bool:
    """Return whether names are classes that a script sets by itself, and not upon a click or an error."""
    classes = [name for name in names if name[0] in ".["]
    return 0 < len(classes) <= _MOST_CLASSES and not any(map(_UPON_CLICK.search, names))


def _is_faded(style: Style) -> bool:
    return style.get("visibility") in _UNSEEN or _faint(style.get("opacity"))


def _undoes(style: Style, hidden: Style) -> bool:
    """Return whether what is declared shows again what is hidden."""
    if hidden.get("visibility") in _UNSEEN and style.get("visibility") != "visible":
        return False
    return not _faint(hidden.get("opacity")) or ("opacity" in style and not _faint(style["opacity"]))


def _place(style: Style) -> int:
    """Return how early a rule is applied, where a page has too many to apply them all."""
    if _hides(style):
        return 0
    return 1 if {"display", "visibility"} & style.keys() else 2 if not COLOURS.isdisjoint(style) else 3


def _hides(style: Style) -> bool:
    """Return whether what is declared can hide words, whatever else is declared elsewhere."""
    whole = {"overflow": "hidden", "position": "absolute", **style}
    unseen = style.get("visibility") in _UNSEEN or _faint(style.get("opacity")) or _is_tiny(style)
    return unseen or _strikes(style) or _vanishes(whole) or _shrunk(whole)


def _specificity(selector: str) -> int:
    ids = selector.count("#")
    classes = len(re.findall(r"[.\[]|(?<!:):(?!:)", selector))
    return ids * 10_000 + classes * 100 + len(re.findall(r"(?:^|[\s>+~])[a-z]", selector))


def _opened(parser: LexborHTMLParser) -> Iterator[str]:
    """Yield the ids of the parts that a button, a tab or a label opens."""
    for node in parser.css("[aria-controls]"):
        yield from (node.attributes.get("aria-controls") or "").split()
    for node in parser.css("li > a[href^='#']"):
        yield (node.attributes["href"] or "")[1:]
    for node in parser.css("[data-toggle], [data-bs-toggle], [role=tab], [role=button]"):
        attributes = node.attributes
        kind = attributes.get("data-bs-toggle") or attributes.get("data-toggle") or attributes.get("role")
        if kind in _TOGGLES or kind == "button":
            for name in ("data-bs-target", "data-target", "href"):
                if (attributes.get(name) or "").startswith("#"):
                    yield (attributes[name] or "")[1:]


def _switches(parser: LexborHTMLParser) -> Iterator[str]:
    """Yield the ids of the boxes, outside of forms, by which pages without scripts open their parts."""
    for box in parser.css("input[type=checkbox i][id], input[type=radio i][id]"):
        above = box.parent
        while above is not None and above.tag != "form":
            above = above.parent
        if above is None:
            yield box.attributes["id"] or ""


def _toggles_in(node: LexborNode) -> Iterator[LexborNode]:
    """Yield the buttons that an element is or, if there is little more in it, that stand in it."""
    inner = node.css("*")
    for each in (node, *inner) if len(inner) <= _FEW else (node,):
        attributes = each.attributes
        button = each.tag in {"button", "summary", "label"} or attributes.get("role") == "button"
        if button or "aria-expanded" in attributes:
            yield each


def _says_it_toggles(toggle: LexborNode) -> bool:
    attributes = toggle.attributes
    kinds = [value for name, value in attributes.items() if _TOGGLING_ATTRIBUTE.match(name)]
    script = attributes.get("onclick") or ""
    return any(kind not in _OPENS_LAYER for kind in kinds) or bool(_TOGGLING_SCRIPT.search(script))


def _looks_like_toggle(toggle: LexborNode, before: LexborNode, panel: LexborNode) -> bool:
    """Return whether a button and what follows it look like a part of an accordion, by their names or the words."""
    if before.tag in _HEADINGS or any(map(_SHOWN_BY_SCRIPT.match, panel.attributes)):
        return True
    if _PANEL_CLASS.search(_names(panel)):
        return True
    if any(_TOGGLING_CLASS.search(_names(node)) for node in (toggle, before, panel.parent) if node is not None):
        return True
    words = toggle.text(strip=True)[:_LONGEST_LABEL]
    return asks(words) or bool(_OPENING_MARK.search(words))


def _answers(node: LexborNode, before: LexborNode, after: LexborNode | None) -> bool:
    """Return whether an element is all that stands below a question, which a script opens by a click on it."""
    if before.tag not in _HEADINGS | {"dt"} or (after is not None and after.tag != before.tag):
        return False
    return (node.tag == "dd") == (before.tag == "dt") and asks(before.text(strip=True)[:_LONGEST_LABEL])


def _names(node: LexborNode) -> str:
    attributes = node.attributes
    return f"{attributes.get('class') or ''} {attributes.get('id') or ''}".lower()


def _sibling(node: LexborNode, *, forward: bool) -> LexborNode | None:
    near = node.next if forward else node.prev
    while near is not None and not near.is_element_node and not (near.text_content or "").strip():
        near = near.next if forward else near.prev
    return near if near is not None and near.is_element_node else None


def _is_slide(node: LexborNode, classes: list[str]) -> bool:
    """Return whether an element is a slide of a slider, or what holds and moves its slides."""
    if not any(map(_SLIDE.search, classes)):
        return False
    around = (node, node.parent, node.parent.parent if node.parent is not None else None)
    return any(bool(_SLIDER.search(name)) for each in around if each is not None for name in _names(each).split())


def _hidden_by_class(classes: list[str]) -> bool:
    if "elementor-hidden-desktop" in classes and len([name for name in classes if "elementor-hidden-" in name]) > 2:
        return True  # on each kind of screen
    if any(map(_CLONE.match, classes)):
        return True
    return any(map(_HIDDEN_CLASS.match, classes)) and not any(map(_SHOWN_AGAIN.match, classes))


def _hidden_by_attribute(node: LexborNode, attributes: Mapping[str, str | None]) -> bool:
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    return attributes.get("aria-hidden") == "true" and node.tag not in _INLINE


def _gone(node: LexborNode, style: Style, classes: list[str]) -> bool:
    """Return whether an element and all that is in it is taken off the page by what is declared for it."""
    if not style:
        return False
    if _vanishes(style) or (_shrunk(style) and not _appears(node, classes)):
        return True
    return _faint(style.get("opacity")) and not _enters(node, style, classes)


def _enters(node: LexborNode, style: Style, classes: list[str]) -> bool:
    """Return whether an element appears when it is scrolled to."""
    inline = (node.attributes.get("style") or "").lower()
    moving = any(word in inline for word in ("transform", "transition", "animation", "will-change"))
    return "transform" in style or moving or _moves(style) or _appears(node, classes)


def _moves(style: Style) -> bool:
    """Return whether an element of the text changes its look gradually; what lies above it is a window or a hint."""
    if style.get("position") in {"absolute", "fixed"}:
        return False
    if _LATER in style:
        return True
    names = ("animation", "animation-name", "transition")
    return any(style.get(name, "none").split()[:1] not in ([], ["none"]) for name in names)


def _appears(node: LexborNode, classes: list[str]) -> bool:
    """Return whether an element says by its names that a script lets it appear."""
    return any(map(_ENTRANCE.search, classes)) or any(map(_ENTRANCE_ATTRIBUTE.match, node.attributes))


def _vanishes(style: Style) -> bool:
    """Return whether an element is not drawn, or not where anybody looks."""
    if style.get("display") == "none" or style.get("content-visibility") == "hidden":
        return True
    return _off_screen(style) or _clipped(style)


def _off_screen(style: Style) -> bool:
    indent = style.get("text-indent")
    if _is_far(indent) or indent == "100%" or (_is_far(style.get("margin-left")) and not _is_moved_back(style)):
        return True
    if _pixels(style.get("margin-top")) <= -_VERY_FAR:
        return True
    moves = [
        part for name, parts in _functions(style.get("transform")) if name.startswith("translate") for part in parts
    ]
    if any(map(_is_out, (*moves, *style.get("translate", "").split()))):
        return True
    moved = style.get("position") in {"absolute", "fixed", "relative"}
    return moved and (
        any(
            _pixels(style.get(side)) <= -_FAR or _far_sum(style.get(side))
            for side in ("left", "right", "top", "bottom")
        )
        or any(_pixels(style.get(side)) > 2 * _VERY_FAR for side in ("left", "right"))
    )


def _is_moved_back(style: Style) -> bool:
    """Return whether a margin to the left only centres a box, as in `left: 50%`, or moves a floating column."""
    centred = style.get("left", "").endswith("%") and -_pixels(style["margin-left"]) < _VERY_FAR
    return centred or (style.get("float") in {"left", "right"} and style["margin-left"] == "-100%")


def _is_far(value: str | None) -> bool:
    return not -_FAR < _pixels(value) <= 2 * _VERY_FAR or _far_sum(value)


def _is_out(value: str) -> bool:
    """Return whether a move by so much leads off every screen; shares are those of the element's own size."""
    return not value.endswith("%") and (not -_OUT < _pixels(value) <= 2 * _VERY_FAR or _far_sum(value))


def _far_sum(value: str | None) -> bool:
    return bool(value and _FAR_SUM.search(value))


def _functions(value: str | None) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the arguments of each function in a value."""
    for name, arguments in _FUNCTION.findall(value or ""):
        yield name, re.split(r"[\s,]+", arguments.strip())


def _shrunk(style: Style) -> bool:
    """Return whether an element is drawn without any size, or without any colour."""
    if any(map(_zero, style.get("scale", "").split()[:2])):
        return True
    for name, parts in _functions(style.get("transform")):
        if name.startswith("scale") and name != "scalez" and any(map(_zero, parts[:2])):
            return True
        if name == "matrix" and len(parts) == 6:
            across, down, skewed, deep = (_pixels(part, 1) for part in parts[:4])
            if across * deep == down * skewed:
                return True
    return any(name == "opacity" and _faint(parts[0]) for name, parts in _functions(style.get("filter")))


def _clipped(style: Style) -> bool:
    """Return whether an element is cut down to nothing, as text for screen readers is."""
    if re.search(r"rect\(\s*(?:0|1px)(?:px)?[\s,]+(?:0|1px)(?:px)?[\s,]", style.get("clip", "")):
        return True
    if _NO_PATH.search(style.get("clip-path", "")):
        return True
    if not any(style.get(name) in _CUT for name in ("overflow", "overflow-x", "overflow-y")):
        return False
    return any(
        0 <= _pixels(side, 9) <= 1
        for axis in ("height", "width")
        if _pixels(style.get(f"min-{axis}")) <= 1
        for side in (style.get(axis), style.get(f"max-{axis}"))
        if side is not None
    )


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


def _is_tiny(style: Style) -> bool:
    """Return whether letters are too small to be read."""
    size = style.get("font-size", "")
    share = 0.16 / _PIXELS["%"] if size.endswith("%") else 1
    return bool(_NUMBER.match(size)) and _pixels(size, _SMALLEST) * share < _SMALLEST


def _has_own_size(style: Style) -> bool:
    """Return whether letters have a size that does not depend on the size of those around."""
    size = style.get("font-size", "")
    relative = size.endswith(("%", "ch", "larger", "smaller")) or (size.endswith("em") and not size.endswith("rem"))
    return size not in _INHERITED and not relative


def _strikes(style: Style) -> bool:
    return any("line-through" in style.get(name, "") for name in _LINES)


def _zero(value: str) -> bool:
    match = _NUMBER.match(value)
    return bool(match and not match[1].strip("+-0."))


def _colour(value: str) -> Colour | None:
    return read_colour(value) or (read_colour(f"#{value}") if re.fullmatch(r"[0-9a-f]{3,8}", value) else None)


def _near(one: Colour, other: Colour) -> bool:
    return all(abs(left - right) <= _ALIKE for left, right in zip(one[:3], other[:3], strict=True))
