"""Which of the public addresses of pages are gone, and that none leads into the own network."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler

import pytest

from chatbot.crawling import gone_addresses
from chatbot.crawling.addresses import parse_url
from tests.loopback_site import Reply, Site, serving_site


def gone(site: Site, addresses: Sequence[str], progress: Callable[[int, int], object] = lambda *_: None) -> set[str]:
    """Open addresses where the guard lets nothing through but a site, which stands for one on the internet."""
    return set(gone_addresses(addresses, progress, frozenset({("127.0.0.1", parse_url(site.address).port)})))


def test_an_address_is_gone_by_its_site_or_without_a_host(site: Site) -> None:
    site.page("/page")
    site.redirect("/moved", "/page")
    site.redirect("/moved-away", "/nowhere")
    for path, status in (("/gone", 410), ("/broken", 500), ("/private", 403)):
        site.text(path, "", status=status)
    there = [f"{site.address}{path}" for path in ("/page", "/moved", "/broken", "/private")]
    closed = "http://127.0.0.1:9/"  # nobody listens there, perhaps only now
    lost = [f"{site.address}{path}" for path in ("/gone", "/never", "/moved-away")]
    unknown = ["http://clinic.invalid/page", f"http://{'a' * 70}.example/", "no address"]
    steps: list[tuple[int, int]] = []
    found = gone(site, [*there, closed, *lost, *unknown], lambda done, total: steps.append((done, total)))
    assert found >= set(lost)  # a machine without a resolver knows of no host whether it is gone
    assert found <= {*lost, unknown[0]}
    assert steps == [(done, 11) for done in range(1, 12)]


def test_no_addresses_are_opened_where_there_are_none(site: Site) -> None:
    assert gone(site, []) == set()


def test_an_address_of_the_own_network_is_not_opened(site: Site) -> None:
    addresses = [f"{site.address}/never", "http://[::1]/never", "http://169.254.169.254/", "http://0x7f.1/"]
    assert gone_addresses(addresses, lambda _done, _total: None) == frozenset()
    assert site.asked == []


def test_no_redirect_leads_into_the_own_network(site: Site) -> None:
    with serving_site() as inside:
        site.redirect("/page", f"{inside.address}/never")
        assert gone(site, [f"{site.address}/page"]) == set()
        assert (site.asked, inside.asked) == (["/page"], [])


@pytest.mark.parametrize(("status", "is_gone"), [(200, False), (404, True)])
def test_a_page_without_end_is_not_read(site: Site, status: int, is_gone: bool) -> None:
    written: list[int] = []

    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.end_headers()
        handler.wfile.flush()
        with suppress(OSError):
            while len(written) < 2_000:
                handler.connection.sendall(b"x" * 65_536)
                written.append(65_536)

    site.pages["/endless"] = Reply(stream=endless)
    assert bool(gone(site, [f"{site.address}/endless"])) is is_gone
    assert len(written) < 2_000
