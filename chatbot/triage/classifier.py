"""Classify messages by meaning into five kinds, with transformer layers over the encoder's token vectors.

The search needs these vectors too, so that a message is encoded once. Fitted by `training/fit_triage.py`. The layers
run on ONNX Runtime, by the graph of `training/export_classifier.py`, and in numpy where ONNX Runtime is missing.
Source of the layer: A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from chatbot.fitted import fitted_arrays, fitted_values
from chatbot.indexing import Encoded, Encoder, Vectors
from chatbot.records import Level

__all__ = [
    "GRAPH",
    "LABELS",
    "MASK",
    "STATES",
    "EmergencyClassifier",
    "Run",
    "Thresholds",
    "Verdict",
    "onnx_layers",
    "onnx_weights",
]

GRAPH: Final = Path(__file__).with_name("classifier.onnx")
STATES: Final = "states"
MASK: Final = "mask"
"""The graph's inputs: token vectors, shape (1, n, d), and which tokens belong to one text, shape (1, n, n)."""

Run = Callable[[Vectors, Sequence[tuple[int, int]]], Vectors]
"""Applies all layers to token vectors, shape (n, d); each text, from one row to another, attends only to itself."""

_LOG: Final = logging.getLogger(__name__)

LABELS: Final = ("ordinary", "symptom", "today", "emergency", "crisis")
"""The kinds of message, in the order of the probabilities."""

_EPSILON: Final = 1e-12  # of BERT's layer normalisation
_LEVELS: Final = {"today": Level.TODAY, "emergency": Level.EMERGENCY, "crisis": Level.CRISIS}


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least probabilities, 0 to 1, at which a verdict counts.

    To alarm by itself, the probability of an urgent message must reach `message` for whole English sentences, `part`
    for an English clause, and `scant` for sentences in another language or of one or two words. A sign of the word
    lists counts only from `veto` on. A sign that nothing may silence, or that is trusted, counts from `veto_always` on.
    `symptom` is the least probability of a symptom.
    """

    message: float = 1.0
    part: float = 1.0
    scant: float = 1.0
    veto: float = 0.0
    veto_always: float = 0.0
    symptom: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The probability that a message is urgent and that it is a symptom, and the likeliest level if it is urgent."""

    urgent: float
    symptom: float
    level: Level


@dataclass(frozen=True, slots=True)
class _Layer:
    """A transformer layer: attention, then two linear maps, each with a residual and a layer normalisation.

    Shapes: `attend` (d, 3d), `join` (d, d), `widen` (d, 4d), `narrow` (4d, d). A bias has the width of its map, a norm
    has shape (2, d).
    """

    attend: Vectors
    attend_bias: Vectors
    join: Vectors
    join_bias: Vectors
    join_norm: Vectors
    widen: Vectors
    widen_bias: Vectors
    narrow: Vectors
    narrow_bias: Vectors
    narrow_norm: Vectors

    def apply(self, states: Vectors, bounds: Sequence[tuple[int, int]], heads: int) -> Vectors:
        """Return the states after this layer, shape (n, d); each text, as `bounds` has them, attends only to itself."""
        from scipy.special import erf  # noqa: PLC0415 - a tenth of a second, and ONNX Runtime does without it

        mixed = states @ self.attend + self.attend_bias
        attended = np.concatenate([_attention(mixed[start:end], heads) for start, end in bounds])
        states = _layer_norm(states + attended @ self.join + self.join_bias, self.join_norm)
        wide = states @ self.widen + self.widen_bias
        wide *= 0.5 * (1 + erf(wide / np.float32(np.sqrt(2))))  # GELU: D. Hendrycks and K. Gimpel, 2016
        return _layer_norm(states + wide @ self.narrow + self.narrow_bias, self.narrow_norm)


@dataclass(frozen=True, slots=True)
class EmergencyClassifier:
    """Gives the probability of each of `LABELS`; `fingerprint` names the encoder whose token vectors it reads.

    `run` applies the layers in their stead.
    """

    layers: tuple[_Layer, ...]
    heads: int
    head: Vectors
    head_bias: Vectors
    thresholds: Thresholds
    fingerprint: str
    run: Run | None = None

    @classmethod
    def fitted(cls, *, on_onnxruntime: bool = True) -> Self:
        """Return the classifier that `training/fit_triage.py` wrote; `classifier.json` has its data and its figures.

        On ONNX Runtime, the layers are left out of `layers`.
        """
        values, arrays = fitted_values("chatbot.triage", "classifier"), fitted_arrays("chatbot.triage", "classifier")
        layers = tuple(
            _Layer(**{name: _dequantised(arrays, f"{number}.{name}") for name in _Layer.__dataclass_fields__})
            for number in range(values["layers"])
        )
        head, bias = _dequantised(arrays, "head"), _dequantised(arrays, "head_bias")
        thresholds, fingerprint = Thresholds(**values["thresholds"]), values["encoder"]["fingerprint"]
        run = onnx_layers(GRAPH.read_bytes(), layers) if on_onnxruntime else None
        return cls(() if run else layers, values["heads"], head, bias, thresholds, fingerprint, run)

    def serves(self, encoder: Encoder) -> bool:
        """Return whether this was fitted for the encoder."""
        return encoder.fingerprint == self.fingerprint

    def judge(self, encoded: Sequence[Encoded]) -> list[Verdict]:
        """Return a verdict for each encoded text."""
        return [
            Verdict(float(row[2:].sum()), float(row[1]), _LEVELS[LABELS[2 + int(row[2:].argmax())]])
            for row in self.probabilities(encoded)
        ]

    def probabilities(self, encoded: Sequence[Encoded]) -> Vectors:
        """Return the probability of each label, shape (n, 5), for texts that have token vectors."""
        token_vectors = [text.states for text in encoded if text.states is not None]
        if not token_vectors:
            return np.zeros((0, len(LABELS)), np.float32)
        ends = np.cumsum([len(vectors) for vectors in token_vectors]).tolist()
        bounds = list(zip([0, *ends[:-1]], ends, strict=True))
        states = np.concatenate(token_vectors).astype(np.float32)
        for layer in self.layers:
            states = layer.apply(states, bounds, self.heads)
        if self.run:
            states = self.run(states, bounds)
        texts = [states[start:end] for start, end in bounds]
        pooled = np.stack([np.concatenate([text.mean(axis=0), text.max(axis=0)]) for text in texts])
        scores = pooled @ self.head + self.head_bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def onnx_layers(graph: bytes, layers: Sequence[_Layer]) -> Run | None:
    """Return layers that run on ONNX Runtime by a graph; None where it is missing or cannot run the graph."""
    try:
        import onnxruntime  # noqa: PLC0415 - numpy serves where it is missing

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors alone
        options.enable_cpu_mem_arena = False
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # the graph is optimal
        weights = onnx_weights(layers)
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in weights.values()]
        options.add_external_initializers(list(weights), values)
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 - of whatever kind, numpy does the same more slowly
        _LOG.warning("Emergencies are recognised in numpy, at three times the time: %s", error)
        return None

    def run(states: Vectors, bounds: Sequence[tuple[int, int]]) -> Vectors:
        text = np.repeat(np.arange(len(bounds)), [end - start for start, end in bounds])
        mask = (text[:, None] == text).astype(np.int32)
        return np.asarray(session.run(None, {STATES: states[None], MASK: mask[None]})[0][0])

    return run


def onnx_weights(layers: Sequence[_Layer]) -> dict[str, Vectors]:
    """Return the weights of layers by their names in the graph."""
    weights: dict[str, Vectors] = {}
    for number, layer in enumerate(layers):
        for name in _Layer.__dataclass_fields__:
            array = np.ascontiguousarray(getattr(layer, name))
            if name.endswith("_norm"):
                part = name.removesuffix("_norm")
                weights |= {f"{number}.{part}_gain": array[0], f"{number}.{part}_shift": array[1]}
            else:
                weights[f"{number}.{name}"] = array
    return weights


def _attention(mixed: Vectors, heads: int) -> Vectors:
    """Return scaled dot-product attention, shape (n, d), over queries, keys and values side by side, shape (n, 3d)."""
    n, width = mixed.shape
    query, key, value = mixed.reshape(n, 3, heads, width // (3 * heads)).transpose(1, 2, 0, 3)
    scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(query.shape[-1]))
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.asarray((weights @ value).transpose(1, 0, 2).reshape(n, width // 3))


def _layer_norm(states: NDArray[Any], norm: Vectors) -> Vectors:
    """Return states after layer normalisation; `norm` has the gain and the bias, shape (2, d)."""
    centred = states - states.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
    return np.asarray(centred / spread * norm[0] + norm[1], dtype=np.float32)


def _dequantised(arrays: Mapping[str, NDArray[Any]], name: str) -> Vectors:
    """Return a stored array as floats: half-precision numbers, or signed bytes with a scale for each column."""
    array = arrays[name].astype(np.float32)
    return array * arrays[f"{name}.scale"] if f"{name}.scale" in arrays else array
