import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import httpx
import pytest

from chatbot.answering import document_digest
from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.indexing import build_index
from tests.conftest import WordEncoder
from tests.web.conftest import serving

PAGE = "/pages/benefits-of-microneedling.txt"
ODD = """# Care & <comfort>

## First day

Keep it **dry**. It is <b>red</b>.

Drink water.

### At night

Sleep on your back.

## Sixth day {level}

- wash
- rest
"""


class Strict(HTMLParser):
    """Reads a page and notices what is not closed in the order in which it was opened."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.shown: list[str] = []
        self.marks: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "link"}:
            self.open.append(tag)
        if tag == "mark":
            self.marks.append("")
        assert "script" not in tag
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "main" in self.open:
            self.shown.append(data)
        if "mark" in self.open:
            self.marks[-1] += data


def words(text: str) -> str:
    return " ".join(text.split())


def shown(page: str) -> str:
    return words("".join(Strict(page).shown))


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Chatbot]]:
    corpus, index = tmp_path_factory.mktemp("corpus"), tmp_path_factory.mktemp("index")
    (corpus / "after care").mkdir()
    (corpus / "after care" / "day 1?.md").write_text(ODD)
    (corpus / "after care" / "day 1?.md.yaml").write_text("reviewed: 2026-03-07\n")
    encoder = WordEncoder()
    build_index(corpus, index, encoder)
    bot = Chatbot(corpus, index, encoder, Clinic(name="Care & <Co> $5 $body"))
    with serving(bot) as address:
        yield address, bot


def test_every_passage_of_a_document_can_be_read_on_its_page(client: httpx.Client, bot: Chatbot) -> None:
    page = shown(client.get(PAGE).text)
    place = 0
    for section in bot.document("benefits-of-microneedling.txt").sections:
        for paragraph in bot.document("benefits-of-microneedling.txt").text[section.start : section.end].split("\n\n"):
            body = words(paragraph.split("\n")[-1])
            place = page.index(body, place)


def test_a_document_is_shown_under_its_headings_without_scars(client: httpx.Client) -> None:
    page = client.get(PAGE).text
    assert "<title>Benefits of Microneedling – Example Skin Clinic</title>" in page  # noqa: RUF001 -- a dash, as shown
    assert re.findall(r"<h1>(.*?)</h1>", page) == ["Benefits of Microneedling"]
    assert re.findall(r"<h2>(.*?)</h2>", page) == [
        "What Are The Benefits Of Microneedling?",
        "Does Microneedling Tighten Skin?",
        "What To Expect After Microneedling",
        "How Long Does It Take To See Results From Microneedling?",
    ]
    assert "what are the benefits of microneedling<" not in page
    assert page.count("Benefits of Microneedling") == 2
    assert 'href="../"' in page


def test_a_citation_opens_its_page_with_the_sentence_marked(client: httpx.Client, bot: Chatbot) -> None:
    for question in ("is redness normal?", "acne scars", "how long until I see results?"):
        for citation in bot.ask(question).citations:
            page = client.get(citation.link).text
            marked = [citation.passage.text[mark.start : mark.end] for mark in citation.highlights]
            assert Strict(page).marks == marked or not marked  # the page of a further passage opens at its sentence
            assert page.count('<mark id="mark-1">') == 1
            assert words(citation.passage.text) in shown(page)


def linked(bot: Chatbot, document: str, *marks: str) -> str:
    query = "&".join(f"mark={mark}" for mark in marks)
    return f"/pages/{document}?{query}&of={document_digest(bot.document(document))}"


def test_several_marks_are_numbered_by_their_place(client: httpx.Client, bot: Chatbot) -> None:
    text = bot.document("benefits-of-microneedling.txt").text
    start = text.index("This minimally")
    page = client.get(
        linked(bot, "benefits-of-microneedling.txt", f"{start + 20}-{start + 30}", f"{start}-{start + 10}")
    )
    assert Strict(page.text).marks == ["This minim", text[start + 20 : start + 30]]
    assert page.text.index('id="mark-1"') < page.text.index('id="mark-2"')


def test_marks_that_overlap_become_one(client: httpx.Client, bot: Chatbot) -> None:
    text = bot.document("benefits-of-microneedling.txt").text
    start = text.index("This minimally")
    marks = (f"{start}-{start + 10}", f"{start + 5}-{start + 20}", f"{start}-{start + 10}", f"{start + 2}-{start + 3}")
    page = client.get(linked(bot, "benefits-of-microneedling.txt", *marks)).text
    assert Strict(page).marks == [text[start : start + 20]]


def test_a_mark_over_everything_is_closed_at_each_paragraph(client: httpx.Client, bot: Chatbot) -> None:
    length = len(bot.document("benefits-of-microneedling.txt").text)
    page = client.get(linked(bot, "benefits-of-microneedling.txt", f"0-{length}")).text
    read = Strict(page)
    assert len(read.marks) == len(re.findall(r"<(?:p|h2)>", page.split("</h1>")[1]))
    assert words(" ".join(read.marks)) == words("".join(read.shown).split("Benefits of Microneedling", 1)[1])


@pytest.mark.parametrize(
    "mark",
    [
        "",
        "-",
        "a-b",
        "5",
        "-5-10",
        "10-5",
        "7-7",
        "0-999999",
        "99999999999-999999999999",
        "1.5-9",
        "\uff11-\uff19",
        "0x1-0x9",
        "1-9-20",
        "%00",
        "<b>",
    ],
)
def test_a_mark_that_means_nothing_is_left_out(client: httpx.Client, bot: Chatbot, mark: str) -> None:
    response = client.get(linked(bot, "benefits-of-microneedling.txt", mark))
    assert response.status_code == 200
    assert Strict(response.text).marks == []


def test_thousands_of_marks_are_no_work(client: httpx.Client, bot: Chatbot) -> None:
    marks = [f"{start}-{start + 1}" for start in range(200, 3200)]
    response = client.get(linked(bot, "benefits-of-microneedling.txt", *marks))
    assert response.status_code == 200
    assert len(Strict(response.text).marks) == 20


@pytest.mark.parametrize("of", ["", "&of=", "&of=000000000000", "&of=%ff%00"])
def test_a_page_that_changed_says_so_and_marks_nothing(client: httpx.Client, of: str) -> None:
    response = client.get(f"{PAGE}?mark=300-320{of}")
    assert response.status_code == 200
    assert Strict(response.text).marks == []
    assert "This page has changed since that answer was given" in response.text


def test_a_page_without_marks_has_no_notice(client: httpx.Client) -> None:
    assert "has changed" not in client.get(PAGE).text


@pytest.mark.parametrize(
    "path",
    ["", "nothing.txt", "../clinic.toml", "%2e%2e/clinic.toml", "..%2fclinic.toml", "%00", "%ff", "<b>", "a/" * 500],
)
def test_a_page_that_is_not_there_is_told_kindly(client: httpx.Client, path: str) -> None:
    response = client.get(f"/pages/{path}")
    assert response.status_code == 404
    if response.headers["content-type"].startswith("text/html"):
        assert "There is no such page here" in shown(response.text)


def test_a_page_may_not_run_or_load_anything_but_its_style(client: httpx.Client) -> None:
    policy = client.get(PAGE).headers["content-security-policy"].split("; ")
    assert "default-src 'none'" in policy
    assert "style-src 'self'" in policy
    assert not [rule for rule in policy if rule.startswith("script-src")]


def test_levels_lists_and_the_day_of_review_are_shown(odd: tuple[str, Chatbot]) -> None:
    address, bot = odd
    (document,) = bot.documents()
    page = httpx.get(f"{address}/pages/after%20care/day%201%3F.md").text
    assert re.findall(r"<(h\d)>(.*?)</h\d>", page) == [
        ("h1", html.escape(document.title)),
        ("h2", "First day"),
        ("h3", "At night"),
        ("h2", "Sixth day {level}"),
    ]
    assert 'Reviewed on <time datetime="2026-03-07">7 March 2026</time>' in page
    assert '<p class="clinic">Care &amp; &lt;Co&gt; $5 $body</p>' in page


def test_a_mark_may_cross_from_one_paragraph_into_the_next(odd: tuple[str, Chatbot]) -> None:
    address, bot = odd
    (document,) = bot.documents()
    start, end = document.text.index("dry"), document.text.index("water") + len("water")
    query = f"mark={start}-{end}&of={document_digest(document)}"
    page = httpx.get(f"{address}/pages/after%20care/day%201%3F.md?{query}").text
    read = Strict(page)
    assert len(read.marks) == 2
    assert read.marks[1] == "Drink water"
    assert page.count("<mark id=") == 1
