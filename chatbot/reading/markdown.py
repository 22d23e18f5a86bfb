"""Read Markdown into the words that the rendered page shows."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin

from chatbot.reading.html import SOFT_BREAK, read_fragment
from chatbot.reading.page import Page
from chatbot.reading.templates import without_templates

__all__ = ["read_markdown"]

_LONGEST_BLOCK: Final = 20_000  # characters of a paragraph; a longer one is read without marks, which takes no time
_SOFT_BREAK: Final = f"<{SOFT_BREAK}></{SOFT_BREAK}>"
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][\w-]*)(?:\s[^<>]*)?>")
_VOID: Final = {"br", "hr", "img", "input", "link", "meta", "source", "wbr", "area", "base", "col", "embed"}


def read_markdown(text: str) -> Page:
    """Read Markdown into the words of the rendered page, without pictures.

    That is CommonMark with tables, struck-out text, task lists, footnotes and definition lists, with HTML in it, and as
    site generators extend it.
    """
    return read_fragment(_renderer().render(without_templates(text)))


@cache
def _renderer() -> MarkdownIt:
    markdown = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    markdown.use(footnote_plugin).use(deflist_plugin)
    markdown.core.ruler.after("block", "indented_html", _read_indented_html)
    markdown.core.ruler.before("inline", "long_blocks", _leave_long_blocks)
    markdown.add_render_rule("softbreak", _soft_break)
    return markdown


def _read_indented_html(state: StateCore) -> None:
    """Read indented HTML as HTML, as it is in a page of HTML: Markdown takes it for code after a blank line."""
    depth = 0
    for token in state.tokens:
        if token.type == "code_block" and (depth > 0 or _TAG.match(token.content.strip())):
            token.type, token.tag = "html_block", ""
        if token.type == "html_block":
            for match in _TAG.finditer(token.content):
                if match[2].lower() not in _VOID and not match.group().endswith("/>"):
                    depth = max(depth + (-1 if match[1] else 1), 0)


def _leave_long_blocks(state: StateCore) -> None:
    """Read a block that is longer than any paragraph as plain text, because marks take quadratic time in it."""
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > _LONGEST_BLOCK:
            token.type, token.children = "html_block", None
            token.content = _SOFT_BREAK.join(escapeHtml(token.content).split("\n"))


def _soft_break(
    _renderer: RendererHTML, _tokens: Sequence[Token], _place: int, _options: OptionsDict, _env: EnvType
) -> str:
    return _SOFT_BREAK
