"""Many sites on one server: each has its own pages, staff and limits, and is opened and closed beside the others."""

import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, expect
from starlette.routing import BaseRoute, Mount, Route

from chatbot.bot import Chatbot, load_pipeline
from chatbot.indexing import Encoder, build_index, publishing_lock
from chatbot.journal import Journal
from chatbot.settings import Settings, load_settings
from chatbot.sites import Site, Sites, site_settings
from chatbot.staff import AccountStore, Role, staff_database
from chatbot.web.application import create_app
from chatbot.web.open_sites import OpenLimits, create_sites_app
from tests.conftest import run_in_loop
from tests.web.conftest import running, visiting

CLINIC = 'name = "The {0} clinic"\n[contact]\nphone = "0123"\n[sites]\nrequests_per_minute = {1}\n'
PAGE = "# Peel\n\n## Price\n\nA peel costs {0} pounds, says the {1}.\n\n## After a peel\n\nThe {1} says: rest a day.\n"
PASSWORD = "correct horse battery"  # noqa: S105 -- of accounts of the tests
HERON = "heron"  # stands on all pages of oak, and in no request
QUESTION = {"question": "How much does a peel cost?"}


@dataclass(frozen=True)
class Served:
    """A running server of many sites."""

    sites: Sites
    settings: Settings
    address: str
    encoder: Encoder

    def add(self, name: str, bird: str, price: int, *hosts: str, per_minute: int = 6000) -> Site:
        site = self.sites.add(name, hosts)
        folder = self.sites.folder / name
        (folder / "corpus").mkdir()
        (folder / "corpus" / f"{name}.md").write_text(PAGE.format(price, bird))
        (folder / "clinic.toml").write_text(CLINIC.format(bird, per_minute))
        build_index(folder / "corpus", folder / "index", self.encoder)
        return site

    def client(self, site: Site) -> httpx.Client:
        own = {"Sec-Fetch-Site": "same-origin"}
        return httpx.Client(base_url=f"{self.address}/s/{site.key}", timeout=20, headers=own)

    def ask(self, site: Site) -> httpx.Response:
        with self.client(site) as client:
            return client.post("/api/ask", json=QUESTION)

    @contextmanager
    def holding(self, *sites: Site) -> Iterator[list[socket.socket]]:
        """Begin a request at each site, and send no more of it."""
        parts = urlsplit(self.address)
        connections = [socket.create_connection((parts.hostname, parts.port), timeout=10) for _ in sites]
        for connection, site in zip(connections, sites, strict=True):
            head = f"POST /s/{site.key}/api/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            connection.sendall(f"{head}Content-Length: 99\r\n\r\n{{".encode())
        until(lambda: self.ready()["open"] == len(sites))
        yield connections
        for connection in connections:
            connection.close()

    def says(self, site: Site) -> str:
        """Return the passage that a site answers with."""
        return str(self.ask(site).json()["citations"][0]["text"])

    def settings_of(self, name: str) -> Settings:
        return site_settings(self.settings, self.sites.get(name))

    def ready(self) -> dict[str, Any]:
        ready: dict[str, Any] = httpx.get(f"{self.address}/api/ready").json()
        return ready


def until(condition: Any) -> None:  # noqa: ANN401 -- any function without arguments
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def served(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("many") / "sites"
    settings = load_settings({"FOOTNOTE_SITES": str(folder)})
    sites, pipeline = Sites(folder), load_pipeline(encoder)
    with running(lambda: create_sites_app(settings, sites, pipeline, OpenLimits(idle=3, first_round=3600))) as address:
        yield Served(sites, settings, address, encoder)


@pytest.fixture(scope="module")
def rose(served: Served) -> Site:
    site = served.add("rose", "kestrel", 70, "chat.rose.example")
    until(lambda: served.ready()["sites"] >= 1 and served.ask(site).status_code == 200)
    return site


@pytest.fixture(scope="module")
def oak(served: Served) -> Site:
    site = served.add("oak", HERON, 90)
    until(lambda: served.ask(site).status_code == 200)
    return site


def test_each_site_answers_from_its_own_pages(served: Served, rose: Site, oak: Site) -> None:
    assert served.says(rose) == "A peel costs 70 pounds, says the kestrel."
    assert served.says(oak) == "A peel costs 90 pounds, says the heron."


def test_a_site_is_found_by_its_host_or_its_key_alone(served: Served, rose: Site, oak: Site) -> None:
    def status(path: str, host: str) -> int:
        return httpx.post(served.address + path, json=QUESTION, headers={"Host": host}).status_code

    assert status("/api/ask", "chat.rose.example") == 200
    assert status("/api/ask", "CHAT.rose.example.:8080") == 200
    assert status(f"/s/{oak.key}/api/ask", "agency.example") == 200
    assert status("/api/ask", "agency.example") == 404
    assert status("/api/ask", "evil.chat.rose.example") == 404
    assert status(f"/s/{oak.key}/api/ask", "chat.rose.example") in {404, 405}  # a path of rose
    assert status("/s/oak/api/ask", "agency.example") == 404
    assert status("/s/chat.rose.example/api/ask", "agency.example") == 404
    home = httpx.get(f"{served.address}/s/{rose.key}?a=b")
    assert (home.status_code, home.headers["location"]) == (308, f"{rose.key}/?a=b")


def test_the_script_of_a_site_names_that_site(served: Served, rose: Site) -> None:
    with served.client(rose) as client:
        below = client.get("/widget.js", headers={"Host": "agency.example"}).text
    own = httpx.get(f"{served.address}/widget.js", headers={"Host": "chat.rose.example", "Sec-Fetch-Site": "none"}).text
    assert f"http://agency.example/s/{rose.key}/" in below
    assert "http://chat.rose.example/" in own
    assert rose.key not in own


def paths(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield the method and path of each route, also of the applications that are mounted or stand behind the routes."""
    for route in routes:
        if isinstance(route, Route):
            yield from ((method, prefix + route.path) for method in sorted(route.methods or {"GET"}))
        elif isinstance(route, Mount):
            inner: Any = route.app
            while not hasattr(inner, "router"):
                inner = vars(inner).get("_console") or vars(inner).get("_app")
            yield from paths(inner.router.routes, prefix + route.path)
        elif router := getattr(route, "original_router", None):  # FastAPI's, of a router that was included
            yield from paths(router.routes, prefix)


async def routes_of(settings: Settings, encoder: Encoder) -> list[tuple[str, str]]:
    app = create_app(Chatbot.open(settings, load_pipeline(encoder)), None, settings)
    chat: Any = app.router.default
    return [*paths(app.routes), *paths(chat.router.routes)]


def test_no_route_of_a_site_shows_or_changes_another_one(served: Served, rose: Site, oak: Site) -> None:
    settings = served.settings_of("oak")
    answer = served.ask(oak).json()
    accounts = AccountStore(staff_database(settings.staff))
    accounts.add("olga", Role.EDITOR, PASSWORD)
    token = accounts.sign_in("olga", PASSWORD)
    routes = run_in_loop(routes_of(served.settings_of("rose"), served.encoder))
    assert {"/api/ask", "/api/feedback", "/pages/{document_id:path}", "/staff/", "/"} <= {path for _, path in routes}
    body = {**QUESTION, "document": "oak.md", "answer_id": answer["answer_id"], "helpful": True, "site": oak.key}
    identifiers = ("oak.md", oak.key, answer["answer_id"], "..%2foak%2fcorpus%2foak.md")
    # Of all that a visitor or nurse of oak may hold, nothing opens anything of it at rose.
    cookies = {
        name + suffix: token or "" for name in ("footnote-staff",) for suffix in ("", f"-{oak.key}", f"-{rose.key}")
    }
    with served.client(rose) as client:
        client.cookies.update(cookies)
        for method, path in routes:
            for identifier in identifiers:
                target = re.sub(r"\{[^}]*\}", identifier, path)
                reply = client.request(method, target, json=None if method in {"GET", "HEAD"} else body)
                assert HERON not in reply.text, (method, target)
                assert reply.status_code < 500, (method, target)
    journal = Journal.open(settings.journal, 30)
    assert journal
    assert [question.helpful for question in journal.asked() if question.answer_id == answer["answer_id"]] == [None]


def join(client: httpx.Client, session: str) -> str:
    """Send the question of a chat page and return the id of its event."""
    sent = json.dumps({"id": "1", "history": [], **QUESTION})
    reply = client.post("/gradio_api/queue/join", json={"fn_index": 0, "data": [sent], "session_hash": session})
    return str(reply.json()["event_id"])


def test_no_chat_event_is_heard_or_ended_at_another_site(served: Served, rose: Site, oak: Site) -> None:
    with ExitStack() as stack:
        at_rose, at_oak = (stack.enter_context(served.client(site)) for site in (rose, oak))
        for client in (at_rose, at_oak):  # whose sites stay open meanwhile, because a page of each does
            stack.enter_context(client.stream("GET", "/gradio_api/heartbeat/open"))
        foreign = join(at_oak, "same")
        for session in ("same", foreign):
            assert at_rose.get("/gradio_api/queue/data", params={"session_hash": session}).status_code == 404
            stolen = {"session_hash": session, "event_id": foreign, "fn_index": 0}
            assert at_rose.post("/gradio_api/cancel", json=stolen).status_code == 404
            with at_rose.stream("GET", f"/gradio_api/heartbeat/{session}") as beat:
                next(beat.iter_lines())  # where it ends, so do the events of its session
        own = join(at_rose, "same")
        heard = {}
        for client in (at_rose, at_oak):
            heard[client] = client.get("/gradio_api/queue/data", params={"session_hash": "same"}).text
        assert (own in heard[at_rose], "kestrel" in heard[at_rose]) == (True, True)
        assert (foreign in heard[at_rose], HERON in heard[at_rose]) == (False, False)
        assert (foreign in heard[at_oak], HERON in heard[at_oak]) == (True, True)
        assert (own in heard[at_oak], "kestrel" in heard[at_oak]) == (False, False)


def test_staff_of_one_site_are_nobody_at_another(served: Served, rose: Site, oak: Site) -> None:
    with httpx.Client(timeout=20, headers={"Sec-Fetch-Site": "same-origin"}) as browser:
        for site, name in ((rose, "rita"), (oak, "otto")):
            AccountStore(staff_database(served.settings_of(site.name).staff)).add(name, Role.READER, PASSWORD)
            home = f"{served.address}/s/{site.key}/staff/"
            assert browser.get(home).headers["location"] == "sign-in"
            form = {"name": name, "password": PASSWORD}
            assert browser.post(f"{home}sign-in", data=form).status_code == 303
        for site, name in ((rose, "rita"), (oak, "otto")):  # the second did not replace the first
            assert name in browser.get(f"{served.address}/s/{site.key}/staff/").text
        rose_queue, oak_queue = (f"{served.address}/s/{site.key}/staff/gradio_api/queue" for site in (rose, oak))
        numbers = ({"fn_index": number, "data": [], "session_hash": "otto"} for number in range(100))
        joined = (browser.post(f"{oak_queue}/join", json=body) for body in numbers)
        event = next(reply.json()["event_id"] for reply in joined if reply.status_code == 200)
        assert browser.get(f"{rose_queue}/data?session_hash=otto").status_code == 404
        assert event in browser.get(f"{oak_queue}/data?session_hash=otto").text
        own = browser.cookies[f"footnote-staff-{rose.key}"]
        browser.cookies.clear()
        browser.cookies.set(f"footnote-staff-{oak.key}", own)
        assert browser.get(f"{served.address}/s/{oak.key}/staff/").status_code == 303


def test_the_rate_limit_of_one_site_leaves_the_others_alone(served: Served, oak: Site) -> None:
    busy = served.add("busy", "wren", 50, per_minute=2)
    until(lambda: served.ask(busy).status_code == 200)
    assert served.ask(busy).status_code == 429
    assert served.ask(oak).status_code == 200


def test_a_site_is_renamed_changed_and_removed_while_others_are_served(served: Served, oak: Site) -> None:
    elm = served.add("elm", "robin", 60)
    until(lambda: served.ask(elm).status_code == 200)
    served.sites.rename("elm", "ash")
    until(lambda: served.ask(elm).status_code == 200)  # by the same key
    assert served.says(elm) == "A peel costs 60 pounds, says the robin."
    assert not (served.sites.folder / "elm").exists()
    served.sites.change(Site("ash", elm.key, ("chat.ash.example",)))
    by_host = {"Host": "chat.ash.example"}
    until(lambda: httpx.post(f"{served.address}/api/ask", json=QUESTION, headers=by_host).status_code == 200)
    kept = served.sites.remove("ash")
    until(lambda: served.ask(elm).status_code == 404)
    journal = Journal.open(str(kept / "journal" / "journal.sqlite3"), 30)
    assert journal
    assert len(journal.asked()) == 4
    assert served.ask(oak).status_code == 200


def test_a_broken_site_is_unavailable_and_the_others_are_served(served: Served, oak: Site) -> None:
    broken = served.add("broken", "crow", 40)
    (served.sites.folder / "broken" / "clinic.toml").write_text("name = ")
    until(lambda: served.ask(broken).status_code == 503)
    reply = served.ask(broken)
    assert reply.json()["detail"] == "This site cannot be served just now. Please try again in a moment."
    assert reply.headers["Retry-After"] == "10"
    assert served.ask(oak).status_code == 200


def test_sites_that_are_still_being_built_keep_no_other_one_closed(served: Served) -> None:
    before = served.ready()["sites"]
    ready, *new = (served.add(name, "finch", 30) for name in ("ready", "new", "newer"))
    folders = [served.sites.folder / site.name / "index" for site in new]
    for folder in folders:
        shutil.rmtree(folder)
    with ThreadPoolExecutor() as threads, publishing_lock(folders[0]), publishing_lock(folders[1]):
        until(lambda: served.ready()["sites"] == before + 3)
        asked = [threads.submit(served.ask, site) for site in new]
        until(lambda: all((folder.parent / ".open").exists() for folder in folders))
        assert served.ask(ready).status_code == 200
        assert not any(one.done() for one in asked)
        served.sites.remove("newer")  # it need not be built first
        assert asked[1].result().status_code == 503
    until(lambda: served.ask(new[0]).status_code == 200)


def test_an_outdated_site_is_served_until_its_turn_to_rebuild(served: Served) -> None:
    before = served.ready()["sites"]
    late = served.add("late", "stork", 20)
    (served.sites.folder / "late" / "corpus" / "late.md").write_text(PAGE.format(30, "stork"))
    until(lambda: served.ready()["sites"] == before + 1)
    with served.client(late) as client:
        opened = client.get("/api/ready").json()
    assert opened["state"] == "serving an earlier build, waiting to be rebuilt"


def test_an_unused_site_is_closed_and_opened_again(served: Served, rose: Site) -> None:
    until(lambda: served.ready()["open"] == 0)
    assert served.says(rose) == "A peel costs 70 pounds, says the kestrel."
    assert served.ready()["open"] == 1


@pytest.fixture(scope="module")
def three(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Site]]:
    """Return the folder of three sites, and the sites."""
    folder = tmp_path_factory.mktemp("three") / "sites"
    made = Served(Sites(folder), load_settings({"FOOTNOTE_SITES": str(folder)}), "", encoder)
    return folder, [made.add(name, "wren", 70) for name in ("rose", "oak", "elm")]


@contextmanager
def two_at_once(folder: Path, encoder: Encoder, held: float) -> Iterator[Served]:
    """Serve sites, two of which may be open at once."""
    settings = load_settings({"FOOTNOTE_SITES": str(folder)})
    sites, pipeline, limits = Sites(folder), load_pipeline(encoder), OpenLimits(most=2, held=held)
    with running(lambda: create_sites_app(settings, sites, pipeline, limits)) as address:
        yield Served(sites, settings, address, encoder)


def test_no_more_sites_are_open_than_the_bound_while_requests_run(
    three: tuple[Path, list[Site]], encoder: Encoder
) -> None:
    folder, (rose, oak, elm) = three
    with two_at_once(folder, encoder, held=3600) as served:
        with served.holding(rose, oak) as (at_rose, _):
            refused = served.ask(elm)
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "10")
            assert served.ask(rose).status_code == 200
            at_rose.close()
            until(lambda: served.ask(elm).status_code == 200)
        assert [served.ask(site).status_code for site in (rose, oak, elm)] == [200, 200, 200]
        assert served.ready()["open"] == 2


def test_streams_that_are_held_open_keep_no_further_site_closed(
    three: tuple[Path, list[Site]], encoder: Encoder
) -> None:
    folder, (rose, oak, elm) = three
    with two_at_once(folder, encoder, held=0.1) as served, served.holding(rose, oak) as (at_rose, _):
        until(lambda: served.ask(elm).status_code == 200)
        assert served.ready()["open"] == 2
        assert at_rose.recv(12) == b"HTTP/1.1 503"  # it was begun first, and is cut off


def test_the_chat_page_of_a_site_answers_and_opens_its_page(browser: Browser, served: Served, rose: Site) -> None:
    with visiting(browser, f"{served.address}/s/{rose.key}") as visitor:
        page = visitor.open()
        page.locator("#question textarea").fill("How much does a peel cost?")
        page.keyboard.press("Enter")
        expect(page.get_by_text("A peel costs 70 pounds, says the kestrel.").first).to_be_visible()


def test_the_script_tag_of_a_site_holds_its_key_unless_the_host_names_it(tmp_path: Path) -> None:
    sites = Sites(tmp_path)
    site = sites.add("rose", ["chat.rose.example"])
    assert site.base("https://agency.example/") == f"https://agency.example/s/{site.key}"
    assert site.base("https://chat.rose.example:8443") == "https://chat.rose.example:8443"
