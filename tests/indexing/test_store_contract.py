"""What every store must do, in files or on a server."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from chatbot.errors import IndexDamaged
from chatbot.indexing import Encoded, ExactStore, FaissStore, StoreKind, VectorStore, load_store
from chatbot.indexing.bm25 import BM25Index, TermQuery
from chatbot.indexing.late_interaction import Tokens
from chatbot.records import Passage
from tests.indexes import write_index

if TYPE_CHECKING:
    from benchmarks.milvus_server import MilvusServer

VECTORS = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1], [0, 0.6, 0.8]], dtype=np.float32)
QUESTION = np.array([0.8, 0.6, 0], dtype=np.float32)
TEXTS = ("Sun burns skin.", "Ice cools.")  # each has two vectors
NAMES = count()


@pytest.fixture(params=["exact", "faiss", "milvus"])
def kind(request: pytest.FixtureRequest) -> Iterator[StoreKind]:
    if request.param == "milvus":
        server: MilvusServer = request.getfixturevalue("milvus")
        yield load_store(server.address(f"contract_{next(NAMES)}"), site="clinic")
    else:
        files: dict[str, StoreKind] = {"exact": ExactStore, "faiss": FaissStore}
        yield files[request.param]


def write(kind: StoreKind, folder: Path) -> Path:
    folder.mkdir()
    passages = [Passage("care.md", "Care", None, (), 0, len(text), text) for text in TEXTS]
    token = Encoded(VECTORS[0], VECTORS[:1], np.zeros(1, dtype=np.int32), np.zeros((1, 2), dtype=np.int32))
    tokens = Tokens.of(token, np.array([-1], dtype=np.int16))
    write_index(folder, [(passage, ()) for passage in passages], [(VECTORS[:2], tokens), (VECTORS[2:], tokens)], kind)
    return folder


@pytest.fixture
def folder(kind: StoreKind, tmp_path: Path) -> Path:
    return write(kind, tmp_path / "build")


@pytest.fixture
def store(kind: StoreKind, folder: Path) -> VectorStore:
    return kind.open(folder)


def terms(folder: Path, text: str, **restriction: object) -> TermQuery:
    index = BM25Index.open(folder, len(TEXTS))
    return TermQuery(index, index.weights([(text, 1.0)]), 5, **restriction)  # type: ignore[arg-type]  # of the test


def test_the_nearest_rows_come_best_first_with_their_cosines(store: VectorStore) -> None:
    scores, rows = store.search(QUESTION, 3)
    assert rows.tolist() == [1, 0, 3]
    assert scores == pytest.approx([0.96, 0.8, 0.36], abs=1e-3)


def test_asking_for_more_than_there_is_gives_all(store: VectorStore) -> None:
    scores, rows = store.search(QUESTION, 100)
    assert (len(store), len(scores), sorted(rows.tolist())) == (4, 4, [0, 1, 2, 3])


def test_vectors_come_back_nearly_as_they_were(store: VectorStore) -> None:
    assert store.vectors(np.array([3, 0])) == pytest.approx(VECTORS[[3, 0]], abs=1e-3)
    assert store.bits >= 16


def test_both_searches_are_asked_at_once_and_told_apart(store: VectorStore, folder: Path) -> None:
    rows, passages = store.hybrid(QUESTION, 2, terms(folder, "does ice cool"))
    assert (rows.tolist(), passages.tolist()) == ([1, 0], [1])  # row 2 is found by its words alone
    rows, passages = store.hybrid(QUESTION, 4, terms(folder, "ice and sun"))
    assert (rows.tolist(), sorted(passages.tolist())) == ([1, 0, 3, 2], [0, 1])


def test_words_that_no_passage_has_leave_the_vectors(store: VectorStore, folder: Path) -> None:
    rows, passages = store.hybrid(QUESTION, 2, terms(folder, "parking"))
    assert (rows.tolist(), passages.tolist()) == ([1, 0], [])


@pytest.mark.parametrize(("languages", "found"), [(("de",), []), (("de", ""), [1])])
def test_words_are_searched_in_the_languages_of_a_question(
    store: VectorStore, folder: Path, languages: tuple[str, ...], found: list[int]
) -> None:
    mask = np.full(2, "" in languages)  # the pages' language is unknown
    assert store.hybrid(QUESTION, 2, terms(folder, "ice", languages=languages, mask=mask))[1].tolist() == found


def test_equal_passages_are_written_as_equal_files(kind: StoreKind, folder: Path, tmp_path: Path) -> None:
    again = write(kind, tmp_path / "again")
    assert {name: (again / name).read_bytes() for name in kind.FILES} == {
        name: (folder / name).read_bytes() for name in kind.FILES
    }


def test_a_store_is_there_until_one_of_its_files_is_gone(kind: StoreKind, folder: Path, tmp_path: Path) -> None:
    assert kind.holds(folder)
    for name in kind.FILES:
        content = (folder / name).read_bytes()
        (folder / name).unlink()
        with pytest.raises(IndexDamaged, match="run 'footnote build'"):
            kind.open(folder)
        (folder / name).write_bytes(content[:-1])
        with pytest.raises(IndexDamaged, match="run 'footnote build'"):
            kind.open(folder)
        (folder / name).write_bytes(content)
    assert not kind.holds(tmp_path)
