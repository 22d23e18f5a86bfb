"""The journal: questions and outcomes, without personal data, for as long as the clinic chooses."""

from chatbot.journal.export import FORMATS, csv_lines
from chatbot.journal.journal import Journal
from chatbot.journal.queries import Counts, DailyCounts, LoggedQuestion, PassageRef
from chatbot.journal.schema import journal_database

__all__ = [
    "FORMATS",
    "Counts",
    "DailyCounts",
    "Journal",
    "LoggedQuestion",
    "PassageRef",
    "csv_lines",
    "journal_database",
]
