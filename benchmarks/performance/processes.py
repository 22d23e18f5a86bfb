"""Processes that are measured: workers that speak JSON lines, servers, and commands from a cold start."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.performance.environments import ROOT

__all__ = ["Failed", "Reply", "Server", "Usage", "Worker", "environ", "free_port", "run", "usage_of"]

_OFFLINE: Final = {
    "OMP_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "ANONYMIZED_TELEMETRY": "False",
    "LANGSMITH_TRACING": "false",
    "PYTHONWARNINGS": "ignore",
}
"""One thread each, and nothing sent anywhere."""

_START_TIMEOUT: Final = 300  # seconds
_POLL: Final = 0.02  # seconds
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """A system could not do what it was asked for."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process and its descendants used: processor seconds, and the peak of resident memory in megabytes."""

    cpu: float
    peak: float


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply of a worker: its result, processor and clock seconds, and peak resident memory in megabytes."""

    result: Any
    cpu: float
    clock: float
    peak: float


def environ(**settings: object) -> dict[str, str]:
    """Return the environment of everything that is measured, with Footnote's settings by their short names."""
    return {**os.environ, **_OFFLINE, **{f"FOOTNOTE_{name}": str(value) for name, value in settings.items()}}


class Worker:
    """A process that answers requests, a JSON object a line; see benchmarks/peers/protocol.py."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT, env=environ()
            )
        self._log = log

    def request(self, do: str, **values: object) -> Reply:
        """Send a request and wait for its reply; raises `Failed`."""
        requests, replies = _pipe(self._process.stdin), _pipe(self._process.stdout)
        try:
            requests.write(
                json.dumps({"do": do} | {name: str(value) for name, value in values.items()}).encode() + b"\n"
            )
            requests.flush()
            line = replies.readline()
        except BrokenPipeError:
            line = b""
        if not line:
            last = self._log.read_text("utf-8", "replace").strip().splitlines()[-1:]
            raise Failed(" ".join(last)[:400] or "the process ended")
        reply = json.loads(line)
        if "error" in reply:
            raise Failed(reply["error"])
        return Reply(reply["result"], reply["cpu"], reply["clock"], reply["peak"])

    def close(self) -> None:
        """End the process."""
        _pipe(self._process.stdin).close()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _pipe(self._process.stdout).close()


def run(command: Sequence[str], env: Mapping[str, str], limit: float = 3600) -> Usage:
    """Run a command to its end and return what it used; raises `Failed` with its last line of errors."""
    timed = [sys.executable, "-S", str(Path(__file__).with_name("timed.py")), str(limit), *command]
    done = subprocess.run(timed, cwd=ROOT, env=env, check=False, capture_output=True, text=True)
    last = done.stderr.strip().splitlines()[-1:]
    if done.returncode:
        raise Failed(last[0] if last else "it could not be started")
    used = json.loads(done.stdout)
    if used["code"]:
        raise Failed(last[0] if last else f"exit code {used['code']}")
    return Usage(used["cpu"], used["peak"])


def usage_of(pid: int) -> Usage:
    """Return what a running process and its descendants have used so far."""
    cpu = peak = 0.0
    for each in _tree(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text("utf-8").rpartition(")")[2].split()
            status = Path(f"/proc/{each}/status").read_text("utf-8")
        except OSError:
            continue  # it ended meanwhile
        cpu += sum(map(int, fields[11:15])) / _TICKS
        peak += int(re.findall(r"VmHWM:\s*(\d+)", status)[0]) * 1024 / 1e6 if "VmHWM" in status else 0
    return Usage(cpu, peak)


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("utf-8").split()
    except OSError:
        return
    for child in children:
        yield from _tree(int(child))


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready: its port, its process, and what its start used."""

    port: int
    process: "subprocess.Popen[bytes]"
    start: Usage

    @property
    def address(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def used(self) -> Usage:
        """What the server has used so far."""
        return usage_of(self.process.pid)

    @classmethod
    @contextmanager
    def started(cls, command: Sequence[str], env: Mapping[str, str], port: int, log: Path) -> Iterator["Server"]:
        """Start a server, wait until /api/ready says so, and stop it in the end; raises `Failed`."""
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as errors:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=errors, stderr=errors, cwd=ROOT, env=env)
        try:
            _wait_until_ready(process, port, log)
            yield cls(port, process, usage_of(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _pipe(process.stdin).close()


def _wait_until_ready(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Failed(log.read_text("utf-8", "replace").strip()[-400:] or "the server ended")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/ready", timeout=10):
                return
        except OSError:
            time.sleep(_POLL)
    raise Failed(f"the server was not ready within {_START_TIMEOUT} seconds")


def _pipe(pipe: "IO[bytes] | None") -> "IO[bytes]":
    if pipe is None:
        raise Failed("the process was started without this pipe")
    return pipe
