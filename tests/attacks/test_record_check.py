"""The operator's check finds what nobody opened: every kind of tampering, and whole records that are no more.

The attacker holds the superuser of PostgreSQL and old copies of the tables, but no key.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from intelhub import records
from intelhub.cli.opening import CONSOLE, Acting
from intelhub.cli.record_check import RecordCheck
from intelhub.platform.database import open_engine
from intelhub.platform.errors import NotFound
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.records import Fault
from intelhub.search import SealedIndex
from tests.attacks.test_sharing_with_units import share as share_with
from tests.factories.compartments import compartment, take_out
from tests.factories.record_world import act, drafted, fill, returned, submitted, travelled
from tests.factories.tampering import ROW, STEPS, UNPUBLISHED, VERSIONS, Scene
from tests.house import TestHouse, content


@pytest.fixture
def house(scene: Scene) -> TestHouse:
    return scene.house


@pytest.fixture
def worker(house) -> Iterator[Acting]:
    """The console under the worker's role, as the command works."""
    info = {"vault": house.vault, "search_index": SealedIndex()}
    units = UnitsOfWork(open_engine(house.database.worker_url, pool_size=2), info)
    yield Acting(house=TestHouse(database=house.database, vault=house.vault, units=units), actor=CONSOLE)
    units.engine.dispose()


def found(worker: Acting) -> dict[UUID, set[Fault]]:
    """What one check finds."""
    check = RecordCheck(as_json=True)
    check.look_at_everything(worker)
    return {record_id: set(damage.faults) for record_id, damage in check.damaged.items()}


def damage_by(scene: Scene, worker: Acting, statement: str) -> dict[UUID, set[Fault]]:
    """What a check finds after an attack."""
    scene.attack(statement)
    return found(worker)


# What was taken from one record and hung on another is damage to both.
MOVED = ("a version moved to another record", "a comment moved to another record")


def strike(scene: Scene, worker: Acting, attacks: dict[str, str]) -> None:
    """Carry out each attack by itself, check, and put everything back."""
    missed = []
    for name, statement in attacks.items():
        before = scene.alarms()
        damaged = damage_by(scene, worker, statement)
        assert scene.copy() != scene.now, name
        if scene.record not in damaged or (name in MOVED and scene.other not in damaged):
            missed.append(name)
        if scene.alarms() != before + len(damaged):
            missed.append(f"{name}: not one entry a damaged record")
        scene.put_back(scene.now)
    assert missed == []
    assert found(worker) == {}, "put back, nothing is wrong any more"


@pytest.mark.parametrize("share", range(2))
def test_a_row_that_was_touched_is_found(scene, worker, share):
    strike(scene, worker, dict(list(ROW.items())[share::2]))


def test_versions_that_were_touched_are_found(scene, worker):
    strike(scene, worker, VERSIONS)


def test_steps_that_were_touched_are_found(scene, worker):
    strike(scene, worker, STEPS)


def test_a_row_put_back_to_an_older_state_is_found(scene, worker):
    for moment in scene.moments:
        for tables in (("records", "record_versions", "record_steps"), ("records",)):
            scene.put_back(moment, tables=tables)
            damaged = found(worker)
            assert scene.record in damaged or scene.copy() == scene.now, tables
            scene.put_back(scene.now)
    assert found(worker) == {}


DELETED = (
    "delete from record_steps where record_id = $R; delete from record_versions where record_id = $R;"
    " delete from records where id = $R"
)


@pytest.mark.parametrize("is_waiting", [True, False])
def test_a_record_deleted_whole_is_found(scene, worker, is_waiting):
    """With its steps and versions, its entries still waiting or in the tree, and its row in no list any more."""
    if not is_waiting:
        scene.sequence()
    for statement in DELETED.split("; "):
        scene.sql(statement)
    with pytest.raises(NotFound), scene.house.acting("analyst") as (actor, session):
        records.read_record(actor, session, scene.record)
    before = scene.alarms()
    assert found(worker) == {scene.record: {Fault.GONE}}
    assert scene.alarms() == before + 1


def test_a_row_deleted_from_under_its_steps_is_found(scene, worker):
    damaged = damage_by(scene, worker, "delete from records where id = $R")
    assert damaged == {scene.record: {Fault.GONE, Fault.LOOSE_PARTS}}


def test_everything_deleted_is_found_record_by_record(house, worker, scene):
    world = set(fill(house).values()) | {scene.record, scene.other}
    damaged = damage_by(scene, worker, "delete from record_steps; delete from record_versions; delete from records")
    assert damaged == {record_id: {Fault.GONE} for record_id in world}


def test_a_draft_that_somebody_else_deleted_is_found_and_a_discarded_one_is_not(scene, worker):
    house = scene.house
    dropped, deleted = drafted(house), drafted(house)
    copy = scene.copy()
    with house.acting("officer") as (actor, session):
        records.discard_draft(actor, session, dropped, 1)
    assert found(worker) == {}
    scene.sql("delete from records where id = %s", deleted)
    assert found(worker) == {deleted: {Fault.GONE}}
    scene.now = scene.copy()
    scene.put_back(copy)
    assert found(worker) == {dropped: {Fault.DISCARDED}}, "what its author discarded is not to come back"


def test_a_record_that_the_log_never_spoke_of_is_found(scene, worker):
    forged = uuid4()
    names = [name for (name,) in scene.sql(
        "select attname::text from pg_attribute where attrelid = 'records'::regclass and attnum > 0"
        " and attname not in ('id', 'pos') order by attnum"
    )]  # fmt: skip
    columns = ", ".join(names)
    scene.sql(f"insert into records (id, {columns}) select %s, {columns} from records where id = $R", forged)
    assert {Fault.UNKNOWN, Fault.LABEL, Fault.CONTENT} <= found(worker)[forged]


def test_a_record_whose_entries_were_deleted_is_found(scene, worker):
    for statement, fault in (
        ("delete from audit_pending where object_id = $R", Fault.UNKNOWN),
        ("delete from audit_pending where object_id = $O and action = 'record:evaluated'", Fault.STATE),
    ):
        scene.sql(statement)
        assert any(fault in faults for faults in found(worker).values()), statement


def test_a_list_of_a_unit_that_is_not_what_was_shared_is_found(scene, worker):
    unit = "(select id from units where code = '15BE')"
    scene.sql(f"insert into record_recipients (unit_id, record_id) values ({unit}, $R)")
    assert found(worker) == {scene.record: {Fault.RECIPIENTS}}
    scene.sql("delete from record_recipients")
    assert found(worker) == {}
    shared = travelled(scene.house, 3)
    share_with(scene.house, shared, "15BE")
    assert shared not in found(worker)
    scene.sql("delete from record_recipients")
    assert found(worker) == {shared: {Fault.RECIPIENTS}}


def test_parts_of_no_record_are_found(scene, worker):
    nobody = uuid4()
    statement = f"update record_steps set record_id = '{nobody}' where record_id = $R and event = 'return'"
    assert damage_by(scene, worker, statement) == {nobody: {Fault.LOOSE_PARTS}, scene.record: {Fault.STEPS}}


def test_unpublished_work_that_its_author_did_not_put_there_is_found(scene, worker):
    house = scene.house
    record_id = returned(house, text=UNPUBLISHED)
    assert found(worker) == {}
    attacks = {
        "published": "is_published = true",
        "another author's": "author_id = (select id from users where username = 'stranger')",
        "another record's": "record_id = $O",
    }
    before = scene.copy()["record_versions"]
    for name, change in attacks.items():
        scene.sql(f"update record_versions set {change} where record_id = %s and not is_published", record_id)
        assert found(worker).keys() & {record_id, scene.other}, name
        scene.sql("delete from record_versions where true")
        for row in before:
            scene.sql(f"insert into record_versions values ({', '.join(['%s'] * len(row))})", *row)
    assert found(worker) == {}


def test_work_its_author_may_not_see_any_more_is_no_damage(house, worker):
    river = compartment(house, "officer")
    record_id = returned(house, compartments=[str(river)])
    take_out(house, river, "officer")
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        records.save_draft(actor, session, record_id, draft.row_version, content())
    assert found(worker) == {}
    with house.acting("officer") as (actor, session):
        draft = records.open_draft(actor, session, record_id)
        records.submit_record(actor, session, record_id, draft.row_version)
    assert found(worker) == {}


# Beside traffic


def live(house: TestHouse, stop: threading.Event, problems: list[BaseException]) -> None:
    """Write, save, discard, submit, return, forward, until told to stop."""
    try:
        while not stop.is_set():
            dropped = drafted(house)
            with house.acting("officer") as (actor, session):
                row = records.save_draft(actor, session, dropped, 1, content(text="Còn đang viết, sẽ bỏ ngay sau đó."))
                version = row.row_version
            with house.acting("officer") as (actor, session):
                records.discard_draft(actor, session, dropped, version)
            record_id = submitted(house)
            act(house, "leader", record_id, records.return_record, comment="Ghi rõ biển số xe")
            with house.acting("officer") as (actor, session):
                draft = records.open_draft(actor, session, record_id)
                row = records.save_draft(actor, session, record_id, draft.row_version, content())
                version = row.row_version
            with house.acting("officer") as (actor, session):
                records.submit_record(actor, session, record_id, version, content())
            act(house, "leader", record_id, records.forward_record)
            act(house, "analyst", record_id, records.acknowledge_record)
    except BaseException as problem:  # noqa: BLE001 - whatever ends the thread must fail the test
        problems.append(problem)
    finally:
        house.units.engine.dispose()


def test_a_clean_house_with_traffic_beside_it_has_nothing_to_report(house, worker, scene):
    fill(house)
    stop, problems = threading.Event(), []
    others = [threading.Thread(target=live, args=(house.another_process(), stop, problems)) for _ in range(2)]
    for other in others:
        other.start()
    try:
        for turn in range(12):
            assert found(worker) == {}
            if turn % 4 == 0:
                scene.sequence()  # entries move into the tree while they are asked for
    finally:
        stop.set()
        for other in others:
            other.join()
    assert problems == []
    assert found(worker) == {}
    assert scene.alarms() == 0


def test_a_doubt_waits_for_the_act_that_is_under_way(house, worker):
    """The look that accuses holds the row: an act that is not committed yet is waited for and then found in order."""
    record_id = submitted(house)
    results = []

    def examine() -> None:
        with worker.begin() as session:
            results.append(records.examine_record(CONSOLE, session, record_id))

    looking = threading.Thread(target=examine)
    with house.acting("leader") as (actor, session):
        records.forward_record(actor, session, record_id, 2)
        looking.start()
        looking.join(0.5)
        assert looking.is_alive()
        assert results == []
    looking.join()
    assert results == [None]


def test_the_check_gives_no_word_of_a_record_away(scene, worker, capsys):
    scene.sql(ROW["a bit of head_ciphertext"])
    check = RecordCheck()
    check.look_at_everything(worker)
    said = capsys.readouterr().out
    assert str(scene.record) in said
    for word in ("Xamalan", "Zuvoken", "Karadun", "Pelimor", "Tovarek", "-TT-"):
        assert word not in said
    assert set(check.damaged) == {scene.record}
