"""The chat for the clinic's own site: a script with the clinic's words in it, and the conversation that it fetches.

`/widget.js` holds what clinic.toml says, in one language. `/widget.<digest>.js` holds the program alone, so that it and
its integrity hash change only with Footnote; what the clinic says then stands in the tag (`script_tag`).
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request, Response

from chatbot.errors import SettingsError
from chatbot.web.http.assets import static_text
from chatbot.web.http.markup import Html
from chatbot.web.http.translations import LANGUAGES, direction, interface_texts, translations

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["script_tag", "widget_routes"]

# Access depends on the site that asks, so that no cache in between may keep it. A browser may show what it has for
# a week while it fetches anew: the clinic's telephone number is on the page even when this server is not to be had.
_FRESH: Final = "private, max-age=300, stale-while-revalidate=604800"
_NAMED: Final = "private, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class _Script:
    """A script as it is sent, with twelve hexadecimal digits that change with it and the hash for `integrity`."""

    content: bytes
    digest: str
    integrity: str


def widget_routes(bot: "Chatbot") -> APIRouter:
    """Give the routes of the scripts; raises `SettingsError` for a language or a text that the chat does not have."""
    for language in (bot.clinic.widget.language, *bot.clinic.widget.texts):
        _checked(language)
        interface_texts(bot.clinic, language)
    pinned, talk = _program(None), _talk()

    @lru_cache(maxsize=2 * len(LANGUAGES))
    def baked(language: str, _edition: int) -> _Script:
        return _program(_clinic(bot, language, talk))

    router = APIRouter()

    @router.api_route("/widget.js", methods=["GET", "HEAD"])
    async def widget(request: Request) -> Response:
        asked = request.query_params.get("language", "")
        language = asked if asked in LANGUAGES else bot.clinic.widget.language
        return _respond(request, baked(language, bot.content_version), _FRESH)

    @router.api_route(f"/widget.{pinned.digest}.js", methods=["GET", "HEAD"])
    async def program(request: Request) -> Response:
        return _respond(request, pinned, _NAMED)

    @router.api_route("/widget-talk.js", methods=["GET", "HEAD"])
    async def conversation(request: Request) -> Response:
        # A page that was open while Footnote was renewed asks for the one before; it gets this one, for now.
        return _respond(request, talk, _NAMED if request.query_params.get("v") == talk.digest else "no-store")

    return router


def script_tag(bot: "Chatbot", server: str, language: str, *, pin: bool) -> str:
    """Give the tag for the clinic's site; `server` is this server's public address, `pin` fixes the program's hash.

    Raises `SettingsError` for a language that the chat does not have.
    """
    _checked(language)
    address = server.rstrip("/")
    if not pin:
        query = "" if language == bot.clinic.widget.language else f"?language={language}"
        return str(Html('<script src="{}/widget.js{}" defer></script>').format(address, query))
    script = _program(None)
    tag = Html('<script src="{}/widget.{}.js" integrity="{}" crossorigin="anonymous" defer data-clinic="{}"></script>')
    return str(tag.format(address, script.digest, script.integrity, _json(_clinic(bot, language, _talk()))))


def _checked(language: str) -> None:
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise SettingsError(
            f"The chat does not speak {language!r}: set [widget] language in clinic.toml to one of {known}."
        )


def _respond(request: Request, script: _Script, life: str) -> Response:
    tag = f'W/"{script.digest}"'  # weak, because the bytes differ with their compression
    headers = {"Cache-Control": life, "ETag": tag, "Cross-Origin-Resource-Policy": "cross-origin"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(script.content, media_type="text/javascript", headers=headers)


def _program(clinic: Mapping[str, object] | None) -> _Script:
    return _script("widget", {"__CLINIC__": _json(clinic)})


def _talk() -> _Script:
    return _script("widget-talk", {})


def _script(name: str, fill: Mapping[str, str]) -> _Script:
    """Fill in a program's style and values, and leave out what only its readers need."""
    known = {**fill, "__STYLE__": _json(_style(static_text(f"{name}.css")))}
    program = re.sub(r"(?m)^\s*(?://.*|/\*\* .*\*/)$", "", static_text(f"{name}.js"))
    program = re.sub(r"(?m)^\s+", "", program)
    content = re.sub(r"__[A-Z]+__", lambda found: known[found[0]], program).encode()
    integrity = "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
    return _Script(content, hashlib.sha256(content).hexdigest()[:12], integrity)


def _style(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def _clinic(bot: "Chatbot", language: str, talk: _Script) -> dict[str, object]:
    """Give what the clinic says of itself, as the program reads it."""
    clinic = bot.clinic
    texts = interface_texts(clinic, language)
    return {
        "name": clinic.name,
        "language": language,
        "languages": LANGUAGES,
        "own": clinic.widget.language,
        "dir": direction(language),
        "title": texts.pop("title"),
        "greeting": texts.pop("greeting"),
        "colour": clinic.colours.accent,
        "contact": asdict(clinic.contact),
        "emergency": clinic.urgent.phone,
        "starters": bot.starters(),
        "position": clinic.widget.position,
        "target": clinic.widget.target,
        "links": clinic.widget.links,
        "open": clinic.widget.open,
        "session_storage": clinic.widget.session_storage,
        "talk": talk.digest,
        "integrity": talk.integrity,
        "said": translations(texts),
        "texts": texts,
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
