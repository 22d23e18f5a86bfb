"""Red flags by meaning: a transformer layer over the encoder's token vectors that tells five kinds of message apart.

It stands on the vectors that search needs anyway, so that a message is encoded once. Fitted by
`training/fit_triage.py`. Source of the layer: A. Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
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
    """What a probability is enough for.

    `message` and `part` are what the probability of an urgent message must reach to alarm by itself, for whole
    sentences and for a clause in English; `scant` for whole sentences in another language, and for a word or two.
    Below `veto` a sign of the word lists does not count either, and below `veto_always` none that nothing may silence
    or that is trusted. `symptom` is what the probability of a symptom must reach.
    """

    message: float = 1.0
    part: float = 1.0
    scant: float = 1.0
    veto: float = 0.0
    veto_always: float = 0.0
    symptom: float = 1.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The probabilities that a message is urgent and that it is a symptom, and its likeliest level if it is urgent."""

    urgent: float
    symptom: float
    level: Level


@dataclass(frozen=True, slots=True)
class _Layer:
    """A layer of the transformer: attention with `heads` heads, then two linear maps, each with its residual.

    Shapes: `attend` (d, 3d), `join` (d, d), `widen` (d, 4d), `narrow` (4d, d); the biases and norms to match.
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
        """Return the states after this layer; each text of `bounds` attends to itself alone."""
        mixed = states @ self.attend + self.attend_bias
        attended = np.concatenate([_attention(mixed[start:end], heads) for start, end in bounds])
        states = _normed(states + attended @ self.join + self.join_bias, self.join_norm)
        wide = states @ self.widen + self.widen_bias
        wide *= 0.5 * (1 + erf(wide / np.float32(np.sqrt(2))))  # GELU: D. Hendrycks and K. Gimpel, 2016
        return _normed(states + wide @ self.narrow + self.narrow_bias, self.narrow_norm)


@dataclass(frozen=True, slots=True)
class EmergencyClassifier:
    """Tells of messages how likely each of `LABELS` is; `fingerprint` is that of the encoder whose states it reads."""

    layers: tuple[_Layer, ...]
    heads: int
    head: Vectors
    head_bias: Vectors
    thresholds: Thresholds
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Return the classifier that the script wrote; `classifier.json` says on what and how well."""
        values, arrays = fitted_values("chatbot.triage", "classifier"), fitted_arrays("chatbot.triage", "classifier")
        layers = tuple(
            _Layer(**{name: _restored(arrays, f"{number}.{name}") for name in _Layer.__dataclass_fields__})
            for number in range(values["layers"])
        )
        head, bias = _restored(arrays, "head"), _restored(arrays, "head_bias")
        thresholds = Thresholds(**values["thresholds"])
        return cls(layers, values["heads"], head, bias, thresholds, values["encoder"]["fingerprint"])

    @staticmethod
    def fitted_fingerprint() -> str:
        """Return the fingerprint of the encoder that the script's classifier reads, without loading its weights."""
        return str(fitted_values("chatbot.triage", "classifier")["encoder"]["fingerprint"])

    def serves(self, encoder: Encoder) -> bool:
        """Tell whether this was fitted for an encoder."""
        return encoder.fingerprint == self.fingerprint

    def judge(self, encoded: Sequence[Encoded]) -> list[Verdict]:
        """Judge texts that the encoder read."""
        return [
            Verdict(float(row[2:].sum()), float(row[1]), _LEVELS[LABELS[2 + int(row[2:].argmax())]])
            for row in self.probabilities(encoded)
        ]

    def probabilities(self, encoded: Sequence[Encoded]) -> Vectors:
        """Return the probability of each label, shape (n, 5)."""
        read = [one.states for one in encoded if one.states is not None]
        if not read:
            return np.zeros((0, len(LABELS)), np.float32)
        ends = np.cumsum([len(one) for one in read]).tolist()
        bounds = list(zip([0, *ends[:-1]], ends, strict=True))
        states = np.concatenate(read).astype(np.float32)
        for layer in self.layers:
            states = layer.apply(states, bounds, self.heads)
        pooled = np.stack([np.concatenate([states[a:b].mean(axis=0), states[a:b].max(axis=0)]) for a, b in bounds])
        scores = pooled @ self.head + self.head_bias
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float32)


def _attention(mixed: Vectors, heads: int) -> Vectors:
    """Return scaled dot-product attention over queries, keys and values side by side, shape (n, 3d) to (n, d)."""
    n, width = mixed.shape
    query, key, value = mixed.reshape(n, 3, heads, width // (3 * heads)).transpose(1, 2, 0, 3)
    scores = query @ key.transpose(0, 2, 1) / np.float32(np.sqrt(query.shape[-1]))
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.asarray((weights @ value).transpose(1, 0, 2).reshape(n, width // 3))


def _normed(states: NDArray[Any], norm: Vectors) -> Vectors:
    """Return layer normalisation with gain and bias, shape (2, d)."""
    centred = states - states.mean(axis=-1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + _EPSILON)
    return np.asarray(centred / spread * norm[0] + norm[1], dtype=np.float32)


def _restored(arrays: Mapping[str, NDArray[Any]], name: str) -> Vectors:
    """Return an array of the file: signed bytes with a scale a column, or half-precision numbers."""
    array = arrays[name].astype(np.float32)
    return array * arrays[f"{name}.scale"] if f"{name}.scale" in arrays else array
