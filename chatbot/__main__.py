"""The parser of the command line: `footnote`, or `python -m chatbot`.

Exit codes: 0 done, 1 failed with one line that names the cure, 2 wrong usage, 3 done with something to look at (such as
files that `build` could not read), 130 interrupted.
"""

import argparse
import io
import logging
import sys
from collections.abc import Sequence
from typing import Any

from chatbot import __version__
from chatbot.cli.backup import add_backup_commands
from chatbot.cli.building import add_building_commands
from chatbot.cli.commands import command_adder
from chatbot.cli.corpus import add_corpus_commands
from chatbot.cli.crawl import add_crawl_commands
from chatbot.cli.digest import add_digest_command
from chatbot.cli.doctor import add_doctor_command
from chatbot.cli.journal import add_journal_commands
from chatbot.cli.mcp import add_mcp_command
from chatbot.cli.pause import add_pause_commands
from chatbot.cli.questions import add_question_commands
from chatbot.cli.sites import add_sites_commands
from chatbot.cli.staff import add_staff_commands
from chatbot.cli.status import add_status_command
from chatbot.errors import FootnoteError, SettingsError
from chatbot.logs import FORMATTERS, log_what_ends_threads
from chatbot.operation.swap import take_back_restore
from chatbot.settings import Settings, load_settings, log_format
from chatbot.sites import Sites, site_settings

__all__ = ["main"]

_LOG = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    options = _parser().parse_args(arguments)
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)  # some libraries set their own loggers to a lower level
    handler.setFormatter(FORMATTERS[log_format()]() if options.logs else logging.Formatter("%(message)s"))
    logging.basicConfig(handlers=[handler])
    if options.logs:
        log_what_ends_threads()
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal that cannot show a letter shows its number
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        settings = _settings(options)
        take_back_restore(settings)
        return int(options.run(settings, options) or 0)
    except FootnoteError as error:
        if options.logs and log_format() == "json":
            _LOG.error("%s", error)
        else:
            print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of the output closed it, as `head` does
        sys.stderr.close()
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    """Return the settings of the one site, of the named one of many, or of the server of many."""
    settings: Settings = options.load_settings()
    name = getattr(options, "site", None)
    if name is not None:
        return site_settings(settings, Sites.of(settings).get(name))
    if settings.sites and options.of_one_site:
        raise SettingsError(f"Name one of the sites in {settings.sites}: --site NAME. 'footnote sites' lists them.")
    return settings


class _Parser(argparse.ArgumentParser):
    """A parser that, as all its subparsers do, takes the name of a site."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's own, passed on
        super().__init__(**options)
        self.add_argument("--site", default=argparse.SUPPRESS, metavar="NAME", help="the site, on a server of many")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="footnote",
        description="Answers visitors' questions with the words of the clinic's own pages.",
        epilog="'footnote COMMAND --help' explains a command. Settings are environment variables: see README.md.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    parser.set_defaults(logs=False, load_settings=load_settings, of_one_site=True)
    add_command = command_adder(parser)
    add_corpus_commands(add_command)
    add_building_commands(add_command)
    add_status_command(add_command)
    add_crawl_commands(add_command)
    add_question_commands(add_command)
    add_journal_commands(add_command)
    add_mcp_command(add_command)
    add_digest_command(add_command)
    add_staff_commands(add_command)
    add_sites_commands(add_command)
    add_pause_commands(add_command)
    add_doctor_command(add_command)
    add_backup_commands(add_command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
