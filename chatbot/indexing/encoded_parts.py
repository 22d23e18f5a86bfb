"""What a build has encoded, written down part by part, so that one that is killed need not encode it again."""

import shutil
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np

from chatbot.errors import IndexDamaged
from chatbot.indexing.encoder import Vectors
from chatbot.indexing.late_interaction import Tokens

__all__ = ["EncodedParts"]

_FOLDER: Final = ".encoded"
_VECTORS: Final = "vectors.npy"
_COUNTS: Final = "counts.npy"


class EncodedParts:
    """The encodings of some passages at a time, each in a folder that is named for the passages."""

    def __init__(self, index: Path, fingerprint: str, bits: int, *, wanted: bool) -> None:
        """Use a folder of an index; where it is not `wanted`, write nothing."""
        self._folder, self._wanted = index / _FOLDER, wanted
        self._made_by = f"{fingerprint} {bits} ".encode()

    def read(self, keys: Sequence[bytes]) -> list[tuple[Vectors, Tokens]] | None:
        """Return the encodings of passages by their keys; None where they are not written down whole."""
        folder = self._part(keys)
        if not (self._wanted and folder.is_dir()):
            return None
        try:
            vectors, counts = (np.load(folder / name, allow_pickle=False) for name in (_VECTORS, _COUNTS))
            tokens = Tokens.open(folder)
        except (OSError, ValueError, EOFError, IndexDamaged):
            return None
        ends = np.cumsum([0, *counts])
        if len(counts) != len(keys) or len(tokens) != len(keys) or ends[-1] != len(vectors):
            return None
        return [(vectors[ends[row] : ends[row + 1]], tokens.passages(row, row + 1)) for row in range(len(keys))]

    def write(self, keys: Sequence[bytes], encoded: Sequence[tuple[Vectors, Tokens]]) -> None:
        """Write the encodings of passages down; a part that is cut off is no part."""
        if not (self._wanted and encoded):
            return
        draft, part = self._folder / "draft", self._part(keys)
        for left in (draft, part):
            if left.exists():
                shutil.rmtree(left)
        draft.mkdir(parents=True)
        np.save(draft / _VECTORS, np.concatenate([vectors for vectors, _ in encoded]))
        np.save(draft / _COUNTS, np.array([len(vectors) for vectors, _ in encoded]))
        Tokens.write(draft, (tokens for _, tokens in encoded))
        draft.rename(part)

    def remove(self) -> None:
        """Remove all parts: the build is whole."""
        with suppress(OSError):
            shutil.rmtree(self._folder)

    def _part(self, keys: Sequence[bytes]) -> Path:
        return self._folder / blake2b(self._made_by + b"".join(keys), digest_size=16).hexdigest()
