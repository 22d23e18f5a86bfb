"""Fits the weights of the sentences to mark, chatbot/answering/highlights.json.

    python -m training.fit_highlights

The fit minimises the softmax loss of the answering sentence among the sentences of a right passage, on the made-up
sites and clinics. Every third site and every third clinic is held out once; the figures are those of the fits that have
not seen them.

The figures are of questions with a right passage among the first ten: `holds` is the share with a mark that touches the
answer, `half` the share with one that covers half of it or has half of itself in it. `marks` is the number of marks a
question, `elsewhere` of those that touch no answer, and `characters` the length of all.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from tqdm import tqdm

from chatbot.answering import Ranking, search
from chatbot.answering.citations import mark_sentences
from chatbot.answering.highlights import SENTENCE_SIGNALS, sentence_signals
from chatbot.indexing import Index, Query, SentenceEvidence
from chatbot.records import Highlight, Passage
from training.cached import CachedEncoder
from training.corpora import CLINICS, SITES, index_corpus, spelling_of

PENALTY = 1.0  # L2 penalty on the weights of signals scaled to a standard deviation of 1
CLINIC = 3  # times that a clinic's questions count: there are few, but their pages are prose, as those of many clinics
FOLDS = 3
DEPTH = 10  # candidates among which a right passage is looked for

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """The sentences of the first right passage of a question: their signals, and which hold a part of the answer."""

    corpus: str
    kind: str
    query: Query
    passage: Passage
    evidence: SentenceEvidence
    gold: tuple[tuple[int, int], ...]
    signals: Floats
    right: NDArray[np.bool_]


def main() -> None:
    """Fit, measure on held-out parts, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/highlights.json"))
    options = parser.parse_args()
    encoder, ranking = CachedEncoder(), Ranking.fitted()
    sites, clinics = (list(_choices(root, encoder, ranking)) for root in (SITES, CLINICS))
    weights = _fit([*sites, *clinics * CLINIC])
    held_out: dict[str, list[tuple[Choice, Floats]]] = {"sites": [], "clinics": []}
    for fold in range(FOLDS):
        others, own = zip(*(_split(choices, fold) for choices in (sites, clinics)), strict=True)
        fitted = _fit([*others[0], *others[1] * CLINIC])
        for group, choices in zip(held_out, own, strict=True):
            held_out[group].extend((choice, fitted) for choice in choices)
    values = {
        "weights": dict(zip(SENTENCE_SIGNALS, (round(float(weight), 3) for weight in weights), strict=True)),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "questions": {"sites": len(sites), "clinics": len(clinics)},
        "held_out": {group: _figures(choices) for group, choices in held_out.items()},
    }
    options.out.write_text(json.dumps(values, indent=2) + "\n", "utf-8")
    print(json.dumps(values, indent=2))


def _split(choices: Sequence[Choice], fold: int) -> tuple[list[Choice], list[Choice]]:
    """Return the choices of the corpora that a fold fits on, and those of the corpora that it holds out."""
    held_out = set(sorted({choice.corpus for choice in choices})[fold::FOLDS])
    parts: tuple[list[Choice], list[Choice]] = ([], [])
    for choice in choices:
        parts[choice.corpus in held_out].append(choice)
    return parts


def _choices(root: Path, encoder: CachedEncoder, ranking: Ranking) -> Iterator[Choice]:
    for file in tqdm(sorted(root.glob("*/questions.jsonl")), desc=root.name):
        index = index_corpus(file.parent / "corpus", encoder)
        spelling = spelling_of(index, encoder)
        for row in map(json.loads, file.read_text("utf-8").splitlines()):
            history = [spelling.corrected(text) for text in row.get("history", [])]
            found = search(index, encoder, ranking, spelling.corrected(row["question"]), history)
            for hit in found.hits[:DEPTH] if found and row["expect"] == "answer" else ():
                choice = _choice(file.parent.name, row, index, found.query, hit.passage) if found else None
                if choice and choice.right.any():
                    yield choice
                    break


def _choice(corpus: str, row: dict[str, Any], index: Index, query: Query, passage: Passage) -> Choice:
    places = [(passage.text.find(quotation), len(quotation)) for quotation in row["gold"]]
    gold = tuple((start, start + length) for start, length in places if start >= 0)
    evidence = index.sentences(query, passage)
    right = np.array([_touches(mark, gold) for mark in evidence.sentences], dtype=np.bool_)
    signals = sentence_signals(query, passage, evidence).astype(np.float64)
    return Choice(corpus, row["kind"], query, passage, evidence, gold, signals, right)


def _fit(choices: Sequence[Choice]) -> Floats:
    """Return the weights of the signals."""
    signals = np.concatenate([choice.signals - choice.signals.mean(axis=0) for choice in choices])
    right = np.concatenate([choice.right for choice in choices])
    sizes = np.array([len(choice.right) for choice in choices])
    starts, owners = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    scales = np.maximum(signals.std(axis=0), 1e-9)  # a signal that is the same everywhere gets the weight 0
    signals = signals / scales

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = signals @ weights
        scores = np.exp(scores - np.maximum.reduceat(scores, starts)[owners])
        of_all, of_right = np.add.reduceat(scores, starts), np.add.reduceat(scores * right, starts) + 1e-30
        slope = (scores / of_all[owners] - scores * right / of_right[owners]) @ signals
        return PENALTY * float(weights @ weights) - float(
            np.log(of_right / of_all).sum()
        ), 2 * PENALTY * weights + slope

    return np.asarray(minimize(loss, np.zeros(signals.shape[1]), jac=True).x / scales)


def _figures(fitted: Sequence[tuple[Choice, Floats]]) -> dict[str, dict[str, float]]:
    """Return the figures of each kind of question and of all; each choice is marked with its own weights."""
    by_kind = defaultdict(list)
    for choice, weights in fitted:
        last_question, _ = choice.query.weighted_texts[0]
        marks = mark_sentences(
            last_question, choice.passage, choice.evidence.sentences, (choice.signals @ weights).astype(np.float32)
        )
        for kind in ("all", choice.kind):
            by_kind[kind].append((marks, choice.gold))
    return {kind: _shares(marked) for kind, marked in sorted(by_kind.items())}


def _shares(marked: Sequence[tuple[tuple[Highlight, ...], Sequence[tuple[int, int]]]]) -> dict[str, float]:
    rows = [
        (
            any(_touches(mark, gold) for mark in marks),
            any(_half(mark, span) for mark in marks for span in gold),
            len(marks),
            sum(not _touches(mark, gold) for mark in marks),
            sum(mark.end - mark.start for mark in marks),
        )
        for marks, gold in marked
    ]
    names = ("holds", "half", "marks", "elsewhere", "characters")
    return {"questions": len(rows)} | {
        name: round(float(mean), 3) for name, mean in zip(names, np.mean(rows, axis=0), strict=True)
    }


def _touches(mark: Highlight, gold: Sequence[tuple[int, int]]) -> bool:
    return any(mark.start < end and start < mark.end for start, end in gold)


def _half(mark: Highlight, span: tuple[int, int]) -> bool:
    """Return whether a mark covers at least half of a stretch, or at least half of the mark lies in it."""
    shared = min(mark.end, span[1]) - max(mark.start, span[0])
    return 2 * shared >= min(mark.end - mark.start, span[1] - span[0])


if __name__ == "__main__":
    main()
