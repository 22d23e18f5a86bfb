"""Builds the corpora of fits: made-up clinics and sites, and cuts of public collections.

Of the made-up sites, the reader learns two thirds. The gate is fitted on the others, whose questions the reader has not
seen, and on the made-up clinics.

Public collections are cut as clinics have pages: a few dozen passages on one subject, and some hundred on many.
stackfaq (MIT, content CC BY-SA), squad2_dev (CC BY-SA 4.0), covidqa_deepset (Apache-2.0), medquad_small (CC BY 4.0),
pubmedqa_l (MIT). The clinics are the project's own.
"""

import json
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chatbot.indexing import Encoder, Index, build_index, open_index
from chatbot.language import Spelling
from chatbot.records import Passage
from training.cached import CachedEncoder
from training.public_data import Collection, Query, load_collection, write_corpus

__all__ = [
    "CLINICS",
    "CUTS",
    "SEED",
    "SITES",
    "Corpus",
    "CorpusQuestion",
    "clinics",
    "cuts",
    "held_out_folders",
    "held_out_sites",
    "index_corpus",
    "reader_folders",
    "reader_sites",
    "spelling_of",
]

CLINICS = Path(__file__).parent / "clinics"
SITES = Path(__file__).parent / "sites"
CUTS: dict[str, list[tuple[int, int | str]]] = {  # how many cuts, of how many documents or of one "subject"
    "stackfaq": [(1, 125), (2, 60), (2, 25)],
    "squad2_dev": [(8, "subject"), (1, 250)],
    "covidqa_deepset": [(8, "subject"), (1, 200)],
    "medquad_small": [(2, 30), (2, 120), (1, 300)],
    "pubmedqa_l": [(1, 40), (1, 200)],
}
SEED = 20261123
_QUESTIONS = 60  # of each kind, of each cut
_EVERY = 3  # of how many sites one is held out from the reader


@dataclass(frozen=True, slots=True)
class CorpusQuestion:
    """A question with its spelling corrected, its kind, the earlier questions, and the predicate of right passages."""

    question: str
    history: tuple[str, ...]
    kind: str
    is_right: Callable[[Passage], bool]
    answerable: bool


@dataclass(frozen=True, slots=True)
class Corpus:
    """An index and questions to it. `group` is its collection, "clinics" or "sites"."""

    name: str
    group: str
    index: Index
    questions: tuple[CorpusQuestion, ...]


def clinics(encoder: CachedEncoder) -> Iterator[Corpus]:
    """Yield the made-up clinics, indexed."""
    yield from _made_up(_folders(CLINICS), encoder)


def reader_sites(encoder: CachedEncoder) -> Iterator[Corpus]:
    """Yield the made-up sites that the reader learns, indexed."""
    yield from _made_up(reader_folders(), encoder)


def reader_folders() -> list[Path]:
    """Return the folders of the made-up sites that the reader learns."""
    held_out = held_out_folders()
    return [folder for folder in _folders(SITES) if folder not in held_out]


def held_out_folders() -> list[Path]:
    """Return the folders of the made-up sites that the reader does not learn."""
    return _folders(SITES)[1::_EVERY]


def held_out_sites(encoder: CachedEncoder) -> Iterator[Corpus]:
    """Yield the made-up sites that the reader does not learn, indexed."""
    yield from _made_up(held_out_folders(), encoder)


def _folders(root: Path) -> list[Path]:
    """Return the folders with questions, in the order of their names."""
    return sorted(path.parent for path in root.glob("*/questions.jsonl"))


def _made_up(folders: Sequence[Path], encoder: CachedEncoder) -> Iterator[Corpus]:
    for folder in folders:
        index = index_corpus(folder / "corpus", encoder)
        rows = map(json.loads, (folder / "questions.jsonl").read_text("utf-8").splitlines())
        spelling = spelling_of(index, encoder)
        questions = [
            CorpusQuestion(
                spelling.corrected(row["question"]),
                tuple(map(spelling.corrected, row.get("history", []))),
                row["kind"],
                _quotes(row.get("gold", [])),
                row["expect"] == "answer",
            )
            for row in rows
        ]
        yield Corpus(folder.name, folder.parent.name, index, tuple(questions))


def cuts(data: Path, encoder: CachedEncoder) -> Iterator[Corpus]:
    """Yield cuts of the public collections in a folder, indexed, the same each time."""
    chance = random.Random(SEED)
    collections = {name: load_collection(data / name) for name in CUTS}
    answerable = {name: [query for query in whole.queries if query.gold] for name, whole in collections.items()}
    for name, sizes in CUTS.items():
        others = [query for other in collections if other != name for query in answerable[other]]
        for times, size in sizes:
            for _ in range(times):
                yield _cut(_sample(collections[name], size, chance), others, encoder, chance)


def _cut(corpus: Collection, others: Sequence[Query], encoder: CachedEncoder, chance: random.Random) -> Corpus:
    own = [query for query in corpus.queries if query.gold]
    unanswerable = [query for query in corpus.queries if not query.gold and _is_on_subject(query, corpus)]
    with tempfile.TemporaryDirectory() as folder:
        names = write_corpus(corpus, Path(folder, "corpus"))
        index = index_corpus(Path(folder, "corpus"), encoder)
    spelling = spelling_of(index, encoder)

    def question(query: Query, kind: str) -> CorpusQuestion:
        gold = query.gold if kind == "answerable" else ()
        documents = frozenset(names[document] for document in gold if document in names)
        return CorpusQuestion(spelling.corrected(query.text), (), kind, _lies_in(documents), bool(documents))

    questions = [
        *(question(query, "answerable") for query in chance.sample(own, min(_QUESTIONS, len(own)))),
        *(question(query, "marked_unanswerable") for query in unanswerable[:_QUESTIONS]),
        *(question(query, "other_subject") for query in chance.sample(others, _QUESTIONS // 2)),
    ]
    return Corpus(f"{corpus.name} {len(corpus.documents)}", corpus.name, index, tuple(questions))


def _quotes(gold: Sequence[str]) -> Callable[[Passage], bool]:
    return lambda passage: any(quotation in passage.text for quotation in gold)


def _lies_in(documents: frozenset[str]) -> Callable[[Passage], bool]:
    return lambda passage: passage.document in documents


def _sample(whole: Collection, size: int | str, chance: random.Random) -> Collection:
    """Return a number of documents of a collection drawn at random, or those of one subject, with their questions."""
    if isinstance(size, int):
        return whole.sample(size, chance.randrange(10**6))
    subjects = defaultdict(set)
    for document in whole.documents:
        subjects[document.rsplit("_", 1)[0]].add(document)
    return whole.only(subjects[chance.choice(sorted(name for name, own in subjects.items() if len(own) >= 8))])


def _is_on_subject(query: Query, corpus: Collection) -> bool:
    """Return whether an unanswerable question is about a document of the corpus."""
    return any(document.rsplit("_", 1)[0] == query.subject for document in corpus.documents)


def index_corpus(corpus: Path, encoder: CachedEncoder) -> Index:
    """Build the index of a corpus in a temporary folder and return it."""
    with tempfile.TemporaryDirectory() as folder:
        build_index(corpus, Path(folder), encoder)
        return open_index(corpus, Path(folder), encoder)[1]


def spelling_of(index: Index, encoder: Encoder) -> Spelling:
    """Return the spelling correction that the chatbot has over an index."""
    return Spelling(index.words, lambda word: encoder.count_tokens(word) == 1)
