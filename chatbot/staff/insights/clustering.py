"""Clustering of questions that ask the same thing in other words.

`training/fit_clustering.py` fits discriminant components, along which wordings of one question agree and different
questions differ. It also stores example wordings of what clinics are asked most. The similarity of two questions has
two parts: along the components, and by their likeness to the same kinds of example. Similar questions are joined by
average linkage.

Sources: R. A. Fisher, "The use of multiple measurements in taxonomic problems", 1936; R. Sokal and C. Michener, "A
Statistical Method for Evaluating Systematic Relationships", 1958.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from chatbot.fitted import fitted_arrays, fitted_values
from chatbot.indexing import Vectors

__all__ = ["Labels", "QuestionClusterer", "asks_time"]

_NEAREST: Final = 3  # examples of a kind whose mean similarity counts, so that no single one decides
_TEMPERATURE: Final = 0.05  # of the softmax over the kinds' similarities
_MAX_PAIRWISE: Final = 2000  # points of one linkage; 10,000 would take half a gigabyte
_TIME: Final = re.compile(
    r"\bhow (?:long|soon|quick|quickly|fast)\b|\bhow many (?:second|minute|hour|day|week|month|year)"
    r"|\bwhen (?:does|do|will|can|is|would|could)\b|\bhow (?:much )?longer?\b|\b(?:un)?till?l? when\b"
    r"|\b(?:goes?|went) (?:away|on)\b|\b(?:does|do|will|is|are|the)\b.*\blast(?:s|ing)?\b",
    re.IGNORECASE,
)

Labels = NDArray[np.int64]
"""The number of each question's group, shape (questions,)."""


def asks_time(question: str) -> bool:
    """Return whether a question asks when something happens or how long it lasts."""
    return bool(_TIME.search(question))


@dataclass(frozen=True, slots=True)
class QuestionClusterer:
    """The fitted components, examples and thresholds.

    `mean`, shape (dimensions,), is subtracted before the projection on `components`, shape (dimensions, n). `examples`,
    shape (m, n), are projected example wordings at unit length, and `kinds`, shape (m,), numbers what each asks.
    `time_weight` is added to the similarity of two questions that both ask for a time, or both do not. Groups stay
    apart from a mean distance (1 less the similarity) of `threshold`. For the vectors of an encoder other than the one
    with `fingerprint`, `fallback_threshold` applies.
    """

    mean: Vectors
    components: Vectors
    examples: Vectors
    kinds: Labels
    time_weight: float
    threshold: float
    fallback_threshold: float
    fingerprint: str

    @classmethod
    def fitted(cls) -> Self:
        """Return the fitted clusterer; `clustering.json` names the data it was fitted on and its quality."""
        package = "chatbot.staff.insights"
        values, arrays = fitted_values(package, "clustering"), fitted_arrays(package, "clustering")
        return cls(
            mean=arrays["mean"].astype(np.float32),
            components=arrays["components"].astype(np.float32),
            examples=_unit(arrays["examples"].astype(np.float32)),
            kinds=arrays["kinds"].astype(np.int64),
            time_weight=values["time_weight"],
            threshold=values["threshold"],
            fallback_threshold=values["fallback_threshold"],
            fingerprint=values["encoder"]["fingerprint"],
        )

    def features(self, vectors: Vectors, timed: Sequence[bool], fingerprint: str) -> Vectors:
        """Return points whose inner product is the similarity of two questions, shape (n, features).

        `vectors` has the shape (n, dimensions). `timed` says for each question whether it asks for a time.
        `fingerprint` is that of the encoder of the vectors.
        """
        asks = np.array(timed, dtype=bool).reshape(-1, 1)
        parts = [_unit(vectors)]
        if fingerprint == self.fingerprint:
            projected = self.project(vectors)
            parts = [projected * 0.5**0.5, self._kind_shares(projected) * 0.5**0.5]
        return np.concatenate([*parts, np.hstack([asks, ~asks]) * self.time_weight**0.5], axis=1).astype(np.float32)

    def project(self, vectors: Vectors) -> Vectors:
        """Return vectors, shape (n, dimensions), projected on the components, at unit length."""
        return _unit(np.asarray((vectors - self.mean) @ self.components, dtype=np.float32))

    def _kind_shares(self, projected: Vectors) -> Vectors:
        """Return the square roots of a softmax over the kinds, shape (n, kinds): rows of unit length."""
        kinds = range(self.kinds.max() + 1)
        similarity = np.stack([_top_mean(projected @ self.examples[self.kinds == kind].T) for kind in kinds])
        shares = np.exp((similarity - similarity.max(axis=0)) / _TEMPERATURE)
        return np.asarray(np.sqrt(shares / shares.sum(axis=0)).T, dtype=np.float32)

    def groups(self, points: Vectors, fingerprint: str) -> Labels:
        """Return the group of each point of `features`."""
        threshold = self.threshold if fingerprint == self.fingerprint else self.fallback_threshold
        return _cluster(points, threshold, self.time_weight)


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _top_mean(similarity: Vectors) -> Vectors:
    return np.asarray(np.sort(similarity, axis=1)[:, -_NEAREST:].mean(axis=1), dtype=np.float32)


def _cluster(points: Vectors, threshold: float, time_weight: float) -> Labels:
    """Return the group of each point.

    Of more points than one linkage takes, an even sample is linked and the others join the nearest group's mean. Points
    that are near to no group are clustered among themselves.
    """
    if len(points) <= _MAX_PAIRWISE:
        return _link(points, threshold, time_weight)
    sample = np.linspace(0, len(points) - 1, _MAX_PAIRWISE).astype(np.int64)
    labels = _link(points[sample], threshold, time_weight)
    number = int(labels.max()) + 1
    means = np.array([points[sample[labels == label]].mean(axis=0) for label in range(number)])
    similarity = points @ means.T
    nearest: Labels = similarity.argmax(axis=1)
    nearest[sample] = labels
    outliers = 1 + time_weight - similarity.max(axis=1) > threshold
    outliers[sample] = False
    nearest[outliers] = number + _cluster(points[outliers], threshold, time_weight)
    return nearest


def _link(points: Vectors, threshold: float, time_weight: float) -> Labels:
    """Join the nearest groups until the mean distance of any two exceeds the threshold."""
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - a while to import, and few need it
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - as above

    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    distances = np.maximum(1 + time_weight - points @ points.T, 0)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    return np.asarray(fcluster(tree, threshold, "distance"), dtype=np.int64) - 1
