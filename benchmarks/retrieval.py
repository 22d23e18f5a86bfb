"""Measures how well Footnote and three baselines rank the documents of public collections.

    python -m benchmarks.retrieval --data FOLDER --cache FOLDER

The baselines rank whole documents, title first: BM25 over stemmed words, the cosine of the encoder's vector of the
text that fits its window, and reciprocal rank fusion of both. Source of the fusion: G. Cormack, C. Clarke and
S. Buettcher, SIGIR 2009. Footnote cuts documents into passages. A document's score is that of its best passage.

Each difference from a baseline comes with a paired bootstrap interval over the questions.

Not measured: clinc150_oos. Its documents are questions of the same intent, not passages that answer, and its judgements
name 20 of the 100 that are right for each question, so that chance decides which rankings score well.
"""

import argparse
import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import bm25s
import ir_measures
import numpy as np
import Stemmer
from ir_measures import RR, R, nDCG
from numpy.typing import NDArray
from scipy.stats import bootstrap
from tqdm import tqdm

from chatbot.answering import Ranking, clean_question, search
from chatbot.indexing import BuildResult, Encoder, Index, build_index, load_encoder, open_index
from training.corpora import spelling_of
from training.public_data import Collection, Query, load_collection, write_corpus

COLLECTIONS = {  # with the name of the file of judgements
    "stackfaq": "dev",
    "covidqa_deepset": "dev",
    "medquad_small": "dev",
    "squad2_dev": "dev",
    "pubmedqa_l": "dev",
    "scifact": "test",
}
MEASURES = {"ndcg@10": nDCG @ 10, "recall@100": R @ 100, "mrr@10": RR @ 10}
PRODUCT = "footnote"
DEPTH = 1000  # documents of a baseline's list
K = 60  # of reciprocal rank fusion
RESAMPLES = 9999
SEED = 20261123

Scores = dict[str, float]
"""Scores of the documents found for a question, by document id."""

Run = dict[str, Scores]
"""Scores of each question, by question id."""

__all__ = ["build_with_bar", "ranked"]

_SPELLING = cache(spelling_of)


def ranked(index: Index, encoder: Encoder, question: str) -> list[tuple[str, float]]:
    """Return the page and the score of each passage, ranked as the product does, best first."""
    corrected = _SPELLING(index, encoder).corrected(clean_question(question))  # type: ignore[arg-type] # a protocol says nothing of hashes
    result = search(index, encoder, Ranking.fitted(), corrected)
    return [(hit.passage.document, hit.score) for hit in result.hits] if result else []


@dataclass(frozen=True, slots=True)
class Measured:
    """One method on one collection: the mean of each measure, and the 95 % interval of the product's lead over it."""

    means: dict[str, float]
    lead: dict[str, tuple[float, float]]


def main() -> None:
    """Rank, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--cache", type=Path, required=True, help="folder for indexes and vectors, kept between runs")
    parser.add_argument("--collections", nargs="+", choices=COLLECTIONS, default=list(COLLECTIONS), metavar="NAME")
    parser.add_argument(
        "--queries", type=int, help="questions of each collection, a fixed random sample (default: all)"
    )
    parser.add_argument("--json", type=Path, help="file for the figures, as JSON")
    options = parser.parse_args()
    encoder = load_encoder()
    results: dict[str, dict[str, Measured]] = {}
    for name in options.collections:
        collection = load_collection(options.data / name, COLLECTIONS[name])
        queries = _sample(collection, options.queries)
        results[name] = _measure(_runs(collection, queries, encoder, options.cache / name), queries)
        print(f"{name}: {len(collection.documents)} documents, {len(queries)} questions")
        print(_table(results[name]), flush=True)
    print(_summary(results))
    if options.json:
        plain = {
            name: {method: asdict(result) for method, result in methods.items()} for name, methods in results.items()
        }
        options.json.write_text(json.dumps(plain, indent=2) + "\n", "utf-8")


def _sample(collection: Collection, most: int | None) -> list[Query]:
    queries = [query for query in collection.queries if query.gold]
    return queries if most is None else random.Random(SEED).sample(queries, min(most, len(queries)))


def _runs(collection: Collection, queries: Sequence[Query], encoder: Encoder, cache: Path) -> dict[str, Run]:
    lexical = _bm25(collection, queries)
    dense = _dense(collection, queries, encoder, cache)
    fused = {query.id: _fuse(lexical[query.id], dense[query.id]) for query in queries}
    return {
        PRODUCT: _product(collection, queries, encoder, cache),
        "bm25": lexical,
        "minilm": dense,
        "rrf": fused,
    }


def _product(collection: Collection, queries: Sequence[Query], encoder: Encoder, cache: Path) -> Run:
    names = write_corpus(collection, cache / "corpus")
    built = build_with_bar(cache, encoder)
    for problem in built.problems:
        tqdm.write(problem)
    _, index = open_index(cache / "corpus", cache / "index", encoder)
    ids = {name: id_ for id_, name in names.items()}
    run: Run = {}
    for query in tqdm(queries, desc=f"{collection.name}: {PRODUCT}", leave=False):
        best: Scores = {}
        for page, score in ranked(index, encoder, query.text):
            best[ids[page]] = max(score, best.get(ids[page], score))
        run[query.id] = best
    return run


def build_with_bar(cache: Path, encoder: Encoder) -> BuildResult:
    """Build the index of `cache`/corpus in `cache`/index behind a progress bar."""
    with tqdm(desc="Passages", leave=False) as bar:

        def show(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        return build_index(cache / "corpus", cache / "index", encoder, progress=show)


def _bm25(collection: Collection, queries: Sequence[Query]) -> Run:
    stem = _stemmer()
    index = bm25s.BM25(k1=1.2, b=0.75, method="lucene")
    index.index([stem(text) for text in _texts(collection)], show_progress=False)
    run: Run = {}
    for query in tqdm(queries, desc=f"{collection.name}: bm25", leave=False):
        known = [word for word in stem(query.text) if word in index.vocab_dict]
        scores = index.get_scores(known) if known else np.zeros(len(collection.documents))
        run[query.id] = {id_: score for id_, score in _best(collection, scores).items() if score > 0}
    return run


def _stemmer() -> Callable[[str], list[str]]:
    stemmer = Stemmer.Stemmer("english")
    return lambda text: stemmer.stemWords(re.findall(r"\w+", text.casefold()))


def _dense(collection: Collection, queries: Sequence[Query], encoder: Encoder, cache: Path) -> Run:
    documents = _vectors(collection, encoder, cache)
    questions = [encoded.vector for encoded in encoder.encode_questions([query.text for query in queries])]
    return {
        query.id: _best(collection, documents @ question) for query, question in zip(queries, questions, strict=True)
    }


def _vectors(collection: Collection, encoder: Encoder, cache: Path) -> NDArray[np.float32]:
    """Return the vectors of whole documents, shape (n, dimensions), read from the cache if they are there."""
    texts = _texts(collection)
    digest = hashlib.sha256("\0".join((encoder.fingerprint, *texts)).encode()).hexdigest()[:16]
    path = cache / f"documents-{digest}.npy"
    if path.exists():
        return np.asarray(np.load(path), dtype=np.float32)
    order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    vectors: list[NDArray[np.float32]] = [np.zeros(0, dtype=np.float32)] * len(texts)
    for start in tqdm(range(0, len(order), 32), desc=f"{collection.name}: documents", leave=False):
        rows = order[start : start + 32]
        for row, encoded in zip(rows, encoder.encode_passages([texts[row] for row in rows]), strict=True):
            vectors[row] = encoded.vector
    cache.mkdir(parents=True, exist_ok=True)
    np.save(path, np.stack(vectors))
    return np.stack(vectors)


def _texts(collection: Collection) -> list[str]:
    return [f"{title} {text}".strip() for title, text in collection.documents.values()]


def _best(collection: Collection, scores: NDArray[np.floating]) -> Scores:
    ids = list(collection.documents)
    return {ids[row]: float(scores[row]) for row in np.argsort(-scores, kind="stable")[:DEPTH]}


def _fuse(*lists: Mapping[str, float]) -> Scores:
    fused: Scores = {}
    for scores in lists:
        for rank, document in enumerate(scores, start=1):
            fused[document] = fused.get(document, 0) + 1 / (K + rank)
    return fused


def _measure(runs: Mapping[str, Run], queries: Sequence[Query]) -> dict[str, Measured]:
    values = {method: _values(run, queries) for method, run in runs.items()}
    return {
        method: Measured(
            {name: round(float(own[name].mean()), 4) for name in MEASURES},
            {name: _interval(values[PRODUCT][name] - own[name]) for name in MEASURES},
        )
        for method, own in values.items()
    }


def _values(run: Run, queries: Sequence[Query]) -> dict[str, NDArray[np.float64]]:
    """Return each measure by name, shape (questions,), in the order of the questions."""
    qrels = {query.id: dict.fromkeys(query.gold, 1) for query in queries}
    rows = {query.id: row for row, query in enumerate(queries)}
    names = {measure: name for name, measure in MEASURES.items()}
    each = {name: np.zeros(len(queries)) for name in MEASURES}
    for metric in ir_measures.iter_calc(list(MEASURES.values()), qrels, run):
        each[names[metric.measure]][rows[metric.query_id]] = metric.value
    return each


def _interval(differences: NDArray[np.float64]) -> tuple[float, float]:
    """Return the 95 % bootstrap percentile interval of the mean difference."""
    chance = np.random.default_rng(SEED)
    result = bootstrap((differences,), np.mean, n_resamples=RESAMPLES, method="percentile", batch=500, rng=chance)
    return round(float(result.confidence_interval.low), 4), round(float(result.confidence_interval.high), 4)


def _table(methods: Mapping[str, Measured]) -> str:
    lines = [f"{'':10}" + "".join(f"{name:>12}{'footnote minus it':>20}" for name in MEASURES)]
    for method, measured in methods.items():
        cells = []
        for name in MEASURES:
            low, high = measured.lead[name]
            lead = "" if method == PRODUCT else f"[{low:+.3f}, {high:+.3f}]"
            cells.append(f"{measured.means[name]:12.3f}{lead:>20}")
        lines.append(f"{method:10}" + "".join(cells).rstrip())
    return "\n".join(lines) + "\n"


def _summary(results: Mapping[str, Mapping[str, Measured]]) -> str:
    """Return a table of nDCG@10: each method on each collection, and the product's lead over the best baseline."""
    methods = list(next(iter(results.values())))
    lines = [f"{'nDCG@10':18}" + "".join(f"{method:>10}" for method in methods) + f"{'minus best':>12}"]
    rows = {name: [own[method].means["ndcg@10"] for method in methods] for name, own in results.items()}
    for name, (product, *others) in rows.items():
        means = "".join(f"{mean:10.3f}" for mean in (product, *others))
        lines.append(f"{name:18}{means}{product - max(others):+12.3f}")
    means = "".join(f"{float(mean):10.3f}" for mean in np.mean(list(rows.values()), axis=0))
    return "\n".join([*lines, f"{'mean':18}{means}"])


if __name__ == "__main__":
    main()
