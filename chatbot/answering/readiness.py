"""What does not work with a model that Footnote's fits were not made for."""

from collections.abc import Iterator

from chatbot.answering.routes import Kinds
from chatbot.indexing import Encoder
from chatbot.triage import EmergencyClassifier

__all__ = ["missing_with"]


def missing_with(encoder: Encoder) -> Iterator[str]:
    """Yield a sentence for each thing that is off with an encoder, and its cure; nothing for the packaged one."""
    cure = "Unset FOOTNOTE_MODEL to have both."
    if EmergencyClassifier.fitted_fingerprint() != encoder.fingerprint:
        yield f"Emergencies are recognised by word lists alone, because the model is {encoder.name}. {cure}"
    if Kinds.fitted().fingerprint != encoder.fingerprint:
        yield f"The clinic's own replies are found by keywords alone, because the model is {encoder.name}. {cure}"
