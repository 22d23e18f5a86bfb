"""The server that runs until it is told to stop."""

import socket
import sys
from typing import Final

import uvicorn

from chatbot.bot import Chatbot
from chatbot.errors import SettingsError
from chatbot.journal import Journal
from chatbot.settings import Settings
from chatbot.web.application import create_app

__all__ = ["listen", "serve"]

_SHUTDOWN_TIMEOUT: Final = 5  # seconds that open pages get when the server stops; an open tab never ends by itself
_SWITCH: Final = 0.0002  # seconds; with Python's own 5 ms, each small step of a request waits so long for an answer


def listen(host: str, port: int) -> socket.socket:
    """Take an address to serve on; raises `SettingsError` if it is not to be had."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except (OSError, UnicodeError) as error:
        raise SettingsError(
            f"Footnote cannot listen on {host}, port {port}: {error}. "
            "Set FOOTNOTE_HOST and FOOTNOTE_PORT to a free one."
        ) from error


def serve(bot: Chatbot, journal: Journal | None, settings: Settings, address: socket.socket) -> None:
    """Serve the chat page, the API and the staff console of a bot until the process is told to stop."""
    sys.setswitchinterval(_SWITCH)
    config = uvicorn.Config(
        lambda: create_app(
            bot, journal, settings
        ),  # built inside the running event loop, or Gradio opens loops that it never closes
        factory=True,
        ws="none",  # nothing here speaks WebSocket
        log_config=None,  # its lines go the way of all others
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_SHUTDOWN_TIMEOUT,
    )
    uvicorn.Server(config).run(sockets=[address])
