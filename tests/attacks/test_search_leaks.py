"""What somebody with the database, the process's cache or a clever query gets out of the index: nothing."""

from __future__ import annotations

import base64
import logging
import random
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from intelhub.access import read_filter
from intelhub.crypto import Vault
from intelhub.platform.migrate import downgrade, upgrade
from intelhub.search import (
    Order,
    delete_impossible_rows,
    list_merges_due,
    list_partitions,
    merge_partition,
    reindex_partition,
)
from intelhub.search.document import Partition
from intelhub.search.query import parse_query
from intelhub.search.sealing import partition_id
from intelhub.search.segment import Plan, Segment
from tests.factories.access_rights import actors, labels, policy_of
from tests.factories.search_world import (
    CASE,
    NAVY,
    PARTITION,
    RIVER,
    Context,
    Reader,
    Rows,
    World,
    by_hand,
    changed,
    document,
    flip_a_bit,
    minutes,
    root_keys,
)

SECRET = replace(PARTITION, level=3)


@pytest.fixture
def world(database):
    return World(database.app_url, database.worker_url, database.superuser_url)


def merged(world, partition=PARTITION):
    with world.worker() as session:
        assert merge_partition(session, partition)


def shapes(word):
    """How a word may lie in a file."""
    for raw in (word.encode(), word.encode("utf-16-le"), word.encode("utf-16-be")):
        yield raw
        yield raw.hex().encode()
        yield base64.b64encode(raw)[:-4]


def test_no_word_stands_in_the_tables(world):
    words = ("Nguyễn", "nguyen", "MSKU1234565", "topicsmuggling", "buonlau")
    one = world.process()
    facets = {"topic": ("smuggling", "buonlau")}
    one.write(document("Nguyễn Văn Mẫu, container MSKU1234565", title="Nguyễn", facets=facets, state="COLLATED"))
    for table in ("search_tail", "search_segments"):
        (raw,) = by_hand(world, f"SELECT array_agg(sealed) FROM {table}").one()
        text = by_hand(world, f"SELECT string_agg(t::text, '') FROM {table} t").scalar_one()
        everything = b"".join(raw) + text.encode()
        for word in (*words, "COLLATED"):
            assert not any(shape in everything for shape in shapes(word)), (table, word)
        if table == "search_tail":
            merged(world)


def test_sizes_come_in_classes(world):
    one = world.process()
    for number in range(3):
        partition = replace(PARTITION, year=2020 + number)
        one.write(*(document("x" * (10 + number * 40), partition=partition) for _ in range(3)))
        merged(world, partition)
    sizes = by_hand(world, "SELECT DISTINCT octet_length(sealed) FROM search_segments").all()
    assert len(sizes) == 1


@pytest.mark.parametrize("table", ["search_tail", "search_segments"])
def test_relabelling_makes_it_unreadable_and_not_readable_by_more(world, table):
    one = world.process()
    one.write(document("bí mật", partition=SECRET))
    if table == "search_segments":
        merged(world, SECRET)
    low = {"reader": Reader(ceiling=1), "scope": Context(ceiling=1)}
    assert world.process().ids("bí mật", **low) == []
    by_hand(world, f"UPDATE {table} SET level = 1")
    assert world.process().ids("bí mật", **low) == []
    by_hand(world, f"UPDATE {table} SET partition_id = :id", id=partition_id(PARTITION))
    answer = world.process().answer("bí mật", **low)
    assert answer.hits == ()
    assert answer.damaged == (PARTITION,)


@pytest.mark.parametrize("column", ["compartments", "department_id", "year"])
def test_every_part_of_the_partition_is_bound(world, column):
    one = world.process()
    there = Partition(level=1, compartments=frozenset({CASE}), department_id=NAVY, year=2026)
    here = {
        "compartments": replace(there, compartments=frozenset()),
        "department_id": replace(there, department_id=RIVER),
        "year": replace(there, year=2025),
    }[column]
    value = {"compartments": "'{}'", "department_id": f"'{RIVER}'", "year": "2025"}[column]
    one.write(document("bí mật", partition=there))
    by_hand(world, f"UPDATE search_tail SET {column} = {value}, partition_id = :id", id=partition_id(here))
    answer = world.process().answer("bí mật")
    assert answer.hits == ()
    assert answer.damaged == (here,)


def of_another_year(world, table, year, where="true"):
    """Somebody with the whole database in hands takes the constraint away first."""
    by_hand(world, f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck__{table}__year")
    by_hand(world, f"UPDATE {table} SET year = :year WHERE {where}", year=year)


@pytest.mark.parametrize("year", [-1, 0, 1899, 3000, 32767])
@pytest.mark.parametrize("table", ["search_tail", "search_segments"])
@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_year_that_cannot_be_is_one_damaged_part_and_stops_nothing(world, table, year, is_foreign):
    one, elsewhere = document("bí mật"), document("bí mật", partition=replace(PARTITION, department_id=RIVER))
    warm = world.process()
    warm.write(one, elsewhere)
    if table == "search_segments":
        merged(world)
        merged(world, elsewhere.partition)
    assert len(warm.ids("bí mật")) == 2
    of_another_year(world, table, year, f"department_id = '{NAVY}'")
    if is_foreign:
        by_hand(world, f"UPDATE {table} SET partition_id = gen_random_uuid() WHERE year = :year", year=year)
    answer = world.process().answer("bí mật")
    assert [hit.record_id for hit in answer.hits] == [elsewhere.record_id]
    assert [one.department_id for one in answer.damaged] == [NAVY]
    assert answer.notices
    warm.answer("bí mật")
    warm.write(document("bí mật", partition=elsewhere.partition, occurred_at=minutes(1)))
    with world.worker() as session:
        assert {one.year for one in list_merges_due(session, at_least=1)} == {2026}
        assert merge_partition(session, elsewhere.partition)
        assert {one.year for one in list_partitions(session)} == {2026}
    assert len(warm.ids("bí mật", reader=Reader(departments=frozenset({RIVER})))) == 2
    with world.worker() as session:
        delete_impossible_rows(session)
        reindex_partition(session, PARTITION, iter([one]))
    answer = world.process().answer("bí mật")
    assert len(answer.hits) == 3
    assert not answer.damaged


@pytest.mark.parametrize("table", ["search_tail", "search_segments", "search_documents"])
def test_the_database_takes_no_year_that_cannot_be(world, table):
    definition = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"
    assert "1900" in by_hand(world, definition, name=f"ck__{table}__year").scalar_one()
    world.process().write(document("bí mật"))
    with pytest.raises(IntegrityError, match="ck__search_tail__year"):
        by_hand(world, "UPDATE search_tail SET year = -1")


def test_what_is_damaged_out_of_reach_leaves_an_answer_whole(world):
    one = world.process()
    open_one = document("bí mật")
    one.write(open_one, document("bí mật", partition=SECRET))
    flip_a_bit(world, "search_tail", f"level = {SECRET.level}")
    below = world.process().answer("bí mật", reader=Reader(ceiling=1), scope=Context(ceiling=1))
    assert [hit.record_id for hit in below.hits] == [open_one.record_id]
    assert (below.is_whole, below.notices, below.damaged) == (True, (), ())
    above = world.process().answer("bí mật")
    assert (above.is_whole, above.damaged) == (False, (SECRET,))


def test_a_row_of_an_impossible_year_from_before_stops_no_upgrade(world, database):
    one, other = document("bí mật"), document("bí mật", partition=replace(PARTITION, department_id=RIVER))
    world.process().write(one, other)
    downgrade(database.migrator_url, "0025")
    by_hand(world, "UPDATE search_tail SET year = -1 WHERE record_id = :one", one=one.record_id)
    upgrade(database.migrator_url)
    answer = world.process().answer("bí mật")
    assert [hit.record_id for hit in answer.hits] == [other.record_id]
    assert answer.damaged
    with pytest.raises(IntegrityError, match="ck__search_tail__year"):
        by_hand(world, "UPDATE search_tail SET year = -1 WHERE record_id = :other", other=other.record_id)


def test_swapping_rows_of_one_partition_is_noticed(world):
    one = world.process()
    one.write(document("một"), document("hai"))
    by_hand(
        world,
        "UPDATE search_tail t SET sealed = o.sealed FROM search_tail o WHERE t.id <> o.id",
    )
    answer = one.answer("")
    assert answer.hits == ()
    assert answer.damaged == (PARTITION,)


def test_an_old_version_put_in_place_of_a_new_one_is_noticed(world):
    one = world.process()
    wide = document("bí mật", exposure=3)
    one.write(wide)
    one.write(changed(wide, exposure=1))
    by_hand(
        world,
        "UPDATE search_tail t SET sealed = o.sealed, id = gen_random_uuid() FROM search_tail o"
        " WHERE t.row_version = 2 AND o.row_version = 1",
    )
    answer = world.process().answer("bí mật", reader=Reader(exposure=3))
    assert answer.hits == ()
    assert answer.damaged == (PARTITION,)


def test_damage_never_brings_back_what_the_damaged_part_had_masked(world):
    one = world.process()
    wide = document("bí mật", exposure=3)
    one.write(wide, *(document("nền", exposure=3) for _ in range(20)))
    merged(world)
    one.write(changed(wide, exposure=1))
    merged(world)
    assert by_hand(world, "SELECT count(*) FROM search_segments").scalar_one() == 2
    flip_a_bit(world, "search_segments", "documents = 1")
    answer = world.process().answer("", reader=Reader(exposure=3))
    assert answer.hits == ()
    assert answer.damaged == (PARTITION,)


def test_a_truncated_or_foreign_image_is_no_crash(world):
    one = world.process()
    one.write(document("bí mật"))
    merged(world)
    for sealed in (b"", b"IB\x01", b"SQLite format 3\x00" + bytes(5000)):
        by_hand(world, "UPDATE search_segments SET sealed = :sealed", sealed=sealed)
        answer = world.process().answer("bí mật")
        assert answer.hits == ()
        assert answer.damaged == (PARTITION,)


def test_other_keys_open_nothing(world):
    world.process().write(document("bí mật"))
    stranger = world.process()
    stranger.vault = Vault(root_keys())
    stranger.__post_init__()
    assert stranger.answer("bí mật").hits == ()


def test_a_warm_cache_serves_each_reader_by_their_own_filter(world):
    one = world.process()
    one.write(document("bí mật", partition=SECRET), document("bí mật", exposure=1))
    merged(world, SECRET)
    assert len(one.ids("bí mật")) == 2  # everything is open in this process now
    assert one.ids("bí mật", reader=Reader(ceiling=1, exposure=2)) == []
    assert one.ids("bí mật", reader=Reader(ceiling=2), scope=Context(ceiling=2)) != one.ids("bí mật")
    assert len(one.ids("bí mật", scope=Context(ceiling=1))) == 1  # the database's wall, if the filter were wrong
    assert one.ids("bí mật", reader=Reader(departments=frozenset({RIVER}))) == []


def test_an_empty_filter_lets_nothing_through(world):
    class Broken:
        def for_partition(self, *_args, **_named):
            return Rows("", ())

    one = world.process()
    one.write(document("bí mật"))
    assert one.ids("bí mật", reader=Broken()) == []


def run(session, statement):
    """A statement that no row filter touches: what is left is the database's own wall."""
    return session.execute(text(statement), execution_options={"unscoped": "row-level security alone"})


def test_the_application_sees_and_writes_no_row_above_its_ceiling_and_changes_none(world):
    one = world.process()
    one.write(document("bí mật", partition=SECRET))
    merged(world, SECRET)
    one.write(document("bí mật", partition=SECRET))
    for scope, seen in ((Context(ceiling=2), 0), (Context(ceiling=None), 0), (Context(ceiling=3), 1)):
        with one.session(scope) as session:
            for table in ("search_tail", "search_segments"):
                assert run(session, f"SELECT count(*) FROM {table}").scalar_one() == seen
    with pytest.raises(ProgrammingError, match="row-level security"):
        one.write(document("x", partition=SECRET), scope=Context(ceiling=2))
    with pytest.raises(ProgrammingError, match="row-level security"):
        one.write(document("x", partition=replace(PARTITION, compartments=frozenset({CASE}))), scope=Context())
    for statement in (
        "UPDATE search_tail SET level = 0",
        "DELETE FROM search_tail",
        "UPDATE search_segments SET level = 0",
        "DELETE FROM search_segments",
        "INSERT INTO search_segments SELECT * FROM search_segments",
    ):
        session = one.session()
        with pytest.raises(ProgrammingError, match="permission denied"), session as opened:
            run(opened, statement)


def test_hidden_documents_change_neither_order_nor_answers(world):
    """STRESS (Wang et al. 2017): scores over a shared index tell how often a word stands in what is hidden."""
    chance = random.Random(7)  # noqa: S311 - the same texts each time
    vocabulary = ["thuốc", "lá", "xăng", "dầu", "ma", "túy", "vàng", "gỗ", "xe"]
    mine = [document(" ".join(chance.choices(vocabulary, k=30)), exposure=3, occurred_at=minutes(n)) for n in range(30)]
    one = world.process()
    one.write(*mine)
    merged(world)
    reader = Reader(exposure=3)

    def rankings():
        return [
            one.answer(typed, reader=reader, order=Order.RELEVANCE).ranking
            for typed in ("thuốc lá", "xăng OR vàng", "ma túy gỗ", "xe")
        ]

    before = rankings()
    one.write(*(document("xăng vàng ma túy " * 5, exposure=1, occurred_at=minutes(n)) for n in range(60)))
    assert rankings() == before
    merged(world)
    assert rankings() == before


def test_temporary_tables_and_sorters_stay_in_memory():
    tail = Segment(PARTITION)
    tail.add([document("x")])
    sealed = Segment(PARTITION, image=Segment.image_of(PARTITION, [document("x")]))
    for segment in (tail, sealed):
        assert segment._connection.execute("PRAGMA temp_store").fetchone() == (2,)
        files = [file for _, _, file in segment._connection.execute("PRAGMA database_list")]
        assert set(files) <= {"", "x"}  # SQLite's own name for a deserialized image


def test_nothing_typed_or_stored_reaches_the_log(world, caplog):
    caplog.set_level(logging.DEBUG)
    one = world.process()
    one.write(document("bímật"))
    merged(world)
    flip_a_bit(world, "search_segments")
    one.answer('bímật "chữlạ')
    ours = [record.getMessage() for record in caplog.records]
    assert any("does not fit its seal" in line for line in ours)
    assert not any(word in line for line in ours for word in ("bímật", "bimat", "chữlạ", "chula"))


def test_a_query_that_would_run_for_long_is_stopped(world):
    one = world.process(seconds=-1.0)
    one.write(*(document(" ".join(f"chữ{n}" for n in range(200))) for _ in range(200)))
    merged(world)
    answer = one.answer(" OR ".join(["c*"] * 60), order=Order.RELEVANCE)
    assert answer.notices


@settings(max_examples=150)
@given(actors(), st.lists(labels(), max_size=12))
def test_the_segment_lets_through_what_the_decision_admits(actor, objects):
    reader = read_filter(actor, policy=policy_of(0))
    everything = parse_query("").tree
    for number, label in enumerate(objects):
        partition = Partition(
            level=label.level,
            compartments=label.compartments,
            department_id=label.origin_department_id,
            year=2026,
        )
        access = reader.for_partition(partition.level, partition.compartments, partition.department_id)
        tail = Segment(partition)
        tail.add(
            [
                document(
                    "x",
                    record_id=UUID(int=number),
                    partition=partition,
                    unit_id=label.owning_unit_id,
                    author_id=label.author_id,
                    exposure=int(label.exposure),
                    state=label.state,
                    recipient_unit_ids=label.recipient_unit_ids,
                )
            ]
        )
        found = [] if access is None else tail.newest(Plan(tree=everything, access=access), limit=5)
        assert bool(found) == reader.admits(label)
