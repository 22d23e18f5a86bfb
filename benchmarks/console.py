"""How long the staff console's views take over a full journal.

    python -m benchmarks.console [--questions 10000]

Fills a journal in a new folder with questions that were asked in vain, made from `paraphrases.txt` and
`intents.toml` with names, greetings and misspellings so that most differ, and times what each view works out.
"""

import argparse
import random
import tempfile
import time
import tomllib
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from chatbot.bot import Chatbot
from chatbot.journal import Journal
from chatbot.records import Answer, Citation, Outcome
from chatbot.settings import load_settings
from chatbot.staff.insights.embedding_cache import QuestionEmbeddings
from chatbot.staff.insights.unanswered import unanswered_questions

HERE = Path(__file__).parent
SEED = 20261123
DAYS = 30
BEFORE = ("", "", "hi, ", "hello ", "please ", "quick question: ", "sorry, ", "just wondering, ", "can you tell me, ")
AFTER = ("", "", " please", " thanks", " thank you", "?", "??", " ...", " pls", " asap", " for my mum", " in May")
OUTCOMES = (Outcome.ANSWERED, Outcome.RELATED, Outcome.NOT_FOUND)


def main() -> None:
    """Fill a journal, and time the views cold and warm."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--questions", type=int, default=10_000)
    number = parser.parse_args().questions
    bot = Chatbot.open(load_settings())
    with tempfile.TemporaryDirectory() as folder:
        journal = filled(bot, Path(folder), number)
        meanings = QuestionEmbeddings(bot)
        _timed("questions in vain, 30 days, first time (reads every question)", lambda: _in_vain(journal, meanings, 30))
        for days in (7, 30, 90):
            _timed(f"questions in vain, {days} days", partial(_in_vain, journal, meanings, days))
        _timed("overview, 90 days", lambda: journal.counts(datetime.now(tz=UTC) - timedelta(days=90)).questions)
        journal.close()


def filled(bot: Chatbot, folder: Path, number: int) -> Journal:
    """Fill a journal with questions of the last days, all of them in vain or unhelpful."""
    chance = random.Random(SEED)
    asked = questions(chance, number)
    now = time.time()
    moments = iter(sorted(now - chance.random() * DAYS * 86_400 for _ in asked))
    clock = [now]
    journal = Journal.open(str(folder / "journal.sqlite3"), 90, lambda: clock[0])
    if journal is None:
        raise SystemExit("There is no journal to fill.")
    answers = [bot.ask(text) for text in chance.sample(asked, 50)]
    cited = [one.citations for one in answers if one.citations] or [()]
    for row, (text, moment) in enumerate(zip(asked, moments, strict=True)):
        clock[0] = moment
        outcome = OUTCOMES[row % 3]
        shown: tuple[Citation, ...] = chance.choice(cited) if outcome is not Outcome.NOT_FOUND else ()
        name = uuid.UUID(int=chance.getrandbits(128)).hex
        journal.record(name, Answer(text, text, outcome, 0.3, "", shown, ()), chance.uniform(10, 60))
        if outcome is Outcome.ANSWERED:
            journal.feedback(name, helpful=False)
        elif row % 500 == 0:
            journal.flush()
    journal.flush()
    clock[0] = now
    return journal


def questions(chance: random.Random, number: int) -> list[str]:
    """Make questions, most of them unlike any other."""
    told = tomllib.loads((HERE / "intents.toml").read_text("utf-8"))
    lines = (HERE / "paraphrases.txt").read_text("utf-8").splitlines()
    ways = [line for line in lines if line and line[0] not in "%#;"]
    ways += [text for kinds in (told["routed"], told["paged"]) for texts in kinds.values() for text in texts]
    return [
        _slip(chance, chance.choice(BEFORE) + chance.choice(ways).format(chance.choice(told["topics"])))
        + chance.choice(AFTER)
        for _ in range(number)
    ]


def _slip(chance: random.Random, text: str) -> str:
    """Leave out a letter in every third question."""
    place = chance.randrange(len(text))
    return text if chance.random() < 2 / 3 else text[:place] + text[place + 1 :]


def _in_vain(journal: Journal, meanings: QuestionEmbeddings, days: int) -> str:
    told = unanswered_questions(journal, meanings, days)
    wordings = sum(len(row.by_wording) for row in told.rows)
    first = told.rows[0]
    return (
        f"{sum(row.count for row in told.rows)} questions in {wordings} wordings, {len(told.rows)} rows; "
        f"most asked: {first.question!r}, {first.count} times"
    )


def _timed(name: str, work: Callable[[], object]) -> None:
    begun = time.perf_counter()
    told = work()
    print(f"{1e3 * (time.perf_counter() - begun):8.0f} ms  {name}: {told}", flush=True)


if __name__ == "__main__":
    main()
