"""Gradio as an application of its own, which only an allow-list can reach, and the parts of it that pages load.

Gradio's own page is not served: it names other hosts, runs inline scripts and believes the Host header.
"""

import asyncio
import json
import os
import re
import sys
from functools import cache
from importlib.resources import files
from tempfile import TemporaryDirectory
from typing import Final

import gradio as gr
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from chatbot.web.http.markup import Html

__all__ = ["POLICY", "REQUEST", "as_data", "departure", "gradio_app", "gradio_entry", "set_queue"]

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

_WAITING: Final = 64  # events that may wait
_RUNNING: Final = 160  # events under way: the questions that wait for their turn, and what takes no time
_LOOKED_FOR: Final = 0.25  # seconds between two looks at whether a visitor is still there


def set_queue(blocks: gr.Blocks) -> None:
    """Bound the queue of blocks, which must not have been mounted yet."""
    blocks.queue(max_size=_WAITING, api_open=False)
    queue = blocks._queue  # noqa: SLF001 -- there is no public way to what follows
    # Gradio would work out figures of all events anew, in pandas, after every one, and look for events a thousand
    # times a second, which takes a twentieth of a core from a server that nobody asks anything.
    queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize
    queue.sleep_when_free = 0.01
    queue.max_thread_count = _RUNNING  # which has nothing to do with threads


async def departure(blocks: gr.Blocks, session: str | None) -> None:
    """Return once the visitor of a session, whose event is under way, has closed the page."""
    queue = blocks._queue  # noqa: SLF001 -- as in set_queue
    events = [event for job in queue.active_jobs for event in job or () if event.session_hash == session]
    while all(event.alive for event in events):  # noqa: ASYNC110 -- Gradio says it by this flag alone
        await asyncio.sleep(_LOOKED_FOR)


def gradio_app(blocks: gr.Blocks, largest_file: int) -> FastAPI:
    """Mount blocks, whose queue was set; files are measured in bytes."""
    os.environ.setdefault("GRADIO_TEMP_DIR", _own_folder().name)  # its own is one that all programs share
    inner = FastAPI(openapi_url=None)
    inner.add_middleware(CORSMiddleware)  # Gradio lets every origin in, with credentials, unless it finds this
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
    """Find the addresses of Gradio's script and style, which carry hashes."""
    page = (files("gradio") / "templates" / "frontend" / "index.html").read_text("utf-8")
    script = re.search(r'<script type="module" crossorigin src="\.(/assets/[\w.-]+\.js)">', page)
    style = re.search(r'<link rel="stylesheet" crossorigin href="\.(/assets/[\w.-]+\.css)">', page)
    if script is None or style is None:
        raise RuntimeError("This release of Gradio is laid out differently: install the one in the constraints file.")
    return script[1], style[1]


def as_data(value: object) -> Html:
    """Encode a value as JSON that may stand in a script element."""
    finite = json.loads(
        json.dumps(value, default=lambda _: None), parse_constant=lambda _: None
    )  # JSON has no infinity
    text = json.dumps(finite, separators=(",", ":"))
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Html(text)  # noqa: S704 -- no character of markup is left


@cache
def _own_folder() -> "TemporaryDirectory[str]":
    """Make a folder for uploads that nobody else can read, and that goes when the program ends."""
    return TemporaryDirectory(prefix="footnote-")
