"""The report: a JSON file of all sections, and their tables in a Markdown file between two markers."""

import json
import os
import platform
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.performance.bars import verdicts
from benchmarks.performance.bench import Result
from benchmarks.performance.charts import draw

__all__ = ["Sections", "bars_table", "machine", "markdown", "read", "section", "write"]

Sections = dict[str, dict[str, Any]]
"""What each section measured, with its date, its machine and its form, by name."""

_MARKERS: Final = ("<!-- figures -->", "<!-- /figures -->")
_JSON: Final = "performance.json"
_MARKDOWN: Final = "performance.md"
_UNMEASURED: Final = ("not measured", "")


def machine() -> str:
    """Return the machine in words: cores, processor, Python."""
    names = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
    cores = len(os.sched_getaffinity(0))
    return f"{cores} cores, {names[0].strip() if names else platform.machine()}, Python {platform.python_version()}"


def section(result: Result, left_out: Mapping[str, str], *, quick: bool) -> dict[str, Any]:
    """Return a section as it is stored."""
    return {
        "date": datetime.now(tz=UTC).strftime("%-d %B %Y"),
        "machine": machine(),
        "quick": quick,
        "left_out": dict(left_out),
        "figures": result.figures,
        "series": result.series,
        "tables": [asdict(table) for table in result.tables],
    }


def read(folder: Path) -> Sections:
    """Read the sections that earlier runs stored."""
    path = folder / _JSON
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def write(folder: Path, sections: Sections, order: tuple[str, ...]) -> None:
    """Write the JSON file, the plots, and the tables between the markers of the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _JSON).write_text(json.dumps(sections, indent=1) + "\n", "utf-8")
    plots = draw(folder, sections)
    parts = [bars_table(sections)]
    parts += [_section_text(name, sections[name], plots.get(name)) for name in order if name in sections]
    path = folder / _MARKDOWN
    text = path.read_text("utf-8") if path.exists() else "\n".join(_MARKERS) + "\n"
    start, end = _MARKERS
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{start}\n" + "\n\n".join(parts) + f"\n{end}{after}", "utf-8")


def bars_table(sections: Sections) -> str:
    """Return the bars as a Markdown table, with the figures of all sections."""
    figures: dict[str, float] = {}
    quick = set()
    for part in sections.values():
        figures |= part["figures"]
        quick |= set(part["figures"]) if part["quick"] else set()
    lines = ["| bar | figure | bound | met |", "|---|---|---|---|"]
    for each in verdicts(figures):
        bound = f"at {'least' if each.bar.at_least else 'most'} {each.bar.bound:g} {each.bar.unit}"
        value, met = _UNMEASURED
        if each.value is not None:
            value = f"{each.value:.3g}{' (quick run)' if each.bar.figure in quick else ''}"
            met = "yes" if each.met else "**no**"
        lines.append(f"| {each.bar.title} | {value} | {bound} | {met} |")
    return "\n".join(lines)


def _section_text(name: str, part: Mapping[str, Any], plot: tuple[str, str] | None) -> str:
    form = "a quick run" if part["quick"] else "the full run"
    lines = [f"## Figures: {name}", f"{part['date']}, {form}: {part['machine']}."]
    lines += [f"Left out: {what}, because {why}." for what, why in part["left_out"].items()]
    if plot:
        file, words = plot
        lines.append(f"![{words}]({file})")
    lines += [markdown(table) for table in part["tables"]]
    return "\n\n".join(lines)


def markdown(table: Mapping[str, Any]) -> str:
    """Return a stored table in Markdown."""
    lines = [f"**{table['title']}**", "", f"| {' | '.join(table['columns'])} |", "|---" * len(table["columns"]) + "|"]
    lines += [f"| {' | '.join(row)} |" for row in table["rows"]]
    return "\n".join(lines + (["", table["note"]] if table["note"] else []))
