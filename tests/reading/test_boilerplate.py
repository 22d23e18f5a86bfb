import json

from hypothesis import given
from hypothesis import strategies as st

from chatbot.reading.boilerplate import Boilerplate, RepeatCounter
from chatbot.records import Block, BlockKind, Document, Section

HOURS = "We are open Monday to Friday from 9 to 5."


def page(name: str, *paragraphs: str, blocks: tuple[Block, ...] = ()) -> Document:
    title = f"About {name}"
    text = "\n\n".join((title, *paragraphs))
    return Document(name, title, text, None, None, (Section((), len(title), len(text)),), blocks)


def counted(pages: list[Document]) -> Boilerplate:
    counter = RepeatCounter()
    for each in pages:
        counter.add(each)
    return counter.boilerplate()


def read(document: Document) -> str:
    return "".join(document.text[section.start : section.end] for section in document.sections).strip()


def site(count: int, *last: str, first: tuple[str, ...] = (), suffix: str = "html") -> list[Document]:
    own = ("On {0} the skin is red for {0} days.", "Wait {0} weeks for {0}.")
    names = (f"clinic.example/{number}.{suffix}" for number in range(count))
    return [page(name, *first, *(text.format(name) for text in own), *last) for name in names]


def test_menus_at_the_beginning_and_end_are_in_no_section() -> None:
    pages = site(6, "Book now", "Instagram", first=("Home Treatments Prices",))
    cut = [counted(pages).without(each) for each in pages]
    assert [each.text for each in cut] == [each.text for each in pages]
    name = "clinic.example/3.html"
    assert read(cut[3]) == f"On {name} the skin is red for {name} days.\n\nWait {name} weeks for {name}."


def test_a_figure_or_a_sentence_stays_on_one_page() -> None:
    pages = [*site(14, HOURS), page("clinic.example/contact.html", "Ring us.", HOURS)]
    found = counted(pages)
    assert [each.id for each in pages if HOURS in read(found.without(each))] == ["clinic.example/contact.html"]


def test_a_sentence_that_sister_pages_of_a_small_site_share_stays() -> None:
    pages = site(8, "Avoid alcohol for a day.")
    assert all(counted(pages).without(each) == each for each in pages)


def test_a_sentence_of_one_folder_of_a_site_stays() -> None:
    pages = [
        page(f"clinic.example/{folder}/{number}.html", f"Text {folder} {number}.", *end)
        for folder, count, end in (("care", 14, ("Avoid alcohol for a day.",)), ("team", 5, ()))
        for number in range(count)
    ]
    assert all(counted(pages).without(each) == each for each in pages)


def test_what_stands_between_the_words_of_a_page_stays() -> None:
    pages = [
        page(f"clinic.example/{number}.html", f"Text {number}.", "Downtime", f"More {number}.") for number in range(6)
    ]
    assert all(counted(pages).without(each) == each for each in pages)


def test_answers_and_tables_stay() -> None:
    blocks = (Block(BlockKind.ANSWER, 40, 60),)
    pages = [
        page(f"clinic.example/{number}.html", f"Text {number}.", "Parking\nBehind us", blocks=blocks)
        for number in range(6)
    ]
    assert all("Behind us" in read(counted(pages).without(each)) for each in pages)


def test_pages_of_other_sites_and_formats_are_not_counted() -> None:
    markdown = site(8, "Book now", suffix="md")
    assert counted(markdown) == Boilerplate()
    spread = [page(f"{number}.example/a.html", f"Text {number}.", "Book now") for number in range(8)]
    assert counted(spread) == Boilerplate()


def test_the_report_names_the_site_and_the_blocks() -> None:
    (line,) = counted(site(6, "Book now")).notices
    said = "these lines are not searched, because many pages begin or end with them"
    assert line == f"clinic.example: {said}: 'Book now' (6 pages)."


def test_it_is_the_same_after_it_was_written() -> None:
    found = counted(site(14, HOURS, "Book now"))
    assert Boilerplate.from_dict(json.loads(json.dumps(found.as_dict()))) == found


@given(
    st.lists(
        st.lists(st.sampled_from(["Book now", "Home", HOURS, "It is red.", " "]), min_size=1, max_size=5), max_size=16
    )
)
def test_sections_lie_in_the_text_and_lose_repeated_blocks_alone(texts: list[list[str]]) -> None:
    pages = [page(f"x/{number}.html", *paragraphs) for number, paragraphs in enumerate(texts)]
    found = counted(pages)
    for each in pages:
        cut = found.without(each)
        assert cut.text == each.text
        assert all(0 <= section.start < section.end <= len(cut.text) for section in cut.sections)
        assert ("It is red." in read(cut)) == ("It is red." in read(each)) or len(pages) >= 4
