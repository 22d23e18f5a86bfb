"""The server that runs until it is told to stop."""

import uvicorn

from chatbot.bot import Chatbot
from chatbot.settings import Settings
from chatbot.web.application import create_app

__all__ = ["serve"]

_FAREWELL = 5  # seconds that open pages get when the server stops; an open tab never ends by itself


def serve(settings: Settings) -> None:
    """Serve the chat page and the API until the process is told to stop."""
    bot = Chatbot.open(settings)
    bot.ask("Are you ready?")  # the model is loaded before the first visitor comes, not by them
    uvicorn.run(
        lambda: create_app(bot),  # built inside the running event loop, or Gradio opens loops that it never closes
        factory=True,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=_FAREWELL,
    )
