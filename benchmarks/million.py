"""Makes an index of up to a million passages, and measures the search in it.

    python -m benchmarks.million make FOLDER --passages 10000 --collections DATA
    python -m benchmarks.million search FOLDER --passages 10000 --collections DATA
    python -m benchmarks.million search FOLDER --passages 10000 --collections DATA --store milvus://localhost:19530/m

DATA holds public collections, each in a folder with `corpus.jsonl` and `queries.jsonl`: medquad_small (MedQuAD, CC BY
4.0), squad2_dev (SQuAD 2.0, CC BY-SA 4.0), scifact (claims CC BY 4.0, abstracts ODC-By 1.0), covidqa_deepset (COVID-QA,
Apache-2.0), pubmedqa_l (PubMedQA, MIT), stackfaq (StackFAQ, CC BY-SA). A passage is one of their sentences below the
title of its page, or that sentence for one of many places, groups and times: `variation` makes them, the same ones each
time. All of them are really encoded, by the packaged model or with `--gpu` by the same weights on a GPU.

`make` uses the parts of a build that cost time at this size: texts, words, token vectors and FAISS. It leaves out what
reads Markdown and compares pages with pages. Encoded parts stay in FOLDER/parts, so that a run that was stopped goes
on, and a smaller index needs no new ones. `docs/scale.md` holds the figures.
"""

import argparse
import json
import random
import re
import resource
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from chatbot.indexing import Encoded, Encoder, Index, Query, StoreKind, Vectors, load_encoder, load_store
from chatbot.indexing.bm25 import BM25Words
from chatbot.indexing.copies import DistinctCounter, words_of, write_copies
from chatbot.indexing.index import searched_text, write_encodings
from chatbot.indexing.late_interaction import Tokens
from chatbot.indexing.spans import heading_prefix, sentence_of, span_vectors
from chatbot.indexing.texts import Page, Texts, page_lines
from chatbot.records import Document, Highlight, Passage, Section

__all__ = ["COLLECTIONS", "SPANS", "send"]

COLLECTIONS: Final = ("medquad_small", "squad2_dev", "scifact", "covidqa_deepset", "pubmedqa_l", "stackfaq")
_WORDS: Final = (6, 20)  # of a sentence
_PART: Final = 10_000  # passages that are encoded and written together
_PAGE: Final = 20  # passages of a page
_BATCH: Final = 256  # passages that are encoded at a time
_BITS: Final = 2  # of a component of a token vector, as in every index of many passages
SPANS: Final = 3  # of a passage: with its heading, without, and its only sentence
_NEAR: Final = 10 * SPANS  # spans that the ten nearest passages are surely among
_LOOKED_UP: Final = 192  # spans, as many as a question looks up
_QUESTIONS: Final = 500
_WARM: Final = 50  # of them that are not counted
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_PLACES: Final = (
    *("Ashford", "Bexley", "Camden", "Dulwich", "Ealing", "Fulham", "Greenwich", "Hackney", "Islington", "Kew"),
    *("Leeds", "Marlow", "Norwich", "Oxford", "Preston", "Reading", "Sutton", "Truro", "Uxbridge", "Wells", "York"),
)
_GROUPS: Final = ("adults", "children", "older people", "pregnant women", "athletes", "new patients", "visitors")
_TIMES: Final = ("in winter", "since the review of 2024", "after two weeks", "before the first visit", "at night")


def main() -> None:
    """Make an index or search one, and print figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("step", choices=("make", "search"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--passages", type=int, default=_PART, help=f"a multiple of {_PART}")
    parser.add_argument("--collections", type=Path, required=True)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--gpu", type=Path, help="folder of the model's weights, for PyTorch on a GPU")
    parser.add_argument("--store", default="faiss", help="as FOOTNOTE_STORE")
    options = parser.parse_args()
    step = _make if options.step == "make" else _search
    print(json.dumps(step(options), indent=1), flush=True)


@cache
def sentences_of(collections: Path) -> tuple[tuple[str, str], ...]:
    """Return the sentences of the collections with the title above each, none twice, in the same order each time."""
    found: dict[tuple[str, ...], tuple[str, str]] = {}
    for name in COLLECTIONS:
        for line in (collections / name / "corpus.jsonl").read_text("utf-8").splitlines():
            page = json.loads(line)
            title = " ".join((page.get("title") or name).split()[:8])
            for sentence in _SENTENCE.split(" ".join(page["text"].split())):
                words = words_of(sentence)
                if _WORDS[0] <= len(words) <= _WORDS[1]:
                    found.setdefault(words, (title, sentence))
    order = list(found.values())
    random.Random(1).shuffle(order)
    return tuple(order)


def variation(number: int, sentences: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return the title and the text of a passage by its number: a sentence, then it for many places and times."""
    round_, place = divmod(number, len(sentences))
    title, sentence = sentences[place]
    if round_ == 0:
        return title, sentence
    rest, where = divmod(round_ * 11 + place, len(_PLACES))
    rest, who = divmod(rest, len(_GROUPS))
    return title, f"For {_GROUPS[who]} in {_PLACES[where]} {_TIMES[rest % len(_TIMES)]}: {sentence}"


def _pages(part: int, collections: Path) -> Iterator[Page]:
    """Yield the pages of a part, with the lines that are written of them."""
    sentences = sentences_of(collections)
    for first in range(part * _PART, (part + 1) * _PART, _PAGE):
        name, passages, text, sections = f"{first // _PAGE:06}.md", [], "", []
        for number in range(first, first + _PAGE):
            heading, own = variation(number, sentences)
            start = len(text)
            text += f"{own}\n\n"
            sections.append(Section((heading,), start, len(text)))
            passages.append(Passage(name, f"Page {first // _PAGE}", None, (heading,), start, start + len(own), own))
        document = Document(name, f"Page {first // _PAGE}", text, None, None, tuple(sections), language="en")
        entries = tuple((passage, (Highlight(0, len(passage.text)),)) for passage in passages)
        page = Page("", document, entries)
        yield Page("", document, entries, tuple(page_lines(page)))


class _GpuEncoder:
    """The packaged model's weights in PyTorch on a GPU."""

    def __init__(self, folder: Path) -> None:
        import torch  # noqa: PLC0415 - only where there is a GPU
        from tokenizers import Tokenizer  # noqa: PLC0415
        from transformers import AutoModel  # noqa: PLC0415

        self._torch: Any = torch
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)
        self._model = AutoModel.from_pretrained(folder).float().cuda().eval()

    def encode_passages(self, texts: Sequence[str]) -> list[Encoded]:
        """Encode passages, in order."""
        encodings = [self._tokenizer.encode(text) for text in texts]
        longest = max(len(encoding.ids) for encoding in encodings)
        ids, mask = np.zeros((2, len(texts), longest), dtype=np.int64)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)], mask[row, : len(encoding.ids)] = encoding.ids, 1
        with self._torch.inference_mode():
            ids, held = (self._torch.from_numpy(array).cuda() for array in (ids, mask))
            states = self._model(input_ids=ids, attention_mask=held).last_hidden_state.float().cpu().numpy()
        return [_encoded(encoding, own) for encoding, own in zip(encodings, states, strict=True)]


def _encoded(encoding: Any, states: Vectors) -> Encoded:  # noqa: ANN401 - of tokenizers
    length = len(encoding.ids)
    spans = np.array(encoding.offsets, dtype=np.int32).reshape(-1, 2)
    own = spans[:, 1] > spans[:, 0]
    vector = states[:length].mean(axis=0)
    vector /= max(float(np.linalg.norm(vector)), 1e-12)
    return Encoded(vector, states[:length][own], np.array(encoding.ids, dtype=np.int32)[own], spans[own])


@cache
def _encoder(gpu: Path | None) -> Any:  # noqa: ANN401 - one of two
    return _GpuEncoder(gpu) if gpu else load_encoder()


def _encode_part(part: int, folder: Path, collections: Path, gpu: Path | None) -> list[Page]:
    """Encode a part into a folder, unless it is there, and return its pages."""
    pages, place = list(_pages(part, collections)), folder / "parts" / f"{part:04}"
    if (place / "vectors.npy").exists():
        return pages
    place.mkdir(parents=True, exist_ok=True)
    entries = [entry for page in pages for entry in page.entries]
    vectors, tokens = [], []
    for start in range(0, len(entries), _BATCH):
        batch = entries[start : start + _BATCH]
        prefixes = [heading_prefix(passage, passage.title) for passage, _ in batch]
        texts = [prefix + passage.text for prefix, (passage, _) in zip(prefixes, batch, strict=True)]
        for each, prefix, (_, marks) in zip(_encoder(gpu).encode_passages(texts), prefixes, batch, strict=True):
            numbers = sentence_of(each, len(prefix), marks)
            vectors.append(span_vectors(each, len(prefix), numbers, len(marks)))
            tokens.append(Tokens.of(each, numbers, _BITS))
    Tokens.write(place, tokens)
    np.save(place / "draft.npy", np.concatenate(vectors).astype(np.float16))
    (place / "draft.npy").rename(place / "vectors.npy")
    return pages


def _make(options: argparse.Namespace) -> dict[str, object]:
    started = time.perf_counter()
    index = options.folder / str(options.passages)
    index.mkdir(parents=True, exist_ok=True)
    parts = range(options.passages // _PART)
    encode = partial(_encode_part, folder=options.folder, collections=options.collections, gpu=options.gpu)
    counter, words = DistinctCounter(), BM25Words()
    times: dict[str, float] = {}

    def pages(pool: ProcessPoolExecutor) -> Iterator[Page]:
        for of_part in pool.map(encode, parts):
            for page in of_part:
                for passage, marks in page.entries:
                    counter.add(passage, marks)
                    words.add(searched_text(passage), "en")
                yield page

    with ProcessPoolExecutor(options.processes, get_context("spawn")) as pool:
        Texts.write(index, pages(pool))
    times["texts and encoding"] = time.perf_counter() - started
    distinct = counter.passages()
    if len(distinct) != options.passages:
        raise SystemExit(f"Only {len(distinct)} passages are distinct.")
    distinct.write(index)
    write_copies(index, ())
    words.index().write(index)
    times["words"] = time.perf_counter() - started - sum(times.values())
    figures = write_encodings(index, _kind(options), _encodings(options.folder, parts))
    times["vectors and tokens"] = time.perf_counter() - started - sum(times.values())
    return {"passages": options.passages, "seconds": _rounded(times), "search": figures, "peak MB": _peak()}


def _kind(options: argparse.Namespace) -> StoreKind:
    return load_store(options.store)


def _encodings(folder: Path, parts: range) -> Iterator[tuple[Vectors, Tokens]]:
    for part in parts:
        place = folder / "parts" / f"{part:04}"
        yield np.load(place / "vectors.npy").astype(np.float32), Tokens.open(place)


def _search(options: argparse.Namespace) -> dict[str, object]:
    folder = options.folder / str(options.passages)
    sent = 0.0 if options.store == "faiss" else send(_kind(options), options.folder, options.passages)
    started = time.perf_counter()
    index = Index(folder, _kind(options))
    opened = time.perf_counter() - started
    encoder: Encoder = _encoder(options.gpu)
    queries = _queries(options, encoder)
    base = _memory()
    times, found = [], []
    for query in queries:
        started = time.perf_counter()
        index.evidence(query)
        times.append(1e3 * (time.perf_counter() - started))
        spans = index._store.search(query.vector, _LOOKED_UP)[1]  # noqa: SLF001 - recall is of the store alone
        found.append(_distinct(spans // SPANS))
    memory = _memory()
    counted = np.array(times[_WARM:])
    exact = _exact(options, np.stack([query.vector for query in queries]))
    recall = [len(set(own[:10]) & set(best)) / 10 for own, best in zip(found, exact, strict=True)]
    offered = [len(set(own) & set(best)) / 10 for own, best in zip(found, exact, strict=True)]
    p50, p95, p99 = np.percentile(counted, [50, 95, 99])
    return {
        "passages": options.passages,
        "store": options.store.partition(":")[0],
        "send s": round(sent, 1),
        "open s": round(opened, 2),
        "search ms": _rounded({"p50": float(p50), "p95": float(p95), "p99": float(p99)}),
        "recall@10": round(float(np.mean(recall)), 4),
        "exact ten among candidates": round(float(np.mean(offered)), 4),
        "memory MB": {"before questions": base, "after questions": memory},
        "index MB": round(sum(path.stat().st_size for path in folder.iterdir()) / 1e6),
    }


def send(kind: StoreKind, folder: Path, passages: int) -> float:
    """Send the vectors and words of an index to a server that lacks them; return the seconds that this took."""
    started, index = time.perf_counter(), folder / str(passages)
    if not kind.holds(index):
        encodings = _encodings(folder, range(passages // _PART))
        draft = kind.of(next(encodings)[0])
        for vectors, _ in encodings:
            draft.add(vectors)
        draft.write(index)
    return time.perf_counter() - started


def _queries(options: argparse.Namespace, encoder: Encoder) -> list[Query]:
    """Return questions of the collections, encoded."""
    texts = [
        json.loads(line)["text"]
        for name in COLLECTIONS
        for line in (options.collections / name / "queries.jsonl").read_text("utf-8").splitlines()
    ]
    chosen = random.Random(2).sample(texts, _QUESTIONS + _WARM)
    return [Query.of(text, encoder.encode_passages([text])[0]) for text in chosen]


def _distinct(passages: NDArray[np.int64]) -> list[int]:
    return list(dict.fromkeys(passages.tolist()))


def _exact(options: argparse.Namespace, questions: Vectors) -> list[list[int]]:
    """Return the ten passages nearest to each question, by the unrounded products with all vectors."""
    best, rows, start = np.full((len(questions), 0), -2.0), np.zeros((len(questions), 0), dtype=np.int64), 0
    for vectors, _ in _encodings(options.folder, range(options.passages // _PART)):
        scores = questions @ vectors.T
        near = np.argpartition(-scores, _NEAR, axis=1)[:, :_NEAR]
        best = np.concatenate([best, np.take_along_axis(scores, near, axis=1)], axis=1)
        rows = np.concatenate([rows, start + near], axis=1)
        keep = np.argsort(-best, axis=1, kind="stable")[:, :_NEAR]
        best, rows = np.take_along_axis(best, keep, axis=1), np.take_along_axis(rows, keep, axis=1)
        start += len(vectors)
    return [_distinct(row // SPANS)[:10] for row in rows]


def _memory() -> dict[str, int]:
    """Return the resident memory of this process in MB: its own, and pages of mapped files that it has touched."""
    lines = (line.split() for line in Path("/proc/self/status").read_text("ascii").splitlines())
    held = {line[0]: int(line[1]) for line in lines if line and line[0] in {"RssAnon:", "RssFile:"}}
    return {"own": held["RssAnon:"] // 1024, "mapped files": held["RssFile:"] // 1024}


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in values.items()}


if __name__ == "__main__":
    main()
