"""What the clinic's staff do: sign in, keep pages and words right, and have every change recorded."""

from chatbot.staff.accounts import Account, Role
from chatbot.staff.commands import add_staff_commands, staff_command
from chatbot.staff.drafts import Draft, Drafts
from chatbot.staff.history import Change, History, Kind
from chatbot.staff.layout import staff_database
from chatbot.staff.listing import Listed, list_pages
from chatbot.staff.pages import Pages, Place
from chatbot.staff.preview import Flip, PassageChange, Preview
from chatbot.staff.register import Register
from chatbot.staff.sheets import Sheet
from chatbot.staff.throttle import Throttle
from chatbot.staff.words import FIELDS, Words

__all__ = [
    "FIELDS",
    "Account",
    "Change",
    "Draft",
    "Drafts",
    "Flip",
    "History",
    "Kind",
    "Listed",
    "Pages",
    "PassageChange",
    "Place",
    "Preview",
    "Register",
    "Role",
    "Sheet",
    "Throttle",
    "Words",
    "add_staff_commands",
    "list_pages",
    "staff_command",
    "staff_database",
]
