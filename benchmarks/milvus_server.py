"""Milvus Lite as a server process, for tests and benchmarks; it can be killed and started again over the same data."""

import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

__all__ = ["MilvusServer"]

_PATIENCE: Final = 60.0  # seconds for a start on a busy machine


class MilvusServer:
    """A server on a free port of this machine."""

    def __init__(self, folder: Path) -> None:
        """Keep the data in a folder; `start` starts it."""
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    def address(self, name: str) -> str:
        """Return what FOOTNOTE_STORE is for collections of a name."""
        return f"milvus://127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start the server and wait until it listens."""
        command = [sys.executable, "-m", "milvus_lite", "server", "--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [*command, "--data-dir", str(self._folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise TimeoutError("Milvus Lite did not start within a minute")

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None
