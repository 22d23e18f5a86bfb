import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gradio as gr
import httpx
import pytest

from chatbot.web.http.gradio_app import gradio_asset, gradio_entry

FOREIGN = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "gopher",
    "origin": "https://evil.example",
}
JOIN = "/gradio_api/queue/join"
SENT = '{"id": "1", "question": "redness?", "history": []}'  # by the page's script


def test_nothing_of_the_page_names_another_host(client: httpx.Client) -> None:
    page = client.get("/")
    texts = [page.text]
    for address in re.findall(r'(?:src|href)="([\w./-]+)"', page.text):
        response = client.get(f"/{address}")
        assert response.status_code == 200, address
        if not address.startswith(
            "assets/"
        ):  # Gradio's own script names hosts that it calls only for features not used here
            texts.append(response.text)
    assert len(texts) == 4
    for text in texts:
        named = set(re.findall(r"https?://[^\s\"'<>\\\\)]+", text))
        assert named <= {"http://www.w3.org/2000/svg", "https://clinic.example/book"}


def test_the_page_is_ours_and_not_gradios(client: httpx.Client) -> None:
    page = client.get("/").text
    assert "<title>Ask Example Skin Clinic</title>" in page
    assert '<html lang="en">' in page
    for unwanted in ("property=", "twitter", "preconnect", "iframe", "manifest", "fonts.g", "<script>", "style="):
        assert unwanted not in page


def test_the_page_is_the_same_whatever_host_is_claimed(client: httpx.Client) -> None:
    foreign = client.get("/", headers=FOREIGN)
    assert foreign.text == client.get("/").text
    assert "evil" not in str(foreign.headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/config"),
        ("GET", "/config/"),
        ("GET", "/info"),
        ("GET", "/gradio_api/info"),
        ("GET", "/gradio_api/openapi.json"),
        ("GET", "/gradio_api/runs"),
        ("POST", "/gradio_api/run-history/connect"),
        ("POST", "/gradio_api/upload"),
        ("GET", "/gradio_api/upload_progress?upload_id=1"),
        ("POST", "/gradio_api/process_recording"),
        ("POST", "/gradio_api/component_server"),
        ("GET", "/gradio_api/deep_link?session_hash=a"),
        ("GET", "/gradio_api/file=/etc/passwd"),
        ("GET", "/gradio_api/file=https://evil.example/"),
        ("GET", "/gradio_api/file/etc/passwd"),
        ("GET", "/gradio_api/proxy=https://evil.example/"),
        ("GET", "/gradio_api/custom_component/x/client/component/index.js"),
        ("POST", "/gradio_api/run/ask"),
        ("POST", "/gradio_api/api/ask"),
        ("POST", "/gradio_api/call/ask"),
        ("POST", "/gradio_api/call/v2/ask"),
        ("GET", "/gradio_api/call/ask/1"),
        ("POST", "/gradio_api/reset"),
        ("POST", "/gradio_api/cancel"),
        ("POST", "/gradio_api/stream/1"),
        ("POST", "/gradio_api/stream/1/close"),
        ("GET", "/gradio_api/queue/status"),
        ("GET", "/gradio_api/queue/join"),
        ("GET", "/gradio_api/mcp"),
        ("GET", "/gradio_api/mcp/sse"),
        ("GET", "/gradio_api/token"),
        ("GET", "/gradio_api/user"),
        ("GET", "/gradio_api/login_check"),
        ("GET", "/gradio_api/dev/reload"),
        ("GET", "/gradio_api/vibe-code"),
        ("POST", "/gradio_api/vibe-edit"),
        ("GET", "/gradio_api/startup-events"),
        ("POST", "/login"),
        ("GET", "/logout"),
        ("GET", "/monitoring"),
        ("GET", "/monitoring/summary"),
        ("GET", "/monitoring/key"),
        ("GET", "/svelte/svelte.js"),
        ("GET", "/static/img/logo.svg"),
        ("GET", "/assets/../index.html"),
        ("GET", "/assets/%2e%2e/index.html"),
        ("GET", "/assets/"),
        ("GET", "/manifest.json"),
        ("GET", "/pwa_icon"),
        ("GET", "/robots.txt"),
        ("GET", "/gradio_api/heartbeat/a/b"),
        ("GET", "/gradio_api/heartbeat/" + "a" * 65),
        ("GET", "//gradio_api/info"),
    ],
)
def test_the_rest_of_gradio_is_closed(client: httpx.Client, method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Not Found"


@pytest.mark.parametrize("path", ["/", "/theme.css", "/api/health", "/gradio_api/app_id", "/nothing"])
def test_no_other_origin_is_let_in(client: httpx.Client, path: str) -> None:
    response = client.get(path, headers=FOREIGN)
    assert not [name for name in response.headers if name.startswith("access-control-")]
    asked = {**FOREIGN, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    preflight = client.options(path, headers=asked)
    assert preflight.status_code in {404, 405}
    assert not [name for name in preflight.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "path", ["/", "/theme.css", "/api/ready", "/pages/benefits-of-microneedling.txt", "/nothing", "/gradio_api/app_id"]
)
def test_every_response_keeps_browsers_strict(client: httpx.Client, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "microphone=()" in headers["permissions-policy"]
    assert "set-cookie" not in headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "unsafe" not in policy


def test_what_has_a_hashed_name_is_kept_and_the_page_is_asked_for_anew(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["cache-control"] == "no-cache"
    for address in re.findall(r'(?:src|href)="((?:assets|look)/[^"]+)"', page.text):
        assert client.get(f"/{address}").headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("accepted", ["gzip, br", "identity"])
def test_a_script_of_gradio_arrives_whole_with_and_without_gzip(client: httpx.Client, accepted: str) -> None:
    script, _ = gradio_entry()
    response = client.get(f"/{script}", headers={"accept-encoding": accepted})
    assert response.content == (Path(gr.__file__).parent / "templates" / "frontend" / script).read_bytes()
    assert response.headers.get("content-encoding") == ("gzip" if "gzip" in accepted else None)
    assert (response.headers["vary"].split(", ")[0], "javascript" in response.headers["content-type"]) == (
        "Accept-Encoding",
        True,
    )


def test_a_script_of_gradio_is_compressed_once() -> None:
    script, _ = gradio_entry()
    name = script.removeprefix("assets/")
    with ThreadPoolExecutor(1) as pool:  # the browser of other tests keeps a loop running in this thread
        first, second = (pool.submit(asyncio.run, gradio_asset(name)).result() for _ in range(2))
    assert first is second


def join(client: httpx.Client, **changes: object) -> httpx.Response:
    body: dict[str, object] = {"fn_index": 0, "data": [SENT], "session_hash": "abc"}
    return client.post(JOIN, json={name: value for name, value in (body | changes).items() if value != "missing"})


def test_what_the_page_sends_is_let_through(client: httpx.Client) -> None:
    assert len(join(client, trigger_id=3).json()["event_id"]) == 32


@pytest.mark.parametrize(
    "changes",
    [
        {"fn_index": 999},
        {"fn_index": -1},
        {"fn_index": "0"},
        {"fn_index": None},
        {"fn_index": 10**40},
        {"fn_index": "missing", "api_name": "ask"},
        {"data": []},
        {"data": ["a", None]},
        {"data": [["a"]]},
        {"data": [{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]},
        {"data": "redness?"},
        {"data": "missing"},
        {"session_hash": "missing"},
        {"session_hash": None},
        {"session_hash": "../a"},
        {"session_hash": "a" * 65},
    ],
    ids=str,
)
def test_what_the_page_never_sends_is_a_bad_request(client: httpx.Client, changes: dict[str, object]) -> None:
    response = join(client, **changes)
    assert response.status_code == 400
    assert response.json()["type"] == "urn:footnote:problem:request"


@pytest.mark.parametrize("body", [b"", b"[" * 60_000, b'{"fn_index": 0, "fn_index": 1}', b"\xff", b"null"], ids=repr)
def test_a_join_that_is_no_json_is_a_bad_request(client: httpx.Client, body: bytes) -> None:
    response = client.post(JOIN, content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert len(response.content) < 300


def test_a_giant_join_is_too_large(client: httpx.Client) -> None:
    assert join(client, data=["x" * 70_000]).status_code == 413


def test_half_a_character_reaches_the_conversation(client: httpx.Client) -> None:
    assert join(client, data=[SENT.replace("redness", "redness \\ud800")], session_hash="half").status_code == 200
    with client.stream("GET", "/gradio_api/queue/data?session_hash=half") as stream:
        told = next(line for line in stream.iter_lines() if "process_completed" in line)
    assert '"success":true' in told
    assert "redness \\ufffd?" in told or "redness \ufffd?" in told
    assert "<blockquote>" in told


@pytest.mark.parametrize("query", ["", "?session_hash=", "?session_hash=../x", "?session_hash=nobody"])
def test_there_is_no_stream_for_who_asked_nothing(client: httpx.Client, query: str) -> None:
    assert client.get(f"/gradio_api/queue/data{query}").status_code == 404


def test_a_join_that_is_not_declared_as_json_is_refused(client: httpx.Client) -> None:
    assert client.post(JOIN, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
