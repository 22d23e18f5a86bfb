"""Fits the projection that matches questions to the clinic's own replies: chatbot/answering/replies.json and .npz.

    python -m training.fit_replies

Linear discriminant analysis of `intents.toml` finds the directions that separate kinds of question whatever their
subject. One half of `tests/answering/replies.txt`, questions to made-up clinics, sets the threshold on the replies of
the project's own clinic.toml. The other half gives the figures.
Source: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7, 1936.
"""

import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from chatbot.answering.replies import ReplyMatch, ReplyMatcher, ReplyProjection
from chatbot.clinic import load_clinic
from chatbot.indexing import load_encoder
from training.wordings import intents, sample_intents

RIGHT = 0.95  # share of the matches that must be right
SEED = 20261123
OUT = Path("chatbot/answering")
_PRECISION = "right, of those matched"


def main() -> None:
    """Fit, set the threshold, write the files and print the figures."""
    wordings = sample_intents(SEED)
    encoder = load_encoder()
    vectors = np.array([encoded.vector for encoded in encoder.encode_questions([text for _, text in wordings])])
    names = np.array([name for name, _ in wordings])
    fit = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(vectors, names)
    components = np.asarray(fit.scalings_[:, : len(set(names)) - 1], dtype=np.float32)
    mean = vectors.mean(axis=0)
    centroids = np.array([vectors[names == name].mean(axis=0) for name in intents("pages")])
    projection = ReplyProjection(mean, components, centroids, 0.0, encoder.fingerprint)
    matcher = ReplyMatcher.of(load_clinic(Path("clinic.toml")).replies, encoder, projection)
    questions = _read_questions(Path("tests/answering/replies.txt"))
    encodings = encoder.encode_questions([text for _, text in questions])
    matches = [(*row, matcher.nearest(encoded)) for row, encoded in zip(questions, encodings, strict=True)]
    halves = [[match for match in matches if zlib.crc32(match[1].encode()) % 2 == half] for half in (0, 1)]
    threshold = _threshold(halves[0])
    np.savez_compressed(
        OUT / "replies.npz", mean=mean.astype(np.float32), components=components, page_centroids=centroids
    )
    values = {
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
        "threshold": round(threshold, 4),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"sentences": len(wordings), "kinds": len(set(names)), "seed": SEED},
        "half that set the threshold": _figures(halves[0], threshold),
        "held out": _figures(halves[1], threshold),
    }
    (OUT / "replies.json").write_text(json.dumps(values, indent=2) + "\n", "utf-8")
    print(json.dumps(values, indent=2))
    for name, text, match in matches:
        if (match.reply.name if match.score >= threshold else "none") != name:
            print(f"{match.score:6.2f} {name} -> {match.reply.name}: {text}")


def _read_questions(path: Path) -> list[tuple[str, str]]:
    """Read questions, each with the name of its reply, or "none" where pages answer it."""
    name, questions = "", []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
        elif line:
            questions.append((name, line))
    return questions


def _threshold(matches: list[tuple[str, str, ReplyMatch]]) -> float:
    """Return the lowest score from which on the share `RIGHT` of the matches is right."""
    scores = sorted({match.score for *_, match in matches})
    return next(score for score in scores if _figures(matches, score)[_PRECISION] >= RIGHT)


def _figures(matches: list[tuple[str, str, ReplyMatch]], threshold: float) -> dict[str, float]:
    right = [name == match.reply.name for name, _, match in matches if match.score >= threshold]
    with_reply = sum(name != "none" for name, *_ in matches)
    wrong = sum(match.score >= threshold for name, _, match in matches if name == "none")
    return {
        "questions": len(matches),
        "matched to the right reply, of those that have one": round(sum(right) / with_reply, 3),
        _PRECISION: round(sum(right) / max(len(right), 1), 3),
        "matched, of those that pages answer": round(wrong / (len(matches) - with_reply), 3),
    }


if __name__ == "__main__":
    main()
