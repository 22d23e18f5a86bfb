import asyncio
import io
import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chatbot.logs import FORMATTERS, log_what_ends_threads
from tests.conftest import run_in_loop

WORDS = "my name is Jane Hale"


@pytest.fixture(autouse=True)
def unfiltered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let each line through: a server that ran in this process holds back some, or has a log of its own."""
    loggers = [logging.getLogger(name) for name in ("uvicorn", "uvicorn.error", "asyncio")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        monkeypatch.setattr(logger, "filters", [])
        monkeypatch.setattr(logger, "propagate", True)
        logger.setLevel(logging.NOTSET)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def said(form: str, *actions: object) -> str:
    """Return the log of what some functions do."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(FORMATTERS[form]())
    logging.getLogger().addHandler(handler)
    try:
        for action in actions:
            assert callable(action)
            action()
    finally:
        logging.getLogger().removeHandler(handler)
    return stream.getvalue()


def fail_in_a_request() -> None:
    """Log an error as uvicorn does: with the exception, its cause and its message."""
    try:
        try:
            int(WORDS)
        except ValueError as error:
            raise KeyError(WORDS) from error
    except KeyError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")


def fail_in_a_task() -> None:
    """Let asyncio find an exception that nobody asked for."""

    async def fail() -> None:
        raise ValueError(WORDS)

    async def run() -> None:
        task = asyncio.create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        del task

    run_in_loop(run())


def fail_in_a_thread() -> None:
    """Let a thread end by an exception."""

    def fail() -> None:
        raise ValueError(WORDS)

    before = threading.excepthook
    log_what_ends_threads()
    try:
        thread = threading.Thread(target=fail, name="journal")
        thread.start()
        thread.join()
    finally:
        threading.excepthook = before


@pytest.mark.parametrize("form", FORMATTERS)
def test_no_word_of_a_visitor_is_in_the_log_whatever_fails(form: str) -> None:
    text = said(form, fail_in_a_request, fail_in_a_task, fail_in_a_thread)
    assert "Jane" not in text
    for expected in (
        "Exception in ASGI application",
        "Task exception was never retrieved",
        "The thread journal ended.",
    ):
        assert expected in text
    assert "caused by" in text
    assert "in fail_in_a_request" in text


def test_each_line_of_json_is_an_object_with_the_moment_in_utc() -> None:
    before = datetime.now(UTC)
    text = said("json", fail_in_a_request, lambda: logging.getLogger("a.b").warning("Line one\nand two: %d", 3))
    first, second = map(json.loads, text.splitlines())
    assert second == {"time": second["time"], "level": "warning", "logger": "a.b", "message": "Line one\nand two: 3"}
    assert abs(datetime.fromisoformat(second["time"]) - before).total_seconds() < 60
    assert second["time"].endswith("+00:00")
    assert first["exception"]["type"] == "KeyError"
    assert first["exception"]["stack"].splitlines()[-1] == "ValueError"


def test_a_line_of_text_names_level_and_logger() -> None:
    text = said("text", lambda: logging.getLogger("a.b").warning("Line: %d", 3))
    assert text.endswith(" WARNING a.b: Line: 3\n")
