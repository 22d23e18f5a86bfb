"""The journal as a file for a spreadsheet, or for a program."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from chatbot.journal.queries import LoggedQuestion

__all__ = ["FORMATS", "csv_lines", "export_lines"]

FORMATS: Final = ("csv", "jsonl")
_COLUMNS: Final = (
    "asked",
    "outcome",
    "question",
    "helpful",
    "comment",
    "language",
    "milliseconds",
    "passages",
    "answer_id",
    "level",
    "rule",
    "shown",
    "judged",
)
_MARK: Final = "\ufeff"  # by it a spreadsheet knows that the file is UTF-8
# A spreadsheet runs a cell that starts so, and one that opens the file with another separator sees a cell start behind
# each of them.
_FORMULA: Final = re.compile(r"(^|[,;\t|\r\n\"'])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def export_lines(entries: Iterable[LoggedQuestion], form: str) -> Iterator[str]:
    """Give the lines of a file, each with its end; `form` is one of `FORMATS`."""
    if form == "jsonl":
        for entry in entries:
            passages = [{"document": one.document, "start": one.start, "end": one.end} for one in entry.passages]
            yield json.dumps(_row(entry) | {"passages": passages}, ensure_ascii=False) + "\n"
        return
    yield from csv_lines(_COLUMNS, map(_cells, entries))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Give the lines of a CSV file, each with its end; None is an empty cell.

    An apostrophe stands before whatever a spreadsheet might run as a formula (OWASP, CSV Injection).
    """
    yield _MARK + _line(columns)
    for row in rows:
        yield _line(["" if cell is None else _harmless(str(cell)) for cell in row])


def _cells(entry: LoggedQuestion) -> list[object]:
    places = " ".join(f"{one.document}:{one.start}-{one.end}" for one in entry.passages)
    row = _row(entry) | {"passages": places}
    return [row[name] for name in _COLUMNS]


def _row(entry: LoggedQuestion) -> dict[str, object]:
    return {
        "asked": entry.asked.isoformat(),
        "outcome": entry.outcome.value,
        "question": entry.text,
        "helpful": entry.helpful,
        "comment": entry.comment,
        "language": entry.language,
        "milliseconds": entry.milliseconds,
        "passages": None,
        "answer_id": entry.answer_id,
        "level": entry.level,
        "rule": entry.rule,
        "shown": entry.shown,
        "judged": entry.judged,
    }


def _harmless(text: str) -> str:
    return _FORMULA.sub(r"\1\2'", text)


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()
