"""What the clinic's staff do: sign in, keep pages and words right, and have every change recorded."""

from chatbot.staff.accounts.passwords import Throttle
from chatbot.staff.accounts.sessions import Account, Register, Role
from chatbot.staff.audit_log import Change, History, Kind
from chatbot.staff.content.clinic_text import FIELDS, Words
from chatbot.staff.content.drafts import Draft, Drafts
from chatbot.staff.content.listing import Listed, list_pages
from chatbot.staff.content.old_values import OldValue, foreign_values, foreign_warnings, old_values
from chatbot.staff.content.page_form import Sheet
from chatbot.staff.content.preview import Flip, PassageChange, Preview
from chatbot.staff.content.publishing import Pages, Place
from chatbot.staff.insights.checks import Checked, Differences, Reports, Verdict, checked_text, differences, hold
from chatbot.staff.insights.embedding_cache import Meanings
from chatbot.staff.insights.prefetch import ReadingAhead
from chatbot.staff.insights.saved_questions import GoldenFile, gold_of
from chatbot.staff.insights.sign_off import SignOff, SignOffs, lists_digest, signed_lists, staff_warnings
from chatbot.staff.insights.unanswered import InVain, Row, Wording, questions_in_vain
from chatbot.staff.insights.urgent import UrgentMessages, judge, urgent_messages
from chatbot.staff.schema import staff_database

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
    "staff_database",
    "staff_warnings",
    "urgent_messages",
]
