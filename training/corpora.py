"""The corpora that fits learn from and are checked on: made-up clinics, and cuts of public collections.

Public collections are cut as clinics have pages: a few dozen passages on one subject, and some hundred on many.
stackfaq (MIT, content CC BY-SA), squad2_dev (CC BY-SA 4.0), covidqa_deepset (Apache-2.0), medquad_small (CC BY 4.0),
pubmedqa_l (MIT); the clinics are the project's own.
"""

import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.indexing import Index, build_index, open_index
from chatbot.language import Spelling
from chatbot.records import Passage
from training.cached import CachedEncoder
from training.public_data import Collection, Query, load_collection, write_corpus

__all__ = ["CLINICS", "CUTS", "SEED", "Asked", "Corpus", "clinics", "cuts"]

CLINICS = Path(__file__).parent / "clinics"
CUTS: dict[str, list[tuple[int, int | str]]] = {  # how many of how many documents; "subject": those of one article
    "stackfaq": [(1, 125), (2, 60), (2, 25)],
    "squad2_dev": [(8, "subject"), (1, 250)],
    "covidqa_deepset": [(8, "subject"), (1, 200)],
    "medquad_small": [(2, 30), (2, 120), (1, 300)],
    "pubmedqa_l": [(1, 40), (1, 200)],
}
SEED = 20261123
_QUESTIONS = 60  # of each kind, of each cut


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, corrected as the chatbot would: its kind, what was asked before, and which passages are right."""

    question: str
    earlier: tuple[str, ...]
    kind: str
    right: Callable[[Passage], bool]
    answerable: bool


@dataclass(frozen=True, slots=True)
class Corpus:
    """An index and what is asked of it; `group` is its collection, or "clinics"."""

    name: str
    group: str
    index: Index
    asked: tuple[Asked, ...]


def clinics(encoder: CachedEncoder) -> Iterator[Corpus]:
    """Give the made-up clinics."""
    for folder in sorted(path for path in CLINICS.iterdir() if path.is_dir()):
        index = _index(folder / "corpus", encoder)
        told = map(json.loads, (folder / "questions.jsonl").read_text("utf-8").splitlines())
        spelling = _spelling(index, encoder)
        asked = [
            Asked(
                spelling.corrected(one["question"]),
                tuple(map(spelling.corrected, one.get("history", []))),
                one["kind"],
                _holds(one.get("gold", [])),
                one["expect"] == "answer",
            )
            for one in told
        ]
        yield Corpus(folder.name, "clinics", index, tuple(asked))


def cuts(data: Path, encoder: CachedEncoder) -> Iterator[Corpus]:
    """Cut corpora out of the public collections in a folder."""
    chance = random.Random(SEED)
    whole = {name: load_collection(data / name) for name in CUTS}
    answerable = {name: [query for query in one.queries if query.gold] for name, one in whole.items()}
    for name, wanted in CUTS.items():
        others = [query for other in whole if other != name for query in answerable[other]]
        for times, size in wanted:
            for _ in range(times):
                yield _cut(_part(whole[name], size, chance), others, encoder, chance)


def _cut(corpus: Collection, others: Sequence[Query], encoder: CachedEncoder, chance: random.Random) -> Corpus:
    own = [query for query in corpus.queries if query.gold]
    near = [query for query in corpus.queries if not query.gold and _near(query, corpus)]
    with tempfile.TemporaryDirectory() as folder:
        names = write_corpus(corpus, Path(folder, "corpus"))
        index = _index(Path(folder, "corpus"), encoder)
    spelling = _spelling(index, encoder)

    def asked(query: Query, kind: str) -> Asked:
        documents = frozenset(names[one] for one in query.gold if one in names) if kind == "answerable" else frozenset()
        return Asked(spelling.corrected(query.text), (), kind, _stands_in(documents), bool(documents))

    questions = [
        *(asked(query, "answerable") for query in chance.sample(own, min(_QUESTIONS, len(own)))),
        *(asked(query, "marked_unanswerable") for query in near[:_QUESTIONS]),
        *(asked(query, "other_subject") for query in chance.sample(others, _QUESTIONS // 2)),
    ]
    return Corpus(f"{corpus.name} {len(corpus.documents)}", corpus.name, index, tuple(questions))


def _holds(gold: Sequence[str]) -> Callable[[Passage], bool]:
    return lambda passage: any(one in passage.text for one in gold)


def _stands_in(documents: frozenset[str]) -> Callable[[Passage], bool]:
    return lambda passage: passage.document in documents


def _part(whole: Collection, size: int | str, chance: random.Random) -> Collection:
    """Take a corpus out of a collection: so many documents at random, or those of one subject."""
    if isinstance(size, int):
        return whole.sample(size, chance.randrange(10**6))
    subjects = defaultdict(set)
    for one in whole.documents:
        subjects[one.rsplit("_", 1)[0]].add(one)
    return whole.only(subjects[chance.choice(sorted(name for name, own in subjects.items() if len(own) >= 8))])


def _near(query: Query, corpus: Collection) -> bool:
    """Tell whether a question that nothing answers is about one of the corpus's documents."""
    return any(one.rsplit("_", 1)[0] == query.subject for one in corpus.documents)


def _index(corpus: Path, encoder: CachedEncoder) -> Index:
    with tempfile.TemporaryDirectory() as folder:
        build_index(corpus, Path(folder), encoder)
        return open_index(corpus, Path(folder), encoder)[1]


def _spelling(index: Index, encoder: CachedEncoder) -> Spelling:
    return Spelling(index.words, lambda word: encoder.count_tokens(word) == 1)
