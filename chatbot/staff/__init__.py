"""What the clinic's staff do: sign in, keep pages and words right, and have every change recorded."""

from chatbot.staff.accounts import Account, Role
from chatbot.staff.layout import staff_database
from chatbot.staff.register import Register
from chatbot.staff.throttle import Throttle

__all__ = ["Account", "Register", "Role", "Throttle", "staff_database"]
