"""A form may name any records together: each is decided alone, and a refusal tells no more than it would alone."""

from __future__ import annotations

from uuid import UUID, uuid4

import psycopg
import pytest
from flask import session as cookie
from sqlalchemy import event
from sqlalchemy.orm import Session

from intelhub import records
from intelhub.platform.actor import Place
from intelhub.platform.roles import driver_address
from intelhub.records import ListFilter, queries
from tests.factories.record_world import drafted, fill, submitted, travelled, version_of
from tests.noise import without_noise

ACTS = ["/records/chosen/assign", "/records/chosen/take-on", "/search/chosen/assign", "/search/chosen/take-on"]


def send(client, act, chosen, **fields):
    return client.submit(act if "/" in act else f"/records/chosen/{act}", {"chosen": chosen, **fields})


def pending(house, action):
    """What stands in the log's waiting room of an act: the ids it names."""
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        found = connection.execute("select object_id from audit_pending where action = %s", (action,)).fetchall()
    return [one for (one,) in found]


def steps_of(house, record_id):
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        found = connection.execute(
            "select event from record_steps where record_id = %s order by row_version", (record_id,)
        ).fetchall()
    return [one for (one,) in found]


@pytest.mark.parametrize("act", ACTS)
def test_nobody_moves_what_is_not_theirs_by_naming_it_among_their_own(house, client_as, act):
    own = travelled(house, 1)
    foreign = [
        submitted(house),
        drafted(house),
        submitted(house, "neighbour"),
        travelled(house, 1, level="2", list_item="VD-TM-02"),
    ]
    before = {one: steps_of(house, one) for one in foreign}
    chosen = [
        f"{own}:{version_of(house, 'analyst', own)}",
        *(f"{one}:{version}" for one in foreign[:3] for version in (1, 2, 3)),
    ]
    answer = send(client_as("analyst"), act, chosen, assignee=str(house.people["analyst"]))
    assert answer.status_code == 409
    assert {one: steps_of(house, one) for one in foreign} == before
    assert steps_of(house, own)[-1] == "assign" if act.endswith("assign") else "acknowledge"


@pytest.mark.parametrize("act", ACTS)
def test_what_may_not_be_read_is_told_like_what_is_not_there(house, client_as, act):
    hidden = drafted(house)
    pages = []
    for one in (hidden, uuid4()):
        answer = send(client_as("analyst"), act, [f"{one}:1"], assignee=str(house.people["analyst"]))
        page = without_noise(answer.get_data(as_text=True))
        pages.append((answer.status_code, page))
        assert str(one) not in page
    assert pages[0] == pages[1]


@pytest.mark.parametrize("act", ACTS)
def test_from_home_nothing_is_moved_that_is_shown_on_site_alone(house, client_as, act):
    high, low = travelled(house, 1), travelled(house, 1, level="0", list_item=None)
    remote = client_as("analyst", place=Place.REMOTE)
    answer = send(remote, act, [f"{one}:3" for one in (high, low)], assignee=str(house.people["analyst"]))
    assert answer.status_code == 409
    assert steps_of(house, high) == ["submit", "forward"]
    assert len(steps_of(house, low)) == 3


@pytest.mark.parametrize("address", ["/records/assign", "/records/chosen/assign", "/search/chosen/assign"])
def test_locks_are_taken_in_one_order_and_who_may_grade_is_asked_once(house, client_as, address):
    """Two people who chose the same records in another order would wait for each other's locks for ever."""
    chosen = [f"{one}:3" for one in sorted((travelled(house, 1) for _ in range(3)), reverse=True)]
    seen: list[tuple[str, str]] = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        seen.append((statement, str(parameters)))

    event.listen(house.units.engine, "before_cursor_execute", note)
    form = {"chosen": chosen, "assignee": str(house.people["analyst"])}
    try:
        assert client_as("analyst").submit(address, form).status_code == 303
    finally:
        event.remove(house.units.engine, "before_cursor_execute", note)
    ids = [one.partition(":")[0] for one in chosen]
    locked = [
        one for text, given in seen if "FOR UPDATE" in text for one in ids if UUID(one).hex in given.replace("-", "")
    ]
    assert locked == sorted(ids)
    locks = [place for place, (text, _) in enumerate(seen) if "FOR UPDATE" in text and "FROM records" in text]
    between = [text for text, _ in seen[locks[1] : locks[-1]]]
    assert not any("FROM posts" in text or "FROM users" in text for text in between)


def test_what_is_taken_back_is_not_said_to_be_done(house, client_as, monkeypatch):
    record_id = travelled(house, 1)
    analyst = client_as("analyst")
    form = {"chosen": f"{record_id}:3", "assignee": str(house.people["analyst"])}

    sound = Session.commit

    def commit(session):
        if cookie.get("_flashes"):  # the view has done its work and said so
            raise RuntimeError("the server stopped")
        sound(session)

    token = analyst.token()
    with monkeypatch.context() as broken:
        broken.setattr(Session, "commit", commit)
        answer = analyst.post("/records/assign", data={**form, "csrf_token": token})
    assert answer.status_code == 500
    assert steps_of(house, record_id) == ["submit", "forward"]
    assert "Đã phân công" not in answer.get_data(as_text=True) + analyst.get("/records").get_data(as_text=True)
    assert analyst.submit("/records/assign", form).status_code == 303
    assert "Đã phân công 1 phiếu tin." in analyst.get("/records").get_data(as_text=True)


@pytest.mark.parametrize(("number", "words"), [(1, "1 record assigned."), (2, "2 records assigned.")])
def test_a_count_stands_in_the_right_number(house, client_as, number, words):
    chosen = [f"{travelled(house, 1)}:3" for _ in range(number)]
    analyst = client_as("analyst")
    analyst.set_cookie("language", "en")
    analyst.submit("/records/assign", {"chosen": chosen, "assignee": str(house.people["analyst"])})
    assert words in analyst.get("/records").get_data(as_text=True)


def test_whoever_has_no_line_for_the_act_is_turned_away_at_the_gate(house, client_as):
    record_id = travelled(house, 1)
    for username in ("officer", "leader", "hq", "auditor", "operator"):
        for act in ACTS:
            assert send(client_as(username), act, [f"{record_id}:3"]).status_code in {403, 404}, (username, act)
    assert send(client_as("head"), "take-on", [f"{record_id}:3"]).status_code == 403
    assert steps_of(house, record_id) == ["submit", "forward"]


def test_each_moved_record_has_its_entry_and_each_refused_one_too(house, client_as):
    moved = [travelled(house, 1) for _ in range(2)]
    hidden, stale = drafted(house), travelled(house, 1)
    chosen = [*(f"{one}:3" for one in moved), f"{hidden}:1", f"{stale}:2"]
    send(client_as("analyst"), "take-on", chosen)
    assert set(pending(house, "record:acknowledged")) == set(moved)
    assert len(pending(house, "record:acknowledged")) == 2
    assert pending(house, "access:refused") == [hidden]


def test_a_record_that_was_tampered_with_raises_the_alarm_and_takes_no_other_with_it(house, client_as):
    sound, broken = travelled(house, 1), travelled(house, 1)
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        connection.execute("update records set handling = 'H0' where id = %s", (broken,))
    answer = send(client_as("analyst"), "take-on", [f"{one}:3" for one in (broken, sound)])
    assert answer.status_code == 409
    assert steps_of(house, broken) == ["submit", "forward"]
    assert steps_of(house, sound)[-1] == "acknowledge"
    assert broken in pending(house, "record:tamper-found")


def test_a_refused_act_leaves_nothing_of_itself(house, client_as):
    """The record is moved before the last check: the savepoint takes row, step, entry and projection back."""
    taken = travelled(house, 2, level="0", list_item=None)
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        counts = (
            "select (select count(*) from audit_pending where action = 'record:acknowledged'),"
            " (select count(*) from search_tail where record_id = %s)"
        )
        before = connection.execute(counts, (taken,)).fetchone()
    version = version_of(house, "analyst2", taken)
    assert send(client_as("analyst2"), "take-on", [f"{taken}:{version}"]).status_code == 409
    with psycopg.connect(driver_address(house.database.superuser_url)) as connection:
        assert connection.execute(counts, (taken,)).fetchone() == before
    assert version_of(house, "analyst2", taken) == version


def test_no_more_lines_are_moved_at_once_than_a_page_has(house, client_as):
    record_id = travelled(house, 1)
    chosen = [f"{uuid4()}:1" for _ in range(queries.PAGE)]
    send(client_as("analyst"), "take-on", [*chosen, f"{record_id}:3"])
    assert steps_of(house, record_id) == ["submit", "forward"]


def test_nonsense_is_nothing_chosen(house, client_as):
    travelled(house, 1)
    answer = send(client_as("analyst"), "take-on", ["", ":", "x:1", f"{uuid4()}:x", f"{uuid4()}:-1", "'--"])
    assert answer.status_code == 422


def test_the_way_back_leads_to_the_list_and_nowhere_else(house, client_as):
    record_id = travelled(house, 1)
    address = "/records/chosen/take-on?next=//evil.example&_external=1&_scheme=javascript&_anchor=x&state=received"
    answer = client_as("analyst").submit(address, {"chosen": f"{record_id}:3"})
    assert answer.location == "/records?state=received"


def test_what_can_be_chosen_is_never_wider_than_what_is_read(house):
    world = fill(house)
    for username in ("stranger", "neighbour", "hq", "analyst2", "officer"):
        with house.acting(username) as (actor, session):
            wanted = [ListFilter(), ListFilter(may=("assign",)), ListFilter(may=("acknowledge",))]
            read = {line.id for line in queries.list_by_ids(actor, session, world.values())}
            assert queries.find_matching(actor, session, world.values(), wanted) == read
            assert queries.find_matching(actor, session, world.values(), wanted[1:]) <= read
            assert records.count_records(actor, session, ListFilter()) == len(read)
