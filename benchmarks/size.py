"""Builds the index of a large site, again after ten pages changed, and from nothing: both must give the same files.

    python -m benchmarks.size                    # 500 pages
    python -m benchmarks.size --pages 5000       # some minutes on two cores

The pages are made up as a group of clinics has them: each treatment in each branch, with paragraphs that all pages of a
treatment share, paragraphs that all pages of a branch share, and a few words of their own. `docs/architecture.md` holds
the figures.
"""

import argparse
import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.performance.processes import Usage, environ, run

__all__: list[str] = []

_CHANGED: Final = 10  # pages
_SHARE: Final = 0.05  # of a full build's time that the changed pages may cost
_AREAS: Final = "forehead chin cheek lip jaw neck hand arm back chest belly hip thigh knee calf foot ear nose eye scalp"
_METHODS: Final = (
    "laser peel needling filler botulinum cooling radiofrequency ultrasound light plasma lifting bleaching tattoo scar "
    "vein mole wart nail acne rosacea pigment pore stretch-mark sweat hair"
)
_BRANCHES: Final = "Ashford Bexley Camden Dulwich Ealing Fulham Greenwich Hackney Islington Kew"
_FEELINGS: Final = ("a light prick", "warmth", "a dull pressure", "some tingling", "a brief sting", "almost nothing")
_DETAILS: Final = (
    "Most people come in their lunch break.",
    "We take photographs before and after.",
    "Bring a list of your medicines.",
    "A nurse rings you on the next day.",
    "You may eat and drink as usual.",
    "Leave jewellery at home.",
)


def main() -> int:
    """Measure, print a table, and return 1 if the second build differs or takes too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, default=500, help="pages of the site")
    parser.add_argument("--folder", type=Path, help="where to put pages and indexes; a temporary folder if left out")
    options = parser.parse_args()
    with TemporaryDirectory(dir=options.folder) as folder:
        return _measure(Path(folder), options.pages)


def _measure(folder: Path, pages: int) -> int:
    corpus = folder / "corpus"
    write_site(corpus, pages)
    rows = [("full", _build(corpus, folder / "index"))]
    change(corpus, _CHANGED)
    rows.append((f"{_CHANGED} changed", _build(corpus, folder / "index")))
    rows.append(("nothing changed", _build(corpus, folder / "index")))
    rows.append(("full, after the change", _build(corpus, folder / "anew")))
    again, anew = _files(folder / "index"), _files(folder / "anew")
    differing = sorted(name for name in again | anew if again.get(name) != anew.get(name))
    share = rows[1][1].cpu / rows[3][1].cpu
    print(f"| build of {pages:,} pages | cpu-seconds | peak memory, MB |\n|---|---|---|")
    for title, used in rows:
        print(f"| {title} | {used.cpu:.1f} | {used.peak:.0f} |")
    verdict = f"These files differ: {', '.join(differing)}." if differing else "All files are the same."
    print(f"\nThe changed pages took {share:.1%} of a full build. {verdict}")
    return 0 if not differing and (share <= _SHARE or pages < 2_000) else 1  # a small build is mostly its start


def _build(corpus: Path, index: Path) -> Usage:
    settings = environ(CORPUS=corpus, INDEX=index, CLINIC=corpus.parent / "clinic.toml")
    (corpus.parent / "clinic.toml").write_text('[contact]\nphone = "0123"\n', "utf-8")
    return run([sys.executable, "-m", "chatbot", "build"], settings)


def _files(index: Path) -> dict[str, bytes]:
    """Return the files of the live build."""
    build = index / (index / "CURRENT").read_text("ascii").strip()
    return {path.name: path.read_bytes() for path in sorted(build.iterdir())}


def write_site(corpus: Path, pages: int, first: int = 0) -> None:
    """Write the pages of a made-up group of clinics, from the number `first` on, a folder for each branch."""
    for number in range(first, first + pages):
        branch, method, area = _place(number)
        path = corpus / branch.lower() / f"{method}-{area}-{number:04}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_page(number, branch, method, area)), "utf-8")


def question(number: int) -> str:
    """Return a question that the page of a number answers."""
    _, method, area = _place(number)
    return f"How many sessions does the {method} of the {area} take?"


def change(corpus: Path, number: int) -> None:
    """Add a sentence to some pages, spread over all."""
    paths = sorted(corpus.rglob("*.md"))
    for path in paths[:: max(1, len(paths) // number)][:number]:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"\nWe looked at this page again: {path.stem}.\n")


def _place(number: int) -> tuple[str, str, str]:
    branches, methods, areas = _BRANCHES.split(), _METHODS.split(), _AREAS.split()
    rest, branch = divmod(number, len(branches))
    return branches[branch], methods[rest % len(methods)], areas[rest // len(methods) % len(areas)]


def _page(number: int, branch: str, method: str, area: str) -> Iterator[str]:
    chance = random.Random(number)
    yield f"# {method.capitalize()} of the {area}\n\n"
    yield f"The {method} treats the {area} in {2 + len(method) % 4} sessions. You feel {chance.choice(_FEELINGS)}. "
    yield f"{chance.choice(_DETAILS)}\n\n"
    if number % 2:
        yield f"## Price\n\nA session costs {60 + 5 * (number % 40)} pounds in {branch}.\n\n"
    else:
        yield f"## Where we are\n\nOur branch in {branch} is open from nine to six. {chance.choice(_DETAILS)}\n\n"


if __name__ == "__main__":
    os.chdir(Path(__file__).parents[1])
    sys.exit(main())
