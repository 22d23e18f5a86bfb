"""Small charts of figures as SVG, which follow the reader's light or dark screen; beside `plot`, what owns matplotlib.

Each needs words and a table beside it: a picture tells nothing to whoever cannot see it.
"""

import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from chatbot.errors import EvaluationError
from chatbot.evaluation.report import RISK, Gate, Report

__all__ = ["MIDDLE", "NARROW", "WIDE", "bars", "columns", "lines", "save_plot", "warm_up"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


NARROW: Final = 4.2
"""Inches across that suit a phone."""
MIDDLE: Final = 7.2
"""Inches across half a screen."""
WIDE: Final = 12.5
"""Inches across a screen."""


# Told apart by colour-blind eyes and by lightness. Source: M. Okabe and K. Ito, "Color Universal Design".
_COLOURS: Final = ("#0072b2", "#e69f00", "#999999", "#009e73")
_MARKS: Final = ("o", "s", "^", "D")
_INK: Final = "#1c1c1e"
_FAINT: Final = "#d5d5d9"
_ALARM: Final = "#c4122f"
_STRIPES: Final = "#fffffe"  # over the alarm's red, so that it is told apart without colours
_ALARMING: Final[Mapping[str, Any]] = {"facecolor": _ALARM, "edgecolor": _STRIPES, "hatch": "////", "linewidth": 0}
_BY_NIGHT: Final = {
    _INK: "#e8e8ea",
    _FAINT: "#4a4a50",
    "#0072b2": "#56b4e9",
    _ALARM: "#ff7b84",
    _STRIPES: "#1c1c1d",
}
# Text stays text, in the reader's own font, so that it can be enlarged without blur.
_STYLE: Final[dict[Any, Any]] = {
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
    "svg.fonttype": "none",
    "svg.hashsalt": "footnote",
    "font.family": "sans-serif",
    "font.size": 11,
}
_DRAWING: Final = Lock()  # matplotlib's style is one for all threads
_TICKS: Final = 1.1  # labels an inch, at most


@cache
def warm_up() -> None:
    """Load what draws, which takes half a second, before somebody waits for a chart."""
    columns(["1"], {"": [1]})


def columns(
    labels: Sequence[str], stacks: Mapping[str, Sequence[float]], width: float = MIDDLE, alarm: str = ""
) -> str:
    """Draw a column for each label, of parts on top of each other, named in a legend where there are several.

    The part that `alarm` names is red and striped.
    """
    with _drawn():
        figure, axes = _canvas(3.0, width)
        bottom = [0.0] * len(labels)
        colours = iter(_COLOURS)
        for name, values in stacks.items():
            look = _ALARMING if name == alarm else {"color": next(colours)}
            axes.bar(range(len(labels)), values, 0.82, bottom, label=name, **look)
            bottom = [low + value for low, value in zip(bottom, values, strict=True)]
        return _finished(figure, axes, labels, len(stacks))


def lines(
    labels: Sequence[str], series: Mapping[str, Sequence[float | None]], unit: str, *, width: float = MIDDLE
) -> str:
    """Draw shares of 100 over time; None leaves a gap."""
    with _drawn():
        figure, axes = _canvas(2.8, width)
        for (name, values), colour, mark in zip(series.items(), _COLOURS, _MARKS, strict=False):
            told = [float("nan") if value is None else value for value in values]
            axes.plot(range(len(labels)), told, color=colour, marker=mark, ms=5, lw=2, label=name, clip_on=False)
        axes.set_ylim(0, 100)
        axes.set_ylabel(unit)
        return _finished(figure, axes, labels, len(series))


def bars(labels: Sequence[str], values: Sequence[float], *, width: float = MIDDLE) -> str:
    """Draw a bar for each label, the first at the top, with its value."""
    with _drawn():
        figure, axes = _canvas(0.6 + 0.34 * max(len(labels), 1), width)
        rows = range(len(labels))
        drawn = axes.barh(rows, values, 0.7, color=_COLOURS[0])
        axes.bar_label(drawn, padding=4, color=_INK)
        axes.set_yticks(list(rows), [_short(label, int(5 * width)) for label in labels])
        axes.invert_yaxis()
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        axes.margins(x=0.12)
        return _svg(figure)


def _canvas(height: float, width: float) -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure  # noqa: PLC0415 - a second to import, and only a chart needs it

    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


@contextmanager
def _drawn() -> Iterator[None]:
    from matplotlib import rc_context  # noqa: PLC0415 - as above

    with _DRAWING, rc_context(_STYLE):
        yield


def _finished(figure: "Figure", axes: "Axes", labels: Sequence[str], parts: int) -> str:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - as above

    step = max(1, math.ceil(len(labels) / (_TICKS * figure.get_figwidth())))
    axes.set_xticks(range(0, len(labels), step), labels[::step])
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(visible=True, axis="y", color=_FAINT, lw=0.7)
    axes.set_axisbelow(True)
    axes.margins(x=0.01)
    if parts > 1:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0, 1),
            ncols=2 if figure.get_figwidth() < MIDDLE else parts,
            frameon=False,
            borderaxespad=0.2,
        )
    return _svg(figure)


def _svg(figure: "Figure") -> str:
    """Give the drawing, its colours changed where the screen is dark."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawing = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", file.getvalue())
    rules = "".join(
        f"{selector}{{{part}:{night}!important}}"
        for day, night in _BY_NIGHT.items()
        for part in ("fill", "stroke")
        for selector in (f'[style*="{part}: {day}"]', f'[{part}="{day}"]')  # of stripes, matplotlib writes the latter
    )
    return drawing.replace("<defs>", f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style><defs>", 1)


def _short(label: str, most: int) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"


if TYPE_CHECKING:
    from matplotlib.axes import Axes


# Told apart by colour-blind eyes, by lightness and by pattern. Source: M. Okabe and K. Ito, "Color Universal Design".
_BLUE: Final = "#0072B2"
_ORANGE: Final = "#E69F00"
_ROW: Final = 0.42  # inches of height a kind


def save_plot(report: Report, path: Path) -> None:
    """Save risk against coverage, and what was found first and in three by kind, as PNG.

    Raises `EvaluationError` if the file cannot be written.
    """
    from matplotlib.figure import Figure  # noqa: PLC0415 - a second to import, and only a plot needs it

    kinds = [part for part in report.kinds if part.first.of]
    figure = Figure(figsize=(11, max(4.5, 1.6 + _ROW * (len(kinds) + 1))), layout="constrained")
    risk, found = figure.subplots(1, 2)
    _risk(risk, report.gate)
    _found(found, report)
    try:
        figure.savefig(path, format="png", dpi=150)
    except OSError as error:
        raise EvaluationError(f"{path} cannot be written: {error.strerror}. Name another file.") from error


def _risk(axes: "Axes", gate: Gate) -> None:
    axes.set_title("Risk against coverage, surest answers first", loc="left")
    axes.set_xlabel("questions answered, %")
    axes.set_ylabel("of these answered wrongly, %")
    coverage, risk = [100 * point.coverage for point in gate.curve], [100 * point.risk for point in gate.curve]
    axes.plot(coverage, risk, ".-", color=_BLUE, markersize=4, clip_on=False, label="at any threshold")
    if gate.wrong.of:
        now = 100 * gate.wrong.of / gate.curve[-1].given, 100 * gate.wrong.count / gate.wrong.of
        axes.plot(*now, "D", color=_ORANGE, markeredgecolor="black", markersize=9, clip_on=False, label="as it is set")
    axes.axhline(100 * RISK, color="black", linestyle="--", linewidth=1, label=f"{RISK:.0%} wrong")
    axes.set_xlim(0, 100)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)


def _found(axes: "Axes", report: Report) -> None:
    axes.set_title("Where the right passage is found", loc="left")
    axes.set_xlabel("questions, %")
    parts = [part for part in [report.all, *reversed(report.kinds)] if part.first.of]
    rows = range(len(parts))
    three = [100 * (part.in_three.value or 0) for part in parts]
    first = [100 * (part.first.value or 0) for part in parts]
    axes.barh([row - 0.2 for row in rows], three, 0.4, color=_ORANGE, edgecolor="black", hatch="///", label="in three")
    axes.barh([row + 0.2 for row in rows], first, 0.4, color=_BLUE, edgecolor="black", label="first")
    axes.set_yticks(list(rows), [f"{part.kind} ({part.first.of})" for part in parts])
    axes.set_xlim(0, 100)
    axes.grid(visible=True, axis="x", alpha=0.3)
    axes.set_axisbelow(True)
    axes.legend(reverse=True, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)
