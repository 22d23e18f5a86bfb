"""How commands are added to a parser, so that each explains itself in the same way."""

import argparse
from collections.abc import Callable

__all__ = ["command_adder"]


def command_adder(parser: argparse.ArgumentParser, *, required: bool = True) -> Callable[..., argparse.ArgumentParser]:
    """Return a function that adds a command to a parser, and returns the parser of that command.

    It takes the name, then `help`, which lists and describes the command, and an `example` of it. A command without
    help is not listed. Unless commands are `required`, the parser's own command runs where none is named.
    """
    add_parser = parser.add_subparsers(required=required, metavar="COMMAND").add_parser

    def add(name: str, *, help: str = "", example: str = "") -> argparse.ArgumentParser:  # noqa: A002 - as argparse has it
        if not help:
            return add_parser(name)
        description = f"{help[:1].upper()}{help[1:]}."
        return add_parser(name, help=help, description=description, epilog=f"Example: {example}" if example else None)

    return add
