"""The chat alone, for site builders that allow only frames (`/embed`), and a clinic's page to try it on (`/demo`)."""

from string import Template
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from chatbot.clinic import Clinic
from chatbot.web.http.assets import Assets, static_text
from chatbot.web.http.cached import CachedPerVersion
from chatbot.web.http.markup import escape
from chatbot.web.http.translations import LANGUAGES, direction, interface_texts
from chatbot.web.visitor.rendering import contact_html

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["embed_routes"]

# The chat's own styles are constructed by its script, which a policy has no say in.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors "
)


def embed_routes(bot: "Chatbot", assets: Assets) -> APIRouter:
    """Give the routes of the framed chat and of the demonstration page."""
    framed = _POLICY + " ".join(("'self'", *bot.clinic.sites.allowed))
    frames = CachedPerVersion(bot, lambda: {language: _frame(bot.clinic, assets, language) for language in LANGUAGES})
    demo = CachedPerVersion(bot, lambda: _demo(bot.clinic, assets))
    router = APIRouter()

    @router.api_route("/embed", methods=["GET", "HEAD"])
    async def embed(request: Request) -> HTMLResponse:
        pages = frames()
        page = pages.get(request.query_params.get("language", ""), pages[bot.clinic.widget.language])
        return HTMLResponse(page, headers={"Content-Security-Policy": framed, "Cache-Control": "no-cache"})

    @router.api_route("/demo", methods=["GET", "HEAD"])
    async def demonstration() -> HTMLResponse:
        headers = {"Content-Security-Policy": _POLICY + "'none'", "Cache-Control": "no-cache"}
        return HTMLResponse(demo(), headers=headers)

    return router


def _demo(clinic: Clinic, assets: Assets) -> str:
    return Template(static_text("demo.html")).substitute(
        name=escape(clinic.name),
        contact=contact_html(clinic),
        icon=assets.icon.address,
        style=assets.demo_css.address,
    )


def _frame(clinic: Clinic, assets: Assets, language: str) -> str:
    return Template(static_text("embed.html")).substitute(
        language=language,
        direction=direction(language),
        title=escape(interface_texts(clinic, language)["title"]),
        contact=contact_html(clinic),
        icon=assets.icon.address,
        style=assets.embed_css.address,
    )
