"""The staff console: a Gradio surface below /staff, for those who signed in."""

from chatbot.web.console.mount import console_blocks, staff_app
from chatbot.web.console.services import House

__all__ = ["House", "console_blocks", "staff_app"]
