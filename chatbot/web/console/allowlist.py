"""What the console's page may ask of its Gradio: events of editors, and uploads."""

import json
import re
from collections import OrderedDict
from collections.abc import Collection, Container, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar, Final

from fastapi import Request, Response
from gradio.utils import get_upload_folder

from chatbot.staff import Role
from chatbot.web.console.guard import ACCOUNT
from chatbot.web.http.gradio_allowlist import Join, Route
from chatbot.web.http.markup import replace_surrogates
from chatbot.web.http.problems import problem_response

__all__ = ["StaffPolicy"]

_MOST_PAGES: Final = 1_000  # open pages whose accounts are remembered; the one used longest ago is forgotten first
_EDITORS: Final = "Your account may look at everything and change nothing."


class StaffPolicy:
    """Let everybody who signed in look; let editors alone change or upload something."""

    routes: ClassVar[Sequence[Route]] = (
        ("POST", re.compile(r"/gradio_api/upload")),
        ("GET", re.compile(r"/gradio_api/upload_progress")),
        ("GET", re.compile(r"/gradio_api/file=/[^:]+")),  # uploaded or drawn; Gradio itself checks where the file lies
    )
    headers: ClassVar[Collection[bytes]] = {b"range"}

    def __init__(self, for_editors: Container[int]) -> None:
        """Take the numbers of the events that are for editors."""
        self._for_editors = for_editors
        self._owners: OrderedDict[str, str] = OrderedDict()  # the account of each session

    def clean(self, join: Join) -> Join | None:
        """Return an event as it came, or None for half a character pair or a file that was not uploaded.

        No browser sends half a pair, and no file takes it.
        """
        text = json.dumps([join.data, join.event_data], ensure_ascii=False)
        return join if text == replace_surrogates(text) and all(map(_is_uploaded, _paths(join.data))) else None

    def refuse(self, request: Request, join: Join | None, session: str, /) -> Response | None:
        """Answer 403 to events and uploads that are for editors, and 404 to a stream of somebody else's page."""
        account = request.scope["state"][ACCOUNT]
        editor = account.role is Role.EDITOR
        if join:
            allowed = (editor or join.event not in self._for_editors) and self._owns(account.name, session)
        elif session:
            return None if self._owns(account.name, session) else problem_response(HTTPStatus.NOT_FOUND)
        else:
            allowed = editor or request.method != "POST"
        return None if allowed else problem_response(HTTPStatus.FORBIDDEN, detail=_EDITORS)

    def _owns(self, account: str, session: str) -> bool:
        """Return whether an open page is an account's own; what lies in it, such as a draft, is for nobody else."""
        owner = self._owners.setdefault(session, account)
        self._owners.move_to_end(session)
        if len(self._owners) > _MOST_PAGES:
            self._owners.popitem(last=False)
        return owner == account


def _paths(data: Sequence[object]) -> Iterator[object]:
    """Yield the paths and addresses anywhere in the values of an event, because Gradio reads the files they name."""
    waiting: list[object] = [*data]
    while waiting:
        match waiting.pop():
            case list(values):
                waiting += values
            case dict(table):
                path, url = table.get("path"), table.get("url")
                if path is not None:
                    yield path
                if url is not None:
                    yield url.partition("/gradio_api/file=")[2] if isinstance(url, str) else url
                waiting += table.values()


def _is_uploaded(path: object) -> bool:
    """Return whether a file was uploaded; Gradio itself checks that only in applications that it launched."""
    if not isinstance(path, str) or "\0" in path:
        return False
    return Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve())
