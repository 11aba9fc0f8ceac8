"""Levels made anew beside everybody's work: another epoch, another profile, and back into sealed parts."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from intelhub.index_upkeep import Sent, catch_up, check_search_server, rebuild_everything, rebuild_search_server
from intelhub.search import Order, SearchServer, connect, reindex_partition
from intelhub.search.elastic import (
    Profiles,
    ServerAway,
    check_wall,
    drop_epochs,
    hold_level,
    levels_due,
    list_walls,
    rebuild_wall,
    rebuilding,
    server,
    shelving,
    walls,
)
from intelhub.search.elastic.checking import Checked
from intelhub.search.elastic.server import Change
from intelhub.search.elastic.tokens import Wall, index_name
from intelhub.search.elastic.walls import store_head
from intelhub.search.sealed import REBUILDING
from tests.factories.search_world import (
    DEPOT,
    EVERYTHING,
    FLAT,
    GATE,
    PARTITION,
    RIVER,
    RIVERSIDE,
    Reader,
    World,
    by_hand,
    changed,
    document,
    flip_a_bit,
    head_of,
    house,
    minutes,
    rebuilt,
)

RANKED = Profiles(minimum=1, levels={"1": "ranked"})
SEALED = Profiles(minimum=1, levels={"1": "sealed"})


@pytest.fixture
def world(database, search_server):
    return World(database.app_url, database.worker_url, database.superuser_url, server=search_server)


def due(world, profiles, **options):
    with world.worker() as session:
        return levels_due(session, profiles=profiles, **options)


def indices(world):
    return {
        epoch for epoch in range(1, 9) if world.server.admin.indices.exists(index=index_name(world.vault, 1, epoch))
    }


@pytest.mark.parametrize("profiles", [RANKED, FLAT])
def test_a_level_is_rebuilt_under_another_epoch_and_everything_is_found_as_before(world, profiles):
    near = [document(f"buôn lậu xe {n}", occurred_at=minutes(n * 2000)) for n in range(40)]
    far = [replace(document("buôn lậu gạo"), partition=RIVERSIDE)]
    process = world.process()
    process.write(*near, *far)
    assert world.merge()
    assert world.merge(RIVERSIDE)
    tokens = []
    for epoch in (2, 3):
        assert rebuilt(world, profiles) == epoch
        tokens.append(head_of(world).tokens(world.vault))
        assert indices(world) == {epoch}
        assert process.ids("lau xe", limit=50) == [one.record_id for one in reversed(near)]
        assert set(process.ids("lậu", limit=50)) == {one.record_id for one in (*near, *far)}
        assert process.ids('"lau xe 7"') == process.ids("xe 7", order=Order.RELEVANCE)[:1] == [near[7].record_id]
        assert process.ids("ga*") == [far[0].record_id]
        assert set(process.ids("lau NOT gao", limit=50)) == {one.record_id for one in near}
    first, second = (one.layers[2] for one in tokens)
    assert first.folded("lau") != second.folded("lau")


def test_while_one_wall_has_changed_over_and_another_has_not_both_are_found(world):
    near, far = document("buôn lậu xe"), replace(document("buôn lậu gạo", occurred_at=minutes(1)), partition=RIVERSIDE)
    process = world.process()
    process.write(near, far)
    assert world.merge()
    assert world.merge(RIVERSIDE)
    with world.worker() as session:
        rebuild_wall(session, world.server.indexing, Wall.of(PARTITION), 2, profiles=RANKED)
    assert indices(world) == {1, 2}
    assert process.ids("lậu") == [far.record_id, near.record_id]
    assert set(process.ids("lậu", order=Order.RELEVANCE)) == {far.record_id, near.record_id}
    process.write(changed(near, texts=("buôn lậu muối",)))
    assert world.merge(), "merges go on in the epoch of their wall"
    assert process.ids("xe") == []
    assert process.ids("muối") == [near.record_id]
    with world.worker() as session:
        drop_epochs(session, world.server.indexing, 1, before=3)
    assert indices(world) == {1, 2}, "no index goes while a wall lies in it"


def test_a_reader_whose_index_goes_under_his_eyes_looks_again(world, monkeypatch):
    one = document("buôn lậu xe")
    process = world.process()
    process.write(one)
    assert world.merge()
    asked = process.index._server.find

    def overtaken(*given, **options):
        monkeypatch.undo()
        rebuilt(world, RANKED)
        return asked(*given, **options)

    monkeypatch.setattr(process.index._server, "find", overtaken)
    answer = process.answer("lậu")
    assert [hit.record_id for hit in answer.hits] == [one.record_id]
    assert not answer.notices


def test_a_rebuild_that_stops_half_way_changes_nothing_and_is_followed_by_another(world):
    one = document("buôn lậu xe")
    process = world.process()
    process.write(one)
    assert world.merge()
    with world.worker() as session:
        rebuild_wall(session, world.server.indexing, Wall.of(PARTITION), 2, profiles=FLAT)
        session.rollback()
    assert process.ids("lậu") == [one.record_id]
    assert rebuilt(world, FLAT) == 2, "what it left is taken away first"
    assert process.ids("lậu") == [one.record_id]
    found = world.server.admin.search(index=index_name(world.vault, 1, 2), query={"term": {"f": "lau"}})
    assert found["hits"]["hits"] == []


def test_between_rebuilds_of_a_flat_level_what_is_new_lies_in_sealed_parts(world):
    old = [document(f"buôn lậu xe {n}") for n in range(40)]
    process = world.process()
    process.write(*old)
    rebuilt(world, FLAT)
    assert due(world, FLAT) == []
    new = document("buôn lậu gạo", occurred_at=minutes(1))
    process.write(changed(old[0], texts=("buôn lậu muối",)), new)
    with world.worker() as session:
        assert not shelving.shelve_partition(session, world.server.indexing, PARTITION, profiles=FLAT)
    assert due(world, FLAT, changed=0.0) == [1], "at night whatever has changed"
    assert due(world, FLAT) == [1], "a twentieth"
    assert due(world, FLAT, changed=0.1) == []
    assert process.ids("gạo") == [new.record_id]
    assert process.ids("muối") == [old[0].record_id]
    assert process.ids('"xe 0"') == []
    rebuilt(world, FLAT)
    assert by_hand(world, "SELECT sum(documents) FROM search_segments").scalar_one() == 0
    assert process.ids("gạo OR muối") == [new.record_id, old[0].record_id]
    assert process.ids('"xe 0"') == []


def test_a_profile_that_is_sealed_now_takes_everything_back(world):
    kept = document("buôn lậu xe")
    gone = document("buôn lậu gạo")
    process = world.process()
    process.write(kept, gone)
    assert world.merge()
    with process.session() as session:
        process.index.remove(session, record_id=gone.record_id, row_version=2, partition=PARTITION)
    assert due(world, SEALED) == [1]
    rebuilt(world, SEALED)
    assert indices(world) == set()
    assert due(world, SEALED) == []
    with world.worker() as session:
        assert not list_walls(session)
    process.index._server = None
    answer = process.answer("lậu")
    assert [hit.record_id for hit in answer.hits] == [kept.record_id]
    assert not answer.notices


def alarms(world):
    return by_hand(world, "SELECT count(*) FROM audit_pending WHERE action = 'record:tamper-found'").scalar_one()


def under(monkeypatch, profiles):
    for module in (shelving, rebuilding):
        monkeypatch.setattr(module, "shipped_profiles", lambda: profiles)


def test_what_does_not_open_is_not_tidied_away_by_a_profile_that_is_sealed_now(world, monkeypatch):
    """Nor does it keep the tokens of all others on the server, against the policy."""
    monkeypatch.setattr(rebuilding, "MOST_DOCUMENTS", 2)
    one, former = document("buôn lậu xe"), replace(PARTITION, year=2025)
    others = [document(f"buôn lậu gạo {n}", occurred_at=minutes(n)) for n in range(5)]
    elder = document("buôn lậu gạo cũ", partition=former, occurred_at=minutes(-1))
    process = world.process()
    process.write(one, *others, elder)
    assert world.merge()
    assert world.merge(former)
    flip_a_bit(world, "search_documents", f"record_id = '{one.record_id}'")
    assert process.answer("lậu").damaged
    under(monkeypatch, SEALED)
    rebuild_search_server(house(world, world.server.indexing))
    assert indices(world) == set()
    assert alarms(world) == 1
    assert by_hand(world, "SELECT record_id FROM search_documents").scalars().all() == [one.record_id]
    sizes = by_hand(world, "SELECT year, documents FROM search_segments WHERE documents > 0 ORDER BY year, documents")
    assert [tuple(row) for row in sizes] == [(2025, 1), (2026, 1), (2026, 2), (2026, 2)]
    assert process.ids("lậu") == [other.record_id for other in (*reversed(others), elder)]
    assert due(world, SEALED) == []


@pytest.mark.parametrize("profiles", [RANKED, FLAT])
def test_what_does_not_open_is_told_when_the_others_are_sent_anew(world, monkeypatch, profiles):
    one, other = document("buôn lậu xe"), document("buôn lậu gạo")
    process = world.process()
    process.write(one, other)
    assert world.merge()
    flip_a_bit(world, "search_documents", f"record_id = '{one.record_id}'")
    under(monkeypatch, profiles)
    rebuild_everything(house(world, world.server.indexing), [], lambda _partition: None, lambda _count: None)
    assert alarms(world) == 1
    assert process.ids("lậu") == [other.record_id]
    check_search_server(house(world, world.server.indexing))
    assert alarms(world) == 2, "and each night, for its row is still there"


def test_tokens_of_an_older_scheme_are_not_asked_nor_added_to_until_they_are_made_anew(world):
    old, far = document("buôn lậu xăng"), replace(document("buôn lậu gạo", exposure=3), partition=RIVERSIDE)
    process = world.process()
    process.write(old, far)
    assert world.merge()
    assert world.merge(RIVERSIDE)
    with world.worker() as session:
        store_head(session, world.vault, replace(head_of(world), scheme=2))
    fresh = document("buôn lậu dầu", occurred_at=minutes(1))
    process.write(fresh)
    assert not world.merge(), "today's tokens among those of before"
    for order in Order:
        answer = process.answer("lậu", order=order)
        assert {hit.record_id for hit in answer.hits} == {fresh.record_id, far.record_id}
        assert (answer.notices, answer.is_whole) == ((REBUILDING,), False)
    with world.worker() as session:
        assert check_wall(session, world.server.indexing, Wall.of(PARTITION)) == Checked()
    assert due(world, RANKED) == [1]
    assert rebuilt(world, RANKED)
    answer = process.answer("lậu")
    assert {hit.record_id for hit in answer.hits} == {fresh.record_id, far.record_id, old.record_id}
    assert answer.is_whole


@pytest.mark.parametrize("profiles", [RANKED, FLAT])
def test_an_index_of_an_older_definition_is_made_anew(world, monkeypatch, profiles):
    near, far = document("buôn lậu xe"), replace(document("buôn lậu gạo", occurred_at=minutes(1)), partition=RIVERSIDE)
    process = world.process()
    process.write(near)
    rebuilt(world, profiles)
    assert due(world, profiles) == []
    known = server.index_definition()
    other = {**known, "settings": {**known["settings"], "index.refresh_interval": "7s"}}
    for module in (server, walls):
        monkeypatch.setattr(module, "index_definition", lambda: other)
    assert due(world, profiles) == [1]
    process.write(far)
    with world.worker() as session:
        is_moved = shelving.shelve_partition(session, world.server.indexing, RIVERSIDE, profiles=profiles)
    assert is_moved == (profiles is RANKED)
    assert due(world, profiles) == [1], "who joins an index is of its definition"
    epoch = rebuilt(world, profiles)
    assert due(world, profiles) == []
    (told,) = world.server.admin.indices.get_settings(index=index_name(world.vault, 1, epoch)).values()
    assert told["settings"]["index"]["refresh_interval"] == "7s"
    assert process.ids("lậu") == [far.record_id, near.record_id]
    with world.worker() as session:
        store_head(session, world.vault, replace(head_of(world), definition=""))
    assert due(world, profiles) == [1], "a head of before there was one"


def test_everything_is_made_anew_wall_by_wall(world, monkeypatch):
    """Or every search would open all of it in sealed parts until the last tokens are sent."""
    under(monkeypatch, RANKED)
    former = replace(PARTITION, year=2025)
    kept = {
        one: [document(f"buôn lậu {n}", partition=one, occurred_at=minutes(n)) for n in range(3)]
        for one in (former, PARTITION, RIVERSIDE)
    }
    process = world.process()
    process.write(*(one for documents in kept.values() for one in documents))
    for partition in kept:
        assert world.merge(partition)
    seen, told = [], []

    def rebuild(partition):
        seen.append(by_hand(world, "SELECT coalesce(sum(documents), 0) FROM search_segments").scalar_one())
        with world.worker() as session:
            reindex_partition(session, partition, iter(kept[partition]))
        assert len(process.ids("lậu", limit=20)) == 9

    before = head_of(world).epoch
    everything = [former, RIVERSIDE, PARTITION]
    sent = rebuild_everything(house(world, world.server.indexing), everything, rebuild, told.append)
    assert sent == Sent(documents=9)
    assert seen == [0, 3, 0], "the parts of a wall, and then its tokens"
    assert sum(told) == 5
    assert by_hand(world, "SELECT coalesce(sum(documents), 0) FROM search_segments").scalar_one() == 0
    assert {head_of(world, one).epoch for one in kept} == {before + 1}
    assert indices(world) == {before + 1}
    assert len(process.ids("lậu", limit=20)) == 9


def test_when_the_server_goes_away_meanwhile_the_rest_is_sealed_and_sent_later(world, monkeypatch):
    under(monkeypatch, RANKED)
    kept = {one: [document("buôn lậu", partition=one)] for one in (PARTITION, RIVERSIDE)}
    process = world.process()
    process.write(*(one for documents in kept.values() for one in documents))
    for partition in kept:
        assert world.merge(partition)
    away = connect("https://indexer:a@127.0.0.1:1")
    told, walls_begun = SearchServer(world.server.indexer), []

    def rebuild(partition):
        walls_begun.append(partition)
        if len(walls_begun) == 2:
            told._client = away
        with world.worker() as session:
            reindex_partition(session, partition, iter(kept[partition]))

    sent = rebuild_everything(house(world, told), list(kept), rebuild, lambda _count: None)
    away.close()
    assert sent == Sent(documents=1, is_away=True)
    assert by_hand(world, "SELECT sum(documents) FROM search_segments").scalar_one() == 1
    assert len(process.ids("lậu")) == 2
    catch_up(house(world, world.server.indexing))
    assert by_hand(world, "SELECT sum(documents) FROM search_segments").scalar_one() == 0
    assert len(process.ids("lậu")) == 2


def test_made_anew_without_a_server_named_nothing_is_said_to_be_missing(world, monkeypatch):
    under(monkeypatch, RANKED)
    one = document("buôn lậu")
    process = world.process()
    process.write(one)
    assert world.merge()
    process.index._server = None
    assert process.answer("lậu").notices

    def rebuild(partition):
        with world.worker() as session:
            reindex_partition(session, partition, iter([one]))

    rebuild_everything(house(world, None), [PARTITION], rebuild, lambda _count: None)
    answer = process.answer("lậu")
    assert [hit.record_id for hit in answer.hits] == [one.record_id]
    assert not answer.notices
    process.index._server = world.server.searching
    catch_up(house(world, world.server.indexing))
    assert by_hand(world, "SELECT count(*) FROM search_documents").scalar_one() == 1, "and it may be named again"
    assert process.ids("lậu") == [one.record_id]


def test_walls_fill_one_volume_and_begin_another(world, monkeypatch):
    monkeypatch.setattr(shelving, "MOST_IN_VOLUME", 2)
    process = world.process()
    walls = [replace(PARTITION, department_id=one.record_id) for one in (document(), document(), document())]
    for partition in walls:
        process.write(replace(document("buôn lậu"), partition=partition))
        assert world.merge(partition)
    names = [index_name(world.vault, 1, 1, volume) for volume in (0, 1)]
    assert [world.server.admin.count(index=name)["count"] for name in names] == [2, 1]
    assert len(process.ids("lậu")) == 3
    assert len(process.ids("lậu", order=Order.RELEVANCE)) == 3


@pytest.mark.parametrize("reader", [EVERYTHING, Reader(unit=GATE)])
def test_words_are_counted_behind_flat_tokens_among_what_is_opened(world, reader):
    """Similar records hang on it: of what stands nowhere else nothing is told apart."""
    process = world.process()
    process.write(*(document(f"xe {'gạo' if n % 3 else 'muối'}", occurred_at=minutes(n)) for n in range(9)))
    process.write(*(document("xe gạo", unit_id=DEPOT) for _ in range(5 if reader.unit else 0)))
    rebuilt(world, FLAT)
    answer = process.answer("xe OR gạo OR muối", reader=reader, order=Order.RELEVANCE, limit=0)
    assert (answer.hits, answer.ranking) == ((), ())
    assert answer.counts == {"xe": 9, "gao": 6, "muoi": 3}
    ranked = process.answer("muối OR xe", reader=reader, order=Order.RELEVANCE, limit=3)
    assert len(ranked.ranking) == 9
    assert all("muối" in "".join(piece.text for piece in hit.snippet) for hit in ranked.hits)


def test_dummies_have_ids_like_any_other(world):
    world.process().write(*(document(f"buôn lậu xe {n} {n % 7} {n % 3}") for n in range(40)))
    rebuilt(world, FLAT)
    found = world.server.admin.search(index=index_name(world.vault, 1, 1), size=1000)["hits"]["hits"]
    records = {hit["_id"] for hit in found} - {
        head_of(world).tokens(world.vault).document_id(one).hex
        for one in by_hand(world, "SELECT record_id FROM search_documents").scalars()
    }
    assert len(records) > 10, "there are dummies"
    versions = {UUID(one).hex[12] for one in records}
    assert len(versions) > 3, "a UUID of version 4 would say so"


def test_one_level_is_rebuilt_by_one_at_a_time(world):
    with world.worker() as first:
        assert hold_level(first, 1)
        with world.worker() as second:
            assert not hold_level(second, 1)
            assert hold_level(second, 0)


def test_what_a_flat_wall_lacks_on_the_server_is_noticed_and_a_damaged_document_keeps_its_tokens(world):
    process = world.process()
    process.write(*(document(f"buôn lậu xe {n}", occurred_at=minutes(n)) for n in range(20)))
    rebuilt(world, FLAT)
    with world.worker() as session:
        assert check_wall(session, world.server.indexing, Wall.of(PARTITION)) == Checked()
    index, tokens = index_name(world.vault, 1, 1), head_of(world).tokens(world.vault)
    for record in by_hand(world, "SELECT record_id FROM search_documents LIMIT 15").scalars():
        world.server.admin.delete(index=index, id=tokens.document_id(record).hex, refresh=True)
    with world.worker() as session:
        assert check_wall(session, world.server.indexing, Wall.of(PARTITION)).lost == 15


def test_a_document_that_was_touched_is_found_by_its_words_and_said_to_be_damaged_after_the_night_too(world):
    one, other = document("buôn lậu xăng"), document("buôn lậu dầu")
    process = world.process()
    process.write(one, other)
    assert world.merge()
    flip_a_bit(world, "search_documents", f"record_id = '{one.record_id}'")
    for _ in range(2):
        assert process.answer("lậu").damaged
        with world.worker() as session:
            assert check_wall(session, world.server.indexing, Wall.of(PARTITION)).damaged == 1


def test_a_new_index_is_made_by_nobody_but_who_prepares_it(world):
    lost = Change(index=index_name(world.vault, 3, 9), id=UUID(int=1), version=1, fields={"p": "a"})
    with pytest.raises(ServerAway):
        world.server.indexing.write([lost])
    assert not world.server.admin.indices.exists(index=lost.index)


@pytest.mark.parametrize("profiles", [RANKED, FLAT])
def test_a_head_that_does_not_open_is_made_anew_at_the_next_rebuild(world, profiles):
    near, far = document("buôn lậu xe"), replace(document("buôn lậu gạo", occurred_at=minutes(1)), partition=RIVERSIDE)
    process = world.process()
    process.write(near, far)
    rebuilt(world, profiles)
    flip_a_bit(world, "search_dictionaries", f"department_id = '{RIVER}'")
    assert process.answer("lậu").damaged
    assert due(world, profiles) == [1]
    rebuilt(world, profiles)
    assert process.ids("lậu") == [far.record_id, near.record_id]
    assert not process.answer("lậu").damaged
    assert due(world, profiles) == []
