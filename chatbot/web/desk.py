"""Where a question of any surface is answered and journalled."""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

from chatbot.records import Answer

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal

__all__ = ["answer_and_record"]


def answer_and_record(
    bot: "Chatbot", journal: "Journal | None", question: str, history: Sequence[str]
) -> tuple[str, Answer]:
    """Answer a question and keep it in the journal, if there is one; give the answer's id and the answer."""
    begun = time.perf_counter()
    answer = bot.ask(question, history)
    answer_id = uuid4().hex
    if journal:
        journal.record(answer_id, answer, 1000 * (time.perf_counter() - begun))
    return answer_id, answer
