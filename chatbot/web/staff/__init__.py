"""The staff console: a Gradio surface below /staff, for those who signed in."""

from chatbot.web.staff.console import console_blocks
from chatbot.web.staff.house import House

__all__ = ["House", "console_blocks"]
