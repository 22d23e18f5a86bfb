"""A report as text for a terminal."""

from collections.abc import Sequence

from chatbot.evaluation.golden import REFUSED
from chatbot.evaluation.metrics import Auroc
from chatbot.evaluation.report import BY_KIND, SHARES, KindMetrics, Report, Share
from chatbot.records import Outcome

__all__ = ["as_text"]

_NONE = "\u2013"
_SHOWN_UNKNOWN = 5  # ids


def as_text(report: Report) -> str:
    """Return the report as tables, each figure under the name that a threshold uses; a dash where none was measured."""
    return "\n\n".join([_kinds(report), _outcomes(report), _whole(report), *_notes(report)])


def _kinds(report: Report) -> str:
    head = ["kind", "asked", *BY_KIND]
    rows = [
        [part.kind, str(part.asked), *(_percent(getattr(part, field)) for field in BY_KIND.values())]
        for part in _parts(report)
    ]
    return _table([head, *rows])


def _outcomes(report: Report) -> str:
    names = [name for name in (*Outcome, REFUSED) if name in report.all.outcomes]
    head = ["outcome", *(name.replace("_", " ") for name in names)]
    rows = [[part.kind, *(str(part.outcomes.get(name, 0)) for name in names)] for part in _parts(report)]
    return _table([head, *rows])


def _whole(report: Report) -> str:
    gate = report.gate
    error = _NONE if gate.calibration_error is None else f"{gate.calibration_error:.3f}"
    shares = {name: getattr(report, field) for name, field in SHARES.items()}
    return _table(
        [
            *([name, _percent(share), _count(share)] for name, share in shares.items()),
            ["auroc", *_area(gate.auroc)],
            ["auroc_same_topic", *_area(gate.same_topic)],
            ["wrong", _percent(gate.wrong), _count(gate.wrong)],
            ["coverage@5%risk", _percent(gate.coverage_at_risk), _count(gate.coverage_at_risk)],
            ["calibration_error", error, ""],
            ["median_ms", f"{report.median_ms:.0f}", ""],
            ["p95_ms", f"{report.p95_ms:.0f}", ""],
        ],
        remarks=True,
    )


def _notes(report: Report) -> list[str]:
    if not report.unknown:
        return []
    ids = ", ".join(report.unknown[:_SHOWN_UNKNOWN])
    more = f" and {len(report.unknown) - _SHOWN_UNKNOWN} more" if len(report.unknown) > _SHOWN_UNKNOWN else ""
    return [f"Questions whose gold text is in no page, so that no passage can be right: {ids}{more}."]


def _parts(report: Report) -> list[KindMetrics]:
    return [*report.kinds, report.all]


def _percent(share: Share) -> str:
    return _NONE if share.value is None else f"{share.value:.1%}"


def _count(share: Share) -> str:
    return f"{share.count} of {share.of}"


def _area(auroc: Auroc | None) -> tuple[str, str]:
    if auroc is None:
        return _NONE, ""
    counts = f"{auroc.positives} against {auroc.negatives}"
    interval = "" if auroc.low is None else f"95 % interval {auroc.low:.3f} to {auroc.high:.3f}, "
    return f"{auroc.value:.3f}", interval + counts


def _table(rows: Sequence[Sequence[str]], remarks: bool = False) -> str:
    """Align the first column, and the last one if it has remarks, to the left, and the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    left = {0, len(widths) - 1} if remarks else {0}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
