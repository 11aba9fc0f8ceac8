from __future__ import annotations

import pytest

from tests.factories.search_world import World


@pytest.fixture(params=["sealed", "elastic"])
def world(request, database):
    """A database and keys for an engine; with a search server, everything that may gets tokens."""
    server = request.getfixturevalue("search_server") if request.param == "elastic" else None
    return World(database.app_url, database.worker_url, database.superuser_url, server=server)


@pytest.fixture
def sealed_world(database):
    """The same without a search server."""
    return World(database.app_url, database.worker_url, database.superuser_url)
