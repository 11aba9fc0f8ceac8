"""Attacks go through the whole application: the browsers of the web tests, and a superuser's hands on the tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories.tampering import Scene, SetScene, set_scene
from tests.house import borrowed_engine, ids_of_people, open_test_house
from tests.web.conftest import app, app_for, client, client_as, open_session  # noqa: F401 - fixtures


@pytest.fixture(scope="session")
def scene_on_disk(cluster, peopled_template, run_vault) -> Iterator[SetScene]:
    """The scene of the attacks on the tables, once for every worker."""
    with set_scene(cluster, peopled_template, run_vault) as made:
        yield made


@pytest.fixture
def scene(cluster, scene_on_disk, run_vault, tmp_path) -> Iterator[Scene]:
    """The scene in a database of its own, with the application on it."""
    with cluster.copy_of(scene_on_disk.template) as database, borrowed_engine(database) as engine:
        house = open_test_house(database, run_vault, ids_of_people(database, run_vault), engine)
        application = app_for(house, tmp_path)

        def open_client(username: str):
            client = application.test_client()
            client.set_cookie("intelhub", open_session(house, username), samesite="Strict", httponly=True)
            return client

        with scene_on_disk.played_in(house, open_client) as played:
            yield played
