"""Fits the weights of the ranking, chatbot/answering/ranking.json.

    python -m training.fit_ranking --data FOLDER

No weight may be negative: more evidence never counts against a passage. The fit minimises the softmax loss of the right
passage among a question's candidates, each corpus counting alike and a clinic for more. Every clinic and every public
collection is also held out once, and the figures tell how the fit to the others ranks it, what each signal alone does,
and what is lost without it. training/corpora.py says what the data are.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tqdm import tqdm

from chatbot.answering.ranking import SIGNALS, signals
from chatbot.indexing import Query
from training.cached import CachedEncoder
from training.corpora import CUTS, SEED, Asked, Corpus, clinics, cuts

SHARPNESS = 10  # so that weights come out near 1
PENALTY = 1e-3  # on the square of a weight, against weights that run off where all questions are right
CLINIC = 2.5  # what a clinic counts for beside a cut of a public collection: it is what Footnote is for

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """A question's candidates: their signals, and which are right."""

    signals: Floats
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choices:
    """The questions of one corpus; `part` is what is held out together: a clinic, or a collection."""

    group: str
    part: str
    choices: tuple[Choice, ...]


def main() -> None:
    """Fit, hold out, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/ranking.json"))
    options = parser.parse_args()
    encoder = CachedEncoder()
    every = [*clinics(encoder), *tqdm(cuts(options.data, encoder), desc="Cuts", total=_cuts())]
    corpora = [_choices(corpus, encoder) for corpus in every]
    weights = _fit(corpora)
    told = {
        "weights": dict(zip(SIGNALS, (round(float(one), 3) for one in weights), strict=True)),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"clinics": sum(one.group == "clinics" for one in corpora), "cuts": CUTS, "seed": SEED},
        "held_out": _held_out(corpora),
    }
    options.out.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    print(json.dumps(told, indent=2))


def _cuts() -> int:
    return sum(times for wanted in CUTS.values() for times, _ in wanted)


def _choices(corpus: Corpus, encoder: CachedEncoder) -> Choices:
    asked = [one for one in corpus.asked if one.answerable and not one.earlier]
    choices = tuple(_choice(corpus, one, encoder) for one in asked)
    return Choices(corpus.group, corpus.name if corpus.group == "clinics" else corpus.group, choices)


def _choice(corpus: Corpus, asked: Asked, encoder: CachedEncoder) -> Choice:
    (encoded,) = encoder.encode_questions([asked.question])
    evidence = corpus.index.evidence(Query.of(asked.question, encoded))
    right = np.array([asked.right(passage) for passage in evidence.passages])
    return Choice(signals(evidence).astype(np.float64), right)


def _fit(corpora: Sequence[Choices], without: int | None = None) -> Floats:
    """Fit the weights; `without` names a signal that must get none."""
    fitted = [
        ([one for one in corpus.choices if one.right.any()], CLINIC if corpus.group == "clinics" else 1)
        for corpus in corpora
    ]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = PENALTY * float(weights @ weights), 2 * PENALTY * weights
        for choices, counts in fitted:
            for one in choices:
                scores = np.exp(SHARPNESS * (one.signals @ weights - (one.signals @ weights).max()))
                every, right = scores / scores.sum(), scores * one.right / (scores @ one.right)
                total -= counts * float(np.log((scores @ one.right) / scores.sum())) / len(choices)
                slope = slope - counts * SHARPNESS * ((right - every) @ one.signals) / len(choices)
        return total, slope

    bounds = [(0, 0 if number == without else None) for number in range(len(SIGNALS))]
    return np.asarray(minimize(loss, np.zeros(len(SIGNALS)), jac=True, bounds=bounds).x)


def _held_out(corpora: Sequence[Choices]) -> dict[str, dict[str, list[float]]]:
    """Tell how the fit to the others ranks each group, first and in three: whole, each signal alone, and without it."""
    ways: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for part in tqdm(dict.fromkeys(one.part for one in corpora), desc="Held out"):
        others, own = [one for one in corpora if one.part != part], [one for one in corpora if one.part == part]
        group = own[0].group
        ways[group]["all"].append(_found(own, _fit(others)))
        for number, name in enumerate(SIGNALS):
            ways[group][f"{name} alone"].append(_found(own, np.eye(len(SIGNALS))[number]))
            ways[group][f"without {name}"].append(_found(own, _fit(others, without=number)))
    return {
        group: {way: [round(float(one), 3) for one in np.mean(found, axis=0)] for way, found in told.items()}
        for group, told in ways.items()
    }


def _found(corpora: Sequence[Choices], weights: Floats) -> tuple[float, float]:
    """Give the share of questions whose right passage comes first, and among the first three."""
    ranks = [
        int(np.argmax(one.right[np.argsort(-(one.signals @ weights), kind="stable")])) if one.right.any() else 99
        for corpus in corpora
        for one in corpus.choices
    ]
    return float(np.mean([rank == 0 for rank in ranks])), float(np.mean([rank < 3 for rank in ranks]))


if __name__ == "__main__":
    main()
