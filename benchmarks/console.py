"""Measures how long the views of the staff console take over a full journal.

    python -m benchmarks.console [--questions 10000]

The journal lies in a new folder and holds unanswered questions. They are made from the wordings in `training/`, with
greetings and misspellings so that most differ.
"""

import argparse
import random
import tempfile
import time
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
from training.wordings import intents, paraphrases, topics

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
        journal = fill_journal(bot, Path(folder), number)
        embeddings = QuestionEmbeddings(bot)
        _time("unanswered questions, 30 days, none embedded yet", lambda: _unanswered(journal, embeddings, 30))
        for days in (7, 30, 90):
            _time(f"unanswered questions, {days} days", partial(_unanswered, journal, embeddings, days))
        _time("overview, 90 days", lambda: journal.counts(datetime.now(tz=UTC) - timedelta(days=90)).questions)
        journal.close()


def fill_journal(bot: Chatbot, folder: Path, number: int) -> Journal:
    """Return a journal of questions of the last days: unanswered, answered by related pages, or called unhelpful."""
    chance = random.Random(SEED)
    texts = questions(chance, number)
    now = time.time()
    moments = iter(sorted(now - chance.random() * DAYS * 86_400 for _ in texts))
    clock = [now]
    journal = Journal.open(str(folder / "journal.sqlite3"), 90, lambda: clock[0])
    if journal is None:
        raise SystemExit("There is no journal to fill.")
    answers = [bot.ask(text) for text in chance.sample(texts, 50)]
    cited = [answer.citations for answer in answers if answer.citations] or [()]
    for row, (text, moment) in enumerate(zip(texts, moments, strict=True)):
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
    """Return questions, of which most differ from all others."""
    subjects = topics()
    wordings = [paraphrase.text for paraphrase in paraphrases()]
    wordings += [text for texts in (intents("replies") | intents("pages")).values() for text in texts]
    return [
        _misspell(chance, chance.choice(BEFORE) + chance.choice(wordings).format(chance.choice(subjects)))
        + chance.choice(AFTER)
        for _ in range(number)
    ]


def _misspell(chance: random.Random, text: str) -> str:
    """Leave out a letter in every third question."""
    place = chance.randrange(len(text))
    return text if chance.random() < 2 / 3 else text[:place] + text[place + 1 :]


def _unanswered(journal: Journal, embeddings: QuestionEmbeddings, days: int) -> str:
    rows = unanswered_questions(journal, embeddings, days).rows
    wordings = sum(len(row.by_wording) for row in rows)
    first = rows[0]
    return (
        f"{sum(row.count for row in rows)} questions in {wordings} wordings, {len(rows)} rows; "
        f"most asked: {first.question!r}, {first.count} times"
    )


def _time(name: str, work: Callable[[], object]) -> None:
    start = time.perf_counter()
    result = work()
    print(f"{1e3 * (time.perf_counter() - start):8.0f} ms  {name}: {result}", flush=True)


if __name__ == "__main__":
    main()
