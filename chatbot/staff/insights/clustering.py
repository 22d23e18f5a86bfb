"""Questions that ask the same thing, put together whatever their words.

`training/fit_clustering.py` learns directions in which wordings of one question agree and different questions differ,
and keeps wordings of what clinics are asked most. Two questions are near along the directions, and by being like the
same kinds; the near ones are joined by average linkage. Sources: R. A. Fisher, "The use of multiple measurements in
taxonomic problems", 1936; R. Sokal and C. Michener, "A Statistical Method for Evaluating Systematic Relationships",
1958.
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

_NEAREST: Final = 3  # wordings of a kind whose mean nearness counts, so that one alone decides little
_SHARPNESS: Final = 0.05  # of a nearness: how surely the nearest kind is taken for the right one
_MOST: Final = 2000  # points that are joined pair by pair; 10,000 would take half a gigabyte
_TIME: Final = re.compile(
    r"\bhow (?:long|soon|quick|quickly|fast)\b|\bhow many (?:second|minute|hour|day|week|month|year)"
    r"|\bwhen (?:does|do|will|can|is|would|could)\b|\bhow (?:much )?longer?\b|\b(?:un)?till?l? when\b"
    r"|\b(?:goes?|went) (?:away|on)\b|\b(?:does|do|will|is|are|the)\b.*\blast(?:s|ing)?\b",
    re.IGNORECASE,
)

Labels = NDArray[np.int64]
"""Numbers of groups, shape (questions,)."""


def asks_time(question: str) -> bool:
    """Tell whether a question asks for a time, or how long something goes on."""
    return bool(_TIME.search(question))


@dataclass(frozen=True, slots=True)
class QuestionClusterer:
    """What the script learnt.

    `middle`, shape (dimensions,), is what vectors are measured from, `directions` has the shape (dimensions, n).
    `examples`, shape (m, n), are wordings along the directions, at unit length, and `kinds`, shape (m,), the numbers of
    what each asks. `timed` is how much nearer two questions are that both ask for a time, or both do not; `apart` the
    mean distance, 1 less the nearness, at which groups stay apart; `plain` is that distance for the vectors of an
    encoder that was not fitted.
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
        """Give what the script wrote; `clustering.json` says on what and how well."""
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
        """Give questions as points whose inner product is their nearness; `vectors` has the shape (n, dimensions)."""
        asks = np.array(timed, dtype=bool).reshape(-1, 1)
        parts = [_unit(vectors)]
        if fingerprint == self.fingerprint:
            along = self.project(vectors)
            parts = [along * 0.5**0.5, self._likeness(along) * 0.5**0.5]
        return np.concatenate([*parts, np.hstack([asks, ~asks]) * self.time_weight**0.5], axis=1).astype(np.float32)

    def project(self, vectors: Vectors) -> Vectors:
        """Give vectors, shape (n, dimensions), along the directions, at unit length."""
        return _unit(np.asarray((vectors - self.mean) @ self.components, dtype=np.float32))

    def _likeness(self, along: Vectors) -> Vectors:
        """Say how much points are like the wordings of each kind, at unit length: roots of shares."""
        near = np.stack([_nearest(along @ self.examples[self.kinds == one].T) for one in range(self.kinds.max() + 1)])
        shares = np.exp((near - near.max(axis=0)) / _SHARPNESS)
        return np.asarray(np.sqrt(shares / shares.sum(axis=0)).T, dtype=np.float32)

    def groups(self, points: Vectors, fingerprint: str) -> Labels:
        """Put points, as `placed` gives them, together."""
        return _grouped(
            points, self.threshold if fingerprint == self.fingerprint else self.fallback_threshold, self.time_weight
        )


def _unit(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), dtype=np.float32)


def _nearest(near: Vectors) -> Vectors:
    return np.asarray(np.sort(near, axis=1)[:, -_NEAREST:].mean(axis=1), dtype=np.float32)


def _grouped(points: Vectors, apart: float, timed: float) -> Labels:
    """Join points; where there are too many, some of them, and the others to the groups that they are near to.

    What is near to no group is grouped by itself.
    """
    if len(points) <= _MOST:
        return _joined(points, apart, timed)
    some = np.linspace(0, len(points) - 1, _MOST).astype(np.int64)
    labels = _joined(points[some], apart, timed)
    number = int(labels.max()) + 1
    middles = np.array([points[some[labels == one]].mean(axis=0) for one in range(number)])
    near = points @ middles.T
    owners: Labels = near.argmax(axis=1)
    owners[some] = labels
    lost = 1 + timed - near.max(axis=1) > apart
    lost[some] = False
    owners[lost] = number + _grouped(points[lost], apart, timed)
    return owners


def _joined(points: Vectors, apart: float, timed: float) -> Labels:
    """Join the nearest groups until all are further apart than that, on average."""
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - a while to import, and few need it
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - as above

    if len(points) < 2:
        return np.zeros(len(points), np.int64)
    distances = np.maximum(1 + timed - points @ points.T, 0)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), "average")
    return np.asarray(fcluster(tree, apart, "distance"), dtype=np.int64) - 1
