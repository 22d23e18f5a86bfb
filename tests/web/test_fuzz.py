"""Odd inputs to every route, event and tool get no error of the server, and no reply shows internals."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from benchmarks.fuzz import PASSWORD, Fuzzer, Target, target
from tests.web.test_api import is_problem


@pytest.fixture(scope="module")
def served() -> Iterator[Target]:
    with target() as served:
        yield served


@pytest.fixture
def editor(served: Target) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.address, headers={"Origin": served.address}, timeout=20) as client:
        client.post("/staff/sign-in", data={"name": "alice", "password": PASSWORD})
        yield client


def test_odd_inputs_are_refused_without_internals(served: Target) -> None:
    fuzzer = Fuzzer(served, seed=3)
    with closing(fuzzer):
        fuzzer.run(200, seconds=4)
    assert fuzzer.findings == []
    assert {"fields", "bodies", "mcp", "uploads", "console, alice", "chat events"} <= fuzzer.sent.keys()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("textbox", 7),
        ("checkbox", "yes"),
        ("radio", ["7"]),
        ("radio", None),
        ("dropdown", {"x": 1}),
        ("state", "x"),
        ("uploadbutton", None),
        ("uploadbutton", {"path": 7, "meta": {"_type": "gradio.FileData"}}),
    ],
)
def test_the_console_takes_only_what_its_components_send(
    served: Target, editor: httpx.Client, kind: str, value: object
) -> None:
    event, kinds = next((event, kinds) for event, kinds in served.staff_events.items() if kind in kinds)
    fitting: dict[str, Any] = {"textbox": "x", "checkbox": True, "radio": 30}
    data = [fitting.get(one) for one in kinds]
    data[kinds.index(kind)] = value
    reply = editor.post(
        "/staff/gradio_api/queue/join", json={"fn_index": event, "data": data, "session_hash": "a", "event_data": None}
    )
    assert is_problem(reply, 400)


def test_an_upload_without_a_name_is_refused(editor: httpx.Client) -> None:
    content = b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\ntext\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    for path in ("/staff/gradio_api/upload", "/staff/gradio_api/upload?upload_id=x"):
        reply = editor.post(path, content=content, headers=headers)
        assert reply.status_code in {400, 422}
        assert "Error" not in reply.text
