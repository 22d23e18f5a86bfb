"""The staff console: Gradio tabs below /staff, for those who signed in."""

from chatbot.web.console.mount import console_blocks, staff_app
from chatbot.web.console.services import ConsoleServices

__all__ = ["ConsoleServices", "console_blocks", "staff_app"]
