"""Take the marks of site generators out of Markdown: Liquid, shortcodes, components, attribute lists, emoji names."""

import re
from collections.abc import Iterator
from typing import Final

__all__ = ["without_templates"]

_LONGEST_MARK: Final = 2_000  # characters of a tag, a shortcode or an attribute list

# What stands between these is shown nowhere, or somewhere else.
_UNSEEN: Final = re.compile(
    r"\{%-?\s*(?P<tag>comment|capture|schema|stylesheet|javascript|style)\b[^%]{0,500}%\}"
    r".*?(?:\{%-?\s*end(?P=tag)\s*-?%\}|\Z)"
    r"|\{\{[<%]\s*(?P<code>comment|script|style)\b[^}]{0,500}\}\}.*?(?:\{\{[<%]\s*/\s*(?P=code)\s*[%>]\}\}|\Z)"
    r"|\{/\*.*?(?:\*/\}|\Z)",
    re.DOTALL,
)
_LIQUID: Final = re.compile(rf"\{{%[^%]{{0,{_LONGEST_MARK}}}%\}}|\{{\{{(?![<%])[^{{}}\n]{{0,{_LONGEST_MARK}}}\}}\}}")
_ARGUMENTS: Final = r"""(?:[^<>"'\[\]{}`]|"[^"]{0,500}"|'[^']{0,500}'|`[^`]{0,500}`)"""
_HUGO: Final = re.compile(
    rf"\{{\{{[<%]\s*(?P<close>/?)\s*(?P<name>[\w./-]+)(?P<arguments>{_ARGUMENTS}{{0,{_LONGEST_MARK}}}?)\s*/?[%>]\}}\}}"
)
_WORDPRESS: Final = re.compile(
    rf"(?<![\]!\\\w])\[(?P<close>/?)(?P<name>[a-z][\w-]*)(?P<arguments>(?:\s{_ARGUMENTS}{{0,{_LONGEST_MARK}}})?)/?\]"
    r"(?![(\[:])"
)
_ASSIGNED: Final = re.compile(r"[\w-]+\s*=\s*[\"'\w]")
_OPENS: Final = re.compile(r"accordion|details|faq|toggle|expand|collapse|spoiler|question", re.IGNORECASE)
_TITLE: Final = re.compile(r"""\b(?:title|question|summary|heading|label|name)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_FIRST: Final = re.compile(r"""^\s*(?:"([^"]*)"|'([^']*)')""")

_FENCE: Final = re.compile(r"^[ \t>]*(`{3,}|~{3,})")
_IMPORT: Final = re.compile(r"^import\s+(?:[\w*{}\s,$]+\s+from\s+)?['\"][^'\"]+['\"];?\s*$")
_EXPORT: Final = re.compile(r"^export\s+(?:const|let|var|default|function|async|class|\{)")
_COMPONENT: Final = re.compile(r"<[A-Z][\w.]*(?:\s[^<>]*)?/>")
_DROPPED_LINE: Final = re.compile(
    r"^\s*(?:\{:[^{}]*\}|:::+[^:]*|\[(?:TOC|\[(?:_?TOC_?)\])\]|\[\[toc\]\]|\\(?:newpage|pagebreak))\s*$", re.IGNORECASE
)
_ATTRIBUTES: Final = re.compile(r"(?<=[\w)\]*_`>\"'.!?])\{:[^{}\n]*\}|(?:(?<!\s)\s+)?(?<!\\)\{[#.][\w-][^{}\n]*\}\s*$")
_ADMONITION: Final = re.compile(r"^(?:!!!|\?\?\?\+?)\s+[\w -]+?(?:\s+\"(?P<title>[^\"]*)\")?\s*$")
_INDENT: Final = "    "
_BOX: Final = re.compile(r"^(\s*(?:>\s*)*(?:[-*+]|\d+[.)])\s+)\[[ xX]\]\s+")
_ALERT: Final = re.compile(r"^(\s*(?:>\s*)+)\[![A-Za-z-]+\][+-]?[ \t]*")
_EMOJI: Final = re.compile(r"(?<![\w:]):(?:[a-z][a-z0-9_+-]*|[+-]1):(?![\w:])")


def without_templates(text: str) -> str:
    """Return Markdown as the generator of a site hands it on, without the marks that it replaces or leaves out.

    The words between marks stay. What an accordion's mark says in its title becomes the summary of `<details>`.
    """
    if "{" in text:
        text = _LIQUID.sub("", _HUGO.sub(_opened, _UNSEEN.sub("", text)))
    if "[" in text:
        text = _without_wordpress(text)
    return "\n".join(_lines(text))


def _opened(match: re.Match[str]) -> str:
    """Return `<details>` for a shortcode that opens on a click, and nothing for any other."""
    if not _OPENS.search(match["name"]):
        return ""
    if match["close"]:
        return "\n\n</details>\n\n"
    title = _TITLE.search(match["arguments"]) or _FIRST.match(match["arguments"])
    asked = next(filter(None, title.groups()), "") if title else ""
    summary = asked.replace("&", "&amp;").replace("<", "&lt;")
    return f"\n\n<details><summary>{summary}</summary>\n\n" if summary else "\n\n<details>\n\n"


def _without_wordpress(text: str) -> str:
    """Return a text without shortcodes in square brackets: those with arguments, and those that are closed."""
    closed = {match["name"] for match in _WORDPRESS.finditer(text) if match["close"]}

    def replaced(match: re.Match[str]) -> str:
        if match["name"] in closed:
            return _opened(match)
        return "" if _ASSIGNED.search(match["arguments"]) else match.group()

    return _WORDPRESS.sub(replaced, text)


def _lines(text: str) -> Iterator[str]:
    fence = ""
    exporting = admonished = False
    for written in text.split("\n"):
        admonished = admonished and (written.startswith(_INDENT) or not written.strip())
        line = written.removeprefix(_INDENT) if admonished else written
        match = _FENCE.match(line)
        if fence:
            if match and match[1].startswith(fence) and not line.strip(" \t>`~\r"):
                fence = ""
            yield line
        elif match:
            fence = match[1]
            yield line
        elif exporting or _EXPORT.match(line):
            exporting = bool(line.strip())
            if not exporting:
                yield line
        elif admonition := _ADMONITION.match(line):
            admonished = True
            yield from (admonition["title"] or "", "")
        else:
            yield _plain(line)


def _plain(line: str) -> str:
    """Return a line of Markdown without the marks that no generator shows."""
    if _IMPORT.match(line) or _DROPPED_LINE.match(line):
        return ""
    line = _BOX.sub(r"\1", _ALERT.sub(r"\1", line))
    if "{" in line:
        line = _ATTRIBUTES.sub("", line)
    if "/>" in line:
        line = _COMPONENT.sub("", line)
    return _EMOJI.sub("", line) if line.count(":") > 1 else line
