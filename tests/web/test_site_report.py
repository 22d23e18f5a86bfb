"""The page of the report that `footnote try` serves."""

import re
from pathlib import Path
from urllib.parse import urljoin

from fastapi import FastAPI
from fastapi.testclient import TestClient

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.crawling import Copy, CrawlReport, LeftOut
from chatbot.evaluation import AnsweredQuestion, Coverage, SiteReport
from chatbot.evaluation.coverage import standard_topics
from chatbot.indexing import build_index
from chatbot.web.http.assets import asset_routes, build_assets
from chatbot.web.visitor.site_report import report_routes
from tests.conftest import WordEncoder
from tests.web.conftest import below

CRAWL = CrawlReport(
    site="https://clinic.example/",
    seconds=34.2,
    requests=68,
    received=2_410_000,
    new=("https://clinic.example/",),
    changed=(),
    unchanged=("https://clinic.example/a",),
    withdrawn=(),
    missing=("https://clinic.example/old",),
    kept_by_hand=(),
    left_out=(LeftOut("https://clinic.example/<b>", "its server answers 404"), LeftOut("javascript:x", "no")),
    copies=(Copy("https://clinic.example/b", "https://clinic.example/a"),),
    untitled=(),
    notes=("A note.",),
    stopped="90 seconds have passed",
)
COVERAGE = Coverage(
    (AnsweredQuestion("When are you open?", "From 9 to 5.", "Contact", "https://clinic.example/contact", 0.9),),
    standard_topics()[:2],
    40,
)


def small_bot(tmp_path: Path, words: WordEncoder) -> Chatbot:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.md").write_text("# A\n\nWords of a page.\n")
    build_index(tmp_path / "corpus", tmp_path / "index", words)
    return Chatbot(tmp_path / "corpus", tmp_path / "index", words, Clinic())


def page(tmp_path: Path, words: WordEncoder, report: SiteReport) -> str:
    app = FastAPI()
    app.include_router(report_routes(small_bot(tmp_path, words), lambda: report))
    response = TestClient(app).get("/report")
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    return response.text


def test_the_report_shows_what_was_read_and_what_to_write(tmp_path: Path, words: WordEncoder) -> None:
    html = page(
        tmp_path,
        words,
        SiteReport(CRAWL, 2, 44, ("x.pdf was left out: it is broken.",), ("a.html says the same.",), COVERAGE),
    )
    assert "2 pages of https://clinic.example/ (1 new, 1 unchanged), in 34 seconds, 68 requests and 2.3 MB." in html
    assert "The index holds 44 passages of 2 pages. The crawl ended early: 90 seconds have passed." in html
    assert '<li><a href="https://clinic.example/contact" rel="noreferrer">When are you open?</a><br>' in html
    assert "the pages answer 38." in html
    assert "<li>price<br>such as “What are your prices?”</li>" in html
    assert "<h2>Missing in this crawl</h2>" in html
    assert "<li>x.pdf was left out: it is broken.</li>" in html
    assert "<li>a.html says the same.</li>" in html
    assert "<h2>Pages without a title</h2>" not in html


def test_addresses_of_the_site_cannot_break_out(tmp_path: Path, words: WordEncoder) -> None:
    html = page(tmp_path, words, SiteReport(CRAWL, 2, 44, ()))
    assert "https://clinic.example/&lt;b&gt;" in html
    assert "<b>" not in html
    assert 'href="javascript:' not in html
    assert "The questions are still being asked." in html


def test_the_links_of_the_report_work_below_a_path(tmp_path: Path, words: WordEncoder) -> None:
    bot = small_bot(tmp_path, words)
    app = FastAPI()
    app.include_router(report_routes(bot, lambda: SiteReport(CRAWL, 2, 44, ())))
    app.include_router(asset_routes(build_assets(bot.clinic.colours.accent)))
    client = TestClient(below("/our/chat", app))
    html = client.get("/our/chat/report").text
    ours = [address for address in re.findall(r'(?:href|src)="([^"]*)"', html) if not address.startswith("https://")]
    icon, style, *links = (urljoin("/our/chat/report", address) for address in ours)
    assert client.get(icon).headers["content-type"].startswith("image/svg+xml")
    assert client.get(style).headers["content-type"].startswith("text/css")
    assert links == ["/our/chat/", "/our/chat/demo"]
