"""Gradio as an application of its own, which only an allow-list can reach."""

import os
import sys
from functools import cache
from tempfile import TemporaryDirectory
from typing import Final

import gradio as gr
from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

__all__ = ["gradio_app", "set_queue"]

_WAITING: Final = 64  # events that may wait


def set_queue(blocks: gr.Blocks) -> None:
    """Bound the queue of blocks, which must not have been mounted yet."""
    blocks.queue(max_size=_WAITING, api_open=False)
    queue = blocks._queue  # noqa: SLF001 -- there is no public way to what follows
    # Gradio would work out figures of all events anew, in pandas, after every one, and look for events a thousand
    # times a second, which takes a twentieth of a core from a server that nobody asks anything.
    queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize
    queue.sleep_when_free = 0.01


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


@cache
def _own_folder() -> "TemporaryDirectory[str]":
    """Make a folder for uploads that nobody else can read, and that goes when the program ends."""
    return TemporaryDirectory(prefix="footnote-")
