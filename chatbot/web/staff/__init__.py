"""The staff console: a Gradio surface below /staff, for those who signed in."""

from chatbot.web.staff.console import console_blocks
from chatbot.web.staff.house import House
from chatbot.web.staff.mount import staff_app

__all__ = ["House", "console_blocks", "staff_app"]
