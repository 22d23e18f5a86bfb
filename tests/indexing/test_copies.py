"""Passages that say the same are one, whatever page they stand on."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.errors import IndexDamaged
from chatbot.indexing import Query, build_index, open_index
from chatbot.indexing.copies import (
    DistinctCounter,
    DistinctPassages,
    PageCopy,
    copies_text,
    find_copies,
    read_copies,
    same_words_key,
    words_of,
    write_copies,
)
from chatbot.indexing.index import Index
from chatbot.records import Document, Passage
from tests.conftest import WordEncoder

RED = "Your skin is red for two days. Ring us if it stays red."
SUN = "No sun for a week. Use factor 50."


def passage(
    text: str, title: str = "Care", document: str = "care.md", headings: tuple[str, ...] = (), url: str | None = None
) -> Passage:
    return Passage(document, title, url, headings, 0, len(text), text)


def key(text: str, title: str = "Care", headings: tuple[str, ...] = ()) -> bytes:
    return same_words_key(passage(text, title, headings=headings), ())


@pytest.mark.parametrize(
    "other",
    [
        "we take \u00a350 - cards too. ring 01632 960 111.",
        "We  take \u00a350:\n\u201ccards\u201d too! Ring 01632 960 111",
        "\u2022 We take \u00a350\n\u2022 cards too\n\u2022 Ring 01632 960 111",
    ],
)
def test_case_space_and_punctuation_make_no_other_words(other: str) -> None:
    assert key("We take \u00a350, cards too. Ring 01632 960 111.") == key(other)


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("It costs \u00a350.", "It costs $50."),
        ("Take 1.5 ml.", "Take 15 ml."),
        ("Take 1.5 ml.", "Take 1 5 ml."),
        ("Open from 9:00.", "Open from 9.00."),
        ("Keep it at -5 degrees.", "Keep it at 5 degrees."),
        ("It holds < 5 mg.", "It holds > 5 mg."),
        ("It holds 5 %.", "It holds 5 mg."),
        ("Ring Dr Shah.", "Ring Dr Shaw."),
        ("Is it safe?", "Is it safe."),
        ("Stay 3-5 days.", "Stay 35 days."),
    ],
)
def test_a_figure_sign_or_name_makes_other_words(text: str, other: str) -> None:
    assert key(text) != key(other)


def test_dashes_and_quotes_of_a_typesetter_make_no_other_words() -> None:
    assert words_of("Don\u2019t wait 3\u20135 days \u2013 ring.") == words_of("Don't wait 3-5 days - ring")


@pytest.mark.parametrize(
    "title",
    [
        "Peels (print version)",
        "Peels - printer friendly",
        "Copy of Peels",
        "Peels copy 2",
        "Peels | Old",
        "Peels backup",
    ],
)
def test_a_title_that_names_a_copy_is_the_page_s_title(title: str) -> None:
    assert key(RED, title) == key(RED, "Peels")


def test_another_title_or_heading_makes_another_passage() -> None:
    assert key(RED, "Leeds clinic") != key(RED, "York clinic")
    assert key(RED, headings=("Peels",)) != key(RED, headings=("Lasers",))


def test_a_heading_that_repeats_the_title_adds_nothing() -> None:
    assert key(RED, "Peels (print)", headings=("Peels", "After")) == key(RED, "Peels", headings=("After",))


@pytest.mark.parametrize(
    ("documents", "urls", "first"),
    [
        (("old/peels.md", "treatments/face/peels.md"), (None, None), "treatments/face/peels.md"),
        (("peels-copy.md", "pages/peels.md"), ("https://clinic.example/p", None), "pages/peels.md"),
        (("a.md", "b.md"), (None, "https://clinic.example/b"), "b.md"),
        (("a.md", "b.md"), ("https://clinic.example/b/amp/", None), "b.md"),
        (("hull/a.md", "b.md"), (None, None), "b.md"),
        (("hull/printing-costs.md", "leeds/x/printing-costs.md"), (None, None), "hull/printing-costs.md"),
    ],
)
def test_the_page_itself_is_cited_before_its_copies(
    documents: tuple[str, ...], urls: tuple[str | None, ...], first: str
) -> None:
    for order in (1, -1):
        counter = DistinctCounter()
        for document, url in list(zip(documents, urls, strict=True))[::order]:
            counter.add(passage(RED, document=document, url=url), ())
        assert [documents[::order][row] for row in counter.passages().rows] == [first]


def test_distinct_passages_are_read_as_they_were_written(tmp_path: Path) -> None:
    DistinctPassages(np.array([0, 1, 0, 2, 0]), np.array([2, 1, 3])).write(tmp_path)
    distinct = DistinctPassages.open(tmp_path, 5)
    assert len(distinct) == 3
    assert [distinct.others(row) for row in range(5)] == [[2, 4], [], [0, 4], [], [0, 2]]


@pytest.mark.parametrize("content", [[2, 0, 1, 0, 1, 1], [3, 0, 1], [1, 0, 1, 1], []])
def test_distinct_passages_of_another_build_are_refused(tmp_path: Path, content: list[int]) -> None:
    np.save(tmp_path / "distinct.npy", np.array(content, dtype=np.int64))
    with pytest.raises(IndexDamaged):
        DistinctPassages.open(tmp_path, 2)


@pytest.fixture
def words() -> WordEncoder:
    return WordEncoder()


def built(corpus: Path, index: Path, words: WordEncoder, pages: dict[str, str]) -> Index:
    for name, text in pages.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text(text, "utf-8")
    build_index(corpus, index, words)
    return open_index(corpus, index, words)[1]


PAGES = {
    "peel.md": f"# Peels\n\n{RED}",
    "sun.md": f"# Sun\n\n{SUN}",
    "car.md": "# Parking\n\nThere is a car park.",
    "fee.md": "# Fees\n\nWe take cards.",
}


def test_a_site_with_every_page_twice_has_the_scores_of_the_single_site(tmp_path: Path, words: WordEncoder) -> None:
    once = built(tmp_path / "once", tmp_path / "a", words, PAGES)
    copies = {f"print/{name}": text.replace("\n\n", " (print version)\n\n", 1) for name, text in PAGES.items()}
    twice = built(tmp_path / "twice", tmp_path / "b", words, PAGES | copies)
    assert (len(once.passages), len(twice.passages)) == (4, 8)
    question = "how long is my skin red"
    query = Query.of(question, words.encode_questions([question])[0])
    one, two = once.evidence(query), twice.evidence(query)
    assert one.passages == two.passages
    for name in ("maxsim", "content_maxsim", "sentence", "bm25"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert once.words == twice.words


def test_a_copy_has_the_scores_of_its_page_where_it_alone_is_searched(tmp_path: Path, words: WordEncoder) -> None:
    index = built(tmp_path / "corpus", tmp_path / "index", words, PAGES | {"print/peel.md": PAGES["peel.md"]})
    question = "how long is my skin red"
    query = Query.of(question, words.encode_questions([question])[0])
    page, copy = index.evidence(query, "peel.md"), index.evidence(query, "print/peel.md")
    assert [each.document for each in copy.passages] == ["print/peel.md"]
    np.testing.assert_array_equal(page.maxsim, copy.maxsim)
    assert index.copies(page.passages[0]) == copy.passages
    assert index.sentences(query, copy.passages[0]).sentences == index.sentences(query, page.passages[0]).sentences
    assert [each.document for each in index.distinct_passages()] == ["car.md", "fee.md", "peel.md", "sun.md"]


def test_copies_are_not_embedded_again(tmp_path: Path, words: WordEncoder) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    built(corpus, index, words, PAGES)
    (corpus / "peel-copy.md").write_text(PAGES["peel.md"], "utf-8")
    again = build_index(corpus, index, words)
    assert (again.embedded, again.passages) == (0, 5)
    (corpus / "peel.md").unlink()
    assert build_index(corpus, index, words).embedded == 0


def copies_of(**texts: str) -> tuple[PageCopy, ...]:
    """Return the copies among pages, by their names with "__" for a folder."""
    names = {f"{name.replace('__', '/').replace('_', '-')}.md": text for name, text in texts.items()}
    return find_copies({name: Document(name, "Care", text, None, None, ()) for name, text in names.items()})


LEAFLET = (
    "Keep the area clean and dry for two days. Do not wear make-up on the first day. Use factor 50 for two weeks. "
    "Ring us if it bleeds, swells or hurts more than before. Swimming, saunas and steam rooms have to wait for a week. "
    "Sleep on your back with your head raised for the first night. "
)


def test_pages_that_say_the_same_are_named_with_the_page_itself() -> None:
    (copy,) = found = copies_of(print__a=f"{LEAFLET}\n", a=LEAFLET, b="Something else stands here.")
    assert (copy.document, copy.original, copy.share) == ("print/a.md", "a.md", 1)
    assert copies_text(found) == [
        "1 page says the same as another one: print/a.md (a.md). Their words are searched once."
    ]


def test_a_page_that_is_nearly_the_same_is_named_with_what_differs() -> None:
    now, then = "Reviewed in June 2024 by Dr Shah.", "Reviewed in May 2021 by Dr Lee."
    (copy,) = copies_of(leaflet_old=LEAFLET + then, leaflet=LEAFLET + now)
    assert (copy.document, copy.original) == ("leaflet-old.md", "leaflet.md")
    assert 0.8 < copy.share < 1
    assert (copy.own, copy.missing) == ((then,), (now,))
    differs = f"It says \u201c{then}\u201d, where that says \u201c{now}\u201d."
    assert str(copy) == f"leaflet-old.md is {int(100 * copy.share)} % the same as leaflet.md. {differs}"


def test_a_page_that_says_more_names_what_it_adds() -> None:
    (copy,) = copies_of(a=LEAFLET, b=f"{LEAFLET}Bring a friend.")
    assert (copy.document, copy.original, copy.own, copy.missing) == ("b.md", "a.md", ("Bring a friend.",), ())
    assert str(copy).endswith("It says \u201cBring a friend.\u201d, where that says nothing.")


def test_pages_that_share_a_sentence_are_no_copies() -> None:
    assert (
        copies_of(**{f"page{n}": f"Page {n} tells of {'matter ' * 3}{n}. {LEAFLET[:42]} {n}{n}." for n in range(9)})
        == ()
    )
    assert copies_of() == ()
    assert copies_of(a="", b="One.") == ()


def test_many_copies_are_counted_and_some_named() -> None:
    copies = copies_of(a=LEAFLET, **{f"copy_{number}": LEAFLET for number in range(7)})
    (line,) = copies_text(copies)
    assert line.startswith("7 pages say the same as another one: copy-0.md (a.md), copy-1.md (a.md), ")
    assert line.endswith("copy-4.md (a.md) and 2 more. Their words are searched once.")


def test_copies_are_read_as_they_were_written(tmp_path: Path) -> None:
    copies = copies_of(a=LEAFLET, b=f"{LEAFLET}Caf\u00e9.", c=LEAFLET)
    assert len(copies) == 2
    write_copies(tmp_path, copies)
    assert read_copies(tmp_path) == copies
    (tmp_path / "copies.json").write_text("[{}]")
    with pytest.raises(IndexDamaged):
        read_copies(tmp_path)


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_pages_can_be_compared(one: str, other: str) -> None:
    for copy in copies_of(a=one, b=other):
        assert 0 <= copy.share <= 1
        assert str(copy)


def test_a_build_names_copies(tmp_path: Path, words: WordEncoder) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    built(corpus, index, words, {"a.md": LEAFLET, "old/a.md": LEAFLET, "car.md": PAGES["car.md"]})
    result = build_index(corpus, index, words)
    assert "1 page says the same as another one: old/a.md (a.md). Their words are searched once." in result.notices
    assert [copy.document for copy in open_index(corpus, index, words)[1].page_copies] == ["old/a.md"]
