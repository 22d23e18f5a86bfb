"""A site on a loopback port for each test."""

from collections.abc import Iterator

import pytest

from tests.loopback_site import Site, serving_site


@pytest.fixture
def site() -> Iterator[Site]:
    with serving_site() as site:
        yield site
