"""The styles, scripts and icon of the pages, in the clinic's accent colour."""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from string import Template
from typing import Final

from fastapi import APIRouter, Request, Response

from chatbot.web.http.compression import CompressedContent
from chatbot.web.http.markup import Html, escape

__all__ = [
    "Assets",
    "Colour",
    "Palette",
    "asset_routes",
    "build_assets",
    "contrast",
    "fill_page",
    "palette",
    "static_text",
    "stylesheet",
]

Colour = tuple[int, int, int]

_STATIC: Final = files("chatbot.web") / "static"
_IMMUTABLE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_READABLE: Final = 4.5  # WCAG 2.1 AA, for text of any size
_BLACK: Final[Colour] = (0, 0, 0)
_WHITE: Final[Colour] = (255, 255, 255)
# The surfaces of static/base.css that the accent stands on: the darkest of the light ones, the lightest of the dark.
_LIGHT_SURFACE: Final[Colour] = (0xF1, 0xEE, 0xE8)
_DARK_SURFACE: Final[Colour] = (0x2A, 0x2E, 0x31)
_STEPS: Final = 100


@dataclass(frozen=True, slots=True)
class Palette:
    """An accent in the light and the dark scheme, and the colour of text upon it, each as #rrggbb."""

    light: str
    on_light: str
    dark: str
    on_dark: str


@dataclass(frozen=True, slots=True)
class _File:
    """A file and its address, relative to the pages at the root, because a proxy may serve all below a path."""

    address: str
    content: CompressedContent


@dataclass(frozen=True, slots=True)
class Assets:
    """The files that the pages load."""

    chat_css: _File
    chat_js: _File
    page_css: _File
    demo_css: _File
    embed_css: _File
    staff_css: _File
    staff_js: _File
    icon: _File


def build_assets(accent: str) -> Assets:
    """Build the files for an accent colour (#rrggbb)."""
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


def fill_page(file: str, /, **values: object) -> Html:
    """Return a page of the static folder with its `$names` filled in: texts are escaped, `Html` stands as it is."""
    page = Template(static_text(file)).substitute({key: escape(value) for key, value in values.items()})
    return Html(page)  # noqa: S704 -- a file of the project, and every value was escaped


@cache
def static_text(name: str) -> str:
    """Return the text of a file in the static folder."""
    return (_STATIC / name).read_text("utf-8")


def asset_routes(assets: Assets) -> APIRouter:
    """Return the routes of the files, whose names change with their content so that browsers may keep them."""
    router = APIRouter()
    for field in fields(assets):
        file: _File = getattr(assets, field.name)
        router.add_api_route(f"/{file.address}", _endpoint(file), methods=["GET", "HEAD"], include_in_schema=False)
    return router


def _endpoint(file: _File) -> Callable[[Request], Coroutine[None, None, Response]]:
    async def serve(request: Request) -> Response:
        return file.content.response(request.headers, _IMMUTABLE)

    return serve


def _file(name: str, suffix: str, media_type: str, text: str) -> _File:
    content = text.encode("utf-8")
    digest = hashlib.sha256(content).hexdigest()[:12]
    return _File(f"look/{name}.{digest}.{suffix}", CompressedContent.of(content, media_type))


def contrast(first: Colour, second: Colour) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.1)."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def palette(accent: str) -> Palette:
    """Shade an accent (#rrggbb) until it can be read as text on the surfaces of both colour schemes."""
    colour = _parse(accent)
    light = _shade(colour, _BLACK, _LIGHT_SURFACE)
    dark = _shade(colour, _WHITE, _DARK_SURFACE)
    return Palette(_hex(light), _hex(_text_on(light)), _hex(dark), _hex(_text_on(dark)))


def stylesheet(accent: str) -> str:
    """Return the shades of an accent as custom properties of CSS, for both colour schemes."""
    shades = palette(accent)
    return (
        f":root{{--accent:{shades.light};--on-accent:{shades.on_light}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{shades.dark};--on-accent:{shades.on_dark}}}}}\n"
    )


def _shade(colour: Colour, towards: Colour, surface: Colour) -> Colour:
    """Mix a colour with black or white, in small steps, until it can be read on a surface."""
    for step in range(_STEPS):
        red, green, blue = (
            round(start + (end - start) * step / _STEPS) for start, end in zip(colour, towards, strict=True)
        )
        if contrast((red, green, blue), surface) >= _READABLE:
            return red, green, blue
    return towards


def _text_on(colour: Colour) -> Colour:
    return max(_WHITE, _BLACK, key=lambda text: contrast(text, colour))


def _luminance(colour: Colour) -> float:
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)


def _parse(text: str) -> Colour:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _hex(colour: Colour) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
