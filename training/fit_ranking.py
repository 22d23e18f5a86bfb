"""Fits the weights of the ranking, chatbot/answering/ranking.json.

    python -m training.fit_ranking --data FOLDER

No weight may be negative: more evidence never counts against a passage. The fit minimises the softmax loss of the right
passage among a question's candidates. Every corpus counts alike, but a clinic counts more. Every clinic and every
public collection is also held out once. The figures show how the fit to the others ranks it, with all signals, with
each signal alone and without each. training/corpora.py names the data.
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

from chatbot.answering.ranking import RANKING_SIGNALS, signals
from chatbot.indexing import Query
from training.cached import CachedEncoder
from training.corpora import CUTS, SEED, Corpus, CorpusQuestion, clinics, cuts

SHARPNESS = 10  # scale of the scores, with which the weights come out near 1
PENALTY = 1e-3  # L2 penalty, without which weights grow without bound where all questions are right
CLINIC = 2.5  # weight of a clinic beside a cut of a public collection, because Footnote serves clinics

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """A question's candidates: their signals, shape (candidates, signals), and which are right."""

    signals: Floats
    right: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choices:
    """The questions of one corpus. `part` is held out together: a clinic, or a collection."""

    group: str
    part: str
    choices: tuple[Choice, ...]


def main() -> None:
    """Fit, measure on held-out parts, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/ranking.json"))
    options = parser.parse_args()
    encoder = CachedEncoder()
    indexed = [*clinics(encoder), *tqdm(cuts(options.data, encoder), desc="Cuts", total=_cuts())]
    corpora = [_choices(corpus, encoder) for corpus in indexed]
    weights = _fit(corpora)
    values = {
        "weights": dict(zip(RANKING_SIGNALS, (round(float(weight), 3) for weight in weights), strict=True)),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"clinics": sum(corpus.group == "clinics" for corpus in corpora), "cuts": CUTS, "seed": SEED},
        "held_out": _held_out(corpora),
    }
    options.out.write_text(json.dumps(values, indent=2) + "\n", "utf-8")
    print(json.dumps(values, indent=2))


def _cuts() -> int:
    return sum(times for wanted in CUTS.values() for times, _ in wanted)


def _choices(corpus: Corpus, encoder: CachedEncoder) -> Choices:
    alone = [question for question in corpus.questions if question.answerable and not question.history]
    choices = tuple(_choice(corpus, question, encoder) for question in alone)
    return Choices(corpus.group, corpus.name if corpus.group == "clinics" else corpus.group, choices)


def _choice(corpus: Corpus, question: CorpusQuestion, encoder: CachedEncoder) -> Choice:
    (encoded,) = encoder.encode_questions([question.question])
    evidence = corpus.index.evidence(Query.of(question.question, encoded))
    right = np.array([question.is_right(passage) for passage in evidence.passages])
    return Choice(signals(evidence).astype(np.float64), right)


def _fit(corpora: Sequence[Choices], without: int | None = None) -> Floats:
    """Return the weights of the signals. The signal numbered `without` gets the weight 0."""
    weighted = [
        ([choice for choice in corpus.choices if choice.right.any()], CLINIC if corpus.group == "clinics" else 1)
        for corpus in corpora
    ]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = PENALTY * float(weights @ weights), 2 * PENALTY * weights
        for choices, importance in weighted:
            for choice in choices:
                scores = np.exp(SHARPNESS * (choice.signals @ weights - (choice.signals @ weights).max()))
                softmax, right = scores / scores.sum(), scores * choice.right / (scores @ choice.right)
                total -= importance * float(np.log((scores @ choice.right) / scores.sum())) / len(choices)
                slope = slope - importance * SHARPNESS * ((right - softmax) @ choice.signals) / len(choices)
        return total, slope

    bounds = [(0, 0 if number == without else None) for number in range(len(RANKING_SIGNALS))]
    return np.asarray(minimize(loss, np.zeros(len(RANKING_SIGNALS)), jac=True, bounds=bounds).x)


def _held_out(corpora: Sequence[Choices]) -> dict[str, dict[str, list[float]]]:
    """Return hit@1 and hit@3 of each group by fits to the other parts: all signals, each alone, and without each."""
    hits: dict[str, dict[str, list[tuple[float, float]]]] = defaultdict(lambda: defaultdict(list))
    for part in tqdm(dict.fromkeys(corpus.part for corpus in corpora), desc="Held out"):
        others = [corpus for corpus in corpora if corpus.part != part]
        own = [corpus for corpus in corpora if corpus.part == part]
        group = own[0].group
        hits[group]["all"].append(_hit_rates(own, _fit(others)))
        for number, name in enumerate(RANKING_SIGNALS):
            hits[group][f"{name} alone"].append(_hit_rates(own, np.eye(len(RANKING_SIGNALS))[number]))
            hits[group][f"without {name}"].append(_hit_rates(own, _fit(others, without=number)))
    return {
        group: {way: [round(float(rate), 3) for rate in np.mean(rates, axis=0)] for way, rates in ways.items()}
        for group, ways in hits.items()
    }


def _hit_rates(corpora: Sequence[Choices], weights: Floats) -> tuple[float, float]:
    """Return hit@1 and hit@3."""
    ranks = [
        int(np.argmax(choice.right[np.argsort(-(choice.signals @ weights), kind="stable")]))
        if choice.right.any()
        else 99
        for corpus in corpora
        for choice in corpus.choices
    ]
    return float(np.mean([rank == 0 for rank in ranks])), float(np.mean([rank < 3 for rank in ranks]))


if __name__ == "__main__":
    main()
