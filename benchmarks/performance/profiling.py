"""The profile of a question: Footnote's functions by cumulative time, and the encoder's share."""

import cProfile
import pstats
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from time import process_time
from typing import Final

from tqdm import tqdm

import chatbot
from benchmarks.performance.bench import Bench, Result, Table
from benchmarks.performance.environments import FOOTNOTE
from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.indexing import load_encoder

__all__ = ["measure"]

_LINES: Final = 25


def measure(bench: Bench) -> Result:
    """Ask in this process: first timed beside the encoder, then profiled, because profiling slows the functions."""
    system = next(system for system in bench.systems if system.name == FOOTNOTE)
    corpus = bench.corpus(bench.sizes[-1])
    encoder = load_encoder()
    bot = Chatbot(corpus.pages, bench.index(system, corpus), encoder, load_clinic(None))
    questions = [question for question, _ in corpus.questions[: 60 if bench.quick else 300]]
    for question in questions[:20]:
        bot.ask(question)
    asked, encoded = [], []
    for question in tqdm(questions, desc="Asking and encoding", leave=False):
        start = process_time()
        bot.ask(question)
        middle = process_time()
        encoder.encode_questions([question])
        asked.append(1e3 * (middle - start))
        encoded.append(1e3 * (process_time() - middle))
    share = f"A question takes {median(asked):.1f} ms, and its encoding alone {median(encoded):.1f} ms, {corpus.label}."
    return Result(
        [Table("Profile of a question", ("ms", "calls", "function"), _profile(bot, questions), share)],
        {"ask_to_encode": median(asked) / median(encoded)},
    )


def _profile(bot: Chatbot, questions: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    profile = cProfile.Profile()
    with profile:
        for question in questions:
            bot.ask(question)
    room = str(Path(chatbot.__file__).parent)
    parts = sorted(
        (
            (total / len(questions) * 1e3, calls / len(questions), f"{Path(file).relative_to(room)}: {name}")
            for (file, _, name), (_, calls, _, total, _) in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined] # typeshed leaves it out
            if file.startswith(room)
        ),
        reverse=True,
    )
    return tuple((f"{ms:.2f}", f"{calls:.1f}", f"`{name}`") for ms, calls, name in parts[:_LINES])
