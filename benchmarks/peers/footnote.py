"""Footnote itself, by the same protocol."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers.protocol import TOP, Passage, Retriever, run
from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import build_index, load_encoder


class Footnote(Retriever):
    """Footnote, which answers: triage, spelling, gate, citations and marks are part of every question."""

    def load(self) -> None:
        """Load the model."""
        self._encoder = load_encoder()
        self._encoder.encode_questions(["Are you ready?"])

    def build(self, passages: Sequence[Passage], index: Path, vectors: Any = None) -> None:  # noqa: ANN401 - as in Retriever
        """Refuse, because Footnote cuts passages itself."""
        raise NotImplementedError("Footnote builds from its corpus.")

    def build_files(self, passages: Path, corpus: Path, index: Path, vectors: Path | None) -> None:
        """Build as `python -m chatbot build` does."""
        del passages, vectors
        build_index(corpus, index, self._encoder)

    def open(self, index: Path) -> None:
        """Refuse, because Footnote holds an index against its corpus."""
        raise NotImplementedError("Footnote opens an index with its corpus.")

    def open_files(self, corpus: Path, index: Path) -> None:
        """Open the chatbot of a corpus and its index."""
        self._bot = Chatbot(corpus, index, self._encoder, load_clinic(None))

    def ask(self, question: str) -> list[Passage]:
        """Return the best passages, whether or not the answer shows them."""
        _, hits = self._bot.ask_with_candidates(question)
        found = [hit.passage for hit in hits[:TOP]]
        return [Passage(f"{passage.document}:{passage.start}", passage.text) for passage in found]


if __name__ == "__main__":
    run(Footnote)
