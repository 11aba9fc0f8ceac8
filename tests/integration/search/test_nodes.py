"""A search server of several nodes: whoever asks goes on with another one when the first is gone."""

from __future__ import annotations

import os
import signal
import time

import pytest

from intelhub.search import Order
from intelhub.search.elastic import SearchServer
from tests.factories.search_world import World, document, minutes


@pytest.fixture
def world(database, two_nodes):
    return World(database.app_url, database.worker_url, database.superuser_url, server=two_nodes)


@pytest.mark.timeout(300)
def test_searching_and_moving_go_on_when_a_node_is_gone(world):
    first = document("buôn lậu xăng")
    process = world.process()
    process.write(first)
    assert world.merge()
    admin = world.server.admin
    admin.cluster.health(wait_for_status="green", timeout="60s")  # a copy on either node
    assert len(admin.cat.nodes(format="json")) == 2

    folder = world.server.data.parents[1]
    os.kill(int((folder / "node-2" / "pid").read_text()), signal.SIGKILL)
    for order in (*Order, *Order, *Order):  # whichever node is asked first
        answer = process.answer("lậu", order=order)
        assert [hit.record_id for hit in answer.hits] == [first.record_id]
        assert not answer.notices

    deadline = time.monotonic() + 60
    while len(admin.cat.nodes(format="json")) > 1:
        assert time.monotonic() < deadline, "the one that is left notices"
        time.sleep(0.5)
    second = document("buôn lậu dầu", occurred_at=minutes(1))
    process.write(second)
    assert world.merge()
    asked_anew = world.process(server=SearchServer(world.server.searcher))
    assert asked_anew.ids("lậu") == [second.record_id, first.record_id]
