"""Fits the gate, chatbot/answering/gate.json; run it after training.fit_ranking.

    python -m training.fit_gate --data FOLDER

An answer is right if one of the three best passages answers the question. Questions with and without an answer weigh
alike, and so does each kind of the latter. Clinics count as much as all cuts of public collections. Every clinic and
every collection is held out once. The figures and the thresholds come from the fits that have not seen it.
training/corpora.py names the data.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from chatbot.answering.gate import GATE_SIGNALS, gate_signals
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import search
from training.cached import CachedEncoder
from training.corpora import CLINICS, CUTS, SEED, Corpus, clinics, cuts

SHARES = (0.2, 0.1, 0.05, 0.03, 0.02, 0.01)  # of wrong answers, from which a clinic chooses
LIKELY = 0.3  # probability below which the ways to reach the clinic go before the passages
HIDDEN = 0.015  # share of the clinics' right passages that may be hidden, so that unanswerable questions show none

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """A question with its signals, and whether one of the best three passages is right."""

    group: str
    part: str
    kind: str
    signals: tuple[float, ...]
    answerable: bool
    right: bool


def main() -> None:
    """Fit, measure on held-out parts, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/gate.json"))
    options = parser.parse_args()
    examples = list(_ask_all(options.data))
    weights, intercept = _fit(examples)
    probabilities = _held_out(examples)
    file = {
        "weights": {name: round(float(weight), 4) for name, weight in zip(GATE_SIGNALS, weights, strict=True)},
        "intercept": round(intercept, 4),
        "risk": [[share, round(_threshold(examples, probabilities, share), 4)] for share in SHARES],
        "related": round(_related(examples, probabilities), 4),
        "likely": LIKELY,
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {
            "clinics": len({example.part for example in examples if example.group == "clinics"}),
            "cuts": CUTS,
            "seed": SEED,
        },
        "held_out": _figures(examples, probabilities),
    }
    options.out.write_text(json.dumps(file, indent=2) + "\n", "utf-8")
    print(json.dumps(file, indent=2))


def _ask_all(data: Path) -> Iterator[Example]:
    encoder, ranking = CachedEncoder(), Ranking.fitted()
    total = sum(path.is_dir() for path in CLINICS.iterdir()) + sum(
        times for sizes in CUTS.values() for times, _ in sizes
    )
    for source in (clinics(encoder), cuts(data, encoder)):
        for corpus in tqdm(source, desc="Corpora", total=total):
            yield from _ask(corpus, encoder, ranking)


def _ask(corpus: Corpus, encoder: CachedEncoder, ranking: Ranking) -> Iterator[Example]:
    part = corpus.name if corpus.group == "clinics" else corpus.group
    for question in corpus.questions:
        result = search(corpus.index, encoder, ranking, question.question, question.history)
        if result is None:
            continue
        signals = gate_signals(corpus.index, result.topic_free, result.gate_text, result.hits)
        right = [question.is_right(hit.passage) for hit in result.hits[:3]]
        yield Example(corpus.group, part, question.kind, tuple(signals), question.answerable, any(right))


def _fit(examples: Sequence[Example]) -> tuple[Floats, float]:
    curve = LogisticRegression(C=1e3, max_iter=1000).fit(
        [example.signals for example in examples],
        [example.right for example in examples],
        sample_weight=_weights(examples),
    )
    return curve.coef_[0], float(curve.intercept_[0])


def _weights(examples: Sequence[Example]) -> list[float]:
    keys = [
        (example.group == "clinics", example.answerable, "" if example.answerable else example.kind)
        for example in examples
    ]
    counts = Counter(keys)
    kinds = Counter(from_clinic for from_clinic, answerable, _ in counts if not answerable)
    return [len(examples) / counts[key] / (1 if key[1] else kinds[key[0]]) for key in keys]


def _held_out(examples: Sequence[Example]) -> Floats:
    """Return the probability of each example by the fit to the other parts, shape (examples,)."""
    probabilities = np.zeros(len(examples))
    for part in dict.fromkeys(example.part for example in examples):
        weights, intercept = _fit([example for example in examples if example.part != part])
        for number, example in enumerate(examples):
            if example.part == part:
                probabilities[number] = 1 / (1 + np.exp(-(np.array(example.signals) @ weights + intercept)))
    return probabilities


def _threshold(examples: Sequence[Example], probabilities: Floats, share: float) -> float:
    """Return the lowest probability from which on at most a share of the clinics' answers is wrong, or 1."""
    answers = [
        (probabilities[row], example.right) for row, example in enumerate(examples) if example.group == "clinics"
    ]
    answers.sort(reverse=True)
    wrong = np.cumsum([not right for _, right in answers]) / np.arange(1, len(answers) + 1)
    allowed = np.flatnonzero(wrong <= share)
    return float(answers[allowed[-1]][0]) if len(allowed) else 1.0


def _related(examples: Sequence[Example], probabilities: Floats) -> float:
    """Return the probability below which the share `HIDDEN` of the clinics' right answers lies."""
    right = [probabilities[row] for row, example in enumerate(examples) if example.group == "clinics" and example.right]
    return float(np.quantile(right, HIDDEN))


def _figures(examples: Sequence[Example], probabilities: Floats) -> dict[str, dict[str, float]]:
    """Return by group the mean AUROC within a part, of each kind against the answerable, and the clinics' coverage."""
    figures: dict[str, dict[str, float]] = {}
    for group in dict.fromkeys(example.group for example in examples):
        areas = defaultdict(list)
        for part in dict.fromkeys(example.part for example in examples if example.group == group):
            rows = [row for row, example in enumerate(examples) if example.part == part]
            right = [
                float(probabilities[row])
                for row in rows
                if examples[row].answerable and examples[row].kind != "follow-up"
            ]
            for kind in {examples[row].kind for row in rows if not examples[row].answerable} | {"all"}:
                wrong = [
                    float(probabilities[row])
                    for row in rows
                    if not examples[row].answerable
                    and (examples[row].kind == kind or (kind == "all" and examples[row].kind != "follow-up"))
                ]
                if wrong:
                    areas[kind].append(roc_auc_score([1] * len(right) + [0] * len(wrong), right + wrong))
        figures[group] = {kind: round(float(np.mean(area)), 3) for kind, area in sorted(areas.items())}
    ours = [row for row, example in enumerate(examples) if example.group == "clinics"]
    related = _related(examples, probabilities)
    for kind in sorted({examples[row].kind for row in ours if not examples[row].answerable}):
        shown = [
            probabilities[row] >= related for row in ours if examples[row].kind == kind and not examples[row].answerable
        ]
        figures["clinics"][f"{kind} shown"] = round(float(np.mean(shown)), 3)
    for share in SHARES:
        threshold = _threshold(examples, probabilities, share)
        given = [row for row in ours if probabilities[row] >= threshold]
        answerable = sum(examples[row].answerable for row in ours)
        figures["clinics"][f"right answers at {share:.0%} wrong"] = round(
            sum(examples[row].right for row in given) / answerable, 3
        )
    return figures


if __name__ == "__main__":
    main()
