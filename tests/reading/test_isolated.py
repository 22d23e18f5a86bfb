import os
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest
from fpdf import FPDF

from chatbot.reading import read_corpus
from chatbot.reading.isolated import Unparsable, parse


def leaflet(text: str) -> bytes:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("times", "", 11)
    pdf.multi_cell(0, 6, text)
    return bytes(pdf.output())


def pdf_of(stream: bytes, filters: str = "/FlateDecode") -> bytes:
    """Return a PDF file of one page that is drawn by a compressed stream."""
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length %d /Filter [%s] >>\nstream\n%s\nendstream" % (len(stream), filters.encode(), stream),
    )
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, item) for number, item in enumerate(objects, start=1))
    return b"%PDF-1.7\n" + body + b"trailer << /Root 1 0 R >>\n"


@cache
def bomb_of_zeros() -> bytes:
    once = zlib.compress(b" " * 400_000_000, 9)
    return pdf_of(zlib.compress(zlib.compress(once, 9), 9), "/FlateDecode /FlateDecode /FlateDecode")


def bomb_of_letters() -> bytes:
    return pdf_of(zlib.compress(b"BT /F1 12 Tf 1 0 0 1 50 50 Tm (a) Tj ET " * 1_000_000, 9))


@pytest.mark.parametrize(
    ("suffix", "bomb", "seconds", "reason"),
    [
        (".pdf", bomb_of_zeros, 20, "it is damaged, or needs too much memory"),
        (".pdf", bomb_of_letters, 1, "reading it takes more than 1 s"),
    ],
)
def test_a_bomb_is_refused_and_the_next_file_read(
    suffix: str, bomb: Callable[[], bytes], seconds: int, reason: str
) -> None:
    with pytest.raises(Unparsable) as refused:
        parse(suffix, bomb(), seconds)
    assert refused.value.reason == reason
    assert parse(".pdf", leaflet("Words.")).text == "Words."


def test_a_bomb_beside_good_files_is_named_alone(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"good-{number}.pdf").write_bytes(leaflet(f"Words {number}."))
    (tmp_path / "bomb.pdf").write_bytes(bomb_of_zeros())
    (tmp_path / "damaged.docx").write_bytes(b"PK")
    corpus = read_corpus(tmp_path)
    assert [document.text for document in corpus.documents] == ["Words 0.", "Words 1.", "Words 2."]
    assert [str(problem).partition(" ")[0] for problem in corpus.problems] == ["bomb.pdf", "damaged.docx"]


def test_threads_take_turns() -> None:
    texts = [f"Words {number}." for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        pages = list(pool.map(lambda text: parse(".pdf", leaflet(text)).text, texts))
    assert pages == texts


def test_the_child_sees_nothing_of_the_environment() -> None:
    assert parse(".pdf", leaflet("Words.")).text == "Words."
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text("ascii").split()
    ours = [child for child in children if b"chatbot.reading.isolated" in Path(f"/proc/{child}/cmdline").read_bytes()]
    environments = [Path(f"/proc/{child}/environ").read_bytes().split(b"\0") for child in ours]
    seen = {line.partition(b"=")[0].decode() for lines in environments for line in lines}
    assert "PYTHONPATH" in seen
    assert seen <= {"", "PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "TEMP"}
