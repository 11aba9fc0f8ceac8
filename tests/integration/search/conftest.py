from __future__ import annotations

import pytest

from tests.factories.search_world import World


@pytest.fixture
def world(database):
    return World(database.app_url, database.worker_url, database.superuser_url)
