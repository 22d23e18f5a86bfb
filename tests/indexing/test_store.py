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
