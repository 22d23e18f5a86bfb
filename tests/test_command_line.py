import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import httpx
import pytest

from chatbot.__main__ import main
from chatbot.cli.journal import EXPORT_FORMATS
from chatbot.cli.staff import ROLES
from chatbot.journal.export import FORMATS
from chatbot.staff import Role
from tests.request_bodies import NOT_A_QUESTION

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.model  # most commands load it
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def footnote(
    arguments: Sequence[str], environ: Mapping[str, str], folder: Path, *options: str
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *options, "-m", "chatbot", *arguments]
    return subprocess.run(
        command, env=environ, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )


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
        return footnote(arguments, environ | more, ROOT)

    return run


@pytest.fixture(scope="module")
def built(run: Run) -> str:
    done = run("build")
    assert (done.returncode, done.stdout[:6]) == (0, "Index ")
    return done.stdout


def test_asking_before_building_names_the_cure(run: Run, tmp_path: Path) -> None:
    done = run("ask", "is redness normal?", FOOTNOTE_INDEX=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"There is no index in {tmp_path}: run 'footnote build'.\n"


def test_a_second_build_has_nothing_to_do(run: Run, built: str) -> None:
    assert built.endswith(": 20 passages of 1 page, 20 passages embedded.\n")
    assert run("build").stdout == built.replace("20 passages embedded", "0 passages embedded")


@pytest.mark.usefixtures("built")
def test_an_answer_is_printed_with_quotes_and_links(run: Run) -> None:
    done = run("ask", "is redness normal?")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("After microneedling, it\u2019s normal to experience some redness")
    quoted = "[1] From our page Benefits of Microneedling > What To Expect After Microneedling\nUnderstanding what to"
    assert quoted in done.stdout
    assert "\u00abAfter microneedling, it\u2019s normal to experience some redness" in done.stdout
    assert "similar to a sunburn.\u00bb" in done.stdout
    assert "\n/pages/benefits-of-microneedling.txt?mark=" in done.stdout


@pytest.mark.usefixtures("built")
def test_a_question_that_is_not_answered_prints_the_contact(run: Run) -> None:
    done = run("ask", "who won the football world cup?")
    assert (done.returncode, "+44 20 7946 0123" in done.stdout) == (0, True)


@pytest.mark.usefixtures("built")
def test_json_has_its_public_keys(run: Run) -> None:
    values = json.loads(run("ask", "is redness normal?", "--json", "--explain").stdout)
    assert set(values) == {
        "answer_id", "outcome", "confidence", "understood_as", "message", "contact", "contact_first", "corrected",
        "citations", "suggestions", "choices", "candidates",
    }  # fmt: skip
    assert set(values["citations"][0]) == {
        "number", "text", "highlights", "document", "title", "headings", "start", "end", "url", "link", "page",
        "blocks", "header", "also_at",
    }  # fmt: skip
    assert len(values["candidates"]) == 10
    assert set(values["candidates"][0]) >= {"score", "text", "document", "start", "end"}


@pytest.mark.usefixtures("built")
def test_a_batch_prints_one_reply_a_line_in_order(run: Run, folder: Path) -> None:
    lines = [
        '{"id": 1, "question": "does microneedling tighten skin?", "history": []}',
        '{"question": "  "}',
        "no json",
        '{"question": "\\ud800\\u0000", "history": ["a"]}',
        json.dumps({"question": "a" * 5000}),
        '{"question": "and for scars?", "history": ["does microneedling help with acne?"]}',
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


@pytest.mark.usefixtures("built")
def test_a_batch_refuses_what_the_api_refuses(run: Run, tmp_path: Path) -> None:
    bodies = [body for body in NOT_A_QUESTION if body]
    (tmp_path / "batch.jsonl").write_bytes(b"\xef\xbb\xbf" + b"\n\n".join([b'{"question": "hello"}', *bodies]))
    done = run("ask", "--batch", str(tmp_path / "batch.jsonl"))
    first, *others = [json.loads(line) for line in done.stdout.splitlines()]
    assert first["outcome"] == "reply"  # an editor's byte order mark belongs to the file, not to the question
    assert [other["status"] for other in others] == [400] * len(bodies)


@pytest.mark.usefixtures("built")
def test_an_evaluation_reports_draws_and_keeps_to_bounds(run: Run, tmp_path: Path) -> None:
    golden, plot = str(ROOT / "tests" / "golden.jsonl"), tmp_path / "plot.png"
    done = run(
        "evaluate", golden, "--plot", str(plot), "--min", "hit@1=0.2", "hit@3/direct=0.5", "--max", "false_alarms=1"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("kind        asked   hit@1")
    assert "\nauroc  " in done.stdout
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.mark.usefixtures("built")
def test_an_evaluation_fails_where_a_bound_is_missed(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("CORPUS", "INDEX", "CLINIC"):
        monkeypatch.setenv(f"FOOTNOTE_{name}", environ[f"FOOTNOTE_{name}"])
    assert main(["evaluate", str(ROOT / "tests" / "golden.jsonl"), "--json", "--min", "hit@1/near=0.5"]) == 1
    done = capsys.readouterr()
    assert done.err == "Missed: hit@1/near could not be measured, wanted at least 0.5.\n"
    values = json.loads(done.out)
    assert (values["all"]["asked"], values["all"]["hit@1"]["of"], len(values["questions"])) == (13, 7, 13)


def test_invalid_golden_questions_are_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "golden.jsonl").write_text('{"question": "a", "expect": "b"}')
    done = run("evaluate", str(tmp_path / "golden.jsonl"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f'{tmp_path}/golden.jsonl, line 1: "expect" is "b": write one of answer')
    done = run("evaluate", str(ROOT / "tests" / "golden.jsonl"), "--max", "alarm=0.5")
    assert (done.returncode, done.stderr[:30]) == (1, "There is no figure 'alarm': us")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("evaluate",), 2),
        (("evaluate", "f", "--min", "a"), 2),
        ((), 2),
        (("ask",), 2),
        (("fly",), 2),
        (("ask", "a", "--batch", "b"), 2),
        (("--help",), 0),
        (("--version",), 0),
    ],
)
def test_exit_codes_of_usage(run: Run, arguments: tuple[str, ...], code: int) -> None:
    assert run(*arguments).returncode == code


@pytest.mark.usefixtures("built")
def test_a_missing_batch_file_is_named(run: Run) -> None:
    done = run("ask", "--batch", "none.jsonl")
    assert (done.returncode, done.stderr) == (
        1,
        "none.jsonl cannot be read: No such file or directory. Check its name.\n",
    )


def test_an_invalid_setting_is_named(run: Run) -> None:
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
def test_the_server_starts_records_questions_and_stops(environ: dict[str, str], run: Run, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, str(ROOT / "app.py")]
    more = environ | {"FOOTNOTE_PORT": str(port), "FOOTNOTE_RETENTION": "30"}
    with subprocess.Popen(
        command, env=more, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        assert server.stderr
        announcement = server.stdout.readline()
        assert announcement == f"Serving Example Skin Clinic on http://127.0.0.1:{port} (Ctrl+C stops it)\n"
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
        log = server.stderr.read()
        assert "canary" not in server.stdout.read() + log
        assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} WARNING chatbot\.settings: FOOTNOTE_RETENTION is ", log)
        assert log.count("Visitors are given the example clinic's phone, email, booking, hours, address, replies") == 1
    row = json.loads(run("journal", "export", "--format", "jsonl").stdout)
    assert (row["question"], row["comment"], row["answer_id"]) == (body["question"], "a canary too", answer_id)
    exported = folder / "export.csv"
    assert run("journal", "export", "--until", "2020-01-01", "--output", str(exported)).returncode == 0
    assert (exported.read_text("utf-8-sig").count("\n"), exported.stat().st_mode & 0o777) == (1, 0o600)
    expired = "Deleted the words of 0 questions.\n"
    assert run("journal", "expire").stdout == expired
    old_name = run("journal", "enforce")
    assert old_name.stdout == expired
    assert old_name.stderr.startswith("footnote journal enforce is now called footnote journal expire. ")
    assert run("journal", "erase", "--matching", "nothing").stdout == "Erased 0 questions.\n"
    assert run("journal", "erase", "--answer", answer_id).stdout == "Erased 1 question.\n"
    assert run("journal", "export", "--format", "jsonl").stdout == ""


def test_the_tag_for_the_site_is_printed(run: Run, built: str) -> None:
    assert built
    done = run("widget", "https://chat.clinic.example/")
    assert (done.returncode, done.stdout) == (
        0,
        '<script src="https://chat.clinic.example/widget.js" defer></script>\n',
    )
    assert done.stderr == "clinic.toml allows no site yet: list yours under [sites], allowed.\n"
    pinned = run("widget", "https://chat.clinic.example", "--language", "es", "--pin").stdout
    assert re.match(
        r'<script src="https://chat\.clinic\.example/widget\.[0-9a-f]{12}\.js" integrity="sha384-[\w+/]{64}" '
        r'crossorigin="anonymous" defer data-clinic="',
        pinned,
    )
    assert "Pregunte a Example Skin Clinic" in pinned
    refused = run("widget", "127.0.0.1:7860")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "127.0.0.1:7860 is no address: write it with https://" in refused.stderr


def test_an_unknown_language_stops_the_start(run: Run, built: str, tmp_path: Path) -> None:
    assert built
    (tmp_path / "clinic.toml").write_text("[widget]\nlanguage = 'tlh'\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    done = run("serve", FOOTNOTE_CLINIC=str(tmp_path / "clinic.toml"), FOOTNOTE_PORT=port)
    assert done.returncode == 1
    assert "The chat does not speak 'tlh'" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("erase",), 2, "one of the arguments --all --before --matching --answer is required"),
        (("erase", "--all", "--before", "2026-01-01"), 2, "not allowed with argument --all"),
        (("erase", "--before", "yesterday"), 2, "'yesterday' is not a date: write it as 2026-11-30"),
        (("erase", "--matching", " "), 2, "it is empty, and everything would match"),
        (("export", "--format", "xml"), 2, "invalid choice: 'xml'"),
        (("export", "--output", "/nowhere/file"), 1, "/nowhere/file cannot be written: No such file or directory."),
    ],
)
def test_the_journal_commands_name_what_is_wrong(run: Run, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = run("journal", *arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr


def test_without_a_journal_its_commands_say_so(run: Run) -> None:
    done = run("journal", "export", FOOTNOTE_JOURNAL="off")
    assert (done.returncode, done.stderr) == (1, "There is no journal: FOOTNOTE_JOURNAL is off.\n")


HEAVY = {
    "gradio",
    "fastapi",
    "uvicorn",
    "httpx",
    "pandas",
    "matplotlib",
    "sklearn",
    "scipy",
    "sqlalchemy",
    "torch",
    "transformers",
    "onnxruntime",
    "faiss",
    "numpy",
}


@pytest.mark.usefixtures("built")
@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (("--version",), set()),
        (("--help",), set()),
        (("staff", "add", "--help"), set()),
        (("journal", "export"), {"numpy", "faiss", "sqlalchemy"}),
        (("ask", "is redness normal?"), {"numpy", "faiss", "onnxruntime"}),
        (("check",), {"numpy", "faiss", "onnxruntime", "sqlalchemy", "scipy"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_loads_only_what_it_needs(
    environ: dict[str, str], arguments: tuple[str, ...], needed: set[str], tmp_path: Path
) -> None:
    shutil.copy(ROOT / "tests" / "golden.jsonl", tmp_path)
    done = footnote(arguments, environ | {"FOOTNOTE_STAFF_DIR": str(tmp_path)}, ROOT, "-X", "importtime")
    assert done.returncode == 0
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert loaded & HEAVY == needed


def test_the_choices_of_the_parser_are_those_of_the_commands() -> None:
    assert set(EXPORT_FORMATS) == set(FORMATS)
    assert set(ROLES) == {role.value for role in Role}


def test_a_new_clinic_builds_and_answers(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTE_")}
    clinic = tmp_path / "clinic"
    made = footnote(["init", "clinic"], environ, tmp_path)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("Made clinic/corpus/aftercare.md, an example page, and clinic/clinic.toml.\n")
    again = footnote(["init"], environ, clinic)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "corpus exists already, and nothing was changed: name another folder.\n"
    built = footnote(["build"], environ, clinic)
    assert built.stdout.startswith("Index ")
    assert built.stderr.startswith("Visitors are given the example clinic's phone, email, hours: write your own in ")
    (clinic / "clinic.toml").write_text('[contact]\nphone = "0123"\n')
    assert footnote(["build"], environ, clinic).stderr == ""
    answer = json.loads(footnote(["ask", "--json", "how long does the swelling last?"], environ, clinic).stdout)
    assert answer["outcome"] == "answered"
    assert answer["citations"][0]["text"].startswith("Some swelling is normal for two or three days.")


def help_of(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_every_command_explains_itself_and_its_arguments(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    waiting: list[tuple[str, ...]] = [()]
    while waiting:
        command = waiting.pop()
        shown = help_of(capsys, *command)
        waiting += [(*command, name) for name in re.findall(r"^    ([a-z][a-z-]*) ", shown, re.MULTILINE)]
        assert re.search(r"\n\n[A-Z][^\n]+(\n\S[^\n]*)*\.\n\n", shown), command
        lines = shown.splitlines()
        for line, below in pairwise(lines):
            if re.match(r"  [-A-Z{]", line) and line.strip() != "COMMAND":
                assert re.search(r"\S  +\S", line) or below.startswith(24 * " "), (command, line)
