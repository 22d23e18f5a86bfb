"""Measures ways to store token vectors in fewer bytes, on the made-up clinics: prints the table of training/README.md.

    python -m training.measure_token_vectors

The projections are fitted on every second clinic. Each way is measured on the others: how far it moves the MaxSim of a
question and its best passage, and how often that passage stays the best. `bias` is the mean of the change, `noise` its
standard deviation over the eight best passages of each question.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from chatbot.indexing import Encoder, Vectors, load_encoder, passages_of
from chatbot.indexing.late_interaction import l2_normalise
from chatbot.reading import load_corpus, read_corpus
from training.corpora import CLINICS

__all__: list[str] = []

_PASSAGES = 8  # the best of a question, whose order matters
_STEPS = {15: 0.34, 8: 0.59, 4: 1.0, 2: 1.6}  # levels, and the step between them with the least error

Way = Callable[[Vectors], Vectors]


@dataclass(frozen=True, slots=True)
class _Clinic:
    passages: Sequence[Vectors]
    questions: Sequence[Vectors]


def main() -> None:
    """Encode, measure and print."""
    clinics = list(_clinics(load_encoder()))
    fitted = np.concatenate([tokens for clinic in clinics[::2] for tokens in clinic.passages])
    held = clinics[1::2]
    before = [_scores(clinic, lambda tokens: tokens) for clinic in held]
    print("| way | bytes a token | bias | noise | same best passage |\n|---|---|---|---|---|")
    for name, size, way in _ways(fitted):
        after = [_scores(clinic, way) for clinic in held]
        pairs = [pair for clinics in zip(before, after, strict=True) for pair in zip(*clinics, strict=True)]
        tops = [np.argsort(-exact)[:_PASSAGES] for exact, _ in pairs]
        changes = [stored[top] - exact[top] for top, (exact, stored) in zip(tops, pairs, strict=True)]
        bias, noise = (
            np.mean([change[0] for change in changes]),
            np.std(np.concatenate([c - c.mean() for c in changes])),
        )
        same = np.mean([np.argmax(stored) == top[0] for top, (_, stored) in zip(tops, pairs, strict=True)])
        print(f"| {name} | {size} | {bias:+.4f} | {noise:.4f} | {same:.1%} |")


def _ways(fitted: Vectors) -> Iterator[tuple[str, str, Way]]:
    """Yield the name of each way, its bytes a token, and the vectors that it gives back for those of a passage."""
    dimensions = fitted.shape[1]
    yield "8 bits", f"{dimensions}", lambda tokens: np.asarray(np.round(tokens * 127) / 127, dtype=np.float32)
    for levels in _STEPS:
        bits = int(np.ceil(np.log2(levels)))
        yield f"{bits} bit{'s' * (bits > 1)} and a scale", f"{dimensions * bits // 8 + 4}", partial(_rounded, levels)
    axes = np.linalg.eigh(fitted.T @ fitted)[1][:, ::-1]
    for kept in (192, 128, 96, 64):
        yield f"projection to {kept}, 8 bits", f"{kept}", partial(_projected, axes[:, :kept].astype(np.float32))
    for factor in (2, 4):
        yield f"{factor} tokens pooled, 8 bits", f"{dimensions // factor}", partial(_pooled, factor)


def _projected(axes: Vectors, tokens: Vectors) -> Vectors:
    return np.asarray(np.round(tokens @ axes * 127) / 127 @ axes.T, dtype=np.float32)


def _rounded(levels: int, tokens: Vectors) -> Vectors:
    steps = _STEPS[levels] * np.sqrt(np.mean(tokens**2, axis=1, keepdims=True))
    numbers = np.clip(np.floor(tokens / steps + levels / 2), 0, levels - 1) - (levels - 1) / 2
    return np.asarray(numbers / np.sum(numbers * tokens, axis=1, keepdims=True), dtype=np.float32)


def _pooled(factor: int, tokens: Vectors) -> Vectors:
    """Merge the most similar clusters of tokens until a share of them is left, and return the mean of each."""
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - this way alone needs it

    clusters = fcluster(linkage(tokens, "average", metric="cosine"), max(1, len(tokens) // factor), "maxclust")
    return l2_normalise(np.stack([tokens[clusters == number].mean(axis=0) for number in np.unique(clusters)]))


def _scores(clinic: _Clinic, way: Way) -> list[Vectors]:
    """Return the MaxSim of each question with every passage."""
    passages = [way(tokens) for tokens in clinic.passages]
    return [np.array([(tokens @ asked.T).max(axis=0).mean() for tokens in passages]) for asked in clinic.questions]


def _clinics(encoder: Encoder) -> Iterator[_Clinic]:
    for folder in sorted(path for path in CLINICS.iterdir() if path.is_dir()):
        documents = read_corpus(load_corpus(folder / "corpus")).documents
        texts = [passage.text for document in documents for passage in passages_of(document, encoder)]
        lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
        questions = encoder.encode_questions([json.loads(line)["question"] for line in lines])
        yield _Clinic(
            [l2_normalise(encoded.tokens) for encoded in encoder.encode_passages(texts)],
            [l2_normalise(encoded.tokens) for encoded in questions],
        )


if __name__ == "__main__":
    main()
