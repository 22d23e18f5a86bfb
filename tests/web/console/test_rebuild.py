from threading import Event, Thread

import httpx

from chatbot.staff import Account, PageForm, Role
from chatbot.web.console import ConsoleServices
from tests.web.console.conftest import Staffed

EDITOR = Account("alice", Role.EDITOR)
ASKED = "is redness and swelling normal after microneedling?"


def test_publishing_while_visitors_ask_fails_and_mixes_nothing(staffed: Staffed) -> None:
    pages = ConsoleServices.of(staffed.bot, None, staffed.settings).pages
    versions = [{passage.text for passage in staffed.bot.passages()}]
    answers: list[tuple[int, frozenset[str]]] = []
    failures: list[str] = []
    done = Event()

    def visit(number: int) -> None:
        own = httpx.HTTPTransport(
            local_address=f"127.0.1.{number}"
        )  # visitors of other addresses do not wait for each other
        with httpx.Client(base_url=staffed.address, timeout=60, transport=own) as client:
            for _ in range(20):
                published = done.is_set()  # then this question is the last, and asks the newest build
                try:
                    answer = client.post("/api/ask", json={"question": ASKED})
                    texts = frozenset(citation["text"] for citation in answer.json()["citations"])
                    answers.append((answer.status_code, texts))
                except (httpx.HTTPError, KeyError, ValueError) as error:
                    failures.append(repr(error))
                if published:
                    break

    visitors = [Thread(target=visit, args=[number]) for number in range(1, 21)]
    for visitor in visitors:
        visitor.start()
    (page,) = (document.id for document in staffed.bot.documents())
    for number in range(2):
        form = pages.form(page)
        body = form.body.replace("redness and mild swelling", f"redness and very{' very' * number} mild swelling")
        pages.stage(EDITOR, PageForm(form.title, form.url, form.reviewed, body), page)
        pages.publish(EDITOR, lambda _done, _of, _what: None)
        versions.append({passage.text for passage in staffed.bot.passages()})
    done.set()
    for visitor in visitors:
        visitor.join(60)
    assert not any(visitor.is_alive() for visitor in visitors)
    assert failures == []
    assert {status for status, _ in answers} == {200}
    assert all(any(texts <= version for version in versions) for _, texts in answers)
    assert len(answers) > 20
