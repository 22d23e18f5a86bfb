import struct

import numpy as np
import pytest

from chatbot.errors import IndexDamaged
from chatbot.indexing import ExactStore, FaissStore, VectorStore

STORES = pytest.mark.parametrize("store", [ExactStore, FaissStore])
VECTORS = np.array([[1, 0, 0], [0.6, 0.8, 0], [0, 0, 1], [0, 0.6, 0.8]], dtype=np.float32)
QUESTION = np.array([0.8, 0.6, 0], dtype=np.float32)


@STORES
def test_the_nearest_rows_come_best_first_with_their_cosines(store: type[VectorStore]) -> None:
    scores, rows = store.of(VECTORS).search(QUESTION, 3)
    assert rows.tolist() == [1, 0, 3]
    assert scores == pytest.approx([0.96, 0.8, 0.36], abs=1e-3)


@STORES
def test_asking_for_more_than_there_is_gives_all(store: type[VectorStore]) -> None:
    held = store.of(VECTORS)
    scores, rows = held.search(QUESTION, 100)
    assert (len(held), len(scores), sorted(rows.tolist())) == (4, 4, [0, 1, 2, 3])


@STORES
def test_vectors_come_back_nearly_as_they_were_and_from_then_on_exactly(store: type[VectorStore]) -> None:
    back = store.of(VECTORS).vectors(np.array([3, 0]))
    assert back == pytest.approx(VECTORS[[3, 0]], abs=1e-3)
    assert store.of(back).vectors(np.array([0, 1])).tolist() == back.tolist()


@STORES
def test_bytes_give_the_same_store_and_the_same_bytes(store: type[VectorStore]) -> None:
    content = store.of(VECTORS).to_bytes()
    assert store.from_bytes(content).search(QUESTION, 4)[1].tolist() == [1, 0, 3, 2]
    assert store.from_bytes(content).to_bytes() == content


@STORES
@pytest.mark.parametrize("content", [b"", b"not an index at all", b"\xff" * 64])
def test_other_bytes_are_refused(store: type[VectorStore], content: bytes) -> None:
    with pytest.raises(IndexDamaged, match="run 'python -m chatbot build'"):
        store.from_bytes(content)


def test_faiss_finds_what_the_exact_search_finds_or_as_near() -> None:
    random = np.random.default_rng(1)
    vectors = random.normal(size=(2000, 32)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    exact, fast = ExactStore.of(vectors), FaissStore.of(vectors)
    for question in vectors[:50]:
        wanted, _ = exact.search(question, 10)
        scores, rows = fast.search(question, 10)
        assert scores == pytest.approx(wanted, abs=1e-3)
        assert vectors[rows] @ question == pytest.approx(wanted, abs=1e-3)


@STORES
def test_no_more_rows_are_found_than_are_asked_for(store: type[VectorStore]) -> None:
    scores, rows = store.of(VECTORS).search(QUESTION, 1)
    assert rows.tolist() == [1]
    assert scores == pytest.approx([0.96], abs=1e-3)
    assert rows.dtype == np.int64


@STORES
def test_vectors_of_other_shape_and_type_are_held_all_the_same(store: type[VectorStore]) -> None:
    held = store.of(np.asfortranarray(VECTORS.astype(np.float64)))
    back = held.vectors(np.array([0, 1, 2, 3]))
    assert back == pytest.approx(VECTORS, abs=1e-3)
    assert back.dtype == np.float32


def test_faiss_holds_vectors_at_half_precision() -> None:
    vectors = np.array([[0.1234567, 0.3333333]], dtype=np.float32)
    assert FaissStore.of(vectors).vectors(np.array([0])).tolist() == vectors.astype(np.float16).tolist()


def test_faiss_reads_only_the_bytes_of_an_index() -> None:
    content = FaissStore.of(VECTORS).to_bytes()
    assert len(FaissStore.from_bytes(content)) == 4
    with pytest.raises(IndexDamaged, match=r"^The vectors cannot be read: run 'python -m chatbot build'\.$"):
        FaissStore.from_bytes(content[:-1])


def test_the_exact_store_holds_what_it_was_given_and_no_view_of_it() -> None:
    vectors = VECTORS.copy()
    held = ExactStore.of(vectors)
    vectors[:] = 0
    assert held.vectors(np.array([1, 0])).tolist() == VECTORS[[1, 0]].tolist()


def test_the_exact_store_finds_equals_in_the_order_of_their_rows() -> None:
    scores, rows = ExactStore.of(np.tile(VECTORS, (50, 1))).search(QUESTION.reshape(1, -1), 100)
    assert rows.tolist() == [*range(1, 200, 4), *range(0, 200, 4)]
    assert scores[[0, 99]] == pytest.approx([0.96, 0.8])


def test_the_exact_store_writes_its_shape_and_its_numbers() -> None:
    content = ExactStore.of(np.array([[0.5, 1], [2, 3], [4, 5]], dtype=np.float32)).to_bytes()
    assert content == struct.pack("<2q6f", 3, 2, 0.5, 1, 2, 3, 4, 5)
    assert ExactStore.from_bytes(content).vectors(np.array([0, 2])).tolist() == [[0.5, 1], [4, 5]]


def test_an_exact_store_of_no_vectors_keeps_its_dimensions() -> None:
    content = ExactStore.of(np.empty((0, 3), dtype=np.float32)).to_bytes()
    assert ExactStore.from_bytes(content).vectors(np.array([], dtype=np.int64)).shape == (0, 3)


@pytest.mark.parametrize(
    "content",
    [
        struct.pack("<q", 0),  # half a shape
        struct.pack("<2q", 1, 1),  # a number too few
        struct.pack("<2q2f", 1, 1, 0, 0),  # one too many
        struct.pack("<2qf", -1, -1, 0),  # of a shape that no matrix has
        struct.pack("<2q", 0, -1),
        struct.pack("<2q", -1, 0),
        bytes(15),  # a shape but for its last byte
    ],
)
def test_numbers_that_do_not_fit_their_shape_are_refused(content: bytes) -> None:
    with pytest.raises(IndexDamaged, match=r"^The vectors cannot be read: run 'python -m chatbot build'\.$"):
        ExactStore.from_bytes(content)
