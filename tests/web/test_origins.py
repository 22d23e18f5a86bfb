"""Who may use the assistant from elsewhere: what browsers say of it, on every route that other sites could reach."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers

from chatbot.clinic import AllowedSites, Clinic
from chatbot.indexing import build_index
from chatbot.web.http.origins import RequestSource, classify_source
from tests.conftest import WordEncoder
from tests.web.conftest import Attentive, ClinicSite, serving

SITE = "https://clinic.example"
EVIL = "https://evil.example"
SHARED = [
    ("GET", "/widget.js"),
    ("HEAD", "/widget.js"),
    ("GET", "/widget-talk.js"),
    ("GET", "/embed"),
    ("POST", "/api/ask"),
    ("POST", "/api/feedback"),
    ("OPTIONS", "/api/ask"),
    ("OPTIONS", "/widget.js"),
]
OTHERS = [
    ("GET", "/api/ready"),
    ("GET", "/pages/benefits-of-microneedling.txt"),
    ("GET", "/theme.css"),
    ("GET", "/gradio_api/app_id"),
    ("POST", "/gradio_api/queue/join"),
    ("GET", "/"),
    ("GET", "/demo"),
    ("PUT", "/nothing"),
]
FOREIGN = [
    {"origin": EVIL},
    {"origin": "null"},
    {"origin": ""},
    {"origin": SITE + ".evil.example"},
    {"origin": SITE.replace("https", "http")},
    {"origin": SITE + ":8443"},
    {"origin": "https://www.clinic.example"},
    {"origin": EVIL, "referer": SITE + "/"},
    {"origin": EVIL, "sec-fetch-site": "cross-site"},
    {"referer": EVIL + "/page"},
    {"referer": f"{EVIL}/{SITE}/"},
    {"referer": "https://[broken"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
    {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    {"sec-fetch-site": "cross-site", "referer": EVIL + "/", "sec-fetch-mode": "no-cors"},
    {"origin": EVIL, "access-control-request-method": "POST", "access-control-request-headers": "content-type"},
]


@pytest.fixture(scope="module")
def open_to_one(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that one site may use."""
    with served(corpus, tmp_path_factory.mktemp("one"), AllowedSites((SITE,))) as client:
        yield client


class served:  # noqa: N801 -- it reads as a word
    """A server of a bot with these sites."""

    def __init__(self, corpus: Path, index: Path, sites: AllowedSites) -> None:
        encoder = WordEncoder()
        build_index(corpus, index, encoder)
        self._serving = serving(Attentive(corpus, index, encoder, Clinic(sites=sites)))

    def __enter__(self) -> httpx.Client:
        self._client = httpx.Client(base_url=self._serving.__enter__(), timeout=20)
        return self._client

    def __exit__(self, *error: object) -> None:
        self._client.close()
        self._serving.__exit__(None, None, None)


def ask(client: httpx.Client, headers: dict[str, str], question: str = "is redness normal?") -> httpx.Response:
    return client.post("/api/ask", json={"question": question}, headers=headers)


@pytest.mark.parametrize(("method", "path"), [*SHARED, *OTHERS])
def test_other_sites_are_refused_on_every_route_and_method(open_to_one: httpx.Client, method: str, path: str) -> None:
    for headers in FOREIGN:
        if (method, path) in OTHERS and method == "GET" and set(headers) == {"referer"}:
            continue  # a link, from a browser that says no more
        response = open_to_one.request(method, path, headers=headers, content=b"{}" if method == "POST" else None)
        assert response.status_code == 403, headers
        assert not [name for name in response.headers if name.startswith("access-control")], headers
        if (method, path) in SHARED:
            assert "origin" in response.headers["vary"].lower()


def test_a_form_of_our_own_that_hides_its_page_is_not_refused_but_uses_no_shared_route(
    open_to_one: httpx.Client,
) -> None:
    hidden = {"origin": "null", "sec-fetch-site": "same-origin"}
    assert open_to_one.post("/", headers=hidden).status_code == 405
    assert ask(open_to_one, hidden).status_code == 403


def test_a_refused_site_is_named_once_in_the_log(open_to_one: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    for site in ("https://shop.example", "https://shop.example", 'https://"; made up'):
        for path in ("/widget.js", "/embed"):
            assert open_to_one.get(path, headers={"referer": f"{site}/page"}).status_code == 403
    (line,) = [record.getMessage() for record in caplog.records if "shop.example" in record.getMessage()]
    assert 'add "https://shop.example" to allowed under [sites] in clinic.toml' in line
    assert "made up" not in caplog.text


def test_a_made_up_crowd_of_sites_fills_no_log(open_to_one: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(80):
        ask(open_to_one, {"origin": f"https://site{number}.example"})
    assert len([record for record in caplog.records if "asks for the chat" in record.getMessage()]) <= 50


def test_a_refusal_says_what_cures_it(open_to_one: httpx.Client) -> None:
    assert "list it under [sites] in clinic.toml" in ask(open_to_one, {"origin": EVIL}).json()["detail"]


def test_a_site_on_the_list_may_ask_and_read_the_answer(open_to_one: httpx.Client) -> None:
    response = ask(open_to_one, {"origin": SITE, "sec-fetch-site": "cross-site"})
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == SITE
    assert "access-control-allow-credentials" not in response.headers
    assert "origin" in response.headers["vary"].lower()


def test_a_site_on_the_list_can_read_what_went_wrong(open_to_one: httpx.Client) -> None:
    for question, status in (("", 422), ("break", 500)):
        response = ask(open_to_one, {"origin": SITE}, question)
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (status, SITE)
    large = open_to_one.post("/api/ask", content=b"x" * 100_000, headers={"origin": SITE})
    assert (large.status_code, large.headers["access-control-allow-origin"]) == (413, SITE)


def test_a_browser_that_asks_beforehand_is_told_exactly_what_is_allowed(open_to_one: httpx.Client) -> None:
    asked = {"origin": SITE, "access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    response = open_to_one.options("/api/ask", headers=asked)
    assert response.status_code == 204
    told = {name: value for name, value in response.headers.items() if name.startswith("access-control")}
    assert told == {
        "access-control-allow-origin": SITE,
        "access-control-allow-methods": "POST",
        "access-control-allow-headers": "Content-Type",
        "access-control-max-age": "7200",
        "access-control-expose-headers": "Retry-After",
    }
    assert open_to_one.options("/api/ready", headers=asked).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"referer": SITE + "/treatments?x=1", "sec-fetch-site": "cross-site", "sec-fetch-dest": "script"},
        {"referer": SITE + "/"},
        {"origin": SITE, "sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "same-origin"},
        {},
    ],
)
def test_the_script_is_given_to_sites_on_the_list_and_to_ourselves(
    open_to_one: httpx.Client, headers: dict[str, str]
) -> None:
    response = open_to_one.get("/widget.js", headers=headers)
    assert response.status_code == 200
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["cache-control"].startswith("private")


def test_only_sites_on_the_list_may_frame_the_chat(open_to_one: httpx.Client) -> None:
    frame = {"referer": SITE + "/", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    response = open_to_one.get("/embed", headers=frame | {"sec-fetch-dest": "iframe"})
    assert response.status_code == 200
    assert f"frame-ancestors 'self' {SITE}" in response.headers["content-security-policy"]
    assert "x-frame-options" not in response.headers
    for path in ("/", "/demo", "/pages/benefits-of-microneedling.txt"):
        assert open_to_one.get(path).headers["x-frame-options"] == "DENY"
        assert open_to_one.get(path, headers=frame | {"sec-fetch-dest": "iframe"}).status_code == 403


def test_links_to_our_pages_may_be_followed_from_anywhere(open_to_one: httpx.Client) -> None:
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    for path in ("/", "/demo", "/pages/benefits-of-microneedling.txt"):
        assert open_to_one.get(path, headers=link | {"referer": EVIL + "/"}).status_code == 200
        assert open_to_one.get(path, headers={"referer": EVIL + "/"}).status_code == 200
        assert open_to_one.get(path, headers=link | {"origin": EVIL}).status_code == 403
    assert open_to_one.get("/embed", headers=link).status_code == 403


def test_an_empty_list_lets_nobody_in_but_our_own_pages(corpus: Path, tmp_path: Path) -> None:
    with served(corpus, tmp_path, AllowedSites()) as client:
        own = str(client.base_url).rstrip("/")
        assert ask(client, {"origin": SITE}).status_code == 403
        assert ask(client, {"origin": own}).status_code == 200
        assert "access-control-allow-origin" not in ask(client, {"origin": own}).headers
        assert "frame-ancestors 'self'" in client.get("/embed").headers["content-security-policy"]


def test_the_servers_own_address_on_the_list_breaks_nothing(open_to_one: httpx.Client) -> None:
    script = re.findall(r'src="/?(assets/[^"]+)"', open_to_one.get("/").text)[0]
    own = {"origin": SITE}
    for named in ({"host": "clinic.example"}, {"sec-fetch-site": "same-origin"}, {}):  # {}: a proxy changes the host
        response = open_to_one.get(f"/{script}", headers=own | named)
        assert response.status_code == 200
        assert "access-control-allow-origin" not in response.headers
        assert open_to_one.post("/gradio_api/queue/join", headers=own | named, json={}).status_code == 400
        assert ask(open_to_one, own | named).status_code == 200
    assert open_to_one.get(f"/{script}", headers=own | {"sec-fetch-site": "cross-site"}).status_code == 403


def test_programs_may_ask_until_the_clinic_closes_the_interface(corpus: Path, tmp_path: Path) -> None:
    with served(corpus, tmp_path, AllowedSites((SITE,), api="closed")) as client:
        assert ask(client, {}).status_code == 403
        assert client.post("/gradio_api/queue/join", json={}).status_code == 403
        assert client.get("/").status_code == 200
        assert ask(client, {"origin": SITE}).status_code == 200
        assert client.get("/api/ready").status_code == 200
        assert client.get("/widget.js").status_code == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, RequestSource.PROGRAM),
        ({"host": "chat.example"}, RequestSource.PROGRAM),
        ({"host": "chat.example", "origin": "https://chat.example"}, RequestSource.OWN),
        ({"host": "chat.example:443", "origin": "https://chat.example"}, RequestSource.OWN),
        ({"host": "chat.example:7860", "origin": "http://chat.example:7860"}, RequestSource.OWN),
        ({"host": "chat.example:7860", "origin": "http://chat.example"}, RequestSource.FOREIGN),
        # A page on plain HTTP of the same name is another site, and the browser says so.
        (
            {"host": "chat.example", "origin": "http://chat.example", "sec-fetch-site": "cross-site"},
            RequestSource.FOREIGN,
        ),
        # Behind a proxy that names another host, the browser vouches.
        (
            {"host": "127.0.0.1:7860", "origin": "https://chat.example", "sec-fetch-site": "same-origin"},
            RequestSource.OWN,
        ),
        ({"host": "127.0.0.1:7860", "origin": "https://chat.example"}, RequestSource.FOREIGN),
        ({"host": "x", "x-forwarded-host": "evil.example", "origin": EVIL}, RequestSource.FOREIGN),
        ({"host": "chat.example", "referer": "https://chat.example/demo"}, RequestSource.OWN),
        ({"host": "", "origin": "null"}, RequestSource.FOREIGN),
        ({"origin": "null"}, RequestSource.FOREIGN),
        ({"host": "chat.example:99999", "origin": "https://chat.example:99999"}, RequestSource.FOREIGN),
        ({"host": "a", "referer": ""}, RequestSource.FOREIGN),
        ({"origin": "https://CLINIC.example"}, RequestSource.FOREIGN),
        ({"origin": SITE}, RequestSource.ALLOWED),
        # The list may hold this server's own address.
        ({"host": "clinic.example", "origin": SITE}, RequestSource.OWN),
        ({"host": "127.0.0.1:7860", "origin": SITE, "sec-fetch-site": "same-origin"}, RequestSource.OWN),
        ({"host": "127.0.0.1:7860", "origin": SITE, "sec-fetch-site": "same-site"}, RequestSource.ALLOWED),
    ],
)
def test_a_sender_is_told_by_what_no_page_can_make_up(headers: dict[str, str], expected: RequestSource) -> None:
    assert classify_source(Headers(headers), {SITE}) is expected


def test_the_scripts_are_kept_by_the_browser_until_they_change(open_to_one: httpx.Client) -> None:
    first = open_to_one.get("/widget.js")
    again = open_to_one.get("/widget.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "stale-while-revalidate" in first.headers["cache-control"]
    (version,) = re.findall(r'"talk":"([0-9a-f]{12})"', first.text)
    talk = open_to_one.get(f"/widget-talk.js?v={version}")
    assert talk.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert open_to_one.get("/widget-talk.js?v=0").headers["cache-control"] == "no-store"


def test_a_site_of_another_port_is_another_site(clinic_site: ClinicSite) -> None:
    origin = clinic_site.origin.rsplit(":", 1)[0] + ":1"
    assert httpx.get(clinic_site.assistant + "/widget.js", headers={"origin": origin}).status_code == 403
    assert httpx.get(clinic_site.assistant + "/widget.js", headers={"origin": clinic_site.origin}).status_code == 200
