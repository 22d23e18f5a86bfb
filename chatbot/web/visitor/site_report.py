"""The page of the report on a site, which `footnote try` serves beside the demonstration."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from chatbot.evaluation import ReportItem, ReportPart, SiteReport, report_parts
from chatbot.web.http.assets import build_assets, fill_page
from chatbot.web.http.markup import Html
from chatbot.web.visitor.api_schema import PAGE_PROBLEMS, problem_responses

if TYPE_CHECKING:
    from chatbot.bot import Chatbot

__all__ = ["report_routes"]

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def report_routes(bot: "Chatbot", current: Callable[[], SiteReport]) -> APIRouter:
    """Return the route of `/report`; `current` returns the report as far as it is known."""
    assets = build_assets(bot.clinic.colours.accent)
    router = APIRouter()

    @router.api_route(
        "/report",
        methods=["GET", "HEAD"],
        summary="Read the report on the site",
        operation_id="report",
        response_class=HTMLResponse,
        responses=problem_responses(PAGE_PROBLEMS),
    )
    async def report() -> HTMLResponse:
        parts = Html("\n").join(map(_part, report_parts(current())))
        demo = Html('<p><a href="demo">Try the chat on a page</a></p>\n')
        look = {"root": "./", "icon": assets.icon.address, "style": assets.page_css.address}
        page = fill_page("page.html", title="Report on your site", name=bot.clinic.name, body=demo + parts, **look)
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})

    return router


def _part(part: ReportPart) -> Html:
    """Return a part of the report; no line end in its list, because the page shows those."""
    heading, text = Html("<h2>{}</h2>").format(part.heading), Html("<p>{}</p>").format(part.text)
    if not part.items:
        return heading + text
    return heading + text + Html("<ul>{}</ul>").format(Html().join(map(_item, part.items)))


def _item(item: ReportItem) -> Html:
    shown = Html("{}").format(item.text)
    if item.url.startswith(("https://", "http://")):
        shown = Html('<a href="{}" rel="noreferrer">{}</a>').format(item.url, item.text)
    return Html("<li>{}{}</li>").format(shown, Html("<br>{}").format(item.below) if item.below else "")
