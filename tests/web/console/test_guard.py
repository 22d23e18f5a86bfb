import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import gradio as gr
import httpx
import pytest
from fastapi import FastAPI, Request
from gradio.helpers import special_args
from starlette.routing import BaseRoute, Mount

from chatbot.staff import Account, AccountStore, Role, staff_database
from chatbot.web.console import ConsoleServices, console_blocks
from chatbot.web.console.guard import REVALIDATE, is_for_editors, require_editor, signed_in
from tests.web.console.conftest import PASSWORD, Staffed, in_a_loop

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
JOIN = "/staff/gradio_api/queue/join"
KIND = {"meta": {"_type": "gradio.FileData"}}


def paths(routes: list[BaseRoute], before: str = "") -> Iterator[str]:
    for route in routes:
        path = before + getattr(route, "path", "")
        inside = getattr(route, "original_router", route if isinstance(route, Mount) else None)
        if inside is not None:
            yield from paths(list(inside.routes), path)
        yield re.sub(r"\{[^}]*\}", "x", path)


@pytest.fixture(scope="module")
def everywhere() -> list[str]:
    """Return every address that Gradio has of its own, and those of the console."""
    inner = FastAPI()

    async def mount() -> None:
        with gr.Blocks() as blocks:
            gr.Textbox()
        gr.mount_gradio_app(inner, blocks, path="/")

    in_a_loop(mount)
    own = ["/", "/sign-out", "/sign-out-everywhere", "/assets/index.js", "/nothing", "/gradio_api/file=/etc/passwd"]
    return sorted({f"/staff{path}" for path in [*paths(inner.routes), *own] if path != ""})


@pytest.mark.parametrize("origin", ["own", "foreign", "none"])
@pytest.mark.parametrize("method", METHODS)
def test_nothing_below_staff_answers_without_a_session(
    staffed: Staffed, everywhere: list[str], method: str, origin: str
) -> None:
    assert len(everywhere) > 80
    origins = {"own": {"Origin": staffed.address}, "foreign": {"Origin": "https://evil.example"}, "none": {}}
    with httpx.Client(base_url=staffed.address, timeout=20, headers=origins[origin]) as client:
        client.cookies["footnote-staff"] = "made-up"
        for path in everywhere:
            answer = client.request(method, path)
            assert answer.status_code in {401, 403} or (
                answer.status_code == 303 and answer.headers["location"] == "sign-in" and path == "/staff/"
            ), path
            assert "gradio" not in answer.text


def test_the_sign_in_page_shows_nothing_of_the_console(staffed: Staffed) -> None:
    with staffed.client() as client:
        assert client.get("/staff").headers["location"] == "staff/"
        page = client.get("/staff/sign-in")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "script" not in page.text


def test_with_a_session_only_what_the_console_needs_is_open(staffed: Staffed, everywhere: list[str]) -> None:
    with staffed.client("alice") as client:
        endless = "/staff/gradio_api/heartbeat/x"
        opened = {path for path in everywhere if path != endless and client.get(path).status_code == 200}
    assert opened == {"/staff/", "/staff/gradio_api/app_id", "/staff/theme.css"}


def test_no_cache_keeps_the_staff_pages(staffed: Staffed) -> None:
    with staffed.client("alice") as client:
        for path in ("/staff/", "/staff/sign-in", "/staff/theme.css", "/staff/gradio_api/app_id", "/staff/nothing"):
            assert client.get(path).headers["cache-control"] == "no-store", path


def test_the_page_has_a_strict_policy(staffed: Staffed) -> None:
    with staffed.client("alice") as client:
        page = client.get("/staff/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    named = set(re.findall(r"https?://[^\s\"'<>\\]+", page.text))
    # Gradio's description of an upload holds the address of a sample, which no browser asks for.
    assert {name for name in named if "/test_files/" not in name} <= {"http://www.w3.org/2000/svg"}


def test_scripts_and_other_sites_cannot_use_the_cookie(staffed: Staffed) -> None:
    fields = {"name": "alice", "password": PASSWORD}
    with staffed.client() as client:
        plain = client.post("/staff/sign-in", data=fields)
        behind_a_proxy = client.post("/staff/sign-in", data=fields, headers={"X-Forwarded-Proto": "https"})
    cookie, browser = plain.headers.get_list("set-cookie")
    assert browser.startswith("footnote-staff-browser=")
    assert browser.endswith("; HttpOnly; Max-Age=15552000; SameSite=strict")
    assert re.fullmatch(r"footnote-staff=[\w-]{43}; HttpOnly; Max-Age=604800; SameSite=strict", cookie)
    cookie, browser = behind_a_proxy.headers.get_list("set-cookie")
    assert browser.startswith("__Host-footnote-staff-browser=")
    assert browser.endswith("; HttpOnly; Max-Age=15552000; Path=/; SameSite=strict; Secure")
    assert re.fullmatch(
        r"__Host-footnote-staff=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=strict; Secure", cookie
    )


def test_signing_out_ends_the_session_on_the_server(staffed: Staffed) -> None:
    with staffed.client("alice") as client, staffed.client("alice") as other, staffed.client() as thief:
        thief.cookies["footnote-staff"] = client.cookies["footnote-staff"]
        assert thief.get("/staff/").status_code == 200
        assert client.post("/staff/sign-out").headers["location"] == "sign-in"
        assert thief.get("/staff/").status_code == 303
        assert other.get("/staff/").status_code == 200
        other.post("/staff/sign-out-everywhere")
        assert other.get("/staff/theme.css").status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Referer": "https://evil.example/"},
        {},
    ],
    ids=str,
)
def test_requests_of_other_sites_change_nothing(staffed: Staffed, headers: dict[str, str]) -> None:
    with staffed.client("alice") as client:
        del client.headers["Origin"]
        for path in ("/staff/sign-out", "/staff/sign-out-everywhere", JOIN, "/staff/gradio_api/upload"):
            assert client.post(path, headers=headers).status_code == 403
        assert client.get("/staff/").status_code == 200


def test_wrong_passwords_are_refused_and_slowed_down(staffed: Staffed) -> None:
    with staffed.client() as client:
        answers = [client.post("/staff/sign-in", data={"name": "carol<", "password": "x"}) for _ in range(7)]
    assert [answer.status_code for answer in answers[:5]] == [401] * 5
    assert "do not belong together" in answers[0].text
    assert 'value="carol&lt;"' in answers[0].text
    assert answers[-1].status_code == 429
    assert re.search(r"Please wait \d seconds?, then try again", answers[-1].text)
    assert answers[-1].headers["retry-after"].isdigit()
    with staffed.client("alice"):  # others are not held up, and a success lets the address begin anew
        pass


@pytest.mark.parametrize("body", [b"", b"name", b"\xff=\xff", b"a=1&" * 20, b"name=alice&password=" + b"x" * 60_000])
def test_a_broken_form_signs_nobody_in(staffed: Staffed, body: bytes) -> None:
    with staffed.client() as client:
        assert client.post("/staff/sign-in", content=body).status_code in {401, 429}
    with staffed.client("alice"):
        pass


def test_a_giant_form_is_too_large(staffed: Staffed) -> None:
    with staffed.client() as client:
        assert client.post("/staff/sign-in", content=b"x" * 70_000).status_code == 413


@pytest.fixture(scope="module")
def blocks(staffed: Staffed) -> gr.Blocks:
    async def build() -> gr.Blocks:
        return console_blocks(ConsoleServices.of(staffed.bot, None, staffed.settings))

    return in_a_loop(build)


def test_with_a_readers_session_nothing_changes(staffed: Staffed, blocks: gr.Blocks) -> None:
    before = staffed.files()
    refused = []
    with staffed.client("rita") as client:
        for number, event in blocks.fns.items():
            data = [one.value if isinstance(one, gr.Radio) else None for one in event.inputs]
            click = {"index": [0, 0], "value": "x"}
            body = {"fn_index": number, "data": data, "session_hash": f"r{number}", "event_data": click}
            status = client.post(JOIN, json=body).status_code
            assert status == (403 if is_for_editors(event.fn) else 200)
            refused += [number] if status == 403 else []
        assert client.post("/staff/gradio_api/upload", files={"files": ("a.md", b"# A\n\nB.")}).status_code == 403
    assert len(refused) >= 10
    assert staffed.files() == before
    assert ConsoleServices.of(staffed.bot, None, staffed.settings).pages.drafts() == ()


def request_of(account: object) -> gr.Request:
    return gr.Request(Request({"type": "http", "headers": [], "state": {REVALIDATE: lambda: account}}))


def test_no_table_is_cut_on_a_small_laptop(blocks: gr.Blocks) -> None:
    widths = {
        str(table.elem_id): sum(int(width.removesuffix("px")) for width in table.column_widths)
        for table in blocks.blocks.values()
        if isinstance(table, gr.Dataframe) and str(table.column_widths[0]).endswith("px")
    }
    assert len(widths) >= 10
    outside = {f"{name}-list" for name in ("pages", "unanswered", "urgent", "approved")} | {"try-scores"}  # of panels
    rooms = {name: 1034 if name in outside else 984 for name in widths}  # in a window of 1100 pixels
    assert {name: width for name, width in widths.items() if width > rooms[name]} == {}


def test_events_check_their_sender() -> None:
    editor, reader = Account("alice", Role.EDITOR), Account("rita", Role.READER)
    assert require_editor(request_of(editor)) == editor
    assert signed_in(request_of(reader)) == reader
    with pytest.raises(gr.Error, match="change nothing"):
        require_editor(request_of(reader))
    for nobody in (None, "alice", {"name": "alice", "role": "editor"}):
        with pytest.raises(gr.Error, match="signed out"):
            signed_in(request_of(nobody))


def test_an_event_that_waited_until_its_sender_signed_out_does_nothing(tmp_path: Path) -> None:
    account_store = AccountStore(staff_database(tmp_path))
    account_store.add("alice", Role.EDITOR, "correct horse battery")
    token = account_store.sign_in("alice", "correct horse battery")
    assert token
    request = gr.Request(
        Request({"type": "http", "headers": [], "state": {REVALIDATE: partial(account_store.account_of, token)}})
    )
    assert require_editor(request).name == "alice"
    account_store.sign_out_everywhere("alice")
    with pytest.raises(gr.Error, match="signed out"):
        require_editor(request)


def test_editors_events_refuse_a_reader_behind_the_guard(blocks: gr.Blocks) -> None:
    reader = request_of(Account("rita", Role.READER))
    marked = [event for event in blocks.fns.values() if is_for_editors(event.fn)]
    for event in marked:
        assert event.fn
        values = [dict.fromkeys(event.inputs)] if event.inputs_as_dict else [None] * len(event.inputs)
        with pytest.raises(gr.Error, match="change nothing"):
            event.fn(*special_args(event.fn, values, reader)[0])


@pytest.mark.parametrize("name", ["save_draft", "discard_draft", "choose"])
def test_a_form_of_an_earlier_server_is_neither_saved_nor_emptied(blocks: gr.Blocks, name: str) -> None:
    of_pages = [event for event in blocks.fns.values() if "pages-form-panel" in {one.elem_id for one in event.outputs}]
    (event,) = (event for event in of_pages if getattr(event.fn, "__name__", "") == name)
    fields = {one: None if isinstance(one, gr.State) else "typed" for one in event.inputs}
    values: list[object] = [fields] if event.inputs_as_dict else list(fields.values())
    assert event.fn
    called = special_args(event.fn, values, request_of(Account("alice", Role.EDITOR)))[0]
    with pytest.warns(UserWarning, match="^The server was started again since you opened this form"):  # in no browser
        (shown,) = event.fn(*called).values()
    assert shown["elem_classes"] == ["notice", "not-done"]


def test_an_upload_is_for_editors_and_bounded(staffed: Staffed) -> None:
    with staffed.client("alice") as client:
        small = client.post("/staff/gradio_api/upload", files={"files": ("a.md", b"# A\n\nB.")})
        assert small.status_code == 200
        assert client.post("/staff/gradio_api/upload", files={"files": ("a.md", b"x" * 5_000_000)}).status_code == 413
        assert client.post("/staff/gradio_api/upload", files={"files": ("a.md", b"x" * 11_000_000)}).status_code == 413
        assert client.get(f"/staff/gradio_api/file={small.json()[0]}").text == "# A\n\nB."
    with staffed.client() as client:
        assert client.get(f"/staff/gradio_api/file={small.json()[0]}").status_code == 401


@pytest.mark.parametrize("key", ["path", "url"])
def test_an_event_reads_no_file_but_an_upload(staffed: Staffed, blocks: gr.Blocks, key: str) -> None:
    (number,) = (number for number, event in blocks.fns.items() if getattr(event.fn, "__name__", "") == "fill")
    secret = staffed.folder / "secret.md"
    secret.write_text("# Secret\n\nThe word is xyzzy.")
    with staffed.client("alice") as client:
        uploaded = client.post("/staff/gradio_api/upload", files={"files": ("a.md", b"# A\n\nB.")}).json()[0]
        for path in (str(secret), "../secret.md", "file:///etc/passwd", f"{uploaded}/../../../../etc/passwd", 7, "\0"):
            file = {"path": uploaded, **KIND, key: path}
            body = {"fn_index": number, "data": [[{"deep": file}], None, ""], "session_hash": "thief"}
            assert client.post(JOIN, json=body).status_code == 400, path
        fine = {"path": uploaded, "url": f"{staffed.address}/staff/gradio_api/file={uploaded}", **KIND}
        body = {"fn_index": number, "data": [fine, None, ""], "session_hash": "nurse"}
        assert client.post(JOIN, json=body).status_code == 200


def test_no_other_file_of_the_machine_can_be_fetched(staffed: Staffed) -> None:
    with staffed.client("alice") as client:
        for path in ("/etc/passwd", staffed.settings.staff / "staff.sqlite3", staffed.folder / "clinic.toml"):
            assert client.get(f"/staff/gradio_api/file={path}").status_code in {403, 404}, path
        assert client.get("/staff/gradio_api/file=https://evil.example/").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"fn_index": 10**9, "data": [], "session_hash": "a"},
        {"fn_index": 0, "data": ["too", "many", "by", "far"], "session_hash": "a"},
        {"fn_index": 0, "data": [], "session_hash": "../a"},
        {"api_name": "keep", "data": [], "session_hash": "a"},
        [],
    ],
    ids=str,
)
def test_malformed_events_are_bad_requests(staffed: Staffed, body: object) -> None:
    with staffed.client("alice") as client:
        assert client.post(JOIN, json=body).status_code == 400


def test_bodies_of_visitors_stay_limited(staffed: Staffed) -> None:
    with staffed.client("alice") as client:
        assert client.post("/api/ask", json={"question": "x" * 70_000}).status_code == 413


def test_without_settings_there_is_no_console(client: httpx.Client) -> None:
    for path in ("/staff", "/staff/", "/staff/sign-in", "/staff/config"):
        assert client.get(path).status_code == 404
