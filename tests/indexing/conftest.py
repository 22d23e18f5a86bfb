"""A Milvus server of its own for the tests of the store, started as an operator would start it."""

from collections.abc import Iterator

import pytest

from benchmarks.milvus_server import MilvusServer


@pytest.fixture(scope="session")
def milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MilvusServer]:
    server = MilvusServer(tmp_path_factory.mktemp("milvus"))
    server.start()
    yield server
    server.kill()
