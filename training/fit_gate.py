"""Fits the gate, chatbot/answering/gate.json; run it after training.fit_ranking and training.fit_reader.

    python -m training.fit_gate

An answer is right if one of the three best passages answers the question. The reader reads these three for every
question, so that both models of the gate see all of them. The data are the made-up clinics, and the sites that the
reader has not learned. Each is also asked some questions of the others that hold a word which its own pages never use.
Every clinic and site is held out once: the figures and the thresholds come from the fits that have not seen it.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from chatbot.answering.gate import GATE_SIGNALS, READ_SIGNALS, gate_signals
from chatbot.answering.ranking import Ranking
from chatbot.answering.reader import Reader
from chatbot.answering.search import search
from chatbot.answering.turn import hits_to_show
from chatbot.evaluation.metrics import calibration, calibration_error
from chatbot.indexing import content_words
from chatbot.records import Passage
from training.cached import CachedEncoder
from training.corpora import SEED, Corpus, CorpusQuestion, clinics, held_out_sites

SHARES = (0.2, 0.1, 0.07, 0.05, 0.03, 0.02, 0.01)  # of wrong answers, from which a clinic chooses
HIDDEN = 0.01  # share of the right passages that may be hidden, so that unanswerable questions show none
LIKELY = 0.25  # probability below which the ways to reach the clinic go first
SURE = 0.01  # share of wrong answers at which the reader need not be asked
MISLEADING = 1 / 3  # weight of an unanswerable question of a site, because visitors do not write them to mislead
ELSEWHERE = 0.15  # of a corpus's own questions, how many of other clinics are asked beside them

_ELSEWHERE = "other-clinic"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage to show: its score, its signals, the reader's logit, and whether it answers the question."""

    score: float
    signals: tuple[float, ...]
    reading: float
    right: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A question with the three best passages in the order of the search; `part` is held out together."""

    group: str
    part: str
    kind: str
    answerable: bool
    candidates: tuple[Candidate, ...]

    @property
    def right(self) -> bool:
        """Whether one of the passages answers the question."""
        return any(candidate.right for candidate in self.candidates)

    @property
    def weight(self) -> float:
        """How much it counts."""
        misleads = self.group == "sites" and not self.answerable and self.kind != _ELSEWHERE
        return MISLEADING if misleads else 1.0

    def unread(self) -> tuple[float, ...]:
        """Return the `GATE_SIGNALS`."""
        return self.candidates[0].signals

    def read(self, reading_weight: float) -> tuple[float, ...]:
        """Return the `READ_SIGNALS` of the passage that is first after reading."""
        first = max(self.candidates, key=lambda candidate: candidate.score + reading_weight * candidate.reading)
        return (*first.signals, first.reading, fmean(candidate.reading for candidate in self.candidates))


@dataclass(frozen=True, slots=True)
class Probabilities:
    """The probability of each example by both models, each of the shape (examples,)."""

    unread: Floats
    read: Floats

    def given(self, worth_reading: tuple[float, float]) -> Floats:
        """Return the probabilities that answers are given with: those after reading, where that is worth it."""
        least, greatest = worth_reading
        return np.where((self.unread >= least) & (self.unread <= greatest), self.read, self.unread)


def main() -> None:
    """Fit, measure on held-out parts, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/gate.json"))
    options = parser.parse_args()
    examples = list(_ask_all())
    reading_weight = round(_reading_weight(examples), 4)
    held_out = _held_out(examples, reading_weight)
    worth_reading = (
        round(_hidden(examples, held_out.unread), 4),
        round(_threshold(examples, held_out.unread, SURE), 4),
    )
    given = held_out.given(worth_reading)
    file = {
        "unread": _named(GATE_SIGNALS, *_fit(examples, [example.unread() for example in examples])),
        "read": _named(READ_SIGNALS, *_fit(examples, [example.read(reading_weight) for example in examples])),
        "worth_reading": worth_reading,
        "reading_weight": reading_weight,
        "risk": [[share, round(_threshold(examples, given, share), 4)] for share in SHARES],
        "related": round(_hidden(examples, given), 4),
        "likely": LIKELY,
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {
            "questions": Counter(example.kind for example in examples),
            **Counter(group for group, _ in {(example.group, example.part) for example in examples}),
            "seed": SEED,
        },
        "held_out": {
            name: _figures(examples, probabilities)
            for name, probabilities in (("unread", held_out.unread), ("with the reader", given))
        },
        "share read": round(float(np.mean(given != held_out.unread)), 3),
    }
    options.out.write_text(json.dumps(file, indent=2) + "\n", "utf-8")
    print(json.dumps(file, indent=2))


def _ask_all() -> Iterator[Example]:
    encoder, ranking, reader = CachedEncoder(), Ranking.fitted(), Reader()
    corpora = list(tqdm(chain(clinics(encoder), held_out_sites(encoder)), desc="Indexes"))
    chance = random.Random(SEED)
    for corpus in tqdm(corpora, desc="Questions"):
        elsewhere = [question for other in corpora if other is not corpus for question in other.questions]
        for question in (*corpus.questions, *_of_other_clinics(corpus, elsewhere, chance)):
            example = _ask(corpus, question, encoder, ranking, reader)
            if example:
                yield example


def _of_other_clinics(
    corpus: Corpus, elsewhere: Sequence[CorpusQuestion], chance: random.Random
) -> list[CorpusQuestion]:
    """Return questions to other clinics that these pages cannot answer: they never use one of the words."""
    foreign = [
        replace(question, kind=_ELSEWHERE, answerable=False, is_right=_never)
        for question in elsewhere
        if question.answerable
        and not question.history
        and any(word.casefold() not in corpus.index.words for word in content_words(question.question))
    ]
    return chance.sample(foreign, round(ELSEWHERE * len(corpus.questions)))


def _never(_passage: Passage) -> bool:
    return False


def _ask(
    corpus: Corpus, question: CorpusQuestion, encoder: CachedEncoder, ranking: Ranking, reader: Reader
) -> Example | None:
    result = search(corpus.index, encoder, ranking, question.question, question.history)
    if result is None:
        return None
    shown = hits_to_show(result)
    readings = reader.read(result.resolved.text, [hit.passage for hit in shown])
    candidates = []
    for hit, reading in zip(shown, readings, strict=True):
        others = [other for other in result.hits if other is not hit]
        signals = gate_signals(corpus.index, result.topic_free, result.gate_text, [hit, *others])
        candidates.append(Candidate(hit.score, tuple(signals), reading, question.is_right(hit.passage)))
    return Example(corpus.group, corpus.name, question.kind, question.answerable, tuple(candidates))


def _reading_weight(examples: Sequence[Example]) -> float:
    """Return the weight of a reading beside a score, by a conditional logit over the passages of our questions."""
    choices = [
        (
            np.array([(candidate.score, candidate.reading) for candidate in example.candidates]),
            np.array([candidate.right for candidate in example.candidates]),
        )
        for example in examples
        if 0 < sum(candidate.right for candidate in example.candidates) < len(example.candidates)
    ]

    def loss(weights: Floats) -> float:
        logits = [(signals @ weights, right) for signals, right in choices]
        return -sum(float(np.logaddexp.reduce(row[right]) - np.logaddexp.reduce(row)) for row, right in logits)

    of_score, of_reading = minimize(loss, np.array([10.0, 0.5]), bounds=[(1e-3, None), (0, None)]).x
    return float(of_reading / of_score)


def _fit(examples: Sequence[Example], signals: Sequence[tuple[float, ...]]) -> tuple[Floats, float]:
    curve = LogisticRegression(C=1e3, max_iter=1000).fit(
        signals, [example.right for example in examples], sample_weight=[example.weight for example in examples]
    )
    return curve.coef_[0], float(curve.intercept_[0])


def _named(names: Sequence[str], weights: Floats, intercept: float) -> dict[str, float]:
    rounded = {name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)}
    return rounded | {"intercept": round(intercept, 4)}


def _held_out(examples: Sequence[Example], reading_weight: float) -> Probabilities:
    """Return the probabilities of each example by the fits to the other parts."""
    columns = []
    for signals in ([one.unread() for one in examples], [one.read(reading_weight) for one in examples]):
        probabilities = np.zeros(len(examples))
        for part in dict.fromkeys(example.part for example in examples):
            others = [row for row, example in enumerate(examples) if example.part != part]
            own = [row for row, example in enumerate(examples) if example.part == part]
            weights, intercept = _fit([examples[row] for row in others], [signals[row] for row in others])
            probabilities[own] = 1 / (1 + np.exp(-(np.array([signals[row] for row in own]) @ weights + intercept)))
        columns.append(probabilities)
    return Probabilities(*columns)


def _threshold(examples: Sequence[Example], probabilities: Floats, share: float) -> float:
    """Return the lowest probability from which on at most a share of the answers is wrong, or 1."""
    order = np.argsort(-probabilities, kind="stable")
    weights = np.array([example.weight for example in examples])[order]
    right = np.array([example.right for example in examples])[order]
    allowed = np.flatnonzero(np.cumsum(weights * ~right) / np.cumsum(weights) <= share)
    return float(probabilities[order[allowed[-1]]]) if len(allowed) else 1.0


def _hidden(examples: Sequence[Example], probabilities: Floats) -> float:
    """Return the probability below which the share `HIDDEN` of the right answers lies."""
    return float(np.quantile(probabilities[[example.right for example in examples]], HIDDEN))


def _figures(examples: Sequence[Example], probabilities: Floats) -> dict[str, dict[str, float]]:
    """Return by group the mean AUROC within a part, of each kind against the answerable, and the coverage."""
    figures: dict[str, dict[str, float]] = {}
    for group in dict.fromkeys(example.group for example in examples):
        rows = [row for row, example in enumerate(examples) if example.group == group]
        figures[group] = _areas(examples, probabilities, rows)
        figures[group]["calibration error"] = _calibration_error(examples, probabilities, rows)
        answerable = sum(examples[row].answerable for row in rows)
        for share in SHARES:
            threshold = _threshold([examples[row] for row in rows], probabilities[rows], share)
            given = [row for row in rows if probabilities[row] >= threshold]
            right = sum(examples[row].right for row in given) / answerable
            figures[group][f"right answers at {share:.0%} wrong"] = round(right, 3)
    return figures


def _areas(examples: Sequence[Example], probabilities: Floats, rows: Sequence[int]) -> dict[str, float]:
    areas = defaultdict(list)
    for part in dict.fromkeys(examples[row].part for row in rows):
        own = [row for row in rows if examples[row].part == part]
        right = [float(probabilities[row]) for row in own if examples[row].answerable]
        unanswerable = [row for row in own if not examples[row].answerable]
        for kind in {examples[row].kind for row in unanswerable} | {"all"}:
            wrong = [float(probabilities[row]) for row in unanswerable if kind in {"all", examples[row].kind}]
            if wrong:
                areas[kind].append(roc_auc_score([1] * len(right) + [0] * len(wrong), right + wrong))
    return {kind: round(float(np.mean(area)), 3) for kind, area in sorted(areas.items())}


def _calibration_error(examples: Sequence[Example], probabilities: Floats, rows: Sequence[int]) -> float:
    pairs = [(float(probabilities[row]), examples[row].right) for row in rows]
    error = calibration_error(calibration(*map(list, zip(*pairs, strict=True))))
    return round(error or 0.0, 3)


if __name__ == "__main__":
    main()
