import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from chatbot.journal import Journal
from chatbot.records import Answer
from chatbot.web.application import create_app
from chatbot.web.server import build_server, listen
from tests.conftest import WordEncoder

ANSWER_SECONDS = 0.15


class Slow(Chatbot):
    """A chatbot that takes its time, so that a stop finds answers under way."""

    def ask(self, question: str, history: Sequence[str] = (), document: str | None = None) -> Answer:
        time.sleep(ANSWER_SECONDS)
        return super().ask(question, history, document)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), 30)
    assert journal
    yield journal
    journal.close()


def test_a_stop_under_load_loses_no_answer_and_no_row(corpus: Path, tmp_path: Path, journal: Journal) -> None:
    build_index(corpus, tmp_path / "index", WordEncoder())
    bot = Slow(corpus, tmp_path / "index", WordEncoder(), Clinic())
    bot.ask("is redness normal?")  # loads what reads the pages
    server = build_server(lambda: create_app(bot, journal))
    listening = listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    thread = threading.Thread(target=server.run, args=[[listening]])
    thread.start()
    while not server.started:
        time.sleep(0.02)

    def ask(number: int) -> int | None:
        try:
            body = {"question": f"is redness normal {number}?"}
            return httpx.post(f"http://127.0.0.1:{port}/api/ask", json=body, timeout=20).status_code
        except httpx.TransportError:
            return None

    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(ask, number) for number in range(5)]  # two run, and three wait
        while len(server.server_state.tasks) + server.server_state.total_requests < len(asked):
            time.sleep(0.01)
        server.handle_exit(15, None)  # what uvicorn does on SIGTERM
        answers = [future.result() for future in asked]
        thread.join(20)
    assert answers == [200] * 5
    assert not thread.is_alive()
    assert ask(11) is None
    written = Journal.open(str(tmp_path / "journal.sqlite3"), 30)
    assert written
    assert {entry.text for entry in written.asked()} == {f"is redness normal {number}?" for number in range(5)}
    written.close()
