"""Builds on a Milvus server: made, switched, taken back, and searched again after the server was away."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from pymilvus import MilvusClient

from benchmarks.milvus_server import MilvusServer
from chatbot.bot import Chatbot
from chatbot.clinic import Clinic
from chatbot.errors import IndexMissing, SettingsError, StoreUnavailable, problem
from chatbot.indexing import FaissStore, StoreKind, activate, build_index, load_store, open_index
from tests.conftest import WordEncoder

NAMES = count()


@pytest.fixture
def name() -> str:
    return f"clinic_{next(NAMES)}"


@pytest.fixture
def kind(milvus: MilvusServer, name: str) -> StoreKind:
    return load_store(milvus.address(name))


@pytest.fixture
def client(milvus: MilvusServer) -> Iterator[MilvusClient]:
    client = MilvusClient(f"http://127.0.0.1:{milvus.port}")
    yield client
    client.close()


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for page in ("swelling", "parking", "prices"):
        (corpus / f"{page}.md").write_text(f"# About {page}\n\nThis page is on {page} and nothing else.\n")
    return corpus


def collections(client: MilvusClient, name: str) -> list[str]:
    return sorted(found for found in client.list_collections() if found.startswith(f"{name}_"))


def say(corpus: Path, text: str) -> None:
    (corpus / "parking.md").write_text(f"# About parking\n\n{text}\n")


def test_builds_are_switched_taken_back_and_dropped(
    kind: StoreKind, client: MilvusClient, name: str, corpus: Path, tmp_path: Path
) -> None:
    words, index = WordEncoder(), tmp_path / "index"

    def served() -> str:
        return str(client.describe_alias(name)["collection_name"])

    first = build_index(corpus, index, words, kind).id
    (one,) = collections(client, name)
    assert served() == one
    held = open_index(corpus, index, words, kind)[1]
    say(corpus, "You park behind the clinic.")
    build_index(corpus, index, words, kind)
    two = served()
    assert collections(client, name) == sorted([one, two])  # the one before stays
    assert held.nearest(words.encode_questions(["parking"])[0].vector).document == "parking.md"  # and answers
    say(corpus, "You park in the street.")
    build_index(corpus, index, words, kind)
    three = served()
    assert collections(client, name) == sorted([two, three])
    bot = Chatbot(corpus, index, words, Clinic(), store=kind)
    kept = next(path.name for path in index.iterdir() if path.is_dir() and path.name not in {bot.build, first})
    say(corpus, "You park behind the clinic.")
    activate(index, kept)
    bot.reload()
    assert served() == two
    assert "behind" in bot.ask("parking about").citations[0].passage.text


def test_a_build_aside_neither_replaces_nor_drops_the_served_one(
    kind: StoreKind, client: MilvusClient, name: str, corpus: Path, tmp_path: Path
) -> None:
    words = WordEncoder()
    build_index(corpus, tmp_path / "index", words, kind)
    served = client.describe_alias(name)["collection_name"]
    for text in ("One.", "Two.", "Three."):
        say(corpus, f"Draft {text}")
        build_index(corpus, tmp_path / "aside", words, kind, reuse=tmp_path / "index")
    assert client.describe_alias(name)["collection_name"] == served
    assert len(collections(client, name)) == 3  # the served one, and two of the drafts
    assert served in collections(client, name)


def test_rows_that_the_server_lost_are_sent_again(
    kind: StoreKind, client: MilvusClient, name: str, corpus: Path, tmp_path: Path
) -> None:
    words, index = WordEncoder(), tmp_path / "index"
    build_index(corpus, index, words, kind)
    (collection,) = collections(client, name)
    rows = client.query(collection, filter="id >= 0", output_fields=["count(*)"])[0]["count(*)"]
    client.delete(collection, ids=[0, 1])
    build_index(corpus, index, words, kind)  # nothing changed, and the store is not whole
    assert client.query(collection, filter="id >= 0", output_fields=["count(*)"])[0]["count(*)"] == rows


def test_rows_of_another_site_are_never_found(
    milvus: MilvusServer, client: MilvusClient, name: str, corpus: Path, tmp_path: Path
) -> None:
    words, kind = WordEncoder(), load_store(milvus.address(name), site="a-b")
    build_index(corpus, tmp_path / "index", words, kind)
    (collection,) = collections(client, name)
    index = open_index(corpus, tmp_path / "index", words, kind)[1]
    vector = words.encode_questions(["parking"])[0].vector
    before = index.nearest(vector).document
    rows = client.query(collection, filter="id >= 0", output_fields=["*"])
    client.upsert(collection, [{**row, "id": row["id"] + 1_000, "site": "c", "vector": vector} for row in rows])
    assert index.nearest(vector).document == before == "parking.md"


def test_the_other_store_is_built_anew_from_the_same_pages(kind: StoreKind, corpus: Path, tmp_path: Path) -> None:
    words, index = WordEncoder(), tmp_path / "index"
    built = build_index(corpus, index, words).id
    again = build_index(corpus, index, words, kind)
    assert (again.id, again.embedded) == (built, 3)
    both = [open_index(corpus, index, words, kind)[1]]
    build_index(corpus, tmp_path / "files", words)
    both.append(open_index(corpus, tmp_path / "files", words, FaissStore)[1])
    vector = words.encode_questions(["prices"])[0].vector
    assert [index.nearest(vector).document for index in both] == ["prices.md"] * 2


@pytest.mark.parametrize(
    "address", ["milvus://", "milvus://host", "milvus://host:x/a", "milvus://host/a-b", "redis://h"]
)
def test_an_address_that_cannot_be_used_names_the_cure(address: str) -> None:
    with pytest.raises(SettingsError, match="FOOTNOTE_STORE cannot be used: set it to 'faiss', or to "):
        load_store(address)


def test_a_collection_that_is_gone_names_the_cure(
    kind: StoreKind, client: MilvusClient, name: str, corpus: Path, tmp_path: Path
) -> None:
    build_index(corpus, tmp_path / "index", WordEncoder(), kind)
    index = open_index(corpus, tmp_path / "index", WordEncoder(), kind)[1]
    client.drop_alias(name)
    client.drop_collection(collections(client, name)[0])
    with pytest.raises(IndexMissing, match=r"has no collection .*: run 'footnote build'"):
        index.nearest(WordEncoder().encode_questions(["parking"])[0].vector)


def test_a_server_that_was_away_is_found_again(
    milvus: MilvusServer, kind: StoreKind, corpus: Path, tmp_path: Path
) -> None:
    build_index(corpus, tmp_path / "index", WordEncoder(), kind)
    bot = Chatbot(corpus, tmp_path / "index", WordEncoder(), Clinic(), store=kind)
    answer = bot.ask("parking about")
    milvus.kill()
    for _ in range(2):  # the second time without a try
        with pytest.raises(StoreUnavailable, match="does not answer: start it, or correct FOOTNOTE_STORE") as error:
            bot.ask("parking about")
        assert problem(error.value)["status"] == 503
    with pytest.raises(StoreUnavailable):
        build_index(corpus, tmp_path / "other", WordEncoder(), kind)
    milvus.start()
    again = None
    while again is None:
        try:
            again = bot.ask("parking about")
        except StoreUnavailable:
            continue
    assert again == answer
