"""A store on a Milvus server: vectors and BM25 are searched there, everything else stays in files; owns pymilvus.

Each build has a collection of its own, whose name is a digest of what it holds. A row is a span: its vector, and in the
first row of a passage the BM25 scores of its stems as a sparse vector. The server adds these up for a question, as
`BM25Index` does from files, so that both find the same. Milvus's own text functions stem otherwise, and count rare
words for each segment apart.

The vectors stay beside it in a file too. Those of the candidates, some hundred a question, are read faster from there
than over the network, and a later build copies them.
"""

import json
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import unquote, urlsplit

import numpy as np
from grpc import RpcError
from numpy.lib.format import dtype_to_descr, write_array_header_1_0
from pymilvus import AnnSearchRequest, DataType, MilvusClient, RRFRanker
from pymilvus.exceptions import MilvusException

from chatbot.errors import IndexDamaged, IndexMissing, SettingsError, StoreUnavailable
from chatbot.files import sha256_of, write_atomically
from chatbot.indexing.bm25 import BM25Index, TermQuery
from chatbot.indexing.builds import REBUILD_HINT
from chatbot.indexing.copies import DistinctPassages
from chatbot.indexing.encoder import Vectors
from chatbot.indexing.store import Rows
from chatbot.indexing.texts import Texts

__all__ = ["MilvusKind", "MilvusStore"]

_LOG = logging.getLogger(__name__)
_VECTORS: Final = "vectors.npy"
_COLLECTION: Final = "milvus.json"
_PROGRESS: Final = ".ingestion.json"
_SERVED: Final = ".collections.json"
_COMPARED: Final = 2**17  # rows that are all compared with a question, as many as by files
_BATCH: Final = 1_000  # rows that are sent at a time
_COPIED: Final = 2**24  # bytes
_QUESTION_TIMEOUT: Final = 10.0  # seconds; the first question after a start loads what the server has on disk
_BUILD_TIMEOUT: Final = 120.0
_PAUSE: Final = 1.0  # seconds after a failure in which the server is not asked again
_NOT_LOADED: Final = (101, 106, 503)
_NO_COLLECTION: Final = 100
_AWAY: Final = (1, 2, 14)

_CHANNEL: Final = {
    "grpc.keepalive_time_ms": 300_000,  # Milvus Lite ends connections that ask more often, in a long call too
    "grpc.initial_reconnect_backoff_ms": 500,
    "grpc.min_reconnect_backoff_ms": 500,
    "grpc.max_reconnect_backoff_ms": 1_000,  # not two minutes, after a server that was away for long
}
_NO_TERM: Final = 2**32 - 2
"""The dimension that a row has which is not the first of its passage: Milvus Lite holds no empty sparse vectors."""

Result = TypeVar("Result")


class _Server:
    """A connection to a Milvus server, made when it is first needed; any number of threads may use it."""

    def __init__(self, uri: str, token: str) -> None:
        self._uri, self._token = uri, token
        self._client: MilvusClient | None = None
        self._connecting = Lock()
        self._failed = 0.0
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # its errors are raised, too, as ours

    def ask(self, call: Callable[[MilvusClient, float], Result], timeout: float = _QUESTION_TIMEOUT) -> Result:
        """Return what a call of the server with a time-out returns; raises `StoreUnavailable` or `MilvusException`."""
        if time.monotonic() < self._failed + _PAUSE and timeout <= _QUESTION_TIMEOUT:
            raise self._unavailable()
        try:
            return call(self._connected(), timeout)
        except MilvusException as error:
            if error.code in {_NO_COLLECTION, *_NOT_LOADED}:
                raise
            if error.code not in _AWAY:
                raise StoreUnavailable(f"The search server {self._uri} refuses: {error.message}.") from error
            self._failed = time.monotonic()
            raise self._unavailable() from error
        except (RpcError, OSError, ValueError, RuntimeError) as error:  # ValueError: the channel was closed meanwhile
            self._failed = time.monotonic()
            raise self._unavailable() from error

    def _connected(self) -> MilvusClient:
        with self._connecting:
            if self._client is None:
                self._client = MilvusClient(
                    self._uri, token=self._token, timeout=_QUESTION_TIMEOUT, grpc_options=_CHANNEL
                )
            return self._client

    def _unavailable(self) -> StoreUnavailable:
        return StoreUnavailable(
            f"The search server {self._uri} does not answer: start it, or correct FOOTNOTE_STORE. It is asked again "
            "with the next question."
        )


@dataclass(frozen=True)
class MilvusKind:
    """The stores of one site on a Milvus server.

    `base` is what the names of all collections begin with. `writers` is the number of threads that send rows.
    """

    server: _Server
    base: str
    site: str = ""
    writers: int = 1

    FILES: ClassVar = (_COLLECTION, _VECTORS)
    """The names of the files that a store writes beside the collection."""

    @classmethod
    def at(cls, address: str, site: str = "", writers: int = 1) -> "MilvusKind":
        """Return the stores at an address as FOOTNOTE_STORE has it; raises `SettingsError`."""
        parts = urlsplit(address)
        base = parts.path.strip("/")
        try:
            port = parts.port or 19530
        except ValueError:
            port = 0
        if not parts.hostname or not port or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,99}", base):
            raise SettingsError(
                "FOOTNOTE_STORE cannot be used: set it to 'faiss', or to 'milvus://HOST:PORT/NAME' with letters, "
                "figures and _ in the name."
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        token = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
        scheme = "https" if parts.scheme == "milvus+tls" else "http"
        return cls(_Server(f"{scheme}://{host}:{port}", token), base, site, writers)

    @property
    def prefix(self) -> str:
        """What the names of this site's collections begin with, and the name of the alias of the served one."""
        plain = re.sub(r"\W", "_", self.site, flags=re.ASCII)
        if plain != self.site:
            plain += "_" + blake2b(self.site.encode(), digest_size=4).hexdigest()
        return f"{self.base}_{plain}" if plain else self.base

    def of(self, vectors: Vectors) -> "MilvusDraft":
        """Return a store that is still to be written, of vectors in order, shape (n, dimensions)."""
        draft = MilvusDraft(self, vectors.shape[1])
        draft.add(vectors)
        return draft

    def open(self, folder: Path) -> "MilvusStore":
        """Open the store of a build; the server is asked with the first question. Raises `IndexDamaged`."""
        return MilvusStore(self, folder)

    def bits_for(self, _rows: int) -> int:
        """Return the bits of a component, for any number of rows."""
        return 16

    def holds(self, folder: Path) -> bool:
        """Return whether the store of a build is there, whole; raises `StoreUnavailable`."""
        try:
            made = _read(folder)
            return bool(self.count(made["collection"]) == made["rows"])
        except IndexDamaged:
            return False

    def count(self, collection: str) -> int:
        """Return the number of this site's rows in a collection, 0 without it."""

        def rows(client: MilvusClient, timeout: float) -> int:
            if not client.has_collection(collection, timeout=timeout):
                return 0
            client.load_collection(collection, timeout=timeout)
            counted = client.query(collection, filter=self.own, output_fields=["count(*)"], timeout=timeout)
            return int(counted[0]["count(*)"])

        return self.server.ask(rows, _BUILD_TIMEOUT)

    @property
    def own(self) -> str:
        """The filter that finds this site's rows."""
        return f"site == {json.dumps(self.site)}"

    def settle(self, index: Path, builds: Sequence[Path], others: Sequence[Path]) -> None:
        """Point the alias to the collection of the first build, and drop those that the index served and needs no more.

        The file `_SERVED` of the index names them. Builds of which another index is asked for in `others` are no
        concern of visitors yet: then the alias stays.
        """
        needed = [_read(folder)["collection"] for folder in builds if (folder / _COLLECTION).is_file()]
        beside = {_read(folder)["collection"] for folder in others if (folder / _COLLECTION).is_file()}
        if not needed:
            return
        gone = set(_served(index)) - {*needed, *beside}

        def settled(client: MilvusClient, timeout: float) -> None:
            if not others:
                aliases = client.list_aliases(timeout=timeout)["aliases"]
                name = client.alter_alias if self.prefix in aliases else client.create_alias
                name(needed[0], self.prefix, timeout=timeout)
            for collection in gone:
                if client.has_collection(collection, timeout=timeout):
                    client.drop_collection(collection, timeout=timeout)

        try:
            self.server.ask(settled, _BUILD_TIMEOUT)
            write_atomically(index / _SERVED, json.dumps(needed).encode())
        except (StoreUnavailable, MilvusException) as error:
            _LOG.warning("Older builds were left on the search server: %s", error)


def _served(index: Path) -> list[str]:
    """Return the collections that an index needed when it was settled last."""
    try:
        return [str(name) for name in json.loads((index / _SERVED).read_bytes())]
    except (OSError, ValueError, TypeError):
        return []


def _read(folder: Path) -> dict[str, Any]:
    try:
        made = json.loads((folder / _COLLECTION).read_bytes())
        return {"collection": str(made["collection"]), "rows": int(made["rows"])}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise IndexDamaged(f"The vectors in {folder} cannot be read: {REBUILD_HINT}.") from error


class MilvusStore:
    """The vectors and words of a build on a Milvus server."""

    def __init__(self, kind: MilvusKind, folder: Path) -> None:
        """Map the vectors beside it into memory; raises `IndexDamaged`."""
        made = _read(folder)
        try:
            self._vectors = np.load(folder / _VECTORS, mmap_mode="r", allow_pickle=False).view(np.ndarray)
            complete = self._vectors.ndim == 2 and self._vectors.dtype == np.float16 and len(self) == made["rows"]
        except (OSError, ValueError, EOFError) as error:
            raise IndexDamaged(f"The vectors in {folder} cannot be read: {REBUILD_HINT}.") from error
        if not complete:
            raise IndexDamaged(f"The vectors in {folder} cannot be read: {REBUILD_HINT}.")
        self._kind, self._collection = kind, made["collection"]

    @property
    def bits(self) -> int:
        """The bits of a component."""
        return 16

    def __len__(self) -> int:
        return len(self._vectors)

    def vectors(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows, shape (len(rows), dimensions)."""
        return np.asarray(self._vectors[rows], dtype=np.float32)

    def search(self, question: Vectors, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and row numbers of the `limit` nearest rows to one vector, best first."""
        found = self._ask(
            lambda client, timeout: client.search(
                self._collection,
                [_plain(question)],
                anns_field="vector",
                limit=min(limit, len(self)),
                filter=self._kind.own,
                output_fields=["id"],
                timeout=timeout,
            )
        )
        return self._nearest(question, np.array([hit["id"] for hit in found[0]], dtype=np.int64), limit)

    def hybrid(self, question: Vectors, limit: int, terms: TermQuery) -> tuple[Rows, Rows]:
        """Return the `limit` nearest rows to one vector, best first, and the numbers of the passages that match terms.

        The server merges both searches, and all rows of both are among its results. Their exact scores separate them:
        the nearest rows of all are those of the vector search.
        """
        if not terms.weights:
            return self.search(question, limit)[1], np.zeros(0, dtype=np.int64)
        own = self._kind.own
        among = own if terms.languages is None else f"{own} and language in {json.dumps(list(terms.languages))}"
        limit = min(limit, len(self))
        weights = {number: float(weight) for number, weight in terms.weights.items()}
        requests = [
            AnnSearchRequest([_plain(question)], "vector", {"metric_type": "IP"}, limit, expr=own),
            AnnSearchRequest([weights], "terms", {"metric_type": "IP"}, terms.limit, expr=among),
        ]
        found = self._ask(
            lambda client, timeout: client.hybrid_search(
                self._collection,
                requests,
                RRFRanker(),
                limit=limit + terms.limit,
                output_fields=["id", "passage"],
                timeout=timeout,
            )
        )
        rows = np.array([hit["id"] for hit in found[0]], dtype=np.int64)
        passages = np.unique(np.array([hit["entity"]["passage"] for hit in found[0]], dtype=np.int64))
        return self._nearest(question, rows, limit)[1], terms.best_of(passages)

    def _nearest(self, question: Vectors, rows: Rows, limit: int) -> tuple[Vectors, Rows]:
        """Return the scores and numbers of the nearest of some rows, best first."""
        scores = self.vectors(rows) @ question.reshape(-1)
        order = np.argsort(-scores, kind="stable")[:limit]
        return scores[order], rows[order]

    def _ask(self, call: Callable[[MilvusClient, float], Result]) -> Result:
        """Return what a call returns; a server that was started again loads the collection first."""
        try:
            return self._kind.server.ask(call)
        except MilvusException as error:
            if error.code == _NO_COLLECTION:
                raise self._missing() from error
        try:
            self._kind.server.ask(lambda client, timeout: client.load_collection(self._collection, timeout=timeout))
            return self._kind.server.ask(call)
        except MilvusException as error:
            raise self._missing() from error

    def _missing(self) -> IndexMissing:
        return IndexMissing(f"The search server has no collection {self._collection}: {REBUILD_HINT}.")


def _plain(vector: Vectors) -> list[float]:
    return [float(value) for value in vector.reshape(-1)]


class MilvusDraft:
    """A store that is being built: vectors gather in a file, and are sent to the server when all are there."""

    def __init__(self, kind: MilvusKind, dimensions: int) -> None:
        self._kind, self._dimensions, self._rows = kind, dimensions, 0
        self._file = TemporaryFile()  # noqa: SIM115 - `write` closes it

    def add(self, vectors: Vectors) -> None:
        """Store more vectors behind those that are held."""
        self._file.write(np.ascontiguousarray(vectors, dtype=np.float16).tobytes())
        self._rows += len(vectors)

    def write(self, folder: Path) -> Mapping[str, float]:
        """Send the store to the server, and write the vectors and the name of the collection into a folder.

        What a killed build has sent is not sent again. Raises `StoreUnavailable`.
        """
        with (folder / _VECTORS).open("wb") as file:
            shape = (self._rows, self._dimensions)
            descr = dtype_to_descr(np.dtype(np.float16))
            write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
            self._file.seek(0)
            shutil.copyfileobj(self._file, file, _COPIED)
        self._file.close()
        ingestion = _Ingestion(self._kind, folder)
        ingestion.run()
        content = json.dumps({"collection": ingestion.collection, "rows": self._rows})
        (folder / _COLLECTION).write_text(content, "utf-8")
        return {"recall": 1.0}


class _Ingestion:
    """Sends the rows of a build to its collection, from the files that are written in its folder."""

    def __init__(self, kind: MilvusKind, folder: Path) -> None:
        self._kind, self._server = kind, kind.server
        self._vectors = np.load(folder / _VECTORS, mmap_mode="r", allow_pickle=False)
        self.collection = f"{kind.prefix}_{_digest(folder)}"
        self._progress = folder.parent / _PROGRESS
        self._passages = _PassageTerms(folder)

    def run(self) -> None:
        """Send all rows that are not there, and check that they are; raises `StoreUnavailable`."""
        try:
            sent = self._sent()
            for attempt in count():
                self._send(sent)
                self._server.ask(
                    lambda client, _timeout: client.flush(self.collection, timeout=_BUILD_TIMEOUT), _BUILD_TIMEOUT
                )
                if self._kind.count(self.collection) == len(self._vectors):
                    break
                if attempt:
                    raise StoreUnavailable(
                        f"The search server lost rows of the collection {self.collection}: look at its disk and its "
                        "log, then build again."
                    )
                sent = 0  # it lost some that it had acknowledged
        except MilvusException as error:
            raise StoreUnavailable(f"The search server refuses the build: {error.message}") from error
        self._progress.unlink(missing_ok=True)

    def _sent(self) -> int:
        """Return how many rows were acknowledged before; makes the collection where there is none.

        The collection of a build that was killed, and that is not built any more, is dropped.
        """
        collection, rows = _progress_of(self._progress)
        if collection and collection not in {self.collection, *_served(self._progress.parent)}:
            self._server.ask(lambda client, timeout: client.drop_collection(collection, timeout=timeout))
        if not self._server.ask(lambda client, timeout: client.has_collection(self.collection, timeout=timeout)):
            self._server.ask(self._create, _BUILD_TIMEOUT)
            return 0
        return rows if collection == self.collection else 0

    def _create(self, client: MilvusClient, timeout: float) -> None:
        schema = MilvusClient.create_schema(
            auto_id=False, enable_dynamic_field=False, description="A build of Footnote"
        )
        schema.add_field("id", DataType.INT64, is_primary=True)
        schema.add_field("site", DataType.VARCHAR, max_length=256, is_partition_key=True)
        schema.add_field("passage", DataType.INT64)
        schema.add_field("language", DataType.VARCHAR, max_length=16)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=self._vectors.shape[1])
        schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
        indexes = MilvusClient.prepare_index_params()
        indexes.add_index(
            "vector", index_type="FLAT" if len(self._vectors) <= _COMPARED else "AUTOINDEX", metric_type="IP"
        )
        indexes.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
        client.create_collection(self.collection, schema=schema, index_params=indexes, timeout=timeout)

    def _send(self, sent: int) -> None:
        """Send the rows behind those that were sent, some at a time, and write down how far it came."""
        starts = range(sent, len(self._vectors), _BATCH)
        writers = self._writers()
        with ThreadPoolExecutor(writers) as pool:
            for first in range(0, len(starts), writers):  # all of a round, so that what is written down is whole
                rounds = list(pool.map(self._upsert, starts[first : first + writers]))
                write_atomically(
                    self._progress, json.dumps({"collection": self.collection, "rows": rounds[-1]}).encode()
                )

    def _writers(self) -> int:
        """Return how many threads may write at once: Milvus Lite takes one."""
        version = self._server.ask(lambda client, timeout: client.get_server_version(timeout=timeout))
        return 1 if "lite" in version else self._kind.writers

    def _upsert(self, start: int) -> int:
        """Send rows, whose keys are their numbers: what is sent again replaces itself. Return the next row."""
        vectors = np.asarray(self._vectors[start : start + _BATCH], dtype=np.float32)
        passages = self._passages.of_rows(start, start + len(vectors))
        rows = [
            {"id": start + place, "site": self._kind.site, "vector": vector, **about}
            for place, (vector, about) in enumerate(zip(vectors, passages, strict=True))
        ]
        self._server.ask(lambda client, timeout: client.upsert(self.collection, rows, timeout=timeout), _BUILD_TIMEOUT)
        return start + len(rows)


def _progress_of(path: Path) -> tuple[str, int]:
    """Return the collection that a killed build was sending, and how many of its rows were acknowledged."""
    try:
        progress = json.loads(path.read_bytes())
        return str(progress["collection"]), int(progress["rows"])
    except (OSError, ValueError, LookupError, TypeError):
        return "", 0


@dataclass
class _PassageTerms:
    """Which passage each row belongs to, the passage's language, and the scores of its stems."""

    folder: Path
    offsets: Rows = field(init=False)

    def __post_init__(self) -> None:
        texts = Texts(self.folder)
        distinct = DistinctPassages.open(self.folder, len(texts.entries))
        self.offsets = np.concatenate([[0], np.cumsum(np.diff(texts.first_spans)[distinct.rows])])
        self._languages = texts.passage_languages()[distinct.rows]
        self._first, self._stems, self._scores = BM25Index.open(self.folder, len(distinct)).by_passage()

    def of_rows(self, start: int, stop: int) -> Iterator[dict[str, object]]:
        """Yield the fields of rows; the first row of a passage has its terms."""
        passages = np.searchsorted(self.offsets, np.arange(start, stop), side="right") - 1
        for row, passage in zip(range(start, stop), passages.tolist(), strict=True):
            terms = self._terms(passage) if row == self.offsets[passage] else {}
            yield {"passage": passage, "language": str(self._languages[passage]), "terms": terms or {_NO_TERM: 1.0}}

    def _terms(self, passage: int) -> dict[int, float]:
        part = slice(self._first[passage], self._first[passage + 1])
        return dict(zip(self._stems[part].tolist(), self._scores[part].tolist(), strict=True))


def _digest(folder: Path) -> str:
    """Return a digest of all that the rows of a build are made of."""
    names = (_VECTORS, *BM25Index.FILES, "pages.json", "passages.npy", DistinctPassages.FILE)
    return blake2b("".join(sha256_of(folder / name) for name in names).encode(), digest_size=8).hexdigest()
