"""The journal: what visitors ask and what they are told, without who they are, for as long as the clinic says."""

from chatbot.journal.commands import add_journal_commands
from chatbot.journal.database import Database
from chatbot.journal.entries import Asked, Counts, Day, Reference
from chatbot.journal.export import FORMATS, csv_lines
from chatbot.journal.journal import Journal
from chatbot.journal.schema import Layout

__all__ = [
    "FORMATS",
    "Asked",
    "Counts",
    "Database",
    "Day",
    "Journal",
    "Layout",
    "Reference",
    "add_journal_commands",
    "csv_lines",
]
