"""Assumptions on what Gradio 6.31.0, the release in constraints.txt, does not document.

Another release may break them silently. Raise the pin in pyproject.toml and in constraints.txt, then run these tests.
"""

import asyncio
import base64
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import fastapi
import gradio as gr
import httpx
from gradio.data_classes import PredictBody
from gradio.queueing import Event
from gradio.utils import get_upload_folder

from chatbot.web.http.gradio_allowlist import Join
from chatbot.web.http.gradio_app import POLICY, gradio_app, gradio_entry, set_queue
from tests.conftest import ROOT

FRONTEND = Path(gr.__file__).parent / "templates" / "frontend"
Result = TypeVar("Result")


def in_a_loop(scenario: Coroutine[None, None, Result]) -> Result:
    """Run a scenario in an event loop of its own, because outside of one Gradio opens loops that it never closes."""
    with ThreadPoolExecutor(1) as pool:  # the browser of other tests keeps a loop running in this thread
        return pool.submit(asyncio.run, scenario).result()


def answer(question: str, button: str) -> str:
    return question + button


async def blocks_of_two_buttons() -> gr.Blocks:
    blocks = gr.Blocks()
    with blocks:
        question = gr.Textbox()
        first, _second = gr.Button("a"), gr.Button("b")
        first.click(answer, [question, first], [question], concurrency_id="questions")
    return blocks


def test_gradio_is_the_release_that_is_pinned_everywhere() -> None:
    pin = f"gradio=={version('gradio')}"
    assert pin in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    assert f'"{pin}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"Gradio {version('gradio')}," in (__doc__ or "")


def test_the_queue_has_the_fields_that_are_set_and_read() -> None:
    async def scenario() -> None:
        blocks = await blocks_of_two_buttons()
        names = {"ANAYLTICS_CACHE_FREQUENCY", "sleep_when_free", "max_thread_count", "active_jobs"}
        assert {"max_size", *names} <= vars(blocks._queue).keys()  # noqa: SLF001 -- the subject of the test
        set_queue(blocks)
        queue = blocks._queue  # noqa: SLF001 -- the subject of the test
        values = (queue.ANAYLTICS_CACHE_FREQUENCY, queue.sleep_when_free, queue.max_thread_count)
        assert values == (sys.maxsize, 0.01, 160)
        assert (queue.max_size, blocks.api_open) == (64, False)
        assert "nobody" not in queue.pending_messages_per_session

    in_a_loop(scenario())


def opened_stubs(module: str) -> int:
    """Return how many stubs of Gradio the import of a module reads or writes."""
    program = (
        "import inspect, sys; stubs = []; getfile = inspect.getfile\n"
        "sys.addaudithook(lambda event, args: event == 'open' and str(args[0]).endswith('.pyi') and stubs.append(1))\n"
        f"import {module}; assert inspect.getfile is getfile; print(len(stubs))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, text=True)
    return int(done.stdout)


def test_gradio_is_imported_without_its_stubs() -> None:
    assert opened_stubs("chatbot.web") == 0


def test_an_event_knows_its_session_and_whether_its_page_is_open() -> None:
    async def scenario() -> None:
        event = Event("abc", (await blocks_of_two_buttons()).fns[0], fastapi.Request({"type": "http"}), None)
        assert (event.session_hash, event.alive) == ("abc", True)

    in_a_loop(scenario())


def test_events_are_known_by_number_with_their_inputs() -> None:
    (event,) = in_a_loop(blocks_of_two_buttons()).fns.items()
    number, function = event
    assert (number, len(function.inputs), function.concurrency_id, function.fn) == (0, 2, "questions", answer)


def test_a_join_has_the_fields_that_gradio_reads() -> None:
    fields = json.loads(Join(0, ["a"], "abc", None, 3).as_json())
    assert fields.keys() <= PredictBody.model_fields.keys()
    assert PredictBody(**fields).session_hash == "abc"


def test_the_script_and_the_style_of_its_page_are_found() -> None:
    script, style = gradio_entry()
    assert (FRONTEND / script).is_file()
    assert (FRONTEND / style).is_file()


def test_the_policy_allows_the_one_style_element_of_its_scripts() -> None:
    allowed = re.findall(r"'sha256-([^']+)'", POLICY["style-src"])
    texts = [path.read_text("utf-8", "replace") for path in FRONTEND.glob("assets/*.js")]
    styles = {style for text in texts for style in re.findall(r"<style>(.*?)</style>", text, re.DOTALL)}
    hashes = {base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles}
    assert set(allowed) <= hashes


def test_a_mounted_application_adds_no_origins_and_keeps_uploads_to_itself() -> None:
    async def scenario() -> httpx.Response:
        blocks = await blocks_of_two_buttons()
        set_queue(blocks)
        transport = httpx.ASGITransport(gradio_app(blocks, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/gradio_api/app_id", headers={"origin": "https://evil.example"})

    response = in_a_loop(scenario())
    assert response.status_code == 200
    assert not [name for name in response.headers if name.startswith("access-control")]
    assert Path(get_upload_folder()).stat().st_mode & 0o777 == 0o700
