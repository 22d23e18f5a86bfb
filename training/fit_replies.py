"""Fits what matches questions to the clinic's own replies: chatbot/answering/replies.json and .npz.

    python -m training.fit_replies --data FOLDER

1. Linear discriminant analysis of `intents.toml` and `reply_wordings.toml` finds the directions that separate kinds of
   question whatever their subject.
2. A network with one hidden layer learns to tell three classes apart: questions that a reply answers, questions that
   pages answer (those of the made-up clinics and sites too), and questions that are no matter of a clinic, which are
   written in `reply_wordings.toml` or come from clinc150_oos in FOLDER.
3. A logistic model weighs the network's log-odds, the score and similarity of the nearest reply, and the share of
   unknown words. It is fitted on questions that the network had not seen: wordings, subjects, sites and intents are
   dealt into two halves, and each half is judged by the network, and with the vocabulary, of the other. The threshold
   lets through the share `OFF_TOPIC` of the questions of clinc150.

The figures are those of questions that the network had not seen, and of `tests/answering/replies.txt`, which no step
reads.
Sources: R. A. Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7, 1936; S. Larson
and others, "An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction", EMNLP 2019 (clinc150).
"""

import argparse
import json
import random
import re
import warnings
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from chatbot.answering.replies import ALIKE, ReplyDecision, ReplyMatcher, ReplyProjection, words_of
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoded, Vectors
from training.cached import CachedEncoder
from training.wordings import intents, off_topic, places, reply_wordings, topics

OFF_TOPIC: Final = 0.015  # share of the off-topic questions of public collections that may get a reply
SEED: Final = 20261126
OUT: Final = Path("chatbot/answering")
REPLY, PAGES, ELSEWHERE = range(3)
_SUBJECTS: Final = {REPLY: 8, PAGES: 12, ELSEWHERE: 6}  # drawn for each wording that has a place for one
_HIDDEN: Final = 64
_CONSTANT: Final = 1e-4  # a dimension of less deviation says nothing, and its weight would be without bounds
_COMMON: Final = 2  # sites whose pages or questions must have a word of the vocabulary
_EXCLUDED: Final = {  # intents of clinc150 that small talk answers, or that could be meant for a clinic
    "greeting", "goodbye", "thank_you", "are_you_a_bot", "yes", "no", "maybe", "repeat", "cancel", "what_can_i_ask_you",
    "vaccines", "insurance", "insurance_change", "make_call", "meeting_schedule",
}  # fmt: skip
_PRACTICAL: Final = re.compile(  # asks what replies answer; pages that hold it go first by another rule
    r"\b(?:price|cost|how much|fee|open|opening|hours|parking|park|address|phone|number|email|insurance|pay|refund"
    r"|deposit|discount|book|appointment|cancel)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Example:
    """A question, its class and kind. Examples of the same `group` lie in the same half."""

    text: str
    label: int
    kind: str
    group: str

    @property
    def half(self) -> int:
        """The half that the example lies in, 0 or 1."""
        return zlib.crc32(self.group.encode()) % 2


@dataclass(frozen=True, slots=True)
class Site:
    """A made-up clinic or site: the words of its pages, and the questions that they answer."""

    name: str
    words: frozenset[str]
    answerable: tuple[str, ...]


def main() -> None:
    """Fit, set the threshold, write the files and print the figures."""
    parser = argparse.ArgumentParser(description="Fit the matching of the clinic's own replies.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    encoder, sites = CachedEncoder(), _sites()
    examples = _examples(sites, parser.parse_args().data)
    encoded = encoder.encode_questions([example.text for example in examples])
    vectors = np.array([each.vector for each in encoded])
    labels = np.array([example.label for example in examples])
    halves = np.array([example.half for example in examples])
    projection = _projection(examples, vectors, encoder.fingerprint)
    replies = load_clinic(Path("clinic.toml")).replies
    chance = random.Random(SEED)

    signals = np.zeros((len(examples), 4))
    for half in (0, 1):
        unseen = np.flatnonzero(halves == half)
        decision = _decision(vectors[halves != half], labels[halves != half], _vocabulary(examples, sites, 1 - half))
        matcher = ReplyMatcher.of(replies, encoder, projection, decision)
        for row in unseen:
            site = chance.choice([site for site in sites if site.name == examples[row].kind] or sites)
            signals[row] = _signals(matcher, examples[row].text, encoded[row], site)
    model = LogisticRegression(C=10, max_iter=1000).fit(signals, labels == REPLY)
    scores = model.decision_function(signals)
    public = np.array([example.kind == "clinc150" for example in examples])
    threshold = float(np.quantile(scores[public], 1 - OFF_TOPIC))
    odds, score, similarity, unknown = (round(float(weight), 4) for weight in model.coef_[0])
    weights = (odds, score, similarity, unknown)
    intercept = round(float(model.intercept_[0]) - threshold, 4)

    vocabulary = sorted(_vocabulary(examples, sites))
    fitted = _decision(vectors, labels, vocabulary)
    decision = ReplyDecision(fitted.hidden, fitted.output, weights, intercept, fitted.vocabulary)
    np.savez_compressed(
        OUT / "replies.npz",
        mean=projection.mean,
        components=projection.components,
        page_centroids=projection.page_centroids,
        hidden=decision.hidden,
        output=decision.output,
        vocabulary=np.array(vocabulary),
    )
    values = {
        "encoder": {"name": encoder.name, "fingerprint": encoder.fingerprint},
        "weights": dict(zip(("log_odds", "score", "similarity", "unknown_words"), weights, strict=True)),
        "intercept": intercept,
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"sentences": len(examples), "sites": len(sites), "vocabulary": len(vocabulary), "seed": SEED},
        "matched, of questions not seen": _shares(examples, (scores >= threshold) | (signals[:, 2] >= ALIKE)),
        "tests/answering/replies.txt": _figures(ReplyMatcher.of(replies, encoder, projection, decision), encoder),
    }
    (OUT / "replies.json").write_text(json.dumps(values, indent=2) + "\n", "utf-8")
    print(json.dumps(values, indent=2))


def _sites() -> list[Site]:
    folders = sorted(path.parent for part in ("clinics", "sites") for path in Path("training", part).glob("*/*.jsonl"))
    return [Site(folder.name, _page_words(folder), tuple(_answerable(folder))) for folder in folders]


def _page_words(folder: Path) -> frozenset[str]:
    return frozenset(word for path in (folder / "corpus").rglob("*.md") for word in words_of(path.read_text("utf-8")))


def _answerable(folder: Path) -> list[str]:
    """Return the questions that the pages of a site answer, follow-ups left out."""
    rows = map(json.loads, (folder / "questions.jsonl").read_text("utf-8").splitlines())
    return [row["question"] for row in rows if row["expect"] == "answer" and not row.get("history")]


def _examples(sites: Sequence[Site], data: Path) -> list[Example]:
    """Return the questions of all classes, the same each time."""
    chance, (subjects, elsewhere) = random.Random(SEED), off_topic()
    clinics, others, of_places = places()
    replies = [*_rows(intents("replies")), *_rows(reply_wordings())]
    open_wordings = [row for row in (*replies, *_rows(intents("pages"))) if "{}" in row[1]]

    def filled(rows: Sequence[tuple[str, str]], names: Sequence[str], label: int) -> list[Example]:
        return [
            Example(text.format(name), label, kind, name if label == ELSEWHERE else text)
            for kind, text in rows
            for name in (chance.sample(names, _SUBJECTS[label]) if "{}" in text else [""])
        ]

    bare = [Example(text, REPLY, kind, text) for kind, text in replies if "{}" not in text]
    return [
        *filled(replies, topics(), REPLY),
        *(bare * 3),  # no subject makes them many, and they are asked as often
        *filled(_rows(intents("pages")), topics(), PAGES),
        *(
            Example(text, PAGES, site.name, site.name)
            for site in sites
            for text in site.answerable
            if not _PRACTICAL.search(text)
        ),
        *filled(_rows(of_places), clinics, REPLY),
        *filled(_rows(of_places), others, ELSEWHERE),
        *filled(open_wordings, subjects, ELSEWHERE),
        *(Example(text, ELSEWHERE, "off topic", text) for text in elsewhere),
        *(Example(text, ELSEWHERE, "clinc150", intent) for intent, text in _clinc150(data / "clinc150_oos")),
    ]


def _rows(kinds: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(kind, text) for kind, texts in kinds.items() for text in texts]


def _clinc150(folder: Path) -> list[tuple[str, str]]:
    """Return the intents and texts of clinc150 that no clinic would be asked; each text out of scope is a group."""
    rows = [json.loads(line) for name in ("corpus", "queries") for line in (folder / f"{name}.jsonl").open("rb")]
    pairs = [(row["metadata"]["intent"], row["text"]) for row in rows]
    return [(text if intent == "oos" else intent, text) for intent, text in pairs if intent not in _EXCLUDED]


def _projection(examples: Sequence[Example], vectors: Vectors, fingerprint: str) -> ReplyProjection:
    """Return the discriminants of the kinds of question that are written as wordings, replies' and pages'."""
    pages = list(intents("pages"))
    kinds = {*intents("replies"), *pages}
    rows = [row for row, example in enumerate(examples) if example.kind in kinds and example.label != ELSEWHERE]
    chosen, names = vectors[rows], np.array([examples[row].kind for row in rows])
    varied = chosen.std(axis=0) > _CONSTANT
    fit = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto").fit(chosen[:, varied], names)
    components = np.zeros((vectors.shape[1], len(kinds) - 1), dtype=np.float32)
    components[varied] = fit.scalings_[:, : len(kinds) - 1]
    centroids = np.array([chosen[names == name].mean(axis=0) for name in pages], dtype=np.float32)
    return ReplyProjection(chosen.mean(axis=0).astype(np.float32), components, centroids, fingerprint)


def _vocabulary(examples: Sequence[Example], sites: Sequence[Site], half: int | None = None) -> frozenset[str]:
    """Return the words of wordings, and those that several sites have, of one half or of both."""
    wordings = {
        word
        for example in examples
        if example.label != ELSEWHERE and half in {None, example.half}
        for word in words_of(example.text)
    }
    counts = Counter(
        word
        for site in sites
        if half in {None, Example("", PAGES, "", site.name).half}
        for word in site.words | {word for text in site.answerable for word in words_of(text)}
    )
    return frozenset(wordings | {word for word, count in counts.items() if count >= _COMMON})


def _decision(vectors: Vectors, labels: NDArray[np.int64], vocabulary: Sequence[str] | frozenset[str]) -> ReplyDecision:
    """Return a decision with a network fitted on vectors, and without weights yet."""
    network = MLPClassifier((_HIDDEN,), alpha=0.01, max_iter=40, random_state=0, learning_rate_init=0.002)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped early so that it learns no single question
        network.fit(vectors, labels)
    hidden, output = (
        np.vstack([weights, biases]).astype(np.float32)
        for weights, biases in zip(network.coefs_, network.intercepts_, strict=True)
    )
    return ReplyDecision(hidden, output, (0.0, 0.0, 0.0, 0.0), 0.0, frozenset(vocabulary))


def _signals(matcher: ReplyMatcher, text: str, encoded: Encoded, site: Site) -> list[float]:
    """Return the signals of the decision for a question to a site."""
    match = matcher.nearest(encoded)
    odds = float(matcher.decision.log_odds(encoded.vector[None])[0])
    return [odds, match.score, match.similarity, matcher.unknown_words(text, site.words)]


def _shares(examples: Sequence[Example], matched: NDArray[np.bool_]) -> dict[str, float]:
    """Return the share of questions that match a reply, by where the questions come from."""
    sources = ("wordings of replies", "wordings for pages", "sites", "subjects of others", "off topic")
    names: dict[str, list[bool]] = {name: [] for name in sources}
    kinds = {*intents("replies")}, {*intents("pages")}
    for example, match in zip(examples, matched.tolist(), strict=True):
        if example.label == REPLY:
            name = "wordings of replies"
        elif example.label == PAGES:
            name = "wordings for pages" if example.kind in kinds[1] else "sites"
        else:
            name = "subjects of others" if example.kind in kinds[0] | kinds[1] else "off topic"
        names[name].append(match)
    return {name: round(float(np.mean(values)), 3) for name, values in names.items()}


def _figures(matcher: ReplyMatcher, encoder: CachedEncoder) -> dict[str, float]:
    """Return the figures of questions to clinics of all kinds, whose words stand in no corpus."""
    questions = _read_questions(Path("tests/answering/replies.txt"))
    encoded = encoder.encode_questions([text for _, text in questions])
    matches = [
        (name, matcher.match(text, each, frozenset())) for (name, text), each in zip(questions, encoded, strict=True)
    ]
    with_reply = [(name, match) for name, match in matches if name != "none"]
    right = sum(match is not None and match.reply.name == name for name, match in with_reply)
    matched = sum(match is not None for _, match in matches)
    wrong = sum(match is not None for name, match in matches if name == "none")
    return {
        "questions": len(questions),
        "matched to the right reply, of those that have one": round(right / len(with_reply), 3),
        "right, of those matched": round(right / matched, 3),
        "matched, of those that pages answer": round(wrong / (len(matches) - len(with_reply)), 3),
    }


def _read_questions(path: Path) -> list[tuple[str, str]]:
    """Read questions, each with the name of its reply, or "none" where pages answer it."""
    name, questions = "", []
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
        elif line:
            questions.append((name, line))
    return questions


if __name__ == "__main__":
    main()
