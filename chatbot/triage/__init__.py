"""What a message is before it is a question. A clinician reviews this folder: its word lists, its wording."""

from chatbot.triage.classifier import EmergencyClassifier
from chatbot.triage.red_flags import LANGUAGES
from chatbot.triage.triage import Finding, Triage, gravest
from chatbot.triage.wording import Wording

__all__ = ["LANGUAGES", "EmergencyClassifier", "Finding", "Triage", "Wording", "gravest"]
