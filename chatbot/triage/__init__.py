"""Recognise emergencies, symptoms, small talk and the wish for a person, before a message is read as a question.

For the clinician who reviews this folder. In the order of reading a message:

1. `red_flags/<language>.toml` has the words that make a message urgent, and says at its top how they are read. Sign it.
   `red_flags.py` reads these lists. `clauses.py` cuts a message into sentences and clauses, each judged by itself.
2. `classifier.py` judges English messages by their meaning. Its weights were fitted, so there is nothing to read in
   `classifier.npz` and `classifier.onnx`. `classifier.json` has its thresholds and how well it does.
3. `small_talk/<language>.toml` has greetings, thanks and the like, with the replies. Sign it. `small_talk.py` reads it.
4. `triage.py` combines these into one `Finding`. The gravest alarm wins.
5. `wording/<language>.toml` has the texts that a visitor gets in an emergency. Sign it. `wording.py` puts the clinic's
   own numbers into them.

docs/triage.md explains the method, its figures, and how to change a list.
"""

from chatbot.triage.classifier import EmergencyClassifier
from chatbot.triage.red_flags import LANGUAGES
from chatbot.triage.triage import Finding, Triage, gravest
from chatbot.triage.wording import Wording

__all__ = ["LANGUAGES", "EmergencyClassifier", "Finding", "Triage", "Wording", "gravest"]
