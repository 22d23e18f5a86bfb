"""Measures what copies of the pages and branches alike do to the answers of made-up sites.

    python -m benchmarks.copies

Each site is built once alone, once with every page twice, once with a print version of every page, and once as three
branches whose telephone numbers and street numbers differ. The same questions are asked of each. The figures should be
those of the site alone within three points.
"""

import argparse
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.evaluation import Expect, GoldenQuestion, Judged, ask, read_golden
from chatbot.indexing import Encoder, build_index, load_encoder
from chatbot.records import Outcome

ROOT: Final = Path(__file__).parents[1] / "training"
FEW: Final = ("clinics/dental", "clinics/physio", "clinics/laser-hair", "sites/dental-group", "sites/day-surgery-unit")
BRANCHES: Final = ("aberford", "barwick", "cawood")
_NUMBER: Final = re.compile(r"\+?\d[\d ()-]{7,}\d|\b\d+(?= (?:[A-Z]\w+ )+(?:Street|Road|Lane|Avenue|Way|Square)\b)")

__all__: list[str] = []


def main() -> None:
    """Build, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sites", nargs="*", default=FEW, metavar="SITE", help="folders below training/")
    parser.add_argument("--each", type=int, default=1, help="ask each so many-th question alone")
    options = parser.parse_args()
    encoder = load_encoder()
    judged: dict[str, list[Judged]] = {way: [] for way in WAYS}
    for site in options.sites:
        questions = read_golden(ROOT / site / "questions.jsonl")[:: options.each]
        for way, copy in WAYS.items():
            judged[way] += _answers(ROOT / site / "corpus", copy, questions, encoder)
    _print_table(judged)


def _once(corpus: Path, pages: Path) -> None:
    shutil.copytree(corpus, pages)


def _twice(corpus: Path, pages: Path) -> None:
    _once(corpus, pages)
    for page in sorted(corpus.rglob("*.*")):
        copy = pages / page.relative_to(corpus)
        shutil.copyfile(page, copy.with_name(f"{copy.stem}-copy{copy.suffix}"))


def _printed(corpus: Path, pages: Path) -> None:
    _once(corpus, pages)
    _once(corpus, pages / "print")
    for page in (pages / "print").rglob("*.md"):
        text = page.read_text("utf-8")
        page.write_text(re.sub(r"^# (.+)$", r"# \1 (print version)", text, count=1, flags=re.MULTILINE), "utf-8")


def _branches(corpus: Path, pages: Path) -> None:
    for number, branch in enumerate(BRANCHES):
        _once(corpus, pages / branch)
        for page in (pages / branch).rglob("*.*"):
            page.write_text(_with_other_numbers(page.read_text("utf-8"), number), "utf-8")


def _with_other_numbers(text: str, more: int) -> str:
    """Return a text whose telephone and street numbers have another last digit."""

    def other(match: re.Match[str]) -> str:
        number = match.group()
        return number[:-1] + str((int(number[-1]) + more) % 10)

    return _NUMBER.sub(other, text)


WAYS: Final[Mapping[str, Callable[[Path, Path], None]]] = {
    "once": _once,
    "twice": _twice,
    "print": _printed,
    "branches": _branches,
}


def _answers(
    corpus: Path, copy: Callable[[Path, Path], None], questions: Sequence[GoldenQuestion], encoder: Encoder
) -> list[Judged]:
    with TemporaryDirectory() as folder:
        pages, index = Path(folder, "corpus"), Path(folder, "index")
        copy(corpus, pages)
        build_index(pages, index, encoder)
        bot = Chatbot(pages, index, encoder, Clinic(name="The clinic"))
        return [ask(bot, question) for question in questions]


def _print_table(judged: Mapping[str, Sequence[Judged]]) -> None:
    print(f"{len(judged['once'])} questions; percent")
    print(f"{'':10}{'answered':>10}{'shown':>8}{'first':>8}{'in three':>10}{'wrong':>8}{'same outcome':>14}")
    for way, answers in judged.items():
        right = [answer for answer in answers if answer.question.expect is Expect.ANSWER]
        answered = [answer for answer in answers if answer.outcome == Outcome.ANSWERED]
        same = [one.outcome == other.outcome for one, other in zip(judged["once"], answers, strict=True)]
        figures = (
            [answer.outcome == Outcome.ANSWERED for answer in right],
            [answer.shown for answer in right],
            [answer.rank == 1 for answer in right],
            [1 <= answer.rank <= 3 for answer in right],
            [not answer.shown for answer in answered],
            same,
        )
        shares = [100 * sum(values) / max(len(values), 1) for values in figures]
        print(
            f"{way:10}"
            + "".join(f"{share:{width}.1f}" for share, width in zip(shares, (10, 8, 8, 10, 8, 14), strict=True))
        )


if __name__ == "__main__":
    main()
