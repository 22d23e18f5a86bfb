"""The description of the interface for programs says what the server really does."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from chatbot.answering import clean_question, read_question
from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.errors import FootnoteError, QuestionError
from chatbot.indexing import build_index
from chatbot.journal import Journal
from chatbot.web.visitor.api_schema import AnswerShape, Health, QuestionBody, Readiness
from tests.conftest import ROOT, WordEncoder
from tests.web.conftest import serving

PAGES = {
    "peels.md": "# Chemical peels\n\n## Price\n\nA peel costs 80 pounds.\n\n## Aftercare\n\nKeep out of the sun.\n",
    "hours.md": "# Opening hours\n\n| day | open |\n|---|---|\n| Monday | 9 to 5 |\n| Sunday | closed |\n",
}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Chatbot:
    folder = tmp_path_factory.mktemp("described")
    (folder / "corpus").mkdir()
    for name, text in PAGES.items():
        (folder / "corpus" / name).write_text(text, "utf-8")
    build_index(folder / "corpus", folder / "index", WordEncoder())
    return Chatbot(folder / "corpus", folder / "index", WordEncoder(), load_clinic(ROOT / "clinic.toml"))


@pytest.fixture(scope="module")
def server(bot: Chatbot, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    journal = Journal.open(str(tmp_path_factory.mktemp("journal") / "journal.sqlite3"), 30)
    with serving(bot, journal) as address:
        yield address


@pytest.fixture(scope="module")
def described(server: str) -> dict[str, Any]:
    response = httpx.get(f"{server}/openapi.json")
    assert response.headers["content-type"] == "application/json"
    content: dict[str, Any] = response.json()
    return content


def test_it_describes_what_is_for_outsiders_and_nothing_else(described: dict[str, Any]) -> None:
    (program,) = (path for path in described["paths"] if re.fullmatch(r"/widget\.[0-9a-f]{12}\.js", path))
    assert {(path, *operations) for path, operations in described["paths"].items()} == {
        ("/api/ask", "post"),
        ("/api/feedback", "post"),
        ("/api/health", "get"),
        ("/api/ready", "get"),
        ("/pages/{document_id}", "get"),
        ("/widget.js", "get"),
        (program, "get"),
        ("/widget-talk.js", "get"),
    }
    assert described["openapi"].startswith("3.1")
    assert not re.search(r"staff|gradio|HTTPValidationError|/work|chatbot\.", json.dumps(described))


def test_schemathesis_finds_nothing_untrue(server: str, tmp_path: Path) -> None:
    command: list[str | Path] = [
        Path(sys.executable).with_name("schemathesis"),
        "--config-file",
        ROOT / "tests/web/schemathesis.toml",
    ]
    done = subprocess.run(
        [
            *command,
            "run",
            f"{server}/openapi.json",
            "--checks",
            "all",
            "--phases",
            "coverage,fuzzing",
            "--max-examples",
            "2",
        ],
        check=False,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "8 selected / 8 total" in done.stdout


@pytest.mark.parametrize("question", ["what does a peel cost?", "Sunday", "hello", "zzz", "my chest hurts"])
def test_every_key_of_an_answer_is_described(server: str, described: dict[str, Any], question: str) -> None:
    answer = httpx.post(f"{server}/api/ask", json={"question": question}, timeout=20).json()
    assert AnswerShape.model_validate(answer).model_dump(mode="json", exclude_unset=True) == answer
    schema = {"$ref": "#/components/schemas/AnswerShape", "components": described["components"]}
    Draft202012Validator(schema).validate(answer)


def test_every_key_of_health_and_readiness_is_described(server: str) -> None:
    for path, shape in (("health", Health), ("ready", Readiness)):
        content = httpx.get(f"{server}/api/{path}").json()
        assert shape.model_validate(content).model_dump(mode="json") == content


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
BODIES = JSON | st.fixed_dictionaries(
    {"question": JSON | st.text(min_size=1)},
    optional={"history": JSON | st.lists(st.text(), max_size=2), "document": JSON, "more": JSON},
)


@settings(max_examples=60)
@given(BODIES)
def test_the_described_question_is_the_one_that_is_read(body: object) -> None:
    described = Draft202012Validator(QuestionBody.model_json_schema()).is_valid(body)
    try:
        clean_question(read_question(json.dumps(body).encode()).question)
        read = True
    except QuestionError:  # a shape cannot say that a character must be visible
        return
    except FootnoteError:
        read = False
    assert described == read


def test_the_page_of_the_interface_names_what_is_described(described: dict[str, Any]) -> None:
    page = (ROOT / "docs/api.md").read_text("utf-8")
    for path, operations in described["paths"].items():
        for method in operations:
            shown = re.sub(r"\.[0-9a-f]{12}\.", ".<digest>.", path)
            assert f"`{method.upper()} {shown}`" in page
    for name in ("AnswerShape", "CitationShape", "UrgentShape"):
        for key in described["components"]["schemas"][name]["properties"]:
            assert f"`{key}`" in page or f'"{key}"' in page, key
    codes = {status for path in described["paths"].values() for one in path.values() for status in one["responses"]}
    assert codes == set(re.findall(r"^\| (\d{3}) \|", page, re.MULTILINE))
