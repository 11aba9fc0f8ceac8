"""A saved view is its person's alone: by no address, form, page or row does anybody else come by it or its name."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest

from intelhub.crypto import seal_blob
from intelhub.platform.roles import driver_address
from intelhub.platform.row_scope import ScopeMissing
from intelhub.records import saved_view_queries, sealing
from intelhub.records.models import RecordViewRow
from intelhub.records.service import saved_views
from tests.web.records.test_saved_views import id_of, save, views_of

NAME = "Kalimura đêm nay"


def superuser(house, statement, *values):
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        done = connection.execute(statement, values or None)
        return done.fetchall() if done.description else []


@pytest.fixture
def view_id(client_as):
    officer = client_as("officer")
    assert save(officer, NAME).status_code == 303
    return id_of(officer, NAME)


def test_nobody_sees_renames_removes_or_restores_the_view_of_another(client_as, view_id):
    for username in ("officer2", "leader", "head", "hq", "analyst"):
        other = client_as(username)
        assert NAME not in other.get(f"/records?state=received&sort=oldest&removed={view_id}").get_data(as_text=True)
        for act in ("rename", "remove", "restore"):
            answers = [other.submit(f"/records/views/{one}/{act}", {"name": "Của tôi"}) for one in (view_id, uuid4())]
            assert answers[0].status_code == answers[1].status_code == 404, (username, act)
            assert answers[0].data == answers[1].data
        assert views_of(other) == {}
    assert list(views_of(client_as("officer"))) == [NAME]
    for username in ("auditor", "security", "operator"):
        assert client_as(username).submit(f"/records/views/{view_id}/remove").status_code in {403, 404}


@pytest.mark.usefixtures("view_id")
def test_the_row_scope_and_the_database_each_let_the_person_alone_through(house, client_as):
    assert save(client_as("leader"), "Của tổ trưởng").status_code == 303
    for username, count in (("officer", 1), ("leader", 1), ("officer2", 0), ("head", 0)):
        with house.acting(username) as (actor, session):
            rows = saved_view_queries.list_view_rows(actor, session)
            assert [row.user_id for row in rows] == [actor.user_id] * count
    me = house.people["officer2"]
    with psycopg.connect(driver_address(house.database.app_url)) as connection:
        assert connection.execute("select count(*) from record_views").fetchone() == (0,), "nobody"
        connection.execute("select set_config('intelhub.actor', %s, true)", (str(me),))
        assert connection.execute("select count(*) from record_views").fetchone() == (0,)
        assert connection.execute("delete from record_views").rowcount == 0
        assert connection.execute("update record_views set sealed = ''").rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "insert into record_views values (gen_random_uuid(), %s, '')", (house.people["officer"],)
            )


def test_a_view_is_written_for_oneself_alone(house):
    with house.acting("officer2") as (_, session):
        session.add(RecordViewRow(id=uuid4(), user_id=house.people["officer"], sealed=b"x"))
        with pytest.raises(ScopeMissing):
            session.flush()
        session.rollback()


@pytest.mark.usefixtures("view_id")
def test_a_view_is_never_given_to_another(house):
    with house.acting("officer") as (actor, session):
        (row,) = saved_view_queries.list_view_rows(actor, session)
        row.user_id = house.people["officer2"]
        with pytest.raises(ScopeMissing):
            session.flush()
        session.rollback()


@pytest.mark.usefixtures("view_id")
@pytest.mark.parametrize(
    "attack",
    [
        "update record_views v set sealed = o.sealed from record_views o where o.id <> v.id",
        "update record_views set user_id = %(officer2)s",
        "update record_views set id = gen_random_uuid()",
        "update record_views set sealed = set_byte(sealed, 40, get_byte(sealed, 40) # 1)",
        "update record_views set sealed = ''",
    ],
)
def test_a_sealed_name_in_another_row_is_not_shown_and_raises_the_alarm(house, client_as, attack):
    officer = client_as("officer")
    assert save(officer, "Thứ hai", "?state=draft").status_code == 303
    ids = {name: str(one) for name, one in house.people.items()}
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        connection.execute(attack.replace("%(officer2)s", f"'{ids['officer2']}'"))
    for username in ("officer", "officer2"):
        answer = client_as(username).get("/records")
        assert answer.status_code == 200
        assert views_of(client_as(username)) == {}
        assert NAME not in answer.get_data(as_text=True)
    alarms = superuser(house, "select rule from audit_pending where action = 'record:tamper-found'")
    assert ("record_view",) in alarms


def test_a_damaged_view_is_removed_by_its_owner_alone_and_the_alarm_stays(house, client_as, view_id):
    """Nobody else's hand can take it away, and whoever damaged it does not ring the alarm for ever."""
    officer = client_as("officer")
    assert save(officer, "Thứ hai", "?state=draft").status_code == 303
    superuser(house, "update record_views set sealed = '' where id = %s", view_id)
    address = f"/records/views/{view_id}/remove"
    assert address in officer.get("/records").get_data(as_text=True)
    for username in ("officer2", "leader"):
        assert address not in client_as(username).get("/records").get_data(as_text=True)
        assert client_as(username).submit(address).status_code == 404
    for act in ("rename", "restore"):
        assert officer.submit(f"/records/views/{view_id}/{act}", {"name": "Tên khác"}).status_code >= 400
    assert officer.submit(address).status_code == 303
    count = "select count(*) from audit_pending where action = 'record:tamper-found' and object_id = %s"
    [(alarms,)] = superuser(house, count, view_id)
    assert alarms >= 1
    assert address not in officer.get("/records").get_data(as_text=True)
    assert superuser(house, count, view_id) == [(alarms,)]
    assert list(views_of(officer)) == ["Thứ hai"]
    assert officer.submit(address).status_code == 404


def test_a_refused_act_on_a_view_is_logged_under_the_kind_of_views(house, client_as, view_id):
    assert client_as("officer2").submit(f"/records/views/{view_id}/remove").status_code == 404
    entries = superuser(house, "select object_kind, object_id::text from audit_pending where decision = 'deny'")
    assert ("record_view", view_id) in entries
    assert "view" not in {kind for kind, _ in entries}


@pytest.mark.usefixtures("view_id")
def test_the_name_and_the_filters_stand_nowhere_in_clear(house, client_as):
    (row,) = superuser(house, "select v::text, octet_length(sealed), sealed from record_views v")
    assert "Kalimura" not in row[0]
    for word in ("Kalimura", "received", "oldest"):
        assert word.encode() not in bytes(row[2])
    save(client_as("officer"), "x" * saved_views.LONGEST_NAME, "?state=draft&level=0&level=1&mine=y&unit=15BB")
    sizes = superuser(house, "select distinct octet_length(sealed) from record_views")
    assert len(sizes) == 1, "the length of a row tells nothing of the length of the name"
    entries = superuser(house, "select p::text from audit_pending p where action like 'record:view%'")
    assert entries
    assert "Kalimura" not in str(entries)


def test_every_act_on_a_view_leaves_an_entry(house, client_as, view_id):
    officer = client_as("officer")
    for act in ("rename", "remove", "restore"):
        assert officer.submit(f"/records/views/{view_id}/{act}", {"name": "Tên khác"}).status_code == 303
    entries = superuser(house, "select action, object_id::text from audit_pending where action like 'record:view%'")
    assert sorted(entries) == sorted(
        (f"record:view-{act}", view_id) for act in ("saved", "renamed", "removed", "restored")
    )


def test_an_address_brings_no_words_and_no_other_place_into_a_view(client_as):
    officer = client_as("officer")
    answer = save(officer, "Một", "?state=submitted&next=//evil.example&_external=1&note=Kalimura&state=Kalimura")
    assert answer.location == "/records?state=submitted"
    assert views_of(officer) == {"Một": "/records?state=submitted"}


def test_a_view_saved_before_searches_could_be_is_still_its_owners_view(house, client_as, view_id):
    context = sealing.lp(b"intelhub/records/view/v1", UUID(view_id).bytes, house.people["officer"].bytes)
    earlier = '{"name":"Từ trước","asked":[["state","draft"]],"removed":false}'.ljust(1024).encode()
    sealed = seal_blob(house.vault.derive(b"intelhub/records/view/v1"), earlier, context=context)
    superuser(house, "update record_views set sealed = %s where id = %s", sealed, view_id)
    assert views_of(client_as("officer")) == {"Từ trước": "/records?state=draft"}
    superuser(house, "update record_views set level = 1")
    assert views_of(client_as("officer")) == {}, "its level was never anything but 0"
