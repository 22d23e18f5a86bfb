"""What the console's page may ask of its Gradio: events of editors, and uploads."""

import json
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from types import NoneType
from typing import ClassVar, Final, get_type_hints

import gradio as gr
from fastapi import Request, Response
from gradio.data_classes import FileData
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

    def __init__(self, blocks: gr.Blocks, for_editors: Container[int]) -> None:
        """Take the blocks of the console, and the numbers of the events that are for editors."""
        self._for_editors = for_editors
        self._fits = {
            number: [partial(_is_sent_by, component) for component in event.inputs]
            for number, event in blocks.fns.items()
        }
        self._of_rows = {number for number, event in blocks.fns.items() if _takes_row(event.fn)}
        self._owners: OrderedDict[str, str] = OrderedDict()  # the account of each session

    def clean(self, join: Join) -> Join | None:
        """Return an event as it came, or None for half a character pair or a file that was not uploaded.

        No browser sends half a pair, and no file takes it.
        """
        text = json.dumps([join.data, join.event_data], ensure_ascii=False)
        return join if text == replace_surrogates(text) and all(map(_is_uploaded, _paths(join.data))) else None

    def refuse(self, request: Request, join: Join | None, session: str, /) -> Response | None:
        """Answer 403 to events and uploads that are for editors, and 404 to a stream of somebody else's page.

        Answer 400 to values of another type than their component has, and to a click on a row without the row: no
        browser sends them, and Gradio would answer with a traceback in the log.
        """
        account = request.scope["state"][ACCOUNT]
        editor = account.role is Role.EDITOR
        if join:
            allowed = (editor or join.event not in self._for_editors) and self._owns(account.name, session)
            if allowed and not self._is_sent(join):
                return problem_response(HTTPStatus.BAD_REQUEST, detail="This is not what the page sends.")
        elif session:
            return None if self._owns(account.name, session) else problem_response(HTTPStatus.NOT_FOUND)
        else:
            allowed = editor or request.method != "POST"
        return None if allowed else problem_response(HTTPStatus.FORBIDDEN, detail=_EDITORS)

    def _is_sent(self, join: Join) -> bool:
        """Return whether a browser sends such values for the components of an event."""
        values = zip(self._fits[join.event], join.data, strict=True)
        return all(fits(value) for fits, value in values) and (
            join.event not in self._of_rows or _is_place(join.event_data)
        )

    def _owns(self, account: str, session: str) -> bool:
        """Return whether an open page is an account's own; what lies in it, such as a draft, is for nobody else."""
        owner = self._owners.setdefault(session, account)
        self._owners.move_to_end(session)
        if len(self._owners) > _MOST_PAGES:
            self._owners.popitem(last=False)
        return owner == account


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_choice(value: object) -> bool:
    return value is None or (isinstance(value, str | int | float) and not isinstance(value, bool))


def _is_switch(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _is_state(value: object) -> bool:
    return value is None  # it stays on the server


def _is_file(value: object) -> bool:
    try:
        return value is None or bool(FileData.model_validate(value, strict=True))
    except ValueError:
        return False


_SHAPES: Final[Mapping[type, Callable[[object], bool]]] = {
    gr.Checkbox: _is_switch,
    gr.Dropdown: _is_choice,
    gr.Radio: _is_choice,
    gr.State: _is_state,
    gr.Textbox: _is_text,
    gr.UploadButton: _is_file,
}
"""What a browser sends for each kind of component that is an input of some event."""


def _is_sent_by(component: object, value: object) -> bool:
    """Return whether a browser sends this for a component; a choice that is made is never unmade."""
    chosen = isinstance(component, gr.UploadButton) or (isinstance(component, gr.Radio) and component.value is not None)
    return _SHAPES[type(component)](value) and not (chosen and value is None)


def _takes_row(event: object) -> bool:
    return callable(event) and gr.SelectData in get_type_hints(event).values()


def _is_place(value: object) -> bool:
    """Return whether this is what Gradio's page says of a click: the place of the cell, and the values of its row."""
    match value:
        case {"index": [int(), int()] | int(), "value": _, **rest}:
            return isinstance(rest.get("row_value"), list | NoneType)
    return False


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
