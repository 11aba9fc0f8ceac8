"""A search server that takes nothing, is slow, knows more than the database, or is told by several at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from intelhub import index_upkeep
from intelhub.health import parts, report_on_index
from intelhub.index_upkeep import catch_up, check_search_server, merge_tails
from intelhub.search import SearchServer
from intelhub.search.elastic import check_wall, checking, connect, rebuilding, server, shelving
from intelhub.search.elastic.checking import Checked
from intelhub.search.elastic.engine import SERVER_AWAY
from intelhub.search.elastic.server import Change
from intelhub.search.elastic.tokens import Wall, fields_of, index_name
from intelhub.search.elastic.walls import hold_wall
from intelhub.search.engine import Order
from intelhub.search.sealed import TOO_LONG
from tests.factories.search_world import (
    ALL_RANKED,
    PARTITION,
    RIVERSIDE,
    World,
    by_hand,
    changed,
    document,
    flip_a_bit,
    head_of,
    house,
    minutes,
)


@pytest.fixture
def world(database, search_server, monkeypatch):
    for module in (shelving, rebuilding):
        monkeypatch.setattr(module, "shipped_profiles", lambda: ALL_RANKED)
    return World(database.app_url, database.worker_url, database.superuser_url, server=search_server)


def reported(world, told):
    with world.worker() as session:
        report_on_index(session, told)
        (part,) = parts._search_server(session, SimpleNamespace(elasticsearch_url="https://127.0.0.1:9200"))
        return part.tone, str(part.said)


def checked(world, wall=PARTITION):
    with world.worker() as session:
        return check_wall(session, world.server.indexing, Wall.of(wall))


@pytest.mark.parametrize("block", ["index.blocks.write", "index.blocks.read_only_allow_delete"])
def test_a_server_that_is_full_or_read_only_answers_and_what_is_new_waits_in_sealed_parts(world, block):
    """The second block is what a server sets of itself when its disk is full."""
    old = document("buôn lậu xăng", occurred_at=minutes(1))
    process = world.process()
    process.write(old)
    assert world.merge()
    index = index_name(world.vault, PARTITION.level)
    world.server.admin.indices.put_settings(index=index, settings={block: True})
    told = SearchServer(world.server.indexer)
    fresh = document("buôn lậu dầu")
    process.write(fresh, changed(old, texts=("buôn lậu gạo",)))
    merge_tails(house(world, told), at_least=1)
    assert by_hand(world, "SELECT count(*) FROM search_tail").scalar_one() == 0
    answer = process.answer("lậu")
    assert [hit.record_id for hit in answer.hits] == [old.record_id, fresh.record_id]
    assert process.ids("xăng") == []
    assert SERVER_AWAY not in answer.notices
    tone, said = reported(world, told)
    assert (tone, "takes nothing" in said) == ("warning", True)

    world.server.admin.indices.put_settings(index=index, settings={block: None})
    told = SearchServer(world.server.indexer)
    merge_tails(house(world, told), at_least=1)
    catch_up(house(world, told))
    assert by_hand(world, "SELECT sum(documents) FROM search_segments").scalar_one() == 0, "it caught up"
    assert process.ids("lậu") == [old.record_id, fresh.record_id]
    assert reported(world, told)[0] == "good"
    assert checked(world) == Checked()


class _Slow:
    """Passes bytes on to the server; what the server says comes late."""

    def __init__(self, address):
        self.delay = 0.0
        self._server = address
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._open = [self._listening]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self):
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._server)
                self._open += [near, far]
                threading.Thread(target=self._pass, args=(near, far, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(far, near, True), daemon=True).start()

    def _pass(self, source, target, is_answer):
        with suppress(OSError):
            while said := source.recv(65_536):
                time.sleep(self.delay if is_answer else 0.0)
                target.sendall(said)


@contextmanager
def slow(world) -> Iterator[tuple[_Slow, SearchServer]]:
    """The search server behind somebody who can hold its answers back."""
    told = urlsplit(world.server.addresses["searcher"][0])
    between = _Slow((told.hostname, told.port))
    client = connect(f"https://{told.username}:{told.password}@127.0.0.1:{between.port}", world.server.ca)
    try:
        yield between, SearchServer(client)
    finally:
        client.close()
        between.close()


@pytest.mark.parametrize("order", list(Order))
def test_a_slow_server_holds_no_question_longer_than_it_may_take(world, order):
    behind, fresh = document("buôn lậu xăng", occurred_at=minutes(1)), document("buôn lậu dầu")
    process = world.process()
    process.write(behind)
    assert world.merge()
    process.write(fresh)
    with slow(world) as (between, told):
        patient, hasty = world.process(server=told, seconds=30.0), world.process(server=told, seconds=1.5)
        assert patient.ids("lậu", order=order) == [behind.record_id, fresh.record_id]
        between.delay = 4.0
        began = time.monotonic()
        answer = hasty.answer("lậu", order=order)
        assert time.monotonic() - began < 15
        assert [hit.record_id for hit in answer.hits] == [fresh.record_id]
        assert not answer.is_whole
        assert TOO_LONG in answer.notices or SERVER_AWAY in answer.notices, "something is missing, and it says so"
        between.delay = 0.0
        time.sleep(0.1)
        told._away_until = float("-inf")
        assert patient.ids("lậu", order=order) == [behind.record_id, fresh.record_id], "as soon as it is quick again"


def test_a_server_that_knows_newer_than_a_database_put_back_is_built_anew(world):
    one, other = document("buôn lậu xăng"), document("buôn lậu dầu")
    process = world.process()
    process.write(one, other)
    assert world.merge()
    tokens, index = head_of(world).tokens(world.vault), index_name(world.vault, PARTITION.level)
    later = replace(one, row_version=7, texts=("chuyện khác",), occurred_at=minutes(90_000))
    world.server.indexing.write(
        [Change(index=index, id=tokens.document_id(one.record_id), version=7, fields=fields_of(tokens, later))]
    )
    assert process.ids("xăng") == [], "its tokens are those of a version that was lost"
    assert checked(world) == Checked(lost=1)
    check_search_server(house(world, world.server.indexing))
    assert process.ids("xăng") == [one.record_id]
    assert set(process.ids("lậu")) == {one.record_id, other.record_id}
    assert checked(world) == Checked()


def stopped_half_way(world):
    """A move that wrote to the server and did not commit."""
    with world.worker() as session:
        assert world.merge_in(session)
        session.rollback()


@pytest.mark.parametrize("is_merged", [False, True])
def test_what_a_move_that_stopped_half_way_left_on_the_server_is_no_reason_to_build_a_level_anew(world, is_merged):
    old = document("buôn lậu xăng")
    process = world.process()
    process.write(old)
    assert world.merge()
    fresh = document("buôn lậu gạo", occurred_at=minutes(1))
    process.write(changed(old, texts=("buôn lậu dầu",)), fresh)
    stopped_half_way(world)
    if is_merged:
        merge_tails(house(world, None), at_least=1)
    epoch = head_of(world).epoch
    assert checked(world) == Checked()
    check_search_server(house(world, world.server.indexing))
    assert head_of(world).epoch == epoch
    assert process.ids("lậu") == [fresh.record_id, old.record_id]
    process.write(document("nền"))
    assert world.merge()
    assert process.ids("gạo OR dầu") == [fresh.record_id, old.record_id]
    assert checked(world) == Checked()


def test_a_sealed_part_that_does_not_open_has_no_level_built_anew(world):
    old = document("buôn lậu xăng")
    process = world.process()
    process.write(old)
    assert world.merge()
    process.write(changed(old, texts=("buôn lậu dầu",)))
    stopped_half_way(world)
    flip_a_bit(world, "search_tail")
    assert checked(world) == Checked(), "it may be the one that knows, and no rebuild could open it"


def test_a_wall_that_another_worker_holds_is_not_said_to_be_well_and_is_looked_at_once_more(world, monkeypatch):
    near, far = document("buôn lậu xăng"), replace(document("buôn lậu dầu"), partition=RIVERSIDE)
    process = world.process()
    process.write(near, far)
    assert world.merge()
    assert world.merge(RIVERSIDE)
    index = index_name(world.vault, PARTITION.level)
    for one in (near, far):
        lost = head_of(world, one.partition).tokens(world.vault).document_id(one.record_id).hex
        world.server.admin.delete(index=index, id=lost, version=1, version_type="external_gte", refresh=True)
    asked = []

    def check(session, server, wall):
        asked.append(wall)
        if wall in held and asked.count(wall) == 2:
            holding.rollback()
        return check_wall(session, server, wall)

    monkeypatch.setattr(index_upkeep, "check_wall", check)
    with world.worker() as holding:
        held = [Wall.of(PARTITION)]
        assert hold_wall(holding, held[0], wait=False)
        assert checked(world) is None
        check_search_server(house(world, world.server.indexing))
    assert sorted(map(asked.count, {Wall.of(PARTITION), Wall.of(RIVERSIDE)})) == [1, 2]
    assert set(process.ids("lậu")) == {near.record_id, far.record_id}


def test_what_does_not_come_in_one_page_is_compared_too(world, monkeypatch):
    monkeypatch.setattr(server, "MOST_IDS", 7)
    kept = [document(f"buôn lậu xe {n}") for n in range(30)]
    process = world.process()
    process.write(*kept)
    assert world.merge()
    assert checked(world) == Checked()
    tokens, index = head_of(world).tokens(world.vault), index_name(world.vault, PARTITION.level)
    for one in kept[10:20]:
        lost = tokens.document_id(one.record_id).hex
        world.server.admin.delete(index=index, id=lost, version=1, version_type="external_gte", refresh=True)
    made_up = document("gạo")
    world.server.indexing.write(
        [Change(index=index, id=tokens.document_id(made_up.record_id), version=1, fields=fields_of(tokens, made_up))]
    )
    assert checked(world) == Checked(sent=10)
    assert world.server.admin.count(index=index)["count"] == len(kept)
    assert checked(world) == Checked()


def test_several_indexers_at_the_same_moment_end_in_the_same_index(world, monkeypatch):
    """Two departments, writers that change what they wrote, indexers that merge and check, all at once."""
    monkeypatch.setattr(checking, "_AT_ONCE", 3)
    chance = Random(11)  # noqa: S311 - the same each time
    known = [
        replace(document(f"buôn lậu xe {n}", occurred_at=minutes(n)), partition=chance.choice([PARTITION, RIVERSIDE]))
        for n in range(40)
    ]
    done = threading.Event()

    def write(mine):
        process = world.process()
        last = {}
        for version in range(1, 6):
            for one in mine:
                last[one.record_id] = replace(one, row_version=version, texts=(f"buôn lậu xe bản{version}",))
                process.write(last[one.record_id])
        return last

    def index_it(_):
        told = SearchServer(world.server.indexer)
        rounds = 0
        while not done.is_set() or rounds < 3:
            merge_tails(house(world, told), at_least=1)
            check_search_server(house(world, told))
            rounds += 1
        return rounds

    with ThreadPoolExecutor(5) as threads:
        indexers = [threads.submit(index_it, n) for n in range(3)]
        writers = [threads.submit(write, known[n::2]) for n in range(2)]
        try:
            last = {record: one for writer in writers for record, one in writer.result(timeout=100).items()}
        finally:
            done.set()
        assert all(indexer.result(timeout=100) >= 3 for indexer in indexers)
    merge_tails(house(world, world.server.indexing), at_least=1)
    assert by_hand(world, "SELECT count(*) FROM search_tail").scalar_one() == 0
    for partition in (PARTITION, RIVERSIDE):
        assert checked(world, partition) == Checked(), "every document in its newest version, and nothing else"
    process = world.process()
    newest_first = [one.record_id for one in sorted(last.values(), key=lambda one: one.occurred_at, reverse=True)]
    assert process.ids("lậu bản5", limit=99) == newest_first
    assert process.ids("bản1 OR bản2 OR bản3 OR bản4", limit=99) == []
