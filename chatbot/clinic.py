"""What clinic.toml says: who the clinic is, how to reach it, what it answers itself, how careful to be."""

import re
import tomllib
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Final

from chatbot.errors import SettingsError
from chatbot.placement import Sites, Widget, read_sites, read_widget

__all__ = ["Answers", "Clinic", "Colours", "Contact", "Crisis", "Reply", "Reviews", "Today", "Urgent", "load_clinic"]

_MOST_ROUTES: Final = 50
_MOST_EXAMPLES: Final = 100  # of one route
_LONGEST_NAME: Final = 60  # characters, as below
_LONGEST_EXAMPLE: Final = 200
_LONGEST_WORDING: Final = 2000
_LONGEST_CLINIC: Final = 100
_LONGEST_LINE: Final = 500


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the clinic; what is empty is not shown."""

    phone: str = ""
    email: str = ""
    booking: str = ""
    hours: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Colours:
    """Colours of the visitor's screen, as #rrggbb."""

    accent: str = "#0f766e"


@dataclass(frozen=True, slots=True)
class Answers:
    """How careful to be: the share of answers, shown without a warning, that may be wrong."""

    max_error_rate: float = 0.05


@dataclass(frozen=True, slots=True)
class Reviews:
    """How many days after its last review a page is marked as due for another."""

    review_after_days: int = 365


@dataclass(frozen=True, slots=True)
class Crisis:
    """What is said to somebody who may harm themselves or is in danger from somebody, and whom they can call."""

    message: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Today:
    """What is said to somebody who should ring the clinic today; `phone` is the line for when it is closed."""

    message: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Urgent:
    """What is said first to somebody whose words sound like an emergency, and the emergency number.

    An empty message stands for Footnote's own wording. `{emergency}`, `{crisis}`, `{phone}`, `{hours}` and
    `{out_of_hours}` in a message stand for the numbers and hours.
    """

    message: str = ""
    phone: str = ""
    crisis: Crisis = field(default_factory=Crisis)
    today: Today = field(default_factory=Today)


@dataclass(frozen=True, slots=True)
class Reply:
    """A kind of question that the clinic answers itself, where its pages do not.

    `examples` are ways to ask it, `reply` is said word for word, `link` (https, or empty) is where it leads.
    """

    name: str
    examples: tuple[str, ...]
    reply: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Clinic:
    """What clinic.toml says."""

    name: str = "the clinic"
    greeting: str = "Hello! Ask me a question. I answer with what our own pages say, word for word."
    contact: Contact = field(default_factory=Contact)
    colours: Colours = field(default_factory=Colours)
    answers: Answers = field(default_factory=Answers)
    pages: Reviews = field(default_factory=Reviews)
    widget: Widget = field(default_factory=Widget)
    sites: Sites = field(default_factory=Sites)
    urgent: Urgent = field(default_factory=Urgent)
    replies: tuple[Reply, ...] = ()


def load_clinic(path: Path | None) -> Clinic:
    """Read clinic.toml; raises `SettingsError` that names the key which cannot be used.

    Without a file the clinic has no name and no contact, which is enough to try Footnote out.
    """
    if path is None:
        return Clinic()
    table = _read(path)
    contact = _strings(path, "contact", table.pop("contact", {}), Contact)
    colours = _strings(path, "colours", table.pop("colours", {}), Colours)
    answers = _answers(path, table.pop("answers", {}))
    pages = _reviews(path, table.pop("pages", {}))
    widget = read_widget(path, table.pop("widget", {}))
    sites = read_sites(path, table.pop("sites", {}))
    urgent = _urgent(path, table.pop("urgent", {}))
    routes = _routes(path, table.pop("routes", []))
    said = _strings(path, "", table, Clinic)
    clinic = Clinic(
        contact=Contact(**contact),
        colours=Colours(**colours),
        answers=answers,
        pages=pages,
        urgent=urgent,
        replies=routes,
        widget=widget,
        sites=sites,
        **said,
    )
    _check(path, clinic)
    return clinic


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise SettingsError(f"There is no {path}: point FOOTNOTE_CLINIC at the clinic's own file.") from None
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{path} cannot be read: {error}. Correct the file and start again.") from error


def _strings(path: Path, name: str, table: object, noun: type) -> dict[str, str]:
    """Check that a table holds nothing but the texts that a noun has fields for."""
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {name} must be a table, written as [{name}] above its lines.")
    known = [one.name for one in fields(noun) if one.type is str]
    every = ", ".join(_written(one) for one in fields(noun))
    for key, value in table.items():
        where = f"{name}.{key}" if name else key
        if key not in known:
            raise SettingsError(f"{path}: {where} is not a key that Footnote knows; known here: {every}.")
        if not isinstance(value, str):
            raise SettingsError(f"{path}: {where} must be text between quotation marks.")
    return {key: value.strip() for key, value in table.items()}


def _urgent(path: Path, table: object) -> Urgent:
    parts = dict(table) if isinstance(table, dict) else {}
    crisis = _strings(path, "urgent.crisis", parts.pop("crisis", {}), Crisis)
    today = _strings(path, "urgent.today", parts.pop("today", {}), Today)
    own = _strings(path, "urgent", parts if isinstance(table, dict) else table, Urgent)
    return Urgent(crisis=Crisis(**crisis), today=Today(**today), **own)


def _answers(path: Path, table: object) -> Answers:
    if not (isinstance(table, dict) and table.keys() <= {"wrong_at_most"}):
        raise SettingsError(f"{path}: [answers] holds wrong_at_most and nothing else.")
    share = table.get("wrong_at_most", Answers().max_error_rate)
    if type(share) not in {int, float} or not 0.01 <= share <= 0.2:
        raise SettingsError(f"{path}: answers.wrong_at_most must be from 0.01 to 0.2, a share of the answers.")
    return Answers(float(share))


def _reviews(path: Path, table: object) -> Reviews:
    if not (isinstance(table, dict) and table.keys() <= {"review_after_days"}):
        raise SettingsError(f"{path}: [pages] holds review_after_days and nothing else.")
    days = table.get("review_after_days", Reviews().review_after_days)
    if type(days) is not int or not 1 <= days <= 3650:
        raise SettingsError(f"{path}: pages.review_after_days must be a whole number of days, from 1 to 3650.")
    return Reviews(days)


def _written(one: Field[object]) -> str:
    """Write a field's name as its line or its table starts in the file."""
    return {"replies": "[[routes]]", "examples": "examples"}.get(one.name) or (
        one.name if one.type is str else f"[{one.name}]"
    )


def _routes(path: Path, tables: object) -> tuple[Reply, ...]:
    """Check the clinic's own replies, each with its ways to ask."""
    if not isinstance(tables, list):
        raise SettingsError(f"{path}: routes must be tables, each written as [[routes]] above its lines.")
    if len(tables) > _MOST_ROUTES:
        raise SettingsError(f"{path}: there are {len(tables)} routes: keep to {_MOST_ROUTES}.")
    routes = tuple(_route(path, f"routes[{number}]", table) for number, table in enumerate(tables, start=1))
    names = [route.name for route in routes]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"{path}: two routes are called {name!r}: give each a name of its own.")
    return routes


def _route(path: Path, where: str, table: object) -> Reply:
    if not isinstance(table, dict):
        raise SettingsError(f"{path}: {where} must be a table, written as [[routes]] above its lines.")
    examples = _examples(path, where, table.pop("examples", None))
    said = {"name": "", "reply": "", "link": ""} | _strings(path, where, table, Reply)
    for key, longest in (("name", _LONGEST_NAME), ("reply", _LONGEST_WORDING)):
        if not 0 < len(said[key]) <= longest:
            raise SettingsError(f"{path}: {where}.{key} must be a text of 1 to {longest} characters.")
    if said["link"] not in {"", "{booking}"} and not re.fullmatch(r"https://[^\s/\[\]]+(/\S*)?", said["link"]):
        raise SettingsError(f"{path}: {where}.link must be an address that starts with https://, not {said['link']!r}.")
    return Reply(examples=examples, **said)


def _examples(path: Path, where: str, told: object) -> tuple[str, ...]:
    if not (isinstance(told, list) and 0 < len(told) <= _MOST_EXAMPLES):
        raise SettingsError(f"{path}: {where}.examples must be a list of 1 to {_MOST_EXAMPLES} ways to ask.")
    for one in told:
        if not (isinstance(one, str) and 0 < len(one.strip()) <= _LONGEST_EXAMPLE):
            raise SettingsError(
                f"{path}: {where}.examples must hold texts of 1 to {_LONGEST_EXAMPLE} characters, not {one!r:.50}."
            )
    return tuple(one.strip() for one in told)


def _check(path: Path, clinic: Clinic) -> None:
    texts = {"name": clinic.name, "greeting": clinic.greeting}
    texts |= {f"contact.{one.name}": getattr(clinic.contact, one.name) for one in fields(Contact)}
    for where, text in texts.items():
        longest = _LONGEST_CLINIC if where == "name" else _LONGEST_LINE
        if len(text) > longest:
            raise SettingsError(f"{path}: {where} has {len(text)} characters: keep to {longest}.")
    _check_urgent(path, clinic)
    if clinic.contact.email and not re.fullmatch(r"[^@\s]+@[^@\s]+", clinic.contact.email):
        raise SettingsError(f"{path}: contact.email must be an address with an @, not {clinic.contact.email!r}.")
    booking = clinic.contact.booking
    if booking and not re.fullmatch(r"https?://[^\s/\[\]]+(/\S*)?", booking):
        raise SettingsError(f"{path}: contact.booking must be an address that starts with https://, not {booking!r}.")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", clinic.colours.accent):
        raise SettingsError(f"{path}: colours.accent must be written as #rrggbb, not {clinic.colours.accent!r}.")
    if not clinic.name:
        raise SettingsError(f"{path}: name must not be empty: visitors are told whose assistant this is.")


def _check_urgent(path: Path, clinic: Clinic) -> None:
    urgent = clinic.urgent
    numbers = {
        "contact": clinic.contact.phone,
        "urgent": urgent.phone,
        "urgent.crisis": urgent.crisis.phone,
        "urgent.today": urgent.today.phone,
    }
    for where, phone in numbers.items():
        if phone and not any(one.isdigit() for one in phone):
            raise SettingsError(f"{path}: {where}.phone must hold a number, not {phone!r} alone.")
    for where, text in (("urgent", urgent), ("urgent.crisis", urgent.crisis), ("urgent.today", urgent.today)):
        if len(text.message) > _LONGEST_WORDING:
            raise SettingsError(
                f"{path}: {where}.message has {len(text.message)} characters: keep to {_LONGEST_WORDING}."
            )
