"""Somebody with a superuser's hands on the tables, and no key, rearranges the units: nothing is answered from them."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy.orm import Session

from intelhub.organisation import DirectoryMisfit, load_directory, load_template
from intelhub.platform.database import open_engine
from intelhub.platform.roles import driver_address
from tests.factories.record_world import travelled

_GATE, _ELSEWHERE = (f"(select id from units where code = '{code}')" for code in ("15BB", "20ZZ"))
NEWER = "update organisation set stamp = gen_random_uuid()"
EDITS = {
    "the gate under another department": f"update unit_events set parent_id = {_ELSEWHERE} where unit_id = {_GATE}",
    "an event more": (
        "insert into unit_events (id, unit_id, kind, on_day, name, name_en, short_name, parent_id, successors, basis,"
        f" confirmed) values (gen_random_uuid(), {_GATE}, 'moved', '2020-01-01', '', '', '', {_ELSEWHERE}, '{{}}', '',"
        " true)"
    ),
    "heirs that never were": f"update unit_events set successors = array[{_ELSEWHERE}] where unit_id = {_GATE}",
    "another tier": f"update units set tier = 1 where id = {_GATE}",
    "another code": f"update units set code = 'XXXX' where id = {_GATE}",
    "a unit that collects": f"update units set specialised = true where id = {_GATE}",
    "a tier under another name": "update tiers set name = 'Tổng cục' where tier = 2",
    "another organisation": "update organisation set template = 'GENERIC'",
    "no seal": "update organisation set seal = ''",
    "nothing but the stamp": "select 1",
}


@pytest.fixture
def hands(house):
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def alarms(hands):
    return hands.execute("select count(*) from audit_pending where action = 'organisation:tamper-found'").fetchone()[0]


@pytest.mark.parametrize("edit", EDITS)
def test_nothing_is_answered_from_a_tree_that_was_rearranged(house, client_as, hands, edit):
    record = travelled(house, 1)
    analyst, stranger = client_as("analyst"), client_as("stranger")
    assert analyst.get(f"/records/{record}").status_code == 200
    hands.execute(EDITS[edit])
    hands.execute(NEWER)
    for client in (analyst, stranger):
        for address in (f"/records/{record}", "/records", "/units", "/"):
            answer = client.get(address)
            assert answer.status_code == 503, address
            assert "Phụ tùng" not in answer.get_data(as_text=True)
    assert alarms(hands) == 8


def test_what_was_answered_before_is_answered_again_once_it_is_restored(house, client_as, hands):
    record = travelled(house, 1)
    analyst = client_as("analyst")
    [(stamp, kept)] = hands.execute("select stamp, (select parent_id from unit_events where unit_id ="
                                    f" {_GATE} and kind = 'founded') from organisation").fetchall()  # fmt: skip
    hands.execute(EDITS["the gate under another department"])
    hands.execute(NEWER)
    assert analyst.get(f"/records/{record}").status_code == 503
    hands.execute(f"update unit_events set parent_id = %s where unit_id = {_GATE} and kind = 'founded'", [kept])
    hands.execute("update organisation set stamp = %s", [stamp])
    assert analyst.get(f"/records/{record}").status_code == 200


def test_loading_what_a_newer_version_knows_seals_nothing_that_was_rearranged(house, hands):
    hands.execute(EDITS["the gate under another department"])
    hands.execute("delete from unit_events where unit_id = (select id from units where code = '15BE.D3')")
    for seal in ("seal", "''"):
        hands.execute(f"update organisation set seal = {seal}, stamp = gen_random_uuid()")
        engine = open_engine(house.database.migrator_url, pool_size=1)
        with Session(engine, info={"vault": house.vault}) as session, pytest.raises(DirectoryMisfit):
            load_template(session)
        engine.dispose()
    hands.execute("delete from organisation")
    engine = open_engine(house.database.migrator_url, pool_size=1)
    with Session(engine, info={"vault": house.vault}) as session, pytest.raises(DirectoryMisfit):
        load_template(session)
    engine.dispose()


def test_a_process_that_starts_afterwards_answers_nothing_either(house, hands):
    hands.execute(EDITS["another tier"])
    hands.execute(NEWER)
    other = house.another_process()
    with pytest.raises(DirectoryMisfit), other.acting("analyst") as (_, session):
        load_directory(session)
    other.units.engine.dispose()
