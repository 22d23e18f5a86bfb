"""Fits the weights of the ranking, chatbot/answering/ranking.json.

    python -m benchmarks.fit_ranking --data FOLDER

No weight may be negative: more evidence never counts against a passage.

Each collection is cut into corpora as clinics have them: a few dozen passages on one subject, and some hundred on many.
The fit minimises the softmax loss of the right passage among a question's candidates, each corpus counting alike. Every
collection is also held out once, and the figures tell how the fit to the others ranks it.

Data: stackfaq (MIT, content CC BY-SA), squad2_dev (CC BY-SA 4.0), covidqa_deepset (Apache-2.0), medquad_small
(CC BY 4.0), pubmedqa_l (MIT).
"""

import argparse
import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tqdm import tqdm

from benchmarks.cached import CachedEncoder
from benchmarks.public_data import Collection, load_collection, write_corpus
from chatbot.answering.ranking import SIGNALS, signals
from chatbot.indexing import build_index, open_index

CORPORA: dict[
    str, list[tuple[int, int | str]]
] = {  # how many corpora of how many documents; "subject": the documents of one article
    "stackfaq": [(1, 125), (2, 60), (2, 25)],
    "squad2_dev": [(8, "subject"), (1, 250)],
    "covidqa_deepset": [(8, "subject"), (1, 200)],
    "medquad_small": [(2, 30), (2, 120), (1, 300)],
    "pubmedqa_l": [(1, 40), (1, 200)],
}
QUESTIONS = 60  # of each corpus
SHARPNESS = 10  # so that weights come out near 1
PENALTY = 1e-3  # on the square of a weight, against weights that run off where all questions are right
SEED = 20261123

__all__ = ["part"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's candidates: their signals, and which are right."""

    signals: Floats
    right: NDArray[np.bool_]


def main() -> None:
    """Fit, hold out, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/ranking.json"))
    options = parser.parse_args()
    asked = _asked(options.data)
    weights = _fit([corpus for corpora in asked.values() for corpus in corpora])
    held_out = {}
    for name, corpora in asked.items():
        others = _fit([corpus for other in asked if other != name for corpus in asked[other]])
        held_out[name] = {
            "first": _first(corpora, others),
            "best_sentence_alone": _first(corpora, np.array([0, 1.0, 0])),
        }
    told = {
        "weights": dict(zip(SIGNALS, (round(float(one), 3) for one in weights), strict=True)),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"corpora": CORPORA, "questions": QUESTIONS, "seed": SEED},
        "held_out": held_out,
        "without": {name: _first_without(asked, number) for number, name in enumerate(SIGNALS)},
        "all": _mean_first(asked, weights),
    }
    options.out.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    print(json.dumps(told, indent=2))


def _asked(data: Path) -> dict[str, list[list[Asked]]]:
    encoder = CachedEncoder()
    chance = random.Random(SEED)
    asked: dict[str, list[list[Asked]]] = {}
    for name, wanted in tqdm(CORPORA.items(), desc="Collections"):
        whole = load_collection(data / name)
        corpora = [part(whole, size, chance) for times, size in wanted for _ in range(times)]
        asked[name] = [_ask(corpus, encoder, chance) for corpus in corpora]
    return asked


def part(whole: Collection, size: int | str, chance: random.Random) -> Collection:
    """Take a corpus out of a collection: so many documents at random, or those of one subject."""
    if isinstance(size, int):
        return whole.sample(size, chance.randrange(10**6))
    subjects = defaultdict(set)
    for one in whole.documents:
        subjects[one.rsplit("_", 1)[0]].add(one)
    return whole.only(subjects[chance.choice(sorted(name for name, own in subjects.items() if len(own) >= 8))])


def _ask(corpus: Collection, encoder: CachedEncoder, chance: random.Random) -> list[Asked]:
    queries = [query for query in corpus.queries if query.gold]
    queries = chance.sample(queries, min(QUESTIONS, len(queries)))
    with tempfile.TemporaryDirectory() as folder:
        names = write_corpus(corpus, Path(folder, "corpus"))
        build_index(Path(folder, "corpus"), Path(folder, "index"), encoder)
        _, index = open_index(Path(folder, "corpus"), Path(folder, "index"), encoder)
    asked = []
    for query in queries:
        evidence = index.evidence(encoder.encode_questions([query.text])[0], query.text)
        gold = {names[one] for one in query.gold if one in names}
        right = np.array([passage.document in gold for passage in evidence.passages])
        asked.append(Asked(signals(evidence).astype(np.float64), right))
    return asked


def _fit(corpora: Sequence[Sequence[Asked]]) -> Floats:
    corpora = [[one for one in corpus if one.right.any()] for corpus in corpora]

    def loss(weights: Floats) -> tuple[float, Floats]:
        total, slope = PENALTY * float(weights @ weights), 2 * PENALTY * weights
        for corpus in corpora:
            for one in corpus:
                scores = np.exp(SHARPNESS * (one.signals @ weights - (one.signals @ weights).max()))
                every, right = scores / scores.sum(), scores * one.right / (scores @ one.right)
                share = 1 / len(corpus) / len(corpora)
                total += share * float(np.log(scores.sum()) - np.log(scores @ one.right))
                slope = slope + share * SHARPNESS * ((every - right) @ one.signals)
        return total, slope

    return np.asarray(
        minimize(loss, np.ones(len(SIGNALS)), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(SIGNALS)).x
    )


def _first(corpora: Sequence[Sequence[Asked]], weights: Floats) -> float:
    """Give the share of questions with a right passage first, each corpus counting alike."""
    return round(
        float(
            np.mean([np.mean([one.right[(one.signals @ weights).argmax()] for one in corpus]) for corpus in corpora])
        ),
        3,
    )


def _mean_first(asked: dict[str, list[list[Asked]]], weights: Floats) -> float:
    return round(float(np.mean([_first(corpora, weights) for corpora in asked.values()])), 3)


def _first_without(asked: dict[str, list[list[Asked]]], number: int) -> float:
    """Give what is found first by a fit without one of the signals."""
    kept = np.arange(len(SIGNALS)) != number
    part = {
        name: [[Asked(one.signals * kept, one.right) for one in corpus] for corpus in corpora]
        for name, corpora in asked.items()
    }
    return _mean_first(part, _fit([corpus for corpora in part.values() for corpus in corpora]))


if __name__ == "__main__":
    main()
