"""Fits what puts wordings of one question together, clustering.json and .npz in chatbot/staff/insights.

    python -m training.fit_clustering            # fit, write, print the figures
    python -m training.fit_clustering --check    # print the figures of what is written

`paraphrases.txt` has the wordings. From its part "fit", and from `intents.toml`, come the directions: Fisher's, every
way to ask one thing being a class. The wordings of that part are kept, as vectors, as examples of their kinds. Two
numbers, what asking for a time counts and the distance at which groups stay apart, are chosen on the clinics of that
part with directions learnt without them. The clinics of the part "held" are then grouped, each by itself as its own
journal would be; their figures are in the file.
"""

import argparse
import json
import random
import tempfile
import tomllib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from chatbot.indexing import Index, Vectors, build_index, open_index
from chatbot.language import Spelling
from chatbot.staff.insights.clustering import QuestionClusterer, asks_time
from training.cached import CachedEncoder
from training.corpora import CLINICS, SEED

HERE = Path(__file__).parent
OUT = Path("chatbot/staff/insights")
DIRECTIONS = 100
SHRINKAGE = 0.3  # of the scatter within classes, towards a sphere
STEPS = 127  # of the signed bytes in which the file keeps the wordings
SUBJECTS = 4  # of each way to ask that has a place for one
TIMED = (0.0, 0.15, 0.25, 0.35, 0.5)
APART = np.arange(0.4, 1.0, 0.02)


@dataclass(frozen=True, slots=True)
class Wordings:
    """Wordings of one clinic: what is asked in each, its vector without the corpus's topic, whether it asks a time."""

    clinic: str
    names: NDArray[np.str_]
    texts: tuple[str, ...]
    vectors: Vectors
    timed: tuple[bool, ...]


def main() -> None:
    """Fit and write, unless told to check only, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--check", action="store_true", help="measure what is written, fit nothing")
    encoder = CachedEncoder()
    fit, held = _read("fit", encoder), _read("held", encoder)
    fitted = QuestionClusterer.fitted() if parser.parse_args().check else _fitted(fit, held, encoder)
    print(json.dumps(_figures(held, fitted), indent=2))
    _print_groups(held, fitted)


def _fitted(fit: list[Wordings], held: list[Wordings], encoder: CachedEncoder) -> QuestionClusterer:
    anywhere, clinics = fit[0], fit[1:]
    intents = _intents(encoder)
    first = _learnt([anywhere], intents, encoder.fingerprint)
    chosen = max(
        (replace(first, time_weight=timed, threshold=float(apart)) for timed, apart in product(TIMED, APART)),
        key=lambda one: _measured(clinics, one)["b-cubed f"],
    )
    plain = max((float(apart) for apart in APART), key=lambda apart: _plain(clinics, chosen, apart))
    last = _learnt([anywhere, *clinics], intents, encoder.fingerprint)
    clusterer = replace(
        last, time_weight=chosen.time_weight, threshold=round(chosen.threshold, 4), fallback_threshold=round(plain, 4)
    )
    examples = np.round(clusterer.examples * STEPS / np.abs(clusterer.examples).max()).astype(np.int8)
    middle, directions = clusterer.mean.astype(np.float16), clusterer.components.astype(np.float16)
    kinds = clusterer.kinds.astype(np.int16)
    np.savez_compressed(OUT / "clustering.npz", examples=examples, kinds=kinds, mean=middle, components=directions)
    written = {
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
        "time_weight": clusterer.time_weight,
        "threshold": clusterer.threshold,
        "fallback_threshold": clusterer.fallback_threshold,
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"wordings": sum(len(one.texts) for one in fit), "sentences of intents": len(intents.texts)},
        "clinics that chose the two numbers": _figures(clinics, chosen),
        "held out": _figures(held, clusterer),
    }
    (OUT / "clustering.json").write_text(json.dumps(written, indent=2) + "\n", "utf-8")
    return clusterer


def _read(part: str, encoder: CachedEncoder) -> list[Wordings]:
    told: dict[str, list[tuple[str, str]]] = {}
    name, clinic, wanted = "", "", False
    for line in (HERE / "paraphrases.txt").read_text("utf-8").splitlines():
        if line.startswith("% "):
            _, half, clinic = line.split()
            wanted = half == part
        elif line.startswith("# "):
            name = line[2:]
        elif wanted and line and not line.startswith(";"):
            told.setdefault(clinic, []).append((name, line))
    return [_wordings(clinic, asked, encoder) for clinic, asked in told.items()]


def _wordings(clinic: str, asked: list[tuple[str, str]], encoder: CachedEncoder) -> Wordings:
    if clinic == "anywhere":
        return _encoded(clinic, _filled(asked), encoder)
    corpus = Path("corpus") if clinic == "microneedling" else CLINICS / clinic / "corpus"
    index = _index(corpus, encoder)
    spelling = Spelling(index.words, lambda word: encoder.count_tokens(word) == 1)
    corrected = [(name, spelling.corrected(text)) for name, text in asked]
    return _encoded(clinic, [(name, index.without_topic(text) or text) for name, text in corrected], encoder)


def _filled(asked: list[tuple[str, str]]) -> list[tuple[str, str]]:
    chance = random.Random(SEED)
    topics = tomllib.loads((HERE / "intents.toml").read_text("utf-8"))["topics"]
    return [
        (name, " ".join(text.format(topic).split()))
        for name, text in asked
        for topic in (["it", "", *chance.sample(topics, SUBJECTS - 2)] if "{}" in text else [""])
    ]


def _intents(encoder: CachedEncoder) -> Wordings:
    chance = random.Random(SEED)
    told = tomllib.loads((HERE / "intents.toml").read_text("utf-8"))
    asked = [
        (f"intent {name}", text.format(topic))
        for name, texts in (told["routed"] | told["paged"]).items()
        for text in texts
        for topic in chance.sample(told["topics"], 10 if "{}" in text else 1)
    ]
    return _encoded("intents", asked, encoder)


def _encoded(clinic: str, asked: list[tuple[str, str]], encoder: CachedEncoder) -> Wordings:
    texts = tuple(text for _, text in asked)
    vectors = np.array([one.vector for one in encoder.encode_questions(texts)])
    return Wordings(clinic, np.array([name for name, _ in asked]), texts, vectors, tuple(map(asks_time, texts)))


def _learnt(own: list[Wordings], intents: Wordings, fingerprint: str) -> QuestionClusterer:
    """Learn the directions; the intents, broader classes, are scattered by themselves and count as much."""
    vectors = np.concatenate([one.vectors for one in own])
    names = np.concatenate([one.names for one in own])
    scatters = [_scatter(vectors, names), _scatter(intents.vectors, intents.names)]
    within, between = (np.mean([one[side] for one in scatters], axis=0) for side in (0, 1))
    size = len(within)
    within = (1 - SHRINKAGE) * within + SHRINKAGE * np.trace(within) / size * np.eye(size)
    values, directions = eigh(between, within)
    best = np.argsort(-values)[:DIRECTIONS]
    scale = np.sqrt(values[best] / (1 + values[best]))  # what is surer to tell classes apart counts for more
    middle = (vectors.mean(axis=0) + intents.vectors.mean(axis=0)) / 2
    kinds = np.unique(names, return_inverse=True)[1]
    learnt = QuestionClusterer(
        middle.astype(np.float32),
        (directions[:, best] * scale).astype(np.float32),
        np.zeros((0, len(best)), np.float32),
        kinds,
        0.0,
        0.0,
        0.0,
        fingerprint,
    )
    return replace(learnt, examples=learnt.project(vectors))


def _scatter(vectors: Vectors, names: NDArray[np.str_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    classes = [vectors[names == name].astype(np.float64) for name in sorted(set(names))]
    within = np.mean([np.cov(one, rowvar=False) for one in classes if len(one) > 1], axis=0)
    return within, np.cov(np.array([one.mean(axis=0) for one in classes]), rowvar=False)


def _labels(one: Wordings, clusterer: QuestionClusterer, fingerprint: str) -> NDArray[np.int64]:
    return clusterer.groups(clusterer.features(one.vectors, one.timed, fingerprint), fingerprint)


def _plain(clinics: list[Wordings], clusterer: QuestionClusterer, apart: float) -> float:
    return _measured(clinics, replace(clusterer, fallback_threshold=apart), fingerprint="another")["b-cubed f"]


def _measured(clinics: list[Wordings], clusterer: QuestionClusterer, fingerprint: str = "") -> dict[str, float]:
    """Give the figures over all clinics: of pairs, of wordings (B-cubed), and of wordings in their group's own row."""
    same = together = both = 0
    recall, precision, main = [], [], []
    for one in clinics:
        labels = _labels(one, clusterer, fingerprint or clusterer.fingerprint)
        meant, put = one.names[:, None] == one.names, labels[:, None] == labels
        both += int((meant & put).sum()) - len(labels)
        same += int(meant.sum()) - len(labels)
        together += int(put.sum()) - len(labels)
        recall += ((meant & put).sum(axis=1) / meant.sum(axis=1)).tolist()
        precision += ((meant & put).sum(axis=1) / put.sum(axis=1)).tolist()
        main += [labels[row] == np.bincount(labels[meant[row]]).argmax() for row in range(len(labels))]
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
        "groups": sum(len(set(one.names)) for one in clinics),
        "wordings": sum(len(one.texts) for one in clinics),
    }
    return counts | {name: round(value, 3) for name, value in _measured(clinics, clusterer).items()}


def _print_groups(clinics: list[Wordings], clusterer: QuestionClusterer) -> None:
    """Print the rows that hold more than one group, and the wordings that lie outside of theirs."""
    for one in clinics:
        labels = _labels(one, clusterer, clusterer.fingerprint)
        for label in sorted(set(labels.tolist())):
            rows = np.flatnonzero(labels == label)
            names = sorted({str(one.names[row]) for row in rows})
            if len(names) > 1 or len(rows) < 3:
                print(f"{one.clinic}: {' + '.join(names)}: {'; '.join(one.texts[row] for row in rows)}")


def _index(corpus: Path, encoder: CachedEncoder) -> Index:
    with tempfile.TemporaryDirectory() as folder:
        build_index(corpus, Path(folder), encoder)
        return open_index(corpus, Path(folder), encoder)[1]


if __name__ == "__main__":
    main()
