"""A report as a picture; with `charts`, what owns matplotlib."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from chatbot.errors import EvaluationError
from chatbot.evaluation.report import RISK, Gate, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["save_plot"]

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
