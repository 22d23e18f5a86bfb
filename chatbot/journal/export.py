"""Export of the journal as CSV or JSON lines."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
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
    "confirmed",
)
_BYTE_ORDER_MARK: Final = "\ufeff"  # spreadsheets recognise UTF-8 by it
# Programs skip or remove these before they look at a cell: white space, controls and characters without width.
_UNSEEN: Final = (
    r"[\s\x00-\x1f\x7f-\xa0\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2"
    r"\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\U000110bd\U000110cd"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# A spreadsheet runs a cell that starts with one of these characters. If it opens the file with another separator, a
# cell starts after each separator.
_FORMULA: Final = re.compile(rf"(^|[,;\t|\r\n\"'])({_UNSEEN}*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")


def export_lines(entries: Iterable[LoggedQuestion], form: str) -> Iterator[str]:
    """Yield the lines of a file, each with its line end; `form` is one of `FORMATS`."""
    if form == "jsonl":
        for entry in entries:
            passages = [asdict(passage) for passage in entry.passages]
            yield json.dumps(_row(entry) | {"passages": passages}, ensure_ascii=False) + "\n"
        return
    yield from csv_lines(_COLUMNS, map(_cells, entries))


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the lines of a CSV file, each with its line end; None is an empty cell.

    An apostrophe is put before anything that a spreadsheet might run as a formula (OWASP, CSV Injection).
    """
    yield _BYTE_ORDER_MARK + _line(columns)
    for row in rows:
        yield _line(["" if cell is None else _escape_formulas(str(cell)) for cell in row])


def _cells(entry: LoggedQuestion) -> list[object]:
    places = " ".join(f"{passage.document}:{passage.start}-{passage.end}" for passage in entry.passages)
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
        "confirmed": entry.confirmed,
    }


def _escape_formulas(text: str) -> str:
    return _FORMULA.sub(r"\1\2'", text)


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()
