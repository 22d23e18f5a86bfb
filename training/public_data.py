"""Public question collections, read by path: a folder each with corpus.jsonl, queries.jsonl, qrels/*.tsv, META.json."""

import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["Collection", "Query", "load_collection", "write_corpus"]


@dataclass(frozen=True, slots=True)
class Query:
    """A question and the ids of the documents that answer it; none where the collection says that nothing does.

    `subject` is the article that an unanswerable question is about, where the collection says so.
    """

    id: str
    text: str
    gold: frozenset[str]
    subject: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents by id as (title, text), and questions."""

    name: str
    documents: dict[str, tuple[str, str]]
    queries: tuple[Query, ...]

    def sample(self, documents: int, seed: int) -> "Collection":
        """Take some documents at random, the questions that one of them answers, and those that nothing answers."""
        return self.only(set(random.Random(seed).sample(sorted(self.documents), min(documents, len(self.documents)))))

    def only(self, kept: set[str]) -> "Collection":
        """Take some documents, the questions that one of them answers, and those that nothing answers."""
        queries = tuple(query for query in self.queries if not query.gold or query.gold & kept)
        return Collection(self.name, {one: self.documents[one] for one in self.documents if one in kept}, queries)


def load_collection(folder: Path, qrels: str = "dev") -> Collection:
    """Read a collection with one of its files of judgements."""
    documents = {one["_id"]: (one.get("title", ""), one["text"]) for one in _lines(folder / "corpus.jsonl")}
    gold: dict[str, set[str]] = {}
    with (folder / "qrels" / f"{qrels}.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                gold.setdefault(row["query-id"], set()).add(row["corpus-id"])
    queries = tuple(
        Query(one["_id"], one["text"], frozenset(gold.get(one["_id"], ())), one.get("metadata", {}).get("article", ""))
        for one in _lines(folder / "queries.jsonl")
        if one["_id"] in gold or one.get("metadata", {}).get("answerable") is False
    )
    return Collection(folder.name, documents, queries)


def write_corpus(collection: Collection, folder: Path) -> dict[str, str]:
    """Write a collection as a corpus of text files; give the page's name for each document's id."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {}
    for number, (one, (title, text)) in enumerate(collection.documents.items()):
        names[one] = f"{number:06}.txt"
        about = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n" if title else ""
        (folder / names[one]).write_text(about + text, "utf-8")
    return names


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
