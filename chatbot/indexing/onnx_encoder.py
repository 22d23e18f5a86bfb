"""Encoding with ONNX Runtime, for the packaged model; owns onnxruntime and tokenizers.

Source: N. Reimers and I. Gurevych, "Sentence-BERT", EMNLP 2019. The packaged model is all-MiniLM-L6-v2 (Apache-2.0).
The graph was written by `training/export_encoder.py`; it holds no weights but names their places in the model's own
`model.safetensors`, which ONNX Runtime maps into memory.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from threadpoolctl import threadpool_limits
from tokenizers import Encoding, Tokenizer

from chatbot.errors import EncoderDiffers
from chatbot.indexing.encoder import Encoded, Numbers, Vectors
from chatbot.indexing.model_files import PACKAGED_MODEL, fingerprint_of, model_folder

__all__ = ["GRAPH", "MIDDLE", "REFERENCE", "TOKENS", "OnnxEncoder", "onnx_session", "packaged_tokenizer"]

GRAPH: Final = Path(__file__).with_name("encoder.onnx")
REFERENCE: Final = Path(__file__).with_name("encoder.json")
"""Texts with their vectors by sentence-transformers, which every loaded model is compared with."""
TOKENS: Final = "token_vectors"
MIDDLE: Final = "middle_states"
"""The graph's outputs: the states of the last layer, and those after half of the layers."""

_MAX_LENGTH: Final = 256  # tokens with the two special ones: sentence_bert_config.json, checked by a test
_BATCH_TOKENS: Final = 512  # of all texts of a batch, padding included
_LENGTH_RATIO: Final = 1.25  # a text this many times longer than the shortest of a batch begins the next batch
_LEAST_COSINE: Final = 0.9999


class OnnxEncoder:
    """The packaged model on ONNX Runtime; any number of threads may encode at once, each on its own core.

    `reference` is a file of texts with their vectors by sentence-transformers. Raises `ModelError` where the packaged
    model is missing or altered, and `EncoderDiffers` where this machine computes other vectors than those.
    """

    def __init__(self, reference: Path = REFERENCE) -> None:
        folder = model_folder(PACKAGED_MODEL)
        self.fingerprint = fingerprint_of(PACKAGED_MODEL, folder)  # checks the files before they are loaded
        threadpool_limits(1, user_api="blas")  # on shared cores, more threads make a question slower
        self._tokenizer = packaged_tokenizer(_MAX_LENGTH)
        try:
            self._session = onnx_session(GRAPH)
            cosine = self._least_cosine(json.loads(reference.read_text("utf-8")))
        except Exception as error:
            raise EncoderDiffers(f"ONNX Runtime cannot run the model: {error}") from error
        if cosine < _LEAST_COSINE:
            raise EncoderDiffers(f"ONNX Runtime computes other vectors here (cosine {cosine:.5f}).")
        self.name = f"{PACKAGED_MODEL} (onnxruntime {onnxruntime.__version__}, checked: cosine {cosine:.6f})"

    def _least_cosine(self, reference: Mapping[str, Any]) -> float:
        """Return the least cosine of the reference texts' vectors, here and by sentence-transformers."""
        encoded = self.encode_questions(reference["texts"])
        return min(
            float(text.vector @ vector) for text, vector in zip(encoded, np.array(reference["vectors"]), strict=True)
        )

    @property
    def max_tokens(self) -> int:
        """The model's maximum sequence length without the two special tokens."""
        return _MAX_LENGTH - 2

    def count_tokens(self, text: str) -> int:
        """Return the number of tokens of a text, without the special tokens around it."""
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return len(encoding.ids) + sum(len(rest.ids) for rest in encoding.overflowing)

    def encode_questions(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode questions, in order."""
        return self._encode(texts, [TOKENS, MIDDLE])

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode passages, in order."""
        return self._encode(texts, [TOKENS])

    def _encode(self, texts: Sequence[str], outputs: list[str]) -> list[Encoded]:
        """Encode texts in batches of similar length, so that short ones are padded little."""
        encodings = [self._tokenizer.encode(text) for text in texts]
        encoded: dict[int, Encoded] = {}
        for batch in _batches([len(encoding.ids) for encoding in encodings]):
            ids, mask = _padded([encodings[index] for index in batch])
            states = self._session.run(outputs, {"ids": ids, "mask": mask})
            for row, index in enumerate(batch):
                encoded[index] = _to_encoded(encodings[index], *(state[row] for state in states))
        return [encoded[index] for index in range(len(texts))]


def packaged_tokenizer(max_tokens: int) -> Tokenizer:
    """Return the packaged model's tokenizer, which cuts a text, or the longer of a pair, to a number of tokens."""
    tokenizer = Tokenizer.from_file(str(model_folder(PACKAGED_MODEL) / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)  # here and never again: a change would exclude other threads
    return tokenizer


def onnx_session(graph: Path) -> onnxruntime.InferenceSession:
    """Return a session of one thread for a graph that may name tensors of the packaged model's `model.safetensors`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    # Transposed weights are folded; further fusions would bring back the slow operator that the graph avoids.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3  # errors alone
    options.enable_cpu_mem_arena = False
    weights = str(model_folder(PACKAGED_MODEL))
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", weights)
    return onnxruntime.InferenceSession(graph.read_bytes(), options, providers=["CPUExecutionProvider"])


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the indices of texts in batches of similar length, shortest first."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        full = batch and (len(batch) + 1) * lengths[index] > _BATCH_TOKENS
        if batch and (full or lengths[index] > _LENGTH_RATIO * lengths[batch[0]] + 4):
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def _padded(encodings: Sequence[Encoding]) -> tuple[Numbers, Numbers]:
    """Return the token ids of texts and which of them are no padding, both of the shape (texts, tokens)."""
    lengths = np.array([len(encoding.ids) for encoding in encodings])
    mask = (np.arange(lengths.max()) < lengths[:, None]).astype(np.int32)
    ids = np.zeros(mask.shape, dtype=np.int32)
    ids[mask.astype(bool)] = np.concatenate([encoding.ids for encoding in encodings])
    return ids, mask


def _to_encoded(encoding: Encoding, tokens: Vectors, states: Vectors | None = None) -> Encoded:
    """Return a text with the tokens of the text itself, without special tokens and padding."""
    length = len(encoding.ids)
    spans = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
    own = spans[:, 1] > spans[:, 0]
    ids = np.array(encoding.ids, dtype=np.int32)[own]
    vector = tokens[:length].mean(axis=0)
    vector /= max(float(np.linalg.norm(vector)), 1e-12)
    return Encoded(vector, tokens[:length][own], ids, spans[own], None if states is None else states[:length].copy())
