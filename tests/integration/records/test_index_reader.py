"""Whoever reads by author or unit has the index looked into where their records lie, wherever that is."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from intelhub import records
from intelhub.organisation import load_directory, today
from intelhub.platform.roles import driver_address
from intelhub.records.index_reader import reader_of
from intelhub.records.service.searching import search_records
from intelhub.search import SearchRequest
from tests.attacks.test_sharing_with_units import end, share
from tests.factories.people_moving import moved
from tests.factories.record_world import submitted, travelled

WORDS = "phụ tùng"
NONE = frozenset()
FEATURE = Path(records.__file__).parent


def found(house, username):
    with house.acting(username) as (actor, session):
        return [one.line.id for one in search_records(actor, session, SearchRequest(text=WORDS)).found]


def opened(house, username, *, level=1, as_a_whole=False):
    """The departments, by their codes, of which a partition is looked into, or would be for the row scope alone."""
    with house.acting(username) as (_, session):
        reader = session.info["scope"].records if as_a_whole else reader_of(session)
        departments = load_directory(session).as_of(today()).departments
        return {one.code for one in departments if reader.for_partition(level, NONE, one.id) is not None}


def in_sql(house, statement, **given):
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        connection.execute(statement, given)


def department(house, code):
    with house.acting("hq") as (_, session):
        return load_directory(session).as_of(today()).get(code).id


@pytest.mark.parametrize("username", ["officer", "contributor", "leader", "head"])
def test_nobody_of_one_department_has_the_others_looked_into(house, username):
    submitted(house)
    submitted(house, "neighbour")
    assert opened(house, username) == {"15ZZ"}
    assert opened(house, username, as_a_whole=True) > {"15ZZ", "20ZZ"}, "the row scope alone would open them"


def test_whoever_receives_has_those_departments_looked_into_that_shared_with_them(house):
    graded = travelled(house, 3)
    assert opened(house, "stranger") == {"20ZZ"}
    assert found(house, "stranger") == []
    share(house, graded, "20ZZ")
    assert opened(house, "stranger") == {"15ZZ", "20ZZ"}
    assert found(house, "stranger") == [graded]
    end(house, graded, "20ZZ")
    assert opened(house, "stranger") == {"20ZZ"}


def test_headquarters_has_every_department_looked_into(house):
    assert len(opened(house, "hq")) > 30


def test_authors_who_moved_find_what_they_wrote_before_and_after(house):
    before = submitted(house)
    moved(house, "officer", "group_officer", "20BB")
    assert found(house, "officer") == [before]
    after = submitted(house, place_unit="20BB")
    assert set(found(house, "officer")) == {after, before}
    assert opened(house, "officer") == {"15ZZ", "20ZZ"}


def test_leaders_who_moved_find_their_own(house):
    submitted(house)
    own = submitted(house, "leader")
    moved(house, "leader", "group_leader", "20BB")
    assert found(house, "leader") == [own]


def put_into(house, record, code, *, level=None):
    """What a unit's move or an attacker leaves: a row of another department, or level, than its document."""
    given = {"other": department(house, code), "level": level, "id": record}
    in_sql(
        house,
        "UPDATE records SET origin_department_id = %(other)s, level = coalesce(%(level)s, level) WHERE id = %(id)s",
        **given,
    )


def test_every_department_with_a_row_of_the_unit_is_opened_however_many(house):
    rows = [submitted(house) for _ in range(6)]
    for record, code in zip(rows, ("20ZZ", "02ZZ", "03ZZ", "20ZZ", "02ZZ"), strict=False):
        put_into(house, record, code)
    for username in ("leader", "officer"):
        assert opened(house, username) == {"02ZZ", "03ZZ", "15ZZ", "20ZZ"}
    assert opened(house, "neighbour") == {"15ZZ"}


def test_a_row_that_may_not_be_read_has_nothing_opened(house):
    record = submitted(house, level="2", list_item="VD-TM-02")
    put_into(house, record, "20ZZ", level=3)
    assert opened(house, "officer", level=0) == {"15ZZ"}
    assert opened(house, "leader", level=0) == {"15ZZ", "20ZZ"}


def test_the_index_is_asked_in_one_place():
    """Whoever asks it past the reader has every department looked into, and nobody would notice."""
    asking = {path.name for path in FEATURE.rglob("*.py") if "index_of(" in path.read_text("utf-8")}
    assert asking == {"projection.py", "index_reader.py"}
