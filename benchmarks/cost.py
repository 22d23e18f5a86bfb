"""Measures how long a question takes, beside the encoder's own time for it.

    python -m benchmarks.cost --data FOLDER --cache FOLDER

Each question is asked and encoded in turn, so that other load on the machine slows both. The corpus is a sample of
several public collections. If `--cache` holds the same build, its time is printed again. The profile gives each
function's cumulative time. It is taken in a run of its own, because profiling slows the functions.
"""

import argparse
import cProfile
import json
import pstats
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

import chatbot
from benchmarks.retrieval import build_with_bar
from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import Encoder, load_encoder
from training.public_data import Collection, load_collection, write_corpus

COLLECTIONS = ("stackfaq", "covidqa_deepset", "medquad_small", "squad2_dev", "pubmedqa_l", "scifact")
DOCUMENTS = 4500  # about 10,000 passages
QUESTIONS = 300
PARTS = 25  # lines of the profile
SEED = 20261123

Milliseconds = dict[str, list[float]]
"""Times of each question, by the part that was timed."""

__all__: list[str] = []


def main() -> None:
    """Build, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public collections")
    parser.add_argument("--cache", type=Path, required=True, help="folder for the corpus and its index")
    parser.add_argument("--collections", nargs="+", choices=COLLECTIONS, default=COLLECTIONS, metavar="NAME")
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="documents of the corpus")
    parser.add_argument("--questions", type=int, default=QUESTIONS, help="questions that are asked")
    options = parser.parse_args()
    corpus = _corpus(options.data, options.collections).sample(options.documents, SEED)
    answerable = [query.text for query in corpus.queries if query.gold]
    questions = random.Random(SEED).sample(answerable, min(options.questions, len(answerable)))
    encoder = load_encoder()
    print(_build(corpus, options.cache, encoder), flush=True)
    bot = Chatbot(options.cache / "corpus", options.cache / "index", encoder, load_clinic(None))
    for question in questions[:20]:  # warm
        bot.ask(question)
    print(_table(*_time(bot, encoder, questions)), flush=True)
    print(_profile(bot, questions))


def _corpus(data: Path, collections: Sequence[str]) -> Collection:
    """Return the collections as one, where each document id starts with the name of its collection."""
    parts = [load_collection(data / name) for name in collections]
    documents = {f"{part.name}/{id_}": document for part in parts for id_, document in part.documents.items()}
    queries = tuple(
        type(query)(query.id, query.text, frozenset(f"{part.name}/{id_}" for id_ in query.gold), query.subject)
        for part in parts
        for query in part.queries
    )
    return Collection("together", documents, queries)


def _build(corpus: Collection, cache: Path, encoder: Encoder) -> str:
    """Build the index unless it is in the cache, and return a line with its size and the time of its build."""
    write_corpus(corpus, cache / "corpus")
    encoder.encode_questions(["Are you ready?"])  # loads the model, which is no part of the build
    start = time.perf_counter()
    built = build_with_bar(cache, encoder)
    seconds = time.perf_counter() - start
    note = cache / f"{built.id}.json"
    if built.embedded:
        note.write_text(json.dumps({"seconds": seconds, "embedded": built.embedded}), "utf-8")
    size = sum(path.stat().st_size for path in (cache / "index" / built.id).iterdir()) / 1e6
    summary = f"{built.passages} passages of {built.documents} documents, index of {size:.0f} MB"
    if not note.exists():
        return f"{summary}, built by another run"
    values = json.loads(note.read_text("utf-8"))
    speed = values["embedded"] / values["seconds"]
    return f"{summary}, {values['embedded']} passages embedded in {values['seconds']:.0f} s ({speed:.1f} a second)"


def _time(bot: Chatbot, encoder: Encoder, questions: Sequence[str]) -> tuple[Milliseconds, Milliseconds]:
    """Return the times by the clock and by the processor. The two parts take turns in going first."""
    parts: dict[str, Callable[[str], object]] = {
        "ask": bot.ask,
        "encode": lambda question: encoder.encode_questions([question]),
    }
    clock: Milliseconds = {name: [] for name in parts}
    processor: Milliseconds = {name: [] for name in parts}
    for number, question in enumerate(tqdm(questions, desc="Asking", leave=False)):
        for name in sorted(parts, reverse=bool(number % 2)):
            start = time.perf_counter(), time.process_time()
            parts[name](question)
            clock[name].append(1e3 * (time.perf_counter() - start[0]))
            processor[name].append(1e3 * (time.process_time() - start[1]))
    return clock, processor


def _table(clock: Milliseconds, processor: Milliseconds) -> str:
    lines = [f"{len(clock['ask'])} questions, milliseconds", f"{'':28}{'ask':>8}{'encoder':>10}{'ratio':>8}"]
    for name, times in (("clock", clock), ("processor", processor)):
        for share, label in ((50, "median"), (95, "95th percentile")):
            ask, encode = np.percentile(times["ask"], share), np.percentile(times["encode"], share)
            lines.append(f"{name + ', ' + label:28}{ask:8.1f}{encode:10.1f}{ask / encode:8.2f}")
    return "\n".join(lines) + "\n"


def _profile(bot: Chatbot, questions: Sequence[str]) -> str:
    """Return a table of the product's functions with the longest cumulative time."""
    profile = cProfile.Profile()
    with profile:
        for question in questions:
            bot.ask(question)
    room = str(Path(chatbot.__file__).parent)
    parts = [
        (total / len(questions) * 1e3, calls / len(questions), f"{Path(file).relative_to(room)}: {name}")
        for (file, _, name), (_, calls, _, total, _) in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined] # typeshed leaves it out
        if file.startswith(room)
    ]
    lines = [f"{ms:8.2f} ms{calls:8.1f} calls  {name}" for ms, calls, name in sorted(parts, reverse=True)[:PARTS]]
    return "\n".join(["A question's cumulative time by function, while profiled:", *lines])


if __name__ == "__main__":
    main()
