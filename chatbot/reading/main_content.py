"""Find the main content of a page: what is left without menus, banners, forms, footers and the like."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import pairwise
from typing import Final

from chatbot.reading.html_tree import HEADINGS, Element, places
from chatbot.reading.page import same_words

__all__ = ["keep_main_content"]

_MAIN_SHARE: Final = (
    0.4  # of the text outside menus and banners, at least, in an element that calls itself the main one
)
_MOST: Final = 0.5  # of the text; what holds more of it is never taken for a banner by its name alone
_LINKED: Final = 0.5  # share of text in links; what has more is a menu
_FEW_WORDS: Final = 6  # of a button
_SHORT: Final = 250  # characters of a copyright line, a byline or a trail of links
_LONGEST_TITLE: Final = 60  # letters of a heading above links
_FORM_HEADING: Final = 120  # letters above a form that go with it
_NOTICE: Final = 1_200  # characters of a notice about cookies

_NOT_CONTENT = {"nav", "footer", "search", "dialog"}
_NOT_CONTENT_ROLES = {
    *("navigation", "contentinfo", "search", "menu", "menubar", "tablist", "toolbar", "dialog", "alertdialog"),
}
_MAIN_NAMES = re.compile(
    r"^(?:main|main-?content|content|page-?content|primary|entry-content|post-content|article-?(?:body|content)"
    r"|content-?(?:area|wrap(?:per)?|main|inner)|site-(?:content|main)|post|text|body-?content)$"
)


def _named(words: str) -> re.Pattern[str]:
    """Return a pattern for class names of which one part is among some words."""
    return re.compile(rf"(?:^|[-_])(?:{'|'.join(words.split())})(?:$|[-_])")


_BOILERPLATE = _named(
    "breadcrumbs? crumbs? cookies? cookiebar cookieconsent cookielaw cookiebot\\w* cmplz consent gdpr ccpa onetrust"
    " newsletter subscribe subscription mailchimp mc4wp sharing share sharer sharedaddy addtoany addthis"
    " social socials socialmedia related recommended yarpp jp-relatedposts sidebar sidebars comments? respond disqus"
    " pagination pager prevnext skip skiplink footer colophon masthead topbar popup modal lightbox offcanvas"
    " advert adsense ads tagcloud backtotop totop whatsapp preloader loader toc lwptoc announcement"
)
_BOILERPLATE_ID = re.compile(r"^(?:bottom|foot|top|head|page-?(?:foot|top)|(?:left|right)(?:-?col(?:umn)?)?)$")
_NEVER_BOILERPLATE = re.compile(r"card-footer|(?:no|has|with|without)-?sidebar|-row|column")
_MENU = _named(
    "nav navbar navigation menu menus submenu mainnav topnav subnav navmenu links tags categories toolbar header"
    " posted-in"
)
_BYLINE = re.compile(
    r"^(?:entry-meta|post-meta|posted-on|post-date|byline|post-info|meta-info|reading-time|blog-meta|article-info|product_meta|posted_in)$|-post-info$"
)
_SITE_HEADER = re.compile(
    r"^(?:(?:site|main|global|top|shopify-section)[-_]?)?(?:header|branding)$|^elementor-location-header$"
)
_CALLOUT = re.compile(r"callout|note|notice|tip|warning|info|important|alert|highlight|admonition|hint|pull")
_BUTTON = re.compile(r"(?:^|[-_])(?:btn|button|cta|w-button)(?:$|[-_])|^button|wp-block-button__link|elementor-button")


def _phrase(*phrases: str) -> re.Pattern[str]:
    """Return a pattern for lines that are one of some phrases."""
    return re.compile(rf"^\W*(?:{'|'.join(phrases)})\W*$", re.IGNORECASE)


_CALL = _phrase(
    r"(?:read|learn|find out|see|view|discover|show|load|explore)\s+(?:more|all|our)\b.*",
    r"(?:book|enquire|order|shop|buy|call|apply|register|join|sign up|start|donate|download|subscribe)"
    r"\s+(?:now|online|today|here)\b.*",
    r"book (?:(?:a|an|your|my|free)\b.*)?(?:appointment|consultation|visit|treatment|call|session)s?(?:\s+\w+){0,2}",
    r"get (?:started|in touch|a quote|directions)|contact us(?:\s+\w+)?|enquire|add to (?:cart|basket|bag)",
    r"(?:schedule|request|arrange)\s.*|click here|(?:back )?to (?:the )?top|back|next|previous|(?:older|newer) posts",
    r"(?:skip|jump) to .*|continue(?: reading)?|close|menu|toggle (?:navigation|menu)|search|accept(?: all.*)?|print",
    r"share|tweet|pin(?: it)?|email|facebook|twitter|x|instagram|linkedin|whatsapp|youtube|tiktok|pinterest",
    r"log ?in|my account|mehr erfahren|weiterlesen|jetzt .*buchen|termin (?:buchen|vereinbaren)",
    r"zum (?:inhalt|seitenanfang).*|leer m[aá]s|reservar.*|pedir cita|en savoir plus|lire la suite",
    r"prendre rendez-vous",
)
"""What a button says."""

_ASIDE_HEADING = _phrase(
    r"(?:related|similar|recommended|featured)(?:\s+\w+){0,2}|(?:you|people) (?:may|might|could) also\b.*",
    r"people also\b.*|more (?:from|articles|posts|news|on|reading|to read)\b.*|latest from\b.*|further reading",
    r"(?:recent|latest|popular|other) (?:posts|articles|news|comments|blogs?|stories)\b.*|categories|archives?|tags",
    r"blogroll|share(?: (?:this|on|via|it|the)\b.*)?|follow us\b.*|connect with us|stay in (?:touch|the loop)",
    r"(?:join|sign up|subscribe)\b.*(?:newsletter|mailing list|updates|inbox|offers)\b.*",
    r"(?:our |monthly )?newsletter(?: sign.?up)?|leave a (?:reply|comment).*|comments?(?: \(?\d+\)?)?",
    r"\d+ (?:comments?|responses?|thoughts?)\b.*|post navigation|search|menu|in this (?:article|section|guide)",
    r"on this page|(?:table of )?contents|(?:quick|useful) links|see also|(?:keep|continue) reading|(?:read|up) next",
    r"next (?:article|post)|ähnliche beiträge|das könnte (?:sie|dich) auch .*|teilen|inhalt(?:sverzeichnis)?",
    r"weitere artikel|entradas relacionadas|compartir|articles similaires|partager",
)
"""What stands above links, forms and comments that are no part of the text."""

_SIGN_UP = _phrase(
    r"(?:join|sign up|subscribe)\b.*(?:newsletter|mailing list|updates|inbox|offers|emails?)\b.*|subscribe|stay in .*",
    r"(?:our |monthly )?newsletter(?: sign.?up)?|leave a (?:reply|comment).*|follow us\b.*|share this\b.*",
    r"connect with us",
)
_FINE_PRINT = re.compile(
    r"(?:©|\(c\)|^\W*copyright)\W*(?:19|20)\d\d|^\W*(?:©|copyright\b)|\ball rights? reserved\b"
    r"|^\W*(?:powered|website|site|web ?design|designed|built|theme) (?:by|from)\b"
    r"|^\W*(?:you are here|posted (?:in|on|by)|filed under|tagged(?: with)?|last modified by)\b",
    re.IGNORECASE,
)
_TRAIL = re.compile(
    r"^(?:you are here:?\s*)?(?:home(?:page)?|start(?:seite)?|accueil|inicio)\s*[\u203a\u00bb>/|\u2192\u00b7\u2022:-]",
    re.IGNORECASE,
)
_FIGURE = re.compile(r"\d")
_COOKIES = re.compile(r"\bcookies?\b", re.IGNORECASE)
_AGREE = re.compile(
    r"^\W*(?:accept|agree|allow|reject|decline|deny|got it|ok(?:ay)?|i (?:accept|agree|understand)|manage|preferences"
    r"|cookie settings|akzeptieren|ablehnen|alle akzeptieren|zustimmen|einverstanden|aceptar|rechazar|accepter|refuser)"
    r"\b.{0,30}$",
    re.IGNORECASE,
)
_TITLES = HEADINGS | {"strong", "b", "p", "summary"}
_TITLE_TAGS = {"h1", "h2"}
_LEAVES = HEADINGS | {"p", "li", "td", "span", "div", "small", "address", "center", "font", "section"}


def keep_main_content(root: Element, questions: Collection[Element] = (), titles: Collection[str] = ()) -> Element:
    """Return the part of a page that is its content, with everything taken out of it that stands around content.

    `questions` are the buttons that open an answer. `titles` are the parts of the page's title: one that stands above
    the first heading names the site.
    """
    _Cleaner(root, questions).drop_by_kind()
    _drop_site_name(root, set(titles))
    main = _main(root)
    cleaner = _Cleaner(main, questions)
    cleaner.drop_by_words(whole_page=main is root)
    if main is not root and not any(element.tag == "h1" for element in main.elements()):
        _add_title(root, main)
    return main


def _main(root: Element) -> Element:
    """Return the element that is the main one by its tag, role or name, or else the whole page."""
    sizes = _sizes(root)
    for kind in (_is_main, _is_article, _has_main_name):
        found = [element for element in root.elements() if kind(element)]
        whole = [element for element in found if not any(map(kind, element.ancestors()))]
        if len(whole) == 1 and sizes[whole[0]][0] >= sizes[root][0] * _MAIN_SHARE:
            return whole[0]
    return root


def _drop_site_name(root: Element, titles: Collection[str]) -> None:
    """Take out the line above the first heading that repeats a part of the page's title which no heading has."""
    headings = {same_words(element.words()) for element in root.elements() if element.tag in _TITLE_TAGS}
    names = {name for title in titles if (name := same_words(title)) and name not in headings}
    if not headings or not names:
        return
    for element in list(root.elements()):
        if element.tag in _TITLE_TAGS:
            return
        short = element.tag in _LEAVES | _TITLES and not any(inner.blocky for inner in element.elements())
        if short and same_words(element.words()) in names:
            element.remove()


def _is_main(element: Element) -> bool:
    return element.tag == "main" or element.role() == "main"


def _is_menu(element: Element) -> bool:
    return element.tag == "nav" or element.role() == "navigation"


def _is_article(element: Element) -> bool:
    return element.tag == "article" or element.attributes.get("itemprop") == "articleBody"


def _has_main_name(element: Element) -> bool:
    return any(map(_MAIN_NAMES.match, _names(element)))


def _add_title(root: Element, main: Element) -> None:
    """Put the page's first heading before its main content, if it stands above it."""
    title = next((element for element in root.elements() if element.tag == "h1"), None)
    if title is not None and title not in set(main.elements()):
        title.remove()
        title.parent = main
        main.children.insert(0, title)


def _titles(root: Element) -> set[Element]:
    """Return the page's first headings: not those in a menu, nor a logo where there is another."""
    titles = {
        element for element in root.elements() if element.tag == "h1" and not any(map(_is_menu, element.ancestors()))
    }
    below = {element for element in titles if not any(outer.tag == "header" for outer in element.ancestors())}
    return below or titles


def _names(element: Element) -> set[str]:
    return {*element.classes, element.attributes.get("id", "").lower()} - {""}


def _sizes(root: Element) -> dict[Element, tuple[int, int, int]]:
    """Return for each element the letters in it, those in links, and how many links there are."""
    sizes: dict[Element, tuple[int, int, int]] = {}
    for element in [*reversed(list(root.elements())), root]:
        own = sum(len("".join(child.split())) for child in element.children if isinstance(child, str))
        inner = [sizes[child] for child in element.children if isinstance(child, Element)]
        text = own + sum(size[0] for size in inner)
        link = element.tag == "a" and "href" in element.attributes
        linked = text if link else sum(size[1] for size in inner)
        sizes[element] = text, linked, sum(size[2] for size in inner) + link
    return sizes


class _Cleaner:
    """Takes out of a page what is no content."""

    def __init__(self, root: Element, questions: Collection[Element]) -> None:
        self.root = root
        self.questions = questions
        self.sizes = _sizes(root)
        self.total = max(self.sizes[root][0], 1)
        self.titles = _titles(root)
        self.holds: set[Element] = set()
        self.forms: set[Element] = set()
        for element in root.elements():
            if element in self.titles or element.tag == "article" or _is_main(element):
                self.holds.update((element, *element.ancestors()))
            elif element.tag == "form":
                self.forms.update((element, *element.ancestors()))

    def drop_by_kind(self) -> None:
        """Drop the elements that say by tag, role or name that they are no content."""
        bar = set(self.above_menu())
        self.drop(self.root, lambda element: element in bar or self.is_boilerplate(element))

    def drop_by_words(self, *, whole_page: bool) -> None:
        """Drop what shows by its words and links that it is no content."""
        self.drop_asides()
        self.drop(self.root, lambda element: self.reads_as_boilerplate(element, whole_page=whole_page))

    def drop(self, root: Element, unwanted: Callable[[Element], bool]) -> None:
        stack = [root]
        while stack:
            element = stack.pop()
            element.children = [
                child for child in element.children if not (isinstance(child, Element) and unwanted(child))
            ]
            stack.extend(child for child in element.children if isinstance(child, Element))

    def above_menu(self) -> Iterator[Element]:
        """Yield the bar above the menu, with a telephone number or an address: what is short and before the title."""
        menu = next((element for element in self.root.elements() if _is_menu(element)), None)
        outer = [] if menu is None else [menu, *menu.ancestors()]
        before: list[Element] = []
        for part, around in pairwise(outer):
            place = next(number for number, child in enumerate(around.children) if child is part)
            before += [child for child in around.children[:place] if isinstance(child, Element)]
        short = sum(self.sizes[element][0] for element in before) < _SHORT
        if short and not self.holds.intersection(before) and not any(map(_is_main, outer)):
            yield from (element for element in before if element.tag not in HEADINGS)

    def share(self, element: Element) -> float:
        return self.sizes[element][0] / self.total

    def linked(self, element: Element) -> float:
        text, linked, _ = self.sizes[element]
        return linked / text if text else 1.0

    def is_boilerplate(self, element: Element) -> bool:
        tag, role = element.tag, element.role()
        if tag in _NOT_CONTENT or role in _NOT_CONTENT_ROLES:
            return element not in self.holds or tag == "nav" or role == "navigation"
        if tag == "aside" or role == "complementary":
            return not self.is_callout(element)
        if self.is_form(element):
            return True
        if tag == "header" or role == "banner" or any(map(_SITE_HEADER.match, _names(element))):
            return self.is_site_header(element)
        if element in self.holds:
            return False
        return self.is_named_boilerplate(element)

    def is_form(self, element: Element) -> bool:
        """Return whether there is nothing in an element but a form, and perhaps the heading above it."""
        if element not in self.forms or element in self.holds or self.share(element) >= _MOST:
            return False
        if element.tag == "form":
            return True
        forms = sum(self.sizes[inner][0] for inner in element.elements() if inner.tag == "form")
        return (
            self.sizes[element][0] - forms <= _FORM_HEADING
            and _has_headings(element)
            and not _FIGURE.search(element.words())
        )

    def is_callout(self, element: Element) -> bool:
        """Return whether an aside is a remark of the text rather than a column beside it."""
        if element in self.holds:
            return True
        inside = any(outer.tag in {"article", "main"} for outer in element.ancestors())
        named = any(map(_CALLOUT.search, element.classes)) or element.role() in {"note", "doc-tip", "doc-notice"}
        sidebar = any(map(_BOILERPLATE.search, _names(element))) or any("widget" in name for name in _names(element))
        return (named or inside) and not sidebar and self.linked(element) < _LINKED / 2 and not _has(element, "form")

    def is_site_header(self, element: Element) -> bool:
        if any(outer.tag in {"article", "main", "section", "aside"} for outer in element.ancestors()):
            return False
        if any(inner.tag in {"article", "main"} for inner in element.elements()):
            return False
        return not self.titles <= set(element.elements()) or not self.titles

    def is_named_boilerplate(self, element: Element) -> bool:
        names = _names(element)
        if element.tag in {"body", "main", "article"} or self.share(element) >= _MOST:
            return False
        if any(map(_BYLINE.search, names)):
            return self.sizes[element][0] < _SHORT
        if _BOILERPLATE_ID.match(element.attributes.get("id", "").lower()):
            return self.linked(element) > _LINKED / 2 or self.sizes[element][0] < _SHORT
        if any(_BOILERPLATE.search(name) and not _NEVER_BOILERPLATE.search(name) for name in names):
            return element.tag not in HEADINGS
        return self.linked(element) > _LINKED and any(map(_MENU.search, names)) and self.sizes[element][2] > 1

    def reads_as_boilerplate(self, element: Element, *, whole_page: bool) -> bool:
        letters, _, links = self.sizes[element]
        if element in self.questions:
            return False
        if element.tag == "button":
            return True
        if element.tag == "a":
            return self.is_button(element)
        if letters <= _SHORT and element.tag in _LEAVES:
            words = element.words()
            trail = links and self.linked(element) > _LINKED / 2 and _TRAIL.match(words)
            alone = links == 1 and self.linked(element) == 1 and _is_call(words)
            if trail or alone or (_FINE_PRINT.search(words) and not _has_headings(element)):
                return True
        if letters <= _NOTICE and self.is_cookie_notice(element):
            return True
        return whole_page and self.is_menu(element)

    def is_menu(self, element: Element) -> bool:
        """Return whether a part is little but links; no part of a page's main content is left out for that alone."""
        letters, linked, links = self.sizes[element]
        if self.share(element) >= _MOST or element.tag not in _LEAVES | {"ul", "ol", "table", "tr"}:
            return False
        return links >= 2 and linked > letters * _LINKED and letters - linked < _SHORT / 2

    def is_button(self, element: Element) -> bool:
        words = element.words()
        if element.attributes.get("href", "").startswith("tel:"):
            return False
        if _CALL.match(words) and element.attributes.get("href", "").startswith("#"):
            return True
        if any(map(_BUTTON.search, element.classes)):
            return len(words.split()) <= _FEW_WORDS
        return _is_call(words) and _is_apart(element)

    def is_cookie_notice(self, element: Element) -> bool:
        if element.tag not in {"div", "section", "p", "aside"} or not _COOKIES.search(element.words()):
            return False
        buttons = [inner for inner in element.elements() if inner.tag in {"a", "button"} or inner.role() == "button"]
        return any(_AGREE.match(button.words()) for button in buttons)

    def drop_asides(self) -> None:
        """Drop the lists of links and the forms that stand below a heading such as "Related posts"."""
        unwanted: set[Element] = set()
        self.places = places(self.root)
        for heading in self.root.elements():
            short = heading.tag in _TITLES and self.sizes[heading][0] <= _LONGEST_TITLE
            if short and _ASIDE_HEADING.match(heading.words()):
                unwanted.update(self.below(heading))
        self.drop(self.root, unwanted.__contains__)

    def below(self, heading: Element) -> Iterator[Element]:
        """Yield the element that a heading stands above, or the heading and the links that follow it."""
        part = heading
        while (outer := part.parent) is not None and outer is not self.root and _begins_with(outer, part):
            if self.share(outer) >= _MOST / 2 or outer in self.holds:
                break
            part = outer
        if part is not heading and self.linked(part) > _LINKED / 2:
            yield part
            return
        followers = _after(part, self.places)
        if _SIGN_UP.match(heading.words()) and sum(self.sizes[each][0] for each in (part, *followers)) <= 2 * _SHORT:
            yield from (part, *followers)
            return
        if not followers and heading.tag in HEADINGS:
            yield part
            return
        links = [element for element in followers if self.linked(element) > _LINKED or not self.sizes[element][0]]
        if links and links == followers[: len(links)] and self.sizes[links[0]][2]:
            yield part
            yield from links


def _is_call(words: str) -> bool:
    return len(words.split()) <= _FEW_WORDS and bool(_CALL.match(words))


def _is_apart(element: Element) -> bool:
    """Return whether a link has a line of its own."""
    siblings = element.parent.children if element.parent is not None else []
    printed = [child for child in siblings if not isinstance(child, str) or child.strip()]
    place = next((number for number, child in enumerate(printed) if child is element), 0)
    beside = (*printed[max(place - 1, 0) : place], *printed[place + 1 : place + 2])
    return all(isinstance(child, Element) and (child.blocky or child.tag in {"a", "br"}) for child in beside)


def _has(element: Element, tag: str) -> bool:
    return any(inner.tag == tag for inner in element.elements())


def _has_headings(element: Element) -> bool:
    return element.tag not in HEADINGS and any(inner.tag in HEADINGS for inner in element.elements())


def _begins_with(outer: Element, inner: Element) -> bool:
    for child in outer.children:
        if child is inner:
            return True
        if child.strip() if isinstance(child, str) else child.words():
            return False
    return False


def _after(element: Element, numbers: Mapping[Element, int]) -> list[Element]:
    """Return the elements that follow one, up to the next heading."""
    siblings = element.parent.children if element.parent else []
    following: list[Element] = []
    for place in range(numbers.get(element, len(siblings)) + 1, len(siblings)):
        child = siblings[place]
        if isinstance(child, str):
            if child.strip():
                break
            continue
        if child.tag in HEADINGS or any(inner.tag in HEADINGS for inner in child.elements()):
            break
        following.append(child)
    return following
