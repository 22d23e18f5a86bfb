"""The chat page's own HTML: the clinic's name and the standing notice, with Gradio's conversation inside.

Gradio's own page is not served: it names other hosts, runs inline scripts and believes the Host header.
"""

import json
import re
from collections.abc import Mapping
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Final

import gradio as gr
from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from chatbot.clinic import Clinic
from chatbot.web.http.assets import Assets, static_text
from chatbot.web.http.cached import CachedPerVersion
from chatbot.web.http.markup import escape
from chatbot.web.visitor.chat import with_starters
from chatbot.web.visitor.rendering import contact_html

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["POLICY", "REQUEST", "as_data", "gradio_entry", "shell_routes"]

POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    # The hash is of the one style element that Gradio brings: in the drawing of a button, which chat.css hides.
    "style-src": "'self' 'sha256-g1bHISw0wC5zPcnfBxdUydnwBkCuBpNPwannoyMIG3M='",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""The content security policy of a page that Gradio's script fills."""

# What Gradio adds to its configuration for each request; an address of "/" is completed by the browser.
REQUEST: Final = {"root": "/", "current_page": "", "username": None, "deep_link_state": "none"}


def shell_routes(blocks: gr.Blocks, bot: "Chatbot", assets: Assets) -> APIRouter:
    """Give the route of the chat page; the blocks must have been mounted."""
    page = CachedPerVersion(bot, lambda: _page(with_starters(blocks, bot.starters()), bot.clinic, assets))
    policy = "; ".join(f"{name} {sources}" for name, sources in POLICY.items())
    router = APIRouter()

    @router.api_route("/", methods=["GET", "HEAD"])
    async def chat() -> HTMLResponse:
        return HTMLResponse(page(), headers={"Content-Security-Policy": policy, "Cache-Control": "no-cache"})

    return router


def _page(config: Mapping[str, object], clinic: Clinic, assets: Assets) -> str:
    script, style = gradio_entry()
    return Template(static_text("chat.html")).substitute(
        name=escape(clinic.name),
        greeting=escape(clinic.greeting),
        contact=contact_html(clinic),
        config=as_data({**config, **REQUEST}),
        gradio_script=script,
        gradio_style=style,
        chat_script=assets.chat_js.address,
        chat_style=assets.chat_css.address,
        icon=assets.icon.address,
    )


def gradio_entry() -> tuple[str, str]:
    """Find the addresses of Gradio's script and style, which carry hashes."""
    page = (files("gradio") / "templates" / "frontend" / "index.html").read_text("utf-8")
    script = re.search(r'<script type="module" crossorigin src="\.(/assets/[\w.-]+\.js)">', page)
    style = re.search(r'<link rel="stylesheet" crossorigin href="\.(/assets/[\w.-]+\.css)">', page)
    if script is None or style is None:
        raise RuntimeError("This release of Gradio is laid out differently: install the one in the constraints file.")
    return script[1], style[1]


def as_data(value: object) -> str:
    """Encode a value as JSON that may stand in a script element."""
    plain = json.loads(
        json.dumps(value, default=lambda _: None), parse_constant=lambda _: None
    )  # JSON knows no infinity
    text = json.dumps(plain, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
