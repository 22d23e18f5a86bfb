"""Find the texts of an urgent answer in each language, with the clinic's own numbers in them."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final, Self

from chatbot.clinic import Clinic
from chatbot.records import Level
from chatbot.triage.red_flags import LANGUAGES

__all__ = ["Wording"]

_HEADINGS: Final = {Level.EMERGENCY: "alarm", Level.TODAY: "alarm_today", Level.CRISIS: "alarm_crisis"}


class Wording:
    """The texts of `wording/<language>.toml`; a text in clinic.toml replaces the one here."""

    def __init__(self, language: str, texts: Mapping[str, Any]) -> None:
        self.language = language
        self._texts = texts

    @classmethod
    @cache
    def standard(cls, language: str) -> Self:
        """Return the wording that comes with Footnote in one of `red_flags.LANGUAGES`."""
        folder = files("chatbot.triage") / "wording"
        return cls(language, tomllib.loads(folder.joinpath(f"{language}.toml").read_text("utf-8")))

    @staticmethod
    @cache
    def dismissals() -> frozenset[str]:
        """Return the texts of the button below an alarm, in all languages. It is pressed, and asks nothing."""
        return frozenset(Wording.standard(language).say("not_an_emergency", Clinic()) for language in LANGUAGES)

    def say(self, key: str, clinic: Clinic) -> str:
        """Return a text with the clinic's numbers and hours filled in."""
        return self._fill(str(self._texts[key]), clinic)

    def phrases(self, key: str) -> list[str]:
        """Return a list of phrases."""
        return list(self._texts[key])

    def heading(self, level: Level, clinic: Clinic) -> str:
        """Return the heading above an urgent message."""
        return self.say(_HEADINGS[level], clinic)

    def urgent(self, level: Level, clinic: Clinic) -> str:
        """Return the answer to an urgent message; in the clinic's own language, its own wording if it has one."""
        own = {
            Level.EMERGENCY: clinic.urgent.message,
            Level.CRISIS: clinic.urgent.crisis.message,
            Level.TODAY: clinic.urgent.today.message,
        }[level]
        if own and self.language == clinic.widget.language:
            return self._fill(own, clinic)
        if level is not Level.TODAY:
            return self.say(level.value, clinic)
        keys = ["today"]
        keys += ["today_hours"] if clinic.contact.hours else []
        keys += ["today_closed"] if clinic.urgent.today.phone else []
        return " ".join(self.say(key, clinic) for key in [*keys, "today_worse"])

    def reminder(self, level: Level, clinic: Clinic) -> str:
        """Return the line above an answer that follows an alarm."""
        return self.say("crisis_reminder" if level is Level.CRISIS else "reminder", clinic)

    @staticmethod
    def number_to_call(level: Level, clinic: Clinic) -> str:
        """Return the telephone number that an alarm of a level asks to call; empty where clinic.toml names none."""
        return {
            Level.EMERGENCY: clinic.urgent.phone,
            Level.CRISIS: clinic.urgent.crisis.phone,
            Level.TODAY: clinic.contact.phone,
        }[level]

    def call_text(self, level: Level, clinic: Clinic) -> str:
        """Return the words that ask to call that number, such as "Call 999"; empty where there is no number."""
        number = self.number_to_call(level, clinic)
        return self.say("call", clinic).replace("{number}", number) if number else ""

    def _fill(self, text: str, clinic: Clinic) -> str:
        values = {
            "emergency": clinic.urgent.phone or self._texts["number"],
            "crisis": clinic.urgent.crisis.phone or self._texts["crisis_number"],
            "phone": clinic.contact.phone or self._texts["clinic_number"],
            "hours": clinic.contact.hours,
            "out_of_hours": clinic.urgent.today.phone,
        }
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text
