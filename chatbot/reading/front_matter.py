"""Front matter: the fields above a page's text, in YAML, TOML or JSON, read and changed in place.

Sources: Jekyll's and Hugo's documentation of front matter.
"""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import yaml

__all__ = ["FrontMatter", "is_key", "normalised", "read_front_matter", "yaml_fields"]

_MARKED: Final = re.compile(
    r"\s*(?P<mark>-{3}|\+{3})[ \t]*(?P<name>yaml|toml|json)?[ \t]*\r?\n"
    r"(?P<lines>(?:.*?\n)??)"
    r"(?P<end>(?:(?P=mark)|\.{3})[ \t]*(?:\r?\n|\Z))",
    re.DOTALL,
)
_OPENED: Final = re.compile(r"\s*-{3}[ \t]*(?:yaml)?[ \t]*\r?\n(?=[ \t]*[\w-]+[ \t]*:)")
_FIELD: Final = re.compile(
    r"(?P<key>[^\s#:'\"\[\]{}>|*&!%@`?,=-][^\s:=]*)[ \t]*(?:(?P<mark>:)(?=[ \t]|$)|=)[ \t]*(?P<value>.*)$"
)
_LOST_QUOTES: Final = re.compile(r":[ \t]|:$|^[@`%*?-]")
"""In a value: what makes it no plain text to YAML, although it can be nothing else."""
_WORDS: Final = (
    "the lines between its first two lines of dashes are shown to visitors as text, because Footnote knows none of "
    "their keys; if they are not text, add a line 'title: ...' there"
)
_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")

_OURS: Final = frozenset({"title", "url", "reviewed"})
_KNOWN: Final = _OURS | frozenset(
    """
    alias aliases archived author authors bookcollapsesection build bodyclass canonical canonicalurl cascade categories
    category classes collection comments cover created createdat date datepublished datereviewed deleted description
    draft drafts editurl eleventynavigation excerpt exclude excludefromsearch expire expired expires expirydate expiry
    expirationdate expireson expiresat extra featured featuredimage feed format hascollapsed headless head header hero
    hidden hidetitle icon id image images index iscjklanguage keywords label lang language languagecode lastmod
    lastmodified lastmodifiedat lastreview lastreviewed lastreviewedon lastupdated layout linktitle locale markup
    medicallyreviewed menu menus meta modified nav navigation navigationtitle navorder navtitle noindex ogimage order
    outputs owner pagetitle pagetype pageid params parent permalink pos position posttype postid priority private
    publish published publishdate publishedat publishedon publishon pubdate redirect redirectfrom redirectto redirects
    resources reviewdate reviewedby reviewedon robots search section seo seodescription seotitle series sidebar
    sidebarlabel sidebarposition sitemap slug social status subtitle summary tag tags taxonomies teaser template
    thumbnail title toc translationkey type unlisted unpublish unpublishdate unpublishon updated updatedat updatedon
    validfrom validthrough validuntil variant version visibility weight
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
"""Keys that Footnote, Hugo, Jekyll, Eleventy, Zola, Docusaurus, MkDocs, Quarto or a content system writes."""


class _Kind(StrEnum):
    YAML = "yaml"
    TOML = "toml"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of a page's front matter, and the text below it.

    `warnings` say what of it cannot be read, a clause and a cure each. `head` is the front matter as it stands with its
    marks, empty where there is none.
    """

    fields: Mapping[str, object]
    body: str
    warnings: tuple[str, ...] = ()
    head: str = ""
    kind: _Kind = _Kind.YAML

    def replaced(self, changes: Mapping[str, object], body: str) -> str:
        """Return the page with another text and some fields changed; an empty value removes its field.

        All other lines of the front matter stay as they are. Raises `ValueError` if that cannot be done.
        """
        head = self._changed(changes) if changes else self.head
        lines = re.sub(r"\r\n?", "\n", body).strip("\n")
        return f"{head.rstrip()}\n\n{lines}\n" if head.strip() else f"{lines}\n"

    def _changed(self, changes: Mapping[str, object]) -> str:
        expected = {key: value for key, value in self.fields.items() if key not in changes}
        expected |= {key: value for key, value in changes.items() if value}
        match self.kind:
            case _Kind.JSON:
                head = _json_changed(self.head, changes)
            case _Kind.TOML:
                head = _toml_changed(self.head, changes)
            case _Kind.YAML:
                head = _yaml_changed(self.head, changes)
        read = read_front_matter(head + "\n")
        if read.fields != (expected if head else {}):
            raise ValueError(head)
        return head if read.head else ""  # comments alone would be read as words of the page


def normalised(key: object) -> str:
    """Return a key without case, dashes, underscores and spaces, which writers and programs mix."""
    return re.sub(r"[-_\s]+", "", str(key)).casefold()


def is_key(key: object) -> bool:
    """Return whether a key is one of front matter, rather than the beginning of a line of words.

    Programs write keys in small letters; "Closed: bank holidays" and "Date: 24 December" are words of a notice.
    """
    name = str(key)
    return normalised(name) in _OURS or (name[:1].islower() and normalised(name) in _KNOWN)


def read_front_matter(text: str) -> FrontMatter:
    """Read a page's front matter; lines between two rules without one known key are words of the page."""
    marked = _MARKED.match(text)
    if marked:
        kind = _Kind(marked["name"] or ("toml" if marked["mark"] == "+++" else "yaml"))
        return _read_marked(text, marked, kind)
    if text.lstrip().startswith("{"):
        return _read_json_object(text)
    if opened := _OPENED.match(text):
        return _read_lines(text, text[opened.end() :], "its front matter has no closing line of dashes", "")
    return FrontMatter({}, text)


def _read_marked(text: str, marked: re.Match[str], kind: _Kind) -> FrontMatter:
    lines, head = marked["lines"], text[: marked.end()].lstrip()
    if not lines.strip():
        return FrontMatter({}, text[marked.end() :].lstrip(), head=head, kind=kind)
    try:
        match kind:
            case _Kind.YAML:
                fields: object = yaml_fields(lines)
            case _Kind.TOML:
                fields = tomllib.loads(lines.replace("\r\n", "\n"))
            case _Kind.JSON:
                fields = json.loads(lines)
    except (ValueError, RecursionError) as error:
        reason = f"its front matter is not {kind.upper()}{_place(error)}"
        return _read_lines(text, lines, reason, text[marked.end() :], kind)
    if not isinstance(fields, dict) or (kind is _Kind.YAML and not any(map(is_key, fields))):
        named = isinstance(fields, dict) and fields and all(map(_is_name, fields))
        return FrontMatter({}, text, (_WORDS,) if named else ())
    return FrontMatter(fields, text[marked.end() :].lstrip(), head=head, kind=kind)


def _is_name(key: object) -> bool:
    return re.fullmatch(r"[a-z]\w*", str(key)) is not None


def _read_json_object(text: str) -> FrontMatter:
    start = len(text) - len(text.lstrip())
    try:
        fields, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return FrontMatter({}, text)
    if not any(map(is_key, fields)) or text[end : end + 1].strip():
        return FrontMatter({}, text)
    return FrontMatter(fields, text[end:].lstrip(), head=text[start:end], kind=_Kind.JSON)


def _read_lines(text: str, lines: str, reason: str, below: str, kind: _Kind = _Kind.YAML) -> FrontMatter:
    """Read front matter that does not parse, line by line; from the first line that is no field on, it is words."""
    fields: dict[str, object] = {}
    read = 0
    for line in _LINE.findall(lines):
        match = _FIELD.match(line.rstrip())
        if match:
            fields[match["key"]] = _single_value(match["value"])
        elif not re.match(r"\s|#|- |[\]}]|$", line) or not (line.strip() or below):  # never closed: a gap ends it
            break
        read += len(line)
    if not any(map(is_key, fields)):
        return FrontMatter({}, text)
    warning = f"{reason}; write lines of the form 'title: After care', with quotation marks around text that holds ': '"
    rest = lines[read:]
    mark = "+++" if kind is _Kind.TOML else "---"
    head = f"{mark}{'json' * (kind is _Kind.JSON)}\n{lines[:read].rstrip()}\n{mark}\n"
    return FrontMatter(fields, (rest + below).lstrip(), (warning,), head, kind)


def _single_value(value: str) -> str:
    import yaml  # noqa: PLC0415 - a question needs no reader

    try:
        read = yaml.load(value, Loader=_loader())  # noqa: S506 - this loader only makes strings, lists and tables
    except (yaml.YAMLError, ValueError, RecursionError):
        read = None
    return read if isinstance(read, str) else "" if value[:1] in "[{" else value.strip().strip("\"'")


@cache
def _loader() -> "type[yaml.BaseLoader]":
    import yaml  # noqa: PLC0415 - as above

    class Loader(yaml.BaseLoader):
        """Read a list or table that stands elsewhere too as "": a few lines of aliases can name billions of values."""

        def compose_node(self, parent: "yaml.Node | None", index: int) -> "yaml.Node | None":
            alias = self.check_event(yaml.AliasEvent)
            node = super().compose_node(parent, index)
            return yaml.ScalarNode("", "") if alias and not isinstance(node, yaml.ScalarNode) else node

    return Loader


def yaml_fields(lines: str) -> dict[str, object]:
    """Read YAML with every value as text, also where text should stand in quotation marks.

    Raises `ValueError` with the line where the reading stopped. What is no table is read as an empty one.
    """
    import yaml  # noqa: PLC0415 - as above

    # One line, such as 'title: Aftercare: what to do', can have no other sense.
    attempts = (lines, "".join(map(_quoted, _LINE.findall(lines))))
    failed: Exception | None = None
    for attempt in attempts:
        try:
            fields = yaml.load(attempt, Loader=_loader())  # noqa: S506 - as above
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            failed = failed or error
        else:
            return fields if isinstance(fields, dict) else {}
    mark = getattr(failed, "problem_mark", None)
    raise ValueError(f"line {mark.line + 1}" if mark else "") from failed


def _quoted(line: str) -> str:
    match = _FIELD.match(line.rstrip())
    value = (match and match["value"]) or ""
    if not match or not match["mark"] or value[:1] in "\"'" or not _LOST_QUOTES.search(value):
        return line
    return f"{match['key']}: {json.dumps(value.strip(), ensure_ascii=False)}\n"


def _place(error: Exception) -> str:
    match = re.search(r"line \d+", str(error))
    return f" ({match[0]})" if match else ""


def _json_changed(head: str, changes: Mapping[str, object]) -> str:
    bare = head.lstrip().startswith("{")
    fields = json.loads(head if bare else _lines_of(head))
    changed = {key: value for key, value in (fields | dict(changes)).items() if key not in changes or value}
    lines = json.dumps(changed, ensure_ascii=False, indent=2)
    return lines if bare else head.replace(_lines_of(head), f"{lines}\n")


def _toml_changed(head: str, changes: Mapping[str, object]) -> str:
    import tomlkit  # noqa: PLC0415 - only a change of a page needs it

    fields = tomlkit.parse(_lines_of(head))
    for key, value in changes.items():
        if value:
            fields[key] = value
        else:
            fields.pop(key, None)
    return head.replace(_lines_of(head), tomlkit.dumps(fields))


def _yaml_changed(head: str, changes: Mapping[str, object]) -> str:
    """Change fields line by line, so that comments, order and the writing of all others stay."""
    waiting = dict(changes)
    kept: list[str] = []
    skipping = False
    for line in _LINE.findall(_lines_of(head)):
        match = _FIELD.match(line.rstrip())
        if match:
            skipping = match["key"] in changes
            if value := waiting.pop(match["key"], ""):
                kept.append(_yaml_line(match["key"], value))
        elif skipping and not line.startswith(("#", "\n", "\r")):
            continue  # a further line of the value that was replaced
        else:
            skipping = False
        if not skipping:
            kept.append(line if line.endswith("\n") else f"{line}\n")
    kept += [_yaml_line(key, value) for key, value in waiting.items() if value]
    return f"---\n{''.join(kept)}---\n" if any(line.strip() for line in kept) else ""


def _yaml_line(key: str, value: object) -> str:
    # JSON is valid YAML but for a few characters.
    text = re.sub(
        r"[\x7f-\x9f\ufffe\uffff]", lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False)
    )
    return f"{key}: {text}\n"


def _lines_of(head: str) -> str:
    marked = _MARKED.match(head)
    return marked["lines"] if marked else ""
