"""Fits when the visitor is asked back, chatbot/answering/clarify.json; run it after training.fit_gate.

    python -m training.fit_clarify

`unnamed.jsonl` has questions that name no page of a made-up site ("how long does it take?"), the pages that answer
them, and general pages that answer for all. The more of those with several pages are asked back the better, while at
most one in a hundred of the sites' answerable questions is: these mostly name what they are about. Questions whose only
subject is a pronoun ("does it hurt?") have thresholds of their own, which are fitted first. A fifth of the sites is
held out five times. The figures come from the thresholds that have not seen it.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from chatbot.answering.clarify import about_equal, confidences_by_page
from chatbot.answering.follow_ups import has_no_subject
from chatbot.answering.gate import Gate
from chatbot.answering.ranking import Ranking
from chatbot.answering.search import search
from training.cached import CachedEncoder
from training.corpora import SITES, index_corpus, spelling_of

UNNAMED = Path(__file__).with_name("unnamed.jsonl")
NEAR = [round(0.05 * number, 2) for number in range(2, 20)]
LIKELY = [round(0.05 * number, 2) for number in range(3, 13)]
RARE = 0.01  # share of the answerable questions of sites that may be asked back
FOLDS = 5

Pair = tuple[float, float]  # the `near` and `likely` of `about_equal`


@dataclass(frozen=True, slots=True)
class Example:
    """A question to a site with the confidences of its pages; `pages` answer it, or `general` ones that answer for all.

    `kind` is "unnamed", or that of the site's own questions. `no_subject` says whether the question's only subject is a
    pronoun, and `is_first` whether the first passage is right.
    """

    site: str
    kind: str
    confidences: Mapping[str, float]
    pages: frozenset[str]
    general: frozenset[str]
    answerable: bool
    no_subject: bool
    is_first: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thresholds for questions whose only subject is a pronoun, and for the others."""

    no_subject: Pair
    other: Pair

    def pages(self, example: Example) -> tuple[str, ...]:
        """Return the pages that the visitor is offered for an example."""
        return about_equal(example.confidences, *(self.no_subject if example.no_subject else self.other))


def main() -> None:
    """Fit, measure on held-out sites, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("chatbot/answering/clarify.json"))
    options = parser.parse_args()
    folders = sorted(path.parent for path in SITES.glob("*/questions.jsonl"))
    tools = CachedEncoder(), Ranking.fitted(), Gate.fitted()
    examples = [example for folder in tqdm(folders, desc="Sites") for example in _ask(folder, *tools)]
    fitted = _fit(examples)
    values = {
        "no subject": dict(zip(("near", "likely"), fitted.no_subject, strict=True)),
        "other": dict(zip(("near", "likely"), fitted.other, strict=True)),
        "fitted": datetime.now(tz=UTC).date().isoformat(),
        "data": {"sites": len(folders), "unnamed": sum(example.kind == "unnamed" for example in examples)},
        "held_out": _figures(list(_held_out(examples))),
    }
    options.out.write_text(json.dumps(values, indent=2) + "\n", "utf-8")
    print(json.dumps(values, indent=2))


def _ask(folder: Path, encoder: CachedEncoder, ranking: Ranking, gate: Gate) -> Iterator[Example]:
    index = index_corpus(folder / "corpus", encoder)
    spelling = spelling_of(index, encoder)
    unnamed = [row | {"kind": "unnamed"} for row in _rows(UNNAMED) if row["site"] == folder.name]
    for row in [*_rows(folder / "questions.jsonl"), *unnamed]:
        question, history = spelling.corrected(row["question"]), [*map(spelling.corrected, row.get("history", []))]
        result = search(index, encoder, ranking, question, history)
        if result is None:
            continue
        gold = row.get("gold", [])
        right = [any(quotation in hit.passage.text for quotation in gold) for hit in result.hits]
        found = {hit.passage.document for hit, is_right in zip(result.hits, right, strict=True) if is_right}
        yield Example(
            folder.name,
            row["kind"],
            confidences_by_page(index, gate, result),
            frozenset(row.get("pages", found)),
            frozenset(row.get("general", [])),
            row.get("expect", "answer") == "answer",
            has_no_subject(question),
            right[0],
        )


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    yield from map(json.loads, path.read_text("utf-8").splitlines())


def _fit(examples: Sequence[Example]) -> Thresholds:
    """Return the thresholds that ask the most unnamed questions back; of equals, those that offer fewer wrong pages."""
    named = sum(example.kind != "unnamed" and example.answerable for example in examples)
    first, then = ([each for each in examples if each.no_subject is wanted] for wanted in (True, False))
    no_subject, asked = _best(first, RARE * named)
    return Thresholds(no_subject, _best(then, RARE * named - asked)[0])


def _best(examples: Sequence[Example], most: float) -> tuple[Pair, int]:
    """Return the best pair that asks at most so many answerable questions of the sites back, and how many it asks."""

    def gain(pair: Pair) -> tuple[bool, float, float]:
        asked = [(example, about_equal(example.confidences, *pair)) for example in examples]
        return (
            _rare(asked) <= most,
            _share(bool(pages) for example, pages in asked if _is_unclear(example)),
            _right(asked),
        )

    best = max(product(NEAR, LIKELY), key=gain)
    return best, _rare((example, about_equal(example.confidences, *best)) for example in examples)


def _rare(asked: Iterable[tuple[Example, tuple[str, ...]]]) -> int:
    return sum(bool(pages) and example.kind != "unnamed" and example.answerable for example, pages in asked)


def _held_out(examples: Sequence[Example]) -> Iterator[tuple[Example, tuple[str, ...]]]:
    """Yield each example with the pages that the thresholds of the fit to other sites offer."""
    sites = sorted({example.site for example in examples})
    for fold in range(FOLDS):
        own = set(sites[fold::FOLDS])
        thresholds = _fit([example for example in examples if example.site not in own])
        for example in examples:
            if example.site in own:
                yield example, thresholds.pages(example)


def _figures(asked: Sequence[tuple[Example, tuple[str, ...]]]) -> dict[str, float]:
    """Return shares of questions that are asked back, and the share of the offered pages that answer."""
    named = [(example, pages) for example, pages in asked if example.kind != "unnamed"]
    unnamed = [(example, pages) for example, pages in asked if example.kind == "unnamed"]
    shares = {
        "unnamed, several pages answer": _share(bool(pages) for example, pages in unnamed if _is_unclear(example)),
        "... and the only subject is a pronoun": _share(
            bool(pages) for example, pages in unnamed if _is_unclear(example) and example.no_subject
        ),
        "unnamed, one page or a general one answers": _share(
            bool(pages) for example, pages in unnamed if not _is_unclear(example)
        ),
        "offered pages that answer": _right(asked),
        "answerable": _share(bool(pages) for example, pages in named if example.answerable),
        "answerable, right passage first": _share(bool(pages) for example, pages in named if example.is_first),
        "unanswerable": _share(bool(pages) for example, pages in named if not example.answerable),
        "follow-up": _share(bool(pages) for example, pages in named if example.kind == "follow-up"),
    }
    return {name: round(share, 4) for name, share in shares.items()}


def _is_unclear(example: Example) -> bool:
    return example.kind == "unnamed" and len(example.pages) > 1 and not example.general


def _right(asked: Iterable[tuple[Example, tuple[str, ...]]]) -> float:
    """Return the share of the offered pages that answer, over the unnamed questions that are asked back."""
    return _share(
        float(np.mean([page in example.pages for page in pages]))
        for example, pages in asked
        if pages and _is_unclear(example)
    )


def _share(values: Iterable[float]) -> float:
    known = list(values)
    return float(np.mean(known)) if known else 0.0


if __name__ == "__main__":
    main()
