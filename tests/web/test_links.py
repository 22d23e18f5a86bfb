import re
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from benchmarks.links.browser import PAINT, SCALE, opened
from benchmarks.links.site import THEMES, Source, render
from chatbot.answering.links import link
from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from chatbot.reading import read_page, sentences
from chatbot.records import Document, Highlight, Passage
from chatbot.web.http.assets import build_assets
from chatbot.web.visitor.document_pages import page_routes
from tests.conftest import WordEncoder
from tests.web.test_document_pages import Strict

TEXT = """# Veins

We "close" the vein -- it is not pulled out... and it dissolves within 6-12 months after the treatment.

## Prices

| Legs | Price | Time |
|---|---|---|
| One | £900 | 40 min |
| Both | £1,400 | closed |

## Laser

- **Time:** 40 min
- Walk every day.

### Can I fly?

No.

## Foam

1. Rest
   - on the bed
   - not in a chair
2. Walk every day.

### Can I swim?

No. Wait for two weeks.
"""


def document(url: str | None) -> Document:
    return replace(read_page("veins.md", TEXT.encode()), url=url)


def cited(page: Document, sentence: str, nth: int = 0) -> str:
    start = [found.start() for found in re.finditer(re.escape(sentence), page.text)][nth]
    passage = Passage(page.id, page.title, page.url, (), start, start + len(sentence), sentence)
    return link(page, passage, [Highlight(0, len(sentence))])


@pytest.mark.parametrize("theme", ["wordpress", "jekyll"])
def test_a_browser_marks_the_sentence_and_nothing_else(browser: Browser, theme: str) -> None:
    published = document("http://clinic.example/veins")
    source = Source("veins", TEXT, ("Veins", "Prices", "Both", "Foam", "Walk every day."))
    shown = render(source, next(one for one in THEMES if one.name == theme)).replace("</head>", f"{PAINT}</head>")
    context = browser.new_context(viewport={"width": 800, "height": 600}, device_scale_factor=SCALE)
    page = context.new_page()
    page.route("**/*", lambda route: route.fulfill(body=shown, content_type="text/html; charset=utf-8"))
    for sentence, nth, marked in (
        (document(None).text.split("\n")[2], 0, r"We .close. the vein . it .* after the treatment\."),
        ("Both | £1,400 | closed", 0, r"Both £1,400 closed"),
        ("Time: 40 min", 0, r"Time: 40 min"),
        ("Walk every day.", 1, r"Walk every day\."),
        ("No.", 1, r"No\."),
    ):
        words = opened(page, cited(published, sentence, nth))
        assert re.fullmatch(marked, " ".join(word.text.replace("\u00ad", "") for word in words if word.marked))
    context.close()


def test_the_page_of_this_site_marks_each_sentence_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "veins.md").write_text(TEXT)
    encoder = WordEncoder()
    build_index(tmp_path / "corpus", tmp_path / "index", encoder)
    bot = Chatbot(tmp_path / "corpus", tmp_path / "index", encoder, Clinic())
    page = bot.document("veins.md")
    application = FastAPI()
    application.include_router(page_routes(bot, build_assets("#000000")))
    client = TestClient(application)
    for mark in (mark for section in page.sections for mark in within(page, section.start, section.end)):
        passage = Passage(page.id, page.title, None, (), 0, len(page.text), page.text)
        marks = Strict(client.get(link(page, passage, [mark])).text).marks
        assert " ".join(marks).split() == page.text[mark.start : mark.end].replace(" | ", " ").split()


def within(page: Document, start: int, end: int) -> list[Highlight]:
    """Return the sentences of a part of a page."""
    marks = sentences(page.text[start:end])
    return [Highlight(start + mark.start, start + mark.end) for mark in marks]
