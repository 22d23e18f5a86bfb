"""The image: built from deploy/Containerfile, and served from with a read-only root (`make container-check`).

There is no container engine: buildah runs the steps in an empty root, and bubblewrap gives the server no more than
compose.yaml does. The base image is made of the same Debian packages. Needs root and some minutes.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from benchmarks.performance.processes import free_port
from tests.deploy.machine import SUITE, debian_sources, pip_files, run
from tests.deploy.runbook import ROOT

CONTAINERFILE: Final = (ROOT / "deploy" / "Containerfile").read_text("utf-8")
BASE: Final = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)[-1]
USER: Final = "10001"
DATA: Final = "/var/lib/footnote"
pytestmark = pytest.mark.timeout(3600)  # the image is built within the first test


def printed(*command: str | Path) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """Build the image of what is committed, and return the folder of its files."""
    missing = [tool for tool in ("mmdebstrap", "buildah", "bwrap", "setpriv") if shutil.which(tool) is None]
    if missing or os.geteuid() != 0:
        pytest.skip(f"needs root, and Debian's packages of {', '.join(missing) or 'nothing more'}")
    work = Path(os.environ.get("CACHE", ROOT / ".bench")) / "container"
    run("rm", "-rf", work)
    work.mkdir(parents=True)
    buildah = ("buildah", "--root", str(work / "storage"), "--runroot", str(work / "run"))
    try:
        run("mmdebstrap", "--quiet", "--variant=minbase", SUITE, work / "base.tar", *debian_sources())
        base = printed(*buildah, "from", "scratch")
        run(*buildah, "add", "--quiet", base, work / "base.tar", "/")
        run(*buildah, "commit", "--quiet", base, BASE)
        run("git", "clone", "--quiet", ROOT, work / "source")
        files, _ = pip_files(work / "pip.conf")
        files[str(work / "pip.conf")] = "/etc/pip.conf"
        volumes = [f"--volume={here}:{there}:ro" for here, there in files.items()]
        options = ("--isolation=chroot", "--network=host", "--format=docker", "--tag=footnote", *volumes)
        run(*buildah, "build", *options, f"--file={work}/source/deploy/Containerfile", work / "source")
        yield Path(printed(*buildah, "mount", printed(*buildah, "from", "footnote")))
    finally:
        with suppress(subprocess.CalledProcessError):
            run(*buildah, "umount", "--all")
        with suppress(subprocess.CalledProcessError):
            run(*buildah, "rm", "--all")
        run("rm", "-rf", "--one-file-system", work)


class Container:
    """Commands in the image's files: as its user, without capabilities, with one folder to write into."""

    def __init__(self, image: Path, data: Path, port: int) -> None:
        self.port = port
        stated = dict(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=(.*?)(?: \\)?$", CONTAINERFILE, re.MULTILINE))
        environment = {**stated, "PATH": "/opt/footnote/.venv/bin:/usr/bin:/bin", "FOOTNOTE_PORT": str(port)}
        self._command = [
            *("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"),
            *("bwrap", "--unshare-user", "--uid", USER, "--gid", USER, "--unshare-pid", "--as-pid-1"),
            *("--unshare-ipc", "--unshare-uts", "--die-with-parent", "--cap-drop", "ALL", "--clearenv"),
            *("--ro-bind", str(image), "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"),  # noqa: S108
            *("--bind", str(data), DATA, "--chdir", DATA),
            *(part for name, value in environment.items() for part in ("--setenv", name, value)),
        ]

    def start(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen([*self._command, *command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def run(self, *command: str) -> str:
        process = self.start(*command)
        said, _ = process.communicate()
        assert process.returncode == 0, said
        return said


@pytest.fixture
def container(image: Path) -> Iterator[Container]:
    for folder in (*image.parents, image):
        if folder.is_relative_to(image.parents[3]):
            folder.chmod(folder.stat().st_mode | 0o011)
    data = Path(tempfile.mkdtemp(prefix="footnote-"))  # not in pytest's own, which any run of it closes to other users
    os.chown(data, int(USER), int(USER))
    yield Container(image, data, free_port())
    shutil.rmtree(data)


def test_the_container_answers_says_that_it_lives_and_stops(container: Container) -> None:
    container.run("footnote", "init")
    container.run("footnote", "build")
    server = container.start("footnote", "serve")
    address = f"http://127.0.0.1:{container.port}"
    with httpx.Client(base_url=address, timeout=30) as client:
        for _ in range(240):
            with suppress(httpx.TransportError):
                if client.get("/api/ready").status_code == 200:
                    break
            assert server.poll() is None
            time.sleep(0.5)
        answer = client.post("/api/ask", json={"question": "how long does the swelling last?"}).json()
        assert answer["outcome"] == "answered"
        assert client.get("/metrics").status_code == 404
    (check,) = re.findall(r"^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", CONTAINERFILE, re.MULTILINE)
    container.run(*json.loads(check))
    stop(server)
    assert server.returncode == 130


def test_the_container_is_stopped_while_it_starts(container: Container) -> None:
    container.run("footnote", "init")
    server = container.start("footnote", "serve")
    time.sleep(1)
    stop(server)
    assert server.returncode == 130


def test_nothing_but_its_volume_can_be_written(container: Container) -> None:
    script = "touch /opt/x || touch /etc/x || touch /usr/x || touch x; id -u; grep Cap /proc/self/status"
    said = container.run("sh", "-c", script)
    assert said.count("Read-only file system") == 3
    assert f"\n{USER}\n" in said
    assert set(re.findall(r"Cap(?:Eff|Prm):\s+(\w+)", said)) == {"0000000000000000"}


def stop(server: "subprocess.Popen[str]") -> None:
    """Send the image's signal to its process 1, as an engine does."""
    (name,) = re.findall(r"^STOPSIGNAL (\w+)$", CONTAINERFILE, re.MULTILINE)
    process = server.pid
    while children := Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split():
        process = int(children[0])
    os.kill(process, signal.Signals[name])
    server.communicate(timeout=30)
