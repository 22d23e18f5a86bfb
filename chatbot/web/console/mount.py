"""The console as one application: guard, sign-in, page and Gradio, to be mounted at /staff."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from http import HTTPStatus
from string import Template
from typing import Final
from urllib.parse import quote

import gradio as gr
from anyio import to_thread
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from starlette.background import BackgroundTask

from chatbot.evaluation.charts import warm_up
from chatbot.reading import LARGEST
from chatbot.staff import Account, Role, UnansweredPrefetcher
from chatbot.web.console.allowlist import StaffPolicy
from chatbot.web.console.approved import approved_tab
from chatbot.web.console.chart_routes import chart_routes
from chatbot.web.console.checks import checks_tab
from chatbot.web.console.clinic_text import clinic_text_tab
from chatbot.web.console.components import machine_text, wire
from chatbot.web.console.first_day import first_day_tab
from chatbot.web.console.guard import ACCOUNT, StaffGuard, is_for_editors
from chatbot.web.console.overview import overview_tab
from chatbot.web.console.pages import PagesTab
from chatbot.web.console.playground import playground_tab
from chatbot.web.console.services import ConsoleServices
from chatbot.web.console.sign_in import SignInPage, sign_in_routes
from chatbot.web.console.unanswered import unanswered_tab
from chatbot.web.console.urgent import urgent_tab
from chatbot.web.http.assets import Assets, static_text
from chatbot.web.http.gradio_allowlist import GradioAllowlist
from chatbot.web.http.gradio_app import POLICY, REQUEST, as_data, gradio_app, gradio_entry, set_queue
from chatbot.web.http.markup import Html, escape
from chatbot.web.http.middleware import BodySizeLimit
from chatbot.web.http.problems import handle_errors

__all__ = ["console_blocks", "staff_app"]

_LARGEST_UPLOAD: Final = 10 * 1024 * 1024  # bytes; a page may have fewer
_SLOWEST_UPLOAD: Final = 120  # seconds
_CUT_OFF: Final = Html(
    '<form class="message" id="cut-off" aria-label="A publishing that was cut off" method="post" '
    'action="cut-off-seen?time={time}"><p>{text}</p>'
    '<button type="submit">I have seen this</button></form>'
)
_POLICY: Final = "; ".join(
    f"{name} {sources}" for name, sources in (POLICY | {"img-src": "'self' data:", "form-action": "'self'"}).items()
)


def staff_app(
    services: ConsoleServices, assets: Assets
) -> tuple[StaffGuard, Callable[[FastAPI], AbstractAsyncContextManager[object]]]:
    """Build the application to mount at /staff, and its lifespan."""
    blocks = console_blocks(services)
    set_queue(blocks)
    gradio = gradio_app(blocks, LARGEST)
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    _add_sign_in(console, services, assets)
    console.include_router(_page_routes(services, blocks, assets))
    console.include_router(chart_routes(services))
    for_editors = {number for number, event in blocks.fns.items() if is_for_editors(event.fn)}
    uploads = BodySizeLimit(gradio, _LARGEST_UPLOAD, _SLOWEST_UPLOAD)  # uploads, whose size the guard does not limit
    console.router.default = GradioAllowlist(uploads, blocks, StaffPolicy(blocks, for_editors))
    handle_errors(console)
    return StaffGuard(console, services.account_store), _with_prefetch(services, gradio.router.lifespan_context)


def _add_sign_in(console: FastAPI, services: ConsoleServices, assets: Assets) -> None:
    """Add the routes by which staff sign in: with a password, and at a provider if the settings name one."""
    provider = services.settings.single_sign_on
    page = SignInPage(services.bot, services.account_store, assets, provider)
    console.include_router(sign_in_routes(page, services.account_store, services.throttle))
    if provider:
        from chatbot.web.console.single_sign_on import single_sign_on_routes  # noqa: PLC0415 - few servers need it

        provider.require_complete()
        console.include_router(single_sign_on_routes(page, provider, services.account_store, services.audit_log))


def _with_prefetch(
    services: ConsoleServices, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[object]]
) -> Callable[[FastAPI], AbstractAsyncContextManager[object]]:
    """Add to a lifespan that unanswered questions are embedded in the background, so that their tab opens at once."""

    @asynccontextmanager
    async def prefetching(app: FastAPI) -> AsyncIterator[object]:
        prefetcher = UnansweredPrefetcher(services.journal, services.question_embeddings) if services.journal else None
        async with lifespan(app) as state:
            if prefetcher:
                prefetcher.start()
            yield state
            if prefetcher:
                await to_thread.run_sync(prefetcher.stop)

    return prefetching


def _page_routes(services: ConsoleServices, blocks: gr.Blocks, assets: Assets) -> APIRouter:
    script, style = gradio_entry()
    config = as_data({**blocks.config, **REQUEST})
    page = Template(static_text("staff.html"))
    router = APIRouter()

    @router.api_route("/", methods=["GET", "HEAD"])
    async def console(request: Request) -> HTMLResponse:
        account: Account = getattr(request.state, ACCOUNT)
        cut_off = await to_thread.run_sync(_cut_off, services, account)
        html = page.substitute(
            name=escape(services.bot.clinic.name),
            account=escape(account.name),
            role=account.role.value,
            cut_off=cut_off,
            config=config,
            gradio_script=script,
            gradio_style=style,
            staff_script=assets.staff_js.address,
            staff_style=assets.staff_css.address,
            icon=assets.icon.address,
        )
        warm = BackgroundTask(warm_up)  # the Overview shows charts
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY}, background=warm)

    @router.post("/cut-off-seen")
    def cut_off_seen(request: Request) -> Response:
        account: Account = getattr(request.state, ACCOUNT)
        services.cut_offs.mark_seen(account.name, request.query_params.get("time", ""))
        return Response(status_code=HTTPStatus.NO_CONTENT)

    return router


def _cut_off(services: ConsoleServices, account: Account) -> Html:
    """Return what an editor must know of a publishing that was cut off, until she has seen it."""
    cut_off = services.cut_offs.unseen_by(account.name) if account.role is Role.EDITOR else None
    if cut_off is None:
        return Html()
    return _CUT_OFF.format(time=quote(cut_off.time), text=cut_off.text)


def console_blocks(services: ConsoleServices) -> gr.Blocks:
    """Lay out the tabs of the console."""
    blocks = gr.Blocks(title=f"Staff: {services.bot.clinic.name}", analytics_enabled=False, delete_cache=(3600, 3600))
    with blocks:
        kept = machine_text("pages-restore")
    with blocks, gr.Tabs(elem_id="tabs") as tabs:
        with gr.Tab("Try it", id="try"):
            playground_tab(services)
        with gr.Tab("Unanswered questions", id="unanswered") as tab:
            write, question = unanswered_tab(services, tab)
        with gr.Tab("Approved questions", id="approved") as tab:
            approved_tab(services, tab)
        with gr.Tab("First-day review", id="first-day") as tab:
            write_missing, title = first_day_tab(services, tab)
        with gr.Tab("Urgent", id="urgent") as tab:
            urgent_tab(services, tab)
        with gr.Tab("Check", id="check") as tab:
            checks_tab(services, tab)
        with gr.Tab("Pages", id="pages") as tab:
            pages = PagesTab(services, tab)
        with gr.Tab("Clinic text and replies", id="clinic-text") as tab:
            clinic_text_tab(services, tab)
        with gr.Tab("Overview", id="overview") as tab:
            overview_tab(services, tab)
        pages.wire_restore(kept)
        wire(kept.change, lambda: {tabs: gr.Tabs(selected="pages")}, [], [tabs])
        for button, subject in ((write, question), (write_missing, title)):
            pages.wire_new(button.click, subject)
            wire(button.click, lambda: {tabs: gr.Tabs(selected="pages")}, [], [tabs])
    return blocks
