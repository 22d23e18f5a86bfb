"""The console as one application: guard, sign-in, page and Gradio, to be mounted at /staff."""

import sys
from string import Template
from typing import Final

import gradio as gr
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse

from chatbot.staff import Account, Register, Throttle, staff_database
from chatbot.web.look import Look, static_text
from chatbot.web.markup import escape
from chatbot.web.problems import handle_errors
from chatbot.web.shell import POLICY, REQUEST, as_data, gradio_entry
from chatbot.web.staff.allowlist import StaffAllowlist
from chatbot.web.staff.guard import StaffGuard
from chatbot.web.staff.house import House
from chatbot.web.staff.sign_in import sign_in_routes
from chatbot.web.staff.who import ACCOUNT, is_for_editors

__all__ = ["staff_app"]

_POLICY: Final = "; ".join(
    f"{name} {sources}" for name, sources in (POLICY | {"img-src": "'self' data:", "form-action": "'self'"}).items()
)
_WAITING: Final = 64  # events that may wait


def staff_app(house: House, blocks: gr.Blocks, gradio: FastAPI, look: Look) -> StaffGuard:
    """Build what is mounted at /staff; the blocks must have been mounted in the Gradio application."""
    register = Register(staff_database(house.settings.staff))
    rooms = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    rooms.include_router(sign_in_routes(house.bot, register, Throttle(), look))
    rooms.include_router(_page_routes(house, blocks, look))
    rooms.router.default = StaffAllowlist(
        gradio,
        events={number: len(event.inputs) for number, event in blocks.fns.items()},
        for_editors={number for number, event in blocks.fns.items() if is_for_editors(event.fn)},
        sessions=blocks._queue.pending_messages_per_session,  # noqa: SLF001 -- there is no public way
    )
    handle_errors(rooms)
    blocks.queue(max_size=_WAITING, api_open=False)
    # As in the visitors' chat: no figures after every event, and no search for events a thousand times a second.
    blocks._queue.ANAYLTICS_CACHE_FREQUENCY = sys.maxsize  # noqa: SLF001 -- as above
    blocks._queue.sleep_when_free = 0.01  # noqa: SLF001 -- as above
    return StaffGuard(rooms, register)


def _page_routes(house: House, blocks: gr.Blocks, look: Look) -> APIRouter:
    script, style = gradio_entry()
    config = as_data({**blocks.config, **REQUEST, "root": "/staff"})
    page = Template(static_text("staff.html"))
    router = APIRouter()

    @router.api_route("/", methods=["GET", "HEAD"])
    async def console(request: Request) -> HTMLResponse:
        account: Account = getattr(request.state, ACCOUNT)
        html = page.substitute(
            name=escape(house.bot.clinic.name),
            account=escape(account.name),
            role=account.role.value,
            config=config,
            gradio_script=script,
            gradio_style=style,
            staff_script=look.staff_js.address,
            staff_style=look.staff_css.address,
            icon=look.icon.address,
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})

    return router
