"""Firefox and WebKit, each driven through the same interface (Selenium's), where they are found on the machine.

Debian's `firefox-esr` speaks Marionette and needs no further program. Debian's `webkit2gtk-driver` needs a screen. That
is `xvfb`.
"""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from selenium.webdriver import FirefoxOptions, Remote, WebKitGTKOptions
from selenium.webdriver.common.options import BaseOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.command import Command
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver

from benchmarks.performance.processes import free_port

__all__ = ["ENGINES", "browsing", "missing"]

ENGINES: Final = {"firefox": ("firefox-esr",), "webkit": ("WebKitWebDriver", "Xvfb")}
"""An engine, and the programs that it needs."""

_Options = TypeVar("_Options", bound=BaseOptions)
_START: Final = 60.0  # seconds; a start takes two on an idle machine
_MARIONETTE: Final = {
    Command.NEW_SESSION: "WebDriver:NewSession",
    Command.QUIT: "WebDriver:DeleteSession",
    Command.GET: "WebDriver:Navigate",
    Command.W3C_EXECUTE_SCRIPT: "WebDriver:ExecuteScript",
    Command.W3C_EXECUTE_SCRIPT_ASYNC: "WebDriver:ExecuteAsyncScript",
    Command.GET_ELEMENT_PROPERTY: "WebDriver:GetElementProperty",
    Command.CLICK_ELEMENT: "WebDriver:ElementClick",
    Command.SEND_KEYS_TO_ELEMENT: "WebDriver:ElementSendKeys",
    Command.SET_WINDOW_RECT: "WebDriver:SetWindowRect",
    Command.W3C_GET_WINDOW_HANDLES: "WebDriver:GetWindowHandles",
    Command.SWITCH_TO_WINDOW: "WebDriver:SwitchToWindow",
    Command.CLOSE: "WebDriver:CloseWindow",
    Command.SET_TIMEOUTS: "WebDriver:SetTimeouts",
}
# The few of Selenium's commands whose answer Marionette wraps no further.
_PLAIN: Final = {
    Command.NEW_SESSION,
    Command.W3C_GET_WINDOW_HANDLES,
    Command.SET_WINDOW_RECT,
    Command.CLOSE,
}
_PREFERENCES: Final = {
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
    "ui.prefersReducedMotion": 1,
}


def missing(engine: str) -> str:
    """Return the programs of an engine that are not on this machine, and an empty text where all are."""
    return ", ".join(program for program in ENGINES[engine] if shutil.which(program) is None)


@contextmanager
def browsing(engine: str, folder: Path) -> Iterator[WebDriver]:
    """Start a browser of an engine, with its profile in a folder, and end it with the programs that it needed."""
    with ExitStack() as stack:
        start = _firefox if engine == "firefox" else _webkit
        driver = start(folder, stack)
        driver.set_script_timeout(30)
        yield driver


def _run(
    stack: ExitStack, command: list[str], environ: Mapping[str, str] | None = None, passed: Sequence[int] = ()
) -> None:
    """Run a program, by its full address, until the stack is closed."""
    program = shutil.which(command[0]) or command[0]
    process = subprocess.Popen(
        [program, *command[1:]],
        env={**os.environ, **(environ or {})},
        pass_fds=passed,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def end() -> None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()

    stack.callback(end)


def _connect(port: int) -> socket.socket:
    until = time.monotonic() + _START
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_START)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _firefox(folder: Path, stack: ExitStack) -> WebDriver:
    port = free_port()
    preferences = {**_PREFERENCES, "marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
    (folder / "user.js").write_text("".join(lines))
    home = {"HOME": str(folder), "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1"}
    _run(stack, ["firefox-esr", "--marionette", "--no-remote", "--profile", str(folder)], home)
    connection = stack.enter_context(_connect(port))
    stream = stack.enter_context(connection.makefile("rb"))
    executor: Any = _Marionette(connection, stream)  # all that Selenium asks of it is `execute`
    return Remote(command_executor=executor, options=_trusting(FirefoxOptions()))


def _trusting(options: _Options) -> _Options:
    """Have the certificate of a test's nginx accepted."""
    options.accept_insecure_certs = True
    return options


def _webkit(folder: Path, stack: ExitStack) -> WebDriver:
    read, write = os.pipe()
    _run(stack, ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x1000x24", "-nolisten", "tcp"], passed=[write])
    os.close(write)
    with os.fdopen(read) as pipe:
        display = pipe.readline().strip()
    home = {
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "LIBGL_ALWAYS_SOFTWARE": "1",
    }
    port = free_port()
    _run(stack, ["WebKitWebDriver", f"--port={port}"], {**home, "DISPLAY": f":{display}"})
    _connect(port).close()
    connection = RemoteConnection(client_config=ClientConfig(f"http://127.0.0.1:{port}"))
    driver = Remote(command_executor=connection, options=_trusting(WebKitGTKOptions()))
    stack.callback(driver.quit)
    return driver


class _Marionette:
    """Selenium's commands over Marionette, the protocol of Firefox itself: `length:[0, id, command, values]`."""

    def __init__(self, connection: socket.socket, stream: BinaryIO) -> None:
        self._connection = connection
        self._stream = stream
        self._count = 0
        self._read()  # the greeting

    def execute(self, command: str, params: Mapping[str, object]) -> dict[str, object]:
        """Send a command and return its answer as Selenium reads it."""
        self._count += 1
        values = {name: value for name, value in params.items() if name != "sessionId"}
        if "capabilities" in values:
            values = {"strictFileInteractability": True, "acceptInsecureCerts": True}
        if command == Command.SWITCH_TO_WINDOW:
            values["focus"] = True
        text = json.dumps([0, self._count, _MARIONETTE[command], values]).encode()
        self._connection.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self._read()
        if error:
            return {"status": 500, "value": json.dumps({"value": error})}
        return {"value": result if command in _PLAIN else result.get("value")}

    def close(self) -> None:
        """Selenium closes what it executes commands by."""

    def _read(self) -> "list[dict[str, object]]":
        digits = b""
        while not digits.endswith(b":"):
            digits += self._stream.read(1)
        message: list[dict[str, object]] = json.loads(self._stream.read(int(digits[:-1])))
        return message
