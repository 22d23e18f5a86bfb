"""What the HTML of a page says to a crawler: its links, its own address, and whether it wants to be found."""

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

__all__ = ["PageFacts", "page_facts"]

_MAX_LINKS: Final = 2000
_ANCHOR: Final = re.compile(
    r"<!--.*?(?:-->|\Z)|<(?P<raw>script|style|textarea|title|template)\b.*?(?:</(?P=raw)|\Z)"
    r"|(?P<tag><(?P<name>a|area|iframe)\s[^<>]*+>)",
    re.DOTALL | re.IGNORECASE,
)
_NOT_FOUND: Final = re.compile(
    r"^\W*(?:error\W*)?404\b|\b404\W*(?:error|not found)|^\W*(?:page|seite|p[aá]gina) "
    r"(?:was |could )?(?:not|nicht|no)\b.{0,20}\b(?:found|gefunden|encontrada)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Facts of one page. `links` are as they are written, `base` is what they are relative to, or "".

    `words` is a digest of all text that stands in the page, `canonical` the address that it names as its own.
    """

    title: str
    heading: str
    canonical: str
    base: str
    links: tuple[str, ...]
    noindex: bool
    refresh: str
    words: str

    @property
    def not_found(self) -> bool:
        """Whether the page says that it is none, although the server does not."""
        return bool(_NOT_FOUND.search(self.title) or _NOT_FOUND.search(self.heading))


def page_facts(content: bytes, charset: str, robots: str) -> PageFacts:
    """Read the facts of a page; `charset` and `robots` are what the response's headers say."""
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415 - a question needs no crawler

    from chatbot.reading.html_tree import bounded, decode_html  # noqa: PLC0415 - as above

    html = decode_html(content, charset)
    kept = bounded(html)
    tree = LexborHTMLParser(kept)
    linking = tree if kept == html else LexborHTMLParser(bounded(_anchors(html)))
    directives = {part.strip().lower() for part in _robots(tree, robots).split(",")}
    hidden = directives & {"noindex", "none"}
    return PageFacts(
        title=_text(tree, "title"),
        heading=_text(tree, "h1"),
        canonical=_attribute(tree, 'link[rel~="canonical" i]', "href"),
        base=_attribute(tree, "base[href]", "href"),
        links=() if directives & {"nofollow", "none"} else _links(linking),
        noindex=bool(hidden),
        refresh=_refresh(_attribute(tree, 'meta[http-equiv="refresh" i]', "content")),
        words=_digest(tree),
    )


def _anchors(html: str) -> str:
    """Return the tags of a page that lead elsewhere, side by side: as many as stand open in sloppy pages, all count."""
    return "".join(f"{match['tag']}</{match['name']}>" for match in _ANCHOR.finditer(html) if match["tag"])


def _robots(tree: "LexborHTMLParser", header: str) -> str:
    """Return the directives for us: those of the header and of the meta tags `robots` and `footnote`."""
    ours = header.partition(":")[2] if header.lower().startswith("footnote:") else header
    metas = tree.css('meta[name="robots" i], meta[name="footnote" i]')
    said = [ours, *(node.attributes.get("content") or "" for node in metas)]
    return ",".join(said)


def _text(tree: "LexborHTMLParser", selector: str) -> str:
    node = tree.css_first(selector)
    return " ".join(node.text().split())[:300] if node else ""


def _attribute(tree: "LexborHTMLParser", selector: str, name: str) -> str:
    node = tree.css_first(selector)
    return (node.attributes.get(name) or "").strip() if node else ""


def _links(tree: "LexborHTMLParser") -> tuple[str, ...]:
    links: dict[str, None] = {}
    for node in tree.css("a[href], area[href], iframe[src]"):
        relation = (node.attributes.get("rel") or "").lower().split()
        link = (node.attributes.get("href") or node.attributes.get("src") or "").strip()
        if link and "nofollow" not in relation and len(links) < _MAX_LINKS:
            links[link] = None
    return tuple(links)


def _refresh(content: str) -> str:
    """Return the address that a page at once forwards to, or ""."""
    match = re.match(r"\s*[0-3](?:\.\d*)?\s*[;,]\s*url\s*=\s*[\"']?([^\"'>]+)", content, re.IGNORECASE)
    return match[1].strip() if match else ""


def _digest(tree: "LexborHTMLParser") -> str:
    """Return a digest of the page's words, without scripts and styles; call it last, for it changes the tree."""
    tree.strip_tags(["script", "style", "noscript", "template"])
    body = tree.body
    words = " ".join(body.text(separator=" ").split()) if body else ""
    return sha256(words.encode("utf-8", "replace")).hexdigest() if words else ""
