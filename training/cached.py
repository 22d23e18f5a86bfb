"""An encoder with a cache, for scripts that build many indexes of the same passages."""

from collections.abc import Callable, Sequence

from chatbot.indexing import Encoded, load_encoder

__all__ = ["CachedEncoder"]


class CachedEncoder:
    """The packaged encoder. Each text is encoded once, as a question and as a passage."""

    def __init__(self) -> None:
        self._encoder = load_encoder()
        self.name = self._encoder.name
        self.fingerprint = self._encoder.fingerprint
        self.max_tokens = self._encoder.max_tokens
        self.count_tokens = self._encoder.count_tokens
        self._questions: dict[str, Encoded] = {}
        self._passages: dict[str, Encoded] = {}

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Return the encoded questions in order."""
        return _encode(texts, self._questions, self._encoder.encode_questions)

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Return the encoded passages in order."""
        return _encode(texts, self._passages, self._encoder.encode_passages)


def _encode(
    texts: Sequence[str], cache: dict[str, Encoded], encode: Callable[[Sequence[str]], Sequence[Encoded]]
) -> list[Encoded]:
    new = [text for text in dict.fromkeys(texts) if text not in cache]
    cache |= dict(zip(new, encode(new), strict=True))
    return [cache[text] for text in texts]
