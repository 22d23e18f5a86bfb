"""Read style sheets as far as they can hide words or show them: selectors with what they declare, and colours."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from typing import Final

import tinycss2
from tinycss2 import ast, color4

__all__ = [
    "COLOURS",
    "Colour",
    "Compound",
    "Declared",
    "Reach",
    "Rule",
    "Style",
    "covers",
    "read_colour",
    "read_compounds",
    "read_declarations",
    "read_rules",
]

Style = dict[str, str]
"""The value of each property, in lower case."""
Colour = tuple[int, int, int, float]
"""Red, green and blue up to 255, and how much the colour covers, up to 1."""

_LONGEST_SHEET: Final = 1_000_000  # characters
_LONGEST_VALUE: Final = 300
_LONGEST_SELECTOR: Final = 200
_MOST_SELECTORS: Final = 100  # of a rule in another rule
_DEEPEST: Final = 6  # rules and conditions inside each other
_ANY_SCREEN: Final = 320  # pixels; every screen is that wide
_UNREADABLE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What tinycss2 raises for values that no page has, such as numbers of 5,000 digits."""

COLOURS: Final = frozenset(
    {"color", "-webkit-text-fill-color", "background-color", "background-image", "text-shadow", "-webkit-text-stroke"}
)
_PLAIN: Final = COLOURS | {
    *("display", "visibility", "content-visibility", "opacity", "font-size", "position", "left", "right", "top"),
    *("bottom", "text-indent", "clip", "clip-path", "transform", "translate", "scale", "filter", "height", "width"),
    *("max-height", "max-width", "overflow", "overflow-x", "overflow-y", "margin-left", "margin-top"),
    *("text-decoration", "text-decoration-line", "min-height", "min-width", "float", "animation", "animation-name"),
    "transition",
}
_ALIASES: Final[Mapping[str, str]] = {
    "inset-inline-start": "left",
    "inset-inline-end": "right",
    "inset-block-start": "top",
    "inset-block-end": "bottom",
    "margin-inline-start": "margin-left",
    "margin-block-start": "margin-top",
    "-webkit-animation": "animation",
    "-webkit-transition": "transition",
    "block-size": "height",
    "inline-size": "width",
    "min-block-size": "min-height",
    "min-inline-size": "min-width",
    "max-block-size": "max-height",
    "max-inline-size": "max-width",
    "-webkit-clip-path": "clip-path",
    "-webkit-filter": "filter",
    "-webkit-transform": "transform",
    "-ms-transform": "transform",
    "-webkit-text-stroke-width": "-webkit-text-stroke",
}
_SIDES: Final = ("top", "right", "bottom", "left")
_SHORTHANDS: Final = frozenset(
    {"font", "background", "inset", "inset-inline", "inset-block", "margin", "margin-inline"}
)
_BACKGROUND_WORDS: Final = frozenset(
    {
        *("none", "inherit", "initial", "unset", "revert", "left", "right", "top", "bottom", "center", "repeat"),
        *("repeat-x", "repeat-y", "no-repeat", "round", "space", "scroll", "fixed", "local", "cover", "contain"),
        *("auto", "border-box", "padding-box", "content-box"),
    }
)
_READ: Final = _PLAIN | _ALIASES.keys() | _SHORTHANDS
# Rules for a moment, or for browsers without scripts, say nothing of what a visitor finds on the page.
_STATE: Final = re.compile(
    r"::|:(?:hover|focus|active|checked|target|before|after|visited|disabled|root\b.*js)|no-?js|cloak", re.IGNORECASE
)
_DRAWN: Final = re.compile(r"::?(?:before|after)$", re.IGNORECASE)
"""The end of a selector for a box that a rule draws in an element."""
_COVERED: Final[Style] = {"background-image": "unknown"}
_COMBINATORS: Final = (">", "+", "~")
_ZERO: Final = re.compile(r"^0(?:px|%|r?em)?$")
_PREFIXED: Final = re.compile(r"^-(?:ms|moz|o)-|^-webkit-touch-callout$")


class Reach(IntEnum):
    """The screens on which a rule applies."""

    NONE = 0
    SOME = 1
    ALL = 2


@dataclass(frozen=True, slots=True)
class Declared:
    """What a rule or an attribute declares, apart from what it declares as `!important`."""

    plain: Style = field(default_factory=dict)
    important: Style = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """A selector with what it declares."""

    selector: str
    declared: Declared
    reach: Reach


@dataclass(frozen=True, slots=True)
class Compound:
    """The part of a selector that names one element, and what makes it slow to look for.

    `combinator` stands between it and the part before it: " ", ">", "+" or "~", and "" where it is the first. `names`
    are its tag, classes, id and attributes as written, up to its first pseudo-class. The others are numbers: `counted`
    of the pseudo-classes that count siblings (`:nth-child`), `nested` of the combinators in brackets (`:not(.a > .b)`),
    and `below` of the pseudo-classes that look through all elements below it (`:has`).
    """

    combinator: str
    names: str
    counted: int
    nested: int
    below: int


@lru_cache(maxsize=64)
def read_rules(css: str, media: str = "") -> tuple[Rule, ...]:
    """Return the rules of a style sheet that apply on some screen and can hide words or show them, in order."""
    try:
        reach = _media(tinycss2.parse_component_value_list(media, skip_comments=True))
        nodes = tinycss2.parse_stylesheet(css[:_LONGEST_SHEET], skip_comments=True, skip_whitespace=True)
        return tuple(_rules(nodes, (), reach, 0)) if reach is not Reach.NONE else ()
    except _UNREADABLE:
        return ()


@lru_cache(maxsize=4096)
def read_declarations(css: str) -> Declared:
    """Return what the `style` attribute of an element declares."""
    declared = Declared()
    with suppress(*_UNREADABLE):
        _declare(declared, tinycss2.parse_blocks_contents(css, skip_comments=True, skip_whitespace=True))
    return declared


def read_compounds(selector: str) -> list[Compound]:
    """Return what a selector without commas says of each element, from the outermost one."""
    compounds: list[Compound] = []
    combinator, part = "", list[ast.Node]()
    for token in [*tinycss2.parse_component_value_list(selector, skip_comments=True), None]:
        if token is not None and token.type != "whitespace" and token not in _COMBINATORS:
            part.append(token)
            continue
        if part:
            compounds.append(_compound(combinator, part))
            combinator, part = " ", []
        if token is not None and token in _COMBINATORS:
            combinator = token.value
    return compounds


def _compound(combinator: str, tokens: Sequence[ast.Node]) -> Compound:
    colon = next((place for place, node in enumerate(tokens) if node == ":"), len(tokens))
    inner = list(_functions(tokens))
    counted = sum(token.type in {"ident", "function"} and _is_counted(token) for token in (*tokens, *inner))
    nested = sum(token.type == "whitespace" or token in _COMBINATORS for token in inner)
    below = sum(token.type == "function" and token.lower_name == "has" for token in (*tokens, *inner))
    return Compound(combinator, tinycss2.serialize(tokens[:colon]), counted, nested, below)


def _functions(tokens: Iterable[ast.Node]) -> Iterator[ast.Node]:
    """Yield all that stands in the brackets of functions, those in others too."""
    for token in tokens:
        if token.type == "function":
            yield from token.arguments
            yield from _functions(token.arguments)


def _is_counted(token: ast.Node) -> bool:
    name: str = token.lower_name if token.type == "function" else token.lower_value
    return name.startswith("nth-") or name.endswith(("-of-type", "-child"))


@lru_cache(maxsize=1024)
def read_colour(value: str) -> Colour | None:
    """Return the colour of a value, or None where it cannot be known, as in `var(--ink)`."""
    if len(value) > _LONGEST_VALUE:
        return None
    with suppress(*_UNREADABLE):
        colour = color4.parse_color(value)
        if colour is not None and colour != "currentcolor":
            red, green, blue = (round(255 * part) for part in colour.to("srgb").coordinates)
            return red, green, blue, colour.alpha
    return None


def _rules(nodes: Sequence[ast.Node], outer: tuple[str, ...], reach: Reach, depth: int) -> Iterator[Rule]:
    """Yield the rules among nodes; `outer` are the selectors of the rule that they stand in."""
    if depth > _DEEPEST:
        return
    if outer:
        yield from _declaring(outer, nodes, reach)
    for node in nodes:
        if node.type == "at-rule" and node.content is not None:
            inner = min(reach, _applies(node))
            if inner is not Reach.NONE:
                parse = tinycss2.parse_blocks_contents if outer else tinycss2.parse_rule_list
                yield from _rules(parse(node.content, skip_whitespace=True), outer, inner, depth + 1)
        elif node.type == "qualified-rule" and any(map(_is_read, node.content)):
            contents = tinycss2.parse_blocks_contents(node.content, skip_whitespace=True)
            if selectors := _nested(outer, list(_selectors(node.prelude))):
                yield from _rules(contents, selectors, reach, depth + 1)


def _declaring(selectors: Sequence[str], nodes: Sequence[ast.Node], reach: Reach) -> Iterator[Rule]:
    """Yield rules with what is declared among nodes; of a box that a rule draws it counts that it covers."""
    declared = Declared()
    _declare(declared, nodes)
    if not declared.plain and not declared.important:
        return
    covered = covers(declared.plain | declared.important)
    for selector in selectors:
        if not _DRAWN.search(selector):
            yield Rule(selector, declared, reach)
        elif covered:
            yield Rule(_DRAWN.sub("", selector) or "*", Declared(important=dict(_COVERED)), reach)


def covers(style: Style) -> bool:
    """Return whether a box with a background lies over or under all of the element that it is in."""
    colour, image = style.get("background-color", "transparent"), style.get("background-image", "none")
    if style.get("position") != "absolute" or (colour == "transparent" and image == "none"):
        return False
    tall = style.get("height") == "100%" or all(_ZERO.match(style.get(side, "")) for side in ("top", "bottom"))
    wide = style.get("width") == "100%" or all(_ZERO.match(style.get(side, "")) for side in ("left", "right"))
    return tall and wide


def _is_read(token: ast.Node) -> bool:
    """Return whether a token in a rule names a property that is read, or begins what may be a rule in it."""
    return token.type == "{} block" or (token.type == "ident" and token.lower_value in _READ)


def _selectors(prelude: Iterable[ast.Node]) -> Iterator[str]:
    for tokens in _parts(prelude, ","):
        selector = tinycss2.serialize(tokens).strip()
        if 0 < len(selector) <= _LONGEST_SELECTOR and not _STATE.search(_DRAWN.sub("", selector)):
            yield selector


def _nested(outer: tuple[str, ...], selectors: Sequence[str]) -> tuple[str, ...]:
    if not outer:
        return tuple(selectors)
    joined = (_within(above, below) for above in outer if not _DRAWN.search(above) for below in selectors)
    return tuple(selector for selector in joined if len(selector) <= _LONGEST_SELECTOR)[:_MOST_SELECTORS]


def _within(above: str, below: str) -> str:
    """Return the selector of a rule that stands in another one's."""
    if below.startswith("&"):
        return above + below[1:]
    return below.replace("&", f":is({above})") if "&" in below else f"{above} {below}"


def _parts(tokens: Iterable[ast.Node], mark: str) -> list[list[ast.Node]]:
    """Return tokens as they stand between marks."""
    parts: list[list[ast.Node]] = [[]]
    for token in tokens:
        if token == mark:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _significant(tokens: Iterable[ast.Node]) -> list[ast.Node]:
    return [token for token in tokens if token.type not in {"whitespace", "comment"}]


def _applies(rule: ast.AtRule) -> Reach:
    """Return where the rules of an at-rule apply."""
    if rule.lower_at_keyword == "media":
        return _media(rule.prelude)
    if rule.lower_at_keyword == "supports":
        return _supports(_significant(rule.prelude))
    return {"layer": Reach.ALL, "container": Reach.SOME}.get(rule.lower_at_keyword, Reach.NONE)


def _media(tokens: Sequence[ast.Node]) -> Reach:
    """Return where a list of media queries holds: where one of them does."""
    if not _significant(tokens):
        return Reach.ALL
    return max(_query(_significant(part)) for part in _parts(tokens, ","))


def _query(tokens: Sequence[ast.Node]) -> Reach:
    words = [token.lower_value for token in tokens if token.type == "ident"]
    conditions = [token for token in tokens if token.type == "() block"]
    reach = min(map(_feature, conditions), default=Reach.ALL)
    if "or" in words:
        reach = max(map(_feature, conditions), default=Reach.ALL)
    elif set(words) - {"only", "not", "and", "all", "screen"}:
        reach = Reach.NONE  # print, speech
    return Reach(2 - reach) if words[:1] == ["not"] else reach


def _feature(condition: ast.ParenthesesBlock) -> Reach:
    """Return where a feature is there: on every screen, if it is a width that no screen falls short of.

    A page is read as it looks in light colours, which browsers prefer unless they are asked for dark ones.
    """
    name, *others = _significant(condition.content) or [condition]
    value = others[-1] if others else name
    if name.type == value.type == "ident" and name.lower_value == "prefers-color-scheme":
        return Reach.ALL if value.lower_value == "light" else Reach.NONE
    narrow = value.type in {"dimension", "number"} and value.value <= _ANY_SCREEN
    return Reach.ALL if narrow and name.type == "ident" and name.lower_value.startswith("min-") else Reach.SOME


def _supports(tokens: Sequence[ast.Node]) -> Reach:
    """Return where a condition of `@supports` holds; what it asks for, browsers support."""
    if tokens and tokens[0].type == "ident" and tokens[0].lower_value == "not":
        return Reach(2 - _supports(tokens[1:]))
    words = {token.lower_value for token in tokens if token.type == "ident"}
    held = [_condition(token) for token in tokens if token.type in {"() block", "function"}]
    return (max if "or" in words else min)(held, default=Reach.SOME)


def _condition(token: ast.Node) -> Reach:
    if token.type == "function":
        return Reach.ALL
    inner = _significant(token.content)
    if len(inner) > 1 and inner[0].type == "ident" and inner[1] == ":":
        return Reach.SOME if _PREFIXED.match(inner[0].lower_value) else Reach.ALL
    return _supports(inner)


def _declare(declared: Declared, nodes: Iterable[ast.Node]) -> None:
    """Add the declarations among nodes, those of shorthands under their full names."""
    for node in nodes:
        if node.type == "declaration" and node.lower_name in _READ:
            style = declared.important if node.important else declared.plain
            style.update(_longhands(_ALIASES.get(node.lower_name, node.lower_name), node.value))


def _longhands(name: str, tokens: Sequence[ast.Node]) -> Style:
    if name not in _SHORTHANDS:
        return {name: _value(tokens)}
    values = _significant(tokens)
    if name == "background":
        return _background(values)
    if name == "font":
        return {"font-size": next((_value([token]) for token in values if _is_size(token)), "medium")}
    words = [_value([token]) for token in values] or [""]
    if name in {"inset-inline", "inset-block"}:
        first, second = ("left", "right") if name == "inset-inline" else ("top", "bottom")
        return {first: words[0], second: words[-1]}
    if name == "margin-inline":
        return {"margin-left": words[0]}
    sides = dict(zip(_SIDES, (words * 4 if len(words) < 3 else [*words, words[1]])[:4], strict=False))
    return sides if name == "inset" else {f"margin-{side}": sides[side] for side in ("top", "left")}


def _is_size(token: ast.Node) -> bool:
    """Return whether a part of `font` is its size: weights have no unit and are never 0."""
    return token.type in {"dimension", "percentage"} or (token.type == "number" and token.value == 0)


def _background(values: Sequence[ast.Node]) -> Style:
    """Return the colour of a background, and whether something else is there, or may be."""
    colour, image = "transparent", "none"
    for token in values:
        value = _value([token])
        if read_colour(value) or value == "currentcolor":
            colour = value
        elif token.type in {"url", "function"} or (token.type == "ident" and value not in _BACKGROUND_WORDS):
            image = "unknown"
    return {"background-color": colour, "background-image": image}


def _value(tokens: Sequence[ast.Node]) -> str:
    text: str = tinycss2.serialize(tokens)
    return text.strip().lower()[:_LONGEST_VALUE]
