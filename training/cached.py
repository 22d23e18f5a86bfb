"""An encoder that remembers, for scripts that build many indexes of the same passages."""

from collections.abc import Sequence

from chatbot.indexing import Encoded, SentenceEncoder

__all__ = ["CachedEncoder"]


class CachedEncoder:
    """The packaged encoder; a text is encoded once."""

    def __init__(self) -> None:
        self._encoder = SentenceEncoder()
        self.name = self._encoder.name
        self.fingerprint = self._encoder.fingerprint
        self.max_tokens = self._encoder.max_tokens
        self.count_tokens = self._encoder.count_tokens
        self._questions: dict[str, Encoded] = {}
        self._passages: dict[str, Encoded] = {}

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order."""
        new = [text for text in dict.fromkeys(texts) if text not in self._questions]
        self._questions |= dict(zip(new, self._encoder.encode_questions(new), strict=True))
        return [self._questions[text] for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode what may answer them, in order."""
        new = [text for text in dict.fromkeys(texts) if text not in self._passages]
        self._passages |= dict(zip(new, self._encoder.encode_passages(new), strict=True))
        return [self._passages[text] for text in texts]
