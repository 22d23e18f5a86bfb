"""What the clinic's staff do: sign in, keep pages and words right, and have every change recorded."""

from chatbot.staff.accounts import Account, Role
from chatbot.staff.checks import Checked, Differences, Reports, Verdict, checked_text, differences, hold
from chatbot.staff.commands import add_staff_commands, staff_command
from chatbot.staff.drafts import Draft, Drafts
from chatbot.staff.golden import GoldenFile, gold_of
from chatbot.staff.history import Change, History, Kind
from chatbot.staff.in_vain import InVain, Row, Wording, questions_in_vain
from chatbot.staff.layout import staff_database
from chatbot.staff.listing import Listed, list_pages
from chatbot.staff.meanings import Meanings
from chatbot.staff.old_values import OldValue, foreign_values, foreign_warnings, old_values
from chatbot.staff.pages import Pages, Place
from chatbot.staff.preview import Flip, PassageChange, Preview
from chatbot.staff.reading_ahead import ReadingAhead
from chatbot.staff.register import Register
from chatbot.staff.sheets import Sheet
from chatbot.staff.sign_off import SignOff, SignOffs, lists_digest, signed_lists
from chatbot.staff.staff_warnings import staff_warnings
from chatbot.staff.throttle import Throttle
from chatbot.staff.urgent import UrgentMessages, judge, urgent_messages
from chatbot.staff.words import FIELDS, Words

__all__ = [
    "FIELDS",
    "Account",
    "Change",
    "Checked",
    "Differences",
    "Draft",
    "Drafts",
    "Flip",
    "GoldenFile",
    "History",
    "InVain",
    "Kind",
    "Listed",
    "Meanings",
    "OldValue",
    "Pages",
    "PassageChange",
    "Place",
    "Preview",
    "ReadingAhead",
    "Register",
    "Reports",
    "Role",
    "Row",
    "Sheet",
    "SignOff",
    "SignOffs",
    "Throttle",
    "UrgentMessages",
    "Verdict",
    "Wording",
    "Words",
    "add_staff_commands",
    "checked_text",
    "differences",
    "foreign_values",
    "foreign_warnings",
    "gold_of",
    "hold",
    "judge",
    "list_pages",
    "lists_digest",
    "old_values",
    "questions_in_vain",
    "signed_lists",
    "staff_command",
    "staff_database",
    "staff_warnings",
    "urgent_messages",
]
