"""Fits the part of triage that reads by meaning, chatbot/answering/meaning.json and meaning.npz.

    python -m benchmarks.fit_triage --data FOLDER

A support vector machine learns the emergencies and the ordinary messages of `tests/answering/triage/`, beside every
fourth question of the public collections, all ordinary. Two thresholds are set on messages that it has not seen, by
cross-validation: for messages that ask in general, and for those that tell of something. `benchmarks.triage` measures
triage as a whole on the lists that no fit has seen.
"""

import argparse
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVC

from benchmarks.triage_lists import LISTS, PUBLIC, messages, public_questions
from chatbot.answering.triage import Triage
from chatbot.indexing import SentenceEncoder, Vectors

PENALTY = 5.0
GAMMA = 1.0
FOLDS = 8
ALARMED = {
    "told": 0.03,
    "asked": 0.004,
}  # share of the ordinary messages of each kind in the lists, most of them tempting
STEPS = 127


def main() -> None:
    """Fit, set the thresholds, and write the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering"))
    options = parser.parse_args()
    urgent, ordinary = messages(LISTS / "urgent.txt"), messages(LISTS / "ordinary.txt")
    public = [text for texts in public_questions(options.data).values() for text in texts[::4]]
    texts = [*urgent, *ordinary, *public]
    wanted = np.arange(len(texts)) < len(urgent)
    encoder = SentenceEncoder()
    vectors = np.array([one.vector for one in encoder.encode_questions(texts)])
    triage = Triage.standard(encoder)
    asked = np.array([triage.asks(text) for text in texts])
    scores = _unseen(texts, vectors, wanted)
    own = ~wanted & (np.arange(len(texts)) < len(urgent) + len(ordinary))
    thresholds = {
        "told": float(np.quantile(scores[own & ~asked], 1 - ALARMED["told"])),
        "asked": float(np.quantile(scores[own & asked], 1 - ALARMED["asked"])),
    }
    machine = _machine().fit(vectors, wanted)
    largest = np.abs(machine.support_vectors_).max()
    np.savez_compressed(
        options.out / "meaning.npz",
        examples=np.round(machine.support_vectors_ / largest * STEPS).astype(np.int8),
        largest=np.float32(largest),
        weights=machine.dual_coef_[0].astype(np.float32),
    )
    alarmed = scores > np.where(asked, thresholds["asked"], thresholds["told"])
    told = {
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
        "bias": round(float(machine.intercept_[0]), 6),
        "gamma": GAMMA,
        **{name: round(value, 4) for name, value in thresholds.items()},
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"urgent": len(urgent), "ordinary": len(ordinary), "public": PUBLIC},
        "cross_validated": {
            "urgent found by meaning alone": round(float(alarmed[wanted].mean()), 3),
            "ordinary alarmed": round(float(alarmed[own].mean()), 4),
            "public alarmed": round(float(alarmed[len(urgent) + len(ordinary) :].mean()), 4),
        },
    }
    (options.out / "meaning.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    print(json.dumps(told, indent=2))


def _machine() -> SVC:
    return SVC(C=PENALTY, gamma=GAMMA, class_weight="balanced")


def _unseen(texts: list[str], vectors: Vectors, wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Score each message by a machine that was fitted without it."""
    fold = np.array([zlib.crc32(text.encode()) % FOLDS for text in texts])
    scores = np.zeros(len(texts))
    for one in range(FOLDS):
        scores[fold == one] = (
            _machine().fit(vectors[fold != one], wanted[fold != one]).decision_function(vectors[fold == one])
        )
    return scores


if __name__ == "__main__":
    main()
