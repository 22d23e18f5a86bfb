import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[1]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(ROOT / "corpus", folder / "corpus")
    return folder


@pytest.fixture(scope="module")
def environ(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "FOOTNOTE_CORPUS": str(folder / "corpus"),
        "FOOTNOTE_INDEX": str(folder / "index"),
        "FOOTNOTE_CLINIC": str(ROOT / "clinic.toml"),
        "FOOTNOTE_JOURNAL": str(folder / "journal" / "journal.sqlite3"),
    }


@pytest.fixture(scope="module")
def run(environ: dict[str, str]) -> Run:
    def run(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "chatbot", *arguments]
        return subprocess.run(
            command, env=environ | more, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
        )

    return run


@pytest.fixture(scope="module")
def built(run: Run) -> str:
    done = run("build")
    assert (done.returncode, done.stdout[:6]) == (0, "Index ")
    return done.stdout


def test_asking_before_building_fails_with_one_line_that_names_the_cure(run: Run, tmp_path: Path) -> None:
    done = run("ask", "is redness normal?", FOOTNOTE_INDEX=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"There is no index in {tmp_path}: run 'python -m chatbot build'.\n"


def test_a_build_says_what_it_did_and_the_next_has_nothing_to_do(run: Run, built: str) -> None:
    assert built.endswith(": 20 passages of 1 page, 20 passages embedded.\n")
    assert run("build").stdout == built.replace("20 passages embedded", "0 passages embedded")


@pytest.mark.usefixtures("built")
def test_an_answer_is_printed_with_its_quotes_and_links(run: Run) -> None:
    done = run("ask", "is redness normal?")
    assert (done.returncode, done.stderr) == (0, "")
    assert "[1] Benefits of Microneedling > What To Expect After Microneedling\nUnderstanding what to" in done.stdout
    assert "\u00abAfter microneedling, it\u2019s normal to experience some redness" in done.stdout
    assert "similar to a sunburn.\u00bb" in done.stdout
    assert "\n/pages/benefits-of-microneedling.txt?mark=" in done.stdout


@pytest.mark.usefixtures("built")
def test_a_question_that_is_not_answered_prints_the_contact(run: Run) -> None:
    done = run("ask", "who won the football world cup?")
    assert (done.returncode, "+44 20 7946 0123" in done.stdout) == (0, True)


@pytest.mark.usefixtures("built")
def test_json_has_the_keys_that_others_depend_on(run: Run) -> None:
    told = json.loads(run("ask", "is redness normal?", "--json", "--explain").stdout)
    assert set(told) == {
        "answer_id", "outcome", "confidence", "understood_as", "message", "citations", "suggestions", "candidates",
    }  # fmt: skip
    assert set(told["citations"][0]) == {
        "number", "text", "highlights", "document", "title", "headings", "start", "end", "url", "link",
    }  # fmt: skip
    assert len(told["candidates"]) == 10
    assert set(told["candidates"][0]) >= {"score", "text", "document", "start", "end"}


@pytest.mark.usefixtures("built")
def test_a_batch_gives_a_reply_a_line_in_order_and_nothing_else(run: Run, folder: Path) -> None:
    lines = [
        '{"id": 1, "question": "does microneedling tighten skin?", "history": []}',
        '{"question": "  "}',
        "no json",
        '{"question": "\\ud800\\u0000", "history": ["a"]}',
        json.dumps({"question": "a" * 5000}),
        '{"question": "and for scars?", "history": ["is redness normal?"]}',
    ]
    (folder / "batch.jsonl").write_text("\n".join(lines) + "\n")
    done = run("ask", "--batch", str(folder / "batch.jsonl"), "--explain")
    assert (done.returncode, done.stderr) == (0, "")
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert [reply.get("outcome") or reply["status"] for reply in replies] == [
        "answered",
        422,
        400,
        422,
        422,
        "answered",
    ]
    assert [len(reply.get("candidates", ())) for reply in replies] == [10, 0, 0, 0, 0, 10]
    assert replies[4]["type"] == "urn:footnote:problem:question-too-long"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [((), 2), (("ask",), 2), (("fly",), 2), (("ask", "a", "--batch", "b"), 2), (("--help",), 0), (("--version",), 0)],
)
def test_wrong_usage_exits_with_two(run: Run, arguments: tuple[str, ...], code: int) -> None:
    assert run(*arguments).returncode == code


@pytest.mark.usefixtures("built")
def test_a_batch_file_that_is_not_there_is_named(run: Run) -> None:
    done = run("ask", "--batch", "none.jsonl")
    assert (done.returncode, done.stderr) == (
        1,
        "none.jsonl cannot be read: No such file or directory. Check its name.\n",
    )


def test_a_setting_that_cannot_be_used_is_named(run: Run) -> None:
    done = run("build", FOOTNOTE_PORT="many")
    assert (done.returncode, done.stderr[:25]) == (1, "FOOTNOTE_PORT is 'many': ")


@pytest.mark.usefixtures("built")
def test_a_port_that_is_taken_is_named_with_the_cure(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("serve", FOOTNOTE_PORT=port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"Footnote cannot listen on 127.0.0.1, port {port}: ")
    assert "Set FOOTNOTE_HOST and FOOTNOTE_PORT to a free one." in done.stderr


@pytest.mark.usefixtures("built")
def test_the_server_says_where_it_is_journals_what_is_asked_and_stops_when_told(
    environ: dict[str, str], run: Run, folder: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(ROOT / "app.py")]
    more = environ | {"FOOTNOTE_PORT": str(port)}
    with subprocess.Popen(
        command, env=more, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        assert server.stderr
        said = server.stdout.readline()
        assert said == f"Serving Example Skin Clinic on http://127.0.0.1:{port} (Ctrl+C stops it)\n"
        for _ in range(300):
            try:
                status = httpx.get(f"http://127.0.0.1:{port}/api/ready", timeout=5).json()["status"]
                break
            except httpx.TransportError:
                time.sleep(0.2)
        body = {"question": "is redness normal, canary?"}
        answer_id = httpx.post(f"http://127.0.0.1:{port}/api/ask", json=body, timeout=30).json()["answer_id"]
        feedback = {"answer_id": answer_id, "helpful": True, "comment": "a canary too"}
        assert httpx.post(f"http://127.0.0.1:{port}/api/feedback", json=feedback, timeout=30).status_code == 204
        server.terminate()
        assert (status, server.wait(timeout=30)) == ("ready", -signal.SIGTERM)
        assert "canary" not in server.stdout.read() + server.stderr.read()
    kept = json.loads(run("journal", "export", "--format", "jsonl").stdout)
    assert (kept["question"], kept["comment"], kept["answer_id"]) == (body["question"], "a canary too", answer_id)
    exported = folder / "export.csv"
    assert run("journal", "export", "--until", "2020-01-01", "--output", str(exported)).returncode == 0
    assert (exported.read_text("utf-8-sig").count("\n"), exported.stat().st_mode & 0o777) == (1, 0o600)
    assert run("journal", "enforce").stdout == "Took the words out of 0 questions.\n"
    assert run("journal", "erase", "--matching", "nothing").stdout == "Erased 0 questions.\n"
    assert run("journal", "erase", "--answer", answer_id).stdout == "Erased 1 question.\n"
    assert run("journal", "export", "--format", "jsonl").stdout == ""


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("erase",), 2, "one of the arguments --all --before --matching --answer is required"),
        (("erase", "--all", "--before", "2026-01-01"), 2, "not allowed with argument --all"),
        (("erase", "--before", "yesterday"), 2, "'yesterday' is no day: write it as 2026-11-30"),
        (("erase", "--matching", " "), 2, "it is empty, and everything would match"),
        (("export", "--format", "xml"), 2, "invalid choice: 'xml'"),
        (("export", "--output", "/nowhere/file"), 1, "/nowhere/file cannot be written: No such file or directory."),
    ],
)
def test_the_journals_commands_say_what_is_wrong(run: Run, arguments: tuple[str, ...], code: int, told: str) -> None:
    done = run("journal", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr


def test_without_a_journal_its_commands_say_so(run: Run) -> None:
    done = run("journal", "export", FOOTNOTE_JOURNAL="off")
    assert (done.returncode, done.stderr) == (1, "There is no journal: FOOTNOTE_JOURNAL is off.\n")
