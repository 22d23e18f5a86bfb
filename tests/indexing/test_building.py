import hashlib
import json
import math
import random
import subprocess
import sys
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from chatbot.errors import (
    CorpusError,
    IndexBusy,
    IndexDamaged,
    IndexForeign,
    IndexingError,
    IndexMissing,
    IndexStale,
)
from chatbot.indexing import Encoder, ExactStore, FaissStore, Index, Query, VectorStore, build_index, open_index
from tests.conftest import WordEncoder

PAGE = "The Page\n\nThe redness fades within a day. It is like a sunburn.\n\nCan I swim?\n\nNot for three days. Wait."


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "page.txt").write_text(PAGE)
    return folder


@pytest.mark.parametrize("store", [ExactStore, FaissStore])
def test_a_built_index_finds_the_passage_and_its_sentence(
    pages: Path, tmp_path: Path, words: WordEncoder, store: type[VectorStore]
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
    assert evidence.met == pytest.approx([4 * known / (4 * known + 3), 0], abs=2e-3)  # I, swim, three, days
    assert evidence.content == pytest.approx([3 * known / (3 * known + 1), 0], abs=2e-3)  # not "when", "I", "again"
    assert evidence.lexical[0] > 10 * evidence.lexical[1] > 0  # "day" stands in the other, too
    assert evidence.sentence == pytest.approx([2 / 28**0.5, 0], abs=1e-4)
    (first, near), (second, far) = index.sentences(query, best)
    assert best.text[first.start : first.end] == "Not for three days."
    assert best.text[second.start : second.end] == "Wait."
    assert near > far == 0


def test_nothing_changed_means_nothing_to_do(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    first = build_index(pages, tmp_path / "index", words)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "index").rglob("*.*")}
    words.encoded.clear()
    second = build_index(pages, tmp_path / "index", words)
    assert (second.id, second.passages, second.embedded, words.encoded) == (first.id, 2, 0, [])
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "index").rglob("*.*")}


class Counting:
    """A calibrator that tells how many passages a corpus has."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def __call__(self, index: Index, encoder: Encoder) -> dict[str, float]:
        assert encoder.name
        return {"passages": len(index.passages)}


def test_another_calibrator_makes_another_build_of_the_same_vectors(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    first = build_index(pages, tmp_path / "index", words, calibrator=Counting("one"))
    again = build_index(pages, tmp_path / "index", words, calibrator=Counting("one"))
    other = build_index(pages, tmp_path / "index", words, calibrator=Counting("two"))
    assert (again.id, again.embedded) == (first.id, 0)
    assert (other.id != first.id, other.embedded) == (True, 0)
    name, index = open_index(pages, tmp_path / "index", words)
    assert (name, index.calibration) == (other.id, {"passages": first.passages})


def test_only_what_changed_is_embedded_again(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
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


def test_pages_that_hold_headings_alone_are_an_error_that_says_so(tmp_path: Path, words: WordEncoder) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.md").write_text("# One\n\n## Two\n")
    with pytest.raises(CorpusError, match="write what stands below them"):
        build_index(corpus, tmp_path / "index", words)


def test_a_model_by_another_name_is_the_same_model(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    built = build_index(pages, tmp_path / "index", words)
    renamed = WordEncoder()
    renamed.name = "elsewhere"
    assert build_index(pages, tmp_path / "index", renamed).id == built.id


def test_a_missing_index_is_refused_with_the_cure(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    with pytest.raises(IndexMissing, match="run 'python -m chatbot build'"):
        open_index(pages, tmp_path / "index", words)


def test_a_stale_index_is_refused_with_the_cure(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words)
    (pages / "new.txt").write_text("More words.")
    with pytest.raises(IndexStale, match="run 'python -m chatbot build'"):
        open_index(pages, tmp_path / "index", words)
    build_index(pages, tmp_path / "index", words)
    assert set(open_index(pages, tmp_path / "index", words)[1].documents) == {"page.txt", "new.txt"}


def test_an_index_of_another_version_is_refused_and_built_anew(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    built = build_index(pages, tmp_path / "index", words)
    path = tmp_path / "index" / built.id / "manifest.json"
    told = json.loads(path.read_text())["manifest"]
    del told["calibrator"]
    seal = hashlib.sha256(json.dumps(told, indent=2).encode()).hexdigest()
    path.write_text(json.dumps({"sha256": seal, "manifest": told}))
    with pytest.raises(IndexForeign, match="built by another version of Footnote"):
        open_index(pages, tmp_path / "index", words)
    assert build_index(pages, tmp_path / "index", words).id == built.id
    assert open_index(pages, tmp_path / "index", words)[0] == built.id


def test_an_index_of_another_encoder_is_refused_and_built_anew(pages: Path, tmp_path: Path, words: WordEncoder) -> None:
    build_index(pages, tmp_path / "index", words)
    other = WordEncoder("words-2")
    with pytest.raises(IndexForeign, match="run 'python -m chatbot build'"):
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


def test_pages_that_could_not_be_read_are_told_by_this_build_and_the_next(
    pages: Path, tmp_path: Path, words: WordEncoder
) -> None:
    (pages / "bad.txt").write_bytes(b"\xff")
    first = build_index(pages, tmp_path / "index", words)
    assert [told[:20] for told in first.problems] == ["bad.txt was left out"]
    assert build_index(pages, tmp_path / "index", words).problems == first.problems


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
