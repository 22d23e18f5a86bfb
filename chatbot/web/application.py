"""The web application, put together: routes, middleware and the staff console, over one bot."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from anyio import to_thread
from fastapi import APIRouter, FastAPI
from fastapi.responses import RedirectResponse
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from chatbot.operation.notices import Notices
from chatbot.staff import DailyCrawl, DailyDigest, Delivery, daily_crawl
from chatbot.web.console import ConsoleServices, staff_app
from chatbot.web.http.answer_and_record import AnswerService, SiteTurns
from chatbot.web.http.assets import Assets, asset_routes, build_assets
from chatbot.web.http.clinic_follower import ClinicFollower
from chatbot.web.http.gradio_allowlist import GradioAllowlist
from chatbot.web.http.gradio_app import gradio_app
from chatbot.web.http.lazy import LazyPart, Lifespan, Part
from chatbot.web.http.middleware import BodySizeLimit, RootPath, SecurityHeaders
from chatbot.web.http.origins import OriginMiddleware
from chatbot.web.http.problems import ServerErrorMiddleware, handle_errors
from chatbot.web.http.proxies import ProxyHint
from chatbot.web.http.rate_limit import RateLimiter
from chatbot.web.http.site_metrics import NoMetrics, SiteMetrics
from chatbot.web.http.translations import check_texts
from chatbot.web.visitor.api import api_routes
from chatbot.web.visitor.chat import ChatPolicy, chat_blocks
from chatbot.web.visitor.chat_page import chat_page_routes
from chatbot.web.visitor.document_pages import page_routes
from chatbot.web.visitor.openapi import openapi_routes
from chatbot.web.visitor.widget import widget_routes

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.journal import Journal
    from chatbot.settings import Settings

__all__ = ["create_app"]

_NO_METRICS: Final = NoMetrics()


def create_app(  # noqa: PLR0913 - what is there before a server
    bot: "Chatbot",
    journal: "Journal | None" = None,
    settings: "Settings | None" = None,
    more_routes: Iterable[APIRouter] = (),
    *,
    site_turns: SiteTurns | None = None,
    site_metrics: SiteMetrics = _NO_METRICS,
) -> FastAPI:
    """Build the web application of a bot; nothing starts before the application is served.

    Without a journal, no question is recorded. Without settings, there is no staff console. An application of one site
    of many takes its turns among them, and builds the chat page and the console when somebody first opens them.
    """
    sites = bot.clinic.sites
    questions = RateLimiter(sites.requests_per_minute, on_refusal=partial(site_metrics.refused, "rate limit"))
    answers = AnswerService(bot, journal, questions, site_turns, site_metrics)
    notices = Notices(settings.staff if settings else None)
    assets = build_assets(bot.clinic.colours.accent)
    lifespans: list[Lifespan] = []

    def add(build: Callable[[], Part]) -> ASGIApp:
        """Return a part of the application, and note its lifespan."""
        if site_turns:
            lazy = LazyPart(build)
            part: Part = (lazy, lazy.lifespan)
        else:
            part = build()
        lifespans.append(part[1])
        return part[0]

    app = FastAPI(
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan(journal, lifespans),
    )
    for routes in (
        api_routes(bot, journal, answers),
        page_routes(bot, assets),
        asset_routes(assets),
        widget_routes(bot, journal.retention if journal else 0),
        openapi_routes(app),
        *more_routes,
    ):
        app.include_router(routes)
    if settings and settings.mcp:
        from chatbot.web.visitor.mcp_server import mcp_routes  # noqa: PLC0415 -- it loads the SDK, which few need

        app.include_router(mcp_routes(bot, answers, questions))
    if settings and settings.clinic:
        lifespans.append(ClinicFollower(bot, settings.clinic, check_texts).lifespan)
    if settings:
        services = ConsoleServices.of(bot, journal, settings)
        lifespans.append(services.lifespan)
        _mount_console(app, add(partial(staff_app, services, assets)))
        lifespans += _daily_work(services, settings)
    app.router.default = add(partial(_chat_part, bot, journal, answers, questions, assets))
    handle_errors(app)
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(BodySizeLimit, exempt_path="/staff/")
    app.add_middleware(ServerErrorMiddleware)
    # Outside of everything that answers, so that allowed sites can read errors too.
    app.add_middleware(
        OriginMiddleware,
        sites=sites,
        questions=questions,
        notices=notices,
        on_refusal=partial(site_metrics.refused, "origin"),
    )
    app.add_middleware(ProxyHint, notices=notices)
    site_metrics.watch(bot, answers, journal, settings.index if settings else None)
    app.add_middleware(site_metrics.middleware)
    if settings and settings.root_path:
        app.add_middleware(RootPath, path=settings.root_path)
    app.add_middleware(SecurityHeaders)  # the outermost, so that every response passes it
    return app


_NO_UPLOAD: Final = 1  # byte


def _chat_part(
    bot: "Chatbot", journal: "Journal | None", answers: AnswerService, questions: RateLimiter, assets: Assets
) -> Part:
    """Build the chat page over Gradio."""
    blocks = chat_blocks(bot, journal, answers)
    gradio = gradio_app(blocks, _NO_UPLOAD)
    chat = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    chat.include_router(chat_page_routes(blocks, bot, assets, journal.retention if journal else 0))
    chat.router.default = GradioAllowlist(gradio, blocks, ChatPolicy(questions))
    handle_errors(chat)
    return chat, gradio.router.lifespan_context


def _mount_console(app: FastAPI, console: ASGIApp) -> None:
    """Mount the staff console at /staff."""

    @app.api_route("/staff", methods=["GET", "HEAD"], include_in_schema=False)
    async def staff() -> RedirectResponse:
        return RedirectResponse("staff/", HTTPStatus.PERMANENT_REDIRECT)

    app.mount("/staff", console)


def _daily_work(services: ConsoleServices, settings: "Settings") -> Iterator[Lifespan]:
    """Yield the lifespans of the threads that send the digest, and that read the clinic's site again every day."""
    if services.journal:
        delivery = Delivery(settings.smtp, settings.webhook_secret)
        yield _running(DailyDigest(services.bot, services.journal, services.database, delivery))
    if settings.crawl:
        yield _running(daily_crawl(services.bot, services.pages, settings))


def _running(work: DailyDigest | DailyCrawl) -> Lifespan:
    """Return the lifespan of a thread."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        work.start()
        yield
        await to_thread.run_sync(work.stop)

    return lifespan


def _lifespan(journal: "Journal | None", lifespans: list[Lifespan]) -> Lifespan:
    """Return the lifespan of the application: that of its parts, with the journal open until all is written."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for part in lifespans:
                await stack.enter_async_context(part(app))
            if journal:
                await to_thread.run_sync(journal.start)
            yield
            if journal:
                await to_thread.run_sync(journal.close)

    return lifespan
