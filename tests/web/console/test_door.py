"""The sign-in page without any account, and with accounts that cannot be read."""

from dataclasses import replace
from pathlib import Path

import httpx

from chatbot.bot import Chatbot
from chatbot.settings import load_settings
from tests.web.conftest import serving


def test_without_an_account_the_page_says_how_to_make_one(bot: Chatbot, tmp_path: Path) -> None:
    settings = replace(load_settings({}), staff=tmp_path / "staff")
    with serving(bot, settings=settings) as address, httpx.Client(base_url=address, timeout=20) as client:
        page = client.get("/staff/sign-in")
        assert "footnote staff add NAME --role editor" in page.text
        assert "<form" not in page.text
        for password in ("", "admin", "password"):
            fields = {"name": "admin", "password": password}
            assert client.post("/staff/sign-in", data=fields, headers={"Origin": address}).status_code == 401


def test_with_unreadable_accounts_nobody_signs_in_and_visitors_are_answered(bot: Chatbot, tmp_path: Path) -> None:
    (tmp_path / "staff").mkdir()
    (tmp_path / "staff" / "staff.sqlite3").write_bytes(b"no database" * 100)
    settings = replace(load_settings({}), staff=tmp_path / "staff")
    with serving(bot, settings=settings) as address, httpx.Client(base_url=address, timeout=20) as client:
        client.cookies["footnote-staff"] = "a" * 43
        for path in ("/staff/", "/staff/sign-in", "/staff/theme.css"):
            answer = client.get(path)
            assert (answer.status_code, answer.json()["title"]) == (503, "The staff's records cannot be used")
            assert str(tmp_path) not in answer.text
        assert client.post("/api/ask", json={"question": "is redness normal?"}).status_code == 200
