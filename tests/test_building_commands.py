import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from chatbot.__main__ import main
from chatbot.cli.building import ATTENTION
from chatbot.indexing import current

ROOT = Path(__file__).parents[1]
PAGE = "# Care\n\n## Does it hurt?\n\nNo, most people feel a tickle.\n\n## When can I swim?\n\nAfter three days.\n"
pytestmark = pytest.mark.model
Run = Callable[..., "Done"]


class Done(NamedTuple):
    """What a command printed, and its exit code."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(autouse=True)
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "care.md").write_text(PAGE)
    (tmp_path / "clinic.toml").write_text('[contact]\nphone = "0123"\n')
    for name in os.environ:
        if name.startswith("FOOTNOTE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> Done:
        code = main(arguments)
        return Done(code, *capsys.readouterr())

    return run


def test_a_broken_file_is_reported_and_the_others_are_served(run: Run, tmp_path: Path) -> None:
    (tmp_path / "corpus" / "broken.md").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "corpus" / "later.md").write_text("---\ndraft: true\n---\nTwo for one.")
    built = run("build")
    assert built.returncode == ATTENTION
    assert "broken.md was left out: byte 0 of it is not UTF-8" in built.stderr
    assert "later.md was left out: it is a draft.\n" in built.stderr
    assert ": 2 passages of 1 page, 2 passages embedded.\n" in built.stdout
    assert "After three days." in run("ask", "when can I swim?").stdout
    (tmp_path / "corpus" / "broken.md").unlink()
    again = run("build")
    assert (again.returncode, again.stderr) == (0, "later.md was left out: it is a draft.\n")


def test_status_says_what_changed_and_its_exit_code_whether_anything_did(run: Run, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    missing = run("status")
    assert (missing.returncode, missing.stderr) == (1, "There is no index in index: run 'footnote build'.\n")
    (corpus / "old.md").write_text("---\nlang: en-GB\n---\nIce cools the skin for an hour.")
    (corpus / "broken.md").write_bytes(b"\xff")
    run("build")
    now = run("status")
    assert now.returncode == ATTENTION
    assert f"index serves build {current(tmp_path / 'index')} of " in now.stdout
    assert ": 3 passages of 2 pages.\n" in now.stdout
    assert "\nLanguages: en 2.\nIt is current: nothing changed in corpus since.\n" in now.stdout
    assert "\nbroken.md was left out: " in now.stdout
    assert "\nServer: http://127.0.0.1:7860 does not answer.\n" in now.stdout
    assert "\nQuestions of the last 7 days: none.\nLast backup: never.\n" in now.stdout
    assert not (tmp_path / "journal").exists()
    (corpus / "broken.md").unlink()
    run("build")
    assert run("status").returncode == 0
    (corpus / "care.md").write_text(PAGE + "\nMore.\n")
    (corpus / "old.md").unlink()
    (corpus / "new.md").write_text("New words.")
    then = run("status")
    assert then.returncode == ATTENTION
    assert "\nIt is not current: run 'footnote build'. In corpus, since then:\n" in then.stdout
    assert "\n  changed: care.md\n  new: new.md\n  removed: old.md\n" in then.stdout


def test_a_fresh_build_embeds_all_pages(run: Run) -> None:
    assert run("build").stdout.endswith(" 2 passages embedded.\n")
    assert run("build").stdout.endswith(" 0 passages embedded.\n")
    assert run("build", "--fresh").stdout.endswith(" 2 passages embedded.\n")


@pytest.fixture
def watching() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-u", "-m", "chatbot", "build", "--watch"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline()


@pytest.mark.timeout(120)
def test_a_watched_corpus_is_built_again_after_each_change(watching: "subprocess.Popen[str]", tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    assert " 2 passages of 1 page, " in line_of(watching)
    assert line_of(watching) == "Watching corpus (Ctrl+C stops it)\n"
    time.sleep(1)
    (corpus / "new.md").write_text("Ice cools the skin.")
    assert " 3 passages of 2 pages, 1 passages embedded, " in line_of(watching)
    shutil.rmtree(corpus)  # as a generator cleans its output
    corpus.mkdir()
    (corpus / "care.md").write_text(PAGE)
    assert " 2 passages of 1 page, 0 passages embedded, " in line_of(watching)
    watching.send_signal(signal.SIGINT)
    assert watching.wait(30) == 130
    assert watching.stderr
    assert "Traceback" not in watching.stderr.read()
