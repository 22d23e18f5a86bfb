"""The server process."""

import socket
import sys
from collections.abc import Iterable
from functools import partial
from typing import Final

import uvicorn
from fastapi import APIRouter

from chatbot.bot import Chatbot
from chatbot.errors import SettingsError
from chatbot.journal import Journal
from chatbot.settings import Settings
from chatbot.web.application import create_app

__all__ = ["listen", "serve"]

_SHUTDOWN_TIMEOUT: Final = (
    5  # seconds; then open pages are cut off, because the stream of a chat page never ends by itself
)
_SWITCH_INTERVAL: Final = 0.0002  # seconds; at Python's 5 ms, small requests wait while a question is answered


def listen(host: str, port: int) -> socket.socket:
    """Bind an address to serve on; raises `SettingsError` where it cannot be bound."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # On Linux, `::` would take IPv6 alone, although hosting platforms name it for both.
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        with socket.create_server((host, port), family=family, dualstack_ipv6=both) as server:
            # Named as TCP, or asyncio leaves Nagle's algorithm on: each further response of a connection then waits
            # 40 ms for the client's delayed acknowledgement. `create_server` names no protocol.
            return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=server.detach())
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"Footnote cannot listen on {host}, port {port}: {error}. "
            "Set FOOTNOTE_HOST and FOOTNOTE_PORT to a free one."
        ) from error


def serve(
    bot: Chatbot,
    journal: Journal | None,
    settings: Settings | None,
    address: socket.socket,
    more_routes: Iterable[APIRouter] = (),
) -> None:
    """Serve the web application of a bot until the process is told to stop."""
    sys.setswitchinterval(_SWITCH_INTERVAL)
    config = uvicorn.Config(
        # Built inside the running event loop, because Gradio otherwise opens loops that it never closes.
        partial(create_app, bot, journal, settings, more_routes),
        factory=True,
        ws="none",  # nothing here speaks WebSocket
        log_config=None,  # its lines go the way of all others
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
    )
    uvicorn.Server(config).run(sockets=[address])
