"""Whoever reads by author or unit has the index looked into where their records lie, wherever that is."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from intelhub import access
from intelhub.organisation import load_directory, today
from intelhub.platform import clock
from intelhub.platform.roles import driver_address
from intelhub.records.index_reader import reader_of
from intelhub.records.service.searching import search_records
from intelhub.search import SearchRequest
from tests.factories.compartments import console
from tests.factories.record_world import submitted

WORDS = "phụ tùng"
NONE = frozenset()


def found(house, username):
    with house.acting(username) as (actor, session):
        return [one.line.id for one in search_records(actor, session, SearchRequest(text=WORDS)).found]


def opened(house, username, *, level=1):
    """The departments, by their codes, of which a partition is looked into."""
    with house.acting(username) as (_, session):
        reader = reader_of(session)
        departments = load_directory(session).as_of(today()).departments
        return {one.code for one in departments if reader.for_partition(level, NONE, one.id) is not None}


def moved(house, username, function, code):
    """Somebody leaves their post for another one."""
    with console(house) as (actor, session):
        for post in access.list_posts(actor, session, house.people[username]):
            access.revoke_post(actor, session, post.id)
        elsewhere = load_directory(session).as_of(today()).get(code).id
        access.grant_post(
            actor, session, user_id=house.people[username], function=function, unit_id=elsewhere,
            starts_at=clock.now() - timedelta(hours=1), ends_at=clock.now() + timedelta(days=9),
        )  # fmt: skip


def in_sql(house, statement, **given):
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        connection.execute(statement, given)


def department(house, code):
    with house.acting("hq") as (_, session):
        return load_directory(session).as_of(today()).get(code).id


@pytest.mark.parametrize("username", ["officer", "contributor", "leader", "head", "analyst", "stranger"])
def test_nobody_of_one_department_has_the_others_looked_into(house, username):
    submitted(house)
    submitted(house, "neighbour")
    assert opened(house, username) == ({"20ZZ"} if username == "stranger" else {"15ZZ"})


def test_headquarters_has_every_department_looked_into(house):
    assert len(opened(house, "hq")) > 30


def test_authors_who_moved_find_what_they_wrote_before_and_after(house):
    before = submitted(house)
    moved(house, "officer", "group_officer", "20BB")
    assert found(house, "officer") == [before]
    after = submitted(house, place_unit="20BB")
    assert set(found(house, "officer")) == {after, before}
    assert opened(house, "officer") == {"15ZZ", "20ZZ"}


def test_leaders_who_moved_find_their_own_and_not_their_old_unit_s(house):
    submitted(house)
    own = submitted(house, "leader")
    moved(house, "leader", "group_leader", "20BB")
    assert found(house, "leader") == [own]


def test_records_of_a_unit_that_came_from_another_department_are_looked_for_there(house):
    record = submitted(house)
    elsewhere = department(house, "20ZZ")
    in_sql(house, "UPDATE records SET origin_department_id = %(other)s WHERE id = %(id)s", other=elsewhere, id=record)
    assert opened(house, "leader") == {"15ZZ", "20ZZ"}
    assert opened(house, "neighbour") == {"15ZZ"}


def test_a_record_that_may_not_be_read_has_nothing_looked_into(house):
    """A level above the ceiling, in the unit's own name: whether there is one must not even cost time."""
    record = submitted(house, level="2", list_item="VD-TM-02")
    elsewhere = department(house, "20ZZ")
    in_sql(
        house,
        "UPDATE records SET origin_department_id = %(other)s, level = 3 WHERE id = %(id)s",
        other=elsewhere, id=record,
    )  # fmt: skip
    assert opened(house, "officer", level=0) == {"15ZZ"}
    assert opened(house, "leader", level=0) == {"15ZZ", "20ZZ"}
