"""A report as text for a terminal."""

from collections.abc import Sequence

from chatbot.evaluation.golden import REFUSED
from chatbot.evaluation.metrics import Auroc
from chatbot.evaluation.report import BY_KIND, RISK, Part, Report, Share
from chatbot.records import Outcome

__all__ = ["as_text"]

_NONE = "\u2013"
_SHOWN_UNKNOWN = 5  # ids


def as_text(report: Report) -> str:
    """Give the report as tables; a dash stands where there was nothing to measure."""
    return "\n\n".join([_kinds(report), _outcomes(report), _whole(report), *_notes(report)])


def _kinds(report: Report) -> str:
    head = ["kind", "asked", *(name.replace("_", " ") for name in BY_KIND)]
    rows = [
        [part.kind, str(part.asked), *(_percent(getattr(part, name)) for name in BY_KIND)] for part in _parts(report)
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
    return _table(
        [
            ["urgent where it should be", _percent(report.urgent), _count(report.urgent)],
            ["urgent where it should not", _percent(report.alarms), _count(report.alarms)],
            ["small talk replied to", _percent(report.smalltalk), _count(report.smalltalk)],
            ["follow-ups: right passage first", _percent(report.followups_first), _count(report.followups_first)],
            ["follow-ups: in three", _percent(report.followups_in_three), _count(report.followups_in_three)],
            ["gate: AUROC", *_area(gate.auroc)],
            ["gate: AUROC, same topic", *_area(gate.same_topic)],
            ["answers given that are wrong", _percent(gate.wrong), _count(gate.wrong)],
            [f"right answers at {RISK:.0%} wrong", _percent(gate.right_at_risk), _count(gate.right_at_risk)],
            ["expected calibration error", error, ""],
            ["milliseconds: median", f"{report.median_ms:.0f}", ""],
            ["milliseconds: 95th percentile", f"{report.p95_ms:.0f}", ""],
        ],
        remarks=True,
    )


def _notes(report: Report) -> list[str]:
    if not report.unknown:
        return []
    named = ", ".join(report.unknown[:_SHOWN_UNKNOWN])
    more = f" and {len(report.unknown) - _SHOWN_UNKNOWN} more" if len(report.unknown) > _SHOWN_UNKNOWN else ""
    return [f"Gold texts that stand in no page, so that no passage can be right: {named}{more}."]


def _parts(report: Report) -> list[Part]:
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
    """Align columns: the first, and the last of remarks, to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    left = {0, len(widths) - 1} if remarks else {0}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
