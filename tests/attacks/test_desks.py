"""Desks hold what their people may act on: none of it is missing everywhere, and nothing else is shown or counted."""

from __future__ import annotations

import re

import psycopg
import pytest

from intelhub import access, records
from intelhub.platform.actor import Place
from intelhub.platform.roles import driver_address
from intelhub.records import ListFilter, RecordState, queries
from intelhub.records.lifecycle import TRANSITIONS
from intelhub.records.service import desks, lateness
from tests.factories.compartments import compartment
from tests.factories.record_world import fill, returned, submitted, travelled
from tests.web.records.test_desks import desk, home, ids_in

ACTS = {
    "approve": {"share_up"},
    "review": {"forward", "return"},
    "drafts": {"edit"},
    "mine": {"evaluate"},
    "triage": {"assign"},
    "colleagues": {"assign"},
}
KEYS = [*ACTS, "shared", "late", "today", "anything"]


def lying_on_desks(house, username, place=Place.ONSITE):
    """By desk, the records somebody is shown there."""
    with house.acting(username, place=place) as (actor, session):
        return {
            one.key: {line.id for line in desks.show_desk(actor, session, one.wanted, limit=15).lines}
            for one in desks.list_desks(actor, session)
            if one.waits
        }


def may_now(house, username, record_id):
    """What somebody may do to a record as it stands."""
    with house.acting(username) as (actor, session):
        row = queries.get_row(actor, session, record_id)
        label, state = queries.label_of(row), RecordState(row.state)
        started = {act for act, move in TRANSITIONS.items() if state in move.starts}
        started |= {"edit"} if state is RecordState.DRAFT else set()
        return {act for act in started if access.decide(actor, act, label).allowed}


def test_every_line_of_a_desk_is_one_its_person_may_act_on(house):
    fill(house)
    for username in house.people:
        for key, found in lying_on_desks(house, username).items():
            for record_id in found:
                assert may_now(house, username, record_id) & ACTS[key], (username, key, record_id)


def test_no_record_that_somebody_could_bring_on_is_missing_from_every_desk(house):
    world = fill(house)
    lying = {username: set().union(*lying_on_desks(house, username).values()) for username in house.people}
    for name, record_id in world.items():
        able = set()
        for username in house.people:
            with house.acting(username) as (actor, session):
                is_read = bool(queries.list_by_ids(actor, session, [record_id]))
            # Sharing with a unit is an act beside the way and waits for nobody.
            acts = may_now(house, username, record_id) - {"disseminate", "withdraw"} if is_read else set()
            # What is collated and may not be shared up has come to its end.
            if acts - ({"assign"} if name == "kept in the department" else set()):
                able.add(username)
        assert not able or any(record_id in lying[username] for username in able), (name, able)
    assert sum(map(len, lying.values())) > len(world) / 2


def test_nothing_of_another_department_is_on_a_desk_or_counted_there(house, client_as):
    before = {username: home(client_as(username)).count("data-row") for username in ("stranger", "neighbour", "hq")}
    for steps in range(4):
        travelled(house, steps)
    returned(house)
    submitted(house, "leader")
    for username, count in before.items():
        page = home(client_as(username))
        assert page.count("data-row") == count
        assert set(re.findall(r'class="count">([^<]*)<', page)) <= {"0"}, username
        assert ids_in(page) == []


@pytest.mark.parametrize("key", KEYS)
def test_a_list_by_desk_is_never_wider_than_reading(house, client_as, key):
    record_id = submitted(house)
    for username in ("stranger", "neighbour", "hq", "analyst", "officer2", "head"):
        page = client_as(username).get(f"/records?desk={key}").get_data(as_text=True)
        assert str(record_id) not in page
        assert "Kết quả: 0" in page, (username, key)


def test_a_filter_by_act_adds_nothing_to_what_is_read(house):
    record_id = submitted(house)
    for username in ("stranger", "neighbour", "hq", "analyst", "officer2"):
        with house.acting(username) as (actor, session):
            for wanted in (ListFilter(may=("forward", "return")), ListFilter(within=ListFilter(may=("assign",)))):
                assert record_id not in {line.id for line in records.show_list(actor, session, wanted).lines}
                assert records.count_records(actor, session, wanted) == 0
                assert queries.list_changed(actor, session, wanted, limit=5) == ()


def test_late_records_are_counted_of_what_is_read_alone(house, client_as):
    """A line about a unit that one may not look into, or a figure that counts what is above one's level, is a leak."""
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        low = travelled(house, 1, level="0", list_item=None)
        for steps, changes in ((1, {"level": "2", "list_item": "VD-TM-02"}), (3, {}), (5, {})):
            travelled(house, steps, **changes)
        submitted(house)
        connection.execute("update records set updated_at = updated_at - interval '60 days'")
    inside = compartment(house, "officer", "leader", "analyst")
    hidden = travelled(house, 1, compartments=[str(inside)])
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        connection.execute("update records set updated_at = updated_at - interval '60 days' where id = %s", [hidden])
    for username in house.people:
        for place in Place:
            with house.acting(username, place=place) as (actor, session):
                readable = [line.state for line in records.show_list(actor, session, ListFilter()).lines]
                late = lateness.list_late(actor, session, lateness.late_filter(session))
                for one in late:
                    assert one.count <= readable.count(one.state), (username, place)
                if username in {"stranger", "neighbour", "hq", "auditor", "security", "operator", "contributor"}:
                    assert late == (), (username, place)
    with house.acting("head", place=Place.REMOTE) as (actor, session):
        (late,) = lateness.list_late(actor, session, lateness.late_filter(session))
        assert (late.count, late.state) == (1, RecordState.RECEIVED)
    remote = client_as("head", place=Place.REMOTE)
    page = remote.get("/records?desk=late&unit=15BB&state=received").get_data(as_text=True)
    assert ids_in(page) == [str(low)]
    assert str(hidden) not in client_as("head").get("/records?desk=late").get_data(as_text=True)


def test_a_desk_away_from_the_premises_holds_and_counts_what_is_shown_there_alone(house, client_as):
    for _ in range(2):
        travelled(house, 1)
    low = travelled(house, 1, level="0", list_item=None)
    remote = client_as("analyst", place=Place.REMOTE)
    assert desk(remote, "triage") == [str(low)]
    assert '<span class="count">1</span>' in home(remote).split('id="desk-triage"')[1].split("</section>")[0]
    assert desk(remote, "near") == [str(low)]


def test_the_next_record_is_never_one_of_somebody_else_s_desk(house, client_as):
    """The desk is named by a form: any name may come."""
    submitted(house, "leader")
    for key in KEYS:
        mine = submitted(house)
        answer = client_as("leader").submit(f"/records/{mine}/forward", {"row_version": "2", "reason": "", "then": key})
        assert answer.location == "/", key


def test_a_touched_step_takes_no_home_down_and_raises_the_alarm(scene):
    scene.sql("update record_steps set event = 'share_up' where record_id = $R and event = 'forward'")
    scene.sql("update record_steps set words_ciphertext = '\\x00' where record_id = $R")
    client = scene.client_as("head")
    assert client.get("/").status_code == 200
    assert scene.alarms() >= 1
