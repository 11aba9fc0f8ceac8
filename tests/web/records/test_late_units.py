"""Units whose records wait too long, and what was shared up today: for whoever shares up, and for headquarters."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import psycopg
import pytest

from intelhub import records
from intelhub.platform import clock
from intelhub.platform.roles import driver_address
from intelhub.records.domain import RecordState
from intelhub.records.service import lateness
from tests.factories.record_world import submitted, travelled
from tests.web.conftest import make_app, open_session
from tests.web.records.test_desks import home, ids_in


@pytest.fixture
def aged(house):
    """Let nothing have been done to a record for so many hours: `aged(record_id, 73)`."""
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:

        def age(record_id, hours):
            connection.execute(
                "update records set updated_at = date_trunc('hour', now()) - make_interval(hours => %s) where id = %s",
                [hours, record_id],
            )
            return record_id

        yield age


def late_lines(browser):
    """By address of the records, how many a line counts."""
    section = home(browser).split('id="desk-late"')[1].split("</section>")[0]
    rows = re.findall(r"<tr data-row>.*?</tr>", section, re.DOTALL)
    return {
        re.search(r'href="([^"]+)"', row).group(1).replace("&amp;", "&"): re.search(
            r'class="number">([^<]*)<', row
        ).group(1)
        for row in rows
    }


def line(unit, state):
    return f"/records?desk=late&unit={unit}&state={state}"


def test_units_are_late_by_the_limit_of_the_state_the_latest_first(house, client_as, aged):
    browser = client_as("head")
    assert late_lines(browser) == {}
    assert "Không có phiếu nào chờ quá thời hạn" in home(browser)
    for _ in range(2):
        aged(travelled(house, 1), 80)
    aged(travelled(house, 1), 71)
    aged(travelled(house, 3), 200)
    aged(travelled(house, 4), 400)
    aged(travelled(house, 5), 900)
    assert list(late_lines(browser).items()) == [
        (line("15BB", "collated"), "1"),
        (line("15BB", "evaluated"), "1"),
        (line("15BB", "received"), "2"),
    ]


def test_nothing_is_late_before_its_time(house, client_as):
    record_id = travelled(house, 1)
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        # Done at a minute to eleven, and so kept as ten.
        connection.execute("update records set updated_at = '2026-11-10 10:00+00' where id = %s", [record_id])
    for moment, count in (("2026-11-13 10:59", None), ("2026-11-13 11:00", "1")):
        with clock.telling(datetime.fromisoformat(f"{moment}+00:00")):
            assert late_lines(client_as("head")).get(line("15BB", "received")) == count, moment


def test_each_line_opens_the_records_it_counts(house, client_as, aged):
    browser = client_as("head")
    old = {aged(travelled(house, 1), 90), aged(travelled(house, 1), 100)}
    travelled(house, 1)
    ((address, count),) = late_lines(browser).items()
    assert set(ids_in(browser.get(address).get_data(as_text=True))) == set(map(str, old))
    assert count == "2"


def test_what_may_not_be_handed_on_is_late_nowhere(house, client_as, aged):
    aged(travelled(house, 4, handling="H1"), 900)
    assert late_lines(client_as("head")) == {}
    aged(submitted(house, handling="HX", handling_conditions="Hỏi đơn vị lập tin trước"), 900)
    with house.acting("leader") as (actor, session):
        assert lateness.list_late(actor, session, lateness.late_filter(session)) == ()


def test_what_is_done_begins_the_stage_anew(house, client_as, aged):
    record_id = aged(travelled(house, 1), 100)
    assert late_lines(client_as("head"))
    with house.acting("analyst") as (actor, session):
        version = records.read_record(actor, session, record_id).summary.row_version
        records.acknowledge_record(actor, session, record_id, version)
    assert late_lines(client_as("head")) == {}


def test_an_installation_sets_its_own_limits(house, aged):
    aged(travelled(house, 1), 10)
    with house.acting("head") as (actor, session):
        assert lateness.list_late(actor, session, lateness.late_filter(session)) == ()
        session.info[records.STAGE_LIMITS] = {RecordState.RECEIVED: timedelta(hours=6)}
        (late,) = lateness.list_late(actor, session, lateness.late_filter(session))
        assert (late.count, late.limit) == (1, timedelta(hours=6))
        assert timedelta(hours=4) <= late.by < timedelta(hours=5)


def test_what_was_shared_up_today_is_a_line_of_its_own(house, client_as, aged):
    fresh, older = travelled(house, 5), aged(travelled(house, 5), 25)
    for username in ("hq", "head"):
        page = home(client_as(username))
        section = page.split('id="desk-today"')[1].split("</section>")[0]
        assert '<span class="count">1</span>' in section, username
        listed = client_as(username).get("/records?desk=today").get_data(as_text=True)
        assert str(fresh) in listed
        assert str(older) not in listed


def test_these_lines_follow_the_policy(client_as):
    for username, sees_late, sees_today in (
        ("head", True, True),
        ("hq", False, True),
        ("analyst", False, False),
        ("leader", False, False),
        ("officer", False, False),
        ("auditor", False, False),
    ):
        page = home(client_as(username))
        assert ('id="desk-late"' in page, 'id="desk-today"' in page) == (sees_late, sees_today), username


def test_no_more_are_counted_than_are_shown(house, aged, monkeypatch):
    """Whoever has thousands waiting reads a hundred of them, and still the oldest of all."""
    monkeypatch.setattr("intelhub.records.queries.COUNT_LIMIT", 1)
    for hours in (90, 120, 100):
        aged(travelled(house, 1), hours)
    with house.acting("head") as (actor, session):
        (late,) = lateness.list_late(actor, session, lateness.late_filter(session))
        assert late.count == 2, "one more than is told, which makes it “+”"
        assert timedelta(hours=47) <= late.by < timedelta(hours=49)


def test_many_units_are_cut_and_lead_to_the_whole_list(house, tmp_path, aged, monkeypatch):
    monkeypatch.setattr("intelhub.records.views.home._LATEST", 1)
    aged(travelled(house, 1), 100)
    aged(travelled(house, 3), 300)
    browser = make_app(house, tmp_path).test_client()
    browser.set_cookie("intelhub", open_session(house, "head"), samesite="Strict", httponly=True)
    section = home(browser).split('id="desk-late"')[1].split("</section>")[0]
    assert section.count("<tr data-row>") == 1
    assert 'href="/records?desk=late"' in section
