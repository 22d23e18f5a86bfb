"""With a retention of 0 days no word of a visitor is in any file, while the server runs and after it has stopped."""

import gzip
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import httpx

from chatbot.indexing import Encoder, build_index
from tests.conftest import ROOT

LETTERS = "abcdefghijklmnopqrstuvwxyz"
CODECS = ("utf-8", "utf-16-le", "utf-16-be")
ASKED = (
    "is redness normal after microneedling, {}?",
    "{}",
    "who won the football world cup, {}?",
    "I can't breathe and my throat is swelling {}",
    "what are your opening hours {}",
    "¿es normal el enrojecimiento, {}?",
)


def canary(number: int) -> str:
    """Return a made-up word, which redaction leaves alone."""
    return "zqx" + "".join(LETTERS[(number * 7 + place * place) % 26] for place in range(12))


def readings(path: Path) -> Iterator[bytes]:
    """Yield what a file holds, as it is and unpacked."""
    content = path.read_bytes()
    yield content
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            yield from (archive.read(name) for name in archive.namelist())
    for place in (found.start() for found in re.finditer(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]", content)):
        window = zlib.MAX_WBITS | (16 if content[place] == 0x1F else 0)
        unpacker = zlib.decompressobj(window)
        try:
            yield unpacker.decompress(content[place : place + 1_000_000], 4_000_000)
        except zlib.error:
            continue


def found_in(folder: Path, canaries: list[str]) -> set[str]:
    """Return the files below a folder, by name, that hold one of the words in any of the codecs."""
    words = [word.encode(codec) for word in canaries for codec in CODECS]
    words += [word.encode().hex().encode() for word in canaries]
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.name for path in files if any(word in each for each in readings(path) for word in words)}


@contextmanager
def server(folder: Path, encoder: Encoder) -> Iterator[str]:
    """Start a server whose every file is below a folder, its log and its temporary files too."""
    build_index(ROOT / "corpus", folder.parent / "index", encoder)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "tmp").mkdir(parents=True)
    own = {"JOURNAL": folder / "journal" / "journal.sqlite3", "STAFF_DIR": folder / "staff", "PORT": port}
    own |= {"CORPUS": ROOT / "corpus", "INDEX": folder.parent / "index", "CLINIC": ROOT / "clinic.toml"}
    environment = {f"FOOTNOTE_{name}": str(value) for name, value in own.items()} | {"FOOTNOTE_RETENTION_DAYS": "0"}
    places = dict.fromkeys(("TMPDIR", "GRADIO_TEMP_DIR"), str(folder / "tmp")) | {"HOME": str(folder)}
    with (
        (folder / "log.txt").open("wb") as log,
        subprocess.Popen(
            [sys.executable, "-m", "chatbot", "serve"],
            cwd=ROOT,
            env=os.environ | environment | places,
            stdout=log,
            stderr=log,
        ) as process,
    ):
        address = f"http://127.0.0.1:{port}"
        for _ in count():
            assert process.poll() is None, (folder / "log.txt").read_text()
            try:
                httpx.get(f"{address}/api/ready", timeout=5).raise_for_status()
                break
            except httpx.TransportError:
                time.sleep(0.1)
        try:
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


def on_the_chat_page(client: httpx.Client, question: str) -> None:
    """Ask a question as the chat page does."""
    sent = json.dumps({"id": "1", "question": question, "history": [question]})
    join = {"fn_index": 0, "data": [sent], "session_hash": "retention"}
    client.post("/gradio_api/queue/join", json=join).raise_for_status()
    with client.stream("GET", "/gradio_api/queue/data?session_hash=retention") as stream:
        assert any("process_completed" in line for line in stream.iter_lines())


def test_a_retention_of_no_days_leaves_no_word_in_any_file(tmp_path: Path, encoder: Encoder) -> None:
    folder = tmp_path / "kept"
    canaries: list[str] = []

    def word() -> str:
        canaries.append(canary(len(canaries)))
        return canaries[-1]

    with server(folder, encoder) as address, httpx.Client(base_url=address, timeout=60) as client:
        for question in ASKED:
            body = {"question": question.format(word()), "history": [f"is {word()} red?"]}
            answer_id = client.post("/api/ask", json=body).raise_for_status().json()["answer_id"]
            told = {"answer_id": answer_id, "helpful": False, "comment": f"about {word()}"}
            assert client.post("/api/feedback", json=told).status_code == 204
        on_the_chat_page(client, f"does it hurt, {word()}?")
        assert client.post("/api/ask", json={"question": f"{word()} " * 400}).status_code == 422
        assert client.post("/api/ask", content=word()).status_code in {400, 415}
        client.get(f"/{word()}?q={word()}")
        time.sleep(2)  # the journal's thread writes meanwhile
        assert found_in(folder, canaries) == set()
    assert found_in(folder, canaries) == set()
    with sqlite3.connect(folder / "journal" / "journal.sqlite3") as journal:
        assert journal.execute("SELECT count(*) FROM questions").fetchone() == (len(ASKED) + 1,)


def test_the_search_finds_words_however_they_are_written(tmp_path: Path) -> None:
    word = canary(3)
    (tmp_path / "plain").write_bytes(b"\x00" + word.encode())
    (tmp_path / "wide").write_bytes(word.encode("utf-16-le"))
    (tmp_path / "other").write_bytes(canary(4).encode())
    (tmp_path / "packed").write_bytes(b"head" + gzip.compress(f"a {word} b".encode()))
    (tmp_path / "deflated").write_bytes(b"head" + zlib.compress(f"a {word} b".encode()))
    with zipfile.ZipFile(tmp_path / "archive", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside", word)
    assert found_in(tmp_path, [word]) == {"plain", "wide", "packed", "deflated", "archive"}
