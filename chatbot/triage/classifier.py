"""Classify messages by meaning into five kinds, with transformer layers over the encoder's token vectors.

The search needs these vectors too, so that a message is encoded once. Fitted by `training/fit_triage.py`.
Source of the layer: A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf

from chatbot.fitted import fitted_arrays, fitted_values
from chatbot.indexing import Encoded, Encoder, Vectors
from chatbot.records import Level

__all__ = ["LABELS", "EmergencyClassifier", "Thresholds", "Verdict"]

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
        mixed = states @ self.attend + self.attend_bias
        attended = np.concatenate([_attention(mixed[start:end], heads) for start, end in bounds])
        states = _layer_norm(states + attended @ self.join + self.join_bias, self.join_norm)
        wide = states @ self.widen + self.widen_bias
        wide *= 0.5 * (1 + erf(wide / np.float32(np.sqrt(2))))  # GELU: D. Hendrycks and K. Gimpel, 2016
        return _layer_norm(states + wide @ self.narrow + self.narrow_bias, self.narrow_norm)


@dataclass(frozen=True, slots=True)
class EmergencyClassifier:
    """Gives the probability of each of `LABELS`; `fingerprint` names the encoder whose token vectors it reads."""

    layers: tuple[_Layer, ...]
    heads: int
    head: Vectors
    head_bias: Vectors
    thresholds: Thresholds
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Return the classifier that `training/fit_triage.py` wrote; `classifier.json` has its data and its figures."""
        values, arrays = fitted_values("chatbot.triage", "classifier"), fitted_arrays("chatbot.triage", "classifier")
        layers = tuple(
            _Layer(**{name: _dequantised(arrays, f"{number}.{name}") for name in _Layer.__dataclass_fields__})
            for number in range(values["layers"])
        )
        head, bias = _dequantised(arrays, "head"), _dequantised(arrays, "head_bias")
        thresholds = Thresholds(**values["thresholds"])
        return cls(layers, values["heads"], head, bias, thresholds, values["encoder"]["fingerprint"])

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
        texts = [states[start:end] for start, end in bounds]
        pooled = np.stack([np.concatenate([text.mean(axis=0), text.max(axis=0)]) for text in texts])
        scores = pooled @ self.head + self.head_bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


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
