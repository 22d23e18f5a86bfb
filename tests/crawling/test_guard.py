"""Hostile addresses, names and servers: nothing is connected to that is not allowed, and nothing goes on for ever.

An audit hook of Python itself notes every connection of the process, so that nothing rests on what the crawler says.
"""

import gzip
import ipaddress
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.crawling.addresses import AddressRefused, join_url, parse_url
from chatbot.crawling.fetching import Fetched, Fetcher, FetchFailed, FetchLimits
from chatbot.crawling.markup import page_facts
from chatbot.crawling.network import GuardedBackend, is_public
from tests.loopback_site import Reply, Site

CONNECTED: list[object] = []
sys.addaudithook(lambda event, values: CONNECTED.append(values[1]) if event == "socket.connect" else None)

ADDRESSES = [
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "168.63.129.16", "169.254.169.254", "169.254.170.2", "172.16.0.1", "172.31.255.255", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250",
    "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
    "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1",
    "2600::5efe:10.0.0.1", "2a00:1:2:3:200:5efe:7f00:1",
]  # fmt: skip
FORMS = [
    "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:70/_", "dict://127.0.0.1:11211/", "ws://127.0.0.1/",
    "data:text/html,x", "javascript:alert(1)", "http://good.example@127.0.0.1/", "http://a:b@127.0.0.1/",
    "http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
    "http://127.1/", "http://127.0.1/", "http://0/", "http://127.000.000.001/", "http://127.0.0.1./",
    "http://%31%32%37.0.0.1/", "http://①②⑦.⓪.⓪.①/", "http://\uff11\uff12\uff17\u3002\uff10\u3002\uff10\u3002\uff11/", "http://[::1%25lo]/",
    "http://[::ffff:7f00:1]/", "http:\\\\127.0.0.1\\", "http://good.example\\@127.0.0.1/", "http://127.0.0.1\t/",
    "http://127.0.0.1:22/", "http://good.example:22/", "https://good.example:6379/", "http://good.example:0/",
    "http://localhost/", "http://localhost./", "http://any.localhost/", "http://metadata.internal/latest/meta-data/",
    "http://mixed.example/", "http://odd.example/", "http://scoped.example/", "//127.0.0.1:8080/", "http:///127.0.0.1/",
]  # fmt: skip


class Names:
    """A name server that means no good: what it answers at each look, the last for ever."""

    def __init__(self, **answers: Sequence[Sequence[str]]) -> None:
        self.answers = {
            "good.example": [["93.184.216.34"]],
            "metadata.internal": [["169.254.169.254"]],
            "mixed.example": [["93.184.216.34", "127.0.0.1"]],
            "odd.example": [["2130706433"]],
            "scoped.example": [["fe80::1%lo"]],
        } | {name.replace("_", "."): [*looks] for name, looks in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        looks = self.answers.get(host, [["127.0.0.1"]])
        return looks.pop(0) if len(looks) > 1 else looks[0]


@pytest.fixture
def connected() -> Iterator[list[object]]:
    CONNECTED.clear()
    yield CONNECTED
    CONNECTED.clear()


def fetch(backend: GuardedBackend, url: str, limits: FetchLimits | None = None) -> Fetched:
    """Fetch an address, and follow wherever it leads: there is no scope here, only the guard."""
    fetcher = Fetcher(backend, "Footnote/test", limits or FetchLimits(seconds=5, silence=5))
    try:
        return fetcher.get(parse_url(url), lambda _: True)
    finally:
        fetcher.close()


def literal(ip: str) -> str:
    return f"http://[{ip}]/" if ":" in ip else f"http://{ip}/"


HOSTILE = [*map(literal, ADDRESSES), *FORMS]


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_address_is_not_connected_to(url: str, connected: list[object]) -> None:
    with pytest.raises((AddressRefused, FetchFailed)):
        fetch(GuardedBackend(Names()), url)
    assert connected == []


def test_redirects_to_hostile_addresses_are_not_followed(site: Site, connected: list[object]) -> None:
    own = ("127.0.0.1", int(site.address.rpartition(":")[2]))
    for number, url in enumerate(HOSTILE):
        site.redirect(f"/{number}", url)
    backend = GuardedBackend(Names(), allowed=frozenset({own}))
    led_back = 0
    for number in range(len(HOSTILE)):
        with suppress(FetchFailed):
            led_back += fetch(backend, f"{site.address}/{number}").address.origin == site.address
    assert len(HOSTILE) >= 80
    assert set(connected) == {own}
    assert led_back == 1  # an address without a host is one of the site itself


def test_a_crawl_that_meets_them_everywhere_stays_on_its_site(
    site: Site, tmp_path: Path, connected: list[object]
) -> None:
    own = ("127.0.0.1", int(site.address.rpartition(":")[2]))
    links = "".join(
        f'<a href="{url}">x</a><iframe src="{url}"></iframe><a href="/{n}">y</a>' for n, url in enumerate(HOSTILE)
    )
    site.page("/", links, title="Home", head='<link rel="canonical" href="http://169.254.169.254/">')
    site.page("/base", '<a href="latest">x</a>', head='<base href="http://169.254.169.254/">')
    site.page("/refresh", head='<meta http-equiv="refresh" content="0; url=http://127.0.0.1:22/">')
    for number, url in enumerate(HOSTILE):
        site.redirect(f"/{number}", url)
    site.text("/robots.txt", f"Sitemap: http://169.254.169.254/map.xml\nSitemap: {site.address}/map.xml\n")
    locations = "".join(f"<url><loc>{url}</loc></url>" for url in [*HOSTILE[:42], f"{site.address}/base"])
    site.text("/map.xml", f"<urlset>{locations}<url><loc>{site.address}/refresh</loc></url></urlset>", "text/xml")
    report = site.crawl(tmp_path)
    assert site.paths(report.new) == ["/", "/base"]
    assert set(connected) == {own}


def test_a_name_that_is_answered_anew_stays_where_it_was(site: Site, connected: list[object]) -> None:
    port = int(site.address.rpartition(":")[2])
    names = Names(rebinding_example=[["127.0.0.1"], ["127.0.0.2"], ["169.254.169.254"]])
    backend = GuardedBackend(names, allowed=frozenset({("127.0.0.1", port)}))
    site.page("/", title="Home")
    for _ in range(3):
        assert fetch(backend, f"http://rebinding.example:{port}/").status == 200
    assert names.asked == ["rebinding.example"]
    assert set(connected) == {("127.0.0.1", port)}


def test_an_allowed_address_is_allowed_at_its_port_alone(site: Site, connected: list[object]) -> None:
    port = int(site.address.rpartition(":")[2])
    backend = GuardedBackend(Names(), allowed=frozenset({("127.0.0.1", port)}))
    with socket.create_server(("127.0.0.1", 0)) as other:
        site.redirect("/", f"http://127.0.0.1:{other.getsockname()[1]}/")
        with pytest.raises(FetchFailed, match="not one of the public internet"):
            fetch(backend, site.address)
    assert connected == [("127.0.0.1", port)]


def test_a_private_site_needs_to_be_asked_for(site: Site, tmp_path: Path, connected: list[object]) -> None:
    site.page("/", title="Home")
    with pytest.raises(Exception, match=r"127\.0\.0\.1 is not one of the public internet"):
        site.crawl(tmp_path, private=False)
    assert connected == []


@given(st.ip_addresses())
def test_no_address_passes_that_python_calls_local(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        assert not is_public(str(ip))


@pytest.mark.parametrize("ip", ["8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_pass(ip: str) -> None:
    assert is_public(ip)


@given(st.text(max_size=60), st.sampled_from(["", "http://", "https://h.example/", "//", "http://[", "?"]))
def test_any_text_is_read_as_an_address_or_refused(text: str, before: str) -> None:
    try:
        address = join_url("https://clinic.example/a/", before + text)
    except AddressRefused:
        return
    assert parse_url(str(address)) == address
    assert str(address).isascii()
    assert str(address).startswith(("http://", "https://"))


def streaming(*parts: bytes, pause: float = 0.0, times: int = 1) -> Reply:
    def stream(handler: BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(times):
                for part in parts:
                    handler.wfile.write(part)
                    handler.wfile.flush()
                    time.sleep(pause)
        except OSError:
            pass  # the crawler has hung up, as it should

    return Reply(stream=stream)


CHUNK = b"10000\r\n" + b"x" * 65536 + b"\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"}), "it has more than 1,024 KB"),
        (Reply(b"no gzip at all", headers={"Content-Encoding": "gzip"}), "its compression is broken"),
        (Reply(gzip.compress(b"x" * 9999)[:-9], headers={"Content-Encoding": "gzip"}), "it came in part only"),
        (Reply(b"x", headers={"Content-Encoding": "gzip, gzip"}), "compressed in a way that is not read"),
        (streaming(HEAD + b"\r\n", b"x" * 65536, times=1000), "it has more than 1,024 KB"),
        (streaming(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[CHUNK] * 99), "more than"),
        (streaming(HEAD + b"\r\n", *[b"x"] * 100, pause=0.1), "its server takes too long"),
        (streaming(b"HTTP/1.1 200 OK\r\nA: ", *[b"x"] * 100, pause=0.1), "its server takes too long"),
        (streaming(b"HTTP/1.1 100 Continue\r\n\r\n", pause=0.05, times=100), "its server takes too long"),
        (streaming(HEAD + (b"X-Long: " + b"x" * 1000 + b"\r\n") * 200), "does not speak HTTP properly"),
        (streaming(b"220 mail.example ESMTP\r\n"), "does not speak HTTP properly"),
        (streaming(HEAD + b"Content-Length: 99\r\n\r\nhalf"), "does not speak HTTP properly"),
        (streaming(b""), "does not speak HTTP properly"),
    ],
)  # fmt: skip
def test_a_hostile_server_is_bounded(site: Site, reply: Reply, reason: str) -> None:
    site.pages["/"] = reply
    own = ("127.0.0.1", int(site.address.rpartition(":")[2]))
    limits = FetchLimits(size=1024 * 1024, seconds=1.0, silence=1.0)
    with pytest.raises(FetchFailed, match=reason):
        fetch(GuardedBackend(allowed=frozenset({own})), site.address, limits)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "html",
    [
        "<p " + " ".join(f"a{number}" for number in range(30_000)) + ">hello",
        "".join(f"<p><b c={number}>" for number in range(50)) * 400 + "hello",
        "<div>" * 300 + "hello" + "<!--<script><a " * 100_000,
        "<div>" * 300 + "hello" + "<a href=x>" * 100_000,
    ],
    ids=["attributes", "open tags", "nothing closed", "anchors"],
)
def test_hostile_html_does_not_stop_the_crawler(html: str) -> None:
    assert page_facts(html.encode(), "", "").words


@pytest.mark.parametrize(("bound", "stopped"), [({"seconds": 0.3}, "0 seconds"), ({"total_size": 10**6}, "0 MB")])
def test_sitemaps_are_read_within_the_limits(
    site: Site, tmp_path: Path, bound: dict[str, object], stopped: str
) -> None:
    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.2)
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n<urlset>" + b" " * 600_000 + b"</urlset>")

    site.page("/", title="Home")
    site.text("/robots.txt", "".join(f"Sitemap: {site.address}/{number}.xml\n" for number in range(20)))
    for number in range(20):
        site.pages[f"/{number}.xml"] = Reply(stream=slow)
    assert site.crawl(tmp_path, **bound).stopped.startswith(stopped)
    assert len(site.asked) == 3  # robots.txt and two sitemaps


@pytest.mark.parametrize("packed", [True, False])
def test_the_beginning_of_a_huge_robots_txt_is_obeyed(site: Site, tmp_path: Path, packed: bool) -> None:
    rules = b"User-agent: *\nDisallow: /private\n"
    text = rules + b"#" * (500 * 1024 - len(rules) - len(b"\nDisallow: /")) + b"\nDisallow: /other\n" + b"#" * 200_000
    headers = {"Content-Encoding": "gzip"} if packed else {}
    site.pages["/robots.txt"] = Reply(gzip.compress(text) if packed else text, headers=headers)
    site.page("/", '<a href="/private">a</a><a href="/a">b</a>', title="Home")
    site.page("/private")
    site.page("/a")
    assert site.paths(site.crawl(tmp_path).new) == ["/", "/a"]


def test_redirects_without_end_are_bounded(site: Site, tmp_path: Path) -> None:
    site.page("/", '<a href="/a">a</a><a href="/1">b</a>', title="Home")
    site.redirect("/a", "/a")
    for number in range(20):
        site.redirect(f"/{number}", f"/{number + 1}")
    report = site.crawl(tmp_path)
    assert {left.reason for left in report.left_out} == {"its redirects do not end"}


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>',
        "<urlset>" + "<a>" * 100_000,
        "<sitemapindex><sitemap><loc>{site}/sitemap.xml</loc></sitemap></sitemapindex>",
        "no xml",
    ],
)
def test_a_hostile_sitemap_does_no_harm(site: Site, tmp_path: Path, text: str) -> None:
    site.page("/", title="Home")
    site.text("/sitemap.xml", text.replace("{site}", site.address), "text/xml")
    assert site.paths(site.crawl(tmp_path).new) == ["/"]
