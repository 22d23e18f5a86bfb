"""Fits the clusterer that puts wordings of one question together: clustering.json and .npz in chatbot/staff/insights.

    python -m training.fit_clustering            # fit, write, print the figures
    python -m training.fit_clustering --check    # print the figures of the committed fit

The components are Fisher's discriminants of the part "fit" of `paraphrases.txt` and of `intents.toml`, where each
question is a class. The vectors of that part are written as examples of their classes. The time weight and the
threshold are chosen on the clinics of that part, with components learnt without them. The figures in the file are
those of the part "held", where each clinic is clustered by itself.
"""

import argparse
import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from chatbot.indexing import Vectors
from chatbot.staff.insights.clustering import QuestionClusterer, asks_time
from training.cached import CachedEncoder
from training.corpora import CLINICS, SEED, index_corpus, spelling_of
from training.wordings import paraphrases, sample_intents, topics

OUT = Path("chatbot/staff/insights")
DIRECTIONS = 100
SHRINKAGE = 0.3  # of the scatter within classes towards a sphere
STEPS = 127  # of the signed bytes in which the file keeps the examples
SUBJECTS = 4  # of each wording that has a place for one
TIME_WEIGHTS = (0.0, 0.15, 0.25, 0.35, 0.5)
THRESHOLDS = np.arange(0.4, 1.0, 0.02)


@dataclass(frozen=True, slots=True)
class Wordings:
    """Wordings of one clinic, with the name of each question and whether it asks for a time.

    `vectors`, shape (n, dimensions), are those of the texts without the corpus's topic.
    """

    clinic: str
    names: NDArray[np.str_]
    texts: tuple[str, ...]
    vectors: Vectors
    timed: tuple[bool, ...]


def main() -> None:
    """Fit and write, unless only a check is wanted, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="measure the committed fit, fit nothing")
    encoder = CachedEncoder()
    fit, held = _read("fit", encoder), _read("held", encoder)
    fitted = QuestionClusterer.fitted() if parser.parse_args().check else _fit(fit, held, encoder)
    print(json.dumps(_figures(held, fitted), indent=2))
    _print_groups(held, fitted)


def _fit(fit: list[Wordings], held: list[Wordings], encoder: CachedEncoder) -> QuestionClusterer:
    anywhere, clinics = fit[0], fit[1:]
    intents = _encode("intents", [(f"intent {name}", text) for name, text in sample_intents(SEED)], encoder)
    first = _learn([anywhere], intents, encoder.fingerprint)
    chosen = max(
        (
            replace(first, time_weight=weight, threshold=float(threshold))
            for weight, threshold in product(TIME_WEIGHTS, THRESHOLDS)
        ),
        key=lambda clusterer: _measure(clinics, clusterer)["b-cubed f"],
    )
    fallback = max(map(float, THRESHOLDS), key=lambda threshold: _fallback_score(clinics, chosen, threshold))
    last = _learn([anywhere, *clinics], intents, encoder.fingerprint)
    clusterer = replace(
        last,
        time_weight=chosen.time_weight,
        threshold=round(chosen.threshold, 4),
        fallback_threshold=round(fallback, 4),
    )
    examples = np.round(clusterer.examples * STEPS / np.abs(clusterer.examples).max()).astype(np.int8)
    mean, components = clusterer.mean.astype(np.float16), clusterer.components.astype(np.float16)
    kinds = clusterer.kinds.astype(np.int16)
    np.savez_compressed(OUT / "clustering.npz", examples=examples, kinds=kinds, mean=mean, components=components)
    values = {
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
        "time_weight": clusterer.time_weight,
        "threshold": clusterer.threshold,
        "fallback_threshold": clusterer.fallback_threshold,
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"wordings": sum(len(wordings.texts) for wordings in fit), "sentences of intents": len(intents.texts)},
        "clinics that chose the two numbers": _figures(clinics, chosen),
        "held out": _figures(held, clusterer),
    }
    (OUT / "clustering.json").write_text(json.dumps(values, indent=2) + "\n", "utf-8")
    return clusterer


def _read(part: str, encoder: CachedEncoder) -> list[Wordings]:
    clinics: dict[str, list[tuple[str, str]]] = {}
    for wording in paraphrases():
        if wording.part == part:
            clinics.setdefault(wording.clinic, []).append((wording.question, wording.text))
    return [_wordings(clinic, rows, encoder) for clinic, rows in clinics.items()]


def _wordings(clinic: str, rows: list[tuple[str, str]], encoder: CachedEncoder) -> Wordings:
    if clinic == "anywhere":
        return _encode(clinic, _fill_subjects(rows), encoder)
    corpus = Path("corpus") if clinic == "microneedling" else CLINICS / clinic / "corpus"
    index = index_corpus(corpus, encoder)
    spelling = spelling_of(index, encoder)
    corrected = [(name, spelling.corrected(text)) for name, text in rows]
    return _encode(clinic, [(name, index.without_topic(text) or text) for name, text in corrected], encoder)


def _fill_subjects(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    chance, subjects = random.Random(SEED), topics()
    return [
        (name, " ".join(text.format(subject).split()))
        for name, text in rows
        for subject in (["it", "", *chance.sample(subjects, SUBJECTS - 2)] if "{}" in text else [""])
    ]


def _encode(clinic: str, rows: list[tuple[str, str]], encoder: CachedEncoder) -> Wordings:
    texts = tuple(text for _, text in rows)
    vectors = np.array([encoded.vector for encoded in encoder.encode_questions(texts)])
    return Wordings(clinic, np.array([name for name, _ in rows]), texts, vectors, tuple(map(asks_time, texts)))


def _learn(own: list[Wordings], intents: Wordings, fingerprint: str) -> QuestionClusterer:
    """Learn the components. The intents are broader classes: their scatter is taken by itself and counts as much."""
    vectors = np.concatenate([wordings.vectors for wordings in own])
    names = np.concatenate([wordings.names for wordings in own])
    scatters = [_scatter(vectors, names), _scatter(intents.vectors, intents.names)]
    within, between = (np.mean([scatter[side] for scatter in scatters], axis=0) for side in (0, 1))
    size = len(within)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / size * np.eye(size)
    values, components = eigh(between, within)
    best = np.argsort(-values)[:DIRECTIONS]
    scale = np.sqrt(values[best] / (1 + values[best]))  # components that separate the classes better count for more
    mean = (vectors.mean(axis=0) + intents.vectors.mean(axis=0)) / 2
    kinds = np.unique(names, return_inverse=True)[1]
    clusterer = QuestionClusterer(
        mean.astype(np.float32),
        (components[:, best] * scale).astype(np.float32),
        np.zeros((0, len(best)), np.float32),
        kinds,
        0.0,
        0.0,
        0.0,
        fingerprint,
    )
    return replace(clusterer, examples=clusterer.project(vectors))


def _scatter(vectors: Vectors, names: NDArray[np.str_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the covariances within classes and between them, each of shape (dimensions, dimensions)."""
    classes = [vectors[names == name].astype(np.float64) for name in sorted(set(names))]
    within = np.mean([np.cov(rows, rowvar=False) for rows in classes if len(rows) > 1], axis=0)
    return within, np.cov(np.array([rows.mean(axis=0) for rows in classes]), rowvar=False)


def _labels(wordings: Wordings, clusterer: QuestionClusterer, fingerprint: str) -> NDArray[np.int64]:
    return clusterer.groups(clusterer.features(wordings.vectors, wordings.timed, fingerprint), fingerprint)


def _fallback_score(clinics: list[Wordings], clusterer: QuestionClusterer, threshold: float) -> float:
    """Return B-cubed F as with an encoder for which the clusterer was not fitted."""
    return _measure(clinics, replace(clusterer, fallback_threshold=threshold), fingerprint="another")["b-cubed f"]


def _measure(clinics: list[Wordings], clusterer: QuestionClusterer, fingerprint: str = "") -> dict[str, float]:
    """Return figures over all clinics: of pairs, of wordings (B-cubed), and of wordings in their group's largest row.

    Source of B-cubed: A. Bagga and B. Baldwin, "Entity-based cross-document coreferencing", COLING-ACL 1998.
    """
    same = together = both = 0
    recall, precision, main = [], [], []
    for clinic in clinics:
        labels = _labels(clinic, clusterer, fingerprint or clusterer.fingerprint)
        expected, predicted = clinic.names[:, None] == clinic.names, labels[:, None] == labels
        both += int((expected & predicted).sum()) - len(labels)
        same += int(expected.sum()) - len(labels)
        together += int(predicted.sum()) - len(labels)
        recall += ((expected & predicted).sum(axis=1) / expected.sum(axis=1)).tolist()
        precision += ((expected & predicted).sum(axis=1) / predicted.sum(axis=1)).tolist()
        main += [labels[row] == np.bincount(labels[expected[row]]).argmax() for row in range(len(labels))]
    mean_recall, mean_precision = float(np.mean(recall)), float(np.mean(precision))
    return {
        "pairs: recall": both / same,
        "pairs: precision": both / together,
        "b-cubed recall": mean_recall,
        "b-cubed precision": mean_precision,
        "b-cubed f": 2 * mean_recall * mean_precision / (mean_recall + mean_precision),
        "in the row of their group": float(np.mean(main)),
    }


def _figures(clinics: list[Wordings], clusterer: QuestionClusterer) -> dict[str, object]:
    counts = {
        "clinics": len(clinics),
        "groups": sum(len(set(clinic.names)) for clinic in clinics),
        "wordings": sum(len(clinic.texts) for clinic in clinics),
    }
    return counts | {name: round(value, 3) for name, value in _measure(clinics, clusterer).items()}


def _print_groups(clinics: list[Wordings], clusterer: QuestionClusterer) -> None:
    """Print the rows that hold more than one group or fewer than three wordings."""
    for clinic in clinics:
        labels = _labels(clinic, clusterer, clusterer.fingerprint)
        for label in sorted(set(labels.tolist())):
            rows = np.flatnonzero(labels == label)
            names = sorted({str(clinic.names[row]) for row in rows})
            if len(names) > 1 or len(rows) < 3:
                print(f"{clinic.clinic}: {' + '.join(names)}: {'; '.join(clinic.texts[row] for row in rows)}")


if __name__ == "__main__":
    main()
