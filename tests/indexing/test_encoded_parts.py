from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from chatbot.indexing import Encoded, Vectors, build_index
from chatbot.indexing.encoded_parts import EncodedParts
from chatbot.indexing.late_interaction import Tokens
from tests.conftest import WordEncoder


def encoding(number: int) -> tuple[Vectors, Tokens]:
    vectors = np.full((number, 4), number, dtype=np.float32)
    encoded = Encoded(vectors[0], vectors, np.arange(number, dtype=np.int32), np.zeros((number, 2), dtype=np.int32))
    return vectors, Tokens.of(encoded, np.zeros(number, dtype=np.int16))


KEYS, ENCODINGS = [b"one", b"two"], [encoding(1), encoding(2)]


def test_encodings_come_back_as_they_were(tmp_path: Path) -> None:
    EncodedParts(tmp_path, "words", 8, wanted=True).write(KEYS, ENCODINGS)
    back = EncodedParts(tmp_path, "words", 8, wanted=True).read(KEYS)
    assert back is not None
    for (vectors, tokens), (wanted, own) in zip(back, ENCODINGS, strict=True):
        assert vectors.tolist() == wanted.tolist()
        assert tokens.codes.tolist() == own.codes.tolist()
        assert tokens.group_sizes.tolist() == own.group_sizes.tolist()


@pytest.mark.parametrize(
    ("keys", "fingerprint", "bits"), [([b"one"], "words", 8), (KEYS, "others", 8), (KEYS, "words", 2)]
)
def test_encodings_of_other_passages_or_models_are_not_taken(
    tmp_path: Path, keys: list[bytes], fingerprint: str, bits: int
) -> None:
    EncodedParts(tmp_path, "words", 8, wanted=True).write(KEYS, ENCODINGS)
    assert EncodedParts(tmp_path, fingerprint, bits, wanted=True).read(keys) is None


def test_a_part_that_was_cut_off_is_no_part(tmp_path: Path) -> None:
    parts = EncodedParts(tmp_path, "words", 8, wanted=True)
    parts.write(KEYS, ENCODINGS)
    (codes,) = tmp_path.rglob("token_codes.npy")
    codes.write_bytes(codes.read_bytes()[:-1])
    assert parts.read(KEYS) is None


class StoppedEncoder(WordEncoder):
    """An encoder that is stopped, as by Ctrl+C, after so many passages."""

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        if len(self.encoded) > 1_500:
            raise KeyboardInterrupt
        return super().encode_passages(texts)


def test_a_build_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    corpus, index = tmp_path / "corpus", tmp_path / "index"
    corpus.mkdir()
    for page in range(21):
        sections = (f"## Part {number}\n\nWord{page}x{number}.\n" for number in range(100))
        (corpus / f"{page}.md").write_text(f"# Page {page}\n\n" + "\n".join(sections))
    with pytest.raises(KeyboardInterrupt):
        build_index(corpus, index, StoppedEncoder())
    words = WordEncoder()
    built = build_index(corpus, index, words, workers=2)
    assert built.passages == 2_100
    assert len(words.encoded) == 2_100 - 1_536  # three parts of 512 were whole
    assert not (index / ".encoded").exists()
