"""Reads public question collections: a folder each with corpus.jsonl, queries.jsonl and qrels/*.tsv."""

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
    """A question and the ids of the documents that answer it, of which an unanswerable question has none.

    `subject` is the article that an unanswerable question is about, where the collection says so.
    """

    id: str
    text: str
    gold: frozenset[str]
    subject: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents, (title, text) by id, and questions."""

    name: str
    documents: dict[str, tuple[str, str]]
    queries: tuple[Query, ...]

    def sample(self, documents: int, seed: int) -> "Collection":
        """Return the collection of some documents drawn at random, as `only` does."""
        return self.only(set(random.Random(seed).sample(sorted(self.documents), min(documents, len(self.documents)))))

    def only(self, ids: set[str]) -> "Collection":
        """Return the collection of some documents, the questions they answer, and the unanswerable questions."""
        queries = tuple(query for query in self.queries if not query.gold or query.gold & ids)
        return Collection(self.name, {id_: text for id_, text in self.documents.items() if id_ in ids}, queries)


def load_collection(folder: Path, qrels: str = "dev") -> Collection:
    """Read a collection, judged by qrels/`qrels`.tsv."""
    documents = {row["_id"]: (row.get("title", ""), row["text"]) for row in _rows(folder / "corpus.jsonl")}
    gold: dict[str, set[str]] = {}
    with (folder / "qrels" / f"{qrels}.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if int(row["score"]) > 0:
                gold.setdefault(row["query-id"], set()).add(row["corpus-id"])
    queries = tuple(
        Query(row["_id"], row["text"], frozenset(gold.get(row["_id"], ())), row.get("metadata", {}).get("article", ""))
        for row in _rows(folder / "queries.jsonl")
        if row["_id"] in gold or row.get("metadata", {}).get("answerable") is False
    )
    return Collection(folder.name, documents, queries)


def write_corpus(collection: Collection, folder: Path) -> dict[str, str]:
    """Write a collection as a corpus of text files, and return the file name of each document's id."""
    folder.mkdir(parents=True, exist_ok=True)
    names = {}
    for number, (id_, (title, text)) in enumerate(collection.documents.items()):
        names[id_] = f"{number:06}.txt"
        header = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n" if title else ""
        (folder / names[id_]).write_text(header + text, "utf-8")
    return names


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)
