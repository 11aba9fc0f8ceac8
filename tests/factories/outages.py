"""Times in which the index answers and not everything can be looked through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import pytest

from intelhub.search import ElasticIndex, SearchServer
from tests.factories.behind_tokens import move_everything
from tests.factories.search_world import flip_a_bit
from tests.house import TestHouse

Outage = Callable[[], AbstractContextManager[None]]


@contextmanager
def damaged(house: TestHouse) -> Iterator[None]:
    """While it lasts, what lies at the first level does not fit its seal."""
    flip_a_bit(house.database, "search_tail", "level = 1")
    house.units.info["search_index"] = ElasticIndex(None)
    yield
    flip_a_bit(house.database, "search_tail", "level = 1")
    house.units.info["search_index"] = ElasticIndex(None)


@contextmanager
def away(house: TestHouse, searching: SearchServer, indexing: SearchServer) -> Iterator[None]:
    """What is there lies behind tokens from then on; while it lasts, nobody answers for it."""
    move_everything(house, indexing)
    house.units.info["search_index"] = ElasticIndex(None)
    yield
    house.units.info["search_index"] = ElasticIndex(searching)


@pytest.fixture(params=["damaged", "away"])
def outage(request: pytest.FixtureRequest, house: TestHouse) -> Outage:
    """While it lasts, records of the first level that are there by then are out of reach; new ones of others are not.

    Once a test.
    """
    if request.param == "damaged":
        return partial(damaged, house)
    server = request.getfixturevalue("house_server")
    return partial(away, house, server.searching, server.indexing)
