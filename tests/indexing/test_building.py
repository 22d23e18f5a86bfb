import hashlib
import json
import math
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar

import pytest

from chatbot.errors import (
    CorpusError,
    IndexBusy,
    IndexDamaged,
    IndexIncompatible,
    IndexingError,
    IndexMissing,
    IndexStale,
)
from chatbot.indexing import (
    BuildResult,
    Encoded,
    ExactStore,
    FaissStore,
    Query,
    StoreKind,
    build_index,
    open_build,
    open_index,
    passages_of,
)
from chatbot.indexing.bm25 import BM25Index
from chatbot.indexing.builds import Build, Manifest, draft, publish
from chatbot.indexing.late_interaction import Tokens
from chatbot.indexing.left_out import read_left_out
from chatbot.indexing.texts import Texts
from chatbot.reading import SPLITTER, corpus_digest, read_corpus
from chatbot.records import Document, Section
from tests.conftest import WordEncoder

Value = TypeVar("Value")
PAGE = "The Page\n\nThe redness fades within a day. It is like a sunburn.\n\nCan I swim?\n\nNot for three days. Wait."


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "page.txt").write_text(PAGE)
    return folder


@pytest.mark.parametrize("store", [ExactStore, FaissStore])
def test_a_built_index_finds_the_passage_and_its_sentence(
    pages: Path, tmp_path: Path, words: WordEncoder, store: StoreKind
) -> None:
    built = build_index(pages, tmp_path / "index", words, store)
    name, index = open_index(pages, tmp_path / "index", words, store)
    assert (built.id, built.documents, built.passages) == (name, 1, 2)
    asked = "when may I swim again: three days?"
    (question,) = words.encode_questions([asked])
    query = Query.of(asked, question)
    evidence = index.evidence(query)
    best, other = evidence.passages
    assert (best.headings, other.headings) == (("Can I swim?",), ())
    known = math.log(2) / math.log(6)  # rarity of a word that one of two passages holds; 1 for one that none does
    assert evidence.maxsim == pytest.approx([4 * known / (4 * known + 3), 0], abs=2e-3)  # I, swim, three, days
    assert evidence.content_maxsim == pytest.approx(
        [3 * known / (3 * known + 1), 0], abs=2e-3
    )  # not "when", "I", "again"
    assert evidence.bm25[0] > 10 * evidence.bm25[1] > 0  # "day" stands in the other, too
    assert evidence.sentence == pytest.approx([2 / 28**0.5, 0], abs=1e-4)
    sentences = index.sentences(query, best)
    first, second = sentences.sentences
    assert best.text[first.start : first.end] == "Not for three days."
    assert best.text[second.start : second.end] == "Wait."
    near, far = sentences.maxsim @ sentences.weights
    assert near > far == 0


def test_nothing_changed_means_nothing_to_do(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    first = build_index(pages, tmp_path / "index", words)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "index").rglob("*.*")}
    words.encoded.clear()
    second = build_index(pages, tmp_path / "index", words)
    assert (second.id, second.passages, second.embedded, words.encoded) == (first.id, 2, 0, [])
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "index").rglob("*.*")}


def test_only_changed_passages_are_embedded_again(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words)
    (pages / "page.txt").write_text(PAGE.replace("three days", "four days"))
    words.encoded.clear()
    build_index(pages, tmp_path / "index", words)
    assert words.encoded
    assert all("four days" in text for text in words.encoded)


def test_the_same_pages_give_the_same_bytes(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    one = build_index(pages, tmp_path / "one", words).id
    two = build_index(pages, tmp_path / "two", words).id
    assert one == two
    for path in (tmp_path / "one" / one).iterdir():
        assert path.read_bytes() == (tmp_path / "two" / two / path.name).read_bytes()


def test_the_same_words_under_other_headings_are_not_taken_for_one_another(tmp_path: Path, words: WordEncoder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text("---\ntitle: Care\n---\n## Does it hurt?\n\nNo never. Not at all.\n")
    (corpus / "b.md").write_text("---\ntitle: Care\n---\nDoes it hurt?\nNo never. Not at all.\n")
    build_index(corpus, tmp_path / "index", words)
    assert len(open_index(corpus, tmp_path / "index", words)[1].passages) == 2


def test_pages_without_a_word_are_an_error_that_says_so(tmp_path: Path, words: WordEncoder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text("# !!!\n\n***\n")
    with pytest.raises(CorpusError, match=f"^The pages in {corpus} hold no words: write what a visitor may ask\\.$"):
        build_index(corpus, tmp_path / "index", words)


def test_a_model_by_another_name_is_the_same_model(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    built = build_index(pages, tmp_path / "index", words)
    renamed = WordEncoder()
    renamed.name = "elsewhere"
    assert build_index(pages, tmp_path / "index", renamed).id == built.id


def test_a_missing_index_is_refused_with_the_cure(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    with pytest.raises(IndexMissing, match="run 'footnote build'"):
        open_index(pages, tmp_path / "index", words)


def test_a_stale_index_is_refused_with_the_cure(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words)
    (pages / "new.txt").write_text("More words.")
    with pytest.raises(IndexStale, match="run 'footnote build'"):
        open_index(pages, tmp_path / "index", words)
    build_index(pages, tmp_path / "index", words)
    assert set(open_index(pages, tmp_path / "index", words)[1].documents) == {"page.txt", "new.txt"}


def test_an_index_of_another_version_is_refused_and_built_anew(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    built = build_index(pages, tmp_path / "index", words)
    path = tmp_path / "index" / built.id / "manifest.json"
    fields = json.loads(path.read_text())["manifest"]
    del fields["problems"]
    seal = hashlib.sha256(json.dumps(fields, indent=2).encode()).hexdigest()
    path.write_text(json.dumps({"sha256": seal, "manifest": fields}))
    with pytest.raises(IndexIncompatible, match="built by another version of Footnote"):
        open_index(pages, tmp_path / "index", words)
    assert build_index(pages, tmp_path / "index", words).id == built.id
    assert open_index(pages, tmp_path / "index", words)[0] == built.id


def test_an_index_of_another_encoder_is_refused_and_built_anew(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words)
    other = WordEncoder("words-2")
    with pytest.raises(IndexIncompatible, match="run 'footnote build'"):
        open_index(pages, tmp_path / "index", other)
    assert build_index(pages, tmp_path / "index", other).embedded == len(other.encoded) > 0


def test_every_damaged_byte_is_noticed_and_a_build_cures_it(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    index = tmp_path / "index"
    name = build_index(pages, index, words).id
    chance = random.Random(7)  # noqa: S311 - it picks bytes to break, no secret
    for path in [index / "CURRENT", *sorted((index / name).iterdir())]:
        for _ in range(25):
            whole = path.read_bytes()
            at = chance.randrange(len(whole.rstrip()))
            path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :])
            with pytest.raises((IndexDamaged, IndexMissing)):
                open_index(pages, index, words)
            path.write_bytes(whole)
        path.unlink()
        with pytest.raises((IndexDamaged, IndexMissing)):
            open_index(pages, index, words)
        build_index(pages, index, words)
        assert open_index(pages, index, words)[0] == name


def test_a_file_that_ends_early_is_noticed(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    name = build_index(pages, tmp_path / "index", words).id
    path = tmp_path / "index" / name / "vectors.faiss"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexDamaged, match=r"vectors\.faiss is missing or is not what was written"):
        open_index(pages, tmp_path / "index", words)


def test_two_builds_at_once_are_refused(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    started, finish = Event(), Event()

    def wait(_done: int, _of: int) -> None:
        started.set()
        finish.wait(30)

    slow = Thread(target=build_index, args=(pages, tmp_path / "index", words, FaissStore, wait))
    slow.start()
    started.wait(30)
    try:
        with pytest.raises(IndexBusy, match="wait until it ends"):
            build_index(pages, tmp_path / "index", words)
    finally:
        finish.set()
        slow.join()
    assert open_index(pages, tmp_path / "index", words)[1].documents.keys() == {"page.txt"}


def test_the_build_before_is_kept_and_older_ones_go(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    names = []
    for number in range(3):
        (pages / "page.txt").write_text(PAGE + f" Number {number}.")
        names.append(build_index(pages, tmp_path / "index", words).id)
    assert {path.parent.name for path in (tmp_path / "index").glob("*/manifest.json")} == set(names[1:])


def test_unreadable_pages_are_problems_of_this_build_and_the_next(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    (pages / "bad.txt").write_bytes(b"\xff")
    first = build_index(pages, tmp_path / "index", words)
    assert [problem[:20] for problem in first.problems] == ["bad.txt was left out"]
    assert build_index(pages, tmp_path / "index", words).problems == first.problems


class _Failing(WordEncoder):
    """Fails on a page, as no reader should."""

    def count_tokens(self, text: str) -> int:
        if "Spiral" in text:
            raise RecursionError
        return super().count_tokens(text)


def test_a_page_with_an_unforeseen_error_stops_no_build(pages: Path, tmp_path: Path) -> None:
    (pages / "spiral.md").write_text("Spiral. All of it.\n", "utf-8")
    (pages / "number.md").write_text(f"+++\ntitle = 0x{'f' * 5000}\n+++\nRead all the same.\n", "utf-8")
    result = build_index(pages, tmp_path / "index", _Failing())
    assert [problem[:67] for problem in result.problems] == [
        "spiral.md was left out: it could not be read (RecursionError); save"
    ]


def test_a_build_that_is_killed_leaves_the_one_before(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    index = tmp_path / "index"
    build_index(pages, index, words)
    script = (
        "import sys; from pathlib import Path; from chatbot.indexing import build_index\n"
        "from tests.conftest import WordEncoder\n"
        "corpus, index = map(Path, sys.argv[1:])\n"
        "for turn in range(10**6):\n"
        "    (corpus / 'more.txt').write_text(f'Turn {turn}. ' * 500)\n"
        "    build_index(corpus, index, WordEncoder())\n"
        "    print(turn, flush=True)\n"
    )
    for delay in (0.011, 0.023, 0.037, 0.052, 0.071):
        command = [sys.executable, "-c", script, str(pages), str(index)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as build:
            assert build.stdout
            assert build.stdout.readline() == b"0\n"
            time.sleep(delay)
            build.kill()
        name = (index / "CURRENT").read_text().strip()
        assert json.loads((index / name / "manifest.json").read_text())["manifest"]["documents"] in {1, 2}
        (pages / "more.txt").write_text("The page may have been half written, too.")
        build_index(pages, index, words)
        assert len(open_index(pages, index, words)[1].documents) == 2
        assert not list(index.glob(".draft*"))


def test_a_folder_that_cannot_be_written_is_an_error_that_names_it(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    (tmp_path / "index").write_text("a file, no folder")
    with pytest.raises(IndexingError, match="cannot be written"):
        build_index(pages, tmp_path / "index", words)
    with pytest.raises(CorpusError, match="There is no corpus folder"):
        build_index(tmp_path / "none", tmp_path / "other", words)


CARE = """---
title: Caf\u00e9 care
url: https://clinic.example/care
reviewed: 2026-01-31
---
# Pain

## Does it hurt?

No. Never\u2028at all.
"""


def corpus_of(folder: Path, **pages: str) -> Path:
    folder.mkdir()
    for name, text in pages.items():
        (folder / f"{name}.md").write_text(text)
    return folder


def publish_altered(index: Path, name: str, *, files: dict[str, bytes] | None = None, **changes: object) -> str:
    """Publish a build again with other files or another manifest, sealed as if it had been built so."""
    was = open_build(index, name)
    contents = {**files_of(was), **(files or {})}
    manifest = replace(was.manifest, files={}, **changes)  # type: ignore[arg-type] # one name of many types
    with draft(index) as folder:
        for file, content in contents.items():
            (folder / file).write_bytes(content)
        publish(index, folder, manifest)
    return manifest.id


def files_of(build: Build) -> dict[str, bytes]:
    return {name: (build.folder / name).read_bytes() for name in build.manifest.files}


def test_the_result_of_a_build_has_its_figures(tmp_path: Path, words: WordEncoder) -> None:
    corpus = corpus_of(tmp_path / "corpus", a="## Red?\n\nA day.\n\n## Sun?\n\nNo sun.", b="Cold ice.")
    (corpus / "c.md").write_bytes(b"\xff")
    built = build_index(corpus, tmp_path / "index", words)
    assert built == BuildResult(built.id, 2, 3, 3, built.problems, (), {}, built.build)
    assert built.build == open_build(tmp_path / "index", built.id)
    assert len(built.problems) == 1
    assert build_index(corpus, tmp_path / "index", words) == replace(built, embedded=0)


def test_a_build_keeps_what_it_was_made_of(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    name = build_index(pages, tmp_path / "index", words).id
    build = open_build(tmp_path / "index", name)
    files = {file: hashlib.sha256(content).hexdigest() for file, content in files_of(build).items()}
    made = Manifest(11, corpus_digest(pages), SPLITTER, "words", "words-1", 1, 2, (), (), {"recall": 1.0}, files)
    assert build.manifest == made
    own = {"copies.json", "distinct.npy", "inputs.npy", "left_out.json", "repeated.json", "token_idf.npy"}
    assert files.keys() == {*own, *Texts.FILES, *Tokens.FILES, *BM25Index.FILES, *FaissStore.FILES}


def test_many_passages_have_their_tokens_rounded_to_two_bits(tmp_path: Path, words: WordEncoder) -> None:
    sections = [f"## Is it {number}?\n\nIt is {number}.\n\n" for number in range(301)]
    corpus = corpus_of(tmp_path / "corpus", a="".join(sections))
    bits, embedded = [], []
    for count in (301, 300, 299):
        (corpus / "a.md").write_text("".join(sections[:count]))
        embedded.append(build_index(corpus, tmp_path / "index", words).embedded)
        bits.append(open_index(corpus, tmp_path / "index", words)[1].token_bits)
    assert (bits, embedded) == ([2, 8, 8], [301, 300, 0])


def test_documents_and_passages_lie_on_disk_a_line_each(tmp_path: Path, words: WordEncoder) -> None:
    corpus = corpus_of(tmp_path / "corpus", a=CARE, b="Ice.")
    name = build_index(corpus, tmp_path / "index", words).id
    files = files_of(open_build(tmp_path / "index", name))
    assert files["documents.jsonl"].decode() == (
        '{"id": "a.md", "title": "Caf\u00e9 care", "text": "Pain\\n\\nDoes it hurt?\\n\\nNo. Never\u2028at all.", '
        '"url": "https://clinic.example/care", "reviewed": "2026-01-31", '
        '"sections": [{"headings": ["Pain", "Does it hurt?"], "start": 19, "end": 38, "title": ""}], "blocks": [], '
        '"language": null, "warnings": [], "pages": [], "footer": []}\n'
        '{"id": "b.md", "title": "B", "text": "Ice.", "url": null, "reviewed": null, '
        '"sections": [{"headings": [], "start": 0, "end": 4, "title": ""}], "blocks": [], '
        '"language": null, "warnings": [], "pages": [], "footer": []}\n'
    )
    assert files["passages.jsonl"].decode() == (
        '{"text": "No. Never\u2028at all.", "document": "a.md", "title": "Caf\u00e9 care", '
        '"headings": ["Pain", "Does it hurt?"], "start": 21, "end": 38, "url": "https://clinic.example/care", '
        '"header": null, "sentences": [[0, 3], [4, 17]]}\n'
        '{"text": "Ice.", "document": "b.md", "title": "B", "headings": [], "start": 0, "end": 4, "url": null, '
        '"header": null, "sentences": [[0, 4]]}\n'
    )


def test_an_index_opens_with_what_was_read_and_cut(tmp_path: Path, words: WordEncoder) -> None:
    corpus = corpus_of(tmp_path / "corpus", b=CARE, a="Ice.", c=CARE.replace("all", "night"))
    build_index(corpus, tmp_path / "index", words)
    index = open_index(corpus, tmp_path / "index", words)[1]
    documents = read_corpus(corpus).documents
    assert [replace(document, language=None) for document in index.documents.values()] == list(documents)
    assert tuple(index.passages) == tuple(passage for document in documents for passage in passages_of(document, words))
    assert [len(marks) for _, marks in index.entries] == [1, 2, 2]


@pytest.mark.parametrize(("length", "passages"), [(750, 1), (751, 2)])
def test_a_passage_takes_three_quarters_of_the_window(words: WordEncoder, length: int, passages: int) -> None:
    words.max_tokens = 1000
    text = " ".join(["Red."] * length)
    document = Document("a.md", "A", text, None, None, (Section((), 0, len(text)),))
    assert len(passages_of(document, words)) == passages


def test_passages_are_read_under_their_headings_shortest_first(tmp_path: Path, words: WordEncoder) -> None:
    corpus = corpus_of(tmp_path / "corpus", a="## When can I swim?\n\nIn three days.\n\n## Sun?\n\nNo.", b="Ice melts.")
    build_index(corpus, tmp_path / "index", words)
    assert words.encoded == ["Sun?\nNo.", "B\nIce melts.", "When can I swim?\nIn three days."]


def test_a_title_over_more_than_half_of_the_passages_is_not_read(tmp_path: Path, words: WordEncoder) -> None:
    corpus = corpus_of(tmp_path / "corpus", a="One.", b="Number two.")
    build_index(corpus, tmp_path / "half", words)
    assert words.encoded == ["A\nOne.", "B\nNumber two."]
    (corpus / "a.md").write_text("## Red?\n\nOne.\n\n## Sun?\n\nTwo.")
    words.encoded.clear()
    build_index(corpus, tmp_path / "more", words)
    assert words.encoded == ["Red?\nOne.", "Sun?\nTwo.", "B\nNumber two."]


@pytest.mark.parametrize(("count", "heard"), [(64, [(64, 64)]), (65, [(64, 65), (65, 65)])])
def test_progress_is_reported_every_sixty_four_passages(
    tmp_path: Path, words: WordEncoder, count: int, heard: list[tuple[int, int]]
) -> None:
    corpus = corpus_of(tmp_path / "corpus", a="\n\n".join(f"## Is it {n}?\n\nIt is {n}." for n in range(count)))
    steps: list[tuple[int, int]] = []
    build_index(corpus, tmp_path / "index", words, progress=lambda done, of: steps.append((done, of)))
    assert steps == heard


def test_passages_alike_in_all_that_is_read_are_read_once(tmp_path: Path, words: WordEncoder) -> None:
    page = "---\ntitle: Care\n---\n## Sun?\n\nNo sun."
    corpus = corpus_of(tmp_path / "corpus", a=page, b=page, c=page.replace("No", "Some"))
    built = build_index(corpus, tmp_path / "index", words)
    index = open_index(corpus, tmp_path / "index", words)[1]
    assert (built.passages, built.embedded, len(words.encoded)) == (3, 2, 2)
    first, second = (index.encoded(number, number + 1)[0].tolist() for number in range(2))
    assert first != second


def test_a_build_of_known_passages_gives_the_bytes_of_one_from_nothing(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    build_index(pages, tmp_path / "index", words)
    (pages / "new.txt").write_text("New words of a page. Two sentences.")
    (pages / "page.txt").write_text(PAGE.replace("Not for three days", "Not yet"))
    again = build_index(pages, tmp_path / "index", words)
    anew = build_index(pages, tmp_path / "anew", words)
    assert (again.embedded, anew.embedded) == (2, 3)
    assert again.build.manifest == anew.build.manifest
    assert files_of(again.build) == files_of(anew.build)


def test_a_passage_under_another_heading_is_read_again(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words)
    (pages / "page.txt").write_text(PAGE.replace("Can I swim?", "Can I bathe?"))
    words.encoded.clear()
    assert build_index(pages, tmp_path / "index", words).embedded == 1
    assert words.encoded == ["Can I bathe?\nNot for three days. Wait."]


def test_nothing_of_another_encoder_is_used_again(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words)
    other = WordEncoder("words-2")
    assert (build_index(pages, tmp_path / "index", other).embedded, len(other.encoded)) == (2, 2)


@pytest.mark.parametrize(
    "change", [{"format": 4}, {"files": {"vectors.faiss": b""}}, {"files": {Tokens.FILES[1]: b""}}]
)
def test_nothing_of_another_format_or_of_damaged_files_is_used_again(
    pages: Path, tmp_path: Path, words: WordEncoder, change: dict[str, object]
) -> None:
    index = tmp_path / "index"
    publish_altered(index, build_index(pages, index, words).id, **change)  # type: ignore[arg-type] # one of many
    (pages / "new.txt").write_text("New words.")
    assert build_index(pages, index, words).embedded == 3
    assert len(open_index(pages, index, words)[1].passages) == 3


def test_vectors_of_another_store_are_made_again(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words, ExactStore)
    (pages / "new.txt").write_text("New words.")
    assert build_index(pages, tmp_path / "index", words, FaissStore).embedded == 3


@pytest.mark.parametrize("change", [{"format": 10}, {"format": 12}, {"splitter": "0"}])
def test_a_build_of_another_format_or_splitter_is_refused(
    pages: Path, tmp_path: Path, words: WordEncoder, change: dict[str, object]
) -> None:
    index = tmp_path / "index"
    publish_altered(index, build_index(pages, index, words).id, **change)  # type: ignore[arg-type] # one of many
    cure = rf"^The index in {index} was built by another version of Footnote: run 'footnote build'\.$"
    with pytest.raises(IndexIncompatible, match=cure):
        open_index(pages, index, words)


def test_a_refused_build_names_the_model_that_it_was_built_with(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    index = tmp_path / "index"
    build_index(pages, index, words)
    other = WordEncoder("words-2")
    other.name = "others"
    with pytest.raises(IndexIncompatible, match=rf"^The index in {index} was built with another model, words: run '"):
        open_index(pages, index, other)


def test_a_stale_build_names_the_pages_and_the_index(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words)
    (pages / "page.txt").write_text("Other words.")
    named = f"^The pages in {pages} changed since the index in {tmp_path / 'index'} was built: run '"
    with pytest.raises(IndexStale, match=named):
        open_index(pages, tmp_path / "index", words)


@pytest.mark.parametrize("name", ["pages.json", "headings.json", "documents.npy", "passages.npy", "passages.jsonl"])
def test_texts_that_do_not_fit_together_are_damage(pages: Path, tmp_path: Path, words: WordEncoder, name: str) -> None:
    index, built = tmp_path / "index", build_index(pages, tmp_path / "index", words)
    content = (built.build.folder / name).read_bytes()
    publish_altered(index, built.id, files={name: content[:-2]})
    with pytest.raises(IndexDamaged, match="run 'footnote build'"):
        open_index(pages, index, words)


class Meanwhile(WordEncoder):
    """An encoder beside which somebody saves a page, at its fingerprint (before pages are read) or at its passages."""

    def __init__(self, page: Path, at: str) -> None:
        self._page, self._at = page, ""
        super().__init__()
        self._at = at

    @property
    def fingerprint(self) -> str:
        return self._saved_at("fingerprint", "words-1")

    @fingerprint.setter
    def fingerprint(self, _value: str) -> None: ...

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        return self._saved_at("passages", super().encode_passages(texts))

    def _saved_at(self, step: str, value: Value) -> Value:
        if step == self._at:
            self._page.write_text("Saved meanwhile.")
        return value


def test_a_page_that_is_saved_after_it_was_read_makes_the_build_stale(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    build_index(pages, tmp_path / "index", Meanwhile(pages / "page.txt", "passages"))
    with pytest.raises(IndexStale, match="changed since"):
        open_index(pages, tmp_path / "index", words)


def test_a_page_that_is_saved_before_it_is_read_is_built_as_saved(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    build_index(pages, tmp_path / "index", Meanwhile(pages / "page.txt", "fingerprint"))
    _, index = open_index(pages, tmp_path / "index", words)
    assert [passage.text for passage in index.passages] == ["Saved meanwhile."]


class Deaf(WordEncoder):
    """An encoder whose window ends after two words."""

    def _encoded(self, text: str) -> Encoded:
        whole = super()._encoded(text)
        return Encoded(whole.vector, whole.tokens[:2], whole.ids[:2], whole.spans[:2])


def test_sentences_beyond_the_window_get_the_passage_as_a_whole(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", a="## Red skin?\n\nDays. Weeks.", b="Ice cools. Sun burns.")
    build_index(corpus, tmp_path / "index", Deaf(), ExactStore)
    index = open_index(corpus, tmp_path / "index", Deaf(), ExactStore)[1]
    red, ice = (index.encoded(row, row + 1)[0] for row in range(2))
    assert all(unit.tolist() == red[0].tolist() for unit in red[1:])
    assert [unit.tolist() == ice[0].tolist() for unit in ice] == [True, False, False, True]


def test_problems_are_kept_as_their_words(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    (pages / "bad.txt").write_bytes(b"\xff")
    built = build_index(pages, tmp_path / "index", words)
    assert list(built.problems) == [str(problem) for problem in read_corpus(pages).problems]


class Splitting(WordEncoder):
    """An encoder that records the texts that are cut by their lengths."""

    def __init__(self) -> None:
        super().__init__()
        self.counted: list[str] = []

    def count_tokens(self, text: str) -> int:
        self.counted.append(text)
        return super().count_tokens(text)


def test_only_changed_pages_are_cut_again(pages: Path, tmp_path: Path) -> None:
    (pages / "other.txt").write_text("Other words.")
    (pages / "third.txt").write_text("The third page.")
    encoder = Splitting()
    build_index(pages, tmp_path / "index", encoder)
    (pages / "other.txt").write_text("Changed words.")
    (pages / "third.txt.yaml").write_text("title: Third")
    encoder.counted.clear()
    again = build_index(pages, tmp_path / "index", encoder)
    assert {*encoder.counted} == {"Changed words.", "The third page."}
    anew = build_index(pages, tmp_path / "anew", encoder)
    assert files_of(again.build) == files_of(anew.build)


def test_pages_of_another_splitter_are_cut_again(pages: Path, tmp_path: Path) -> None:
    encoder = Splitting()
    publish_altered(tmp_path / "index", build_index(pages, tmp_path / "index", encoder).id, splitter="0")
    encoder.counted.clear()
    assert build_index(pages, tmp_path / "index", encoder).embedded == 0
    assert encoder.counted


def test_passages_alike_under_a_common_title_or_none_differ(tmp_path: Path, words: WordEncoder) -> None:
    corpus = corpus_of(tmp_path / "corpus", a="## Sun?\n\nNo sun.\n\n## Red?\n\nA day.", b="## Sun?\n\nNo sun.")
    build_index(corpus, tmp_path / "index", words)  # the title of two of three passages is not read
    assert words.encoded == ["Red?\nA day.", "Sun?\nNo sun.", "B\nSun?\nNo sun."]
    (corpus / "c.md").write_text("Ice.")
    words.encoded.clear()
    build_index(corpus, tmp_path / "index", words)  # of two of four it is
    assert words.encoded == ["C\nIce.", "A\nRed?\nA day.", "A\nSun?\nNo sun."]


def test_many_passages_are_copied_as_they_would_be_encoded(tmp_path: Path, words: WordEncoder) -> None:
    pages = {
        f"p{n:03}": "".join(f"## Is it {n} {m}?\n\nIt is {n % 7} and {m}.\n\n" for m in range(11)) for n in range(60)
    }
    corpus = corpus_of(tmp_path / "corpus", **pages)
    assert build_index(corpus, tmp_path / "index", words).embedded == 660
    (corpus / "p001.md").unlink()
    (corpus / "p030.md").write_text("A changed page.")
    (corpus / "q.md").write_text(pages["p005"] + "## New?\n\nA new passage.\n")
    again = build_index(corpus, tmp_path / "index", words)
    anew = build_index(corpus, tmp_path / "anew", words)
    assert (again.embedded, anew.embedded) == (13, 651)
    assert files_of(again.build) == files_of(anew.build)


def test_files_that_cannot_be_read_are_not_tried_again_until_they_change(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    index = tmp_path / "index"
    (pages / "bad.txt").write_bytes(b"\xff")
    first = build_index(pages, index, words)
    digest = read_left_out(first.build.folder)["bad.txt"].digest
    content = json.dumps({"bad.txt": [digest, "bad.txt was left out: as before.", False]}).encode()
    publish_altered(index, first.id, files={"left_out.json": content})
    (pages / "page.txt").write_text(PAGE + " More.")
    assert build_index(pages, index, words).problems == ("bad.txt was left out: as before.",)
    (pages / "bad.txt").write_bytes(b"\xff\xff")
    assert build_index(pages, index, words).problems == first.problems
    (pages / "bad.txt").write_text("Good words.")
    assert build_index(pages, index, words).problems == ()


def test_a_fresh_build_reads_and_embeds_everything(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    first = build_index(pages, tmp_path / "index", words)
    words.encoded.clear()
    again = build_index(pages, tmp_path / "index", words, fresh=True)
    assert (again.id, again.embedded, len(words.encoded)) == (first.id, 2, 2)
    assert open_index(pages, tmp_path / "index", words)[0] == first.id


def test_the_language_of_pages_is_known_and_their_words_are_stemmed_in_it(tmp_path: Path, words: WordEncoder) -> None:
    corpus = corpus_of(
        tmp_path / "corpus",
        a="Nach den Behandlungen sind die Lippen einige Tage lang geschwollen.",
        b="After the treatments the lips are swollen for some days.",
    )
    build_index(corpus, tmp_path / "index", words)
    index = open_index(corpus, tmp_path / "index", words)[1]
    assert {name: document.language for name, document in index.documents.items()} == {"a.md": "de", "b.md": "en"}
    (encoded,) = words.encode_questions(["Behandlung"])
    evidence = index.evidence(Query.of("Behandlung", encoded))
    assert {passage.document for passage, score in zip(evidence.passages, evidence.bm25, strict=True) if score} == {
        "a.md"
    }


def test_pages_that_are_not_published_are_notices_and_no_problems(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    (pages / "offer.md").write_text("---\ndraft: true\n---\nTwo for one.")
    (pages / "dated.md").write_text("---\nreviewed: 31/31/2026\n---\nIce melts.")
    first = build_index(pages, tmp_path / "index", words)
    (pages / "page.txt").write_text(PAGE + " More.")
    again = build_index(pages, tmp_path / "index", words)
    for built in (first, again):
        assert (built.documents, built.problems) == (2, ())
        assert built.notices[0] == "offer.md was left out: it is a draft."
        assert built.notices[1].startswith("dated.md: its reviewed date '31/31/2026' cannot be read; write year")


def bilingual(folder: Path, pages: int) -> Path:
    german = {
        f"de{n}": f"Botox entspannt die Muskeln, und die Falten bleiben {n + 3} Monate lang glatt."
        for n in range(pages)
    }
    english = {f"en{n}": f"Botox relaxes the muscles, and the lines stay smooth for {n + 3} months." for n in range(7)}
    return corpus_of(folder, **german, **english, short="Botox")


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("Wie lange wirkt Botox im Gesicht?", {"de", "sh"}),
        ("How long does the botox last?", {"en", "sh"}),
        ("Botox", {"de", "en", "sh"}),
    ],
)
def test_a_question_is_searched_in_pages_of_its_language(
    tmp_path: Path, words: WordEncoder, question: str, found: set[str]
) -> None:
    corpus = bilingual(tmp_path / "corpus", 7)
    build_index(corpus, tmp_path / "index", words)
    index = open_index(corpus, tmp_path / "index", words)[1]
    (encoded,) = words.encode_questions([question])
    evidence = index.evidence(Query.of(question, encoded))
    assert index.languages == ("de", "en")
    assert {passage.document[:2] for passage in evidence.passages} == found


def test_a_language_of_few_passages_withholds_no_others(tmp_path: Path, words: WordEncoder) -> None:
    corpus = bilingual(tmp_path / "corpus", 4)
    build_index(corpus, tmp_path / "index", words)
    index = open_index(corpus, tmp_path / "index", words)[1]
    (encoded,) = words.encode_questions(["Wie lange wirkt Botox im Gesicht?"])
    evidence = index.evidence(Query.of("Wie lange wirkt Botox im Gesicht?", encoded))
    assert index.languages == ("en",)
    assert {passage.document[:2] for passage in evidence.passages} >= {"de", "en"}


def test_blocks_that_a_site_repeats_are_in_no_passage_and_named(tmp_path: Path, words: WordEncoder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()

    def write(number: int, last: str) -> None:
        (corpus / f"{number}.html").write_text(f"<h1>Page {number}</h1><p>The skin is red for {number} days.<p>{last}")

    for number in range(6):
        write(number, "Treatments Team Prices")
    first = build_index(corpus, tmp_path / "index", words)
    held = [passage.text for passage in Texts(first.build.folder).passages]
    assert held == [f"The skin is red for {number} days." for number in range(6)]
    assert [line for line in first.notices if "Treatments Team Prices" in line]
    assert "Treatments" in Texts(first.build.folder).documents["0.html"].text

    for number in range(3):
        write(number, f"Room {number}.")
    second = build_index(corpus, tmp_path / "index", words)
    held = [passage.text for passage in Texts(second.build.folder).passages]
    assert sum("Treatments Team Prices" in text for text in held) == 3
    whole = build_index(corpus, tmp_path / "another", words)
    assert whole.id == second.id
    assert [passage.text for passage in Texts(whole.build.folder).passages] == held


def test_files_that_are_read_are_counted_without_sidecars(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    (pages / "care.md").write_text("Ice cools.")
    (pages / "care.md.yaml").write_text("title: Care")
    (pages / "bad.txt").write_bytes(b"\xff")
    heard: list[tuple[int, int]] = []
    build_index(pages, tmp_path / "index", words, reading=lambda done, of: heard.append((done, of)))
    assert heard == [(1, 3), (2, 3), (3, 3)]
