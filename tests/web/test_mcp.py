"""Assistants ask, list and read over the Model Context Protocol, with the SDK's own client."""

import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import anyio
import httpx
import pytest
from jsonschema import Draft202012Validator
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from mcp_types import CallToolResult, TextContent, TextResourceContents

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoder, build_index
from chatbot.journal import Journal
from chatbot.settings import Settings, load_settings
from tests.conftest import ROOT, WordEncoder, run_in_loop
from tests.web.conftest import serving
from tests.web.test_api import is_problem

PAGES = {
    "peels.md": "---\nurl: https://clinic.example/peels\n---\n# Peels\n\n## Price\n\nA peel costs 80 pounds.\n",
    "hours.md": "# Opening hours\n\nThe clinic opens at nine on Monday.\n",
}
Result = TypeVar("Result")
LIST = {"jsonrpc": "2.0", "method": "tools/list", "id": 1}


def folders(parent: Path, encoder: Encoder) -> tuple[Path, Path]:
    corpus, index = parent / "corpus", parent / "index"
    corpus.mkdir()
    for name, text in PAGES.items():
        (corpus / name).write_text(text, "utf-8")
    build_index(corpus, index, encoder)
    return corpus, index


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Chatbot:
    words = WordEncoder()
    return Chatbot(*folders(tmp_path_factory.mktemp("mcp"), words), words, load_clinic(ROOT / "clinic.toml"))


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Journal:
    journal = Journal.open(str(tmp_path_factory.mktemp("journal") / "journal.sqlite3"), 30)
    assert journal
    return journal


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings({"FOOTNOTE_MCP": "on", "FOOTNOTE_STAFF_DIR": str(tmp_path_factory.mktemp("staff"))})


@pytest.fixture(scope="module")
def server(bot: Chatbot, journal: Journal, settings: Settings) -> Iterator[str]:
    with serving(bot, journal, settings) as address:
        yield address


def with_client(
    target: str | StdioServerParameters, work: Callable[[Client], Awaitable[Result]], mode: str = "auto"
) -> Result:
    async def run() -> Result:
        async with Client(target, mode=mode) as client:
            return await work(client)

    return run_in_loop(run())


def call(server: str, tool: str, **arguments: object) -> CallToolResult:
    return with_client(f"{server}/mcp", lambda client: client.call_tool(tool, arguments))


def text_of(result: CallToolResult) -> str:
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
def test_an_answer_is_quoted_with_its_source(server: str, bot: Chatbot, mode: str) -> None:
    question = "what does a peel cost?"
    result = with_client(f"{server}/mcp", lambda client: client.call_tool("ask", {"question": question}), mode)
    expected = bot.ask(question).as_dict()
    answer_id = result.structured_content.pop("answer_id")
    assert re.fullmatch("[0-9a-f]{32}", answer_id)
    assert result.structured_content == expected
    assert "[1] Peels > Price\nA peel costs 80 pounds.\nSource: https://clinic.example/peels#" in text_of(result)
    assert "Quote the passages word for word, each with its source." in text_of(result)


def test_results_have_the_shape_that_the_tool_declares(server: str) -> None:
    tools = with_client(f"{server}/mcp", lambda client: client.list_tools()).tools
    calls = {"ask": {"question": "my chest hurts"}, "list_pages": {}, "read_page": {"document": "hours.md"}}
    assert [tool.name for tool in tools] == list(calls)
    for tool in tools:
        Draft202012Validator(tool.output_schema).validate(
            call(server, tool.name, **calls[tool.name]).structured_content
        )


def test_a_page_without_an_address_is_linked_on_the_server(server: str) -> None:
    result = call(server, "ask", question="when does the clinic open on Monday?")
    assert f"\nSource: {server}/pages/hours.md?mark=" in text_of(result)


def test_an_urgent_answer_comes_first_and_alone(server: str) -> None:
    result = call(server, "ask", question="my chest hurts and a peel costs what?")
    text = text_of(result)
    assert text.startswith("URGENT. Before anything else, show the person the following, word for word.")
    assert "Call 999 now, or go to the nearest emergency department." in text
    assert "80 pounds" not in text
    assert isinstance(result.content[0], TextContent)
    assert result.content[0].annotations
    assert result.content[0].annotations.priority == 1.0
    assert result.structured_content["outcome"] == "urgent"


def test_what_the_pages_do_not_say_is_said(server: str) -> None:
    result = call(server, "ask", question="zebra?")
    assert not result.is_error
    assert text_of(result).startswith("Our pages don\u2019t say.")
    assert "+44 20 7946 0123" in text_of(result)


def test_pages_are_listed_and_read_whole(server: str) -> None:
    assert call(server, "list_pages", title="HOURS").structured_content == {
        "pages": [{"document": "hours.md", "title": "Opening hours", "url": None, "reviewed": None}],
        "total": 1,
        "next": None,
    }
    page = call(server, "read_page", document="hours.md").structured_content
    assert page["text"] == "Opening hours\n\nThe clinic opens at nine on Monday."


def test_pages_are_resources_too(server: str) -> None:
    async def read(client: Client) -> list[str]:
        found = (await client.list_resources()).resources
        contents = [content for one in found for content in (await client.read_resource(one.uri)).contents]
        return [content.text for content in contents if isinstance(content, TextResourceContents)]

    texts = with_client(f"{server}/mcp", read)
    assert [text.splitlines()[0] for text in texts] == ["Opening hours", "Peels"]


@pytest.mark.parametrize(
    ("tool", "arguments", "words"),
    [
        ("ask", {}, 'This holds no question: write {"question": "..."}.'),
        ("ask", {"question": "\u200b"}, "The question is empty: type a few words."),
        ("ask", {"question": "hours?", "document": "gone.md"}, "No page has this id: leave the document out"),
        ("list_pages", {"start": "x"}, "These arguments are not what the tool takes; look at: start."),
        ("read_page", {"document": "../clinic.toml"}, "No page has this id: list_pages names the pages"),
    ],
)
def test_errors_are_in_words_that_help(server: str, tool: str, arguments: dict[str, object], words: str) -> None:
    result = call(server, tool, **arguments)
    assert result.is_error
    assert text_of(result).startswith(words)


def test_questions_are_recorded_as_others(server: str, journal: Journal) -> None:
    call(server, "ask", question="a question for the journal, from 07700 900123")
    journal.flush()
    assert "a question for the journal, from [number]" in [entry.text for entry in journal.asked()]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "https://elsewhere.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 403),
        ({"Host": "rebound.example", "Origin": "http://rebound.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
    ],
)
def test_pages_in_a_browser_are_refused(server: str, headers: dict[str, str], status: int) -> None:
    response = httpx.post(f"{server}/mcp", json=LIST, headers=headers)
    assert response.status_code == status
    assert status == 200 or is_problem(response, status)


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
def test_there_is_no_stream_to_open(server: str, method: str) -> None:
    response = httpx.request(method, f"{server}/mcp")
    assert is_problem(response, 405)
    assert response.headers["allow"] == "POST"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a":1,"a":2}', b'{"jsonrpc":"2.0","method":1}', b"\xff"])
def test_a_body_that_is_no_message_is_refused_in_our_words(server: str, body: bytes) -> None:
    response = httpx.post(f"{server}/mcp", content=body, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert re.fullmatch(
        r"This is (not JSON: write one object in UTF-8|no request of JSON-RPC 2\.0: send one object with its method)\."
        r"|A key of the JSON stands twice: write each once\.",
        response.json()["error"]["message"],
    )


def test_questions_count_against_the_limit_of_the_chat(bot: Chatbot, settings: Settings) -> None:
    limited = bot.with_corpus(bot._corpus, bot._folder)  # noqa: SLF001 -- the same pages, another clinic.toml
    limited.set_clinic(replace(bot.clinic, sites=replace(bot.clinic.sites, requests_per_minute=2)))
    with serving(limited, settings=settings) as server:
        assert httpx.post(f"{server}/api/ask", json={"question": "hours?"}, timeout=20).status_code == 200
        result = call(server, "ask", question="hours?")
        assert result.is_error
        assert re.fullmatch(r"Many people are asking just now\. Please ask again in \d+ seconds\.", text_of(result))


def test_it_is_not_served_unless_it_is_switched_on(bot: Chatbot) -> None:
    with serving(bot) as server:
        assert is_problem(httpx.post(f"{server}/mcp", json=LIST), 404)


def test_an_assistant_on_this_machine_asks_over_standard_input(tmp_path: Path, encoder: Encoder) -> None:
    corpus, index = folders(tmp_path, encoder)
    journal = tmp_path / "journal.sqlite3"
    environ = {
        "FOOTNOTE_CORPUS": str(corpus),
        "FOOTNOTE_INDEX": str(index),
        "FOOTNOTE_JOURNAL": str(journal),
        "FOOTNOTE_CLINIC": str(ROOT / "clinic.toml"),
        "OMP_NUM_THREADS": "1",
    }
    command = ["-m", "chatbot", "mcp", "--server", "https://chat.clinic.example/"]
    program = StdioServerParameters(command=sys.executable, args=command, env=environ, cwd=str(ROOT))

    async def work(client: Client) -> tuple[CallToolResult, CallToolResult]:
        first = await client.call_tool("ask", {"question": "how much is a peel?"})
        (corpus / "hours.md").write_text("# Opening hours\n\nThe clinic opens at eleven on Monday.\n", "utf-8")
        await anyio.to_thread.run_sync(build_index, corpus, index, encoder)
        second = await client.call_tool("ask", {"question": "when does the clinic open on Monday?"})
        kept = Journal.open(str(journal), 30)
        assert kept
        with anyio.fail_after(60):
            while len(kept.asked()) < 2:  # noqa: ASYNC110 -- another process writes it
                await anyio.sleep(0.1)
        return first, second

    price, hours = with_client(program, work)
    assert "A peel costs 80 pounds." in text_of(price)
    assert "opens at eleven on Monday" in text_of(hours)
    assert "Source: https://chat.clinic.example/pages/hours.md?mark=" in text_of(hours)


def test_no_other_command_loads_the_protocol() -> None:
    code = "import sys, chatbot.__main__, chatbot.web.server; sys.exit('mcp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
