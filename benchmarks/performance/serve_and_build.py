"""Serves Footnote, and builds the index of other pages in the same process whenever a line of standard input says so.

    python -m benchmarks.performance.serve_and_build

This is what publishing pages in the staff console does to visitors: the build shares the encoder with their questions.
Each line is `CORPUS<tab>INDEX`. A line with the seconds that the build took goes to standard error.
"""

import sys
import time
from pathlib import Path
from threading import Thread

from chatbot.bot import Chatbot
from chatbot.indexing import build_index
from chatbot.journal import Journal
from chatbot.settings import load_settings
from chatbot.web.server import listen, serve

__all__ = ["BUILT"]

BUILT = "built in"
"""What the line of a finished build starts with."""


def main() -> None:
    """Serve until the process is stopped."""
    settings = load_settings()
    bot = Chatbot.open(settings)
    bot.ask("Are you ready?")
    Thread(target=_build_on_demand, args=(bot,), daemon=True).start()
    serve(bot, Journal.open(settings.journal, settings.retention), settings, listen(settings.host, settings.port))


def _build_on_demand(bot: Chatbot) -> None:
    for line in sys.stdin:
        corpus, index = line.rstrip("\n").split("\t")
        start = time.perf_counter()
        build_index(Path(corpus), Path(index), bot.encoder)
        print(BUILT, f"{time.perf_counter() - start:.1f}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
