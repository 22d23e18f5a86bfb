"""Choosing how a model is run."""

import logging

from chatbot.errors import EncoderDiffers
from chatbot.indexing.encoder import Encoder
from chatbot.indexing.model_files import MULTILINGUAL_MODEL, PACKAGED_MODEL
from chatbot.indexing.sentence_encoder import SentenceEncoder

__all__ = ["load_encoder"]

_LOG = logging.getLogger(__name__)


def load_encoder(model: str = PACKAGED_MODEL) -> Encoder:
    """Return the encoder of a model: ONNX Runtime for the packaged one, sentence-transformers for most others.

    The packaged model falls back to sentence-transformers where ONNX Runtime is missing or computes other vectors.
    Raises `ModelError` if there is no such model.
    """
    if model == MULTILINGUAL_MODEL:
        from chatbot.indexing.word_encoder import WordEncoder  # noqa: PLC0415 - most clinics do without it

        return WordEncoder()
    if model != PACKAGED_MODEL:
        return SentenceEncoder(model)
    try:
        from chatbot.indexing.onnx_encoder import OnnxEncoder  # noqa: PLC0415 - another model does without it

        return OnnxEncoder()
    except (ImportError, EncoderDiffers) as error:
        _LOG.warning("The model runs on sentence-transformers, at twice the time: %s", error)
        return SentenceEncoder(model)
