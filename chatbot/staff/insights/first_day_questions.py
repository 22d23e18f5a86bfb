"""The questions of the first-day review: those that every clinic of a kind gets, in the folder `first_day`.

`general.toml` has what any clinic is asked. Each other file has the questions of a specialty, by topic, and names the
general topics that it leaves out, because they make no sense there or because its own questions say it better.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

__all__ = ["FirstDayQuestion", "Specialty", "specialties"]

_GENERAL: Final = "general"


@dataclass(frozen=True, slots=True)
class FirstDayQuestion:
    """A question in a visitor's words, and the topic that a page would answer it under."""

    topic: str
    text: str


@dataclass(frozen=True, slots=True)
class Specialty:
    """A kind of clinic: its name, and its questions in the order of the review, those of any clinic first."""

    name: str
    questions: tuple[FirstDayQuestion, ...]


@cache
def specialties() -> Mapping[str, Specialty]:
    """Return the specialties by the names of their files, in the order of their names."""
    folder = files("chatbot.staff.insights") / "first_day"
    tables = {
        file.name.removesuffix(".toml"): tomllib.loads(file.read_text("utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }
    general = tables.pop(_GENERAL)["questions"]
    by_name = sorted(tables.items(), key=lambda item: str(item[1]["name"]))
    return {id_: Specialty(table["name"], tuple(_questions(general, table))) for id_, table in by_name}


def _questions(general: Mapping[str, list[str]], table: Mapping[str, Any]) -> Iterator[FirstDayQuestion]:
    left_out = table.get("leave_out", [])
    kept = {topic: texts for topic, texts in general.items() if topic not in left_out}
    for topic, texts in (*kept.items(), *table["questions"].items()):
        yield from (FirstDayQuestion(topic, text) for text in texts)
