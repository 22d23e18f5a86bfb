import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.reading.html import decode_html, read_html
from chatbot.reading.page import Page, finished
from chatbot.records import BlockKind

PAGES = sorted((Path(__file__).parent / "pages").glob("*.html"))

SOUP = [
    *("<p>", "</p>", "<div>", "</div>", "<ul>", "</ul>", "<ol,start=3>", "<li>", "<table>", "</table>", "<tr>"),
    *("<td>", "<th>", "<td,colspan=2,rowspan=3>", "<dl>", "<dt>", "<dd>", "</dl>", "<h1>", "</h1>", "<h3>"),
    *("</h3>", "<b>", "</b>", "<strong>", "<br>", "<a,href=/x>", "</a>", "<details>", "<summary>", "</details>"),
    *("</button>", "<nav>", "</nav>", "<button,aria-expanded=false>", "<div,class=panel,hidden>"),
    *("<div,class=faq-item>", "<main>", "</main>", "<article>", "<form>", "</form>", "<pre>", "</pre>", "<span>"),
    *("</span>", "<!--", "-->", "word", "£5", "Yes.", "Why?", "<del>", "</del>", "<svg>", "</svg>", "<style>"),
    "</style>",
]
SOUP = [piece.replace(",", " ") + " " * (piece.isalpha()) for piece in SOUP]


def read(body: str, head: str = "") -> Page:
    return read_html(f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>")


def blocks(page: Page, kind: BlockKind) -> list[str]:
    return [page.text[block.start : block.end] for block in page.blocks if block.kind is kind]


def test_blocks_stand_below_each_other_and_lines_break_where_the_page_breaks_them() -> None:
    page = read("<h1>Hours</h1><p>Monday 9 to 5<br>Tuesday <b>clo</b>sed</p><div>By the\n park<div>Room 4</div></div>")
    assert page.text == "Hours\n\nMonday 9 to 5\nTuesday closed\n\nBy the park\n\nRoom 4"


def test_two_line_ends_are_the_end_of_a_paragraph() -> None:
    assert read("<p>One.<br><br>Two.<br>Three.</p>").text == "One.\n\nTwo.\nThree."


def test_labels_that_stand_apart_are_not_glued_to_their_values() -> None:
    page = read("<p><span class=day>Monday</span><span class=time>9 to 5</span></p><p><i>Bo</i><b>tox</b></p>")
    assert page.text == "Monday 9 to 5\n\nBotox"


def test_headings_stand_where_they_say() -> None:
    page = read("<h1>Botox</h1><p>It helps.</p><h2>Does it\n <i>hurt</i>?</h2><p>No.</p><div role=heading>Price</div>")
    assert [(each.level, each.text) for each in page.headings] == [(1, "Botox"), (2, "Does it hurt?"), (2, "Price")]
    assert [page.text[each.start : each.end] for each in page.headings] == ["Botox", "Does it hurt?", "Price"]


def test_lists_have_marks_and_blocks() -> None:
    page = read("<ul><li>Redness<ol start=3><li>mild<li>strong</ol><li>Heat</ul><p>End.</p>")
    assert page.text == "- Redness\n  3. mild\n  4. strong\n- Heat\n\nEnd."
    assert blocks(page, BlockKind.LIST) == ["- Redness\n  3. mild\n  4. strong\n- Heat", "3. mild\n  4. strong"]
    assert blocks(page, BlockKind.ITEM) == ["- Redness\n  3. mild\n  4. strong", "3. mild", "4. strong", "- Heat"]


def test_a_table_keeps_its_columns_where_cells_span_several() -> None:
    rows = "<tr><th>Area<th colspan=2>Price<tr><td rowspan=2>Lip<td>£30<td>£40<tr><td>£35<td>£45"
    page = read(f"<table><caption>Laser</caption>{rows}</table>")
    assert page.text == "Laser\n\nArea | Price | Price\nLip | £30 | £40\nLip | £35 | £45"
    assert blocks(page, BlockKind.HEADER) == ["Area | Price | Price"]
    assert blocks(page, BlockKind.ROW) == ["Lip | £30 | £40", "Lip | £35 | £45"]


def test_a_table_that_arranges_the_page_is_none() -> None:
    page = read(
        "<table><tr><td><h2>Botox</h2><p>It helps.<td><table><tr><td>Monday<td>9<tr><td>Friday<td>8</table></table>"
    )
    assert page.text == "Botox\n\nIt helps.\n\nMonday | 9\nFriday | 8"


def test_terms_with_short_values_are_the_rows_of_a_table() -> None:
    hours = "<dl><dt>Monday<dd>9 to 5<dt>Friday<dd>9 to 1</dl>"
    page = read(f"<main><p>We are open for you all year round.</p>{hours}<p>Ring us.</p></main>")
    assert blocks(page, BlockKind.ROW) == ["Monday | 9 to 5", "Friday | 9 to 1"]
    assert blocks(page, BlockKind.TABLE) == ["Monday | 9 to 5\nFriday | 9 to 1"]
    assert blocks(page, BlockKind.ANSWER) == []


@pytest.mark.parametrize(
    "body",
    [
        "<details><summary>Can I drive?</summary><p>No.</p></details>",
        "<dl><dt>Can I drive?<dd>No.</dl>",
        "<h3><button aria-expanded=false aria-controls=a>Can I drive?</button></h3><div id=a hidden>No.</div>",
        "<button class=accordion>Can I drive?</button><div class=panel style='display:none'>No.</div>",
        "<div class=faq-item><h3>Can I drive?</h3><div class=faq-answer hidden>No.</div></div>",
        "<div itemscope itemtype='https://schema.org/Question'><p itemprop=name>Can I drive?</p><p>No.</p></div>",
    ],
)
def test_a_question_that_opens_is_one_block_with_its_answer(body: str) -> None:
    page = read(f"<main><p>Ask us before you come, please.</p>{body}<p>Ring us.</p></main>")
    assert [text.split() for text in blocks(page, BlockKind.ANSWER)] == [["Can", "I", "drive?", "No."]]


def test_schema_data_makes_blocks_of_what_the_page_shows_alone() -> None:
    faq = """<script type="application/ld+json">{"@type": "FAQPage", "mainEntity": [
      {"@type": "Question", "name": "Can I drive?", "acceptedAnswer": {"text": "<p>No, not at once.</p>"}},
      {"@type": "Question", "name": "Is it free?", "acceptedAnswer": {"@type": "Answer", "text": "Yes, for staff."}}
    ]}</script>"""
    page = read("<h2>Can I drive?</h2><p>No, not at\nonce.</p><h2>Parking</h2><p>Behind the house.</p>", faq)
    assert blocks(page, BlockKind.ANSWER) == ["Can I drive?\n\nNo, not at once."]
    assert "free" not in page.text


@pytest.mark.parametrize(
    "secret",
    [
        "<p hidden>secret</p>",
        "<p aria-hidden=true>secret</p>",
        "<p style='display: none !important'>secret</p>",
        "<p style='visibility:hidden'>secret</p>",
        "<p style='opacity:0'>secret</p>",
        "<span style='font-size:0px'>secret</span>",
        "<p style='position:absolute;left:-9999px'>secret</p>",
        "<p style='text-indent:-999em'>secret</p>",
        "<p style='position:absolute;clip:rect(0 0 0 0)'>secret</p>",
        "<p style='height:0;overflow:hidden'>secret</p>",
        "<p style='color:#fff;background:white'>secret</p>",
        "<div style='background:#fff no-repeat'><p style='color:#fff;background:none'>secret</p></div>",
        "<p style='color:rgba(0, 0, 0, 0)'>secret</p>",
        "<p style='color:#0000'>secret</p>",
        "<p style='color:rgb(0 0 0 / 0%)'>secret</p>",
        "<p style='display:none ! important'>secret</p>",
        "<p style='content-visibility:hidden'>secret</p>",
        "<p style='transform:scale( 0 )'>secret</p>",
        "<p style='scale:0'>secret</p>",
        "<p style='opacity:.01'>secret</p>",
        "<p style='opacity:2%'>secret</p>",
        "<p class=print>secret</p>",
        "<div style='background:#fafafa'><p>x <span style='color:rgb(250, 250, 250)'>secret</span></p></div>",
        "<p><font color=white>secret</font></p>",
        "<p class=sr-only>secret</p>",
        "<p class=old>secret</p>",
        "<div class=box><i>secret</i></div>",
        "<template><p>secret</p></template>",
        "<noscript><p>secret</p></noscript>",
        "<script>'secret'</script>",
        "<dialog><p>secret</p></dialog>",
        "<!-- secret -->",
        "<p title=secret>x</p><img alt=secret src=a.png>",
        "<textarea>secret</textarea><select><option>secret</select>",
        "<svg><title>secret</title><text>secret</text></svg>",
    ],
)
def test_text_that_no_visitor_sees_is_not_read(secret: str) -> None:
    style = "<style>.old{display:block} @media screen{.old{display:none}} /* x */ .box > i { left: -2000px;"
    style += "position:absolute} .print{display:none}@media print{.print{display:block}}</style>"
    page = read(f"<main><p>We are open.</p>{secret}<p>Come in.</p></main>", style)
    assert "secret" not in page.text
    assert page.text.startswith("We are open.")
    assert page.text.endswith("Come in.")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("value", ["0 " * 5000 + "x", "rgba(0,0,0," + "0" * 50_000 + "x)", " /" * 50_000 + "rgb("])
def test_no_colour_stops_the_reader(value: str) -> None:
    page = read(f"<div style='background:{value}'><p style='color:{value}'>Open.<b style='color:#123'>!")
    assert page.text == "Open.!"


def test_rules_on_colours_leave_room_for_those_that_hide() -> None:
    colours = "".join(f".c{number}{{color:#123}}" for number in range(500))
    page = read("<p>We are open.</p><p class=gone>secret</p>", f"<style>{colours}.gone{{display:none}}</style>")
    assert page.text == "We are open."


@pytest.mark.parametrize(
    "shown",
    [
        "<p class=a>shown</p>",
        "<p class=b>shown</p>",
        "<p class=c>shown</p>",
        "<p style='opacity:0;transform:translateY(40px)'>shown</p>",
        "<p class=wow style='visibility:hidden'>shown</p>",
        "<p class='hidden md:block'>shown</p>",
        "<div style='background:#036'><p style='color:#fff'>shown</p></div>",
        "<div style='font-size:0'><p style='font-size:16px'>shown</p></div>",
        *(
            f"<div style='background:{colour}'><p style='color:#fff'>shown</p></div>"
            for colour in (
                *("navy", "green", "hsl(210,50%,20%)", "oklch(40% .1 250)", "rgba(0,0,0,.8)", "navy no-repeat"),
                *("#036 fixed", "rebeccapurple", "color-mix(in srgb, red, blue)"),
            )
        ),
        "<table bgcolor=navy><tr><td><font color=white>shown</font></td></tr></table>",
        "<p class=d>shown</p>",
        "<section class=hero><p>shown</p></section>",
        "<p hidden=until-found>shown</p>",
        "<div class=tab-pane style='display:none'>shown</div>",
        "<input type=checkbox id=t><label for=t>Prices</label><div style='max-height:0;overflow:hidden'>shown</div>",
    ],
)
def test_text_that_a_visitor_can_see_is_read(shown: str) -> None:
    style = "<style>.a{display:none} p.a{display:block} @media print{.b{display:none}} .c:hover{display:none}"
    style += ".hero{background:navy}.hero p{color:#fff}.d{display:none}@media(min-width:768px){.d{display:block}}"
    style += "@media (max-width:600px){.d{display:none}}</style>"
    assert "shown" in read(f"<main><p>We are open.</p>{shown}</main>", style).text


def test_struck_out_prices_are_left_out() -> None:
    assert read("<p>A course is <del>£270</del> <ins>£210</ins>.</p>").text == "A course is £210."


@pytest.mark.parametrize(
    "old",
    [
        "<del><p>A peel is £90.</p></del>",
        "<s><div>A peel is £90.</div></s>",
        "<p style='TEXT-DECORATION: Line-Through'>A peel is £90.</p>",
        "<p style='text-decoration-line:line-through'>A peel is £90.</p>",
        "<p class=old>A peel is £90.</p>",
        "<ul><li class=old>A peel is £90.</li></ul>",
        "<strike><ul><li>A peel is £90.</li></ul></strike>",
    ],
)
def test_struck_out_blocks_are_left_out(old: str) -> None:
    head = "<style>.old{color:#123;text-decoration:line-through red}.old:hover{display:none}</style>"
    assert read(f"<p>Open at nine.</p>{old}<p>A peel is £80.</p>", head).text == "Open at nine.\n\nA peel is £80."


def test_a_struck_out_cell_stays_in_its_column() -> None:
    rows = "<tr><th>Peel<th>Was<th>Now<tr><td>Small<td style='text-decoration:line-through'>£90<td>£80"
    assert read(f"<table>{rows}</table>").text == "Peel | Was | Now\nSmall |  | £80"


def test_a_page_says_title_address_language_and_review() -> None:
    head = """<title>Botox in Leeds: from £150 | Glow Clinic</title><link rel=canonical href=https://glow.example/botox>
      <meta name=robots content="noindex, follow">
      <script type="application/ld+json">{"@graph": [{"@type": "MedicalWebPage",
      "lastReviewed": "2026-02-01"}]}</script>"""
    assert read("<h1>Botox in Leeds</h1><p>It helps.</p>", head).about == {
        "title": "Botox in Leeds",
        "url": "https://glow.example/botox",
        "reviewed": "2026-02-01",
        "language": "en",
        "robots": "noindex, follow",
    }


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<title>Botox | Glow Clinic</title>", "Botox"),
        ("<title>Home | Glow Clinic</title>", "Glow Clinic"),
        ("<title>Glow Clinic - Botox</title><meta property=og:site_name content='Glow Clinic'>", "Botox"),
        (
            "<title>x</title><meta property=og:title content='Before and after - what to do - Glow'>",
            "Before and after - what to do",
        ),
        ("<title>Botox</title>", "Botox"),
    ],
)
def test_the_name_of_the_site_is_no_part_of_a_title(head: str, title: str) -> None:
    assert read("<p>It helps.</p>", head).about["title"] == title


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<p>café £9".encode(), "café £9"),
        ("<p>café £9".encode("windows-1252"), "café £9"),
        (b"<meta charset=iso-8859-1><p>" + "café \u2013 £9".encode("windows-1252"), "café \u2013 £9"),
        (b'<meta http-equiv=x content="text/html; charset=iso-8859-2"><p>' + "łokieć".encode("iso-8859-2"), "łokieć"),
        ("<p>café".encode("utf-16"), "café"),
        ("\ufeff<meta charset=latin1><p>café".encode(), "café"),
        (b"<meta charset=utf-16><p>" + "café".encode(), "café"),
        (b"<meta charset=none-such><p>" + "café".encode(), "café"),
    ],
)
def test_a_page_is_decoded_as_a_browser_does(content: bytes, text: str) -> None:
    assert read_html(decode_html(content)).text == text


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 30_000,
        "<b>" * 30_000,
        "<ul><li>" * 20_000,
        "<a " + " ".join(f"x{number}=1" for number in range(50_000)) + ">",
        "<a x='" * 80_000,
        "".join(f"<b class={number}>" for number in range(3_000)) + "<p>x" * 5_000,
        "<style>"
        + "".join(f".a{number} i{{display:none}}" for number in range(5_000))
        + "</style>"
        + "<i>x</i>" * 5_000,
        "<table>" + "<tr><td rowspan=9999 colspan=9999>x" * 2_000,
        "<p>![a](" * 6_000,
        "<button>a</button>" * 5_000,
        "<h3>Tags</h3>" * 5_000,
    ],
)
def test_no_page_stops_the_reader(html: str) -> None:
    assert read_html(f"<p>Words.</p>{html}").text.startswith("Words.")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_pages_as_site_builders_make_them_keep_their_content_alone(path: Path) -> None:
    page = finished(read_html(decode_html(path.read_bytes())))
    assert page.text == path.with_suffix(".txt").read_text("utf-8").rstrip("\n")


@pytest.mark.parametrize(
    ("stem", "count"),
    [
        ("divi", 2),
        ("drupal", 2),
        ("elementor", 2),
        ("gutenberg", 3),
        ("shopify", 2),
        ("squarespace", 2),
        ("webflow", 1),
    ],
)
def test_the_accordions_of_site_builders_are_questions_with_their_answers(stem: str, count: int) -> None:
    page = read_html(PAGES[0].with_stem(stem).read_text("utf-8"))
    assert len(blocks(page, BlockKind.ANSWER)) == count
    assert all("?" in text and not text.endswith("?") for text in blocks(page, BlockKind.ANSWER))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("<span>First visit</span><span>75 minutes</span><span>£95</span>", "First visit 75 minutes £95"),
        ("<span class=a>ingr</span><span class=a>edient</span>", "ingredient"),
        ("<span class=sign>£</span><span class=sum>95</span>", "£95"),
        ("<a href=/a>Botox</a><a href=/b>Fillers</a>", "Botox Fillers"),
        ("<span>B</span><span>otox</span>", "Botox"),
        ("<span>Peel</span><b>£30</b>", "Peel £30"),
        ("<span>Peel (light)</span><small>$30</small>", "Peel (light) $30"),
        ("Peel<s>£40</s><span class=price><b>£30</b></span>", "Peel £30"),
        ("<b>Monday</b><time>9:00</time>", "Monday 9:00"),
        ("from US<b>$30</b>", "from US$30"),
        ("<b>H</b>2<sub>O</sub>", "H2O"),
        ("<b>CO</b><sub>2</sub> and vitamin <b>B</b><i>12</i>", "CO2 and vitamin B12"),
        ("<b>Omega</b><i>3</i>", "Omega3"),
        ("10<sup>15</sup> and page<sup>12</sup>", "1015 and page12"),
    ],
)
def test_parts_of_a_line_that_stand_apart_are_apart(line: str, text: str) -> None:
    assert read(f"<main><p>{line} and more words here.</p></main>").text == f"{text} and more words here."


@pytest.mark.parametrize(
    "around",
    [
        "<div class=top><small>12 High Street</small></div><nav><a href=/>Home</a></nav>",
        "<nav><h1>Glow Clinic</h1><a href=/>Home</a></nav>",
        "<div id=menu><div><a href=/a>Home</a></div><div><a href=/b>Prices</a></div></div>",
        "<div id=bottom><a href=/p>Privacy</a> | <a href=/t>Terms</a><br>&copy; 2011 Glow</div>",
        "<section><h2>Make an appointment</h2><form><label>Name</label><input></form></section>",
        "<div><p>We use cookies.</p><button>Accept all</button></div>",
        "<p><a href=/>Home</a> &raquo; <a href=/t>Treatments</a> &raquo; Botox</p>",
        "<h3>You may also like</h3><ul><li><a href=/f>Fillers</a></li><li><a href=/p>Peels</a></li></ul>",
        "<h4>Share this</h4><div><a href=x>Facebook</a> <a href=y>X</a></div>",
        "<div class=newsletter-box><h3>News</h3><p>Write to us.</p></div>",
        "<a class=btn href=/book>Book now</a>",
        "<p><a href=/more>Read more</a></p>",
        "<aside><h3>News</h3><ul><li><a href=/n>We moved</a></li></ul></aside>",
    ],
)
def test_what_stands_around_the_content_is_left_out(around: str) -> None:
    words = "<h1>Botox</h1><p>It relaxes a muscle for three to four months.</p><h2>Pain</h2><p>It pinches.</p>"
    first = "<nav" in around or "&raquo;" in around
    page = read(f"{around}<div>{words}</div>" if first else f"<div>{words}</div>{around}")
    assert page.text == "Botox\n\nIt relaxes a muscle for three to four months.\n\nPain\n\nIt pinches."


@pytest.mark.parametrize(
    "kept",
    [
        "<aside class=callout><p>Ring us if it swells.</p></aside>",
        "<p>Ring us on <a href='tel:5550100'>555 0100</a>.</p>",
        "<div class=treatment-menu><p>Lip filler, £150</p></div>",
        "<p>We use cookies as a treat for children.</p>",
        "<header><p>For adults alone.</p></header>",
        "<ul><li><a href=/f>Fillers</a></li><li><a href=/p>Peels</a></li></ul>",
        "<h2>Comments on pain</h2><p>It pinches.</p>",
    ],
)
def test_content_that_looks_like_a_banner_is_kept(kept: str) -> None:
    page = read(f"<main><article><h1>Botox</h1><p>It relaxes a muscle for months.</p>{kept}</article></main>")
    assert re.sub("<[^>]+>", " ", kept).split()[0] in page.text


def test_the_price_that_is_hidden_from_screen_readers_alone_is_read() -> None:
    was = "<del aria-hidden=true>£140</del> <span class=screen-reader-text>It was £140.</span>"
    assert read(f"<main><h1>Facial</h1><p>{was}<ins aria-hidden=true>£110</ins></p></main>").text == "Facial\n\n£110"


def test_a_tab_is_labelled_unless_its_heading_says_the_same() -> None:
    tabs = "<ul role=tablist><li role=tab aria-controls=a>Pain<li role=tab aria-controls=b>Cost</ul>"
    panels = "<div role=tabpanel id=a><p>It pinches.</div><div role=tabpanel id=b hidden><h2>Cost</h2><p>£90.</div>"
    assert read(f"<main>{tabs}{panels}</main>").text == "Pain\n\nIt pinches.\n\nCost\n\n£90."


def test_what_stands_once_for_each_size_of_screen_is_read_once() -> None:
    twice = "<div class=wide><p>It lasts three months.</p></div><div class=narrow><p>It lasts three months.</p></div>"
    assert read(f"<main>{twice}<p>Yes.</p><p>Yes.</p></main>").text == "It lasts three months.\n\nYes.\n\nYes."


@given(st.lists(st.sampled_from(SOUP), max_size=30).map("".join))
def test_headings_and_blocks_of_any_markup_stand_where_they_say(html: str) -> None:
    page = read_html(html)
    assert page.text == page.text.rstrip("\n")
    for heading in page.headings:
        assert " ".join(page.text[heading.start : heading.end].split()) == heading.text
    for block in page.blocks:
        assert page.text[block.start : block.end].strip() == page.text[block.start : block.end] != ""
    order = [(block.start, -block.end) for block in page.blocks]
    assert order == sorted(order)


def test_a_question_with_a_short_answer_is_no_heading_of_what_follows() -> None:
    long = "It depends on the skin. " * 40
    page = read(
        "<main><h2>Questions</h2><details><summary><h3>Can I drive?</h3></summary>No.</details>"
        "<div class=faq-item><strong>Is it safe?</strong><p>Yes.</p></div>"
        f"<h3><button aria-expanded=false aria-controls=a>How long?</button></h3><div id=a>{long}</div></main>"
    )
    assert [heading.text for heading in page.headings] == ["Questions", "How long?"]
