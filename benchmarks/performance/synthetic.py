"""Pages and an encoder without a model, for corpora that would take days to encode.

Words are drawn by Zipf's law from a vocabulary, most of a passage's words from a few topics, so that vectors lie in
clusters as those of a model do. A token's vector is that of its word, with a little of the whole text's.
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Final

import numpy as np

from chatbot.indexing import Encoded

__all__ = ["SyntheticEncoder", "write_pages"]

_DIMENSIONS: Final = 384
_VOCABULARY: Final = 30_000
_TOPICS: Final = 2_000
_TOPIC_WORDS: Final = 60
_SECTIONS: Final = 50  # passages of a page
_SENTENCES: Final = 5  # of a passage
_WORDS: Final = 15  # of a sentence
_NAMED: Final = ("ka", "lo", "mi", "ne", "ru", "sa", "ti", "vo", "be", "do")  # a syllable for each digit


class SyntheticEncoder:
    """An encoder whose vectors are those of words, fixed at random; see `Encoder`."""

    name = "synthetic"
    fingerprint = "synthetic-1"
    max_tokens = 254

    def count_tokens(self, text: str) -> int:
        """Return the number of words."""
        return len(text.split())

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order."""
        return [self._encoded(text) for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode passages, in order."""
        return self.encode_questions(texts)

    @cached_property
    def _table(self) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        table = np.random.default_rng(1).standard_normal((_VOCABULARY, _DIMENSIONS), dtype=np.float32)
        table /= np.linalg.norm(table, axis=1, keepdims=True)
        return table

    def _encoded(self, text: str) -> Encoded:
        words = text.split()[: self.max_tokens]
        ids = np.array([_number(word) for word in words], dtype=np.int32)
        ends = np.array(list(accumulate(len(word) + 1 for word in words)), dtype=np.int32)
        spans = np.stack([ends - np.array([len(word) + 1 for word in words], dtype=np.int32), ends - 1], axis=1)
        own = self._table[ids]
        mean = own.mean(axis=0)
        vector = mean / max(float(np.linalg.norm(mean)), 1e-9)
        return Encoded(vector.astype(np.float32), (own + vector).astype(np.float32), ids, spans)


def write_pages(folder: Path, passages: int) -> None:
    """Write pages that are cut into a number of passages, a section each."""
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(0, passages + _SECTIONS, _SECTIONS)
    for start, end in pairwise([*(number for number in numbers if number < passages), passages]):
        chance = random.Random(start)
        sections = (f"## {_name(number)}\n\n{' '.join(_sentences(chance))}\n" for number in range(start, end))
        (folder / f"{start:07}.md").write_text(f"# {_name(start)} page\n\n" + "\n".join(sections), "utf-8")


def _sentences(chance: random.Random) -> Iterator[str]:
    topic = chance.randrange(_TOPICS)
    for _ in range(_SENTENCES):
        words = [_word(chance, topic) for _ in range(_WORDS)]
        yield " ".join(words).capitalize() + "."


def _word(chance: random.Random, topic: int) -> str:
    """Return a word of the topic, or one that is the likelier the lower its number."""
    if chance.random() < 0.5:
        return _name((topic * 7919 + chance.randrange(_TOPIC_WORDS) * 31) % _VOCABULARY)
    return _name(int(_VOCABULARY ** chance.random()) - 1)


def _name(number: int) -> str:
    return "".join(_NAMED[int(digit)] for digit in str(number))


def _number(word: str) -> int:
    """Return the row of a word, the same with and without its capital and its mark."""
    return int.from_bytes(hashlib.blake2b(word.lower().strip(".#").encode(), digest_size=4).digest()) % _VOCABULARY
