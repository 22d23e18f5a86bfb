import json
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from urllib.parse import urlsplit

import httpx
import pytest

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from chatbot.records import Answer
from tests.conftest import WordEncoder
from tests.request_bodies import NOT_A_QUESTION
from tests.web.conftest import serving

JSON = {"content-type": "application/json"}
PROBLEM = {"type", "title", "status", "detail"}


def post(client: httpx.Client, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return client.post("/api/ask", content=body, headers=JSON if headers is None else headers)


def is_problem(response: httpx.Response, status: int) -> bool:
    content = response.json()
    return (
        response.status_code == status
        and response.headers["content-type"] == "application/problem+json"
        and set(content) == PROBLEM
        and content["status"] == status
        and len(response.content) < 600
    )


def test_a_question_gets_the_answer_that_the_bot_gives(client: httpx.Client, bot: Chatbot) -> None:
    question = "is redness and swelling normal after microneedling?"
    found = client.post("/api/ask", json={"question": question, "history": ["does it hurt?"]}).json()
    assert len(bytes.fromhex(found.pop("answer_id"))) == 16
    assert found == json.loads(json.dumps(bot.ask(question).as_dict()))


def test_a_question_to_one_page_is_answered_from_it(client: httpx.Client, bot: Chatbot) -> None:
    document = bot.documents()[0].id
    found = client.post("/api/ask", json={"question": "redness?", "document": document}).json()
    assert {citation["document"] for citation in found["citations"]} == {document}
    assert found["choices"] == []


def test_a_question_to_an_unknown_page_is_a_problem(client: httpx.Client) -> None:
    response = client.post("/api/ask", json={"question": "redness?", "document": "gone.md"})
    assert is_problem(response, 404)
    assert response.json()["type"] == "urn:footnote:problem:page-not-found"
    assert response.json()["detail"] == "No page has this id: leave the document out to search all pages."


def test_every_answer_has_an_id_of_its_own(client: httpx.Client) -> None:
    one, other = (client.post("/api/ask", json={"question": "redness?"}).json() for _ in range(2))
    assert one["answer_id"] != other["answer_id"]


@pytest.mark.parametrize(
    "question",
    [
        "?",
        "x" * 2000,
        "\U0001f600\U0001f600",
        "is it red\x00ness?",
        "redness \u202egnp.exe",
        "<script>alert(1)</script>${7*7}{{7*7}}",
        "a" + "\u0301" * 1500,
        "\u0301",
        "\ufe0f",
        "\ufffd" * 2000,
        "' OR 1=1 --",
    ],
)
def test_odd_questions_get_an_honest_answer(client: httpx.Client, question: str) -> None:
    response = client.post("/api/ask", json={"question": question})
    assert response.status_code == 200
    assert response.json()["outcome"] in {"answered", "related", "not_found", "reply", "urgent"}


def test_half_a_character_is_answered(client: httpx.Client) -> None:
    response = post(client, b'{"question": "is redness \\ud800 normal?", "history": ["\\udfff"]}')
    assert response.status_code == 200
    assert "\ud800" not in response.json()["understood_as"]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("", "question-empty"),
        (" \t\u200b", "question-empty"),
        ("\\ud800", "question-empty"),
        ("x" * 2001, "question-too-long"),
        ("\ufdfa" * 1900, "question-too-long"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_with_its_reason(
    client: httpx.Client, question: str, kind: str
) -> None:
    response = post(client, f'{{"question": "{question}"}}'.replace("\t", "\\t").encode())
    assert is_problem(response, 422)
    assert response.json()["type"] == f"urn:footnote:problem:{kind}"


@pytest.mark.parametrize("body", NOT_A_QUESTION, ids=lambda body: repr(body[:40]))
def test_what_is_no_question_is_a_bad_request(client: httpx.Client, body: bytes) -> None:
    assert is_problem(post(client, body), 400)


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "json"]
)
def test_only_json_is_taken(client: httpx.Client, media_type: str) -> None:
    headers = {"content-type": media_type} if media_type else {}
    response = client.post("/api/ask", content=b'{"question": "a"}', headers=headers)
    assert is_problem(response, 415)


def test_the_media_type_may_name_its_character_set(client: httpx.Client) -> None:
    response = post(client, b'{"question": "redness?"}', {"content-type": "Application/JSON; charset=utf-8"})
    assert response.status_code == 200


def test_a_giant_body_is_refused_however_it_is_announced(client: httpx.Client) -> None:
    body = b'{"question": "' + b"x" * 10_000_000 + b'"}'
    assert is_problem(post(client, body), 413)
    chunks = (body[start : start + 65_536] for start in range(0, len(body), 65_536))
    assert is_problem(client.post("/api/ask", content=chunks, headers=JSON), 413)


def test_a_body_may_have_64_kib_and_no_more(client: httpx.Client) -> None:
    body = b'{"question": "redness?"}'
    assert post(client, body.ljust(65_536)).status_code == 200
    assert is_problem(post(client, body.ljust(65_537)), 413)


def test_others_are_answered_while_giant_bodies_arrive(client: httpx.Client, address: str) -> None:
    done = Event()

    def flood() -> int:
        count = 0
        with httpx.Client(base_url=address, timeout=20) as own:
            while not done.is_set():
                assert post(own, b"x" * 10_000_000).status_code == 413
                count += 1
        return count

    with ThreadPoolExecutor(2) as pool:
        floods = [pool.submit(flood) for _ in range(2)]
        for _ in range(10):
            assert client.post("/api/ask", json={"question": "is redness normal?"}).status_code == 200
        assert not any(flood.done() for flood in floods)
        done.set()
        assert all(flood.result() > 0 for flood in floods)


def test_a_body_that_never_ends_holds_up_nobody(client: httpx.Client, address: str) -> None:
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port or 0)) as open_end:
        open_end.sendall(b"POST /api/ask HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{")
        assert client.post("/api/ask", json={"question": "is redness normal?"}).status_code == 200


def test_many_ask_at_once(client: httpx.Client, bot: Chatbot) -> None:
    questions = [f"is redness normal after {day} days?" for day in range(24)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: client.post("/api/ask", json={"question": one}).json(), questions))
    assert [one["understood_as"] for one in found] == questions
    assert found[7]["citations"] == json.loads(json.dumps(bot.ask(questions[7]).as_dict()["citations"]))


def test_health_says_alive_and_ready_says_which_build(client: httpx.Client, bot: Chatbot) -> None:
    assert client.get("/api/health").json() == {"status": "alive"}
    ready = {"status": "ready", "state": "current", "reason": "", "build": bot.build, "warnings": [], "paused": False}
    assert client.get("/api/ready").json() == ready
    assert client.head("/api/ready").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/ask", 405),
        ("PUT", "/api/ask", 405),
        ("POST", "/api/health", 405),
        ("DELETE", "/pages/benefits-of-microneedling.txt", 405),
        ("POST", "/", 405),
        ("GET", "/api", 404),
        ("GET", "/api/asked", 404),
        ("GET", "/api/ask/", 404),
        ("GET", "/docs", 404),
        ("GET", "/redoc", 404),
        ("OPTIONS", "/api/ask", 405),
        ("TRACE", "/nothing", 404),
    ],
)
def test_every_error_is_a_problem_object(client: httpx.Client, method: str, path: str, status: int) -> None:
    assert is_problem(client.request(method, path), status)


class SlowBot(Chatbot):
    def ask(self, question: str, history: Sequence[str] = (), document: str | None = None) -> Answer:
        time.sleep(0.2)
        return super().ask(question, history, document)


def test_a_flood_of_questions_is_told_to_wait_and_holds_up_nothing_else(
    tmp_path: Path, corpus: Path, words: WordEncoder
) -> None:
    build_index(corpus, tmp_path, words)
    with serving(SlowBot(corpus, tmp_path, words, Clinic())) as address, ThreadPoolExecutor(120) as pool:
        ask = partial(httpx.post, f"{address}/api/ask", json={"question": "redness?"}, timeout=30)
        asked = [pool.submit(ask) for _ in range(120)]
        time.sleep(0.5)
        assert httpx.get(f"{address}/pages/benefits-of-microneedling.txt").status_code == 200
        assert httpx.get(f"{address}/api/ready").status_code == 200
        assert not all(one.done() for one in asked)
        replies = [one.result() for one in asked]
    assert {reply.status_code for reply in replies} == {200, 429}
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert is_problem(refused, 429)
    assert refused.headers["retry-after"] == "5"


class BrokenBot(Chatbot):
    def ask(self, question: str, history: object = (), document: str | None = None) -> Answer:
        raise RuntimeError(f"/secret/place {question} {history} {document}")


def test_the_unexpected_is_told_without_anything_from_inside_and_logged_without_the_question(
    tmp_path: Path, corpus: Path, words: WordEncoder, caplog: pytest.LogCaptureFixture
) -> None:
    build_index(corpus, tmp_path, words)
    with serving(BrokenBot(corpus, tmp_path, words, Clinic())) as address:
        response = httpx.post(f"{address}/api/ask", json={"question": "redness?"})
    assert is_problem(response, 500)
    assert "secret" not in response.text
    assert "redness" not in response.text
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "RuntimeError" in caplog.text
    assert "in ask" in caplog.text
    assert "redness" not in caplog.text
