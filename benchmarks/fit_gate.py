"""Fits the gate, chatbot/answering/gate.json.

    python -m benchmarks.fit_gate --data FOLDER

Answerable questions are those of a collection against its own documents; the others are those of the other collections,
and those that a collection itself marks as unanswerable. Fitted on squad2_dev (CC BY-SA 4.0) and medquad_small
(CC BY 4.0); checked on stackfaq (MIT, content CC BY-SA) and covidqa_deepset (Apache-2.0), which the fit never sees.
"""

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from benchmarks.public_data import Collection, load_collection, write_corpus
from chatbot.indexing import SentenceEncoder, build_index, open_index

FITTED = ("squad2_dev", "medquad_small")
CHECKED = ("stackfaq", "covidqa_deepset")
DOCUMENTS = 120  # of each collection: about the size of a clinic's site
QUESTIONS = 200  # of each kind
ANSWERED = 0.95  # share of the answerable questions that are answered
RELATED = 0.99  # share of them that are at least shown what comes nearest
SEED = 20261123


def main() -> None:
    """Fit, check, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/gate.json"))
    options = parser.parse_args()
    encoder = SentenceEncoder()
    collections = [load_collection(options.data / name).sample(DOCUMENTS, SEED) for name in FITTED + CHECKED]
    scores, labels, names = _scored(collections, encoder)
    fit = np.isin(names, FITTED)
    curve = LogisticRegression(class_weight="balanced").fit(scores[fit].reshape(-1, 1), labels[fit])
    chance = curve.predict_proba(scores.reshape(-1, 1))[:, 1]
    answered, related = np.quantile(chance[fit & labels], [1 - ANSWERED, 1 - RELATED])
    told = {
        "slope": round(float(curve.coef_[0, 0]), 4),
        "intercept": round(float(curve.intercept_[0]), 4),
        "answered": round(float(answered), 4),
        "related": round(float(related), 4),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"fit": FITTED, "check": CHECKED, "documents": DOCUMENTS, "seed": SEED},
        "figures": {
            name: _figures(chance[names == name], labels[names == name], answered) for name in FITTED + CHECKED
        },
    }
    options.out.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    print(json.dumps(told, indent=2))


def _scored(collections: list[Collection], encoder: SentenceEncoder) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Ask each collection its own questions and the others'; give best scores, whether answerable, and of which."""
    rows: list[tuple[float, bool, str]] = []
    for collection in collections:
        with tempfile.TemporaryDirectory() as folder:
            corpus, index = Path(folder, "corpus"), Path(folder, "index")
            write_corpus(collection, corpus)
            build_index(corpus, index, encoder)
            _, opened = open_index(corpus, index, encoder)
        own = [query for query in collection.queries if query.gold][:QUESTIONS]
        unanswered = [query for query in collection.queries if not query.gold][:QUESTIONS]
        others = [
            query for other in collections if other is not collection for query in other.queries[: QUESTIONS // 3]
        ]
        for query in [*own, *unanswered, *others]:
            hits = opened.search(encoder.encode_questions([query.text]), 1)
            rows.append((hits[0].score, query in own, collection.name))
    scores, labels, names = zip(*rows, strict=True)
    return np.array(scores), np.array(labels), np.array(names)


def _figures(chance: np.ndarray, labels: np.ndarray, threshold: float) -> dict[str, float]:
    return {
        "auroc": round(float(roc_auc_score(labels, chance)), 3),
        "answerable_answered": round(float(np.mean(chance[labels] >= threshold)), 3),
        "unanswerable_answered": round(float(np.mean(chance[~labels] >= threshold)), 3),
    }


if __name__ == "__main__":
    main()
