"""Words that a page hides are not read, and words that it shows are."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.reading.html import read_html
from chatbot.reading.html_styles import read_colour, read_declarations, read_rules


def read(body: str, head: str = "") -> str:
    return read_html(f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>").text


@pytest.mark.parametrize(
    "style",
    [
        *("transform:scaleX(0)", "transform:scaleY( 0.0 )", "transform:rotate(9deg) scale(0,1)", "scale:1 0"),
        *("-webkit-transform:scale3d(0,0,1)", "transform:matrix(0,0,0,0,0,0)", "transform:translate(-200vw,0)"),
        *("translate:-9999px", "filter:opacity(0)", "filter:blur(2px) opacity(1%)", "-webkit-filter:opacity(0%)"),
        *("position:absolute;inset:-9999px", "position:fixed;inset:0 0 0 -9999px", "position:absolute;bottom:-9999px"),
        *("position:absolute;inset-inline:-9999px auto", "position:absolute;inset-inline-start:-9999px"),
        *("position:absolute;left:calc(-1 * 9999px)", "position:absolute;left:9999px", "margin:-9999px 0 0 -9999px"),
        *("font:0/0 x", "font:0 serif", "font:italic 700 .1px/1 serif", "font-size:1px", "font-size:.01em"),
        *(
            "color:red;background:red",
            "color:#f00;background-color:rgb(255 0 0)",
            "color:hsl(0 100% 50%);background:red",
        ),
        *("color:rebeccapurple;background:#663399 no-repeat", "background:black", "color:navy;background:currentcolor"),
        *("-webkit-text-fill-color:transparent", "max-width:0;overflow:clip", "block-size:0;overflow:hidden"),
        *("DISPLAY:NONE", r"displa\79:none", "background:url('a;b{c}');display:none", "color:/*;*/red;display:none"),
    ],
)
def test_a_style_that_hides_is_understood(style: str) -> None:
    words = "<p>We are open.</p>{}<p>Come in.</p>"
    assert read(words.format(f'<p style="{style}">secret</p>')) == "We are open.\n\nCome in."
    rule = f"<style>.Old{{{style}}}</style>"
    assert read(words.format("<p class=Old>secret</p>"), rule) == "We are open.\n\nCome in."


@pytest.mark.parametrize(
    "css",
    [
        ".a::before{content:'{'} .x{display:none}",
        '.a{content:"}"} .x{display:none}',
        ".a{content:'\\'{'} .x{display:none}",
        ".a{background:url(data:image/svg+xml;utf8,{)} .x{display:none}",
        "/* { */ .x{display:none}",
        "<!-- .x{display:none} -->",
        "@charset 'utf-8';@import url(a.css);.x{display:none}",
        ".main{color:#111;.x{display:none}}",
        ".main{&>.x{display:none}}",
        ".main{@media screen{.x{display:none}}}",
        "@media screen, print{.x{display:none}}",
        "@media not print{.x{display:none}}",
        "@media (min-width:1px){.x{display:none}}",
        "@supports (display:grid){.x{display:none}}",
        "@supports not (not (display:grid)){.x{display:none}}",
        "@layer base{.x{display:none}}",
        ".x{color:#fff}@media(prefers-color-scheme:dark){.main{background:#000}}",
        "@media(prefers-color-scheme:light){.x{display:none}}",
        ".x{display:none !important}.main .x{display:block}",
        ".main{color:red}.x{background:red}",
        ".main{background:red}.x{color:red}",
        ".main{color:#fff}",
        ".x{position:absolute;left:50%;margin-left:-9999px}",
        ".x{margin-left:-100%}",
        ".x{height:0;min-height:0;overflow:hidden}",
        ".x{opacity:0;transition:none}",
        ".x{opacity:0;position:fixed;transition:opacity 1s}",
        ".main{visibility:hidden}p{visibility:visible}.x{visibility:hidden}",
        ".main{font-size:0}p{font-size:16px}.x{font-size:1em}",
    ],
)
def test_a_style_sheet_that_hides_is_understood(css: str) -> None:
    other = "<p style='color:#123;background:#fff'>We are open.</p>"
    assert read(f"<div class=main>{other}<p class=x>secret</p></div>", f"<style>{css}</style>") == "We are open."


@pytest.mark.parametrize(
    "css",
    [
        "@supports not (display:grid){.x{display:none}}",
        "@supports not (display:grid) {.a{color:red}} .x{color:green}",
        "@supports (display:-ms-grid) and (not (display:grid)){.x{display:none}}",
        "@media print{.x{display:none}}",
        "@media not all{.x{display:none}}",
        "@media speech, (max-width:500px){.x{display:none}}",
        "@starting-style{.x{opacity:0}}",
        "@keyframes a{from{opacity:0}}",
        ".main{.hint{display:none}}",
        ".main{color:#111;.hint{display:none}color:#222}",
        ".x{position:absolute;left:-9999px}@media(min-width:700px){.x{position:static}}",
        ".x{color:#fff;background:#fff}@media(min-width:700px){.x{background:#036}}",
        ".main{background:#000}@media(min-width:700px){.main p{color:#fff}}",
        "@media(prefers-color-scheme:dark){.x{background:#000}}",
        ".x{display:none !important}@media(min-width:700px){.x{display:block !important}}",
        ".x{position:absolute;left:50%;width:960px;margin-left:-480px}",
        ".x{position:relative;left:50%;width:100vw;margin:0 -50vw}",
        ".x{float:left;width:200px;margin-left:-100%}",
        ".x{height:0;min-height:200px;overflow:hidden}",
        ".x{width:0;min-width:100%;overflow:hidden}",
        ".x{opacity:0;animation:rise 1s forwards}@keyframes rise{to{opacity:1}}",
        ".x{opacity:0}.main p{transition:opacity 1s}",
        ".x{content:'display:none'}",
        ".x{--a:{display:none}}",
        ".main{visibility:hidden}.x{visibility:visible}",
        ".main{color:#fff;background:#fff}.x{color:#000}",
        ".main{color:#fff}.x{background:#036}",
        ".main{color:transparent}.x{color:#036}",
        ".main{font-size:0}.x{font-size:1rem}",
        ".x{color:transparent;background:linear-gradient(red,blue);background-clip:text}",
        ".x{color:transparent;-webkit-text-stroke:1px #000}",
        ".x{color:#fff;text-shadow:0 0 2px #000}",
        ".x{color:red;background:var(--a)}",
        ".x{transform:translate(-50%,-50%) scale(.9)}",
        ".x{transform:scale(1,1)}.x:hover{transform:scale(0)}",
        ".x{position:absolute;inset:0}",
        ".x{position:relative;inset:auto 0 0 -20px}",
        ".x{font:700 1rem/0 serif}",
        ".x{filter:opacity(.9)}",
        ".x{margin:-80px 0 0 -20px}",
    ],
)
def test_a_style_sheet_that_shows_is_understood(css: str) -> None:
    words = "<div class=main>{}<p class=x>shown</p></div>"
    assert "shown" in read(words.format("<p>We are open.</p>"), f"<style>{css}</style>")


@pytest.mark.parametrize(
    ("css", "words"),
    [
        (".x{opacity:0}.loaded .x{opacity:1}", "shown"),
        (".x{visibility:hidden}body.ready .x{visibility:visible}", "shown"),
        (".x{opacity:0;visibility:hidden}.x.is-in{opacity:1;visibility:visible}", "shown"),
        (".main .x{opacity:0}.x[data-seen]{opacity:1}", "shown"),
        (".x{opacity:0;visibility:hidden}.x.is-in{opacity:1}", ""),
        (".x{opacity:0;position:fixed}.x.show{opacity:1}", ""),
        (".x{opacity:0}.has-error .x{opacity:1}", ""),
        (".x{visibility:hidden}.menu-open .x{visibility:visible}", ""),
        (".x{display:none}.loaded .x{display:block}", ""),
        (".x{opacity:0}.loaded .y{opacity:1}", ""),
        (".x.old{opacity:0}.x{opacity:1}", ""),
    ],
)
def test_what_the_class_of_a_script_shows_is_read(css: str, words: str) -> None:
    body = "<div class=main><p>We are open.</p><p class='x old'>shown</p></div>"
    assert read(body, f"<style>{css}</style>") == f"We are open.\n\n{words}".strip()


@pytest.mark.parametrize(
    ("css", "words"),
    [
        (".box::before{content:'';position:absolute;inset:0;background:#036}", "shown"),
        (".box:after{position:absolute;top:0;left:0;width:100%;height:100%;background:url(a.png)}", "shown"),
        (".box{&::before{position:absolute;inset:0;background-color:#036}}", "shown"),
        (".bg{position:absolute;inset:0;background:#036}", "shown"),
        (".box::before{position:absolute;inset:0}", ""),
        (".box::before{position:absolute;top:0;height:2px;width:100%;background:#036}", ""),
        (".box:hover::before{position:absolute;inset:0;background:#036}", ""),
        (".other::before{position:absolute;inset:0;background:#036}", ""),
        (".bg{position:absolute;left:0;width:9px;background:#036}", ""),
    ],
)
def test_white_words_on_a_box_that_a_rule_draws_are_read(css: str, words: str) -> None:
    body = "<p>We are open.</p><div class=box><i class=bg></i><p class=x>shown</p></div><p class=x>secret</p>"
    assert read(body, f"<style>.x{{color:#fff}}{css}</style>") == f"We are open.\n\n{words}".strip()


@pytest.mark.parametrize(
    "head",
    [
        "<noscript><style>.x{display:none}</style></noscript>",
        "<style type=text/less>.x{display:none}</style>",
        "<style media=print>.x{display:none}</style>",
        "<style media='(max-width:600px)'>.x{display:none}</style>",
    ],
)
def test_a_style_that_browsers_do_not_apply_hides_nothing(head: str) -> None:
    assert read("<p>We are open.</p><p class=x>shown</p>", head) == "We are open.\n\nshown"


@pytest.mark.parametrize(
    "classes", ["d-none d-md-block", "hidden lg:contents", "hidden md:block", "hidden sm:flow-root"]
)
def test_what_is_only_hidden_on_phones_is_read(classes: str) -> None:
    assert read(f"<p>We are open.</p><p class='{classes}'>shown</p>") == "We are open.\n\nshown"


@pytest.mark.parametrize("classes", ["d-none d-print-block", "hidden print:block", "hidden"])
def test_what_is_only_printed_is_not_read(classes: str) -> None:
    assert read(f"<p>We are open.</p><p class='{classes}'>secret</p>") == "We are open."


@pytest.mark.parametrize(
    "part",
    [
        "<ul><li><a href=#a>A</a></ul><div id=a style='display:none'>shown</div>",
        "<h3>Where can I park?</h3><div style='display:none'>shown</div>",
        "<div><h3>Where can I park?</h3><div style='display:none'>shown</div><h3>Who may come?</h3></div>",
        "<dl><dt>Where can I park?</dt><dd style='display:none'>shown</dd></dl>",
        "<div class=vc_tta-panel-body style='display:none'>shown</div>",
        "<div class='et_pb_tab et_pb_tab_1' style='display:none'>shown</div>",
    ],
)
def test_what_a_tab_or_a_question_opens_is_read(part: str) -> None:
    assert "shown" in read(f"<p>We are open.</p>{part}")


@pytest.mark.parametrize(
    "part",
    [
        "<h3>Parking</h3><div style='display:none'>secret</div>",
        "<h3>Where can I park?</h3><p style='display:none'>secret</p><p>Behind the house.</p>",
        "<p>Where can I park?</p><p style='display:none'>secret</p>",
        "<a href=#a>A</a><div id=a style='display:none'>secret</div>",
    ],
)
def test_what_no_click_opens_is_not_read(part: str) -> None:
    assert "secret" not in read(f"<p>We are open.</p>{part}")


@pytest.mark.parametrize(
    "part",
    [
        "<style>.carousel-item{display:none}</style><div class=carousel-inner><p class=carousel-item>shown</p></div>",
        "<div class=slick-track><div class=slick-slide aria-hidden=true>shown</div></div>",
        "<div class=swiper-wrapper style='transform:translate3d(-1200px,0,0)'><p class=swiper-slide>shown</p></div>",
        "<div class=owl-stage style='transform:translate3d(-1200px,0,0)'><div class=owl-item>shown</div></div>",
        "<ul class=team-slider><li class=slide style='display:none'>shown</ul>",
    ],
)
def test_the_slides_of_a_slider_are_read(part: str) -> None:
    assert "shown" in read(f"<p>We are open.</p>{part}")


@pytest.mark.parametrize(
    "part",
    [
        "<div class=slick-track><div class='slick-slide slick-cloned' aria-hidden=true>secret</div></div>",
        "<div class=swiper-wrapper><div class='swiper-slide swiper-slide-duplicate'>secret</div></div>",
        "<div class=owl-stage><div class='owl-item cloned'>secret</div></div>",
        "<div class=slider><p class=note style='display:none'>secret</p></div>",
        "<ul class=list><li class=slide style='display:none'>secret</ul>",
        "<ul class=list><li class=item style='transform:translate3d(-1200px,0,0)'>secret</ul>",
    ],
)
def test_clones_of_slides_and_hidden_notes_are_not_read(part: str) -> None:
    assert "secret" not in read(f"<p>We are open.</p>{part}")


def test_a_visible_child_of_a_hidden_element_is_read() -> None:
    part = "<div style='visibility:hidden'>secret<p style='visibility:visible'>shown</p><i>secret</i></div>"
    assert read(f"<p>We are open.</p>{part}") == "We are open.\n\nshown"


def test_a_card_in_colours_of_another_file_is_read() -> None:
    card = "<section style='color:#fff'><div class=card style='background:#fff'><p>shown</p></div></section>"
    assert read(f"<p>We are open.</p>{card}", "<link rel=stylesheet href=a.css>") == "We are open.\n\nshown"


@pytest.mark.parametrize(
    "button",
    [
        "<button>Book now</button>",
        "<button onclick=\"location.href='/book'\">Book a visit</button>",
        "<div><button>Book now</button></div>",
        "<a role=button href=/book>Book now</a>",
        "<button aria-controls=menu>Menu</button>",
        "<button data-toggle=modal>Call me back</button>",
        "<form><input type=checkbox id=agree><label for=agree>I agree.</label></form><label for=agree>I agree.</label>",
        "<input id=name><label for=name>Name</label>",
    ],
)
def test_a_button_beside_a_hidden_part_need_not_open_it(button: str) -> None:
    assert "secret" not in read(f"<p>We are open.</p>{button}<p hidden>secret</p><p>Come in.</p>")


@pytest.mark.parametrize(
    "button",
    [
        "<button aria-expanded=false>Parking</button>",
        "<button class=accordion>Parking</button>",
        '<button onclick="toggle(this)">Parking</button>',
        "<button @click='open = !open'>Parking</button>",
        "<button data-bs-toggle=collapse>Parking</button>",
        "<button>Where can I park?</button>",
        "<button>Parking <span>+</span></button>",
        "<h3><button>Parking</button></h3>",
        "<h3 role=button>Parking</h3>",
        "<input type=checkbox id=t><label for=t>Parking</label>",
    ],
)
def test_what_a_button_opens_is_read(button: str) -> None:
    assert "shown" in read(f"<p>We are open.</p>{button}<div hidden>shown</div><p>Come in.</p>")
    assert "shown" in read("<p>We are open.</p><button>Parking</button><div class=panel hidden>shown</div>")


NESTED = [
    "".join(parts)
    for parts in (
        ("@media screen{" * 5_000, ".x{display:none}"),
        (".x{" * 5_000, "display:none"),
        (".a,.b,.c{" * 30, "display:none"),
        ("(" * 20_000,),
        (".x{color:" + "rgb(" * 20_000,),
        ("@supports " + "(" * 20_000,),
        (".x{margin:" + "9" * 6_000 + "px}",),
        ("/*" * 20_000,),
        ("\\" * 20_001,),
        ("a{b" * 10_000,),
    )
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("css", NESTED, ids=lambda css: css[:12])
def test_no_style_sheet_stops_the_reader(css: str) -> None:
    assert read("<p>We are open.</p>", f"<style>{css}</style>") == "We are open."
    assert read(f'<p>We are open.</p><p style="{css}">Come in.</p>').startswith("We are open.")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "selector",
    [
        *(".z" + " div" * 12 + " p", ".z" + " ~ p" * 8, "p:nth-child(3) ~ p ~ p ~ p", ":nth-child(2)" * 9 + " ~ p"),
        *("div:has(div:has(div:has(p.z)))", ":is(.z div div div div div p)", "p:not(.z ~ p ~ p ~ p ~ p)"),
    ],
)
def test_no_selector_keeps_the_reader_busy(selector: str) -> None:
    page = "<i class=z></i>" + "<div>" * 60 + "<p>Come in.</p>" * 1_000 + "<p class=x>secret</p>"
    words = read(page, f"<style>{selector}{{display:none}}.x{{display:none}}</style>")
    assert "Come in." in words
    assert "secret" not in words


@given(
    st.text(st.sampled_from(string.ascii_lowercase + "0123456789 .,;:!@#%&*()[]{}'\"\\/<>-+\n\0\ud800é"), max_size=80)
)
def test_any_text_is_a_style_sheet(css: str) -> None:
    for rule in read_rules(css):
        assert rule.selector
    read_declarations(css)
    colour = read_colour(css)
    assert colour is None or len(colour) == 4


@given(st.lists(st.sampled_from(["a{color:red}", ".x{display:none}", "@media print{p{top:0}}", "/*}*/"]), max_size=4))
def test_a_sheet_in_a_sheet_of_strings_is_no_rule(rules: list[str]) -> None:
    quoted = "".join(rules).replace("'", "")
    assert read_rules(f".y::before{{content:'{quoted}'}}.z{{content:'{quoted}'}}") == ()
