"""The journal: what visitors ask and what they are told, without who they are, for as long as the clinic says."""

from chatbot.journal.entries import Asked, Counts, Day, Reference
from chatbot.journal.export import FORMATS
from chatbot.journal.journal import Journal

__all__ = ["FORMATS", "Asked", "Counts", "Day", "Journal", "Reference"]
