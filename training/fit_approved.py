"""Fits the matching of approved questions, chatbot/answering/approved.json.

    nice python -m training.fit_approved

Of each question of `rewordings.txt`, one wording in three is approved, and so is one question in three of every other
passage of its site. All other questions of the site are asked. A question should match if it is another wording of the
approved one. An answer is right if the approved passage holds the question's answer; every match of a question that the
pages do not answer is wrong. Each third of the sites is held out once: the figures and the thresholds come from the
fits that have not seen it.

The sites ask nine questions for each that is approved in other words, and most of the nine are near misses on purpose.
Visitors repeat themselves more than that. So the model for answers is shifted to what it would say if half of what is
asked had been approved in other words (prior correction: G. King and L. Zeng, 2001), and its threshold is chosen there.
The figures have both. The model for questions that no page answers is not shifted, because it takes an answer away.
"""

import argparse
import json
import math
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from tqdm import tqdm

from chatbot.answering.approved import (
    APPROVED_SIGNALS,
    ApprovedMatcher,
    ApprovedModel,
    ApprovedQuestion,
    SignalWeights,
)
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import SearchResult, search
from chatbot.indexing import Index
from chatbot.records import Passage
from training.cached import CachedEncoder
from training.corpora import SEED, SITES, index_corpus, spelling_of

FOLDS = 3
DRAWS = 2  # of the wordings that are approved
SHARES = (0.02, 0.04, 0.06, 0.1)  # of wrong answers, for the curve
WRONG = 0.04  # share of wrong answers from which the thresholds are chosen
EXACT = 0.99  # confidence in an answer to the same words, of which no error was seen
REWORDINGS = Path(__file__).parent / "rewordings.txt"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wording:
    """A question as it is asked: its result, its name, which all its wordings share, and the passages that answer."""

    name: str
    text: str
    result: SearchResult
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A question that is asked, and an approved one: same question, or right passage.

    `question` has the numbers of the site, the draw and the question. `approved` says that another wording of it is
    approved.
    """

    site: int
    question: tuple[int, int, int]
    signals: tuple[float, ...]
    answered: bool
    same: bool
    right: bool
    approved: bool


def main() -> None:
    """Fit, measure on held-out sites, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/approved.json"))
    options = parser.parse_args()
    encoder = CachedEncoder()
    examples = list(_examples(encoder))
    file: dict[str, Any] = {}
    for kind, answered in (("answered", True), ("unanswered", False)):
        own = [example for example in examples if example.answered is answered]
        shift = math.log(_ratio(own)) if answered else 0.0
        best = _best(own, _held_out(own, shift))
        weights, intercept = _fit(own)
        count = _count(best, WRONG, _weights(best) if answered else np.ones(len(best)))
        file[kind] = {
            "weights": {name: round(float(weight), 4) for name, weight in zip(APPROVED_SIGNALS, weights, strict=True)},
            "intercept": round(intercept + shift, 4),
            "threshold": round(best[count - 1][0], 4) if count else 1.0,
            "held_out": _figures(best),
        }
    file |= {
        "exact": EXACT,
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"sites": len({example.site for example in examples}), "draws": DRAWS, "seed": SEED},
    }
    options.out.write_text(json.dumps(file, indent=2) + "\n", "utf-8")
    print(json.dumps(file, indent=2))


def rewordings() -> dict[str, list[str]]:
    """Return the other wordings of questions of the sites, by the question's id."""
    texts: defaultdict[str, list[str]] = defaultdict(list)
    name = ""
    for line in REWORDINGS.read_text("utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
        elif line and line[0] not in "#;":
            texts[name].append(line)
    return texts


def _examples(encoder: CachedEncoder) -> Iterator[Example]:
    others, ranking = rewordings(), Ranking.fitted()
    names = sorted({name.rsplit("-", 1)[0] for name in others})
    for number, name in enumerate(tqdm(names, desc="Sites")):
        rows = [json.loads(line) for line in (SITES / name / "questions.jsonl").read_text("utf-8").splitlines()]
        index = index_corpus(SITES / name / "corpus", encoder)
        wordings = list(_wordings(rows, others, index, encoder, ranking))
        for draw in range(DRAWS):
            yield from _asked((number, draw), wordings, index, encoder)


def _wordings(
    rows: Sequence[Mapping[str, Any]],
    others: Mapping[str, Sequence[str]],
    index: Index,
    encoder: CachedEncoder,
    ranking: Ranking,
) -> Iterator[Wording]:
    """Yield every question that stands alone, in all its wordings."""
    spelling, passages = spelling_of(index, encoder), list(index.passages)
    for row in rows:
        if row.get("history"):
            continue
        right = tuple(passage for passage in passages if any(text in passage.text for text in row["gold"]))
        for text in (row["question"], *others.get(row["id"], ())):
            result = search(index, encoder, ranking, spelling.corrected(text))
            if result:
                yield Wording(row["id"], text, result, right)


def _asked(
    site_and_draw: tuple[int, int], wordings: Sequence[Wording], index: Index, encoder: CachedEncoder
) -> Iterator[Example]:
    """Approve one wording in three, and yield the others with the nearest approved ones."""
    site, draw = site_and_draw
    approved = _draw(wordings, random.Random(SEED + draw))
    questions = [
        ApprovedQuestion.of(wording.text, wording.passages[0] if wording.passages else None) for wording in approved
    ]
    spelling = spelling_of(index, encoder)
    unused = SignalWeights(np.zeros(len(APPROVED_SIGNALS), dtype=np.float32), 0.0, 1.0)
    model = ApprovedModel(unused, unused, 1.0, encoder.fingerprint)
    matcher = ApprovedMatcher.of(questions, index, encoder, spelling, model)
    names = dict(zip(questions, (wording.name for wording in approved), strict=True))
    decided = {
        answered: {wording.name for wording in approved if bool(wording.passages) is answered}
        for answered in (True, False)
    }
    taken = {wording.text for wording in approved}
    for number, wording in enumerate(wordings):
        if wording.text in taken:
            continue
        for entry, signals in matcher.signals(index, wording.result):
            yield Example(
                site,
                (site, draw, number),
                tuple(signals),
                entry.question.is_answered,
                names[entry.question] == wording.name,
                entry.passage in wording.passages if entry.passage else not wording.passages,
                wording.name in decided[entry.question.is_answered],
            )


def _draw(wordings: Sequence[Wording], chance: random.Random) -> list[Wording]:
    """Return one wording in three of each question that has several, and one in three of the others with an answer."""
    by_name: defaultdict[str, list[Wording]] = defaultdict(list)
    for wording in wordings:
        by_name[wording.name].append(wording)
    drawn = []
    for same in by_name.values():
        if len(same) > 1:
            drawn += chance.sample(same, max(1, round(len(same) / 3)))
        elif same[0].passages and chance.random() < 1 / 3:
            drawn += same
    return drawn


def _fit(examples: Sequence[Example]) -> tuple[Floats, float]:
    """Return weights and intercept; a right passage for another question teaches neither likeness nor difference."""
    learnt = [example for example in examples if example.same or not example.right]
    signals = np.array([example.signals for example in learnt])
    mean, deviation = signals.mean(axis=0), signals.std(axis=0) + 1e-9
    curve = LogisticRegression(C=0.1, max_iter=3000).fit(
        (signals - mean) / deviation, [example.same for example in learnt]
    )
    weights = curve.coef_[0] / deviation
    return weights, float(curve.intercept_[0] - weights @ mean)


def _ratio(examples: Sequence[Example]) -> float:
    """Return how many questions are asked for each that is approved in other words."""
    approved = dict.fromkeys(example.question for example in examples if example.approved)
    return len({example.question for example in examples} - approved.keys()) / max(1, len(approved))


def _held_out(examples: Sequence[Example], shift: float) -> Floats:
    """Return the probability of each example by the fit to the other sites, shifted, shape (examples,)."""
    probabilities = np.zeros(len(examples))
    for fold in range(FOLDS):
        weights, intercept = _fit([example for example in examples if example.site % FOLDS != fold])
        for row, example in enumerate(examples):
            if example.site % FOLDS == fold:
                probabilities[row] = 1 / (1 + np.exp(-(np.array(example.signals) @ weights + intercept + shift)))
    return probabilities


def _best(examples: Sequence[Example], probabilities: Floats) -> list[tuple[float, Example]]:
    """Return the likeliest match of each question that is asked, the likeliest first."""
    best: dict[tuple[int, int, int], tuple[float, Example]] = {}
    for probability, example in zip(probabilities.tolist(), examples, strict=True):
        if example.question not in best or probability > best[example.question][0]:
            best[example.question] = (probability, example)
    return sorted(best.values(), key=lambda match: -match[0])


def _weights(best: Sequence[tuple[float, Example]]) -> Floats:
    """Return weights by which half of what is asked has been approved in other words."""
    approved = np.array([example.approved for _, example in best])
    return np.where(approved, (~approved).sum() / max(1, approved.sum()), 1.0)


def _count(best: Sequence[tuple[float, Example]], share: float, weights: Floats) -> int:
    """Return how many matches, likeliest first, may be shown so that at most a share of them is wrong."""
    wrong = np.array([not example.right for _, example in best]) * weights
    allowed = np.flatnonzero(np.cumsum(wrong) <= share * np.cumsum(weights))
    return int(allowed[-1]) + 1 if len(allowed) else 0


def _figures(best: Sequence[tuple[float, Example]]) -> dict[str, Any]:
    """Return the curve: at each share of wrong answers, the threshold, and the share of other wordings matched."""
    approved = sum(example.approved for _, example in best)
    figures: dict[str, Any] = {"questions": len(best), "approved in other words": approved}
    for name, weights in (("half approved", _weights(best)), ("as they come", np.ones(len(best)))):
        for share in SHARES:
            count = _count(best, share, weights)
            matched = sum(example.approved and example.right for _, example in best[:count])
            figures[f"{name}, {share:.0%} wrong"] = {
                "threshold": round(best[count - 1][0], 4) if count else 1.0,
                "other wordings matched": round(matched / max(1, approved), 3),
            }
    return figures


if __name__ == "__main__":
    main()
