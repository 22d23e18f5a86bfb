"""The chat for the clinic's own site: the scripts of the widget, and the tag that loads them.

`/widget.js` is the program with the settings of clinic.toml in it, in one language. `/widget.<digest>.js` is the
program alone. It and its integrity hash change only with Footnote, and the tag (`script_tag`) holds the settings.
`/widget-talk.js` is the conversation, which the program fetches when a visitor opens the chat.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import rjsmin
from fastapi import APIRouter, Request, Response

from chatbot.web.http.assets import static_text
from chatbot.web.http.markup import Html
from chatbot.web.http.middleware import public_path
from chatbot.web.http.translations import (
    LANGUAGES,
    check_language,
    check_texts,
    direction,
    interface_texts,
    pause_lines,
    privacy_text,
    translations,
)
from chatbot.web.visitor.api_schema import PAGE_PROBLEMS, PROBLEM_CONTENT, problem_responses

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["script_tag", "widget_routes"]

# Private, because access depends on the site that asks. For a week, a browser may use its copy while it fetches a new
# one. So the clinic's telephone number is on the page even when this server cannot be reached.
_FRESH: Final = "private, max-age=300, stale-while-revalidate=604800"
_IMMUTABLE: Final = "private, max-age=31536000, immutable"
_HOST: Final = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?", re.IGNORECASE)
_THIS_MACHINE: Final = re.compile(r"localhost(:|$)|127\.|0\.", re.IGNORECASE)
# Texts that the program has no use for, or has under another key.
_NOT_SENT: Final = ("emergency_call", "not_found", "paused", "privacy_day", "privacy_none", "related", "varies", "weak")
_LANGUAGE: Final = [{"name": "language", "in": "query", "schema": {"type": "string", "examples": [*LANGUAGES]}}]
_VERSION: Final = [{"name": "v", "in": "query", "schema": {"type": "string"}}]
_RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    **problem_responses(PAGE_PROBLEMS),
    304: {"description": "The browser's copy is the present one."},
    403: {
        "description": "The site is not on the clinic's list. A script element gets a script that says so.",
        "content": {**PROBLEM_CONTENT, "text/javascript": {"schema": {"type": "string"}}},
    },
}


class _JavaScript(Response):
    media_type = "text/javascript"


@dataclass(frozen=True, slots=True)
class _Script:
    """A script as it is sent, the first twelve hexadecimal digits of its SHA-256, and its `integrity`."""

    content: bytes
    digest: str
    integrity: str


def widget_routes(bot: "Chatbot", kept_days: int) -> APIRouter:
    """Return the routes of the scripts; `kept_days` are the days that questions are kept.

    Raises `SettingsError` for a language or a text that the chat does not have.
    """
    check_texts(bot.clinic)
    pinned, talk = _program(None), _talk()

    @lru_cache(maxsize=4 * len(LANGUAGES))
    def with_settings(language: str, server: str | None, _content_version: int) -> _Script:
        return _program(_clinic(bot, language, talk, kept_days), server)

    router = APIRouter()

    @router.api_route(
        "/widget.js",
        methods=["GET", "HEAD"],
        summary="Load the chat with its settings",
        operation_id="widget",
        openapi_extra={"parameters": _LANGUAGE},
        responses=_RESPONSES,
        response_class=_JavaScript,
    )
    async def widget(request: Request) -> Response:
        wanted = request.query_params.get("language", "")
        language = wanted if wanted in LANGUAGES else bot.clinic.widget.language
        return _respond(request, with_settings(language, _address(request), bot.content_version), _FRESH)

    @router.api_route(
        f"/widget.{pinned.digest}.js",
        methods=["GET", "HEAD"],
        summary="Load the chat without its settings, which the tag holds",
        operation_id="widget_program",
        responses=_RESPONSES,
        response_class=_JavaScript,
    )
    async def program(request: Request) -> Response:
        return _respond(request, pinned, _IMMUTABLE)

    @router.api_route(
        "/widget-talk.js",
        methods=["GET", "HEAD"],
        summary="Load the conversation, which the chat fetches when it is opened",
        operation_id="widget_talk",
        openapi_extra={"parameters": _VERSION},
        responses=_RESPONSES,
        response_class=_JavaScript,
    )
    async def conversation(request: Request) -> Response:
        # A page that was open during an update of Footnote asks for the earlier version. It gets this one, uncached.
        return _respond(request, talk, _IMMUTABLE if request.query_params.get("v") == talk.digest else "no-store")

    return router


def script_tag(bot: "Chatbot", server: str, language: str, kept_days: int, *, pin: bool) -> str:
    """Return the tag for the clinic's site; `server` is this server's public address, `pin` adds an integrity hash.

    `kept_days` are the days that questions are kept. Raises `SettingsError` for a language that the chat does not have.
    """
    check_language(language)
    address = server.rstrip("/")
    if not pin:
        query = "" if language == bot.clinic.widget.language else f"?language={language}"
        return str(Html('<script src="{}/widget.js{}" defer></script>').format(address, query))
    script, talk = _program(None), _talk()
    settings = _json({**_clinic(bot, language, talk, kept_days), "integrity": talk.integrity})
    tag = Html('<script src="{}/widget.{}.js" integrity="{}" crossorigin="anonymous" defer data-clinic="{}"></script>')
    return str(tag.format(address, script.digest, script.integrity, settings))


def _respond(request: Request, script: _Script, life: str) -> Response:
    tag = f'W/"{script.digest}"'  # weak, because compression changes the bytes
    headers = {"Cache-Control": life, "ETag": tag, "Cross-Origin-Resource-Policy": "cross-origin"}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return _JavaScript(script.content, headers=headers)


def _address(request: Request) -> str | None:
    """Return the address that a request names, for a script that is combined with others and so loses its own.

    A proxy may name this machine in place of the address that visitors know: that is no use on their machines.
    """
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host) or _THIS_MACHINE.match(host):
        return None
    return f"{request.scope['scheme']}://{host}{public_path(request.scope)}/"


def _program(clinic: Mapping[str, object] | None, server: str | None = None) -> _Script:
    return _script("widget", {"__CLINIC__": _json(clinic), "__HOME__": _json(server)})


def _talk() -> _Script:
    return _script("widget-talk", {})


def _script(name: str, fill: Mapping[str, str]) -> _Script:
    """Fill in a program's style and values, and strip its comments and spaces."""
    values = {**fill, "__STYLE__": _json(_minify_css(static_text(f"{name}.css")))}
    # The first semicolon ends what stands before it where scripts are combined into one file.
    program = f";{rjsmin.jsmin(static_text(f'{name}.js'))}"
    content = re.sub(r"__[A-Z]+__", lambda name: values[name[0]], program).encode()
    integrity = "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
    return _Script(content, hashlib.sha256(content).hexdigest()[:12], integrity)


def _minify_css(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"\s*([{};,])\s*|(?<=:) ", r"\1", re.sub(r"\s+", " ", text))
    return text.replace(";}", "}").strip()


def _clinic(bot: "Chatbot", language: str, talk: _Script, kept_days: int) -> dict[str, object]:
    """Return the settings of the clinic as the program reads them."""
    clinic = bot.clinic
    texts = interface_texts(clinic, language)
    paused = pause_lines(clinic, language)
    said = translations(texts)
    texts["privacy"] = privacy_text(clinic, language, kept_days)
    if clinic.urgent.phone:
        texts["emergency"] = texts["emergency_call"]
    for key in _NOT_SENT:
        del texts[key]
    if language != clinic.widget.language:
        said.update(zip(pause_lines(clinic, clinic.widget.language), paused, strict=True))
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
        "starters": () if clinic.chat.paused else bot.starters(),
        "paused": paused[0] if clinic.chat.paused else "",
        "privacy": clinic.privacy.link,
        "position": clinic.widget.position,
        "target": clinic.widget.target,
        "links": clinic.widget.links,
        "open": clinic.widget.open,
        "session_storage": clinic.widget.session_storage,
        "talk": talk.digest,
        "said": said,
        "texts": texts,
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
