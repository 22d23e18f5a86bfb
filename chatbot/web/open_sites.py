"""Many sites in one process: each is opened when it is first asked for, and closed when it was long unused."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from anyio import CapacityLimiter, to_thread
from fastapi import FastAPI, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chatbot.answering import Pipeline
from chatbot.errors import FootnoteError, SiteRefused
from chatbot.journal import Journal
from chatbot.operation.swap import take_back_restore
from chatbot.settings import Settings
from chatbot.sites import SITE_PATH, Site, SiteLock, Sites, SitesFound, site_settings
from chatbot.staff import IndexHealer, RebuildTurns
from chatbot.web.application import create_app
from chatbot.web.http.answer_and_record import SiteTurns
from chatbot.web.http.middleware import OwnCookies, RootPath, SecurityHeaders
from chatbot.web.http.problems import ServerErrorMiddleware, encode_json, handle_errors, problem_response
from chatbot.web.http.site_metrics import NoMetrics, SiteMetrics

if TYPE_CHECKING:
    from chatbot.web.http.metrics import Metrics

__all__ = ["OpenLimits", "OpenSites", "create_sites_app"]

_LOG = logging.getLogger(__name__)
_LOOK: Final = 1.0  # seconds between two looks at the folder of the sites
_CRAWL_IDLE: Final = 3 * 3600.0  # seconds without a request; so long a crawled site stays open, to end its crawl
_OPENING: Final = 20.0  # seconds that a visitor waits for a site to open
_RETRY: Final = 10.0  # seconds after which a site that could not be opened is tried again
_GRACE: Final = 5.0  # seconds that running requests have when a site is closed
_AT_ONCE: Final = 2  # sites that are opened at once, and further ones that are built for the first time
_ROUND: Final = 3 * 3600.0  # seconds; so often each site is opened, to forget old questions, crawl and send its digest


@dataclass(frozen=True, slots=True)
class OpenLimits:
    """How many sites are open at once, and when one is closed, or opened unasked.

    `idle` are the seconds without a request after which a site is closed. `held` are the seconds after which a request
    that still runs, such as the heartbeat of an open page, keeps its site open no more where another one is wanted.
    `first_round` are the seconds after the start at which the sites that nobody asked are opened, one after the other:
    earlier, this would delay the server.
    """

    most: int = 250
    idle: float = 1800.0
    held: float = 60.0
    first_round: float = 60.0


_LIMITS: Final = OpenLimits()


class _OpenSite:
    """A site that is being opened, is open or is being closed."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.application: asyncio.Future[ASGIApp] = asyncio.get_running_loop().create_future()
        self.closing = asyncio.Event()
        self.keeper: asyncio.Task[None] | None = None
        self._cut_off = asyncio.Event()
        self._unused = asyncio.Event()
        self._unused.set()
        self._requests = 0
        self._begun = self._used = time.monotonic()

    @property
    def idle(self) -> float:
        """The seconds since the last request ended."""
        return 0.0 if self._requests else time.monotonic() - self._used

    @property
    def quiet(self) -> float:
        """The seconds since the last request began."""
        return time.monotonic() - self._begun

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count a request for as long as it lasts."""
        self._requests += 1
        self._begun = time.monotonic()
        self._unused.clear()
        try:
            yield
        finally:
            self._requests -= 1
            self._used = time.monotonic()
            if not self._requests:
                self._unused.set()

    async def wait_for_requests(self) -> None:
        """Wait until no request runs; after a while, what streams for ever is cut off."""
        for _ in range(2):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._unused.wait(), _GRACE)
            self.cut_off()

    def cut_off(self) -> None:
        """Let each request that runs end as if its client had left."""
        self._cut_off.set()

    def received(self, receive: Receive) -> Receive:
        """Return a channel that says, once the request is cut off, that the client has left."""

        async def receive_or_leave() -> Message:
            receiving = asyncio.ensure_future(receive())
            leaving = asyncio.ensure_future(self._cut_off.wait())
            try:
                done, _ = await asyncio.wait({receiving, leaving}, return_when=asyncio.FIRST_COMPLETED)
                return receiving.result() if receiving in done else {"type": "http.disconnect"}
            finally:
                receiving.cancel()
                leaving.cancel()

        return receive_or_leave


class OpenSites:
    """The sites of a server that are open; it must be used from one event loop."""

    def __init__(
        self,
        settings: Settings,
        sites: Sites,
        pipeline: Pipeline,
        limits: OpenLimits,
        metrics: "Metrics | None" = None,
    ) -> None:
        """Take the server's settings and sites, the models that all share, and when sites are closed."""
        self._limits = limits
        self._metrics = metrics
        self._settings = settings
        self._sites = sites
        self._pipeline = pipeline
        self._turns = SiteTurns.queue()
        self._rebuilds = RebuildTurns(lambda: self._turns.load != (0, 0))
        self._places = asyncio.Semaphore(limits.most)  # a site that is being closed still has its place
        self._opening, self._building = CapacityLimiter(_AT_ONCE), CapacityLimiter(_AT_ONCE)
        self._open: dict[str, _OpenSite] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._by_address: dict[str, Site] = {}
        self._seen: object = None
        self._named: set[str] = set()  # the problems that the log has named
        self._visited: dict[str, float] = {}  # when each site was last opened
        self.found = SitesFound((), ())

    @property
    def count(self) -> int:
        """The number of sites that are open."""
        return len(self._open)

    def find(self, address: str) -> Site | None:
        """Return the site with a host name or a key."""
        return self._by_address.get(address)

    async def respond(self, site: Site, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on to a site, which is opened if it is not; answer 503 where it cannot be."""
        opened = self._open.get(site.name) or self._start(site)
        if opened is None:
            self._name(f"{self._limits.most} sites are in use at once: further ones cannot be opened meanwhile.")
            await _unavailable()(scope, receive, send)
            return
        with opened.request():
            try:
                application = await asyncio.wait_for(asyncio.shield(opened.application), _OPENING)
            except (FootnoteError, TimeoutError) as error:
                self._name(f"{site.name} cannot be served: {error}" if str(error) else f"{site.name} opens slowly.")
                await _unavailable()(scope, receive, send)
            else:
                await _answer(application, scope, opened.received(receive), send)

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """Look after the sites until the server ends."""
        await self._find()
        looking = asyncio.create_task(self._look_after())
        yield
        looking.cancel()
        for opened in list(self._open.values()):
            self._begin_closing(opened)
        await asyncio.gather(*self._closing)

    def _start(self, site: Site) -> _OpenSite | None:
        """Begin to open a site, in the place of another one where none is free; return None where all are in use."""
        if len(self._open) >= self._limits.most:
            replaced = self._least_used()
            if replaced is None:
                return None
            self._begin_closing(replaced)
            replaced.cut_off()  # what still runs only stays open
        opened = _OpenSite(site)
        self._open[site.name] = opened
        self._visited[site.name] = time.monotonic()
        opened.keeper = asyncio.create_task(self._keep(opened))
        return opened

    def _least_used(self) -> _OpenSite | None:
        """Return the site to close for another one: an idle one before one whose pages only stay open; None without."""
        held = self._limits.held
        free = (opened for opened in self._open.values() if opened.idle or opened.quiet > held)
        return max(free, key=lambda opened: (opened.idle > held, opened.quiet), default=None)

    async def _keep(self, opened: _OpenSite) -> None:
        """Open a site, keep it until it is to be closed, and close it."""
        async with AsyncExitStack() as stack:
            stack.callback(self._forget, opened)
            try:
                await stack.enter_async_context(self._places)
                application = await self._application(opened, stack)
            except Exception as error:  # noqa: BLE001 - one site must not stop the others; its visitors get the error
                opened.application.set_exception(error)
                opened.application.exception()  # where nobody waits for it, asyncio need not complain
                with suppress(TimeoutError):
                    await asyncio.wait_for(opened.closing.wait(), _RETRY)
                return
            opened.application.set_result(application)
            await opened.closing.wait()
            await opened.wait_for_requests()

    async def _application(self, opened: _OpenSite, stack: AsyncExitStack) -> ASGIApp:
        """Return the running application of a site, which ends with the stack; raise whatever keeps it from running."""
        settings = site_settings(self._settings, opened.site)
        healer = await self._healer(opened, settings, stack)
        journal = Journal.open(settings.journal, settings.retention)
        site_metrics: SiteMetrics = NoMetrics()
        if self._metrics:
            site_metrics = counted = self._metrics.site(opened.site.name)
            stack.callback(self._metrics.forget, counted)
        turns = SiteTurns(self._turns, opened.site.name)
        application = create_app(healer.bot, journal, settings, site_turns=turns, site_metrics=site_metrics)
        await stack.enter_async_context(application.router.lifespan_context(application))
        healer.start()
        stack.callback(healer.stop)
        return application

    async def _healer(self, opened: _OpenSite, settings: Settings, stack: AsyncExitStack) -> IndexHealer:
        """Lock a site until the stack ends, and open its index; raises a `FootnoteError`."""
        async with self._opening:
            lock = await to_thread.run_sync(SiteLock, self._sites, opened.site.name)
            stack.callback(lock.release)
            await to_thread.run_sync(take_back_restore, settings)
            healer = await to_thread.run_sync(IndexHealer.open_last_good, settings, self._pipeline, self._rebuilds)
        if healer is None:  # a build takes long, and sites that need none must not wait for it
            async with self._building:
                healer = await to_thread.run_sync(self._build, settings, opened)
        return healer

    def _build(self, settings: Settings, opened: _OpenSite) -> IndexHealer:
        """Build the index of a site that has none, until the site is to be closed."""

        def go_on(_done: int, _total: int) -> None:
            if opened.closing.is_set():
                raise SiteRefused("It is closed before its index is built.")

        return IndexHealer.open(settings, self._pipeline, progress=go_on, reading=go_on, turns=self._rebuilds)

    def _forget(self, opened: _OpenSite) -> None:
        if self._open.get(opened.site.name) is opened:
            del self._open[opened.site.name]

    def _begin_closing(self, opened: _OpenSite) -> None:
        """Pass no further request on to a site, and have it closed once those that run have ended."""
        self._forget(opened)
        opened.closing.set()
        if opened.keeper:
            self._closing.add(opened.keeper)
            opened.keeper.add_done_callback(self._closing.discard)

    async def _look_after(self) -> None:
        """Find new and changed sites, close those that are to be closed, and open each one in turn."""
        started = time.monotonic()
        while True:
            await asyncio.sleep(_LOOK)
            await self._find()
            for opened in await self._superfluous():
                self._begin_closing(opened)
            if time.monotonic() - started > self._limits.first_round:
                self._open_due()

    async def _find(self) -> None:
        """Read the folder of the sites again if it changed."""
        try:
            seen = await to_thread.run_sync(self._sites.changes)
            if seen == self._seen:
                return
            self.found = await to_thread.run_sync(self._sites.find)
        except FootnoteError as error:
            self._name(str(error))
            return
        self._seen = seen
        self._by_address = {address: site for site in self.found.sites for address in (site.key, *site.hosts)}
        for problem in self.found.problems:
            self._name(problem)

    async def _superfluous(self) -> list[_OpenSite]:
        """Return the open sites that are to be closed: changed, wanted by a command, or long unused."""
        known = {site.name: site for site in self.found.sites}
        names = list(self._open)
        wanted = await to_thread.run_sync(lambda: {name for name in names if self._sites.is_closed(name)})
        return [
            opened
            for opened in self._open.values()
            if known.get(opened.site.name) != opened.site
            or opened.site.name in wanted
            or opened.idle > (_CRAWL_IDLE if opened.site.crawl else self._limits.idle)
        ]

    def _open_due(self) -> None:
        """Open one of the sites that were not open for hours."""
        due = time.monotonic() - _ROUND
        for site in self.found.sites:
            if site.name not in self._open and self._visited.get(site.name, due) <= due:
                self._start(site)
                return

    def _name(self, problem: str) -> None:
        """Log a problem once."""
        if problem not in self._named:
            self._named.add(problem)
            _LOG.warning("%s", problem)


async def _answer(application: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Have an application answer, and answer 503 in its place where the request was cut off before."""
    began = False

    async def noted(message: Message) -> None:
        nonlocal began
        began = True
        await send(message)

    await application(scope, receive, noted)
    if not began:
        await _unavailable()(scope, receive, send)


class _SiteRouter:
    """Pass requests on to the site that their host names, or the key in their path."""

    def __init__(self, app: ASGIApp, sites: OpenSites) -> None:
        """Take the application of the server's own pages, and the sites."""
        self._app = app
        self._sites = sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        await self._application(scope)(scope, receive, send)

    def _application(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return self._app
        host = Headers(scope=scope).get("host", "").lower().rpartition("]")[2].partition(":")[0].rstrip(".")
        if host and (site := self._sites.find(host)):
            return partial(self._sites.respond, site)
        path: str = scope["path"]
        if path.startswith(SITE_PATH):
            key = path.removeprefix(SITE_PATH).partition("/")[0]
            if "." not in key and (site := self._sites.find(key)):
                own = OwnCookies(partial(self._sites.respond, site), f"-{key}")  # the host is shared with other sites
                return RootPath(own, site.path)
        return self._app


def create_sites_app(
    settings: Settings,
    sites: Sites,
    pipeline: Pipeline,
    limits: OpenLimits = _LIMITS,
    metrics: "Metrics | None" = None,
) -> FastAPI:
    """Build the web application of all sites; the server itself has no page but whether it is alive and ready."""
    opened = OpenSites(settings, sites, pipeline, limits, metrics)
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False, lifespan=opened.lifespan)

    @app.api_route("/api/health", methods=["GET", "HEAD"])
    async def health() -> Response:
        return _json({"status": "alive"})

    @app.api_route("/api/ready", methods=["GET", "HEAD"])
    async def ready() -> Response:
        found = opened.found
        return _json(
            {"status": "ready", "sites": len(found.sites), "open": opened.count, "problems": len(found.problems)}
        )

    handle_errors(app)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(_SiteRouter, sites=opened)
    app.add_middleware(ServerErrorMiddleware)
    if settings.root_path:
        app.add_middleware(RootPath, path=settings.root_path)
    return app


def _json(content: dict[str, object]) -> Response:
    return Response(encode_json(content), media_type="application/json")


def _unavailable() -> Response:
    return problem_response(
        HTTPStatus.SERVICE_UNAVAILABLE,
        {"Retry-After": f"{_RETRY:.0f}"},
        "This site cannot be served just now. Please try again in a moment.",
    )
