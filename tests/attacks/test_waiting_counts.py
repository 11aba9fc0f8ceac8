"""The number beside “My work” counts what its person may read and act on, and is nobody else's, in no other place."""

from __future__ import annotations

import re

import psycopg
import pytest
from sqlalchemy import event

from intelhub import access, records
from intelhub.access import NOBODY, scope_for
from intelhub.platform.actor import Place
from intelhub.platform.roles import driver_address
from intelhub.platform.web.counting import CountMemory
from intelhub.records.service import desks
from tests.factories.record_world import act, drafted, fill, submitted, travelled, version_of
from tests.web.conftest import make_app

_COUNT = re.compile(r'<nav class="side".*?</nav>', re.DOTALL)


def number(client, page="/units"):
    """What stands beside “My work” in the navigation of a page; None when nothing does."""
    answer = client.get(page)
    side = _COUNT.search(answer.get_data(as_text=True)).group()
    found = re.findall(r'href="([^"]*)"[^>]*>(?:(?!</a>).)*class="nav-count">.*?</span>([^<]*)</span>', side, re.DOTALL)
    assert {url for url, _ in found} <= {"/"}
    return found[0][1] if found else None


@pytest.fixture
def statements(house):
    """Every statement on records that goes to the server."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        if "FROM records" in statement:
            seen.append(statement)

    event.listen(house.units.engine, "before_cursor_execute", note)
    yield seen
    event.remove(house.units.engine, "before_cursor_execute", note)


def test_the_number_is_what_lies_on_the_desks_each_record_once(house):
    fill(house)
    told = {}
    for username in house.people:
        with house.acting(username) as (actor, session):
            lying = set()
            for desk in desks.list_desks(actor, session):
                if desk.waits and not desk.is_with_others:
                    lying |= {line.id for line in desks.show_desk(actor, session, desk.wanted, limit=500).lines}
            told[username] = records.count_waiting(actor, session) or 0
            assert told[username] == len(lying), username
    assert told["analyst"] > told["analyst2"] > 0
    assert told["leader"] > 0
    assert told["stranger"] == told["auditor"] == told["operator"] == 0


def test_the_number_is_counted_through_the_row_scope_as_well(house, statements):
    """Row-level security would hide a forgotten filter: each part of the statement carries the reader's own."""
    with house.acting("head") as (actor, session):
        records.count_waiting(actor, session)
        parts = [desk for desk in desks.list_desks(actor, session) if desk.waits and not desk.is_with_others]
    (statement,) = statements
    assert statement.count("FROM records") == len(parts) > 1
    assert statement.count("records.compartments = '{}'") >= len(parts)
    assert "ciphertext" not in statement


def test_nobody_is_told_what_waits_for_others(house, client_as):
    clients = {username: client_as(username) for username in ("leader", "neighbour", "stranger", "hq", "officer2")}
    assert [number(client) for client in clients.values()] == [None] * 5
    for _ in range(3):
        submitted(house)
    drafted(house)
    fresh = {username: number(client_as(username)) for username in clients}
    assert fresh == {"leader": "3", "neighbour": None, "stranger": None, "hq": None, "officer2": None}
    assert number(client_as("officer")) == "1"


def test_at_home_nobody_is_told_what_was_counted_on_site(house, client_as):
    for _ in range(2):
        travelled(house, 1)
    travelled(house, 1, level="0", list_item=None)
    onsite, remote = client_as("analyst"), client_as("analyst", place=Place.REMOTE)
    assert [number(onsite), number(remote), number(onsite), number(remote)] == ["3", "1", "3", "1"]


def test_a_number_ends_with_the_right_it_was_counted_under(house, client_as):
    travelled(house, 1)
    travelled(house, 1, level="0", list_item=None)
    analyst = client_as("analyst")
    assert number(analyst) == "2"
    with house.units.begin(NOBODY, scope_for(NOBODY)) as session:
        console = access.console_actor(session)
    with house.units.begin(console, scope_for(console)) as session:
        access.set_clearance(console, session, user_id=house.people["analyst"], level=0, expires_on=None)
    assert number(analyst) == "1", "the same session, a moment later"


def test_a_page_asks_once_and_home_and_whoever_acts_ask_anew(house, client_as, statements):
    submitted(house)
    leader = client_as("leader")
    assert number(leader) == "1"
    statements.clear()
    assert number(leader) == "1"
    assert statements == []
    second = submitted(house)
    assert number(leader) == "1", "for a few seconds"
    assert number(leader, "/") == "2"
    assert number(leader) == "2", "what home counted is what the next page says"
    answer = leader.submit(f"/records/{second}/forward", {"row_version": "2", "reason": ""})
    assert answer.status_code == 303
    assert number(leader) == "1", "whoever has just done something is told what that left"


def test_an_act_of_one_person_leaves_the_number_of_another(house, client_as, statements):
    first = submitted(house)
    leader, officer = client_as("leader"), client_as("officer")
    assert number(leader) == "1"
    officer.submit("/records/new", {"text": "Bản nháp của người khác", "level": "0", "do": "save"})
    statements.clear()
    assert number(leader) == "1"
    assert statements == []
    act(house, "leader", first, records.forward_record)
    assert number(leader, "/") is None


def test_two_refusals_are_the_same_bytes_whatever_waits(house, client_as):
    hidden = drafted(house)
    submitted(house)
    leader = client_as("leader")
    number(leader)
    nowhere = "00000000-0000-4000-8000-000000000000"
    pages = [leader.get(f"/records/{one}").get_data(as_text=True).replace(str(one), "") for one in (hidden, nowhere)]
    assert "nav-count" not in pages[0]
    assert pages[0].count("<a") == pages[1].count("<a")


def test_a_hundred_and_more_are_said_as_such(house, client_as):
    submitted(house)
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        (names,) = connection.execute(
            "select string_agg(quote_ident(attname), ', ') from pg_attribute"
            " where attrelid = 'records'::regclass and attnum > 0 and attname not in ('id', 'pos') and not attisdropped"
        ).fetchone()
        connection.execute(
            f"insert into records (id, {names}) select gen_random_uuid(), {names} from records, generate_series(1, 120)"
        )
    assert number(client_as("leader")) == "99+"


def test_no_other_process_forgets_what_one_has_just_done(house, client_as, tmp_path):
    record_id = submitted(house)
    here = client_as("leader")
    there = make_app(house, tmp_path).test_client()
    browsers = [here, there]

    def visit(number_of, method, *given, **more):
        browser, other = browsers[number_of], browsers[1 - number_of]
        for cookie in ("intelhub", "intelhub-form"):
            if kept := other.get_cookie(cookie):
                browser.set_cookie(cookie, kept.value, samesite="Strict", httponly=True)
        return getattr(browser, method)(*given, **more)

    visit(1, "get", "/units")
    assert number(here) == number(there) == "1"
    moved = visit(0, "submit", f"/records/{record_id}/forward", {"row_version": version_of(house, "leader", record_id)})
    assert moved.status_code == 303
    visit(1, "get", "/people")
    assert number(there) is None


def test_what_draws_no_navigation_counts_nothing(house, client_as, monkeypatch):
    submitted(house)
    leader = client_as("leader")
    assert number(leader) == "1"
    counted = []
    answer = CountMemory.count

    def noting(self, *given, **options):
        counted.append(options)
        return answer(self, *given, **options)

    monkeypatch.setattr(CountMemory, "count", noting)
    script = {"HX-Request": "true"}
    assert "<nav" not in leader.submit("/search", {"q": "phụ tùng"}, headers=script).get_data(as_text=True)
    assert "<option" in leader.submit("/suggestions/units", {"unit": "15"}, headers=script).get_data(as_text=True)
    assert counted == []
    assert "<nav" in leader.submit("/search", {"q": "phụ tùng"}).get_data(as_text=True)
    assert len(counted) == 2, "once a page for each place that counts, however often it is drawn"


def test_a_search_from_the_bar_stands_at_its_place_of_the_navigation(house, client_as):
    submitted(house)
    page = client_as("leader").submit("/search", {"q": "phụ tùng"}).get_data(as_text=True)
    side = _COUNT.search(page).group()
    assert re.findall(r'href="([^"]+)" aria-current="page"', side) == ["/search"]
