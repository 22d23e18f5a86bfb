"""The commands that ask questions: ask, evaluate, check."""

import argparse
import codecs
import json
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.errors import FootnoteError, problem
from chatbot.settings import STAFF_DATABASE, Settings

if TYPE_CHECKING:
    from chatbot.bot import Chatbot
    from chatbot.evaluation import Bound
    from chatbot.records import Answer, Hit

__all__ = ["add_question_commands"]


def add_question_commands(add_command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the parsers of these commands."""
    ask = add_command("ask", help="answer a question", example='footnote ask "how long does the swelling last?"')
    source = ask.add_mutually_exclusive_group(required=True)
    source.add_argument("question", nargs="?", metavar="QUESTION", help="the question, in quotation marks")
    source.add_argument(
        "--batch", metavar="FILE", type=Path, help="answer a file of questions, a JSON object a line: see README.md"
    )
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    ask.add_argument("--explain", action="store_true", help="print the ten best passages with their scores, too")
    ask.set_defaults(run=_ask)

    evaluate = add_command(
        "evaluate",
        help="ask questions whose answers you know, and report how well they are answered",
        example="footnote evaluate golden.jsonl --min hit@1=0.8",
    )
    evaluate.usage = "footnote evaluate FILE [--json] [--plot FILE.png] [--min NAME=VALUE ...] [--max NAME=VALUE ...]"
    evaluate.add_argument(
        "file",
        metavar="FILE",
        type=Path,
        help="questions with their answers, a JSON object a line: see docs/evaluation.md",
    )
    evaluate.add_argument("--json", action="store_true", help="print the report as JSON, with each question's result")
    evaluate.add_argument("--plot", metavar="FILE.png", type=Path, help="draw charts of the report")
    for side, worse in (("--min", "below"), ("--max", "above")):
        evaluate.add_argument(
            side,
            metavar="NAME=VALUE",
            type=_bound,
            action="extend",
            nargs="+",
            default=[],
            help=f"exit with 1 if a figure is {worse} its value",
        )
    evaluate.set_defaults(run=_evaluate)

    check = add_command("check", help="ask the questions that staff saved, and compare with the last time")
    check.set_defaults(run=_check)


def _bound(text: str) -> "Bound":
    from chatbot.evaluation import read_bound

    try:
        return read_bound(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a bound: write it as in hit@1=0.8") from None


def _ask(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.cli.plain_text import plain_text

    bot = _open(settings)
    if options.batch:
        for line in _lines(options.batch):
            print(json.dumps(_reply(bot, line, options.explain)), flush=True)
        return
    answer, hits = bot.ask_with_candidates(options.question)
    if options.json:
        print(json.dumps(_answer_object(answer, hits, options.explain)))
        return
    print(plain_text(answer, bot.clinic))
    if options.explain:
        print("\n".join(f"{hit.score:.3f}  {hit.passage.document} {hit.passage.text[:80]!r}" for hit in hits))


def _evaluate(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.cli.progress import progress_bar
    from chatbot.evaluation import as_text, check, check_names, evaluate, read_golden, save_plot

    questions = read_golden(options.file)
    check_names([*options.min, *options.max], questions)
    bot = _open(settings)
    with progress_bar("Asking", " questions") as show:
        report = evaluate(bot, questions, show)
    if options.plot:  # before the text, which may go to a pipe that closes early
        save_plot(report, options.plot)
    print(json.dumps(report.as_dict()) if options.json else as_text(report))
    check(report, options.min, options.max)


def _check(settings: Settings, _: argparse.Namespace) -> None:
    from chatbot.cli.progress import progress_bar
    from chatbot.staff import (
        CheckReports,
        GoldenFile,
        check_report_text,
        first_day_line,
        raise_on_regression,
        staff_database,
        staff_warnings,
    )

    database = staff_database(settings.staff, settings.staff_database)
    golden, reports = GoldenFile(settings.staff, database), CheckReports(settings.staff, database)
    questions, before = golden.require(), reports.latest()
    bot = _open(settings)
    for warning in staff_warnings(bot.clinic, database):
        print(warning, file=sys.stderr)
    with progress_bar("Asking", " questions") as show:
        report = reports.run(bot, questions, show)
    print(check_report_text(report, before))
    if line := first_day_line(database):
        print(line)
    raise_on_regression(report, before)


def _open(settings: Settings) -> "Chatbot":
    """Open the chatbot as visitors are served by it, with the questions that staff approved."""
    from chatbot.bot import Chatbot

    bot = Chatbot.open(settings)
    # Importing the staff's part takes a second.
    if settings.staff_database or (settings.staff / STAFF_DATABASE).is_file():
        from chatbot.staff import staff_database, stored_approvals

        bot.set_approved(stored_approvals(staff_database(settings.staff, settings.staff_database)))
    return bot


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            lines = (line if number else line.removeprefix(codecs.BOM_UTF8) for number, line in enumerate(file))
            yield from (line for line in lines if line.strip())
    except OSError as error:
        raise FootnoteError(f"{path} cannot be read: {error.strerror}. Check its name.") from error


def _reply(bot: "Chatbot", line: bytes, explain: bool) -> dict[str, object]:
    from chatbot.answering import read_question

    try:
        return _answer_object(*bot.ask_with_candidates(*read_question(line)), explain)
    except FootnoteError as error:
        return problem(error)


def _answer_object(answer: "Answer", hits: "Sequence[Hit]", explain: bool) -> dict[str, object]:
    fields = {"answer_id": uuid.uuid4().hex, **answer.as_dict()}
    if explain:
        fields["candidates"] = [{"score": round(hit.score, 6), **hit.passage.as_dict()} for hit in hits]
    return fields
