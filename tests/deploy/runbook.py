"""The commands of docs/operate.md, as an engineer copies them."""

import re
from functools import cache
from pathlib import Path
from typing import Final

__all__ = ["ROOT", "at_a_terminal", "block"]

ROOT: Final = Path(__file__).parents[2]
_BLOCK: Final = re.compile(r"<!-- run: ([a-z]+) -->\n```sh\n(.*?)```\n", re.DOTALL)


@cache
def _blocks() -> dict[str, str]:
    found = _BLOCK.findall((ROOT / "docs" / "operate.md").read_text("utf-8"))
    assert len(found) == len(dict(found)), "two blocks of the runbook have one name"
    return dict(found)


def block(name: str) -> str:
    """Return the block of commands that stands below `<!-- run: name -->`, unchanged."""
    return _blocks()[name]


def at_a_terminal(command: str, typed: str) -> str:
    """Return a script that runs a command at a terminal and types a line each second, until the command ends.

    What is typed before a question for a password is thrown away, so that once would not do.
    """
    typing = f"(trap '' PIPE; while sleep 1; do echo '{typed}' || exit 0; done) 2>/dev/null"
    return f"{typing} | script --quiet --return --command '{command.strip()}' /dev/null"
