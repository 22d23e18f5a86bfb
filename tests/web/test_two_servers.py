"""Two servers with one database and one folder behind nginx: a short run of the benchmark."""

import re
import time
from collections.abc import Iterator

import httpx
import pytest

from benchmarks.nginx import found
from benchmarks.two_servers import Cluster, run
from chatbot.indexing import Encoder

TWICE = re.compile(r"/(?:look|assets)/[\w.-]+|widget-talk\.js\?v=\w+")  # addresses that name what they hold


@pytest.fixture(scope="module")
def cluster(encoder: Encoder, postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if found() is None:
        pytest.skip("there is no nginx here")
    with Cluster(tmp_path_factory.mktemp("two") / "shared", postgresql_server, encoder) as cluster:
        yield cluster


def test_either_server_takes_up_what_the_other_began(cluster: Cluster) -> None:
    one, other = cluster.servers
    answer = httpx.post(f"{one}/api/ask", json={"question": "Where can I park?"}, timeout=30).json()
    rating = {"answer_id": answer["answer_id"], "helpful": True}
    end = time.monotonic() + 30  # a server that has just started first loads what its journal needs
    while (status := httpx.post(f"{other}/api/feedback", json=rating, timeout=30).status_code) == 404:
        assert time.monotonic() < end
    assert status == 204
    for path in ("/", "/widget.js", "/staff/sign-in"):
        named = [TWICE.findall(httpx.get(server + path, timeout=30).text) for server in cluster.servers]
        assert named[0] == named[1]
    assert named


def test_a_killed_server_costs_at_most_its_open_requests(cluster: Cluster) -> None:
    figures = run(cluster, seconds=2, visitors=4, every=2, restart=False)
    assert figures.kills == figures.published == 1
    assert figures.answers > 0
    assert figures.failed <= figures.open_at_kills
    assert (figures.mixed, figures.foreign, figures.left_behind) == (0, 0, 0)
    assert (figures.feedback_lost, figures.signed_out) == (0, 0)
    assert figures.looked_in > 0
