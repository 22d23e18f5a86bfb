"""The one reader of clinic.toml: who the clinic is, how to reach it, its own replies, and where its chat is shown.

Each noun is a table of the file. The text beside a field is the cure that a message names where the value is wrong.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    TypeAdapter,
    ValidationError,
)

from chatbot.errors import SettingsError
from chatbot.settings import warn_renamed

__all__ = [
    "AllowedSites",
    "Answers",
    "Chat",
    "Clinic",
    "Colours",
    "Contact",
    "Crisis",
    "Digest",
    "Privacy",
    "Reply",
    "Reviews",
    "Today",
    "Urgent",
    "Widget",
    "example_warnings",
    "load_clinic",
    "parse_clinic",
]

_MAX_EXAMPLE_LENGTH: Final = 200  # characters
_RENAMED: Final = (
    ("answers", "wrong_at_most", "max_error_rate"),
    ("sites", "rate", "requests_per_minute"),
    ("", "routes", "replies"),
)
"""Table, old key and new key: the old ones work for one more release."""

_TYPES: Final = {
    "string_type": "must be text between quotation marks",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
}
_Line = Annotated[str, Field(max_length=500)]
_Wording = Annotated[str, Field(max_length=2000)]
_Phone = Annotated[str, Field(max_length=500, pattern=r"^(.*\d.*)?$"), "must hold a number"]


def _origin(site: object) -> str:
    """Return an origin as browsers write it: in lower case and ASCII, without a standard port or a final slash."""
    wrong = ValueError(
        f"holds {site!r}: write each site as https://name or https://name:port, without a path or a star; "
        "with www and without are two sites"
    )
    text = site.strip().lower() if isinstance(site, str) else ""
    if not re.fullmatch(r"https?://[^\s/?#@*\\:\[\]]+(:[0-9]{1,5})?/?", text):
        raise wrong
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode()
        port = "" if parts.port in {None, {"http": 80, "https": 443}[parts.scheme]} else f":{parts.port}"
    except ValueError:
        raise wrong from None
    return f"{parts.scheme}://{host}{port}"


def _origins(sites: object) -> object:
    return tuple(map(_origin, sites)) if isinstance(sites, list) else sites


def _check_examples(examples: object) -> object:
    for example in examples if isinstance(examples, list) else ():
        if not (isinstance(example, str) and 0 < len(example.strip()) <= _MAX_EXAMPLE_LENGTH):
            raise ValueError(f"must hold texts of 1 to {_MAX_EXAMPLE_LENGTH} characters, not {example!r:.50}")
    return examples


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the clinic. An empty text is not shown."""

    phone: _Phone = ""
    email: Annotated[_Line, Field(pattern=r"^([^@\s]+@[^@\s]+)?$"), "must be an address with an @"] = ""
    booking: Annotated[
        _Line,
        Field(pattern=r"^(https?://[^\s/\[\]]+(/\S*)?)?$"),
        "must be an address that starts with https://",
    ] = ""
    hours: _Line = ""
    address: _Line = ""

    @property
    def own_email(self) -> str:
        """The e-mail address, unless it is still the example's; else ""."""
        return "" if self.email.endswith(".example") else self.email


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours of the visitor's screen, as #rrggbb."""

    accent: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$"), "must be written as #rrggbb"] = "#0f766e"


@dataclass(frozen=True, slots=True)
class Answers:
    """The share of answers, shown without a warning, that may be wrong."""

    max_error_rate: Annotated[
        StrictFloat, Field(ge=0.01, le=0.2), "must be from 0.01 to 0.2, a share of the answers"
    ] = 0.07


@dataclass(frozen=True, slots=True)
class Reviews:
    """The number of days after its last review when a page is due for another."""

    review_after_days: Annotated[StrictInt, Field(ge=1, le=3650), "must be a whole number of days, from 1 to 3650"] = (
        365
    )


@dataclass(frozen=True, slots=True)
class Crisis:
    """The message, and the number to call, for people who may harm themselves or are in danger from somebody."""

    message: _Wording = ""
    phone: _Phone = ""


@dataclass(frozen=True, slots=True)
class Today:
    """The message for people who should ring the clinic today. `phone` is the line for when it is closed."""

    message: _Wording = ""
    phone: _Phone = ""


@dataclass(frozen=True, slots=True)
class Urgent:
    """The first message to a visitor whose words sound like an emergency, and the emergency number.

    An empty message stands for Footnote's own wording. `{emergency}`, `{crisis}`, `{phone}`, `{hours}` and
    `{out_of_hours}` in a message stand for the numbers and hours.
    """

    message: _Wording = ""
    phone: _Phone = ""
    crisis: Crisis = field(default_factory=Crisis)
    today: Today = field(default_factory=Today)


@dataclass(frozen=True, slots=True)
class Reply:
    """A kind of question that the clinic answers itself, where its pages do not.

    `examples` are ways to ask it, `reply` is shown word for word, `link` (https, or empty) is the page to go to.
    """

    name: Annotated[str, Field(min_length=1, max_length=60), "must be a text of 1 to 60 characters"]
    examples: Annotated[
        tuple[str, ...],
        BeforeValidator(_check_examples),
        Field(min_length=1, max_length=100),
        "must be a list of 1 to 100 ways to ask",
    ]
    reply: Annotated[str, Field(min_length=1, max_length=2000), "must be a text of 1 to 2000 characters"]
    link: Annotated[
        str,
        Field(pattern=r"^(\{booking\}|https://[^\s/\[\]]+(/\S*)?)?$"),
        "must be an address that starts with https://",
    ] = ""


def _check_names(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    names = [reply.name for reply in replies]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"holds two that are called {name!r}: give each a name of its own")
    return replies


@dataclass(frozen=True, slots=True)
class Widget:
    """How the chat looks on the clinic's own site. An empty text leaves it to the widget.

    `position` is left or right, `target` a CSS selector of the element that an inline chat goes into, `links` where
    citations open (new tab or same tab), `texts` the clinic's own wording: language -> key -> text.
    """

    title: str = ""
    language: str = "en"
    position: Annotated[str, Field(pattern="^(left|right)?$"), 'must be "left" or "right"'] = ""
    target: str = ""
    links: Annotated[str, Field(pattern="^(new|same) tab$"), 'must be "new tab" or "same tab"'] = "new tab"
    open: StrictBool = False
    session_storage: StrictBool = True
    texts: Annotated[Mapping[str, Mapping[str, str]], "must be tables, one a language"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AllowedSites:
    """The sites, by their origin, that may show the chat, and whether the API is open to other programs.

    `requests_per_minute` is the number of questions that one address may ask, half of them at once.
    """

    allowed: Annotated[
        tuple[str, ...], BeforeValidator(_origins), 'must be a list such as ["https://clinic.example"]'
    ] = ()
    api: Annotated[str, Field(pattern="^(open|closed)$"), 'must be "open" or "closed"'] = "open"
    requests_per_minute: Annotated[StrictInt, Field(ge=1), "must be at least 1 question a minute"] = 20


@dataclass(frozen=True, slots=True)
class Chat:
    """Whether the chat is paused, and what visitors read then. An empty message stands for Footnote's own wording."""

    paused: StrictBool = False
    message: _Line = ""


@dataclass(frozen=True, slots=True)
class Privacy:
    """The sentence below the box in which visitors write, and the page to which it links.

    An empty notice stands for Footnote's own wording, which says how long questions are kept. `{days}` in a notice
    stands for that number. Without a link, the sentence stands alone.
    """

    notice: _Line = ""
    link: Annotated[
        _Line,
        Field(pattern=r"^(https?://[^\s/\[\]]+(/\S*)?)?$"),
        "must be an address that starts with https:// or http://",
    ] = ""


def _check_addresses(addresses: tuple[str, ...]) -> tuple[str, ...]:
    for address in addresses:
        if not re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+", address):
            raise ValueError(f"must hold addresses with an @, not {address!r:.50}")
    return addresses


@dataclass(frozen=True, slots=True)
class Digest:
    """Where a daily digest of unanswered and urgent questions goes, and when; nowhere unless an address is named.

    `hour` is an hour of the server's clock. Without `words`, only numbers are sent.
    """

    email: Annotated[
        tuple[str, ...],
        Field(max_length=10),
        AfterValidator(_check_addresses),
        'must be a list such as ["nurse@clinic.example"]',
    ] = ()
    webhook: Annotated[
        _Line,
        Field(pattern=r"^(https://[^\s/\[\]]+(/\S*)?|http://(localhost|127\.0\.0\.1)(:[0-9]+)?(/\S*)?)?$"),
        "must be an address that starts with https://",
    ] = ""
    hour: Annotated[StrictInt, Field(ge=0, le=23), "must be an hour from 0 to 23"] = 7
    words: StrictBool = True


@dataclass(frozen=True, slots=True)
class Clinic:
    """The whole of clinic.toml."""

    __pydantic_config__ = ConfigDict(extra="forbid", str_strip_whitespace=True)  # for the tables within it too

    name: Annotated[
        str,
        Field(min_length=1, max_length=100),
        "must not be empty: visitors read there whose assistant this is",
    ] = "the clinic"
    greeting: _Line = "Hello! Ask me a question. I answer with what our own pages say, word for word."
    contact: Contact = field(default_factory=Contact)
    colours: Colours = field(default_factory=Colours)
    answers: Answers = field(default_factory=Answers)
    pages: Reviews = field(default_factory=Reviews)
    widget: Widget = field(default_factory=Widget)
    sites: AllowedSites = field(default_factory=AllowedSites)
    chat: Chat = field(default_factory=Chat)
    privacy: Privacy = field(default_factory=Privacy)
    digest: Digest = field(default_factory=Digest)
    urgent: Urgent = field(default_factory=Urgent)
    replies: Annotated[
        tuple[Reply, ...],
        Field(max_length=50),
        AfterValidator(_check_names),
        "must be tables, each written as [[replies]] above its lines",
    ] = ()


_CLINIC: Final = TypeAdapter(Clinic)


def load_clinic(path: Path | None) -> Clinic:
    """Read clinic.toml.

    Without a file the clinic has no name and no contact, which is enough to try Footnote out.
    Raises `SettingsError` that names the first key which cannot be used.
    """
    if path is None:
        return Clinic()
    try:
        return parse_clinic(path.read_text("utf-8-sig"), path)
    except FileNotFoundError:
        raise SettingsError(f"There is no {path}: point FOOTNOTE_CLINIC at the clinic's own file.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}. Check who may read it.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} cannot be read: {error}. Save it as UTF-8.") from error


def parse_clinic(text: str, path: Path) -> Clinic:
    """Read the text of clinic.toml; raises `SettingsError`, whose message begins with the path."""
    try:
        values = tomllib.loads(text)
        return _CLINIC.validate_python(_with_new_names(values, path))
    except ValidationError as error:
        raise SettingsError(f"{path}: {_describe(error.errors(include_url=False)[0])}.") from None
    except (ValueError, RecursionError) as error:
        raise SettingsError(f"{path}{_syntax_slip(text, error)}") from error


def example_warnings(clinic: Clinic) -> tuple[str, ...]:
    """Return a sentence that names what the clinic still has of the example file; none if it has nothing.

    Hours count only beside another value, because a clinic may well keep the hours of the example.
    """
    example = tomllib.loads(files("chatbot").joinpath("example_values.toml").read_text("utf-8"))
    parts = [name for name, value in asdict(clinic.contact).items() if value in example[name]]
    replies = [f"“{reply.name}”" for reply in clinic.replies if reply.reply in example["replies"]]
    if replies:
        more = f" and {len(replies) - 2} more" if len(replies) > 2 else ""
        parts.append(f"replies ({', '.join(replies[:2])}{more})")
    if parts in ([], ["hours"]):
        return ()
    return (f"Visitors are given the example clinic's {', '.join(parts)}: write your own in clinic.toml.",)


def _with_new_names(values: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the values of the file with the new key in place of each old one; raises `SettingsError` for both."""
    for name, old, new in _RENAMED:
        table = values.get(name, {}) if name else values
        if isinstance(table, dict) and old in table:
            before, after = (f"{name}.{key}" if name else key for key in (old, new))
            if new in table:
                raise SettingsError(f"{path}: {before} is the old name of {after}: write {after} only.")
            warn_renamed(f"{path}: {before}", after)
            table[new] = table.pop(old)
    return values


def _syntax_slip(text: str, error: Exception) -> str:
    """Return the end of a message about TOML that cannot be parsed, with its line where the parser names one."""
    place = re.fullmatch(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", str(error))
    if not place:
        return " cannot be read: a value is too long or nested too deeply. Correct the file and start again."
    lines = text.splitlines() or [""]
    number = int(place[2] or len(lines))
    return (
        f", line {number} cannot be read: {lines[number - 1].strip():.100} ({place[1]}). Write each key once, and "
        'each text between straight quotation marks, as in name = "Our clinic".'
    )


def _describe(error: Mapping[str, Any]) -> str:
    """Return where in the file a value is wrong, and its cure."""
    noun: Any = Clinic
    known: dict[str, Any] = {}
    where = cure = ""
    for part in error["loc"]:
        if isinstance(part, int):
            where += f"[{part + 1}]"
            continue
        where += f".{part}" if where else part
        known = {key.name: key.type for key in fields(noun)} if is_dataclass(noun) else {}
        kind, *notes = get_args(known.get(part)) or [known.get(part)]
        cure = next((note for note in notes if isinstance(note, str)), "")
        noun = next(iter(get_args(kind)), kind)
    slip, text = error["type"], error["input"]
    limit = error.get("ctx", {}).get("max_length")
    if slip == "unexpected_keyword_argument":
        names = (f"[{key}]" if is_dataclass(kind) else key for key, kind in known.items())
        return f"{where} is not a key that Footnote knows; known here: {', '.join(names)}"
    if slip == "dataclass_type":
        heading = "[[replies]]" if where.startswith("replies") else f"[{where}]"
        return f"{where} must be a table, written as {heading} above its lines"
    if slip == "string_too_long":
        return f"{where} has {len(text.strip())} characters: keep to {limit}"
    if slip == "too_long" and where == "replies":
        return f"{where} has {len(text)} entries: keep to {limit}"
    if slip == "value_error":
        return f"{where} {error['ctx']['error']}"
    quoted = f", not {text!r}" if slip == "string_pattern_mismatch" else ""
    return f"{where} {_TYPES.get(slip) or cure or 'must be a table of texts between quotation marks'}{quoted}"
