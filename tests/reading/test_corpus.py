import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.errors import CorpusError, PageUnpublished
from chatbot.reading import LARGEST, PageFile, corpus_digest, other_files, read_corpus, read_front_matter


def write(folder: Path, **files: str | bytes) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def test_front_matter_names_title_address_and_review(tmp_path: Path) -> None:
    write(
        tmp_path,
        page_md="---\ntitle: After care\nurl: https://c.example/a\nreviewed: 2026-05-31\n---\n# Other\n\nHi.\n",
    )
    (document,) = read_corpus(tmp_path).documents
    assert (document.title, document.url, document.reviewed) == ("After care", "https://c.example/a", date(2026, 5, 31))
    assert document.text == "Other\n\nHi."


def test_a_sidecar_has_the_title_and_address_of_its_page(tmp_path: Path) -> None:
    write(tmp_path, page_txt="Some words.", page_txt_yaml="title: After care\nurl: https://c.example/a\n")
    (document,) = read_corpus(tmp_path).documents
    assert (document.id, document.title, document.url) == ("page.txt", "After care", "https://c.example/a")
    assert document.text == "Some words."


def test_folders_are_read_and_the_readme_and_hidden_files_are_not(tmp_path: Path) -> None:
    write(tmp_path, skin__care_md="Words.", README_md="About.", skin__README_md="A page.", _hidden_txt="No.")
    assert [document.id for document in read_corpus(tmp_path).documents] == ["skin/README.md", "skin/care.md"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"caf\xe9", "byte 3 of it is not UTF-8 (it looks like Windows-1252); save it as UTF-8"),
        ("Prices".encode("utf-16"), "byte 0 of it is not UTF-8 (it looks like UTF-16); save it as UTF-8"),
        (b"", "it holds no text"),
        (b"\xef\xbb\xbf \n\t\n", "it holds no text"),
        (b"PK\x00\x03", "it holds NUL characters"),
        (b"x" * (LARGEST + 1), "it has more than 4,194,304 bytes"),
    ],
)
def test_a_page_that_cannot_be_read_is_named_and_the_rest_is_served(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    corpus = read_corpus(write(tmp_path, bad_md=content, good_md="Words."))
    assert [document.id for document in corpus.documents] == ["good.md"]
    (problem,) = corpus.problems
    assert str(problem).startswith("bad.md was left out: ")
    assert reason in str(problem)


@pytest.mark.parametrize(
    ("front", "warning"),
    [
        ("title: [", "its front matter is not YAML (line 2); write lines of the form 'title: After care', with "),
        ("url: javascript:alert(1)", "its url 'javascript:alert(1)' is not a web address; write it as https://..."),
        ("url: http://[::1", "its url 'http://[::1' is not a web address; write it as https://..."),
        ("url: /fees/", "its url '/fees/' is not a web address; write it as https://..."),
        ("reviewed: soon", "its reviewed date 'soon' cannot be read; write year, month and day, as in 2026-01-31"),
        ("reviewed: 2026-02-31", "its reviewed date '2026-02-31' cannot be read; write year, month and day, as in "),
        ("reviewed: 03/04/2026", "its reviewed date '03/04/2026' cannot be read; write year, month and day, as in "),
        ("title: {a: b}", "its title is not text; write title on one line"),
    ],
)
def test_what_a_page_says_unreadably_is_named_and_the_page_served(tmp_path: Path, front: str, warning: str) -> None:
    (document,) = read_corpus(write(tmp_path, page_md=f"---\n{front}\n---\nWords.")).documents
    assert (document.text, document.title, document.url, document.reviewed) == ("Words.", "Page", None, None)
    assert [line[: len(warning)] for line in document.warnings] == [warning]


def test_front_matter_that_is_never_closed_loses_no_words(tmp_path: Path) -> None:
    write(tmp_path, page_md="---\ntitle: Ears\nurl: https://c.example/e\nSome words, never closed.")
    (document,) = read_corpus(tmp_path).documents
    assert (document.title, document.url, document.text) == ("Ears", "https://c.example/e", "Some words, never closed.")
    assert document.warnings[0].startswith("its front matter has no closing line of dashes; ")


@pytest.mark.parametrize("sidecar", ["reviewed: 2026-02-31", b"caf\xe9", "- a", "title: [\n  a: {"])
def test_a_sidecar_that_cannot_be_read_is_named_and_its_page_served(tmp_path: Path, sidecar: str | bytes) -> None:
    (document,) = read_corpus(write(tmp_path, page_txt="Words.", page_txt_yaml=sidecar)).documents
    assert document.text == "Words."
    assert len(document.warnings) == 1


@pytest.mark.parametrize(
    "page",
    [
        "---\ntitle: 'After care: the first day'\nlang: en-GB\nlast_reviewed: 2026-05-31\n---\n\nRest.",
        "---\r\ntitle: After care: the first day\r\nlang: en_GB\r\nlastReviewed: 31 May 2026\r\n---\r\nRest.",
        "---\nlayout: page\ntitle: After care: the first day\nBy line: A\nlang: en-GB\nreviewed: 2026/5/31\n---\nRest.",
        '+++\ntitle = "After care: the first day"\nlang = "en-GB"\nreviewed = 2026-05-31\n[menu]\nmain = 1\n+++\nRest.',
        '{\n "title": "After care: the first day",\n "lang": "en-GB",\n "reviewed": "2026-05-31T10:00:00Z"\n}\n\nRest.',
        '---json\n{"title": "After care: the first day", "lang": "en-GB", "reviewed": "2026-05-31"}\n---\nRest.',
    ],
)
def test_front_matter_is_read_in_yaml_toml_and_json(tmp_path: Path, page: str) -> None:
    (document,) = read_corpus(write(tmp_path, page_md=page.encode("utf-8-sig"))).documents
    assert (document.title, document.language) == ("After care: the first day", "en-GB")
    assert (document.reviewed, document.text, document.warnings) == (date(2026, 5, 31), "Rest.", ())


@pytest.mark.parametrize(
    "page",
    [
        "---\nSurgery hours: 8 to 6\nClosed: Sundays\n---\n\nRing the bell.",
        "---\nClosed on Sundays.\n---\n\nRing the bell.",
        "---\nDate: 24 December\nStatus: closed\n---\n\nRing the bell.",
        "Welcome.\n\n---\ntitle: closed\n---\n\nRing the bell.",
    ],
)
@pytest.mark.parametrize("name", ["page.txt", "page.md"])
def test_words_between_two_rules_stay_words_of_the_page(tmp_path: Path, page: str, name: str) -> None:
    (tmp_path / name).write_text(page)
    (document,) = read_corpus(tmp_path).documents
    assert "losed" in document.text
    assert document.text.endswith("Ring the bell.")
    assert document.warnings == ()


@given(
    st.lists(
        st.sampled_from(["---", "+++", "title: A: b", "x: y", "{", "}", "- a", "", " z", "Words.", '"a": 1']),
        max_size=9,
    )
)
def test_lines_that_are_no_field_are_never_lost(lines: list[str]) -> None:
    front = read_front_matter("\n".join(lines))
    assert front.body.count("Words.") == lines.count("Words.") - str(front.fields).count("Words.")


SOON = datetime.now(UTC).date() + timedelta(days=2)  # the tests may run over midnight


@pytest.mark.parametrize(
    ("front", "reason"),
    [
        ("draft: true", "it is a draft"),
        ("Draft: yes\ntitle: A", "it is a draft"),
        ("draft: false\npublished: true\nstatus: published", ""),
        ("published: false", "it is not published"),
        ("published: 2020-01-01", ""),
        ("status: Draft", "its status is draft"),
        ("status: expired soon", ""),
        ("visibility: private", "its visibility is private"),
        ("robots: noindex, nofollow", "it asks search engines to leave it out (noindex)"),
        ("robots: index, follow", ""),
        ("seo:\n  noindex: true", "it asks search engines to leave it out (noindex)"),
        ("noindex: true", "it asks search engines to leave it out (noindex)"),
        ("expiryDate: 2020-01-01", "it expired on 2020-01-01"),
        ("unpublish_on: 2020-01-01 09:00", "it expired on 2020-01-01"),
        ("valid_until: 2020-01-01", "it was valid until 2020-01-01"),
        (f"valid_until: {SOON}", ""),
        (f"publishDate: {SOON}\ndate: 2020-01-01", f"it will be published on {SOON}"),
        (f"date: {SOON}", f"it will be published on {SOON}"),
        (f"date: {SOON}\npublishDate: 2020-01-01", ""),
        ("expiryDate: soon", ""),
    ],
)
def test_a_page_that_says_it_is_not_published_is_left_out(tmp_path: Path, front: str, reason: str) -> None:
    write(tmp_path, page_md=f"---\n{front}\n---\n\nWords.", good_md="Words.", page_md_yaml="url: https://c.example/p")
    corpus = read_corpus(tmp_path)
    left_out = [error for error in corpus.problems if isinstance(error, PageUnpublished)]
    assert [str(error) for error in left_out] == ([f"page.md was left out: {reason}."] if reason else [])
    assert [document.id for document in corpus.documents] == ["good.md"] + ([] if reason else ["page.md"])


def test_a_sidecar_and_a_folder_can_say_that_a_page_is_a_draft(tmp_path: Path) -> None:
    write(tmp_path, page_txt="Words.", page_txt_yaml="draft: true", good_md="Words.", a_txt="Words.")
    write(tmp_path, a_txt_yaml=f"publish_date: {SOON}")
    (tmp_path / "_drafts").mkdir()
    (tmp_path / "_drafts" / "x.md").write_text("Words.")
    assert [str(problem) for problem in read_corpus(tmp_path).problems] == [
        "_drafts/x.md was left out: it is in a folder of drafts.",
        f"a.txt was left out: it will be published on {SOON}.",
        "page.txt was left out: it is a draft.",
    ]


def test_the_day_on_which_a_page_appears_changes_the_digest() -> None:
    page = PageFile("a.md", b"x", None, outside=False)
    assert page.digest != replace(page, unpublished="it expired on 2020-01-01").digest


@pytest.mark.parametrize(
    "lines",
    ["title: [", "- a", "a", 'title: "a\\ud800"', "title: " + "[" * 5000, "title: !!int x", "title: {a: b}"],
)
def test_a_sidecar_of_any_content_is_read_or_named(tmp_path: Path, lines: str) -> None:
    write(tmp_path, page_txt="Words.", page_txt_yaml=lines, good_md="Words.")
    corpus = read_corpus(tmp_path)
    assert len(corpus.documents) + len(corpus.problems) == 2
    assert "good.md" in {document.id for document in corpus.documents}


def test_a_bomb_of_merged_keys_is_read_quickly(tmp_path: Path) -> None:
    levels = "".join(f"a{n + 1}: &a{n + 1}\n  <<: [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(9))
    write(tmp_path, page_txt="Words.", page_txt_yaml=f"a0: &a0 {{b: c}}\n{levels}title: After care\n")
    (document,) = read_corpus(tmp_path).documents
    assert document.title == "After care"


def test_links_out_of_the_folder_and_pipes_are_never_read(tmp_path: Path) -> None:
    outside = tmp_path / "secret.txt"
    outside.write_text("A secret.")
    corpus = write(tmp_path / "corpus", good_txt="Words.")
    (corpus / "link.txt").symlink_to(outside)
    os.mkfifo(corpus / "pipe.txt")
    os.mkfifo(corpus / "good.txt.yaml")
    result = read_corpus(corpus)
    assert [document.id for document in result.documents] == ["good.txt"]
    assert [str(problem)[:20] for problem in result.problems] == ["link.txt was left ou"]


@pytest.mark.parametrize(
    ("text", "title", "headings"),
    [
        ("# Laser\n\nWords.\n\n## Does it hurt?\n\nNo.", "Laser", [(), ("Does it hurt?",)]),
        ("Words first.\n\n# Laser\n\nNo.", "Page", [(), ("Laser",)]),
        ("## Does it hurt?\n\nNo.\n\n## Can I swim?\n\nYes.", "Page", [("Does it hurt?",), ("Can I swim?",)]),
    ],
)
def test_a_page_is_named_by_the_heading_that_opens_it(
    tmp_path: Path, text: str, title: str, headings: list[tuple[str, ...]]
) -> None:
    (document,) = read_corpus(write(tmp_path, page_md=text)).documents
    assert document.title == title
    assert [section.headings for section in document.sections] == headings


def test_documents_that_are_no_pages_are_named_and_other_files_counted(tmp_path: Path) -> None:
    write(tmp_path, leaflet_doc=b"\xd0\xcf", prices_xlsx=b"PK", good_md="Words.", robots_txt="User-agent: *")
    write(tmp_path, skin__before_jpg=b"", skin__after_JPG=b"", Thumbs_db=b"", _site__good_md="Words.")
    for name in ("good.md~", "good.md.bak", "~$leaflet.docx"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "_site").mkdir()
    (tmp_path / "_site" / "good.html").write_text("<p>Words.")
    corpus = read_corpus(tmp_path)
    assert [document.id for document in corpus.documents] == ["good.md"]
    assert [str(problem) for problem in corpus.problems] == [
        "leaflet.doc was left out: Footnote reads .txt, .md, .html, .pdf and .docx files; save it as .docx or .pdf.",
        "prices.xlsx was left out: Footnote reads .txt, .md, .html, .pdf and .docx files; write its table into a page.",
    ]
    assert other_files(tmp_path) == (
        "8 other files are no pages: 2 .jpg, 1 .db, 1 _site, 1 .bak, 1 .md~, 1 .txt, 1 .docx.",
    )


def test_folders_behind_links_are_named_and_never_walked(tmp_path: Path) -> None:
    write(tmp_path / "shared", laser_md="Words.")
    corpus = write(tmp_path / "corpus", skin__peel_md="Words.")
    (corpus / "treatments").symlink_to(tmp_path / "shared")
    (corpus / "loop").symlink_to(corpus)
    (corpus / "again").symlink_to(corpus / "skin")
    (corpus / "gone.md").symlink_to(corpus / "nothing.md")
    result = read_corpus(corpus)
    assert [document.id for document in result.documents] == ["skin/peel.md"]
    assert [str(problem) for problem in result.problems] == [
        "gone.md was left out: No such file or directory; check it and who may read it.",
        "treatments was left out: it is a link that leads out of the corpus; put the file or folder itself here.",
    ]
    assert other_files(corpus) == (
        "again was left out: it is a link to skin, whose pages are read.",
        "loop was left out: it is a link to ., whose pages are read.",
    )


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("treatments/anti-wrinkle/index.md", "Anti wrinkle"),
        ("treatments/_index.md", "Treatments"),
        ("treatments/README.md", "Treatments"),
        ("index.md", "Index"),
        ("_posts/2024-05-01-summer-skin.md", "Summer skin"),
        ("laser.de.md", "Laser"),
        ("haut/index.de.md", "Haut"),
        ("IPL-and-you.markdown", "IPL and you"),
    ],
)
def test_a_page_without_a_title_is_named_after_its_file_or_folder(tmp_path: Path, name: str, title: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("Words.")
    (document,) = read_corpus(tmp_path).documents
    assert (document.id, document.title) == (name, title)


def test_a_file_name_in_another_encoding_is_reported(tmp_path: Path) -> None:
    write(tmp_path, good_md="Words.")
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("Words.")
    corpus = read_corpus(tmp_path)
    assert [str(problem).startswith("caf?.md was left out") for problem in corpus.problems] == [True]


def test_a_folder_without_pages_is_an_error_that_names_the_cure(tmp_path: Path) -> None:
    listed = r"put \.txt, \.md, \.html, \.pdf or \.docx files there"
    with pytest.raises(CorpusError, match=rf"holds no page that can be read: {listed}"):
        read_corpus(tmp_path)
    with pytest.raises(CorpusError, match="There is no corpus folder"):
        read_corpus(tmp_path / "none")


def test_dashes_that_open_a_page_are_no_front_matter_unless_closed(tmp_path: Path) -> None:
    (document,) = read_corpus(write(tmp_path, page_txt="---\nWords below a line.\n")).documents
    assert "Words below a line." in document.text


def test_the_digest_changes_with_names_contents_and_sidecars(tmp_path: Path) -> None:
    digests = {corpus_digest(write(tmp_path, a_txt="one"))}
    digests.add(corpus_digest(write(tmp_path, a_txt="two")))
    digests.add(corpus_digest(write(tmp_path, a_txt_yaml="title: A")))
    digests.add(corpus_digest(write(tmp_path, b_txt="")))
    assert len(digests) == 4
    assert corpus_digest(tmp_path) in digests
