from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse

from chatbot.operation.notices import PROXIES, Notices, read_notices
from chatbot.web.http.proxies import ProxyHint
from tests.conftest import run_in_loop


def request(folder: Path, client: str, forwarded: str | None) -> None:
    """Send a request to an application, as if from an address."""

    async def send() -> None:
        app = ProxyHint(PlainTextResponse("answer"), Notices(folder))
        transport = httpx.ASGITransport(app, client=(client, 1234))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as browser:
            headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
            assert (await browser.get("/", headers=headers)).text == "answer"

    run_in_loop(send())


@pytest.mark.parametrize("client", ["127.0.0.1", "10.0.0.7", "::1", "::ffff:172.17.0.1", "fd00::3"])
def test_a_proxy_that_is_not_named_is_noted(tmp_path: Path, client: str, caplog: pytest.LogCaptureFixture) -> None:
    request(tmp_path, client, "203.0.113.9")
    assert list(read_notices(tmp_path)[PROXIES]) == [client]
    assert "name it in FOOTNOTE_TRUSTED_PROXIES" in caplog.text
    assert "203.0.113.9" not in caplog.text


@pytest.mark.parametrize(
    ("client", "forwarded"),
    [
        ("203.0.113.9", "203.0.113.9"),  # believed: the server took the address from the header
        ("203.0.113.9", "198.51.100.1, 203.0.113.9"),
        ("127.0.0.1", None),
        ("8.8.8.8", "203.0.113.9"),  # a stranger's own header
    ],
)
def test_nobody_else_is_taken_for_a_proxy(tmp_path: Path, client: str, forwarded: str | None) -> None:
    request(tmp_path, client, forwarded)
    assert read_notices(tmp_path) == {}
