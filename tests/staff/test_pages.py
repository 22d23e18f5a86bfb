import json
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Event, Thread

import pytest
from fpdf import FPDF

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.errors import ChangeRefused, FootnoteError, IndexIncompatible, QuestionEmpty
from chatbot.evaluation import read_golden
from chatbot.indexing import Encoder, current
from chatbot.records import Outcome
from chatbot.staff import ChangeKind, ContentPaths, PageForm, list_pages
from chatbot.staff.content.page_form import read_form, to_markdown
from tests.conftest import ROOT, WordEncoder
from tests.staff.conftest import EDITOR, Keep

PARKING = PageForm(
    "Parking", "https://clinic.example/parking", "2026-05-01", "Free parking is behind the house.\r\n\r\nOK"
)


def ignore(_done: int, _total: int, _step: str) -> None:
    pass


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_draft_changes_nothing_until_it_is_published(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    bot, pages, history = keep(words)
    before = files(place.corpus), bot.build
    assert pages.stage(EDITOR, PARKING) == "parking.md"
    pages.withdraw(EDITOR, "aftercare.md")
    assert (files(place.corpus), bot.build) == before
    assert [(draft.page, draft.text is None, draft.account) for draft in pages.drafts()] == [
        ("aftercare.md", True, "alice"),
        ("parking.md", False, "alice"),
    ]
    pages.publish(EDITOR, ignore)
    assert pages.drafts() == ()
    assert [page.id for page in bot.documents()] == ["parking.md", "red.txt"]
    parking = bot.document("parking.md")
    assert (parking.title, parking.url, str(parking.reviewed)) == (PARKING.title, PARKING.url, PARKING.reviewed)
    assert [(change.subject, change.summary, change.account) for change in history.latest()] == [
        ("parking.md", "Added", "alice"),
        ("aftercare.md", "Withdrawn", "alice"),
    ]


def test_publishing_makes_the_build_of_the_command_line(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    bot, pages, _ = keep(words)
    pages.stage(EDITOR, PARKING)
    pages.publish(EDITOR, ignore)
    assert Chatbot(place.corpus, place.index, words, Clinic()).build == bot.build


def test_only_new_passages_are_embedded_and_only_once(keep: Keep, words: WordEncoder) -> None:
    _, pages, _ = keep(words)
    words.encoded.clear()
    pages.stage(EDITOR, PARKING)
    pages.preview((), (), ignore)
    pages.publish(EDITOR, ignore)
    assert [text for text in words.encoded if "parking" in text.casefold()] == words.encoded
    assert len(words.encoded) == 1


def test_a_withdrawn_page_is_kept_with_the_time(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    _, pages, _ = keep(words)
    pages.withdraw(EDITOR, "red.txt")
    pages.publish(EDITOR, ignore)
    withdrawn = files(place.staff / "withdrawn")
    assert sorted(name.split("/", 1)[1] for name in withdrawn) == ["red.txt", "red.txt.yaml"]


def test_a_replaced_page_keeps_its_name_and_takes_the_fields_of_the_form(
    keep: Keep, place: ContentPaths, words: WordEncoder
) -> None:
    bot, pages, _ = keep(words)
    form = pages.form("red.txt")
    assert (form.title, form.reviewed) == ("Red skin", "2026-01-31")
    assert form.body.startswith("Redness\n\nRedness fades")
    pages.stage(EDITOR, PageForm('Red: "skin"', "", "2026-06-01", form.body.replace("three", "four")), "red.txt")
    assert pages.form("red.txt").title == 'Red: "skin"'
    pages.publish(EDITOR, ignore)
    page = bot.document("red.txt")
    assert (page.title, str(page.reviewed), "four days" in page.text) == ('Red: "skin"', "2026-06-01", True)
    assert not (place.corpus / "red.txt.yaml").exists()


def test_a_preview_lists_added_removed_and_changed_passages(keep: Keep, words: WordEncoder) -> None:
    _, pages, _ = keep(words)
    pages.stage(EDITOR, PARKING)
    pages.withdraw(EDITOR, "aftercare.md")
    form = pages.form("red.txt")
    pages.stage(EDITOR, PageForm(form.title, "", "", form.body.replace("three", "four")), "red.txt")
    preview = pages.preview((), (), ignore)
    assert {(change.title, bool(change.before), bool(change.after)) for change in preview.passages} == {
        ("Parking", False, True),
        ("Aftercare", True, False),
        ("Red skin", True, True),
    }


@pytest.mark.parametrize(
    ("form", "why"),
    [
        (PageForm(" ", "", "", "Words."), "no title"),
        (PageForm("A", "", "", " \n"), "no text"),
        (PageForm("A", "", "", "# A\n"), "heading alone"),
        (PageForm("A", "", "2999-01-01", "Words."), "yet to come"),
        (PageForm("A", "javascript:alert(1)", "", "Words."), "not a web address"),
        (PageForm("A", "", "31.12.2026", "Words."), "cannot be read"),
        (PageForm("A", "", "", "Wor\0ds."), "NUL"),
    ],
)
def test_an_unusable_page_is_refused_with_the_reason(keep: Keep, words: WordEncoder, form: PageForm, why: str) -> None:
    _, pages, _ = keep(words)
    with pytest.raises(ChangeRefused, match=why):
        pages.stage(EDITOR, form)
    assert pages.drafts() == ()


@pytest.mark.parametrize("name", ["../staff/staff.sqlite3", "/etc/passwd", "README.md", "red.txt.yaml", "no.md", ""])
def test_only_pages_can_be_read_or_written(keep: Keep, words: WordEncoder, name: str) -> None:
    _, pages, _ = keep(words)
    with pytest.raises(ChangeRefused, match="no such page"):
        pages.form(name)
    with pytest.raises(ChangeRefused, match="no such page"):
        pages.stage(EDITOR, PARKING, name)
    pages.withdraw(EDITOR, name)
    assert pages.drafts() == ()


def test_the_last_page_cannot_be_withdrawn(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    bot, pages, _ = keep(words)
    before = files(place.corpus), bot.build
    pages.withdraw(EDITOR, "red.txt")
    pages.withdraw(EDITOR, "aftercare.md")
    with pytest.raises(FootnoteError, match="no page"):
        pages.publish(EDITOR, ignore)
    assert (files(place.corpus), bot.build) == before


def test_similar_titles_get_different_names(keep: Keep, words: WordEncoder) -> None:
    _, pages, _ = keep(words)
    titles = ("Aftercare", "After-Care!", "README", "Осмотр", "../../etc")
    names = [pages.stage(EDITOR, PageForm(title, "", "", "Words of it.")) for title in titles]
    assert names == ["aftercare-2.md", "after-care.md", "readme-2.md", "page.md", "etc.md"]


def test_going_back_brings_back_pages_and_index_and_holds_after_a_restart(
    keep: Keep, place: ContentPaths, words: WordEncoder
) -> None:
    bot, pages, history = keep(words)
    assert pages.previous() is None
    before = files(place.corpus), bot.build
    pages.stage(EDITOR, PARKING)
    pages.publish(EDITOR, ignore)
    after = files(place.corpus), bot.build
    assert pages.previous() == before[1]
    pages.go_back(EDITOR)
    assert (files(place.corpus), bot.build) == before
    assert Chatbot(place.corpus, place.index, words, Clinic()).build == before[1]
    pages.go_back(EDITOR)  # and forth
    assert (files(place.corpus), bot.build) == after
    assert [change.kind for change in history.latest()] == [ChangeKind.INDEX, ChangeKind.INDEX, ChangeKind.PAGE]


def test_going_back_is_refused_after_a_change_on_the_server(
    keep: Keep, place: ContentPaths, words: WordEncoder
) -> None:
    bot, pages, _ = keep(words)
    pages.stage(EDITOR, PARKING)
    pages.publish(EDITOR, ignore)
    (place.corpus / "red.txt").write_text("Redness\n\nRedness fades within a week.\n")
    build = bot.build
    with pytest.raises(ChangeRefused, match="changed on the server"):
        pages.go_back(EDITOR)
    pages.publish(EDITOR, ignore)  # without a draft it takes in what was changed there
    assert bot.build != build
    assert "a week" in bot.document("red.txt").text


def test_a_change_of_a_page_can_be_undone(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    bot, pages, history = keep(words)
    before = (place.corpus / "aftercare.md").read_bytes()
    pages.stage(EDITOR, PARKING)
    pages.withdraw(EDITOR, "aftercare.md")
    pages.publish(EDITOR, ignore)
    for change in history.latest():
        pages.undo(EDITOR, change.id)
    assert len(bot.documents()) == 2
    pages.publish(EDITOR, ignore)
    assert [page.id for page in bot.documents()] == ["aftercare.md", "red.txt"]
    assert (place.corpus / "aftercare.md").read_bytes() == before


def test_undoing_brings_back_the_fields_of_a_sidecar(keep: Keep, words: WordEncoder) -> None:
    bot, pages, history = keep(words)
    pages.withdraw(EDITOR, "red.txt")
    pages.publish(EDITOR, ignore)
    pages.undo(EDITOR, history.latest()[0].id)
    pages.publish(EDITOR, ignore)
    page = bot.document("red.txt")
    assert (page.title, str(page.reviewed)) == ("Red skin", "2026-01-31")


SITE_PAGE = """---
title: Fees   # shown in the menu
layout: page
permalink: /fees/
menu:
  main:
    weight: 3
tags: [a, b]
last_reviewed: 2026-01-01
---

A consultation costs 50 pounds.
"""


def test_saving_keeps_the_fields_that_the_form_does_not_show() -> None:
    form = read_form("fees.md", SITE_PAGE)
    assert to_markdown(form, SITE_PAGE) == SITE_PAGE
    changed = replace(form, title='Fees: "all"', url="https://c.example/fees", reviewed="2026-06-01", body="60 pounds.")
    assert to_markdown(changed, SITE_PAGE) == (
        SITE_PAGE.replace("Fees   # shown in the menu", '"Fees: \\"all\\""')
        .replace("last_reviewed: 2026-01-01", 'last_reviewed: "2026-06-01"')
        .replace("---\n\nA consultation costs 50 pounds", 'url: "https://c.example/fees"\n---\n\n60 pounds')
    )
    assert to_markdown(replace(form, reviewed=""), SITE_PAGE) == SITE_PAGE.replace("last_reviewed: 2026-01-01\n", "")


def test_an_address_does_not_replace_a_path_of_the_site() -> None:
    page = "+++\ntitle = 'Fees'\nurl = '/fees/'\n[menu]\nweight = 3\n+++\n\nWords.\n"
    form = replace(read_form("fees.md", page), url="https://c.example/fees")
    assert to_markdown(form, page) == (
        "+++\ntitle = 'Fees'\nurl = '/fees/'\ncanonical_url = \"https://c.example/fees\"\n\n[menu]\nweight = 3\n+++"
        "\n\nWords.\n"
    )


def test_saving_brings_the_fields_of_a_sidecar_into_the_page() -> None:
    sidecar = "reviewed: 2026-01-31\ntags:\n- red\n"
    text = to_markdown(read_form("red.txt", "Redness fades.", sidecar), "Redness fades.", sidecar)
    assert text == '---\nreviewed: "2026-01-31"\ntags: ["red"]\ntitle: "Red"\n---\n\nRedness fades.\n'


def test_front_matter_that_cannot_be_changed_without_loss_is_refused() -> None:
    page = "+++\ntitle = 'Fees\nweight = 3\n+++\n\nWords.\n"
    form = replace(read_form("fees.md", page), title="Prices")
    with pytest.raises(ChangeRefused, match="its front matter, cannot be changed here without losing"):
        to_markdown(form, page)


def test_a_published_change_keeps_what_the_site_wrote(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    (place.corpus / "fees.md").write_text(SITE_PAGE)
    _, pages, history = keep(words)
    form = pages.form("fees.md")
    pages.stage(EDITOR, replace(form, body=form.body.replace("50", "60")), "fees.md")
    pages.publish(EDITOR, ignore)
    assert (place.corpus / "fees.md").read_text() == SITE_PAGE.replace("50", "60")
    pages.undo(EDITOR, history.latest()[0].id)
    pages.publish(EDITOR, ignore)
    assert (place.corpus / "fees.md").read_text() == SITE_PAGE


def test_a_page_of_another_format_is_shown_and_can_only_be_withdrawn(
    keep: Keep, place: ContentPaths, words: WordEncoder
) -> None:
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("times", "", 11)
    pdf.multi_cell(0, 6, "Free parking is behind the house.")
    leaflet = bytes(pdf.output())
    (place.corpus / "parking.pdf").write_bytes(leaflet)
    (place.corpus / "parking.pdf.yaml").write_text("title: Parking\n")
    bot, pages, history = keep(words)
    form = pages.form("parking.pdf")
    assert (form.title, form.body) == ("Parking", "Free parking is behind the house.")
    with pytest.raises(ChangeRefused, match=r"a \.pdf file, so it cannot be changed here"):
        pages.stage(EDITOR, form, "parking.pdf")
    pages.withdraw(EDITOR, "parking.pdf")
    pages.publish(EDITOR, ignore)
    assert "parking.pdf" not in {page.id for page in bot.documents()}
    with pytest.raises(ChangeRefused, match="Only pages of text can be brought back here"):
        pages.undo(EDITOR, history.latest()[0].id)
    pages.go_back(EDITOR)
    assert (place.corpus / "parking.pdf").read_bytes() == leaflet


def test_pages_that_are_not_published_are_named_apart(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    (place.corpus / "offer.md").write_text("---\ndraft: true\n---\n\nHalf price.")
    (place.corpus / "old.doc").write_bytes(b"\xd0\xcf")
    (place.corpus / "before.jpg").write_bytes(b"")
    _, pages, _ = keep(words)
    assert (pages.unpublished(), pages.unreadable()) == (("offer.md",), ("old.doc",))


def test_unreadable_files_are_named(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    (place.corpus / "broken.md").write_bytes(b"\xff")
    _, pages, _ = keep(words)
    assert pages.unreadable() == ("broken.md",)


def test_an_unwritable_index_leaves_the_pages_as_they_were(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    bot, pages, _ = keep(words)
    before = files(place.corpus), bot.build
    pages.stage(EDITOR, PARKING)

    def block(_done: int, _total: int, step: str) -> None:
        if step == "Publishing":
            for name in ("CURRENT", bot.build):
                (place.index / f".draft-{name}").mkdir(exist_ok=True)
            place.index.joinpath(".draft-CURRENT", "x").mkdir()
            place.index.joinpath(".lock").unlink(missing_ok=True)
            place.index.joinpath(".lock").mkdir()

    with pytest.raises(FootnoteError):
        pages.publish(EDITOR, block)
    place.index.joinpath(".lock").rmdir()
    assert (files(place.corpus), bot.build) == before
    assert [draft.page for draft in pages.drafts()] == ["parking.md"]


def test_a_build_that_cannot_be_served_brings_pages_index_and_drafts_back(
    keep: Keep, place: ContentPaths, words: WordEncoder
) -> None:
    bot, pages, history = keep(words)
    before = files(place.corpus), bot.build
    pages.stage(EDITOR, PARKING)
    pages.withdraw(EDITOR, "red.txt")

    def interfere(_done: int, _total: int, step: str) -> None:
        if step == "Publishing":
            words.fingerprint = "words-2"
            (place.corpus / "aftercare.md").write_text("# Aftercare\n\nSomebody saved this on the server.\n")

    with pytest.raises(IndexIncompatible):
        pages.publish(EDITOR, interfere)
    saved = (place.corpus / "aftercare.md").read_bytes()
    assert b"Somebody saved this" in saved
    assert (files(place.corpus), current(place.index)) == (before[0] | {"aftercare.md": saved}, before[1])
    assert [draft.page for draft in pages.drafts()] == ["parking.md", "red.txt"]
    assert (bot.build, history.latest()) == (before[1], ())


def test_publishing_opens_each_file_no_more_often_than_needed(place: ContentPaths) -> None:
    command = [sys.executable, "-m", "tests.staff.publishing_reads", str(place.corpus.parent)]
    reads = json.loads(subprocess.run(command, check=True, capture_output=True, cwd=ROOT).stdout)
    pages = ["aftercare.md", "red.txt", "red.txt.yaml"]
    data = ["documents.jsonl", "passages.jsonl", "pages.json", "words.json", "token_idf.npy"]
    assert reads["stage"] == {}
    counted = {*data, *pages, "parking.md", "manifest.json"}  # to map an array is to open it, not to read it
    seen = {name: count for name, count in reads["publish"].items() if name.split("/")[-1] in counted}
    assert {name: count for name, count in seen.items() if ".draft" not in name} == {
        # Once to build from, and once to see that nobody changed them meanwhile.
        **{f"corpus/{name}": 2 for name in pages},
        # The build reads each page for the digest, and then for its passages. The new one is flushed to the disk, and
        # copied into the corpus.
        **{f"staff/draft/corpus/{name}": 2 for name in pages},
        "staff/draft/corpus/parking.md": 4,
        "staff/draft/index/new/manifest.json": 1,
        # The build reads what it wrote, to name copies.
        **{f"staff/draft/index/new/{name}": 1 for name in ("documents.jsonl", "pages.json", "passages.jsonl")},
        # The old build is verified and opened for its vectors, and the new one to be served.
        **{f"index/{build}/{name}": 2 for build in ("old", "new") for name in data},
        "index/old/manifest.json": 2,
        "index/new/manifest.json": 1,
    }


def test_a_link_out_of_the_corpus_is_not_published(keep: Keep, place: ContentPaths, words: WordEncoder) -> None:
    secret = place.corpus.parent / "secret.md"
    secret.write_text("A secret of the server.")
    (place.corpus / "link.md").symlink_to(secret)
    bot, pages, _ = keep(words)
    pages.stage(EDITOR, PARKING)
    pages.publish(EDITOR, ignore)
    assert [page.id for page in bot.documents()] == ["aftercare.md", "parking.md", "red.txt"]
    pages.go_back(EDITOR)
    assert (place.corpus / "link.md").is_symlink()
    assert pages.unreadable() == ("link.md",)


def test_two_people_cannot_publish_at_once(keep: Keep, words: WordEncoder) -> None:
    _, pages, _ = keep(words)
    pages.stage(EDITOR, PARKING)
    began, go_on = Event(), Event()

    def wait(_done: int, _total: int, _step: str) -> None:
        began.set()
        go_on.wait(10)

    thread = Thread(target=pages.publish, args=(EDITOR, wait))
    thread.start()
    assert began.wait(10)
    with pytest.raises(ChangeRefused, match="Somebody else"):
        pages.publish(EDITOR, ignore)
    go_on.set()
    thread.join(20)
    assert pages.drafts() == ()


def test_a_preview_lists_questions_that_change_outcome(keep: Keep, encoder: Encoder, tmp_path: Path) -> None:
    _, pages, _ = keep(encoder)
    golden = tmp_path / "golden.jsonl"
    golden.write_text(
        '{"question": "where can I park my car?", "expect": "answer"}\n{"question": "Redness", "expect": "answer"}\n'
    )
    pages.stage(EDITOR, PageForm("Parking", "", "", "You can park your car for free behind the clinic.\n"))
    preview = pages.preview(read_golden(golden), ("is there free parking?", "who is the king?", " "), ignore)
    assert [(flip.question, flip.before, flip.after, flip.better) for flip in preview.outcome_changes] == [
        ("where can I park my car?", "not found", "answered", True)
    ]
    assert preview.golden == 2
    assert preview.newly_answered == ("is there free parking?",)


def test_publishing_never_mixes_indexes_or_fails_a_visitor(keep: Keep, encoder: Encoder) -> None:
    bot, pages, _ = keep(encoder)
    versions = {bot.build: {passage.text for passage in bot.passages()}}
    failures: list[BaseException] = []
    seen: list[frozenset[str]] = []
    stop = Event()

    def visit() -> None:
        while not stop.is_set():
            try:
                answer = bot.ask("how long does redness last, and is it free to park?")
                assert answer.outcome is not Outcome.URGENT
                seen.append(frozenset(citation.passage.text for citation in answer.citations))
            except BaseException as error:  # noqa: BLE001 -- whatever goes wrong is what this test looks for
                failures.append(error)

    visitors = [Thread(target=visit) for _ in range(20)]
    for visitor in visitors:
        visitor.start()
    for number in range(3):
        form = pages.form("red.txt")
        body = f"Redness\n\nRedness fades within {number + 4} days of visit {number}.\n"
        pages.stage(EDITOR, PageForm(form.title, "", "", body), "red.txt")
        pages.publish(EDITOR, ignore)
        versions[bot.build] = {passage.text for passage in bot.passages()}
    stop.set()
    for visitor in visitors:
        visitor.join(20)
    assert failures == []
    assert len(versions) == 4
    assert len(seen) >= len(visitors)
    assert all(any(texts <= version for version in versions.values()) for texts in seen)
    with pytest.raises(QuestionEmpty):
        bot.ask(" ")


def test_a_page_whose_address_is_gone_is_marked_in_the_list(
    keep: Keep, words: WordEncoder, place: ContentPaths
) -> None:
    (place.corpus / "lift.md").write_text(
        "---\nurl: https://clinic.example/lift\nreviewed: 2026-01-31\n---\n\nA lift.\n"
    )
    bot, _, _ = keep(words)
    today = date(2026, 2, 1)
    states = {page.id: page.state for page in list_pages(bot, (), None, today, {"https://clinic.example/lift"})}
    assert states["lift.md"] == "live, address gone"
    assert states["aftercare.md"] == "live, never reviewed"


def test_a_copy_is_marked_in_the_list_with_its_original(keep: Keep, words: WordEncoder, place: ContentPaths) -> None:
    leaflet = "Keep the area clean for two days. Use factor 50 for two weeks. Ring us if it bleeds or hurts more."
    for name, text in (("leaflet", leaflet), ("leaflet-copy", leaflet), ("leaflet-old", f"{leaflet} Ask.")):
        (place.corpus / f"{name}.md").write_text(f"# Leaflet\n\n{text}\n")
    bot, _, _ = keep(words)
    states = {page.id: page.state for page in list_pages(bot, (), None, date(2026, 2, 1))}
    assert states["leaflet.md"] == "live, never reviewed"
    assert states["leaflet-copy.md"] == "live, never reviewed, the same as leaflet.md"
    assert states["leaflet-old.md"] == "live, never reviewed, nearly the same as leaflet.md"
