"""The parser of the command line: `footnote`, or `python -m chatbot`.

Exit codes: 0 done, 1 failed with one line that names the cure, 2 wrong usage, 3 done with something to look at (`build`
or `crawl` could not read some files, `status` found changed pages), 130 interrupted.
"""

import argparse
import io
import logging
import sys
from collections.abc import Sequence

from chatbot import __version__
from chatbot.cli.building import add_building_commands
from chatbot.cli.corpus import add_corpus_commands
from chatbot.cli.crawl import add_crawl_commands
from chatbot.cli.doctor import add_doctor_command
from chatbot.cli.journal import add_journal_commands
from chatbot.cli.questions import add_question_commands
from chatbot.cli.staff import add_staff_commands
from chatbot.errors import FootnoteError
from chatbot.settings import load_settings

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)  # some libraries set their own loggers to a lower level
    logging.basicConfig(format=options.log_format, handlers=[handler])
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot show a letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return int(options.run(options.load_settings(), options) or 0)
    except FootnoteError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of the output closed it, as `head` does
        sys.stderr.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="footnote", description="Answers questions with the clinic's own words.")
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(log_format="%(message)s", load_settings=load_settings)
    add_command = parser.add_subparsers(required=True, metavar="COMMAND").add_parser
    add_corpus_commands(add_command)
    add_building_commands(add_command)
    add_crawl_commands(add_command)
    add_question_commands(add_command)
    add_journal_commands(add_command)
    add_staff_commands(add_command)
    add_doctor_command(add_command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
