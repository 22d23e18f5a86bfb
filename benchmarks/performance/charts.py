"""The plots, as SVG whose lines and letters can be read on a light and on a dark page."""

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.performance.environments import FOOTNOTE, PEERS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

_INK: Final = "#7d7d84"  # has a contrast of at least 4 with white and with black
_OWN: Final = "#1a86c7"
_OTHERS: Final = ("#d98a00", "#2f9e77", "#b5739d", "#8a8a90", "#c75a4a", "#7a7fd1")
_MARKS: Final = ("o", "s", "^", "D", "v", "P", "X")
_STYLE: Final[dict[Any, Any]] = {
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
    "svg.fonttype": "none",
    "svg.hashsalt": "footnote",
    "font.family": "sans-serif",
    "font.size": 11,
}

_TITLES: Final = {FOOTNOTE: "Footnote", **{name: title for name, (title, _) in PEERS.items()}}
_LOOKS: Final = dict(zip(_TITLES, zip((_OWN, *_OTHERS), _MARKS, strict=True), strict=True))

Series = Mapping[str, Mapping[str, float]]
"""Values by group, and in it by system."""


def draw(folder: Path, sections: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Draw the plots of the sections that have any; return each one's file name and its words."""
    drawn = {}
    for name, (words, plot) in _PLOTS.items():
        series = sections.get(name, {}).get("series")
        if series:
            file = f"performance-{name}.svg"
            with mpl.rc_context(_STYLE):
                figure = Figure(figsize=(7.6, 3.6), layout="constrained")
                plot(figure, series)
                figure.savefig(folder / file, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
            drawn[name] = file, words
    return drawn


def _question(figure: Figure, series: Series) -> None:
    _lines(figure, series, "cpu-ms a question", "")


def _http(figure: Figure, series: Series) -> None:
    _lines(figure, series, "answers a second", "visitors at once")


def _build(figure: Figure, series: Series) -> None:
    _bars(figure, series["speed"], "passages a cpu-second")


def _cold(figure: Figure, series: Series) -> None:
    title, values = next((title, values) for title, values in series.items() if values)
    _bars(figure, values, f"cpu-seconds, {title}")


def _growth(figure: Figure, series: Series) -> None:
    left, right = figure.subplots(1, 2)
    for axes, name, unit in ((left, "search", "search, cpu-ms"), (right, "memory", "memory to search, MB")):
        _bare(axes)
        sizes = [int(size) for size in series[name]]
        axes.plot(sizes, list(series[name].values()), color=_OWN, marker="o", lw=2, clip_on=False)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(*_decades(list(series[name].values())))
        axes.xaxis.set_major_formatter("{x:,g}")
        axes.yaxis.set_major_formatter("{x:,g}")
        axes.set_xlabel("passages")
        axes.set_title(unit, loc="left", fontsize=11)


def _decades(values: Sequence[float]) -> tuple[float, float]:
    """Return the powers of ten around some values."""
    return 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values)))


def _lines(figure: Figure, series: Series, unit: str, below: str) -> None:
    axes = figure.subplots()
    _bare(axes)
    for name, (colour, mark) in _LOOKS.items():
        if not any(name in values for values in series.values()):
            continue
        heights = [values.get(name, float("nan")) for values in series.values()]
        axes.plot(
            range(len(series)),
            heights,
            color=colour,
            marker=mark,
            lw=3 if name == FOOTNOTE else 1.5,
            zorder=3 if name == FOOTNOTE else 2,
            label=_TITLES[name],
            clip_on=False,
        )
    axes.set_xticks(range(len(series)), list(series))
    axes.set_ylim(bottom=0)
    axes.set_ylabel(unit)
    axes.set_xlabel(below)
    figure.legend(loc="outside right upper", frameon=False, fontsize=10)


def _bars(figure: Figure, values: Mapping[str, float], unit: str) -> None:
    names = [name for name in _TITLES if name in values]
    figure.set_figheight(0.8 + 0.35 * len(names))
    axes = figure.subplots()
    _bare(axes)
    colours = [_OWN if name == FOOTNOTE else _INK for name in names]
    drawn = axes.barh(range(len(names)), [values[name] for name in names], 0.66, color=colours)
    axes.bar_label(drawn, fmt="{:.1f}", padding=4, color=_INK)
    axes.set_yticks(range(len(names)), [_TITLES[name] for name in names])
    axes.invert_yaxis()
    axes.set_xlabel(unit)


def _bare(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(visible=True, color=_INK, alpha=0.25, lw=0.7)
    axes.set_axisbelow(True)


_PLOTS: Final[dict[str, tuple[str, Callable[[Figure, Series], None]]]] = {
    "question": ("Processor time of a question by the number of passages, for each system", _question),
    "build": ("Passages that each system builds in a processor second", _build),
    "cold-start": ("Processor seconds of one question from a cold start, for each system", _cold),
    "http": ("Answers a second at 1, 8 and 32 visitors at once, for each system", _http),
    "growth": ("Search time and memory from 20 passages on, on logarithmic scales", _growth),
}
