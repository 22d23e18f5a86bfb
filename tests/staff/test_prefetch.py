"""Prefetching the embeddings of unanswered questions."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from chatbot.bot import Chatbot
from chatbot.journal import Journal
from chatbot.records import Answer, Outcome
from chatbot.staff import QuestionEmbeddings, UnansweredPrefetcher


def test_new_questions_are_embedded_and_erased_ones_forgotten(bot: Chatbot, tmp_path: Path) -> None:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), 30)
    assert journal
    embeddings = QuestionEmbeddings(bot)
    prefetcher = UnansweredPrefetcher(journal, embeddings, interval=0.05, pause=0.01)
    prefetcher.start()
    questions = ["how much is it?", "can I bring my dog?"]
    for text in questions:
        journal.record(uuid4().hex, Answer(text, text, Outcome.NOT_FOUND, 0.1, "", (), ()), 10)
    journal.flush()
    wait_for(lambda: embeddings.count_missing(questions) == 0)
    journal.erase(matching="dog")
    wait_for(lambda: embeddings.count_missing(questions) == 1)
    prefetcher.stop()
    journal.close()


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)
