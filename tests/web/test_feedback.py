"""What visitors ask over the API and on the page is journalled, and what they say of the answers."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import Browser, expect

from chatbot.bot import Chatbot
from chatbot.journal import Journal, PassageRef
from tests.web.accessibility import violations
from tests.web.conftest import ask, serving, visiting
from tests.web.test_api import is_problem
from tests.web.test_chat import ASKED, NEVER_SAID


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal.open(str(tmp_path / "journal.sqlite3"), 30)
    assert journal
    return journal


@pytest.fixture
def kept(bot: Chatbot, journal: Journal) -> Iterator[str]:
    with serving(bot, journal) as address:
        yield address


@pytest.fixture
def visitor(kept: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=kept, timeout=20) as client:
        yield client


def asked(client: httpx.Client, question: str) -> str:
    answer_id: str = client.post("/api/ask", json={"question": question, "history": ["earlier"]}).json()["answer_id"]
    return answer_id


def test_a_question_over_the_api_is_kept_with_what_the_visitor_says_of_it(
    visitor: httpx.Client, journal: Journal, bot: Chatbot
) -> None:
    question = f"{ASKED} I am on 07700 900123"
    answer_id = asked(visitor, question)
    reply = visitor.post("/api/feedback", json={"answer_id": answer_id, "helpful": False, "comment": "no\u00a0use"})
    assert (reply.status_code, reply.content) == (204, b"")
    (entry,) = journal.asked()
    assert (entry.answer_id, entry.text) == (answer_id, f"{ASKED} I am on [number]")
    assert (entry.helpful, entry.comment) == (False, "no use")
    told = bot.ask(question)
    assert entry.outcome is told.outcome
    assert entry.passages == tuple(
        PassageRef(one.passage.document, one.passage.start, one.passage.end) for one in told.citations
    )
    assert 0 < entry.milliseconds < 20_000


def test_a_refused_question_is_not_kept(visitor: httpx.Client, journal: Journal) -> None:
    assert visitor.post("/api/ask", json={"question": " "}).status_code == 422
    journal.flush()
    assert journal.asked() == ()


@pytest.mark.parametrize("answer_id", ["0" * 32, "", "x" * 500, "\u2603"])
def test_feedback_on_an_answer_that_is_not_kept_is_a_problem(visitor: httpx.Client, answer_id: str) -> None:
    response = visitor.post("/api/feedback", json={"answer_id": answer_id, "helpful": True})
    assert is_problem(response, 404)
    assert response.json()["type"] == "urn:footnote:problem:answer-not-found"


def test_feedback_that_waits_for_another_server_holds_up_no_other(bot: Chatbot, empty_postgresql: str) -> None:
    one, other = (Journal.open(empty_postgresql, 30) for _ in range(2))
    assert one
    assert other
    other.flush()  # it opens the database
    with serving(bot, one) as address, httpx.Client(base_url=address, timeout=20) as visitor:

        def rate(answer_id: str) -> int:
            return visitor.post("/api/feedback", json={"answer_id": answer_id, "helpful": True}).status_code

        known = asked(visitor, ASKED)
        one.flush()
        late, *unknown = (uuid4().hex for _ in range(7))
        with ThreadPoolExecutor(7) as pool:
            rated = [pool.submit(rate, answer_id) for answer_id in (late, *unknown)]
            wait(rated, 0.1)  # seconds
            other.record(late, bot.ask(ASKED), 12)
            assert rate(known) == 204
            assert not any(reply.done() for reply in rated[1:])
            assert [reply.result() for reply in rated] == [204, *[404] * 6]
    other.close()


def test_without_a_journal_no_answer_is_known(client: httpx.Client) -> None:
    assert is_problem(client.post("/api/feedback", json={"answer_id": asked(client, ASKED), "helpful": True}), 404)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"answer_id": "a"}',
        b'{"answer_id": "a", "helpful": "true"}',
        b'{"answer_id": "a", "helpful": 1}',
        b'{"answer_id": "a", "helpful": null}',
        b'{"answer_id": 7, "helpful": true}',
        b'{"answer_id": "a", "helpful": true, "helpful": false}',
        b'{"answer_id": "a", "helpful": true, "comment": 7}',
        b'{"answer_id": "a", "helpful": true, "comment": "' + b"x" * 1001 + b'"}',
    ],
)
def test_what_is_no_feedback_is_a_bad_request(visitor: httpx.Client, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert is_problem(visitor.post("/api/feedback", content=body, headers=headers), 400)
    assert is_problem(visitor.post("/api/feedback", content=body, headers={"content-type": "text/plain"}), 415)
    assert is_problem(visitor.get("/api/feedback"), 405)


def test_feedback_may_hold_anything_that_is_text(visitor: httpx.Client, journal: Journal) -> None:
    answer_id = asked(visitor, ASKED)
    body = f'{{"answer_id": "{answer_id}", "helpful": true, "comment": "\\ud800\\u0000 \u2603{"x" * 900}"}}'
    response = visitor.post("/api/feedback", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 204
    assert [one.comment for one in journal.asked()] == [f"\u2603{'x' * 900}"]


def test_a_journal_that_cannot_be_written_costs_no_answer(bot: Chatbot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    journal = Journal.open(str(tmp_path / "file" / "journal.sqlite3"), 30)
    with serving(bot, journal) as address, httpx.Client(base_url=address, timeout=20) as client:
        answer_id = asked(client, ASKED)
        response = client.post("/api/feedback", json={"answer_id": answer_id, "helpful": True})
        assert is_problem(response, 503)
        assert "file" not in response.text
        assert client.post("/api/ask", json={"question": ASKED}).status_code == 200


def test_what_was_asked_last_is_kept_when_the_server_stops(bot: Chatbot, journal: Journal) -> None:
    with serving(bot, journal) as address:
        httpx.post(f"{address}/api/ask", json={"question": ASKED}, timeout=20)
    assert [one.text for one in journal.asked()] == [ASKED]


def test_a_visitor_of_the_page_says_whether_it_helped_and_may_think_again(
    browser: Browser, kept: str, journal: Journal
) -> None:
    with visiting(browser, kept, reduced_motion="reduce") as visitor:
        page = visitor.open()
        buttons = page.locator("#feedback button:visible")
        expect(buttons).to_have_count(0)
        ask(page, ASKED)
        expect(buttons).to_have_text(["Helpful", "Not helpful"])
        page.fill("#question textarea", "and then?")
        buttons.nth(1).click()
        expect(buttons).to_have_text(["Helpful", "Not helpful, thank you"])
        expect(page.locator("#question textarea")).to_have_value("and then?")
        assert violations(page) == []
        journal.flush()
        assert [(one.text, one.helpful) for one in journal.asked()] == [(ASKED, False)]
        buttons.first.click()
        expect(buttons).to_have_text(["Helpful, thank you", "Not helpful"])
        ask(page, NEVER_SAID)
        expect(buttons).to_have_text(["Helpful", "Not helpful"])
        journal.flush()
        assert [(one.text, one.helpful) for one in journal.asked()] == [(NEVER_SAID, None), (ASKED, True)]
        page.click("#clear")
        expect(buttons).to_have_count(0)
        ask(page, "x" * 2500)
        expect(buttons).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_the_buttons_are_large_enough_and_nothing_scrolls_sideways(
    browser: Browser, kept: str, scheme: str
) -> None:
    phone = {"width": 320, "height": 640}
    with visiting(browser, kept, viewport=phone, has_touch=True, is_mobile=True, color_scheme=scheme) as visitor:
        page = visitor.open()
        ask(page, ASKED)
        page.locator("#feedback button:visible").first.click()
        expect(page.locator("#feedback button:visible").first).to_have_text(re.compile("thank you"))
        assert page.evaluate("document.documentElement.scrollWidth") == 320
        for button in page.locator("#feedback button:visible").all():
            box = button.bounding_box()
            assert box
            assert box["height"] >= 44
        assert violations(page) == []
