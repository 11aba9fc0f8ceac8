"""The worker moves large unclassified walls behind tokens, goes on without the server, and catches up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intelhub.index_upkeep import catch_up, check_search_server, merge_tails
from intelhub.search import Cursor, SearchServer
from intelhub.search.elastic import connect, shelving, stretches
from intelhub.search.sealed import MORE_MAY_ANSWER
from tests.factories.search_world import PARTITION, World, by_hand, changed, document, house, minutes

OPEN = replace(PARTITION, level=0)


@pytest.fixture
def world(database, search_server):
    return World(database.app_url, database.worker_url, database.superuser_url, server=search_server)


def kept(world):
    """How many documents lie behind tokens, in segments and in the tail."""
    counts = ("search_documents", "count(*)"), ("search_segments", "sum(documents)"), ("search_tail", "count(*)")
    asked = ", ".join(f"(SELECT {count} FROM {table})" for table, count in counts)
    return tuple(by_hand(world, f"SELECT {asked}").one())


def test_a_wall_of_a_thousand_moves_stays_and_catches_up(world):
    process = world.process()
    wanted = document("buôn lậu xăng", partition=OPEN)
    secret = document("buôn lậu xăng")
    process.write(wanted, secret, *(document("nền", partition=OPEN, occurred_at=minutes(n)) for n in range(998)))
    worker = house(world, world.server.indexing)
    merge_tails(worker, at_least=1)
    assert kept(world) == (0, 1000, 0), "one too few: everything is sealed"
    more = document("buôn lậu dầu", partition=OPEN, occurred_at=minutes(5000))
    process.write(more)
    merge_tails(worker, at_least=1)
    assert kept(world) == (1000, 1, 0), "what is classified stays sealed"
    assert set(process.ids("lậu")) == {wanted.record_id, secret.record_id, more.record_id}

    away = connect("https://indexer:a@127.0.0.1:1")
    process.write(changed(wanted, texts=("buôn lậu gạo",)))
    merge_tails(house(world, SearchServer(away)), at_least=1)
    away.close()
    assert kept(world) == (1000, 2, 0), "sealed until the server is back"
    assert process.ids("xăng") == [secret.record_id]
    assert process.ids("gạo") == [wanted.record_id]

    merge_tails(worker, at_least=1)
    catch_up(worker)
    assert kept(world) == (1000, 1, 0), "without anything new in that part"
    assert process.ids("gạo OR dầu") == [more.record_id, wanted.record_id]
    check_search_server(worker)
    assert process.ids("xa*") == [secret.record_id], "no word of before is in the dictionary"


def test_what_was_sealed_while_few_stood_there_or_before_there_was_a_server_moves_too(world):
    before, former = replace(OPEN, year=2025), replace(OPEN, year=2024)
    old, older = document("buôn lậu xăng", partition=before), document("buôn lậu gạo", partition=former)
    process = world.process()
    process.write(old, *(document("nền", partition=OPEN, occurred_at=minutes(n)) for n in range(998)))
    merge_tails(house(world, world.server.indexing), at_least=1)
    process.write(older)
    merge_tails(house(world, None), at_least=1)
    assert kept(world) == (0, 1000, 0)
    catch_up(house(world, world.server.indexing))
    assert kept(world) == (1000, 0, 0)
    assert set(process.ids("lậu")) == {old.record_id, older.record_id}


def test_a_round_without_a_server_opens_nothing_for_it(world, monkeypatch):
    taken = []
    take_down = shelving.take_down
    monkeypatch.setattr(shelving, "take_down", lambda *given, **kept: taken.append(given) or take_down(*given, **kept))
    process = world.process()
    process.write(*(document("nền", partition=OPEN, occurred_at=minutes(n)) for n in range(1000)))
    away = connect("https://indexer:a@127.0.0.1:1")
    merge_tails(house(world, SearchServer(away)), at_least=1)
    catch_up(house(world, SearchServer(away)))
    away.close()
    assert taken == []
    catch_up(house(world, world.server.indexing))
    assert len(taken) == 1
    assert kept(world) == (1000, 0, 0)


def test_long_stretches_are_asked_in_pieces_and_a_day_with_too_many_says_so(world, monkeypatch):
    monkeypatch.setattr(stretches, "ENOUGH", 2)
    monkeypatch.setattr(stretches, "MOST_IDS", 3)
    month = 31 * 24 * 60
    many = [document("nền", occurred_at=minutes(-n * month - day)) for n in range(7) for day in (0, 1)]
    process = world.process()
    process.write(*many)
    assert world.merge()
    answer = process.answer("nền")
    assert [hit.record_id for hit in answer.hits] == [one.record_id for one in many]
    assert MORE_MAY_ANSWER not in answer.notices
    process.write(*(document("nền", occurred_at=minutes(2 + n)) for n in range(2)))
    assert world.merge()
    assert MORE_MAY_ANSWER in process.answer("nền").notices
    assert process.ids("nền", limit=2, after=Cursor(many[1].occurred_at, many[1].record_id)) == [
        one.record_id for one in many[2:4]
    ]
