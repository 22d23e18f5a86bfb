"""Reading questions before the staff look."""

import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from chatbot.bot import Chatbot
from chatbot.journal import Journal
from chatbot.records import Answer, Outcome
from chatbot.staff import QuestionEmbeddings, UnansweredPrefetcher
from chatbot.staff.insights import prefetch


def test_new_questions_are_read_and_erased_ones_forgotten(
    bot: Chatbot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prefetch, "_EVERY", 0.05)
    monkeypatch.setattr(prefetch, "_REST", 0.01)
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), 30)
    assert journal
    meanings = QuestionEmbeddings(bot)
    ahead = UnansweredPrefetcher(journal, meanings)
    ahead.start()
    asked = ["how much is it?", "can I bring my dog?"]
    for text in asked:
        journal.record(uuid4().hex, Answer(text, text, Outcome.NOT_FOUND, 0.1, "", (), ()), 10)
    journal.flush()
    wait_for(lambda: meanings.unknown(asked) == 0)
    journal.erase(matching="dog")
    wait_for(lambda: meanings.unknown(asked) == 1)
    ahead.stop()
    journal.close()


def wait_for(done: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not done():
        assert time.monotonic() < until
        time.sleep(0.02)
