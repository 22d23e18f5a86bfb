"""Charts of figures; the only module that imports matplotlib.

The console's charts are SVG that follows the reader's light or dark screen. Each needs words and a table beside it, for
readers who cannot see it.
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
from chatbot.evaluation.report import RISK, GateMetrics, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["MIDDLE", "NARROW", "WIDE", "bars", "columns", "lines", "save_plot", "warm_up"]

NARROW: Final = 4.2
"""Width of a chart for a phone, in inches."""
MIDDLE: Final = 7.2
"""Width of a chart for half a screen, in inches."""
WIDE: Final = 12.5
"""Width of a chart for a screen, in inches."""

# Colour-blind readers can distinguish these, also by lightness. Source: M. Okabe and K. Ito, "Color Universal Design".
_COLOURS: Final = ("#0072b2", "#e69f00", "#999999", "#009e73")
_MARKS: Final = ("o", "s", "^", "D")
_INK: Final = "#1c1c1e"
_FAINT: Final = "#d5d5d9"
_ALARM: Final = "#c4122f"
_STRIPES: Final = "#fffffe"  # over the alarm's red, so that it stands out without colours too
_ALARM_STYLE: Final[Mapping[str, Any]] = {"facecolor": _ALARM, "edgecolor": _STRIPES, "hatch": "////", "linewidth": 0}
_ON_DARK: Final = {
    _INK: "#e8e8ea",
    _FAINT: "#4a4a50",
    "#0072b2": "#56b4e9",
    _ALARM: "#ff7b84",
    _STRIPES: "#1c1c1d",
}
# Text stays text in an SVG, in the reader's own font, so that it can be enlarged without blur.
_STYLE: Final[dict[Any, Any]] = {
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
    "svg.fonttype": "none",
    "svg.hashsalt": "footnote",
    "font.family": "sans-serif",
    "font.size": 11,
    "text.parse_math": False,  # a page's title may hold two dollar signs, and is no formula
}
_NOT_XML: Final = re.compile(r"[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOCK: Final = Lock()  # matplotlib has one style for all threads
_TICKS: Final = 1.1  # labels an inch, at most
_ROW: Final = 0.42  # inches of height for each kind of question


@cache
def warm_up() -> None:
    """Load matplotlib, which takes half a second, before somebody waits for a chart."""
    columns(["1"], {"": [1]})


def columns(
    labels: Sequence[str], stacks: Mapping[str, Sequence[float]], width: float = MIDDLE, alarm: str = ""
) -> str:
    """Return an SVG with a column for each label, stacked of named parts; several parts get a legend.

    The part that `alarm` names is red and striped.
    """
    with _figure(width, 3.0) as figure:
        axes = _axes(figure)
        bottom = [0.0] * len(labels)
        colours = iter(_COLOURS)
        for name, values in stacks.items():
            look = _ALARM_STYLE if name == alarm else {"color": next(colours)}
            axes.bar(range(len(labels)), values, 0.82, bottom, label=name, **look)
            bottom = [low + value for low, value in zip(bottom, values, strict=True)]
        return _labelled_svg(figure, axes, labels, len(stacks))


def lines(
    labels: Sequence[str], series: Mapping[str, Sequence[float | None]], unit: str, *, width: float = MIDDLE
) -> str:
    """Return an SVG of percentages over time, a line for each series; None leaves a gap."""
    with _figure(width, 2.8) as figure:
        axes = _axes(figure)
        for (name, values), colour, mark in zip(series.items(), _COLOURS, _MARKS, strict=False):
            heights = [float("nan") if value is None else value for value in values]
            axes.plot(range(len(labels)), heights, color=colour, marker=mark, ms=5, lw=2, label=name, clip_on=False)
        axes.set_ylim(0, 100)
        axes.set_ylabel(unit)
        return _labelled_svg(figure, axes, labels, len(series))


def bars(labels: Sequence[str], values: Sequence[float], *, width: float = MIDDLE) -> str:
    """Return an SVG with a bar and its value for each label, the first at the top."""
    with _figure(width, 0.6 + 0.34 * max(len(labels), 1)) as figure:
        axes = _axes(figure)
        rows = range(len(labels))
        drawn = axes.barh(rows, values, 0.7, color=_COLOURS[0])
        axes.bar_label(drawn, padding=4, color=_INK)
        axes.set_yticks(list(rows), [_shortened(label, int(5 * width)) for label in labels])
        axes.invert_yaxis()
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        axes.margins(x=0.12)
        return _svg(figure)


def save_plot(report: Report, path: Path) -> None:
    """Save risk against coverage, and hit@1 and hit@3 of each kind of question, as PNG.

    Raises `EvaluationError` if the file cannot be written.
    """
    kinds = [part for part in report.kinds if part.hit_at_1.of]
    with _figure(11, max(4.5, 1.6 + _ROW * (len(kinds) + 1))) as figure:
        left, right = figure.subplots(1, 2)
        _draw_risk(left, report.gate)
        _draw_hits(right, report)
        try:
            figure.savefig(path, format="png", dpi=150)
        except OSError as error:
            raise EvaluationError(f"{path} cannot be written: {error.strerror}. Name another file.") from error


def _draw_risk(axes: "Axes", gate: GateMetrics) -> None:
    axes.set_title("Risk against coverage, surest answers first", loc="left")
    axes.set_xlabel("questions answered, %")
    axes.set_ylabel("of these answered wrongly, %")
    coverage, risk = [100 * point.coverage for point in gate.curve], [100 * point.risk for point in gate.curve]
    axes.plot(coverage, risk, ".-", color=_COLOURS[0], markersize=4, clip_on=False, label="at any threshold")
    if gate.wrong.of:
        now = 100 * gate.wrong.of / gate.curve[-1].given, 100 * gate.wrong.count / gate.wrong.of
        axes.plot(*now, "D", color=_COLOURS[1], markeredgecolor=_INK, markersize=9, clip_on=False, label="as it is set")
    axes.axhline(100 * RISK, color=_INK, linestyle="--", linewidth=1, label=f"{RISK:.0%} wrong")
    axes.set_xlim(0, 100)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, color=_FAINT)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=3, frameon=False)


def _draw_hits(axes: "Axes", report: Report) -> None:
    axes.set_title("Questions whose right passage is found", loc="left")
    axes.set_xlabel("questions, %")
    parts = [part for part in [report.all, *reversed(report.kinds)] if part.hit_at_1.of]
    rows = range(len(parts))
    at_3 = [100 * (part.hit_at_3.value or 0) for part in parts]
    at_1 = [100 * (part.hit_at_1.value or 0) for part in parts]
    axes.barh([row - 0.2 for row in rows], at_3, 0.4, color=_COLOURS[1], edgecolor=_INK, hatch="///", label="hit@3")
    axes.barh([row + 0.2 for row in rows], at_1, 0.4, color=_COLOURS[0], edgecolor=_INK, label="hit@1")
    axes.set_yticks(list(rows), [f"{part.kind} ({part.hit_at_1.of})" for part in parts])
    axes.set_xlim(0, 100)
    axes.grid(visible=True, axis="x", color=_FAINT)
    axes.set_axisbelow(True)
    axes.legend(reverse=True, loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2, frameon=False)


@contextmanager
def _figure(width: float, height: float) -> Iterator["Figure"]:
    """Yield an empty figure of this size in inches, in the style of all charts, while it is drawn and saved."""
    import matplotlib.figure  # noqa: PLC0415 - takes half a second, and only a chart needs it

    with _LOCK, matplotlib.rc_context(_STYLE):
        yield matplotlib.figure.Figure(figsize=(width, height), layout="constrained")


def _axes(figure: "Figure") -> "Axes":
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def _labelled_svg(figure: "Figure", axes: "Axes", labels: Sequence[str], parts: int) -> str:
    step = max(1, math.ceil(len(labels) / (_TICKS * figure.get_figwidth())))
    axes.set_xticks(range(0, len(labels), step), labels[::step])
    axes.locator_params(axis="y", nbins=5, steps=None, integer=True)
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
    """Return the drawing as SVG, with other colours where the screen is dark."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    drawing = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font: \1px system-ui, sans-serif", file.getvalue())
    rules = "".join(
        f"{selector}{{{part}:{dark}!important}}"
        for light, dark in _ON_DARK.items()
        for part in ("fill", "stroke")
        for selector in (f'[style*="{part}: {light}"]', f'[{part}="{light}"]')  # the second is the form of stripes
    )
    return drawing.replace("<defs>", f"<style>@media (prefers-color-scheme:dark){{{rules}}}</style><defs>", 1)


def _shortened(label: str, most: int) -> str:
    label = _NOT_XML.sub("", label)
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
