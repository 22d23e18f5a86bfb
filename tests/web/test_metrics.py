import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client import generate_latest

from benchmarks.performance.processes import free_port
from chatbot.bot import Chatbot
from chatbot.clinic import AllowedSites, Clinic
from chatbot.errors import SettingsError
from chatbot.indexing import build_index
from chatbot.journal import Journal
from chatbot.settings import load_settings
from chatbot.web.application import create_app
from chatbot.web.http.answer_and_record import AnswerService
from chatbot.web.http.metrics import Metrics
from chatbot.web.http.rate_limit import RateLimiter
from chatbot.web.server import build_server
from tests.conftest import WordEncoder
from tests.web.conftest import running

WORDS = "zebra stripes of Jane Hale"


class Served:
    """A server with metrics, and the address of its own listener for them."""

    def __init__(self, client: httpx.Client, metrics: str) -> None:
        self.client = client
        self._metrics = metrics

    def figures(self) -> dict[str, float]:
        text = httpx.get(self._metrics).text
        assert "Jane" not in text
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, value in lines}


@pytest.fixture(scope="module")
def served(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("metrics")
    build_index(corpus, folder / "index", WordEncoder())
    names = {name: str(folder / name.lower()) for name in ("STAFF_DIR", "JOURNAL")}
    environ = {f"FOOTNOTE_{name}": path for name, path in names.items()} | {"FOOTNOTE_INDEX": str(folder / "index")}
    settings = load_settings(environ)
    bot = Chatbot(
        corpus, folder / "index", WordEncoder(), Clinic(sites=AllowedSites(("https://clinic.test",), "open", 8))
    )
    metrics, port = Metrics(), free_port()
    stop = metrics.listen("127.0.0.1", port)
    site = metrics.site()
    journal = Journal.open(settings.journal, 30)
    with (
        running(lambda: create_app(bot, journal, settings, site_metrics=site), metrics=metrics) as address,
        httpx.Client(base_url=address, timeout=20) as client,
    ):
        yield Served(client, f"http://127.0.0.1:{port}/metrics")
    stop()


def test_what_visitors_do_is_counted_without_their_words(served: Served) -> None:
    for path in ("/", "/pages/benefits-of-microneedling.txt", f"/{WORDS}", "/staff/", "/pages/x.md"):
        served.client.get(path, follow_redirects=True)
    for number in range(6):
        served.client.post("/api/ask", json={"question": f"is redness normal? {WORDS} {number}"})
    served.client.post("/api/ask", json={"question": ""})
    served.client.get(f"/widget.js?{WORDS}", headers={"Origin": "https://elsewhere.test"})
    found = served.figures()
    asked = {name: value for name, value in found.items() if name.startswith("footnote_requests_total")}
    assert asked['footnote_requests_total{route="/api/ask",site="",status="200"}'] == 4
    assert asked['footnote_requests_total{route="other",site="",status="429"}'] == 3  # refused before it had a route
    assert asked['footnote_requests_total{route="/staff/*",site="",status="200"}'] == 1
    assert asked['footnote_requests_total{route="/pages/{document_id:path}",site="",status="404"}'] == 1
    assert asked['footnote_requests_total{route="other",site="",status="404"}'] == 1
    assert found['footnote_refused_total{reason="rate limit",site=""}'] == 3
    assert found['footnote_refused_total{reason="origin",site=""}'] == 1
    assert found['footnote_question_seconds_count{site=""}'] == 4
    answers = [value for name, value in found.items() if name.startswith("footnote_answers_total")]
    assert sum(answers) == 4


def test_the_state_of_the_server_is_shown_when_it_is_asked_for(served: Served) -> None:
    found = served.figures()
    assert found["footnote_connections_open"] >= 1
    assert found["process_resident_memory_bytes"] > 50e6
    assert found['footnote_journal_lost_total{site=""}'] == 0
    assert found['footnote_questions_running{site=""}'] == 0
    assert 0 <= found['footnote_index_age_seconds{site=""}'] < 600
    (build,) = [name for name in found if name.startswith("footnote_build_info")]
    assert re.fullmatch(r'footnote_build_info\{build="[0-9a-f]{16}",site="",version="[0-9.]+"\}', build)


def test_the_public_server_has_no_metrics(served: Served) -> None:
    assert served.client.get("/metrics").status_code == 404


def test_a_site_that_was_closed_is_no_longer_looked_at(bot: Chatbot) -> None:
    metrics = Metrics()
    before, after = metrics.site("rose"), metrics.site("rose")  # opened again before it was closed
    for metrics_of_site in (before, after):
        metrics_of_site.watch(bot, AnswerService(bot, None, RateLimiter(20)), None, None)
    metrics.forget(before)
    waiting = b'footnote_questions_waiting{site="rose"}'
    assert waiting in generate_latest(metrics.registry)
    metrics.forget(after)
    assert waiting not in generate_latest(metrics.registry)


def test_a_taken_port_for_metrics_is_named_with_its_cure(served: Served) -> None:
    port = int(httpx.URL(served._metrics).port or 0)  # noqa: SLF001 - the test's own class
    with pytest.raises(SettingsError, match="Set FOOTNOTE_METRICS to a free address"):
        Metrics().listen("127.0.0.1", port)


@pytest.mark.parametrize("text", ["9464", "localhost", "127.0.0.1:0", "127.0.0.1:99999", "a b:1"])
def test_a_listener_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_METRICS is"):
        load_settings({"FOOTNOTE_METRICS": text})


def test_two_servers_in_one_process_share_no_metrics() -> None:
    first, second = Metrics(), Metrics()
    first.site("a").refused("origin")
    assert b'reason="origin"' not in generate_latest(second.registry)
    build_server(lambda: pytest.fail("never called"), metrics=first)
    assert b"footnote_connections_open 0.0" in generate_latest(first.registry)
