"""Crawls of a real site on a loopback port: what is read, what is left out, what the next crawl does."""

import json
from pathlib import Path

import pytest
import yaml

from chatbot.crawling import Crawl, CrawlOptions
from chatbot.errors import CrawlError
from chatbot.reading import read_corpus
from tests.loopback_site import Site, apply


def sidecar(site: Site, corpus: Path, name: str) -> dict[str, str]:
    about = yaml.safe_load((site.folder(corpus) / f"{name}.yaml").read_text("utf-8"))
    assert isinstance(about, dict)
    return about


def test_pages_are_read_from_links_and_sitemap(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/treatments/peel">Peel</a> <a href="team/?utm_source=mail">Team</a>', title="Home")
    site.page("/treatments/peel", "A peel takes half an hour.")
    site.page("/team/", "Anna and Ben.")
    site.page("/parking", "Behind the house.")
    site.sitemap("/", "/parking")
    report = site.crawl(tmp_path)
    assert site.names(tmp_path) == ["index.html", "parking.html", "team.html", "treatments-peel.html"]
    assert site.paths(report.new) == ["/", "/parking", "/treatments/peel", "/team/"]
    about = sidecar(site, tmp_path, "treatments-peel.html")
    assert about["url"] == about["source"] == f"{site.address}/treatments/peel"
    assert len(about["fetched"]) == len("2026-11-26")
    assert (site.folder(tmp_path) / "team.html").read_bytes() == site.pages["/team/"].body


def test_sitemaps_named_by_robots_may_be_packed_and_nested(site: Site, tmp_path: Path) -> None:
    site.page("/", title="Home")
    site.page("/a")
    site.text("/robots.txt", f"User-agent: *\nSitemap: {site.address}/maps/index.xml\n")
    site.text("/maps/index.xml", f"<sitemapindex><sitemap><loc>{site.address}/a.xml.gz</loc></sitemap></sitemapindex>")
    site.sitemap("/a", path="/a.xml.gz", packed=True)
    assert site.paths(site.crawl(tmp_path).new) == ["/", "/a"]


@pytest.mark.parametrize("before", ["", "<font>" * 40, "<div>" * 300, "<!-- <a href='/no'> -->"])
def test_links_in_sloppy_pages_are_all_followed(site: Site, tmp_path: Path, before: str) -> None:
    links = "".join(f"<li><font><a class=menu href='/{number}'>{number}" for number in range(40))
    site.page("/", f"{before}<ul>{links}</ul><script>'<a href=/no>'</script>", title="Home")
    for number in range(40):
        site.page(f"/{number}")
    report = site.crawl(tmp_path)
    assert (report.read, [path for path in site.asked if path == "/no"]) == (41, [])


def test_robots_txt_is_obeyed(site: Site, tmp_path: Path) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /private\nUser-agent: other\nDisallow: /\n")
    site.page("/", '<a href="/private/a">a</a><a href="/way">b</a>', title="Home")
    site.page("/private/a")
    site.redirect("/way", "/private/b")
    report = site.crawl(tmp_path)
    assert not any(path.startswith("/private") for path in site.asked)
    assert [left.reason for left in report.left_out] == [
        "robots.txt does not let it be read",
        f"it leads to {site.address}/private/b, which is not read",
    ]


def test_a_site_whose_rules_cannot_be_read_is_left_alone(site: Site, tmp_path: Path) -> None:
    site.page("/", title="Home")
    site.text("/robots.txt", "", status=503)
    with pytest.raises(CrawlError, match="its server answers 503"):
        site.crawl(tmp_path)
    assert site.asked == ["/robots.txt"]


def test_the_next_crawl_asks_only_for_what_changed(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/a">a</a>', title="Home", ETag='"1"')
    site.page("/a", "old", ETag='"2"')
    site.crawl(tmp_path)
    before = (site.folder(tmp_path) / "index.html.yaml").read_bytes()
    site.page("/a", "new", ETag='"3"')
    report = site.crawl(tmp_path)
    assert site.headers["/"]["If-None-Match"] == '"1"'
    assert (site.paths(report.unchanged), site.paths(report.changed)) == (["/"], ["/a"])
    assert b"new" in (site.folder(tmp_path) / "a.html").read_bytes()
    assert (site.folder(tmp_path) / "index.html.yaml").read_bytes() == before


@pytest.mark.parametrize("tag", ['"\u0085"', '"\u2028"', '"\x80"', '"\U0001f600"', '"\x7f"'])
def test_a_tag_that_is_no_plain_text_is_not_kept(site: Site, tmp_path: Path, tag: str) -> None:
    site.page("/", "old", ETag=tag.encode().decode("latin-1"))
    site.crawl(tmp_path)
    text = (site.folder(tmp_path) / "index.html.yaml").read_bytes()
    assert (text.isascii(), b"etag" in text) == (True, False)
    site.page("/", "new", ETag=tag.encode().decode("latin-1"))
    assert site.paths(site.crawl(tmp_path).changed) == ["/"]


def test_a_sidecar_with_odd_characters_freezes_no_page(site: Site, tmp_path: Path) -> None:
    site.page("/", "old", ETag='"1"')
    site.crawl(tmp_path)
    beside = site.folder(tmp_path) / "index.html.yaml"
    beside.write_text(beside.read_text("utf-8").replace(r'"\"1\""', '"\\"\u0085\\""'), "utf-8")
    assert "\u0085" in beside.read_text("utf-8")
    site.page("/", "new", ETag='"2"')
    assert site.paths(site.crawl(tmp_path).changed) == ["/"]


def test_a_page_whose_words_are_the_same_is_left_as_it_is(site: Site, tmp_path: Path) -> None:
    site.page("/", "<main><h1>Peel</h1><p>Half an hour.</p></main>", head='<meta name="token" content="1">')
    site.crawl(tmp_path)
    before = {path.name: path.read_bytes() for path in site.folder(tmp_path).glob("index*")}
    site.page("/", "<main><h1>Peel</h1><p>Half an hour.</p></main>", head='<meta name="token" content="2">')
    assert site.paths(site.crawl(tmp_path).unchanged) == ["/"]
    assert {path.name: path.read_bytes() for path in site.folder(tmp_path).glob("index*")} == before
    site.page("/", "<main><h1>Peel</h1><p>A whole hour.</p></main>", head='<meta name="token" content="3">')
    assert site.paths(site.crawl(tmp_path).changed) == ["/"]


def test_a_page_goes_at_the_second_look_that_misses_it(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/a">a</a>', title="Home")
    site.page("/a")
    site.crawl(tmp_path)
    gone = site.pages.pop("/a")
    assert site.paths(site.crawl(tmp_path).missing) == ["/a"]
    assert site.names(tmp_path) == ["a.html", "index.html"]
    site.pages["/a"] = gone
    assert site.crawl(tmp_path).missing == ()  # back again: the first miss is forgotten
    site.pages.pop("/a")
    site.crawl(tmp_path)
    assert site.paths(site.crawl(tmp_path).withdrawn) == ["/a"]
    assert site.names(tmp_path) == ["index.html"]


@pytest.mark.parametrize("how", ["410", "noindex", "header", "redirect", "says so"])
def test_a_page_may_vanish_in_many_ways(site: Site, tmp_path: Path, how: str) -> None:
    site.page("/", '<a href="/a">a</a>', title="Home")
    site.page("/a")
    site.crawl(tmp_path)
    if how == "410":
        site.text("/a", "", status=410)
    elif how == "noindex":
        site.page("/a", head='<meta name="robots" content="noindex, follow">')
    elif how == "header":
        site.page("/a", X_Robots_Tag="noindex")
    elif how == "redirect":
        site.redirect("/a", "/")
    else:
        site.page("/a", title="404 - Page not found")
    site.crawl(tmp_path)
    assert site.paths(site.crawl(tmp_path).withdrawn) == ["/a"]


def test_a_failing_site_loses_no_page(site: Site, tmp_path: Path) -> None:
    site.page("/", "".join(f'<a href="/{n}">{n}</a>' for n in range(9)), title="Home")
    for number in range(9):
        site.page(f"/{number}")
    site.crawl(tmp_path)
    for number in range(9):
        site.text(f"/{number}", "", status=500)
    for _ in range(3):
        report = site.crawl(tmp_path)
        assert report.stopped == "the site does not answer any more"
        assert (report.withdrawn, report.missing) == ((), ())
    assert len(site.names(tmp_path)) == 10


def test_many_pages_do_not_go_at_once_unless_asked(site: Site, tmp_path: Path) -> None:
    site.page("/", "".join(f'<a href="/{n}">{n}</a>' for n in "abcdefghi"), title="Home")
    for name in "abcdefghi":
        site.page(f"/{name}")
    site.crawl(tmp_path)
    for name in "abcdefghi":
        del site.pages[f"/{name}"]
    site.crawl(tmp_path)
    report = site.crawl(tmp_path)
    assert (len(site.names(tmp_path)), report.withdrawn) == (10, ())
    assert "9 of the 10 pages" in report.notes[0]
    assert len(site.crawl(tmp_path, withdraw_all=True).withdrawn) == 9


def test_pages_changed_or_taken_away_by_hand_stay_so(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/a">a</a><a href="/b">b</a>', title="Home")
    site.page("/a")
    site.page("/b")
    site.crawl(tmp_path)
    folder = site.folder(tmp_path)
    (folder / "a.html").write_text("by hand")
    (folder / "b.html").unlink()
    (folder / "b.html.yaml").unlink()
    site.page("/a", "new words")
    report = site.crawl(tmp_path)
    assert site.paths(report.kept_by_hand) == ["/a", "/b"]
    assert (site.names(tmp_path), (folder / "a.html").read_text()) == (["a.html", "index.html"], "by hand")
    site.crawl(tmp_path, overwrite=True)
    assert site.names(tmp_path) == ["a.html", "b.html", "index.html"]
    assert "new words" in (folder / "a.html").read_text()


def test_copies_and_canonical_addresses_are_kept_once(site: Site, tmp_path: Path) -> None:
    links = ("/peel", "/peel?view=print2", "/peel/index.html", "/old", "/twin")
    site.page("/", "".join(f'<a href="{link}">x</a>' for link in links), title="Home")
    site.page("/peel", "Peel words", title="Peel")
    site.page("/peel?view=print2", "Peel words in short", title="Peel", head='<link rel="canonical" href="/peel">')
    site.redirect("/old", "/peel")
    site.page("/twin", "Peel words", title="Peel")
    report = site.crawl(tmp_path)
    assert site.names(tmp_path) == ["index.html", "peel.html"]
    assert sorted(site.paths(tuple(copy.address for copy in report.copies))) == ["/peel?view=print2", "/twin"]


def test_a_home_page_named_as_address_of_every_page_is_not_believed(site: Site, tmp_path: Path) -> None:
    head = '<link rel="canonical" href="/">'
    site.page("/", '<a href="/a">a</a><a href="/b">b</a>', title="Home", head=head)
    site.page("/a", head=head)
    site.page("/b", head=head)
    site.crawl(tmp_path)
    assert site.names(tmp_path) == ["a.html", "b.html", "index.html"]
    assert sidecar(site, tmp_path, "a.html")["url"] == f"{site.address}/a"


def test_a_calendar_without_end_is_bounded(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/calendar?day=1">next</a>', title="Home")
    for day in range(1, 200):
        site.page(f"/calendar?day={day}", f'Day {day} <a href="/calendar?day={day + 1}">next</a>')
    report = site.crawl(tmp_path, depth=1000)
    assert report.read == 51
    assert report.left_out[-1].reason == "there are more than 50 addresses like it"


def test_relative_links_that_go_round_are_bounded(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="more/">more</a>', title="Home")
    path = "/"
    for number in range(20):
        path += "more/"
        site.page(path, f'{number} <a href="more/">more</a>')
    assert site.crawl(tmp_path).read == 3


def test_limits_end_a_crawl_and_say_so(site: Site, tmp_path: Path) -> None:
    site.page("/", "".join(f'<a href="/{n}">{n}</a>' for n in "abcdef"), title="Home")
    for name in "abcdef":
        site.page(f"/{name}")
    report = site.crawl(tmp_path, pages=3)
    assert (report.read, report.stopped) == (3, "3 pages were read, and there are more")
    assert site.crawl(tmp_path, seconds=0.0).stopped == "0 seconds have passed"
    assert site.crawl(tmp_path, total_size=10).stopped.endswith("MB were read")
    assert site.crawl(tmp_path, depth=0).read == 3  # the start, and what is known


def test_files_that_are_no_pages_are_named(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/a">a</a><a href="/b">b</a><a href="/c">c</a><a href="/d.png">d</a>', title="Home")
    site.text("/a", "%PDF-1.7 ...", "text/html")
    site.text("/b", "PK", "application/zip")
    site.page("/c", " ", head="<script>render()</script>")
    site.pages["/c"].body = b"<!doctype html><title>App</title><div id=app></div><script>render()</script>"
    report = site.crawl(tmp_path)
    assert site.names(tmp_path) == ["a.pdf", "index.html"]
    assert [left.reason for left in report.left_out] == [
        "it is application/zip, which is not read",
        "it shows no words without JavaScript",
    ]


@pytest.mark.parametrize("charset", ["idna", "undefined", "unicode_escape", "rot13", "no such"])
def test_an_encoding_that_no_browser_knows_changes_nothing(site: Site, tmp_path: Path, charset: str) -> None:
    site.page("/", '<a href="/a">a</a>', title="Home")
    site.page("/a", r'Caf\ud800é <a href="/b">b</a>', Content_Type=f"text/html; charset={charset}")
    site.page("/b")
    assert site.paths(site.crawl(tmp_path).new) == ["/", "/a", "/b"]


def test_an_unforeseen_error_of_one_page_does_not_end_the_crawl(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/a">a</a><a href="/b">b</a>', title="Home")
    site.page("/a")
    site.page("/b")
    state = {"pages": {"a\0.html": {"source": f"{site.address}/a"}}}  # a name that no disk takes
    site.folder(tmp_path).mkdir()
    (site.folder(tmp_path) / ".crawl.json").write_text(json.dumps(state))
    report = site.crawl(tmp_path, overwrite=True)
    assert site.paths(report.new) == ["/", "/b"]
    assert [(left.address, left.reason) for left in report.left_out] == [
        (f"{site.address}/a", "it cannot be read (ValueError)")
    ]
    assert site.names(tmp_path) == ["b.html", "index.html"]


def test_every_page_that_a_crawl_writes_is_read(site: Site, tmp_path: Path) -> None:
    paths = [f"/{name}" for name in ("robots", "humans", "ads", "app-ads", "llms", "security", "readme", "_drafts")]
    links = "".join(f'<a href="{path}">x</a>' for path in paths)
    site.page("/", f"<p>We are a clinic for skin.</p>{links}", title="Home")
    for path in paths:
        site.text(path, f"What {path} means to us.\n")
    assert site.crawl(tmp_path).read == len(paths) + 1
    assert len(read_corpus(tmp_path).documents) == len(paths) + 1


def test_names_of_files_are_safe_short_and_never_the_same(site: Site, tmp_path: Path) -> None:
    paths = ["/A/b", "/a/B", "/a-b", "/con", "/%C3%84rzte/Fu%C3%9Fpflege", "/x?y=1", "/" + "long-" * 60, "/..%2F..%2Fe"]
    site.page("/", "".join(f'<a href="{path}">x</a>' for path in paths), title="Home")
    for path in paths:
        site.page(path)
    site.crawl(tmp_path)
    names = site.names(tmp_path)
    assert len({name.casefold() for name in names}) == len(names) == len(paths) + 1
    assert all(len(name.encode()) <= 100 and name.isprintable() and not set(name) & set('/\\:*?"<>|') for name in names)
    assert "ärzte-fusspflege.html" in names
    before = set(names)
    site.crawl(tmp_path)
    assert set(site.names(tmp_path)) == before


def test_a_folder_that_is_a_link_is_refused(site: Site, tmp_path: Path) -> None:
    site.folder(tmp_path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CrawlError, match="is a link, and a crawl writes into no other folder: remove the link"):
        site.crawl(tmp_path)
    assert site.asked == []


def test_a_folder_that_becomes_a_link_is_not_written_through(site: Site, tmp_path: Path) -> None:
    site.page("/", title="Home")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with Crawl(site.address, tmp_path, CrawlOptions(pause=0, private=True)) as crawl:
        crawl.run()
        site.folder(tmp_path).symlink_to(elsewhere)
        with pytest.raises(CrawlError, match="remove the link"):
            apply(crawl, tmp_path)
        with pytest.raises(CrawlError, match="remove the link"):
            crawl.remembered()
    assert list(elsewhere.iterdir()) == []


def test_another_site_is_not_read_unless_it_is_named(site: Site, tmp_path: Path) -> None:
    other = site.address.replace("127.0.0.1", "localhost")
    site.page("/", f'<a href="{other}/a">a</a>', title="Home")
    site.page("/a")
    assert site.crawl(tmp_path).read == 1
    report = site.crawl(tmp_path, also=(other,))
    assert (report.read, [copy.address for copy in report.copies]) == (2, [f"{other}/"])
    assert (tmp_path / other.removeprefix("http://").replace(":", "-") / "a.html").exists()


def test_a_further_site_that_fails_does_not_stop_the_first(site: Site, tmp_path: Path) -> None:
    site.page("/", title="Home")
    report = site.crawl(tmp_path, also=("http://127.0.0.1:1",))
    assert report.read == 1
    assert report.left_out[0].address == "http://127.0.0.1:1/"
    assert report.left_out[0].reason.startswith("its site's robots.txt cannot be read: no connection")


def test_a_site_that_moved_is_named(site: Site, tmp_path: Path) -> None:
    site.redirect("/", "https://new.example/")
    with pytest.raises(CrawlError, match=r"leads to another site: crawl https://new\.example/ instead"):
        site.crawl(tmp_path)
    assert not any(tmp_path.iterdir())


def test_an_interrupted_crawl_leaves_what_it_read(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/a">a</a><a href="/b">b</a>', title="Home")
    site.page("/a")
    site.page("/b")

    def interrupt(done: int, _: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with Crawl(site.address, tmp_path, CrawlOptions(pause=0, private=True)) as crawl:
        report = crawl.run(interrupt)
        assert list(tmp_path.iterdir()) == []  # nothing changes before it is applied
        apply(crawl, tmp_path)
    assert (crawl.interrupted, report.stopped) == (True, "it was interrupted")
    assert site.names(tmp_path) == ["a.html", "index.html"]
    assert site.crawl(tmp_path).read == 3


def test_a_pause_stands_between_two_requests(site: Site, tmp_path: Path) -> None:
    site.text("/robots.txt", "User-agent: Footnote\nCrawl-delay: 0.2\n")
    site.page("/", title="Home")
    report = site.crawl(tmp_path)
    assert report.requests == 5  # robots.txt, three usual places of a sitemap, the page
    assert report.seconds > 4 * 0.2
    assert "Footnote/" in site.headers["/"]["User-Agent"]
    assert "contact: " in site.headers["/"]["User-Agent"]
