"""Metrics for Prometheus, on a listener of their own that no visitor reaches.

No label holds anything that a visitor can choose: routes are templates, and outcomes, reasons and sites are few.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot import __version__
from chatbot.errors import SettingsError

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal
    from chatbot.web.http.answer_and_record import AnswerService

__all__ = ["Metrics", "PrometheusSiteMetrics"]

_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds
_STAFF: Final = "/staff"
_OTHER: Final = "other"


class Metrics:
    """The metrics of a server, of one site or of many.

    >>> metrics = Metrics()
    >>> metrics.listen("127.0.0.1", 9464)
    >>> create_app(bot, journal, settings, site_metrics=metrics.site())
    """

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # those would double the number of lines
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "footnote_requests", "Responses, by the template of their route.", ["site", "route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            "footnote_question_seconds", "Seconds from a question to its answer, its wait included.", ["site"],
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.answers = Counter("footnote_answers", "Answers.", ["site", "outcome"], registry=self.registry)
        self.refused = Counter(
            "footnote_refused", "Requests that were refused: rate limit, queue full, origin.", ["site", "reason"],
            registry=self.registry,
        )  # fmt: skip
        self._sites: dict[str, PrometheusSiteMetrics] = {}
        self._connections: Callable[[], int] = lambda: 0
        ProcessCollector(registry=self.registry)
        self.registry.register(_AtScrape(self._at_scrape))

    def site(self, name: str = "") -> "PrometheusSiteMetrics":
        """Return new metrics of a site, which are shown from now on; a server of one site gives it no name."""
        self._sites[name] = metrics = PrometheusSiteMetrics(self, name)
        return metrics

    def forget(self, metrics: "PrometheusSiteMetrics") -> None:
        """Stop looking at a site that was closed, unless it was opened again; what was counted stays."""
        if self._sites.get(metrics.name) is metrics:
            del self._sites[metrics.name]

    def watch_connections(self, count: Callable[[], int]) -> None:
        """Take what returns the number of open connections."""
        self._connections = count

    def listen(self, host: str, port: int) -> Callable[[], None]:
        """Serve the metrics on an address until the function that is returned is called; raises `SettingsError`."""
        try:
            server, thread = start_http_server(port, host, self.registry)
        except OSError as error:
            raise SettingsError(
                f"Footnote cannot serve metrics on {host}, port {port}: {error.strerror or error}. "
                "Set FOOTNOTE_METRICS to a free address and port."
            ) from error

        def stop() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        return stop

    def _at_scrape(self) -> Iterator[Metric]:
        connections = GaugeMetricFamily("footnote_connections_open", "Open connections of visitors and staff.")
        connections.add_metric([], self._connections())
        yield connections
        families = {
            name: (CounterMetricFamily if is_counter else GaugeMetricFamily)(name, text, labels=["site"])
            for name, text, is_counter in _WATCHED
        }
        builds = GaugeMetricFamily(
            "footnote_build_info", "The build that is served.", labels=["site", "build", "version"]
        )
        for name, site in list(self._sites.items()):
            if site.watched:
                builds.add_metric([name, site.watched.bot.build, __version__], 1)
                for family, value in site.watched.values():
                    families[family].add_metric([name], value)
        yield builds
        yield from families.values()


class _AtScrape(Collector):
    """Metrics that are read at each scrape."""

    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self._collect = collect

    def collect(self) -> Iterator[Metric]:
        return self._collect()


_WATCHED: Final = (
    ("footnote_index_age_seconds", "Seconds since the build that is served was made.", False),
    ("footnote_questions_waiting", "Questions that wait for their turn.", False),
    ("footnote_questions_running", "Questions that are being answered.", False),
    ("footnote_journal_waiting", "Changes of the journal that wait to be written.", False),
    ("footnote_journal_lost", "Changes of the journal that could not be written.", True),
)


@dataclass(frozen=True, slots=True)
class _Watched:
    """What is read at each scrape."""

    bot: "Chatbot"
    answers: "AnswerService"
    journal: "Journal | None"
    index: Path | None

    def values(self) -> Iterator[tuple[str, float]]:
        if self.index:
            with suppress(OSError):
                made = (self.index / self.bot.build / "manifest.json").stat().st_mtime
                yield "footnote_index_age_seconds", max(time.time() - made, 0.0)
        waiting, running = self.answers.load
        yield "footnote_questions_waiting", waiting
        yield "footnote_questions_running", running
        if self.journal:
            yield "footnote_journal_waiting", self.journal.waiting
            yield "footnote_journal_lost", self.journal.lost


class PrometheusSiteMetrics:
    """The metrics of one site. It may be used from any thread."""

    def __init__(self, metrics: Metrics, name: str) -> None:
        self._metrics = metrics
        self.name = name
        self.watched: _Watched | None = None

    def watch(self, bot: "Chatbot", answers: "AnswerService", journal: "Journal | None", index: Path | None) -> None:
        """Take what is read at each scrape; `index` is the folder of the builds."""
        self.watched = _Watched(bot, answers, journal, index)

    def middleware(self, app: ASGIApp) -> ASGIApp:
        """Return an application that counts the responses of another one."""
        return _RequestMetrics(app, self)

    def answered(self, outcome: str, seconds: float) -> None:
        """Count an answer."""
        self._metrics.answers.labels(self.name, outcome).inc()
        self._metrics.seconds.labels(self.name).observe(seconds)

    def refused(self, reason: str) -> None:
        """Count a refusal; there are few reasons."""
        self._metrics.refused.labels(self.name, reason).inc()

    def responded(self, route: str, status: int) -> None:
        """Count a response; `route` is a template."""
        self._metrics.requests.labels(self.name, route, str(status)).inc()


class _RequestMetrics:
    """Counts responses by the template of the route that gave them."""

    def __init__(self, app: ASGIApp, metrics: PrometheusSiteMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._metrics.responded(_template(scope), message["status"])
            await send(message)

        await self._app(scope, receive, send_and_count)


def _template(scope: Scope) -> str:
    """Return the template of a request's route; what has none is counted together."""
    path: str = scope["path"]
    if path == _STAFF or path.startswith(f"{_STAFF}/"):
        return f"{_STAFF}/*"
    template = getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else _OTHER
