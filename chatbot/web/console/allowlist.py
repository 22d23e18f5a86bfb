"""The allow-list before the console's Gradio: what its page needs passes, for whom it is meant."""

import json
import re
from collections import OrderedDict
from collections.abc import Container, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from gradio.utils import get_upload_folder
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from chatbot.errors import RequestError
from chatbot.staff import Role
from chatbot.web.console.current_user import ACCOUNT
from chatbot.web.http.markup import replace_surrogates
from chatbot.web.http.middleware import BodySizeLimit, replay
from chatbot.web.http.problems import problem_response
from chatbot.web.http.strict_json import json_body, json_bytes

__all__ = ["LARGEST_UPLOAD", "StaffAllowlist"]

LARGEST_UPLOAD: Final = 10 * 1024 * 1024
"""Bytes of an upload; a page may have fewer."""

_SLOWEST_UPLOAD: Final = 120  # seconds
_JOIN: Final = "/gradio_api/queue/join"
_STREAM: Final = "/gradio_api/queue/data"
_UPLOAD: Final = "/gradio_api/upload"
# All that the console asks of Gradio; most of its scripts come from /assets, as in the visitors' chat. Whatever else is
# there is closed because it does not stand here, and so is what a later release adds.
_OPEN: Final = tuple(
    (method, re.compile(path))
    for method, path in (
        ("GET", r"/assets/\w[\w.-]*"),
        ("GET", r"/theme\.css"),
        ("POST", _JOIN),
        ("GET", _STREAM),
        ("GET", r"/gradio_api/app_id"),
        ("GET", r"/gradio_api/heartbeat/\w{1,64}"),
        ("POST", _UPLOAD),
        ("GET", r"/gradio_api/upload_progress"),
        ("GET", r"/gradio_api/file=/[^:]+"),  # what was uploaded or drawn; Gradio itself looks where the file lies
    )
)
_MOST_PAGES: Final = 1_000  # open pages whose accounts are remembered; the one used longest ago is forgotten first
_SESSION: Final = re.compile(r"\w{1,64}")
_PASSED_ON: Final = {b"accept", b"accept-encoding", b"content-type", b"if-none-match", b"if-modified-since", b"range"}
_HOST: Final = (b"host", b"localhost")
_EDITORS: Final = "Your account may look at everything and change nothing."


class StaffAllowlist:
    """Let the open routes through to Gradio; events and uploads that change something, for editors alone."""

    def __init__(
        self, gradio: ASGIApp, events: Mapping[int, int], for_editors: Container[int], sessions: Container[str]
    ) -> None:
        """Take the application, how many values each event is sent, which are for editors, and who waits."""
        self._gradio = gradio
        self._uploads = BodySizeLimit(gradio, LARGEST_UPLOAD, _SLOWEST_UPLOAD)
        self._events = events
        self._for_editors = for_editors
        self._sessions = sessions
        self._owners: OrderedDict[str, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request of somebody who signed in to Gradio, or refuse it."""
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        if not any(method == scope["method"] and known.fullmatch(path) for method, known in _OPEN):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        request = Request(scope, receive)
        name, editor = scope["state"][ACCOUNT].name, scope["state"][ACCOUNT].role is Role.EDITOR
        inner: ASGIApp = self._gradio
        allowed = editor
        if path == _JOIN:
            event, session, body = self._checked(await json_body(request))
            allowed = (editor or event not in self._for_editors) and self._own(session, name)
            receive = replay(body, receive)
        elif path == _UPLOAD:
            inner = self._uploads
        else:
            allowed = True
        if path == _STREAM:
            session = request.query_params.get("session_hash", "")
            if session not in self._sessions or not self._own(session, name):
                raise HTTPException(HTTPStatus.NOT_FOUND)
        if not allowed:
            inner = problem_response(HTTPStatus.FORBIDDEN, detail=_EDITORS)
        headers = [_HOST, *(pair for pair in scope["headers"] if pair[0] in _PASSED_ON)]
        await inner({**scope, "path": path, "raw_path": None, "root_path": "", "headers": headers}, receive, send)

    def _own(self, session: str, account: str) -> bool:
        """Tell whether an open page is an account's: what lies in it, such as a page half written, is nobody else's."""
        owner = self._owners.setdefault(session, account)
        self._owners.move_to_end(session)
        if len(self._owners) > _MOST_PAGES:
            self._owners.popitem(last=False)
        return owner == account

    def _checked(self, body: object) -> tuple[int, str, bytes]:
        """Give which event of which open page a join request is for, and it with what the page sends and no more."""
        match body:
            case {"fn_index": int(event), "data": list(data), "session_hash": str(session), **rest}:
                pass
            case _:
                raise _strange()
        if self._events.get(event) != len(data) or not _SESSION.fullmatch(session):
            raise _strange()
        chosen, trigger = rest.get("event_data"), rest.get("trigger_id")
        text = json.dumps([data, chosen], ensure_ascii=False)
        # No browser sends half a character pair, and no file takes it.
        if text != replace_surrogates(text) or not all(_is_uploaded(path) for path in _paths(data)):
            raise _strange()
        kept = {"event_data": chosen, "trigger_id": trigger if isinstance(trigger, int) else None}
        return event, session, json_bytes({"fn_index": event, "data": data, "session_hash": session, **kept})


def _paths(data: list[object]) -> Iterator[object]:
    """Give what is called a path or an address anywhere in a request: Gradio reads the file that it names."""
    waiting: list[object] = [data]
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
    """Tell whether a file was uploaded. Gradio looks for itself only in applications that it launched by itself."""
    if not isinstance(path, str) or "\0" in path:
        return False
    return Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve())


def _strange() -> RequestError:
    return RequestError("This is not what the console sends.")
