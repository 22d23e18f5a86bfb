"""The page's own styles, script and icon, served under names that change with their content."""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Response

from chatbot.web.http.colours import palette, stylesheet

__all__ = ["Assets", "asset_routes", "build_assets", "static_text"]

_STATIC: Final = files("chatbot.web") / "static"
_LIFE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True, slots=True)
class _File:
    address: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Assets:
    """The files that give the clinic's pages their look."""

    chat_css: _File
    chat_js: _File
    page_css: _File
    demo_css: _File
    embed_css: _File
    staff_css: _File
    staff_js: _File
    icon: _File


def build_assets(accent: str) -> Assets:
    """Prepare the files for a clinic's accent colour."""
    base = stylesheet(accent) + static_text("base.css")
    return Assets(
        chat_css=_file("chat", "css", "text/css", base + static_text("chat.css")),
        chat_js=_file("chat", "js", "text/javascript", static_text("chat.js")),
        page_css=_file("page", "css", "text/css", base + static_text("page.css")),
        demo_css=_file("demo", "css", "text/css", base + static_text("demo.css")),
        embed_css=_file("embed", "css", "text/css", base + static_text("embed.css")),
        staff_css=_file("staff", "css", "text/css", base + static_text("staff.css") + static_text("staff-views.css")),
        staff_js=_file("staff", "js", "text/javascript", static_text("staff.js")),
        icon=_file("icon", "svg", "image/svg+xml", static_text("icon.svg").replace("#000000", palette(accent).light)),
    )


def static_text(name: str) -> str:
    """Read a file of the static folder."""
    return (_STATIC / name).read_text("utf-8")


def asset_routes(assets: Assets) -> APIRouter:
    """Give the routes that serve the files."""
    router = APIRouter()
    for file in (
        assets.chat_css,
        assets.chat_js,
        assets.page_css,
        assets.demo_css,
        assets.embed_css,
        assets.staff_css,
        assets.staff_js,
        assets.icon,
    ):
        router.add_api_route(file.address, _server(file), methods=["GET", "HEAD"])
    return router


def _server(file: _File) -> Callable[[], Coroutine[None, None, Response]]:
    async def serve() -> Response:
        return Response(file.content, media_type=file.media_type, headers=_LIFE)

    return serve


def _file(name: str, suffix: str, media_type: str, text: str) -> _File:
    content = text.encode("utf-8")
    digest = hashlib.sha256(content).hexdigest()[:12]
    return _File(f"/look/{name}.{digest}.{suffix}", media_type, content)
