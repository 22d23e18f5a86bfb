"""The measurement beside the peers: its protocol, its reports, and a tiny run without any peer."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.performance.bars import BARS, verdicts
from benchmarks.performance.bench import Result, Table
from benchmarks.performance.environments import systems
from benchmarks.performance.over_http import Load, ask_at_once
from benchmarks.performance.processes import Failed, Worker, environ, run
from benchmarks.performance.question import against_best, ratio_text
from benchmarks.performance.report import read, section, write
from benchmarks.performance.synthetic import SyntheticEncoder, write_pages
from chatbot.indexing import build_index
from tests.conftest import ROOT

ORDER = ("question", "build")
LENGTHS = """
from pathlib import Path
from benchmarks.peers.protocol import Passage, Retriever, run

class ByLength(Retriever):
    def load(self): print("a library's greeting")
    def build(self, passages, index, vectors=None): (index / "ids").write_text(" ".join(each.id for each in passages))
    def open(self, index): self.ids = (index / "ids").read_text().split()
    def ask(self, question): return [Passage(self.ids[len(question)], "")]

run(ByLength)
"""


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    return Worker([sys.executable, "-c", LENGTHS, "--model", "none"], tmp_path / "log")


def measured(value: str, **figures: float) -> Result:
    return Result([Table("A title", ("system", "ms"), (("Footnote", value),), "A note.")], figures)


def test_a_worker_loads_builds_opens_and_asks(worker: Worker, tmp_path: Path) -> None:
    passages = tmp_path / "passages.jsonl"
    passages.write_text('{"id": "a", "text": "one"}\n{"id": "b", "text": "two"}\n')
    worker.request("load")
    worker.request("build", passages=passages, corpus=tmp_path, index=tmp_path / "index")
    worker.request("open", corpus=tmp_path, index=tmp_path / "index")
    reply = worker.request("ask", question="?")
    worker.close()
    assert reply.result == ["b"]
    assert 0 <= reply.cpu < 1 < reply.peak


def test_a_worker_reports_an_error_and_goes_on(worker: Worker) -> None:
    with pytest.raises(Failed, match="FileNotFoundError"):
        worker.request("open", corpus="nowhere", index="nowhere")
    assert worker.request("load").result is None
    worker.close()


def test_a_worker_that_ends_fails_with_its_last_line(tmp_path: Path) -> None:
    ended = Worker([sys.executable, "-c", "raise SystemExit('no such model')"], tmp_path / "log")
    with pytest.raises(Failed, match="no such model"):
        ended.request("load")
    ended.close()


def test_a_command_uses_what_its_children_use() -> None:
    own = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'x = bytes(range(256)) * 400_000'])"
    used = run([sys.executable, "-c", own], environ())
    assert used.peak > 100
    assert used.cpu > 0


def test_a_command_that_fails_names_its_reason() -> None:
    with pytest.raises(Failed, match="there is no index"):
        run([sys.executable, "-c", "raise SystemExit('there is no index')"], environ())


def test_a_peer_that_cannot_be_installed_is_left_out(tmp_path: Path) -> None:
    ready, left_out = systems(["none"], tmp_path, {"none": ("No peer", ("./no-such-folder",))})
    assert [system.name for system in ready] == ["footnote"]
    assert "no-such-folder" in left_out["No peer"]


def test_a_ratio_is_to_the_best_peer() -> None:
    values = {"footnote": 6.0, "plain": 4.0, "chroma": 3.0}
    assert against_best(values, "footnote") == 2
    assert ratio_text(values, "plain") == "1.33"
    assert not ratio_text({"footnote": 6.0}, "footnote")


def test_figures_are_held_against_their_bars() -> None:
    met = {each.bar.figure: each.met for each in verdicts({"build": 1.9, "ready": 2.1, "disk": 20})}
    assert [met["build"], met["ready"], met["disk"], met["ask_cpu"]] == [True, False, True, None]
    assert len({bar.figure for bar in BARS}) == len(BARS)


def test_a_report_replaces_its_tables_and_keeps_the_text_around(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text("Before.\n<!-- figures -->\nold\n<!-- /figures -->\nAfter.\n")
    write(tmp_path, {"question": section(measured("12.3", ready=1), {"Chroma": "it failed"}, quick=True)}, ORDER)
    text = page.read_text()
    assert text.startswith("Before.\n<!-- figures -->\n| bar |")
    assert text.endswith("A note.\n<!-- /figures -->\nAfter.\n")
    assert "| Footnote | 12.3 |" in text
    assert "Left out: Chroma, because it failed." in text
    assert "| 1 (quick run) | at most 2 ms | yes |" in text
    assert "\nold\n" not in text


def test_a_report_keeps_the_sections_of_earlier_runs(tmp_path: Path) -> None:
    write(tmp_path, {"build": section(measured("11.1 ms"), {}, quick=False)}, ORDER)
    sections = read(tmp_path) | {"question": section(measured("22.2 ms"), {}, quick=False)}
    write(tmp_path, sections, ORDER)
    text = (tmp_path / "performance.md").read_text()
    assert text.index("22.2 ms") < text.index("11.1 ms")


def test_visitors_at_once_share_the_questions() -> None:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(json.loads(body)["question"])
            if asked[-1] == "5":
                self.close_connection = True
                return
            self.send_response(429 if asked[-1] == "3" else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    load = Load()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        questions = [str(number) for number in range(20)]
        with ThreadPoolExecutor() as pool:  # a test with a browser before this one leaves a loop running in this thread
            pool.submit(lambda: asyncio.run(ask_at_once(server.server_port, 4, questions, load))).result()
        server.shutdown()
    assert sorted(map(int, asked)) == list(range(20))
    assert len(load.seconds) == 18
    assert load.refused == {429: 1, 0: 1}


def test_synthetic_pages_are_cut_into_as_many_passages_as_asked(tmp_path: Path) -> None:
    write_pages(tmp_path / "pages", 120)
    assert build_index(tmp_path / "pages", tmp_path / "index", SyntheticEncoder()).passages == 120


@pytest.mark.parametrize("module", ["performance.grow", "peers.footnote"])
def test_a_script_says_how_it_is_called(module: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{module}", "--help"]
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("usage: ")
