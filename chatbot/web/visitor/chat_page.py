"""The pages that show the chat: the chat page, the framed chat for other sites, and a demonstration of the widget."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import gradio as gr
from fastapi import APIRouter, Request, Response

from chatbot.clinic import Clinic
from chatbot.web.http.assets import Assets, fill_page
from chatbot.web.http.compression import CompressedContent
from chatbot.web.http.gradio_app import POLICY, REQUEST, as_data, gradio_entry
from chatbot.web.http.markup import Html
from chatbot.web.http.translations import LANGUAGES, direction, english, interface_texts, pause_lines, privacy_text
from chatbot.web.visitor.rendering import contact_html, new_tab_link

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["chat_page_routes"]

_CHAT_POLICY: Final = "; ".join(f"{name} {sources}" for name, sources in POLICY.items())
# The widget's own styles are constructed by its script, to which no policy applies.
_WIDGET_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors "
)


def chat_page_routes(blocks: gr.Blocks, bot: "Chatbot", assets: Assets, kept_days: int) -> APIRouter:
    """Return the routes of `/`, `/embed` and `/demo`; the blocks must have been mounted.

    `kept_days` are the days that questions are kept.
    """
    framed = _WIDGET_POLICY + " ".join(("'self'", *bot.clinic.sites.allowed))
    router = APIRouter()

    @lru_cache(maxsize=1)  # the pages change with what the bot serves, and with nothing else
    def pages(_content_version: int) -> Mapping[str, CompressedContent]:
        frames = {f"/embed {language}": _frame(bot.clinic, assets, language) for language in LANGUAGES}
        starters = () if bot.clinic.chat.paused else bot.starters()
        chat = _chat(blocks.config, starters, bot.clinic, assets, kept_days)
        html = {"/": chat, "/demo": _demo(bot.clinic, assets), **frames}
        return {path: CompressedContent.of(page.encode(), "text/html") for path, page in html.items()}

    pages(bot.content_version)  # so that an error shows when the server starts

    @router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    async def chat(request: Request) -> Response:
        return _respond(request, pages(bot.content_version)["/"], _CHAT_POLICY)

    @router.api_route("/embed", methods=["GET", "HEAD"], include_in_schema=False)
    async def embed(request: Request) -> Response:
        wanted = request.query_params.get("language", "")
        language = wanted if wanted in LANGUAGES else bot.clinic.widget.language
        return _respond(request, pages(bot.content_version)[f"/embed {language}"], framed)

    @router.api_route("/demo", methods=["GET", "HEAD"], include_in_schema=False)
    async def demo(request: Request) -> Response:
        return _respond(request, pages(bot.content_version)["/demo"], _WIDGET_POLICY + "'none'")

    return router


def _respond(request: Request, page: CompressedContent, policy: str) -> Response:
    return page.response(request.headers, {"Content-Security-Policy": policy, "Cache-Control": "no-cache"})


def _chat(
    config: Mapping[str, object], starters: Iterable[str], clinic: Clinic, assets: Assets, kept_days: int
) -> Html:
    script, style = gradio_entry()
    return fill_page(
        "chat.html",
        name=clinic.name,
        greeting=pause_lines(clinic, clinic.widget.language)[0] if clinic.chat.paused else clinic.greeting,
        paused=contact_html(clinic) if clinic.chat.paused else "",
        privacy=_privacy(clinic, kept_days),
        keep="yes" if clinic.widget.session_storage else "no",
        starters=Html().join(Html('<button type="button">{}</button>').format(text) for text in starters),
        busy=english("busy"),
        down=english("down"),
        late=english("slow"),
        again=english("again"),
        waits="This question waits for the one before it.",
        contact=contact_html(clinic),
        config=as_data({**config, **REQUEST}),
        gradio_script=script,
        gradio_style=style,
        chat_script=assets.chat_js.address,
        chat_style=assets.chat_css.address,
        icon=assets.icon.address,
    )


def _privacy(clinic: Clinic, kept_days: int) -> Html:
    """Return the sentence below the box, with its link, in the clinic's language."""
    language, link = clinic.widget.language, clinic.privacy.link
    notice = Html('<footer class="privacy" lang="{}" dir="{}">{}{}</footer>')
    label = interface_texts(clinic, language)["privacy_link"]
    more = Html(" {}").format(new_tab_link(link, label)) if link else ""
    return notice.format(language, direction(language), privacy_text(clinic, language, kept_days), more)


def _frame(clinic: Clinic, assets: Assets, language: str) -> Html:
    return fill_page(
        "embed.html",
        language=language,
        direction=direction(language),
        title=interface_texts(clinic, language)["title"],
        contact=contact_html(clinic),
        icon=assets.icon.address,
        style=assets.embed_css.address,
    )


def _demo(clinic: Clinic, assets: Assets) -> Html:
    return fill_page(
        "demo.html",
        name=clinic.name,
        contact=contact_html(clinic),
        icon=assets.icon.address,
        style=assets.demo_css.address,
    )
