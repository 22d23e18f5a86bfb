"""What the chat on other sites says, in each language, with the clinic's own wording in place of ours."""

import logging
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from chatbot.clinic import Clinic
from chatbot.errors import SettingsError

__all__ = ["LANGUAGES", "direction", "interface_texts", "translations"]

_LOG = logging.getLogger(__name__)
LANGUAGES: Final = ("en", "es", "fr", "de", "pt", "pl", "ar", "zh")
_RIGHT_TO_LEFT: Final = {"ar"}
_FOLDER: Final = files("chatbot.web") / "static" / "texts"
_MESSAGES: Final = ("answered", "related", "not_found")  # lines that the bot says in English
_RETIRED: Final = {"other_language", "urgent"}  # said in the visitor's own language since, by chatbot/triage/wording


def direction(language: str) -> str:
    """Return the direction that a language is written in: ltr or rtl."""
    return "rtl" if language in _RIGHT_TO_LEFT else "ltr"


def interface_texts(clinic: Clinic, language: str) -> dict[str, str]:
    """Return the texts of one of `LANGUAGES` by key; raises `SettingsError` for wording that has no place.

    The clinic's greeting and title stand for its own language; another has them where `[widget.texts.<language>]` does.
    Wording of a text that is shown no more is left out, with a warning.
    """
    texts = _defaults(language)
    own = dict(clinic.widget.texts.get(language, {}))
    for key in sorted(_RETIRED & own.keys()):
        del own[key]
        _LOG.warning(
            "clinic.toml: widget.texts.%s.%s is shown no more: what is urgent is said by [urgent].", language, key
        )
    if unknown := sorted(own.keys() - texts.keys()):
        known = ", ".join(sorted(texts))
        raise SettingsError(
            f"clinic.toml: widget.texts.{language}.{unknown[0]} is not a text of the chat; known here: {known}."
        )
    if language == clinic.widget.language:
        own = {"greeting": clinic.greeting, **({"title": clinic.widget.title} if clinic.widget.title else {}), **own}
    return {key: text.replace("{name}", clinic.name) for key, text in {**texts, **own}.items()}


def translations(texts: Mapping[str, str]) -> dict[str, str]:
    """Return for each line that the bot says in English what a language has for it."""
    return {_defaults("en")[key]: texts[key] for key in _MESSAGES}


@cache
def _defaults(language: str) -> Mapping[str, str]:
    return tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))
