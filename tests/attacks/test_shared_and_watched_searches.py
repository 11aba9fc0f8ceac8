"""Searches that are shared, watched or pasted tell nobody a word, a record or a number beyond their own rights."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from intelhub import access
from intelhub.access import NOBODY, scope_for
from intelhub.organisation import load_directory, today
from intelhub.platform import clock
from intelhub.platform.actor import Place
from intelhub.platform.roles import driver_address
from intelhub.records.service import pasting, watching
from tests.factories.record_world import submitted, travelled
from tests.factories.watchers import look
from tests.web.records.test_pasted_identifiers import known, listed, paste
from tests.web.records.test_saved_searches import act, number_of, save, saved_by

NAME, WORDS = "Kalimura đêm nay", "Bolunasi phụ tùng"


def superuser(house, statement, *values):
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        done = connection.execute(statement, values or None)
        return done.fetchall() if done.description else []


def unit_of(house, code):
    with house.acting("leader") as (_, session):
        return load_directory(session).as_of(today()).get(code).id


def share(house, client, url, code="15BB"):
    return act(client, url, "share", unit=str(unit_of(house, code)))


@pytest.fixture
def shared(house, client_as):
    """The address of a search of the leader's, of level 2, shared with the team."""
    leader = client_as("leader")
    url = save(leader, NAME, level="2", q=WORDS).location
    assert share(house, leader, url).status_code == 303
    return url


def names(client):
    return " ".join(saved_by(client))


def move(house, username, code):
    """End somebody's posts; a new one begins at another unit."""
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        for post in access.list_posts(console, session, house.people[username]):
            access.revoke_post(console, session, post.id)
        access.grant_post(
            console, session, user_id=house.people[username], function="group_officer",
            unit_id=load_directory(session).as_of(today()).get(code).id,
            starts_at=clock.now() - timedelta(hours=1), ends_at=clock.now() + timedelta(days=9),
        )  # fmt: skip


def test_the_words_of_a_shared_search_go_to_the_team_up_to_their_level_and_to_nobody_else(client_as, shared):
    assert NAME in names(client_as("officer"))
    assert WORDS in html.unescape(client_as("officer").get(shared).get_data(as_text=True))
    for username, place in (
        ("officer2", Place.ONSITE),  # of the team, cleared below the words
        ("officer", Place.REMOTE),  # cleared, and not where the words may be shown
        ("leader", Place.REMOTE),  # the owner, elsewhere
        ("neighbour", Place.ONSITE),
        ("analyst", Place.ONSITE),
        ("head", Place.ONSITE),
        ("hq", Place.ONSITE),
    ):
        client = client_as(username, place=place)
        assert NAME not in names(client), username
        answers = [client.get(f"/search/saved/{one}") for one in (shared.rpartition("/")[2], uuid4())]
        assert [answer.status_code for answer in answers] == [404, 404], username
        assert answers[0].data == answers[1].data
    for username in ("auditor", "security", "operator"):
        assert client_as(username).get(shared).status_code == 403


def test_whoever_leaves_the_unit_sees_it_no_more_and_an_owner_who_left_shares_nothing(house, client_as, shared):
    officer = client_as("officer")
    assert officer.get(shared).status_code == 200
    move(house, "officer", "15BE")
    assert officer.get(shared).status_code == 404
    assert names(officer) == ""
    move(house, "officer", "15BB")
    assert officer.get(shared).status_code == 200
    move(house, "leader", "15BE")
    assert officer.get(shared).status_code == 404
    assert names(officer) == ""


def test_nobody_changes_shares_or_watches_the_search_of_another(house, client_as, shared):
    view_id = shared.rpartition("/")[2]
    for username in ("officer", "officer2", "neighbour"):
        client = client_as(username)
        for verb in ("rename", "remove", "restore", "share", "unshare", "watch", "unwatch"):
            form = {"name": "Của tôi", "unit": str(unit_of(house, "15BB"))}
            answers = [act(client, f"/search/saved/{one}", verb, **form) for one in (view_id, uuid4())]
            assert [answer.status_code for answer in answers] == [404, 404], (username, verb)
            assert answers[0].data == answers[1].data
    # By the addresses of the list's views neither, not by the owner: another kind of view is another thing.
    for verb in ("rename", "remove", "restore"):
        assert client_as("leader").submit(f"/records/views/{view_id}/{verb}", {"name": "x"}).status_code == 404
    assert list(saved_by(client_as("leader"))) == [NAME]


def test_a_search_is_shared_with_a_unit_of_ones_own_alone(house, client_as):
    leader = client_as("leader")
    url = save(leader, NAME, level="0", q=WORDS).location
    for unit in (unit_of(house, "15BE"), unit_of(house, "15ZZ"), uuid4(), "x"):
        assert act(leader, url, "share", unit=str(unit)).status_code == 404
    assert superuser(house, "select shared_unit_id from record_views") == [(None,)]


def test_the_database_keeps_what_is_shared_to_the_unit_and_the_level(house, client_as, shared):
    del client_as, shared
    me, unit, other = house.people["officer"], unit_of(house, "15BB"), unit_of(house, "15BE")
    with psycopg.connect(driver_address(house.database.app_url)) as connection:
        for posts, ceiling, count in ((unit, "2", 1), (unit, "1", 0), (unit, "", 0), (other, "3", 0), ("", "3", 0)):
            for name, value in (("actor", me), ("posts", posts), ("ceiling", ceiling)):
                connection.execute("select set_config(%s, %s, true)", (f"intelhub.{name}", str(value)))
            assert connection.execute("select count(*) from record_views").fetchone() == (count,), (posts, ceiling)
        connection.execute("select set_config('intelhub.posts', %s, true)", (str(unit),))
        assert connection.execute("update record_views set sealed = ''").rowcount == 0
        assert connection.execute("delete from record_views").rowcount == 0


@pytest.mark.parametrize(
    "attack",
    ["set level = 0", "set shared_unit_id = (select id from units limit 1)", "set sealed = ''", "set level = 1"],
)
def test_a_search_relabelled_in_the_table_is_shown_to_nobody_and_raises_the_alarm(house, client_as, shared, attack):
    superuser(house, f"update record_views {attack}")
    for username in ("officer", "officer2", "leader"):
        client = client_as(username)
        page = client.get("/search").get_data(as_text=True)
        assert NAME not in html.unescape(page)
        answer = client.get(shared)
        assert answer.status_code == (409 if username == "leader" else 404)
        assert WORDS not in html.unescape(answer.get_data(as_text=True))
    assert ("record_view",) in superuser(house, "select rule from audit_pending where action = 'record:tamper-found'")


def test_the_alerts_of_another_are_not_there(house, client_as):
    analyst = client_as("analyst")
    act(analyst, save(analyst, NAME).location, "watch")
    travelled(house, 1)
    look(house)
    (url,) = re.findall(r'href="(/alerts/[0-9a-f-]{36})"', analyst.get("/alerts").get_data(as_text=True))
    for username in ("head", "analyst2", "leader", "hq"):
        client = client_as(username)
        assert NAME not in html.unescape(client.get("/alerts").get_data(as_text=True))
        for address in (url, f"/alerts/{uuid4()}"):
            assert client.get(address).status_code == 404
            assert client.submit(f"{address}/read").status_code == 404
        client.submit("/alerts/read")
    assert number_of(analyst.get("/alerts").get_data(as_text=True)) == "1"
    with psycopg.connect(driver_address(house.database.app_url)) as connection:
        connection.execute("select set_config('intelhub.actor', %s, true)", (str(house.people["head"]),))
        for table in ("record_alerts", "record_watches"):
            assert connection.execute(f"select count(*) from {table}").fetchone() == (0,)
            assert connection.execute(f"delete from {table}").rowcount == 0


def test_the_workers_role_learns_whose_watches_there_are_and_nothing_else(house, client_as):
    analyst = client_as("analyst")
    act(analyst, save(analyst, NAME).location, "watch")
    with psycopg.connect(driver_address(house.database.worker_url), autocommit=True) as connection:
        assert connection.execute("select user_id from record_watches").fetchall() == [(house.people["analyst"],)]
        for statement in (
            "select view_id from record_watches", "select sealed from record_watches", "delete from record_watches",
            "select * from record_views", "select * from record_alerts", "update record_watches set sealed = ''",
        ):  # fmt: skip
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_no_word_of_a_search_or_of_what_it_found_stands_in_clear(house, client_as):
    analyst = client_as("analyst")
    act(analyst, save(analyst, NAME, q="phụ tùng").location, "watch")
    record = travelled(house, 1)
    look(house)
    told = superuser(house, "select a::text from record_alerts a")
    assert told
    everything = str(
        superuser(
            house,
            "select v::text from record_views v union all select w::text from record_watches w"
            " union all select a::text from record_alerts a union all select p::text from audit_pending p"
            " where action like 'record:watch%' or action like 'record:search%' or action like 'record:view%'",
        )
    )
    for word in ("Kalimura", "phụ tùng", "Phụ tùng"):
        assert word not in everything
        assert word.encode().hex() not in everything
    assert str(record) not in str(told)
    assert record.hex not in str(told)


def test_an_alert_counts_and_shows_nothing_that_was_raised_out_of_reach(house, client_as):
    analyst = client_as("analyst2")
    act(analyst, save(analyst, NAME, level="0").location, "watch")
    travelled(house, 1)
    look(house)
    page = analyst.get("/alerts").get_data(as_text=True)
    (url,) = re.findall(r'href="(/alerts/[0-9a-f-]{36})"', page)
    assert number_of(page) == "1"
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        access.set_clearance(console, session, user_id=house.people["analyst2"], level=0, expires_on=None)
    page = analyst.get("/alerts").get_data(as_text=True)
    assert NAME not in html.unescape(page)
    assert number_of(page) is None
    assert analyst.get(url).status_code == analyst.get(f"/alerts/{uuid4()}").status_code == 404
    assert analyst.submit(f"{url}/read").status_code == 404


def test_from_home_nobody_learns_that_something_secret_was_found_nor_when(house, client_as, monkeypatch):
    analyst, remote = client_as("analyst"), client_as("analyst", place=Place.REMOTE)
    search = save(analyst, NAME, level="0", q="phụ tùng").location
    act(analyst, search, "watch")
    travelled(house, 1, level="0", list_item=None)
    look(house)

    def seen(client):
        page = client.get("/alerts").get_data(as_text=True)
        times = re.findall(r'datetime="([^"]+)"', page)
        return re.findall(r'href="(/alerts/[0-9a-f-]{36})"', page), times, number_of(page)

    before = seen(remote)
    assert before[2] == "1"
    for _ in range(3):
        travelled(house, 1)
        look(house)
    assert seen(analyst)[2] == "4"
    assert seen(remote) == before
    assert remote.get(before[0][0]).status_code == 200
    monkeypatch.setattr(watching, "MOST_MATCHES", 2)
    look(house)
    # More fit now than are looked through; from home it is not more than one.
    wide = "nhiều hơn mức hệ thống dò được"
    assert wide in html.unescape(analyst.get(search).get_data(as_text=True))
    assert wide not in html.unescape(remote.get(search).get_data(as_text=True))


@pytest.mark.parametrize("table", ["record_alerts", "record_watches"])
def test_what_was_moved_between_watches_or_alerts_raises_the_alarm_and_goes(house, client_as, table):
    analyst, head = client_as("analyst"), client_as("head")
    for client in (analyst, head):
        act(client, save(client, NAME).location, "watch")
    record = travelled(house, 1)
    look(house)
    superuser(house, f"update {table} a set sealed = b.sealed from {table} b where a.user_id <> b.user_id")
    look(house)
    for client in (analyst, head):
        page = client.get("/alerts").get_data(as_text=True)
        assert (str(record) in page) is False
    assert ("record_view",) in superuser(house, "select rule from audit_pending where action = 'record:tamper-found'")
    assert superuser(house, f"select 1 from {table}") == []


def test_a_pasted_list_counts_what_its_reader_may_read_and_leaves_one_entry_with_no_word(house, client_as):
    travelled(house, 1)
    travelled(house, 1, level="2", list_item="VD-TM-02")
    submitted(house)
    wanted = "CSQU3054383"
    for username, place, count in (
        ("analyst", Place.ONSITE, "2"),
        ("analyst2", Place.ONSITE, "1"),
        ("leader", Place.ONSITE, "3"),
        ("officer", Place.ONSITE, "3"),
        ("analyst", Place.REMOTE, None),
        ("officer2", Place.ONSITE, None),
        ("neighbour", Place.ONSITE, None),
        ("hq", Place.ONSITE, None),
    ):
        page = paste(client_as(username, place=place), wanted)
        assert known(page).get(wanted) == count, username
        assert bool(listed(page, "unknown")) is (count is None), username
    entries = superuser(house, "select convert_from(entry, 'UTF8') from audit_pending where action = 'record:searched'")
    assert len(entries) == 8
    assert all('"sealed":null' not in entry for (entry,) in entries)
    assert wanted not in str(entries)


def test_what_a_pasted_list_counted_stands_in_the_log_at_its_level_and_on_the_page(house, client_as, monkeypatch):
    monkeypatch.setattr(pasting, "_A_PAGE", 2)
    records = {travelled(house, 1), travelled(house, 1), travelled(house, 1, level="2", list_item="VD-TM-02")}
    page = paste(client_as("analyst"), "CSQU3054383\n29C12345")
    assert 'class="level-banner level-2"' in page
    assert 'class="level-banner level-1"' in paste(client_as("analyst2"), "CSQU3054383")
    entries = superuser(
        house,
        "select level, shown from audit_pending where action = 'record:searched' and actor_id = %s",
        house.people["analyst"],
    )
    assert [len(shown) for _, shown in entries] == [2, 1]
    assert max(level for level, _ in entries) == 2
    assert {one for _, shown in entries for one in shown} == records


def test_every_page_that_shows_the_name_of_a_search_bears_its_level(house, client_as):
    analyst = client_as("analyst")
    search = save(analyst, NAME, level="2", q="phụ tùng").location
    act(analyst, search, "watch")
    travelled(house, 1)
    look(house)
    (alert,) = re.findall(r'href="(/alerts/[0-9a-f-]{36})"', analyst.get("/alerts").get_data(as_text=True))
    found = analyst.submit("/search", {"q": "khongcogi"})
    for answer in (found, *(analyst.get(one) for one in ("/search", search, "/alerts", alert))):
        page = answer.get_data(as_text=True)
        assert NAME in html.unescape(page)
        assert 'class="level-banner level-2"' in page


def test_an_address_looks_nothing_up(house, client_as):
    travelled(house, 1)
    client = client_as("analyst")
    page = client.get("/search/identifiers?identifiers=CSQU3054383").get_data(as_text=True)
    assert known(page) == {}
    assert "CSQU3054383" not in page
    assert superuser(house, "select 1 from audit_pending where action = 'record:searched'") == []
    assert client.post("/search/identifiers", data={"identifiers": "CSQU3054383"}).status_code == 403
    for username in ("auditor", "security", "operator"):
        assert client_as(username).submit("/search/identifiers", {"identifiers": "CSQU3054383"}).status_code == 403
