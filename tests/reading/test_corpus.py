import os
from datetime import date
from pathlib import Path

import pytest

from chatbot.errors import CorpusError
from chatbot.reading import LARGEST, corpus_digest, read_corpus


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
        (b"caf\xe9", "byte 3 of it is not UTF-8; save it as UTF-8"),
        (b"", "it holds no text"),
        (b"\xef\xbb\xbf \n\t\n", "it holds no text"),
        (b"PK\x00\x03", "it holds NUL characters"),
        (b"x" * (LARGEST + 1), "it has more than 4,194,304 bytes"),
        (b"---\ntitle: [\n---\nWords.", "its front matter is not YAML"),
        (b"---\nurl: javascript:alert(1)\n---\nWords.", "is not a web address"),
        (b"---\nurl: http://[::1\n---\nWords.", "is not a web address"),
        (b"---\nreviewed: soon\n---\nWords.", "its reviewed date 'soon' cannot be read"),
        (b"---\nreviewed: 2026-02-31\n---\nWords.", "its reviewed date '2026-02-31' cannot be read"),
        (b"---\ntitle: {a: b}\n---\nWords.", "its title is not text"),
        (b"---\ntitle: Ears\nSome words, never closed.", "its front matter has no closing line of dashes"),
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


def test_a_sidecar_that_cannot_be_read_leaves_its_page_out(tmp_path: Path) -> None:
    write(tmp_path, page_txt="Words.", page_txt_yaml="reviewed: 2026-02-31", good_md="Words.")
    (problem,) = read_corpus(tmp_path).problems
    assert str(problem).startswith("page.txt was left out: its reviewed date '2026-02-31' cannot be read; write ")


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


def test_other_kinds_of_file_are_reported(tmp_path: Path) -> None:
    corpus = read_corpus(write(tmp_path, leaflet_pdf=b"%PDF", good_md="Words."))
    assert [str(problem) for problem in corpus.problems] == [
        "leaflet.pdf was left out: Footnote reads .txt and .md files; save it as one of these."
    ]


def test_a_file_name_in_another_encoding_is_reported(tmp_path: Path) -> None:
    write(tmp_path, good_md="Words.")
    (tmp_path / os.fsdecode(b"caf\xe9.md")).write_text("Words.")
    corpus = read_corpus(tmp_path)
    assert [str(problem).startswith("caf?.md was left out") for problem in corpus.problems] == [True]


def test_a_folder_without_pages_is_an_error_that_names_the_cure(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"holds no page that can be read: put \.txt or \.md files there"):
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
