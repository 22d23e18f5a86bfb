"""The texts of the chat on other sites, in each language, with the clinic's own wording where there is any."""

import logging
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from chatbot.clinic import Clinic
from chatbot.errors import SettingsError

__all__ = [
    "LANGUAGES",
    "check_language",
    "check_texts",
    "direction",
    "english",
    "interface_texts",
    "pause_lines",
    "privacy_text",
    "translations",
]

_LOG = logging.getLogger(__name__)
LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "pl", "ar", "zh")
_RIGHT_TO_LEFT: Final = {"ar"}
_FOLDER: Final = files("chatbot.web") / "static" / "texts"
_MESSAGES: Final = ("related", "weak", "not_found", "which", "varies")  # messages that the bot writes in English
_RETIRED: Final = {  # texts that are no longer shown, and what to do instead
    "answered": "an answer begins with its sentence",
    "other_language": "word urgent answers in [urgent]",
    "urgent": "word urgent answers in [urgent]",
    "whole": "passages are folded under their headings",
}


def direction(language: str) -> str:
    """Return the direction in which a language is written, `ltr` or `rtl`."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def check_language(language: str) -> None:
    """Raise `SettingsError` for a language that the chat does not have."""
    if language not in LANGUAGES:
        languages = ", ".join(LANGUAGES)
        raise SettingsError(
            f"The chat does not speak {language!r}: set [widget] language in clinic.toml to one of {languages}."
        )


def check_texts(clinic: Clinic) -> None:
    """Raise `SettingsError` for a language or a text of clinic.toml that the chat does not have."""
    for language in (clinic.widget.language, *clinic.widget.texts):
        check_language(language)
        interface_texts(clinic, language)


def interface_texts(clinic: Clinic, language: str) -> dict[str, str]:
    """Return the texts of one of `LANGUAGES` by key; raises `SettingsError` for clinic wording with an unknown key.

    The clinic's greeting and title are used in its own language. For another language, `[widget.texts.<language>]` may
    hold both. Wording for a text that is no longer shown is left out, with a warning.
    """
    texts = _defaults(language)
    own = dict(clinic.widget.texts.get(language, {}))
    for key in sorted(_RETIRED & own.keys()):
        del own[key]
        _LOG.warning(
            "clinic.toml: widget.texts.%s.%s is no longer shown: delete it; %s.",
            language,
            key,
            _RETIRED[key],
        )
    if unknown := sorted(own.keys() - texts.keys()):
        known = ", ".join(sorted(texts))
        raise SettingsError(
            f"clinic.toml: widget.texts.{language}.{unknown[0]} is not a text of the chat. Use one of: {known}."
        )
    if language == clinic.widget.language:
        named = {"title": clinic.widget.title, "paused": clinic.chat.message, "privacy": clinic.privacy.notice}
        own = {"greeting": clinic.greeting, **{key: text for key, text in named.items() if text}, **own}
    return {key: text.replace("{name}", clinic.name) for key, text in {**texts, **own}.items()}


def privacy_text(clinic: Clinic, language: str, days: int) -> str:
    """Return the sentence below the box for the days that questions are kept, which are 0 where they are not."""
    texts = interface_texts(clinic, language)
    is_own = texts["privacy"] != _defaults(language)["privacy"]
    key = "privacy" if is_own else {0: "privacy_none", 1: "privacy_day"}.get(days, "privacy")
    return texts[key].replace("{days}", str(days))


def pause_lines(clinic: Clinic, language: str) -> tuple[str, str]:
    """Return what visitors read while the chat is paused: that it is, and the number to call in an emergency."""
    texts, phone = interface_texts(clinic, language), clinic.urgent.phone
    return texts["paused"], texts["emergency_call"].replace("{number}", phone) if phone else texts["emergency"]


def english(key: str) -> str:
    """Return the English wording of a text, which the chat page shares with the chat on other sites."""
    return _defaults("en")[key]


def translations(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the translation of each message that the bot writes in English, by the English message."""
    return {_defaults("en")[key]: texts[key] for key in _MESSAGES}


@cache
def _defaults(language: str) -> Mapping[str, str]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))
