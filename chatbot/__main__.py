"""The command line: `footnote`, or `python -m chatbot`.

Exit codes: 0 done, 1 failed with one line that names the cure, 2 wrong usage.
"""

import argparse
import codecs
import io
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tqdm import tqdm

from chatbot import __version__
from chatbot.answering import Calibration, Gate, missing_with, read_question
from chatbot.bot import Chatbot
from chatbot.cli.journal import add_journal_commands
from chatbot.cli.plain_text import plain_text
from chatbot.cli.staff import add_staff_commands, staff_command
from chatbot.clinic import Contact
from chatbot.errors import FootnoteError, SettingsError, problem
from chatbot.evaluation import Bound, as_text, check, check_names, evaluate, read_bound, read_golden, save_plot
from chatbot.indexing import SentenceEncoder, build_index
from chatbot.journal import Journal
from chatbot.records import Answer, Hit
from chatbot.settings import Settings, load_settings
from chatbot.staff import (
    GoldenFile,
    Reports,
    check_report_text,
    raise_on_regression,
    staff_warnings,
)

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot show a letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        options.run(load_settings(), options)
    except FootnoteError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever read the output has what they wanted
        sys.stderr.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="footnote", description="Answers questions with the clinic's own words.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="build the index of the corpus, if anything changed")
    build.set_defaults(run=_build)

    ask = commands.add_parser("ask", help="answer a question")
    asked = ask.add_mutually_exclusive_group(required=True)
    asked.add_argument("question", nargs="?", help="the question, between quotation marks")
    asked.add_argument("--batch", metavar="FILE", type=Path, help="answer a file of JSON objects, one a line")
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")
    ask.add_argument("--explain", action="store_true", help="print the ten best passages with their scores too")
    ask.set_defaults(run=_ask)

    evaluate = commands.add_parser(
        "evaluate",
        help="ask golden questions and report how well they are answered",
        usage="footnote evaluate FILE [--json] [--plot FILE.png] [--min NAME=VALUE ...] [--max NAME=VALUE ...]",
    )
    evaluate.add_argument("file", metavar="FILE", type=Path, help="golden questions, a JSON object a line")
    evaluate.add_argument("--json", action="store_true", help="print the report as JSON, with each question's result")
    evaluate.add_argument("--plot", metavar="FILE.png", type=Path, help="draw risk against coverage, and what is found")
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
    widget = commands.add_parser("widget", help="print the tag that shows the chat on the clinic's site")
    widget.add_argument("server", help="this server's public address, such as https://chat.clinic.example")
    widget.add_argument("--language", help="the chat's language, if it is not the one of clinic.toml")
    widget.add_argument("--pin", action="store_true", help="fix the program's hash (Subresource Integrity)")
    widget.set_defaults(run=_widget)

    serve = commands.add_parser("serve", help="serve the chat page and the API")
    serve.set_defaults(run=_serve)

    kept = commands.add_parser("journal", help="erase, export or shorten what is kept of visitors' questions")
    add_journal_commands(kept, {"erase": _erase, "export": _export, "enforce": _enforce})

    check = commands.add_parser("check", help="ask the questions that staff saved, keep the report, and compare it")
    check.set_defaults(run=_check)
    staff = commands.add_parser("staff", help="make and change the accounts of the staff console")
    staff.set_defaults(run=_staff)
    add_staff_commands(staff)
    return parser


def _bound(text: str) -> Bound:
    try:
        return read_bound(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no threshold: write it as in first=0.8") from None


def _build(settings: Settings, _: argparse.Namespace) -> None:
    with _progress("Embedding", " passages") as show:
        encoder = SentenceEncoder(settings.model)
        built = build_index(settings.corpus, settings.index, encoder, progress=show, calibrator=Calibration())
    for told in built.problems:
        print(told, file=sys.stderr)
    print(
        f"Index {built.id}: {built.passages} passages of {built.documents} "
        f"{'page' if built.documents == 1 else 'pages'}, {built.embedded} passages embedded."
    )
    if built.calibration:
        print(
            f"What these pages do not say meets {built.calibration['content_maxsim']:.2f} of them all the same, "
            f"{Gate.fitted().baseline['content_maxsim']:.2f} elsewhere: the gate allows for it."
        )
    for warning in missing_with(encoder):
        print(warning, file=sys.stderr)


@contextmanager
def _progress(doing: str, unit: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal while something goes on."""
    with tqdm(unit=unit, desc=doing, file=sys.stderr, disable=None, leave=False) as bar:

        def show(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)

        yield show


def _ask(settings: Settings, options: argparse.Namespace) -> None:
    bot = Chatbot.open(settings)
    if options.batch:
        for line in _lines(options.batch):
            print(json.dumps(_reply(bot, line, options.explain)), flush=True)
        return
    answer, hits = bot.ask_with_candidates(options.question)
    if options.json:
        print(json.dumps(_told(answer, hits, options.explain)))
        return
    print(plain_text(answer, bot.clinic))
    if options.explain:
        print("\n".join(f"{hit.score:.3f}  {hit.passage.document} {hit.passage.text[:80]!r}" for hit in hits))


def _evaluate(settings: Settings, options: argparse.Namespace) -> None:
    questions = read_golden(options.file)
    check_names([*options.min, *options.max], questions)
    bot = Chatbot.open(settings)
    with _progress("Asking", " questions") as show:
        report = evaluate(bot, questions, show)
    if options.plot:  # before the text, which may go to a pipe that closes early
        save_plot(report, options.plot)
    print(json.dumps(report.as_dict()) if options.json else as_text(report))
    check(report, options.min, options.max)


def _check(settings: Settings, _: argparse.Namespace) -> None:
    golden, reports = GoldenFile(settings.staff), Reports(settings.staff)
    questions, before = golden.wanted(), reports.latest()
    bot = Chatbot.open(settings)
    for warning in staff_warnings(bot.clinic, settings.staff):
        print(warning, file=sys.stderr)
    with _progress("Asking", " questions") as show:
        checked = reports.run(bot, questions, show)
    print(check_report_text(checked, before))
    raise_on_regression(checked, before)


def _widget(settings: Settings, options: argparse.Namespace) -> None:
    from chatbot.web.visitor.widget import script_tag  # noqa: PLC0415 - as below

    bot = Chatbot.open(settings)
    print(script_tag(bot, options.server, options.language or bot.clinic.widget.language, pin=options.pin))
    if not bot.clinic.sites.allowed:
        print("clinic.toml allows no site yet: list yours under [sites], allowed.", file=sys.stderr)


def _serve(settings: Settings, _: argparse.Namespace) -> None:
    from chatbot.web.server import listen, serve  # noqa: PLC0415 - Gradio takes seconds to import, and only this command needs it

    journal = Journal.open(settings.journal, settings.retention)
    address = listen(settings.host, settings.port)
    bot = Chatbot.open(settings)
    bot.ask("Are you ready?")  # the model is loaded before the first visitor comes, not by them
    if bot.clinic.contact == Contact():
        print("clinic.toml names no contact: visitors are not told how to reach the clinic.", file=sys.stderr)
    for warning in bot.warnings:
        print(warning, file=sys.stderr)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    print(f"Serving {bot.clinic.name} on http://{host}:{settings.port} (Ctrl+C stops it)", flush=True)
    serve(bot, journal, settings, address)


def _erase(settings: Settings, options: argparse.Namespace) -> None:
    with _journal(settings) as journal:
        number = journal.erase(
            everything=options.all, before=options.before, matching=options.matching, answer_id=options.answer
        )
    print(f"Erased {number} {'question' if number == 1 else 'questions'}.")


def _export(settings: Settings, options: argparse.Namespace) -> None:
    with _journal(settings) as journal:
        lines = journal.export(options.format, options.since, options.until)
    if options.output is None:
        for line in lines:
            print(line, end="")
        return
    try:
        with open(options.output, "w", encoding="utf-8", newline="", opener=_private) as file:
            file.writelines(lines)
    except OSError as error:
        raise FootnoteError(f"{options.output} cannot be written: {error.strerror}. Name another file.") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _staff(settings: Settings, options: argparse.Namespace) -> None:
    print(staff_command(settings, options))


def _enforce(settings: Settings, _: argparse.Namespace) -> None:
    with _journal(settings) as journal:
        number = journal.apply_retention()
    print(f"Took the words out of {number} {'question' if number == 1 else 'questions'}.")


def _journal(settings: Settings) -> "closing[Journal]":
    journal = Journal.open(settings.journal, settings.retention)
    if journal is None:
        raise SettingsError("There is no journal: FOOTNOTE_JOURNAL is off.")
    return closing(journal)


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            lines = (line if number else line.removeprefix(codecs.BOM_UTF8) for number, line in enumerate(file))
            yield from (line for line in lines if line.strip())
    except OSError as error:
        raise FootnoteError(f"{path} cannot be read: {error.strerror}. Check its name.") from error


def _reply(bot: Chatbot, line: bytes, explain: bool) -> dict[str, object]:
    try:
        question, history = read_question(line)
        return _told(*bot.ask_with_candidates(question, history), explain)
    except FootnoteError as error:
        return problem(error)


def _told(answer: Answer, hits: Sequence[Hit], explain: bool) -> dict[str, object]:
    candidates = [{"score": round(hit.score, 6), **hit.passage.as_dict()} for hit in hits]
    told = {"answer_id": uuid.uuid4().hex, **answer.as_dict()}
    return {**told, "candidates": candidates} if explain else told


if __name__ == "__main__":
    sys.exit(main())
