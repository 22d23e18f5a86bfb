"""The commands crawl and try, against a loopback site of pages as clinics make them."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from benchmarks.try_site import serve_site
from chatbot.__main__ import main
from tests.conftest import ROOT
from tests.loopback_site import Site

pytestmark = pytest.mark.model  # both commands load it


@pytest.fixture(scope="module")
def clinic() -> Iterator[str]:
    server, address = serve_site(4)
    yield address
    server.shutdown()
    server.server_close()


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {
        "FOOTNOTE_CORPUS": str(tmp_path / "corpus"),
        "FOOTNOTE_INDEX": str(tmp_path / "index"),
        "FOOTNOTE_JOURNAL": "off",
        "FOOTNOTE_STAFF_DIR": str(tmp_path / "staff"),
        "FOOTNOTE_PORT": str(port),
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    return os.environ | own


@contextmanager
def running(environ: dict[str, str], *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "chatbot", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()  # a test that failed leaves nothing running


def test_a_crawl_builds_the_index_and_reports(
    clinic: str, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["crawl", clinic, "--allow-private", "--pause", "0"]) == 0
    report = capsys.readouterr().out
    folder = Path(environ["FOOTNOTE_CORPUS"]) / clinic.removeprefix("http://").replace(":", "-")
    assert len([*folder.glob("*.html")]) == 5
    assert f"5 pages of {clinic}/ (5 new)" in report
    assert "passages of 5 pages." in report
    assert "\nQuestions that the pages answer best\n" in report
    assert re.search(r"\nOf 40 topics that visitors of any clinic ask about, the pages answer \d+\.", report)
    assert f"- {clinic}/old-offer/\n  its server answers 404" in report
    assert main(["ask", "how long do dermal fillers last?"]) == 0
    assert clinic in capsys.readouterr().out


def test_a_crawl_of_nothing_names_the_cure(
    site: Site, environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert environ
    assert main(["crawl", site.address, "--allow-private", "--pause", "0"]) == 1
    expected = f"No page of {site.address}/ could be read. {site.address}/: its server answers 404. Check the address"
    assert capsys.readouterr().err.startswith(expected)
    assert main(["crawl", site.address]) == 1
    assert "its address 127.0.0.1 is not one of the public internet" in capsys.readouterr().err
    assert main(["crawl", "file:///etc/passwd"]) == 1
    assert capsys.readouterr().err == (
        "file:///etc/passwd cannot be crawled: it is not a web address. Write it as https://clinic.example.\n"
    )


def test_an_interrupted_crawl_ends_with_130_and_keeps_what_it_read(site: Site, environ: dict[str, str]) -> None:
    site.page("/", "".join(f'<a href="/{n}">{n}</a>' for n in range(50)), title="Home")
    for number in range(50):
        site.page(f"/{number}")
    with running(environ, "crawl", site.address, "--allow-private", "--pause", "0.3") as process:
        while len(site.asked) < 7:
            time.sleep(0.05)
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert re.search(r"Stopped\. Pages read: \d+\. They are in ", err)
    assert "Traceback" not in err
    names = site.names(Path(environ["FOOTNOTE_CORPUS"]))
    assert "index.html" in names
    assert len(names) < 50


def test_a_site_can_be_tried_without_touching_the_corpus(clinic: str, environ: dict[str, str]) -> None:
    base = f"http://127.0.0.1:{environ['FOOTNOTE_PORT']}"
    with running(environ, "try", clinic, "--allow-private", "--pause", "0") as process:
        lines: list[str] = []
        for line in process.stdout or ():
            lines.append(line)
            if "Ctrl+C ends it" in line:
                break
        text = "".join(lines)
        assert "Ctrl+C ends it" in text, text + (process.stderr.read() if process.stderr else "")
        folder = Path(text.split(" into ")[1].split(", which is removed")[0])
        assert (folder / "corpus").is_dir()
        assert "\nFirst answer\n" in text
        assert f"The chat on a page: {base}/demo\nThe report: {base}/report\n" in text
        for _ in range(300):
            try:
                report = httpx.get(f"{base}/report", timeout=30)
                break
            except httpx.TransportError:
                time.sleep(0.2)
        assert (report.status_code, "5 pages of" in report.text) == (200, True)
        assert httpx.get(f"{base}/demo", timeout=30).status_code == 200
        answer = httpx.post(f"{base}/api/ask", json={"question": "how long do dermal fillers last?"}, timeout=30).json()
        assert answer["citations"][0]["url"].startswith(clinic)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, "Traceback" in err) == (130, False)
    assert not folder.exists()
    assert not Path(environ["FOOTNOTE_CORPUS"]).exists()


@pytest.mark.parametrize(
    "arguments", [("crawl",), ("try",), ("crawl", "x", "--pages", "0"), ("try", "x", "--pause", "-1")]
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
