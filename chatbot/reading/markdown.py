"""Read Markdown into the words that the rendered page shows."""

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from selectolax.lexbor import LexborHTMLParser

from chatbot.reading.page import Heading, Page

__all__ = ["read_markdown"]

_BOLD_LINE = 6  # the level of a paragraph that is one bold line; exported pages write small headings so


def read_markdown(text: str) -> Page:
    """Read Markdown (CommonMark with tables) into the words of the rendered page, without pictures."""
    writer = _Writer()
    writer.write(MarkdownIt("commonmark").enable("table").parse(text))
    return Page("".join(writer.parts).rstrip("\n"), tuple(writer.headings))


class _Writer:
    """Writes blocks below each other and tracks the offset, so that each heading knows its place."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.headings: list[Heading] = []
        self.offset = 0
        self.marks: list[int | None] = []  # for each open list the next number, or None for bullets
        self.mark = ""

    def write(self, tokens: Sequence[Token]) -> None:  # noqa: C901 - the cases, one for each kind of block, read best in one place
        for index, token in enumerate(tokens):
            match token.type:
                case "bullet_list_open":
                    self.marks.append(None)
                case "ordered_list_open":
                    self.marks.append(int(token.attrs.get("start", 1)))
                case "bullet_list_close" | "ordered_list_close":
                    self.marks.pop()
                    if not self.marks:
                        self.put("\n")
                case "list_item_open":
                    self.mark = self.item_mark()
                case "list_item_close":
                    self.mark = ""
                case "inline" if tokens[index - 1].type in {"th_open", "td_open"}:
                    self.put(_words(token), " | " if tokens[index + 2].type != "tr_close" else "\n")
                case "table_close":
                    self.put("\n")
                case "inline":
                    self.block(token, tokens[index - 1])
                case "fence" | "code_block":
                    self.write_block(token.content.rstrip("\n"))
                case "html_block" if visible := _visible_text(token.content):
                    self.write_block(visible)

    def item_mark(self) -> str:
        indent = "  " * (len(self.marks) - 1)
        number = self.marks[-1]
        if number is None:
            return f"{indent}- "
        self.marks[-1] = number + 1
        return f"{indent}{number}. "

    def block(self, token: Token, opening: Token) -> None:
        words = _words(token).strip()
        level = _level(token, opening) if not self.marks else None
        if level and words:
            heading = " ".join(words.split())
            self.headings.append(Heading(level, heading, self.offset, self.offset + len(words)))
        self.write_block(words)

    def write_block(self, words: str) -> None:
        self.put(self.mark + words, "\n" if self.marks else "\n\n")
        self.mark = ""

    def put(self, words: str, end: str = "") -> None:
        self.parts.append(words + end)
        self.offset += len(words) + len(end)


def _level(token: Token, opening: Token) -> int | None:
    if opening.type == "heading_open":
        return int(opening.tag[1])
    children = [child for child in token.children or () if child.content or child.type != "text"]
    all_bold = len(children) > 2 and children[0].type == "strong_open" and children[-1].type == "strong_close"
    bold_once = sum(child.type == "strong_open" for child in children) == 1
    line = "\n" not in token.content and not token.content.rstrip("*_ ").endswith((".", "!", ","))
    return _BOLD_LINE if all_bold and bold_once and line else None


def _words(token: Token) -> str:
    return "".join(_text(child) for child in token.children or ())


def _text(child: Token) -> str:
    if child.type in {"softbreak", "hardbreak"}:
        return "\n"
    return child.content if child.type in {"text", "code_inline", "text_special"} else ""


def _visible_text(html: str) -> str:
    tree = LexborHTMLParser(html)
    for hidden in tree.css("script, style, template, title"):
        hidden.decompose()
    return "\n".join(_lines(tree.body.text() if tree.body else ""))


def _lines(text: str) -> Iterator[str]:
    return (line.strip() for line in text.splitlines() if line.strip())
