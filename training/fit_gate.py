"""Fits the gate, chatbot/answering/gate.json; run it after training.fit_ranking.

    python -m training.fit_gate --data FOLDER

An answer is right if one of the three best passages answers the question. The fit weighs questions with and without an
answer alike, and each kind of the latter alike; clinics count for as much as all cuts of public collections. Every
clinic and every collection is held out once, and the figures and the shares of wrong answers are those of the fits that
have not seen it. training/corpora.py says what the data are.
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

from chatbot.answering.gate import CALIBRATED, SIGNALS, Calibration, gate_signals
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import search
from training.cached import CachedEncoder
from training.corpora import CUTS, SEED, Corpus, clinics, cuts

SHARES = (0.2, 0.1, 0.05, 0.03, 0.02, 0.01)  # of wrong answers that a clinic may choose between
HIDDEN = 0.015  # share of the clinics' right passages that may be hidden, so that other questions are shown nothing

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Told:
    """A question that was asked: its signals with the corpus's own, its kind, and what is right."""

    group: str
    part: str
    kind: str
    signals: tuple[float, ...]
    answerable: bool
    right: bool
    first: bool


def main() -> None:
    """Fit, hold out, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/gate.json"))
    options = parser.parse_args()
    told = list(_ask_all(options.data))
    weights, intercept = _fit(told)
    usual = {
        name: float(np.median([one.signals[len(SIGNALS) + row] for one in told])) for row, name in enumerate(CALIBRATED)
    }
    corpus = dict(zip(CALIBRATED, weights[len(SIGNALS) :], strict=True))
    chances = _held_out(told)
    file = {
        "weights": {name: round(float(one), 4) for name, one in zip(SIGNALS, weights, strict=False)},
        "intercept": round(float(intercept + sum(corpus[name] * usual[name] for name in CALIBRATED)), 4),
        "calibration_weights": {name: round(float(one), 4) for name, one in corpus.items()},
        "baseline": {name: round(one, 4) for name, one in usual.items()},
        "risk": [[share, round(_enough(told, chances, share), 4)] for share in SHARES],
        "related": round(_related(told, chances), 4),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"clinics": len({one.part for one in told if one.group == "clinics"}), "cuts": CUTS, "seed": SEED},
        "held_out": _figures(told, chances),
    }
    options.out.write_text(json.dumps(file, indent=2) + "\n", "utf-8")
    print(json.dumps(file, indent=2))


def _ask_all(data: Path) -> Iterator[Told]:
    encoder, ranking = CachedEncoder(), Ranking.fitted()
    total = len(list(Path("training/clinics").iterdir())) + sum(
        times for wanted in CUTS.values() for times, _ in wanted
    )
    for source in (clinics(encoder), cuts(data, encoder)):
        for corpus in tqdm(source, desc="Corpora", total=total):
            yield from _ask(corpus, encoder, ranking)


def _ask(corpus: Corpus, encoder: CachedEncoder, ranking: Ranking) -> Iterator[Told]:
    measured = Calibration()(corpus.index, encoder)
    own = tuple(measured[name] for name in CALIBRATED)
    part = corpus.name if corpus.group == "clinics" else corpus.group
    for asked in corpus.asked:
        found = search(corpus.index, encoder, ranking, asked.question, asked.earlier)
        if found is None:
            continue
        signals = gate_signals(corpus.index, found.topic_free, found.gate_text, found.hits)
        right = [asked.right(hit.passage) for hit in found.hits[:3]]
        yield Told(corpus.group, part, asked.kind, (*signals, *own), asked.answerable, any(right), right[0])


def _fit(told: Sequence[Told]) -> tuple[Floats, float]:
    curve = LogisticRegression(C=1e3, max_iter=1000).fit(
        [one.signals for one in told], [one.right for one in told], sample_weight=_weights(told)
    )
    return curve.coef_[0], float(curve.intercept_[0])


def _weights(told: Sequence[Told]) -> list[float]:
    clinic = [one.group == "clinics" for one in told]
    kinds = Counter((one.group == "clinics", one.answerable, "" if one.answerable else one.kind) for one in told)
    unanswerable = Counter(ours for ours, answerable, _ in kinds if not answerable)
    return [
        len(told)
        / kinds[ours, one.answerable, "" if one.answerable else one.kind]
        / (1 if one.answerable else unanswerable[ours])
        for one, ours in zip(told, clinic, strict=True)
    ]


def _held_out(told: Sequence[Told]) -> Floats:
    """Give each question's probability by the fit to the parts that it does not belong to."""
    chances = np.zeros(len(told))
    for part in dict.fromkeys(one.part for one in told):
        weights, intercept = _fit([one for one in told if one.part != part])
        for number, one in enumerate(told):
            if one.part == part:
                chances[number] = 1 / (1 + np.exp(-(np.array(one.signals) @ weights + intercept)))
    return chances


def _enough(told: Sequence[Told], chances: Floats, share: float) -> float:
    """Give the lowest probability from which no more than a share of the clinics' answers are wrong, or 1."""
    ours = [(chances[row], one.right) for row, one in enumerate(told) if one.group == "clinics"]
    ours.sort(reverse=True)
    wrong = np.cumsum([not right for _, right in ours]) / np.arange(1, len(ours) + 1)
    allowed = np.flatnonzero(wrong <= share)
    return float(ours[allowed[-1]][0]) if len(allowed) else 1.0


def _related(told: Sequence[Told], chances: Floats) -> float:
    right = [chances[row] for row, one in enumerate(told) if one.group == "clinics" and one.right]
    return float(np.quantile(right, HIDDEN))


def _figures(told: Sequence[Told], chances: Floats) -> dict[str, dict[str, float]]:
    """Tell, by group, the mean AUROC within a corpus of each kind against the answerable, and what 5 % wrong allow."""
    figures: dict[str, dict[str, float]] = {}
    for group in dict.fromkeys(one.group for one in told):
        areas = defaultdict(list)
        for part in dict.fromkeys(one.part for one in told if one.group == group):
            rows = [row for row, one in enumerate(told) if one.part == part]
            right = [float(chances[row]) for row in rows if told[row].answerable and told[row].kind != "follow-up"]
            for kind in {told[row].kind for row in rows if not told[row].answerable} | {"all"}:
                wrong = [
                    float(chances[row])
                    for row in rows
                    if not told[row].answerable
                    and (told[row].kind == kind or (kind == "all" and told[row].kind != "follow-up"))
                ]
                if wrong:
                    areas[kind].append(roc_auc_score([1] * len(right) + [0] * len(wrong), right + wrong))
        figures[group] = {kind: round(float(np.mean(area)), 3) for kind, area in sorted(areas.items())}
    ours = [row for row, one in enumerate(told) if one.group == "clinics"]
    least = _related(told, chances)
    for kind in sorted({told[row].kind for row in ours if not told[row].answerable}):
        shown = [chances[row] >= least for row in ours if told[row].kind == kind and not told[row].answerable]
        figures["clinics"][f"{kind} shown"] = round(float(np.mean(shown)), 3)
    for share in SHARES:
        enough = _enough(told, chances, share)
        given = [row for row in ours if chances[row] >= enough]
        answerable = sum(told[row].answerable for row in ours)
        figures["clinics"][f"right answers at {share:.0%} wrong"] = round(
            sum(told[row].right for row in given) / answerable, 3
        )
    return figures


if __name__ == "__main__":
    main()
