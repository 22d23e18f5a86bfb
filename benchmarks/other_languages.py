"""Asks the questions of two made-up clinics, one German and one Spanish, and prints how well each model answers them.

    python -m benchmarks.other_languages

Each clinic in `benchmarks/languages/` has 12 pages and 40 questions in its language, 8 of them without answer. Nothing
was fitted on them. `docs/languages.md` holds the figures.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.evaluation import Judged, ask, read_golden
from chatbot.indexing import MULTILINGUAL_MODEL, PACKAGED_MODEL, Encoder, build_index, load_encoder
from chatbot.records import Outcome

__all__: list[str] = []

_CLINICS: Final = Path(__file__).with_name("languages")
_HEAD: Final = "| clinic | model | hit@1 | hit@3 | shown | answered, of these right | answered without an answer | ms |"


def main() -> None:
    """Print a table with a row for each clinic and model."""
    print(f"{_HEAD}\n|---|---|---|---|---|---|---|---|")
    for clinic in sorted(_CLINICS.iterdir()):
        for model in (PACKAGED_MODEL, MULTILINGUAL_MODEL):
            judged, milliseconds = _judge(clinic, load_encoder(model))
            print(f"| {clinic.name} | {model} | {_row(judged)} | {milliseconds:.0f} |")


def _judge(clinic: Path, encoder: Encoder) -> tuple[list[Judged], float]:
    """Return the judgements of all questions, and the processor time of a question in milliseconds."""
    with TemporaryDirectory() as folder:
        build_index(clinic / "corpus", Path(folder), encoder)
        bot = Chatbot(clinic / "corpus", Path(folder), encoder, Clinic())
        questions = read_golden(clinic / "golden.jsonl")
        bot.ask(questions[0].question)  # loads what the first question loads
        start = time.process_time()
        judged = [ask(bot, question) for question in questions]
        return judged, (time.process_time() - start) / len(questions) * 1e3


def _row(judged: Sequence[Judged]) -> str:
    with_answer = [each for each in judged if each.question.gold]
    answered = [each for each in with_answer if each.outcome == Outcome.ANSWERED]
    astray = [each for each in judged if not each.question.gold and each.outcome == Outcome.ANSWERED]
    total = len(with_answer)
    return (
        f"{sum(each.rank == 1 for each in with_answer) / total:.2f} | "
        f"{sum(0 < each.rank <= 3 for each in with_answer) / total:.2f} | "
        f"{sum(each.shown for each in with_answer) / total:.2f} | "
        f"{len(answered)} of {total}, {sum(each.shown for each in answered)} | "
        f"{len(astray)} of {len(judged) - total}"
    )


if __name__ == "__main__":
    main()
