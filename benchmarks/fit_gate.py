"""Fits the gate, chatbot/answering/gate.json.

    python -m benchmarks.fit_gate --data FOLDER

Three kinds of question have no answer in a corpus: those of another collection (another subject), those whose answering
passages are taken away (the subject is there, the answer is not), and those that a collection itself marks as
unanswerable. The fit weighs answerable and unanswerable questions alike, and each kind of the latter alike.

Fitted on squad2_dev (CC BY-SA 4.0) and medquad_small (CC BY 4.0); checked on stackfaq (MIT, content CC BY-SA) and
covidqa_deepset (Apache-2.0), which the fit never sees.
"""

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from benchmarks.cached import CachedEncoder
from benchmarks.fit_ranking import part
from benchmarks.public_data import Collection, Query, load_collection, write_corpus
from chatbot.answering.gate import content_met
from chatbot.answering.ranking import Ranking
from chatbot.indexing import Evidence, Index, build_index, open_index

FITTED = ("squad2_dev", "medquad_small")
CHECKED = ("stackfaq", "covidqa_deepset")
CORPORA: dict[
    str, list[tuple[int, int | str]]
] = {  # how many corpora of how many documents; "subject": the documents of one article
    "squad2_dev": [(6, "subject"), (1, 120)],
    "medquad_small": [(2, 30), (2, 120)],
    "stackfaq": [(1, 125), (2, 40)],
    "covidqa_deepset": [(6, "subject"), (1, 120)],
}
QUESTIONS = 60  # of each kind, of each corpus
ANSWERED = 0.9  # share of the answerable questions that are answered
REFUSED = 0.5  # share of the questions on another subject that are shown nothing: hiding the right passage is worse
SEED = 20261123


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was asked: of which collection, of which kind, and the gate's signal."""

    collection: str
    kind: str
    signal: float


def main() -> None:
    """Fit, check, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/gate.json"))
    options = parser.parse_args()
    collections = {name: load_collection(options.data / name) for name in FITTED + CHECKED}
    asked = list(_ask_all(collections))
    fit = [one for one in asked if one.collection in FITTED]
    curve = LogisticRegression(C=1e3).fit(
        [[one.signal] for one in fit], [one.kind == "answerable" for one in fit], sample_weight=_weights(fit)
    )
    slope, intercept = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    chances = {one: 1 / (1 + np.exp(-(slope * one.signal + intercept))) for one in asked}
    answered = np.quantile([chances[one] for one in fit if one.kind == "answerable"], 1 - ANSWERED)
    related = np.quantile([chances[one] for one in fit if one.kind == "other_subject"], REFUSED)
    told = {
        "slope": round(slope, 4),
        "intercept": round(intercept, 4),
        "answered": round(float(answered), 4),
        "related": round(float(related), 4),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"fit": FITTED, "check": CHECKED, "seed": SEED},
        "figures": {
            name: _figures([one for one in asked if one.collection == name], chances, float(answered))
            for name in FITTED + CHECKED
        },
    }
    options.out.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    print(json.dumps(told, indent=2))


def _ask_all(collections: dict[str, Collection]) -> Iterator[Asked]:
    encoder, ranking, chance = CachedEncoder(), Ranking.fitted(), random.Random(SEED)
    for name, whole in tqdm(collections.items(), desc="Collections"):
        others = [query for other in collections if other != name for query in collections[other].queries if query.gold]
        for times, size in CORPORA[name]:
            for _ in range(times):
                corpus = part(whole, size, chance)
                own = [query for query in corpus.queries if query.gold]
                sample = [
                    *chance.sample(own, min(QUESTIONS, len(own))),
                    *[query for query in corpus.queries if not query.gold and _near(query, corpus)][:QUESTIONS],
                    *(replace(query, gold=frozenset({"elsewhere"})) for query in chance.sample(others, QUESTIONS)),
                ]
                yield from _ask(corpus, sample, encoder, ranking)


def _near(query: Query, corpus: Collection) -> bool:
    """Tell whether a question that nothing answers is about one of the corpus's documents."""
    return any(one.rsplit("_", 1)[0] == query.subject for one in corpus.documents)


def _ask(corpus: Collection, queries: Sequence[Query], encoder: CachedEncoder, ranking: Ranking) -> Iterator[Asked]:
    with tempfile.TemporaryDirectory() as folder:
        names = write_corpus(corpus, Path(folder, "corpus"))
        build_index(Path(folder, "corpus"), Path(folder, "index"), encoder)
        _, index = open_index(Path(folder, "corpus"), Path(folder, "index"), encoder)
    for query in queries:
        evidence = _evidence(index, query, encoder)
        gold = {names[one] for one in query.gold if one in names}
        if gold:
            yield Asked(corpus.name, "answerable", _signal(evidence, ranking))
            if without := _without(evidence, gold):
                yield Asked(corpus.name, "taken_away", _signal(without, ranking))
        else:
            kind = "other_subject" if query.gold else "marked_unanswerable"
            yield Asked(corpus.name, kind, _signal(evidence, ranking))


def _evidence(index: Index, query: Query, encoder: CachedEncoder) -> Evidence:
    return index.evidence(encoder.encode_questions([query.text])[0], query.text)


def _without(evidence: Evidence, documents: set[str]) -> Evidence | None:
    """Take the passages of some documents out of the evidence."""
    rows = [row for row, passage in enumerate(evidence.passages) if passage.document not in documents]
    passages = tuple(evidence.passages[row] for row in rows)
    met, sentence, lexical = evidence.met[rows], evidence.sentence[rows], evidence.lexical[rows]
    return replace(evidence, passages=passages, met=met, sentence=sentence, lexical=lexical) if rows else None


def _signal(evidence: Evidence, ranking: Ranking) -> float:
    return content_met(evidence, ranking.hits(evidence)[0].passage)


def _weights(asked: Sequence[Asked]) -> list[float]:
    count = {kind: sum(one.kind == kind for one in asked) for kind in {one.kind for one in asked}}
    unanswerable = len(count) - 1
    return [1 / count[one.kind] / (1 if one.kind == "answerable" else unanswerable) * len(asked) for one in asked]


def _figures(asked: Sequence[Asked], chances: dict[Asked, float], answered: float) -> dict[str, dict[str, float]]:
    """For each kind without an answer: AUROC against the answerable, and the share that is answered all the same."""
    right = [chances[one] for one in asked if one.kind == "answerable"]
    figures = {"answerable": {"answered": round(float(np.mean([one >= answered for one in right])), 3)}}
    for kind in sorted({one.kind for one in asked} - {"answerable"}):
        wrong = [chances[one] for one in asked if one.kind == kind]
        auroc = roc_auc_score([1] * len(right) + [0] * len(wrong), right + wrong)
        share = float(np.mean([one >= answered for one in wrong]))
        figures[kind] = {"auroc": round(float(auroc), 3), "answered": round(share, 3)}
    return figures


if __name__ == "__main__":
    main()
