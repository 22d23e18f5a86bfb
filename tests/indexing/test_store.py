from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from chatbot.errors import IndexDamaged
from chatbot.indexing import ExactStore, FaissStore, Vectors

Files = ExactStore | FaissStore
STORES = pytest.mark.parametrize("store", [ExactStore, FaissStore])
VECTORS = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1], [0, 0.6, 0.8]], dtype=np.float32)
QUESTION = np.array([0.8, 0.6, 0], dtype=np.float32)


@STORES
def test_the_nearest_rows_come_best_first_with_their_cosines(store: type[Files]) -> None:
    scores, rows = store.of(VECTORS).search(QUESTION, 3)
    assert rows.tolist() == [1, 0, 3]
    assert scores == pytest.approx([0.96, 0.8, 0.36], abs=1e-3)


@STORES
def test_asking_for_more_than_there_is_gives_all(store: type[Files]) -> None:
    held = store.of(VECTORS)
    scores, rows = held.search(QUESTION, 100)
    assert (len(held), len(scores), sorted(rows.tolist())) == (4, 4, [0, 1, 2, 3])


@STORES
def test_vectors_come_back_nearly_as_they_were_and_from_then_on_exactly(store: type[Files]) -> None:
    back = store.of(VECTORS).vectors(np.array([3, 0]))
    assert back == pytest.approx(VECTORS[[3, 0]], abs=1e-3)
    assert store.of(back).vectors(np.array([0, 1])).tolist() == back.tolist()


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def written(store: Files, folder: Path) -> Path:
    folder.mkdir()
    store.write(folder)
    return folder


@STORES
def test_a_store_is_opened_as_it_was_written(store: type[Files], tmp_path: Path) -> None:
    first = written(store.of(VECTORS), tmp_path / "first")
    opened = store.open(first)
    assert opened.search(QUESTION, 4)[1].tolist() == [1, 0, 3, 2]
    assert opened.vectors(np.array([3, 0])).tolist() == store.of(VECTORS).vectors(np.array([3, 0])).tolist()
    second = written(opened, tmp_path / "second")
    assert files(first) == files(second)
    assert files(first).keys() == set(store.FILES)


@STORES
def test_an_open_store_outlives_its_files(store: type[Files], tmp_path: Path) -> None:
    opened = store.open(written(store.of(VECTORS), tmp_path / "store"))
    for name in store.FILES:
        (tmp_path / "store" / name).unlink()
    assert opened.search(QUESTION, 4)[1].tolist() == [1, 0, 3, 2]


@STORES
def test_vectors_that_are_added_stand_behind_the_others(store: type[Files], tmp_path: Path) -> None:
    grown = store.of(VECTORS[:1])
    grown.add(VECTORS[1:])
    whole = written(store.of(VECTORS), tmp_path / "whole")
    assert files(written(grown, tmp_path / "grown")) == files(whole)


@STORES
@pytest.mark.parametrize("content", [b"", b"not an index at all", b"\xff" * 64])
def test_other_bytes_are_refused(store: type[Files], tmp_path: Path, content: bytes) -> None:
    for name in store.FILES:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(IndexDamaged, match=rf"^The vectors in {tmp_path} cannot be read: run 'footnote build'\.$"):
        store.open(tmp_path)


@STORES
def test_a_folder_without_vectors_is_refused(store: type[Files], tmp_path: Path) -> None:
    with pytest.raises(IndexDamaged, match="run 'footnote build'"):
        store.open(tmp_path)


@STORES
def test_a_file_that_ends_early_is_refused(store: type[Files], tmp_path: Path) -> None:
    store.of(VECTORS).write(tmp_path)
    for name in store.FILES:
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-1])
    with pytest.raises(IndexDamaged, match="run 'footnote build'"):
        store.open(tmp_path)


def unit(vectors: NDArray[np.float64]) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_faiss_finds_what_the_exact_search_finds_or_as_near() -> None:
    vectors = unit(np.random.default_rng(1).normal(size=(2000, 32)))
    exact, fast = ExactStore.of(vectors), FaissStore.of(vectors)
    for question in vectors[:50]:
        wanted, _ = exact.search(question, 10)
        scores, rows = fast.search(question, 10)
        assert scores == pytest.approx(wanted, abs=1e-3)
        assert vectors[rows] @ question == pytest.approx(wanted, abs=1e-3)


@pytest.fixture(scope="module")
def many() -> Vectors:
    """Return more vectors than are searched one after another, some hundred near each of others."""
    random = np.random.default_rng(4)
    near = random.normal(size=(700, 16)).repeat(200, axis=0)
    return unit(near + 0.5 * random.normal(size=near.shape))


def test_many_vectors_are_searched_in_lists_and_found_nearly_all(many: Vectors, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    figures = FaissStore.of(many).write(first)
    assert figures["lists"] == 748  # two times the root of 140,000
    assert figures["probes"] in {8, 16, 32, 64, 128, 256}
    assert figures["recall"] >= 0.97
    opened = FaissStore.open(first)
    assert opened.vectors(np.array([139_999, 5])) == pytest.approx(many[[139_999, 5]], abs=0.005)
    scores, rows = opened.search(many[77], 100_000)
    assert (rows[0], len(rows) < 100_000) == (77, True)  # the lists that are searched hold no more
    assert scores[0] == pytest.approx(1, abs=0.02)
    assert rows.min() >= 0
    assert len(files(first)["vectors.faiss"]) < 3 * many.size  # a byte for each number, and 32 for each of 16 numbers
    written(FaissStore.of(opened.vectors(np.arange(140_000))), second)
    assert opened.vectors(np.arange(99)).tolist() == FaissStore.open(second).vectors(np.arange(99)).tolist()


def test_equal_lists_give_equal_bytes(many: Vectors, tmp_path: Path) -> None:
    first, second = (written(FaissStore.of(many), tmp_path / name) for name in ("first", "second"))
    assert files(first) == files(second)
    assert files(written(FaissStore.open(first), tmp_path / "third")) == files(first)


def test_lists_of_copied_vectors_have_the_same_bytes_and_figures(many: Vectors, tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    figures = FaissStore.of(many).write(tmp_path / "first")
    opened = FaissStore.open(tmp_path / "first")
    again = FaissStore.of(opened.vectors(np.arange(140_000))).write(tmp_path / "second")
    assert (again, files(tmp_path / "second")) == (figures, files(tmp_path / "first"))
    assert (opened.bits, FaissStore.bits_for(140_000), FaissStore.bits_for(131_072)) == (8, 8, 16)
    assert FaissStore.of(VECTORS).bits == 16


def test_many_vectors_that_do_not_fit_in_eight_bits_keep_half_precision(many: Vectors, tmp_path: Path) -> None:
    wide = np.pad(many, ((0, 0), (0, 112)))  # 16 of 128 components are great
    opened = FaissStore.open(written(FaissStore.of(wide), tmp_path / "store"))
    assert opened.vectors(np.arange(50)).tolist() == wide[:50].astype(np.float16).tolist()


@STORES
def test_a_search_that_misses_nothing_has_a_recall_of_one(store: type[Files], tmp_path: Path) -> None:
    assert store.of(VECTORS).write(tmp_path) == {"recall": 1.0}


@STORES
def test_no_more_rows_are_found_than_are_asked_for(store: type[Files]) -> None:
    scores, rows = store.of(VECTORS).search(QUESTION, 1)
    assert rows.tolist() == [1]
    assert scores == pytest.approx([0.96], abs=1e-3)
    assert rows.dtype == np.int64


@STORES
def test_vectors_of_other_shape_and_type_are_held_all_the_same(store: type[Files]) -> None:
    held = store.of(np.asfortranarray(VECTORS.astype(np.float64)))
    back = held.vectors(np.array([0, 1, 2, 3]))
    assert back == pytest.approx(VECTORS, abs=1e-3)
    assert back.dtype == np.float32


def test_faiss_holds_vectors_at_half_precision() -> None:
    vectors = np.array([[0.1234567, 0.3333333]], dtype=np.float32)
    assert FaissStore.of(vectors).vectors(np.array([0])).tolist() == vectors.astype(np.float16).tolist()


def test_the_exact_store_holds_what_it_was_given_and_no_view_of_it() -> None:
    vectors = VECTORS.copy()
    held = ExactStore.of(vectors)
    vectors[:] = 0
    assert held.vectors(np.array([1, 0])).tolist() == VECTORS[[1, 0]].tolist()


def test_the_exact_store_finds_equals_in_the_order_of_their_rows() -> None:
    scores, rows = ExactStore.of(np.tile(VECTORS, (50, 1))).search(QUESTION.reshape(1, -1), 100)
    assert rows.tolist() == [*range(1, 200, 4), *range(0, 200, 4)]
    assert scores[[0, 99]] == pytest.approx([0.96, 0.8])


@pytest.mark.parametrize("matrix", [np.zeros(3, dtype=np.float32), np.zeros((2, 3), dtype=np.float64)])
def test_the_exact_store_opens_no_other_arrays(tmp_path: Path, matrix: Vectors) -> None:
    np.save(tmp_path / "vectors.npy", matrix)
    with pytest.raises(IndexDamaged, match="run 'footnote build'"):
        ExactStore.open(tmp_path)
