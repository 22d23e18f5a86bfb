"""Fits what tells the clinic's own replies apart, chatbot/answering/replies.json and replies.npz.

    python -m training.fit_replies

From `intents.toml` it learns directions in which questions of one kind agree whatever their subject, and kinds differ:
linear discriminant analysis. The threshold is set on one half of `tests/answering/replies.txt`, questions to made-up
clinics that no fit has seen, against the routes of the project's own clinic.toml; the other half gives the figures.
Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7, 1936.
"""

import json
import random
import tomllib
import zlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from chatbot.answering.replies import ReplyMatch, ReplyMatcher, ReplyProjection
from chatbot.clinic import load_clinic
from chatbot.indexing import SentenceEncoder

SUBJECTS = 10  # of each way to ask
RIGHT = 0.95  # share of the matches that must be right
SEED = 20261123
OUT = Path("chatbot/answering")


def main() -> None:
    """Fit, set the threshold, write the files, print the figures."""
    told = tomllib.loads(Path("training/intents.toml").read_text("utf-8"))
    asked = _asked(told)
    encoder = SentenceEncoder()
    vectors = np.array([one.vector for one in encoder.encode_questions([text for _, text in asked])])
    names = np.array([name for name, _ in asked])
    fit = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(vectors, names)
    directions = np.asarray(fit.scalings_[:, : len(set(names)) - 1], dtype=np.float32)
    middle = vectors.mean(axis=0)
    paged = np.array([vectors[names == name].mean(axis=0) for name in told["paged"]])
    kinds = ReplyProjection(middle, directions, paged, 0.0, encoder.fingerprint)
    routes = ReplyMatcher.of(load_clinic(Path("clinic.toml")).replies, encoder, kinds)
    questions = [(name, text) for name, text in _routed(Path("tests/answering/replies.txt"))]
    encoded = encoder.encode_questions([text for _, text in questions])
    tried = [(name, text, routes.nearest(one)) for (name, text), one in zip(questions, encoded, strict=True)]
    halves = [[one for one in tried if zlib.crc32(one[1].encode()) % 2 == half] for half in (0, 1)]
    least = _threshold(halves[0])
    np.savez_compressed(
        OUT / "replies.npz", mean=middle.astype(np.float32), components=directions, page_centroids=paged
    )
    written = {
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
        "threshold": round(least, 4),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"sentences": len(asked), "kinds": len(set(names)), "seed": SEED},
        "half that set the threshold": _figures(halves[0], least),
        "held out": _figures(halves[1], least),
    }
    (OUT / "replies.json").write_text(json.dumps(written, indent=2) + "\n", "utf-8")
    print(json.dumps(written, indent=2))
    for name, text, match in tried:
        if (match.score >= least) != (name != "none") or (match.score >= least and match.reply.name != name):
            print(f"{match.score:6.2f} {name} -> {match.reply.name}: {text}")


def _asked(told: dict[str, dict[str, list[str]]]) -> list[tuple[str, str]]:
    chance = random.Random(SEED)
    topics = list(told["topics"])
    return [
        (name, text.format(topic))
        for kinds in (told["routed"], told["paged"])
        for name, texts in kinds.items()
        for text in texts
        for topic in chance.sample(topics, SUBJECTS if "{}" in text else 1)
    ]


def _routed(path: Path) -> list[tuple[str, str]]:
    name, questions = "", []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
        elif line:
            questions.append((name, line))
    return questions


def _threshold(tried: list[tuple[str, str, ReplyMatch]]) -> float:
    """Give the lowest score from which enough of the matches are right."""
    scores = sorted({match.score for *_, match in tried})
    return next(score for score in scores if _figures(tried, score)["right of matched"] >= RIGHT)


def _figures(tried: list[tuple[str, str, ReplyMatch]], least: float) -> dict[str, float]:
    matched = [name == match.reply.name for name, _, match in tried if match.score >= least]
    routed = [name for name, *_ in tried if name != "none"]
    return {
        "questions": len(tried),
        "matched and right of those with a route": round(sum(matched) / len(routed), 3),
        "right of matched": round(sum(matched) / max(len(matched), 1), 3),
        "matched of those without": round(
            sum(match.score >= least for name, _, match in tried if name == "none") / (len(tried) - len(routed)), 3
        ),
    }


if __name__ == "__main__":
    main()
