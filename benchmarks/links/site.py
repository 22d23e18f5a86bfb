"""Real-looking pages of clinics' sites, made of Markdown as site builders make them, which rewrites some words."""

import html
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

__all__ = ["THEMES", "Source", "Theme", "render", "sources"]

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
ELSEWHERE: Final = 14  # pages of the made-up sites in training/


@dataclass(frozen=True, slots=True)
class Source:
    """A page's Markdown, with the headings of its whole site for the menu."""

    name: str
    text: str
    menu: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Theme:
    """What a site builder does to the words of a page."""

    name: str
    typography: Callable[[str], str]
    permalink: str = ""  # behind the words of each heading
    accordion: str = "{heading}{answer}"  # for a heading that asks, with what stands below it
    contents: bool = False  # a list of the headings on top
    grid: bool = False  # tables made of boxes
    links: bool = False  # with words that only screen readers say
    hyphens: bool = False  # soft ones, in long words
    last_space: str = " "  # before the last word of a block
    boxes: bool = False  # "Book now" between paragraphs
    style: str = ""


def smart(text: str) -> str:
    """Make quotation marks, dashes and ellipses typographic, as SmartyPants does."""
    text = text.replace("...", "\u2026").replace("---", "\u2014").replace("--", "\u2013")
    text = re.sub(r'(^|[\s(\[])"', "\\1\u201c", text).replace('"', "\u201d")
    return re.sub(r"(^|[\s(\[])'", "\\1\u2018", text).replace("'", "\u2019")


def smarter(text: str) -> str:
    """Make ranges, signs and fractions typographic too, as WordPress and Hugo do."""
    text = re.sub(r"(?<=\d)-(?=\d)|(?<= )-(?= )", "\u2013", smart(text))
    text = re.sub(r"\b(\d+) ?x ?(?=\d|mass)", "\\1\u00d7", text.replace("(c)", "\u00a9").replace("(r)", "\u00ae"))
    return text.replace("1/2", "\u00bd").replace("1/4", "\u00bc").replace("3/4", "\u00be")


def german(text: str) -> str:
    """Make the quotation marks of another language."""
    return smarter(text).replace("\u201c", "\u201e").replace("\u201d", "\u201c")


def plain(text: str) -> str:
    """Leave the words as they are."""
    return text


DETAILS: Final = "<details><summary>{heading}</summary><div>{answer}</div></details>"
BUTTON: Final = '<div class="faq"><div role="button" tabindex="0">{heading}<i>+</i></div><div>{answer}</div></div>'

THEMES: Final = (
    Theme("hand-made", plain, style="nav li{display:inline}"),
    Theme("wordpress", smarter, links=True, last_space="\u00a0", boxes=True, accordion=BUTTON),
    Theme("hugo", smarter, permalink=' <a class="anchor" href="#">#</a>', contents=True),
    Theme("jekyll", smart, contents=True, accordion=DETAILS, hyphens=True),
    Theme("builder", smarter, grid=True, boxes=True, accordion=DETAILS, style="h2,h3{text-transform:uppercase}"),
    Theme("documentation", german, permalink='<a class="hash" href="#" title="Link">\u200b</a>', contents=True),
)

STYLE: Final = """
body{font:16px/1.5 sans-serif;margin:0;color:#222} main,header,footer,.related{max-width:760px;margin:auto}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0)} table{border-collapse:collapse}
td,th{padding:4px 12px;text-align:left} .row{display:flex;gap:24px} .cta{background:#eee;padding:12px}
.anchor{opacity:.2} .hash::before{content:"#"} nav li{display:inline-block;margin-right:12px}
""".replace("\n", "")


def sources() -> list[Source]:
    """Return the twenty pages: those of this folder, and the longest page of every third made-up site."""
    own = sorted((HERE / "pages").glob("*.md"))
    menu = headings(own)
    pages = [Source(path.stem, path.read_text("utf-8"), menu) for path in own]
    for folder in sorted(path for path in (ROOT / "training" / "sites").iterdir() if path.is_dir())[::3]:
        site = sorted((folder / "corpus").glob("*.md"))
        longest = max(site, key=lambda path: path.stat().st_size)
        pages.append(Source(f"{folder.name}-{longest.stem}", longest.read_text("utf-8"), headings(site)))
    return pages[: len(own) + ELSEWHERE]


def headings(pages: Sequence[Path]) -> tuple[str, ...]:
    """Return the headings that a menu of a whole site shows: those of the first two levels."""
    return tuple(
        heading for page in pages for heading in re.findall(r"^##? (.+)$", page.read_text("utf-8"), re.MULTILINE)
    )


def render(source: Source, theme: Theme) -> str:
    """Return the page as the site shows it."""
    show = theme.typography
    body = _article(source.text, theme)
    title = html.escape(show(source.text.splitlines()[0].lstrip("# ")))
    menu = "".join(f'<li><a href="#">{html.escape(show(item))}</a></li>' for item in source.menu)
    below = re.findall(r"<h[23] [^>]*><span>(.*?)</span>", body)
    contents = "".join(f'<li><a href="#">{heading}</a></li>' for heading in below) if theme.contents else ""
    teaser = html.escape(show(" ".join(re.sub(r"[#*|]", "", source.text).split()[:14])))
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title} | Harbour Clinic</title>"
        f"<style>{STYLE}{theme.style}</style></head><body><a class=sr href=#main>Skip to content</a>"
        f"<header><p>Mon\u2013Fri 8\u201318 \u00b7 020 7946 0000 \u00b7 Book online</p><nav><ul>{menu}</ul></nav>"
        f"<p>Home \u203a {title}</p></header><main id=main>{f'<ul>{contents}</ul>' if contents else ''}"
        f"<article>{body}</article></main><div class=related><h2>Related</h2><p><b>{title}</b> {teaser}\u2026 Read more"
        f"</p></div><footer><p>4 Harbour Street. Monday to Friday, 8:00\u201318:00, closed on Sundays.</p>"
        f"<ul>{menu}</ul><p>\u00a9 Harbour Clinic. Privacy. Cookies.</p></footer></body></html>"
    )


def _article(text: str, theme: Theme) -> str:
    parser = MarkdownIt("commonmark").enable("table")
    parser.add_render_rule("text", _text_rule(theme))
    body: str = parser.render(text)
    ids = iter(range(1, 1000))
    body = re.sub(
        r"<(h[1-6])>(.*?)</\1>",
        lambda found: f"<{found[1]} id=h{next(ids)}><span>{found[2]}</span>{theme.permalink}</{found[1]}>",
        body,
    )
    body = "".join(_folded(body, theme))
    if theme.grid:
        for tag, box in (("table", "div class=grid"), ("tr", "div class=row"), ("t[hd]", "span")):
            body = re.sub(rf"<{tag}(?: [^>]*)?>", f"<{box}>", body)
            body = re.sub(rf"</{tag}>", f"</{box.split()[0]}>", body)
        body = re.sub("</?t(?:head|body)>", "", body)
    if theme.boxes:
        parts = re.split(r"(?<=</p>)\n", body)
        body = "".join(
            part + ('<aside class=cta><a href="#">Book now</a></aside>' if n % 4 == 3 else "\n")
            for n, part in enumerate(parts)
        )
    return body


def _folded(body: str, theme: Theme) -> Iterator[str]:
    """Yield the parts of a page, each that asks as the theme's accordion."""
    for part in re.split(r"(?=<h[1-6] )", body):
        heading, _, answer = part.partition("</h3>")
        asks = re.search(r"\?</span>", heading)
        yield theme.accordion.format(heading=f"{heading}</h3>", answer=answer) if asks and answer else part


def _text_rule(theme: Theme) -> Callable[[RendererHTML, Sequence[Token], int, OptionsDict, object], str]:
    seen = iter(range(1, 100_000))

    def rule(_: RendererHTML, tokens: Sequence[Token], place: int, __: OptionsDict, ___: object) -> str:
        text = html.escape(theme.typography(tokens[place].content), quote=False)
        if theme.hyphens:
            text = re.sub(r"\b([a-z]{5})([a-z]{5,})", "\\1&shy;\\2", text)
        if place == len(tokens) - 1:
            text = theme.last_space.join(text.rsplit(" ", 1))
        number = next(seen)
        if number % 6 == 0:
            text = re.sub(r" ([a-z]{4,} [a-z]+) ", r" <strong>\1</strong> ", text, count=1)
        if theme.links and number % 9 == 0:
            link = r' <a href="#">\1<span class="sr"> (opens in a new tab)</span></a> '
            text = re.sub(r" ([a-z]{5,}) ", link, text, count=1)
        return text

    return rule
