"""The daily crawl: it publishes what changed on the site, and a failed one changes nothing."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.crawling import Crawl, CrawlOptions
from chatbot.errors import CrawlError
from chatbot.staff import ContentPaths, DailyCrawl
from tests.conftest import WordEncoder
from tests.loopback_site import Site, serving_site
from tests.staff.conftest import EDITOR, Keep

OPTIONS = CrawlOptions(pause=0, private=True)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    assert condition()


def test_new_pages_are_served_and_noted(keep: Keep, place: ContentPaths, words: WordEncoder, site: Site) -> None:
    bot, pages, history = keep(words)
    site.page("/", "<main><h1>Parking</h1><p>Our car park is behind the house.</p></main>", title="Parking")
    crawl = DailyCrawl(pages, place.corpus, site.address, OPTIONS, first=0)
    crawl.start()
    until(history.latest)
    crawl.stop()
    name = f"{site.folder(place.corpus).name}/index.html"
    assert [page.id for page in bot.documents()] == [name, "aftercare.md", "red.txt"]
    assert "behind the house" in bot.document(name).text
    assert bot.document(name).url == f"{site.address}/"
    change = history.latest()[0]
    assert (change.account, change.summary) == ("daily crawl", "Read from the site: 1 added or replaced, 0 withdrawn")
    pages.go_back(EDITOR)
    assert [page.id for page in bot.documents()] == ["aftercare.md", "red.txt"]


def test_a_crawl_of_today_is_not_repeated(keep: Keep, place: ContentPaths, words: WordEncoder, site: Site) -> None:
    _, pages, history = keep(words)
    site.page("/", "Words", title="Home")
    with Crawl(site.address, place.corpus, OPTIONS) as crawl:
        crawl.run()
        pages.publish_crawl(crawl.changes, crawl.remembered())
    site.asked.clear()
    daily = DailyCrawl(pages, place.corpus, site.address, OPTIONS, first=0)
    daily.start()
    time.sleep(0.5)
    daily.stop()
    assert (site.asked, len(history.latest())) == ([], 1)


def test_a_crawl_that_finds_nothing_new_changes_nothing(
    keep: Keep, place: ContentPaths, words: WordEncoder, site: Site
) -> None:
    bot, pages, _ = keep(words)
    site.page("/", "Words", title="Home")
    for _ in range(2):
        with Crawl(site.address, place.corpus, OPTIONS) as crawl:
            crawl.run()
            pages.publish_crawl(crawl.changes, crawl.remembered())
        build, version = bot.build, bot.content_version
    assert (bot.build, bot.content_version) == (build, version)


def test_a_site_that_fails_takes_no_page_away(
    keep: Keep, place: ContentPaths, words: WordEncoder, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    bot, pages, _ = keep(words)
    site.text("/robots.txt", "", status=500)
    crawl = DailyCrawl(pages, place.corpus, site.address, OPTIONS, first=0)
    crawl.start()
    until(lambda: "changed nothing" in caplog.text)
    crawl.stop()
    assert "its server answers 500" in caplog.text
    assert [page.id for page in bot.documents()] == ["aftercare.md", "red.txt"]


def test_an_index_that_cannot_be_built_leaves_the_pages(
    keep: Keep, place: ContentPaths, words: WordEncoder, site: Site, tmp_path: Path
) -> None:
    bot, pages, _ = keep(words)
    site.page("/", "Words", title="Home")
    (tmp_path / "staff" / "draft").mkdir(parents=True)
    (tmp_path / "staff" / "draft" / "index").write_text("no folder")
    with Crawl(site.address, place.corpus, OPTIONS) as crawl:
        crawl.run()
        with pytest.raises(Exception, match="cannot be written"):
            pages.publish_crawl(crawl.changes, crawl.remembered())
    assert not site.folder(place.corpus).exists()
    assert [page.id for page in bot.documents()] == ["aftercare.md", "red.txt"]


def test_an_address_that_cannot_be_crawled_stops_the_start(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    _, pages, _ = keep(words)
    with pytest.raises(CrawlError, match="Write it as https://clinic"):
        DailyCrawl(pages, place.corpus, "file:///etc", OPTIONS)
