"""The files that a build left out, with the reasons, so that the next one need not try them again."""

import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final, Self

from chatbot.errors import IndexDamaged, PageUnpublished, UnreadablePage
from chatbot.indexing.builds import REBUILD_HINT

__all__ = ["LEFT_OUT", "LeftOut", "read_left_out", "write_left_out"]

LEFT_OUT: Final = "left_out.json"
"""The name of the file that `write_left_out` makes."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that was left out: its digest, the reason with the file's name, and whether it is just not published."""

    digest: str
    reason: str
    unpublished: bool

    @classmethod
    def of(cls, digest: str, error: UnreadablePage) -> Self:
        """Return a file that an error withheld."""
        return cls(digest, str(error), isinstance(error, PageUnpublished))

    @property
    def error(self) -> UnreadablePage:
        """The error that withheld the file."""
        return PageUnpublished(self.reason) if self.unpublished else UnreadablePage(self.reason)


def write_left_out(folder: Path, files: Mapping[str, LeftOut]) -> None:
    """Write the files that a build left out, by their names, into its folder."""
    (folder / LEFT_OUT).write_text(json.dumps({name: astuple(file) for name, file in files.items()}), "ascii")


def read_left_out(folder: Path) -> Mapping[str, LeftOut]:
    """Return the files that a build left out, by their names; raises `IndexDamaged`."""
    try:
        files = json.loads((folder / LEFT_OUT).read_bytes())
        return {name: LeftOut(str(digest), str(reason), bool(flag)) for name, (digest, reason, flag) in files.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise IndexDamaged(f"{folder / LEFT_OUT} cannot be read: {REBUILD_HINT}.") from error
