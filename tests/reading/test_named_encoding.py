"""The encoding that a server named for a crawled page, as its sidecar keeps it."""

import pytest

from chatbot.errors import UnreadablePage
from chatbot.reading import read_page

HTML = "<html><head><title>Úschova</title></head><body><main><p>Cena je pět korun.</p></main></body></html>"


def test_a_page_is_read_in_the_encoding_that_its_server_named() -> None:
    document = read_page("a.html", HTML.encode("iso-8859-2"), b'encoding: "iso-8859-2"\n')
    assert (document.title, document.text.strip()) == ("Úschova", "Cena je pět korun.")
    text = read_page("a.txt", "Cena je pět korun.".encode("iso-8859-2"), b"encoding: iso-8859-2\n").text
    assert text.strip() == "Cena je pět korun."


def test_the_servers_word_goes_before_that_of_the_page() -> None:
    page = HTML.replace("<head>", '<head><meta charset="windows-1252">').encode()
    assert read_page("a.html", page, b"encoding: utf-8\n").title == "Úschova"
    assert read_page("a.html", b"\xef\xbb\xbf" + page, b"encoding: iso-8859-2\n").title == "Úschova"


@pytest.mark.parametrize("encoding", [b"none-such", b"hex", b"[1]", b"utf-8"])
def test_an_encoding_that_does_not_fit_does_no_harm(encoding: bytes) -> None:
    sidecar = b"encoding: " + encoding + b"\n"
    assert read_page("a.html", HTML.encode(), sidecar).title == "Úschova"
    with pytest.raises(UnreadablePage, match="of it is not UTF-8"):
        read_page("a.txt", b"caf\xe9", sidecar)
