"""Gradio as an application of its own, which only an allow-list can reach, and the parts of it that pages load.

Gradio's own page is not served: it names other hosts, runs inline scripts and believes the Host header.
"""

import asyncio
import json
import mimetypes
import re
import sys
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Final

import gradio as gr
from anyio import to_thread
from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware

from chatbot.web.http.compression import CompressedContent
from chatbot.web.http.markup import Html

__all__ = [
    "POLICY",
    "REQUEST",
    "as_data",
    "gradio_app",
    "gradio_asset",
    "gradio_entry",
    "set_queue",
    "wait_for_disconnect",
]

POLICY: Final = {
    "default-src": "'none'",
    "script-src": "'self'",
    # The hash is of Gradio's one style element, in the icon of a button that chat.css hides.
    "style-src": "'self' 'sha256-g1bHISw0wC5zPcnfBxdUydnwBkCuBpNPwannoyMIG3M='",
    "img-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
"""The content security policy of a page that Gradio's script fills."""

# What Gradio's own page adds to the configuration for each request, but for the address of the server. chat.js and
# staff.js fill that in, because only the browser knows below which path a proxy serves it.
REQUEST: Final = {"current_page": "", "username": None, "deep_link_state": "none"}

_FRONTEND: Final = files("gradio") / "templates" / "frontend"
_ASSETS: Final[dict[str, CompressedContent]] = {}  # those that were requested, by name: one page needs some 50 of 900

_MAX_WAITING: Final = 64  # events
_MAX_RUNNING: Final = 160  # events, among them the questions that wait in the FairQueue
_POLLING: Final = 0.25  # seconds between two checks of whether a visitor has left


def set_queue(blocks: gr.Blocks) -> None:
    """Set the limits of the blocks' queue. Call it before the blocks are mounted."""
    blocks.api_open = False
    queue = blocks._queue  # noqa: SLF001 -- there is no public way to do what follows
    queue.max_size = _MAX_WAITING  # `blocks.queue` would set it too, and build the blocks' application once more
    # After every event, Gradio would compute statistics of all events in pandas. It would also look for events a
    # thousand times a second, which takes a twentieth of a core from an idle server.
    queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize
    queue.sleep_when_free = 0.01
    queue.max_thread_count = _MAX_RUNNING  # the number of events under way, whatever its name says


async def wait_for_disconnect(blocks: gr.Blocks, session: str | None) -> None:
    """Return once the page of a session, an event of which is under way, has been closed."""
    queue = blocks._queue  # noqa: SLF001 -- as in set_queue
    events = [event for job in queue.active_jobs for event in job or () if event.session_hash == session]
    while all(event.alive for event in events):  # noqa: ASYNC110 -- this flag is Gradio's only sign of it
        await asyncio.sleep(_POLLING)


def gradio_app(blocks: gr.Blocks, largest_file: int) -> FastAPI:
    """Mount blocks, after `set_queue`, in an application of their own; `largest_file` is in bytes."""
    inner = FastAPI(openapi_url=None)
    inner.add_middleware(CORSMiddleware)  # where one stands, Gradio's own, which allows every origin, is off
    gr.mount_gradio_app(
        inner,
        blocks,
        path="/",
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=largest_file,
        ssr_mode=False,
        enable_monitoring=False,
        mcp_server=False,
    )
    return inner


def gradio_entry() -> tuple[str, str]:
    """Return the addresses of Gradio's script and style, relative to the pages at the root.

    Raises `RuntimeError` where Gradio's page has another layout.
    """
    page = (_FRONTEND / "index.html").read_text("utf-8")
    script = re.search(r'<script type="module" crossorigin src="\./(assets/[\w.-]+\.js)">', page)
    style = re.search(r'<link rel="stylesheet" crossorigin href="\./(assets/[\w.-]+\.css)">', page)
    if script is None or style is None:
        raise RuntimeError("This release of Gradio has another page: install the one that constraints.txt names.")
    return script[1], style[1]


async def gradio_asset(name: str) -> CompressedContent:
    """Return one of Gradio's scripts or styles, which is compressed at its first request; raises `HTTPException` 404.

    Gradio itself would read the file anew for each visitor, and the largest takes 140 ms to compress.
    """
    if name not in _ASSETS:
        if name not in _asset_names():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        _ASSETS[name] = await to_thread.run_sync(_read_asset, name)
    return _ASSETS[name]


@cache
def _asset_names() -> frozenset[str]:
    return frozenset(file.name for file in (_FRONTEND / "assets").iterdir())


def _read_asset(name: str) -> CompressedContent:
    media_type, _ = mimetypes.guess_type(name)
    return CompressedContent.of((_FRONTEND / "assets" / name).read_bytes(), media_type or "application/octet-stream")


def as_data(value: object) -> Html:
    """Encode a value as JSON that may stand in a script element."""
    finite = json.loads(
        json.dumps(value, default=lambda _: None), parse_constant=lambda _: None
    )  # JSON has no infinity
    text = json.dumps(finite, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Html(text)  # noqa: S704 -- no character of markup is left
