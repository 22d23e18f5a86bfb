"""The description of the interface for programs, generated from the routes themselves (OpenAPI 3.1)."""

import warnings
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from chatbot import __version__
from chatbot.web.http.middleware import public_path
from chatbot.web.http.problems import encode_json
from chatbot.web.visitor.api_schema import Problem

__all__ = ["openapi_routes"]

_ABOUT: Final = (
    "Ask a clinic's website a question, and get the passages of its own pages that answer, word for word, each with a "
    "citation. Show passages unchanged, with their citations. Show an urgent answer first, and nothing beside it. "
    "Every GET may be a HEAD. Errors are problem objects (RFC 9457)."
)


def openapi_routes(app: FastAPI) -> APIRouter:
    """Return the route of `/openapi.json`, which describes the routes of an application that are for outsiders."""
    router = APIRouter()

    @cache
    def description(path: str) -> bytes:
        return encode_json(_describe(app, path))

    @router.api_route("/openapi.json", methods=["GET", "HEAD"], include_in_schema=False)
    async def openapi(request: Request) -> Response:
        return Response(
            description(public_path(request.scope)),
            media_type="application/json",
            headers={"Cache-Control": "no-cache"},
        )

    return router


def _describe(app: FastAPI, path: str) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Duplicate Operation ID")  # of GET and HEAD, which is left out below
        described = get_openapi(
            title="Footnote",
            version=__version__,
            summary="A clinic's own words, in answer to a question.",
            description=_ABOUT,
            license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
            servers=[{"url": path or "/"}],
            routes=app.routes,
        )
    schemas = described["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    # FastAPI adds these where an address has a parameter; no route lets it validate one.
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for operations in described["paths"].values():
        operations.pop("head", None)
        for operation in operations.values():
            if "HTTPValidationError" in str(operation["responses"].get("422")):
                del operation["responses"]["422"]
    return described
