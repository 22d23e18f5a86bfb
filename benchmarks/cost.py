"""Measures what a question costs, beside the encoder's own time for it.

    python -m benchmarks.cost --data FOLDER --cache FOLDER

Each question is asked and encoded in turn, in one run, so that whatever else the machine does slows both. The corpus is
drawn from several public collections; it is built anew unless `--cache` holds the same build, whose time is then told
again. The profile, taken in a run of its own because it slows what it watches, tells each function's time with all that
it calls.
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
from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import SentenceEncoder, build_index
from training.public_data import Collection, load_collection, write_corpus

COLLECTIONS = ("stackfaq", "covidqa_deepset", "medquad_small", "squad2_dev", "pubmedqa_l", "scifact")
DOCUMENTS = 4500  # about 10,000 passages
QUESTIONS = 300
PARTS = 25  # lines of the profile
SEED = 20261123

Milliseconds = dict[str, list[float]]
"""Of each question, by what was timed."""

__all__: list[str] = []


def main() -> None:
    """Build, ask, print."""
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
    encoder = SentenceEncoder()
    print(_built(corpus, options.cache, encoder), flush=True)
    bot = Chatbot(options.cache / "corpus", options.cache / "index", encoder, load_clinic(None))
    for question in questions[:20]:  # warm
        bot.ask(question)
    print(_table(*_timed(bot, encoder, questions)), flush=True)
    print(_profile(bot, questions))


def _corpus(data: Path, collections: Sequence[str]) -> Collection:
    """Put the collections together; a document's id is marked by its collection's name."""
    parts = [load_collection(data / name) for name in collections]
    documents = {f"{part.name}/{one}": told for part in parts for one, told in part.documents.items()}
    queries = tuple(
        type(query)(query.id, query.text, frozenset(f"{part.name}/{one}" for one in query.gold), query.subject)
        for part in parts
        for query in part.queries
    )
    return Collection("together", documents, queries)


def _built(corpus: Collection, cache: Path, encoder: SentenceEncoder) -> str:
    """Build, or find built, and say how long it took and how large it is."""
    write_corpus(corpus, cache / "corpus")
    encoder.encode_questions(["Are you ready?"])  # the model's loading is no part of the build
    with tqdm(desc="Passages", leave=False) as bar:

        def show(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        start = time.perf_counter()
        built = build_index(cache / "corpus", cache / "index", encoder, progress=show)
        seconds = time.perf_counter() - start
    note = cache / f"{built.id}.json"
    if built.embedded:
        note.write_text(json.dumps({"seconds": seconds, "embedded": built.embedded}), "utf-8")
    size = sum(path.stat().st_size for path in (cache / "index" / built.id).iterdir()) / 1e6
    what = f"{built.passages} passages of {built.documents} documents, index of {size:.0f} MB"
    if not note.exists():
        return f"{what}, built by another run"
    told = json.loads(note.read_text("utf-8"))
    speed = told["embedded"] / told["seconds"]
    return f"{what}, {told['embedded']} passages embedded in {told['seconds']:.0f} s ({speed:.1f} a second)"


def _timed(bot: Chatbot, encoder: SentenceEncoder, questions: Sequence[str]) -> tuple[Milliseconds, Milliseconds]:
    """Time both by the clock and by the processor, taking turns in which goes first."""
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
    """Give the functions of the product that take longest, by their time with all that they call."""
    watch = cProfile.Profile()
    with watch:
        for question in questions:
            bot.ask(question)
    room = str(Path(chatbot.__file__).parent)
    parts = [
        (total / len(questions) * 1e3, calls / len(questions), f"{Path(file).relative_to(room)}: {name}")
        for (file, _, name), (_, calls, _, total, _) in pstats.Stats(watch).stats.items()  # type: ignore[attr-defined] # typeshed leaves it out
        if file.startswith(room)
    ]
    lines = [f"{ms:8.2f} ms{calls:8.1f} calls  {name}" for ms, calls, name in sorted(parts, reverse=True)[:PARTS]]
    return "\n".join(["A question's time by function, watched:", *lines])


if __name__ == "__main__":
    main()
