"""Holds the quality of answers to a floor: the made-up clinics' questions through the chatbot, against quality.json.

    python -m benchmarks.quality             # all clinics
    python -m benchmarks.quality --small     # some questions of two clinics
    python -m benchmarks.quality --update    # take the figures as the new floors, of the form that was run

The ranking, the gate and the follow-ups are fitted on these very clinics, so the figures are better than those of a
clinic that Footnote has not seen. They are a floor against regressions, no measure of quality.

A figure fails when it falls below its floor by more than its noise, half the width of its 95 % bootstrap interval when
the floor was taken. docs/evaluation.md says what the figures are.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from chatbot.bot import Chatbot
from chatbot.clinic import load_clinic
from chatbot.evaluation import Judged, Report, ask, read_golden, report
from chatbot.evaluation.metrics import coverage_at_risk, risk_coverage
from chatbot.evaluation.report import RISK, GateMetrics, Share
from chatbot.indexing import Encoder, build_index, load_encoder
from training.corpora import CLINICS

__all__ = ["FLOORS", "Figure", "compare", "failures", "figures", "measure", "read_floors", "write_floors"]

FLOORS: Final = Path(__file__).with_name("quality.json")
"""Figures by name, by form: "full" or "small"."""

_SMALL: Final = ("chemical-peel", "dental")  # one page, and many
_EVERY: Final = 2  # of how many questions the small form asks one; those of a kind stand together in a file
_RESAMPLES: Final = 1000
_SEED: Final = 20261201
_DIGITS: Final = 4

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value, its noise, and how many questions it was measured on."""

    value: float
    noise: float
    questions: int


def main() -> int:
    """Measure, compare or update, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--small", action="store_true", help="ask some questions of two clinics")
    parser.add_argument("--update", action="store_true", help="take the figures as the new floors")
    options = parser.parse_args()
    form = "small" if options.small else "full"
    measured = figures(measure(load_encoder(), small=options.small))
    if options.update:
        write_floors(FLOORS, form, measured)
    return compare(measured, read_floors(FLOORS, form))


def compare(measured: Mapping[str, Figure], floors: Mapping[str, Figure]) -> int:
    """Print a line a figure, and return 1 if there is no floor or a figure is below its own by more than its noise."""
    for name, floor in floors.items():
        print(f"{_line(name, measured[name], floor)}{': too low' if name in failures(measured, floors) else ''}")
    if not floors:
        print("There are no floors yet: take the figures as such with --update.")
    return int(not floors or bool(failures(measured, floors)))


def measure(encoder: Encoder, *, small: bool = False) -> Report:
    """Ask the clinics' questions, each of its own clinic's pages, and report on all of them together."""
    names = _SMALL if small else sorted(path.name for path in CLINICS.iterdir() if path.is_dir())
    return report([judged for name in names for judged in _asked(CLINICS / name, encoder, _EVERY if small else 1)])


def figures(measured: Report) -> dict[str, Figure]:
    """Return the figures that have floors."""
    gate, area = measured.gate, measured.gate.auroc
    if area is None or area.low is None or area.high is None:
        raise ValueError("AUROC needs two questions of either kind: answerable, and not.")
    return {
        "hit@1": _of_share(measured.all.hit_at_1),
        "hit@3": _of_share(measured.all.hit_at_3),
        "auroc": _figure(area.value, (area.high - area.low) / 2, area.positives + area.negatives),
        "coverage@5%risk": _of_gate(gate),
        "highlight": _of_share(measured.all.highlight),
    }


def failures(measured: Mapping[str, Figure], floors: Mapping[str, Figure]) -> list[str]:
    """Return the names of the figures that are below their floors by more than the floor's noise."""
    return [name for name, floor in floors.items() if measured[name].value < floor.value - floor.noise]


def read_floors(path: Path, form: str) -> dict[str, Figure]:
    """Read the floors of a form; there are none before its first `--update`."""
    forms = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return {name: Figure(**floor) for name, floor in forms.get(form, {}).items()}


def write_floors(path: Path, form: str, measured: Mapping[str, Figure]) -> None:
    """Write the floors of a form, and leave the other form's as they are."""
    forms = json.loads(path.read_text("utf-8")) if path.exists() else {}
    forms[form] = {name: asdict(figure) for name, figure in measured.items()}
    path.write_text(json.dumps(dict(sorted(forms.items())), indent=2) + "\n", "utf-8")


def _asked(clinic: Path, encoder: Encoder, every: int) -> Iterator[Judged]:
    with TemporaryDirectory() as folder:
        index = Path(folder)
        build_index(clinic / "corpus", index, encoder)
        bot = Chatbot(clinic / "corpus", index, encoder, load_clinic(None))
        for question in read_golden(clinic / "questions.jsonl")[::every]:
            yield ask(bot, question)


def _of_share(share: Share) -> Figure:
    right = np.repeat([1.0, 0.0], [share.count, share.of - share.count])
    return _figure(share.count / share.of, _half_width(lambda drawn: float(np.mean(drawn)), right), share.of)


def _of_gate(gate: GateMetrics) -> Figure:
    """Return the share of the answerable questions that is answered rightly while 5 % of the answers are wrong."""
    answerable = gate.coverage_at_risk.of

    def coverage(confidences: Floats, right: Floats) -> float:
        return coverage_at_risk(risk_coverage(confidences.tolist(), right.astype(bool).tolist()), RISK) / answerable

    return _figure(gate.coverage_at_risk.count / answerable, _half_width(coverage, *_answers(gate)), answerable)


def _answers(gate: GateMetrics) -> tuple[Floats, Floats]:
    """Return the answers that the gate's curve was drawn from: confidences, and whether each was right."""
    points = gate.curve
    given = np.diff([0, *(point.given for point in points)])
    right = np.diff([0, *(point.right for point in points)])
    marks = np.column_stack([right, given - right]).ravel()
    return np.repeat([point.confidence for point in points], given), np.repeat([1.0, 0.0] * len(points), marks)


def _half_width(statistic: Callable[..., float], *samples: Floats) -> float:
    """Return half the width of a 95 % bootstrap percentile interval; samples are drawn in pairs."""
    interval = bootstrap(
        samples,
        statistic,
        paired=True,
        vectorized=False,
        n_resamples=_RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return float(interval.high - interval.low) / 2


def _figure(value: float, noise: float, questions: int) -> Figure:
    return Figure(round(value, _DIGITS), round(noise, _DIGITS), questions)


def _line(name: str, measured: Figure, floor: Figure) -> str:
    return (
        f"{name}: measured {measured.value:.3f} on {measured.questions} questions, "
        f"floor {floor.value:.3f}, noise {floor.noise:.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
