"""The reader: reads a question together with a passage and says how surely the passage answers it.

It is a cross-encoder: the packaged model, fine-tuned whole but for its word vectors, with one linear layer over the
first token and the mean of all. Source: R. Nogueira and K. Cho, "Passage Re-ranking with BERT", 2019.
`training/fit_reader.py` fits it on made-up clinics' sites; docs/reader.md is its model card.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from chatbot.fitted import fitted_fingerprint
from chatbot.indexing import Encoder
from chatbot.records import Passage

__all__ = ["GRAPH", "MAX_TOKENS", "PassageReader", "Reader", "load_reader", "reading_text"]

GRAPH: Final = Path(__file__).with_name("reader.onnx")
MAX_TOKENS: Final = 160
"""The tokens of a question and a passage that are read; the longer of the two is cut."""

_LOG: Final = logging.getLogger(__name__)


class PassageReader(Protocol):
    """Reads a question together with passages."""

    def read(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """Return for each passage the logit that it answers the question."""


class Reader:
    """The fitted reader on ONNX Runtime; any number of threads may read at once, each on its own core."""

    def __init__(self, graph: Path = GRAPH) -> None:
        """Load the graph, and the word vectors of the packaged model; raises `ModelError` where that is missing."""
        from chatbot.indexing.onnx_encoder import onnx_session, packaged_tokenizer  # noqa: PLC0415 - may be missing

        self._tokenizer = packaged_tokenizer(MAX_TOKENS)
        self._session = onnx_session(graph)

    def read(self, question: str, passages: Sequence[Passage]) -> list[float]:
        """Return for each passage the logit that it answers a question; one at a time, so that none is padded."""
        return [self._logit(question, reading_text(passage)) for passage in passages]

    def _logit(self, question: str, text: str) -> float:
        pair = self._tokenizer.encode(question, text)
        columns = {"ids": pair.ids, "segments": pair.type_ids, "mask": pair.attention_mask}
        (logit,) = self._session.run(None, {name: np.array([row], dtype=np.int32) for name, row in columns.items()})
        return float(logit[0, 0])


def load_reader(encoder: Encoder, graph: Path = GRAPH) -> Reader | None:
    """Return the fitted reader for the packaged encoder, which the gate that weighs it was fitted with.

    Return None for another encoder, and with a warning where ONNX Runtime cannot run it.
    """
    if fitted_fingerprint("chatbot.answering", "reader") != encoder.fingerprint:
        return None
    try:
        return Reader(graph)
    except Exception as error:  # noqa: BLE001 - whatever ONNX Runtime raises, answers without a reader are worth having
        _LOG.warning("Answers are given without the reader, more carefully: %s", error)
        return None


def reading_text(passage: Passage) -> str:
    """Return a passage as the reader reads it: under its title and its last two headings."""
    above = dict.fromkeys(filter(None, (passage.title, *passage.headings[-2:])))
    return f"{' > '.join(above)}: {passage.text}"
