"""The lines of the log: as text or as JSON, and never with what a visitor wrote.

An exception is logged by its type and where it was raised. Its message is left out, because it may quote a question.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

__all__ = ["FORMATTERS", "JsonFormatter", "TextFormatter", "log_what_ends_threads"]

_LOG = logging.getLogger(__name__)
_LINE: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_QUOTES_EXCEPTIONS: Final = "asyncio"  # its messages go on with the task and its exception, from the second line on
_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class TextFormatter(logging.Formatter):
    """Writes time, level, logger and message in a line, and the stack of an exception below it."""

    def __init__(self) -> None:
        super().__init__(_LINE)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the library's name
        """Return the line of a record."""
        record.message = _message(record)
        return super().formatMessage(record)

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - the library's name
        """Return the stack of an exception, and its type."""
        return _stack(ei[1]) if ei[1] else ""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as text; what another formatter has kept of its exception is not used."""
        record.exc_text = None
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """Writes a JSON object a line: time (ISO 8601, UTC), level, logger, message, and perhaps an exception."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as JSON."""
        content: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if record.exc_info and record.exc_info[1]:
            error = record.exc_info[1]
            content["exception"] = {"type": type(error).__name__, "stack": _stack(error)}
        return json.dumps(content)


FORMATTERS: Final[dict[str, Callable[[], logging.Formatter]]] = {"text": TextFormatter, "json": JsonFormatter}
"""The formatter of each value of FOOTNOTE_LOG_FORMAT."""


def log_what_ends_threads() -> None:
    """Log unexpected errors that would be printed with their messages: those that end a thread or the program."""

    def thread_hook(ended: threading.ExceptHookArgs) -> None:
        if ended.exc_type is not SystemExit:
            name = ended.thread.name if ended.thread else "?"
            _LOG.error("The thread %s ended.", name, exc_info=_info(ended.exc_value))

    def hook(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
        if not issubclass(kind, KeyboardInterrupt):
            _LOG.critical("The program ended.", exc_info=_info(error))

    threading.excepthook = thread_hook
    sys.excepthook = hook


def _info(error: BaseException | None) -> _ExceptionInfo:
    return (type(error), error, error.__traceback__) if error else (None, None, None)


def _message(record: logging.LogRecord) -> str:
    message = record.getMessage()
    return message.partition("\n")[0] if record.name == _QUOTES_EXCEPTIONS else message


def _stack(error: BaseException) -> str:
    """Return where an exception was raised, and the types of those that led to it, the last first."""
    lines: list[str] = []
    seen: set[int] = set()
    following: BaseException | None = error
    while following and id(following) not in seen:
        seen.add(id(following))
        lines += [*traceback.format_tb(following.__traceback__), f"{type(following).__name__}\n"]
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)
        lines += ["caused by\n"] if following else []
    return "".join(lines).rstrip("\n")
