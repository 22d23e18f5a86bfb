"""What only the footer of a site says is read once: hours, place and telephone, and nothing else of it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.answering.text_fragments import directive
from chatbot.indexing import build_index, open_index
from chatbot.reading import Boilerplate, RepeatCounter, read_page
from chatbot.reading.contact_facts import contact_facts, says_contact
from chatbot.records import BlockKind, Document
from tests.conftest import WordEncoder

HOURS = "<h4>Opening hours</h4><ul><li>Mon - Fri: 9am - 6pm</li><li>Saturday: 10am - 2pm</li></ul>"
PLACE = "<h4>Find us</h4><p>12 High Street<br>Leeds LS1 4AB</p>"
FOOTER = f"<footer><div>{HOURS}</div><div>{PLACE}</div><p>© 2026 Glow Clinic. All rights reserved.</p></footer>"
HOURS_TEXT = "Opening hours\n\n- Mon - Fri: 9am - 6pm\n- Saturday: 10am - 2pm"
PLACE_TEXT = "Find us\n\n12 High Street\nLeeds LS1 4AB"


def page(name: str, body: str, footer: str = FOOTER) -> Document:
    html = f"<!doctype html><html lang=en><body><nav><a href=/>Home</a></nav><main>{body}</main>{footer}</body></html>"
    return read_page(f"glow.example/{name}.html", html.encode())


def below(footer: str) -> str:
    """Return what is read of a footer."""
    text = page("a", "<p>Peels take an hour.</p>", footer).text
    return text.removeprefix("Peels take an hour.").strip()


def once(pages: Sequence[Document]) -> list[Document]:
    counter = RepeatCounter()
    for each in pages:
        counter.add(each)
    found = counter.boilerplate()
    assert Boilerplate.from_dict(json.loads(json.dumps(found.as_dict()))) == found
    return [found.without(each) for each in pages]


@pytest.mark.parametrize(
    ("footer", "read"),
    [
        (FOOTER, f"{HOURS_TEXT}\n\n{PLACE_TEXT}"),
        (f"<div id=footer><aside class=widget>{HOURS}</aside></div>", HOURS_TEXT),
        (f"<div role=contentinfo>{PLACE}</div>", PLACE_TEXT),
        ("<footer><div><div><h4>Hours</h4></div><div><p>Mon-Fri 9-5</p></div></div></footer>", "Hours\n\nMon-Fri 9-5"),
        (
            "<footer><address>Flat 2, 8 Mill Lane<br>York YO1 7LF</address></footer>",
            "Flat 2, 8 Mill Lane\nYork YO1 7LF",
        ),
        (
            "<footer><table><tr><td>Monday<td>9:00 - 17:00<tr><td>Sunday<td>closed</table></footer>",
            "Monday | 9:00 - 17:00\nSunday | closed",
        ),
        ("<footer><dl><dt>Mon<dd>9-5<dt>Sat<dd>9-1</dl></footer>", "Mon | 9-5\nSat | 9-1"),
        (
            "<footer><div>Open daily 8am to 8pm</div><div><a href=/terms>Terms</a></div></footer>",
            "Open daily 8am to 8pm",
        ),
        ("<footer><p>Sprechzeiten: Mo-Fr 8-18 Uhr</p><p>Impressum</p></footer>", "Sprechzeiten: Mo-Fr 8-18 Uhr"),
        ("<footer><p>Hauptstraße 12, 80331 München</p></footer>", "Hauptstraße 12, 80331 München"),
        ("<footer><p>Lundi au vendredi : 9h - 18h</p></footer>", "Lundi au vendredi : 9h - 18h"),
        ("<footer><p>Tel. <a href=tel:01132223344>0113 222 3344</a></p></footer>", "Tel. 0113 222 3344"),
        (
            "<footer><a href=https://maps.example/x>12 High Street, Leeds LS1 4AB</a></footer>",
            "12 High Street, Leeds LS1 4AB",
        ),
    ],
)
def test_hours_place_and_telephone_are_read(footer: str, read: str) -> None:
    assert below(footer) == read


@pytest.mark.parametrize(
    "footer",
    [
        "<footer><p>© 2026 Glow Clinic, 12 High Street, Leeds LS1 4AB</p></footer>",
        "<footer><p>Glow cares for your skin.</p><p>Company number 12345678</p></footer>",
        "<footer><p>We use cookies, Monday to Friday 9am to 5pm.</p></footer>",
        "<footer><ul><li><a href=/>Home</a><li><a href=/hours>Opening hours</a></ul></footer>",
        "<footer><nav><p>Mon-Fri 9-5</p></nav></footer>",
        "<footer><form><p>Call us Monday 9am</p><input></form></footer>",
        "<footer><div class=newsletter><p>Each Monday at 9am in your inbox.</p></div></footer>",
        "<article><p>Skin.</p><footer><p>Posted Monday 9am</p></footer></article>",
        f"<div class=card-footer>{HOURS}</div>",
        f"<footer style='display:none'>{HOURS}</footer>",
        f"<footer>{'<p>Mon-Fri 9-5, and much more of it.</p>' * 200}</footer>",
        "",
    ],
)
def test_nothing_else_of_a_footer_is_read(footer: str) -> None:
    assert page("a", "<p>Peels take an hour.</p>", footer).footer == ()


@pytest.mark.parametrize(
    ("footer", "read"),
    [
        (
            "<div><a href=/n>North Clinic</a><p>Mon-Fri 9-5</div><div><a href=/s>South Clinic</a><p>Mon-Fri 10-7</div>",
            "North Clinic\n\nMon-Fri 9-5\n\nSouth Clinic\n\nMon-Fri 10-7",
        ),
        (
            "<div><h4><a href=/n>North</a></h4></div><p>Mon 9-5</p><div><h4><a href=/s>South</a></h4></div><p>Mon 10-7",
            "North\n\nMon 9-5\n\nSouth\n\nMon 10-7",
        ),
        (
            "<ul><li><a href=/n>North Clinic</a> Mon 9-5<li><a href=/s>South Clinic</a> Mon 10-7</ul>",
            "- North Clinic Mon 9-5\n- South Clinic Mon 10-7",
        ),
        (
            "<div><p>North</p><p>Hours</p><p>Mon 9-5</div><div><p>South</p><p>Hours</p><p>Mon 10-7</div>",
            "North\n\nHours\n\nMon 9-5\n\nSouth\n\nHours\n\nMon 10-7",
        ),
        ("<p>Book <a href=/b>online</a> or call 0113 222 3344.</p>", "Book online or call 0113 222 3344."),
        ("<div><div><a href=/a>Acne</a></div><div><a href=/t>Team</a></div><p>Mon 9-5</p></div>", "Mon 9-5"),
    ],
)
def test_the_name_of_a_branch_stays_above_its_hours(footer: str, read: str) -> None:
    assert below(f"<footer>{footer}</footer>") == read


@pytest.mark.parametrize(
    "footer",
    [
        "<div><p>Mon-Fri 9-5</p></div><div><p>Tue-Sat 10-7</p></div>",
        "<div><a href=/b>Book now</a><p>Mon 9-5</p></div><div><a href=/b>Book now</a><p>Mon 10-7</p></div>",
        "<div><h4>Hours</h4><p>Mon 9-5</p></div><div><h4>Hours</h4><p>Mon 10-7</p></div>",
        "<p><b>North</b></p><p><b>Hours</b></p><p>Mon 9-5</p><p><b>South</b></p><p><b>Hours</b></p><p>Mon 10-7</p>",
        "<p>Weekdays 9-5</p><h4>South</h4><p>Friday closed</p>",
        "<table><tr><td>Mon<td>9-5</table><table><tr><td>Mon<td>10-7</table>",
        "<dl><dt>Mon<dd>9-5</dl><dl><dt>Mon<dd>10-7</dl>",
        "<p>12 High Street, Leeds LS1 4AB</p><p>5 Low Road, York YO1 7LF</p>",
        "<p>Tel. 0113 222 3344</p><p>Tel. 0114 222 3355</p>",
    ],
)
def test_two_branches_without_names_are_not_read(footer: str) -> None:
    assert page("a", "<p>Peels take an hour.</p>", f"<footer>{footer}</footer>").footer == ()


@pytest.mark.parametrize(
    "footer",
    [
        "<p>Weekdays 9-5</p><p>Weekends 10-2</p>",
        "<p>Mon-Thu 9-5</p><p>Fri 9-4</p><p>Sat, Sun closed</p>",
        "<p>0113 222 3344</p><p>Fax 0113 222 3355</p>",
        "<p>Suite 4</p><p>12 High Street</p><p>Leeds LS1 4AB</p>",
        "<p>Mon 9-5</p><p>Mon 9am - 5pm</p>",
    ],
)
def test_what_one_clinic_says_in_several_lines_is_read(footer: str) -> None:
    lines = footer.removeprefix("<p>").removesuffix("</p>").split("</p><p>")
    assert below(f"<footer>{footer}</footer>") == "\n\n".join(lines)


@pytest.mark.parametrize(
    "others",
    [
        "<p>Our partner lab is open Sat 9-5 at 3 High Street.</p>",
        "<p>The car park next door is open daily 7-10.</p>",
        "<p>Parking at 14 Low Street is free.</p>",
        "<p>The pharmacy is open Sat 9-5.</p>",
        "<h4>Partner laboratory</h4><p>Sat 9-5</p>",
        "<div><div><p>Partners</p></div><ul><li>Sat 9-5</ul></div>",
        "<ul><li><a href=/a>Acne</a><li><a href=/h>24/7 help</a><li><a href=/b>Botox</a></ul>",
        "<ul><li><a href=/c>Monday 9am class</a><li><a href=/b>Botox</a></ul>",
    ],
)
def test_only_the_hours_of_the_clinic_itself_are_read(others: str) -> None:
    assert below(f"<footer>{others}<h4>Opening hours</h4><p>Mon 9-5</p></footer>") == "Opening hours\n\nMon 9-5"


@pytest.mark.parametrize(
    "words",
    [
        "Open 24/7",
        "Our practice is open Mon 9-5",
        "Call us 24/7 on 0113 222 3344",
        "Your local clinic at 12 High Street, Leeds LS1 4AB",
        "Dr Hill & Partners: Mon 9-5",
        "Glow Skin Lab, 12 High Street, Leeds LS1 4AB",
    ],
)
def test_a_sentence_about_the_clinic_itself_is_read(words: str) -> None:
    assert below(f"<footer><p>{words}</p></footer>") == words


def test_one_page_of_a_site_keeps_the_footer() -> None:
    pages = [page(name, f"<p>Words on {name}.</p>") for name in ("index", "contact", "peels")]
    home, contact, peels = once(pages)
    assert (home.text, peels.text) == ("Words on index.", "Words on peels.")
    assert contact.text == f"Words on contact.\n\n{HOURS_TEXT}\n\n{PLACE_TEXT}"
    assert [each.headings for each in contact.sections] == [(), ("Opening hours",), ("Find us",)]
    assert [contact.text[each.start : each.end].strip() for each in contact.sections[1:]] == [
        "- Mon - Fri: 9am - 6pm\n- Saturday: 10am - 2pm",
        "12 High Street\nLeeds LS1 4AB",
    ]
    assert once([home, contact, peels]) == [home, contact, peels]  # as they are read from an earlier build


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("<p>Come from 9 am to 6 pm, Mon to Fri, or on Saturday from 10:00 to 14:00.</p>", PLACE_TEXT),
        ("<p>Glow Clinic, 12 High Street, Leeds, LS1 4AB.</p>", HOURS_TEXT),
        ("<p>We have 12 rooms at High Street.</p><p>We are open on Monday.</p>", f"{HOURS_TEXT}\n\n{PLACE_TEXT}"),
    ],
)
def test_what_a_page_says_itself_is_not_read_from_the_footer(body: str, kept: str) -> None:
    pages = [page("about", "<p>Words.</p>"), page("rooms", body)]
    first, second = once(pages)
    assert first.text == f"Words.\n\n{kept}"
    assert second.text == pages[1].text[: len(second.text)]
    assert second.footer == pages[1].footer
    assert [first.text[each.start : each.end] for each in first.blocks if each.kind is BlockKind.FOOTER] == [
        part for part in (HOURS_TEXT, PLACE_TEXT) if part in kept
    ]


def test_the_build_says_where_the_footer_is_read() -> None:
    counter = RepeatCounter()
    for name in ("index", "peels"):
        counter.add(page(name, f"<p>Words on {name}.</p>"))
    said = "glow.example: the footer of 2 pages is read once, as the end of glow.example/index.html."
    assert counter.boilerplate().notices == (said,)


def test_a_link_to_the_footer_quotes_nothing_before_it() -> None:
    (document,) = once([page("contact", "<p>Ring us on Saturday: 10am is best.</p><p>Leeds is near.</p>")])
    start = document.text.index("Leeds LS1")
    marked = directive(document, start, start + len("Leeds LS1 4AB"))
    assert marked == "text=Leeds%20LS1%204AB"
    start = document.text.index("Opening hours")
    assert "near" not in directive(document, start, start + len("Opening hours"))


@pytest.mark.parametrize(
    ("names", "home"),
    [
        (("about", "contact", "index"), "contact"),
        (("about", "index", "visit"), "index"),
        (("about", "de/index", "team"), "de/index"),
        (("laser/peels", "team"), "team"),
    ],
)
def test_the_contact_page_keeps_the_footer_or_else_the_home_page(names: Sequence[str], home: str) -> None:
    read = once([page(name, f"<p>Words on {name}.</p>") for name in names])
    assert [each.id for each in read if PLACE_TEXT in each.text] == [f"glow.example/{home}.html"]


def test_the_name_of_the_host_makes_no_page_the_contact_page() -> None:
    pages = [
        replace(page(name, f"<p>Words on {name}.</p>"), id=f"visit-us.example/{name}.html") for name in ("a", "index")
    ]
    assert [each.id for each in once(pages) if PLACE_TEXT in each.text] == ["visit-us.example/index.html"]
    pages = [replace(each, id=each.id.replace("visit-us", "contact-lenses")) for each in pages]
    assert [each.id for each in once(pages) if PLACE_TEXT in each.text] == ["contact-lenses.example/index.html"]


def test_another_page_takes_the_footer_of_one_that_is_gone(tmp_path: Path, words: WordEncoder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name in ("contact", "index", "peels"):
        (corpus / f"{name}.html").write_text(f"<main><p>Words on {name}.</p></main>{FOOTER}", "utf-8")

    def kept() -> dict[str, list[str]]:
        build_index(corpus, tmp_path / "index", words)
        index = open_index(corpus, tmp_path / "index", words)[1]
        return {name: [each.text for each in index.passages_of(name)] for name in index.documents}

    hours = "- Mon - Fri: 9am - 6pm\n- Saturday: 10am - 2pm"
    place = "12 High Street\nLeeds LS1 4AB"
    alone = {f"{name}.html": [f"Words on {name}."] for name in ("contact", "index", "peels")}
    assert kept() == {**alone, "contact.html": ["Words on contact.", hours, place]}
    (corpus / "contact.html").unlink()
    del alone["contact.html"]
    assert kept() == {**alone, "index.html": ["Words on index.", hours, place]}


PARTS = [
    HOURS,
    PLACE,
    "<p>Tel. 0113 222 3344</p>",
    "<p>Terms</p>",
    "<h3>Contact</h3>",
    "<p>© 2026</p>",
    "Mon 9-5<br>",
    "<b>",
]


@settings(max_examples=30)
@given(st.lists(st.lists(st.sampled_from(PARTS), max_size=4), min_size=1, max_size=3))
def test_whatever_footers_say_offsets_hold(footers: list[list[str]]) -> None:
    pages = [
        page(f"{n}", f"<h2>Peels</h2><p>Words {n}.</p>", f"<footer>{''.join(parts)}</footer>")
        for n, parts in enumerate(footers)
    ]
    parts_kept: list[str] = []
    for before, after in zip(pages, once(pages), strict=True):
        assert before.text.startswith(after.text[: after.text.find(".") + 1])
        spans = [(part.start, part.end) for part in after.sections]
        spans += [(part.start, part.end) for part in after.blocks]
        assert all(0 <= start < end <= len(after.text) for start, end in spans)
        kept = [after.text[each.start : each.end] for each in after.blocks if each.kind is BlockKind.FOOTER]
        assert set(kept) <= set(before.footer)
        parts_kept += kept
        assert after.footer == before.footer
    assert len(parts_kept) == len(set(parts_kept))


@given(st.text(max_size=60))
def test_any_text_can_be_compared(text: str) -> None:
    facts = contact_facts(text)
    assert facts <= contact_facts(text, both_sides=True)
    assert says_contact(text) or not any(fact.startswith("phone ") for fact in facts)
