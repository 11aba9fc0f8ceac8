"""What an operator finds at home and on the page of health, and what the runbook says about it."""

from __future__ import annotations

import re
from datetime import timedelta

import psycopg
import pytest

from intelhub.cli.root import cli
from intelhub.health import parts
from intelhub.health.runbook import ENTRIES
from intelhub.key_backups import record_backup
from intelhub.platform import clock
from intelhub.platform.roles import driver_address
from tests.house import PEOPLE
from tests.web.records.test_desks import home

OUR_COMMANDS = sorted({one for entry in ENTRIES for one in entry.commands if one.startswith("intelhub ")})
MARKS = {"In order": "good", "To know": "info", "Needs a look": "warning", "Does not work": "bad"}


@pytest.fixture
def sql(house):
    """The superuser's hands on the tables."""
    with psycopg.connect(driver_address(house.database.superuser_url), autocommit=True) as connection:
        yield connection.execute


@pytest.fixture
def operator(client_as):
    browser = client_as("operator")
    browser.set_cookie("language", "en")
    return browser


def standing(browser):
    """By part, its mark as the home page says it."""
    page = home(browser).split('id="desk-health"')[1].split("</section>")[0]
    found = re.findall(r'class="part-name" href="/health#([a-z-]+)".*?class="mark state[^>]*>([^<]*)<', page, re.DOTALL)
    return {key: MARKS[words] for key, words in found}


def test_a_house_whose_worker_never_ran_says_so(operator):
    found = standing(operator)
    assert found == {
        "database": "good",
        "worker": "bad",
        "jobs": "good",
        "log": found["log"],
        "index": "warning",
        "keys": "good",
        "key-backup": "info",
        "backup": "info",
        "room": found["room"],
    }
    assert "Something does not work." in home(operator)


def test_a_worker_that_is_heard_of_and_reports_is_in_order(operator, sql):
    sql("insert into procrastinate_workers (last_heartbeat) values (now())")
    sql(
        "insert into upkeep_report (id, index_at, tail_rows, tails_overdue, server_documents, rest_at, older_wraps)"
        " values (1, now(), 17, 0, 0, now(), 0)"
    )
    found = standing(operator)
    assert (found["worker"], found["index"], found["jobs"], found["keys"]) == ("good",) * 4
    assert "17" in operator.get("/health").get_data(as_text=True)
    sql("update procrastinate_workers set last_heartbeat = now() - interval '2 minutes'")
    sql("update upkeep_report set tails_overdue = 2, older_wraps = 5")
    found = standing(operator)
    assert (found["worker"], found["index"], found["keys"]) == ("bad", "warning", "warning")
    sql("update upkeep_report set tails_overdue = 0, index_at = now() - interval '10 minutes'")
    assert standing(operator)["index"] == "warning"


def test_documents_behind_a_search_server_that_nobody_names_are_no_small_thing(operator, sql):
    sql(
        "insert into upkeep_report (id, index_at, tail_rows, tails_overdue, server_documents, rest_at, older_wraps)"
        " values (1, now(), 0, 0, 0, now(), 0)"
    )
    assert "search-server" not in standing(operator), "where there is none nothing is said of one"
    sql("update upkeep_report set server_documents = 1200")
    assert standing(operator)["search-server"] == "bad"
    assert "1,200" in operator.get("/health").get_data(as_text=True)


def test_jobs_are_counted_by_kind(operator, sql):
    sql(
        "insert into procrastinate_jobs (queue_name, task_name, status, args) values"
        " ('default', 'search.merge_long_tails', 'failed', '{\"record\": \"zuvoken\"}'),"
        " ('default', 'search.merge_long_tails', 'failed', '{}'),"
        " ('default', 'search.merge_every_tail', 'todo', '{}')"
    )
    assert standing(operator)["jobs"] == "warning"
    page = operator.get("/health").get_data(as_text=True)
    assert "zuvoken" not in page
    rows = re.findall(r"<code>(search\.\w+)</code>.*?</tr>", page, re.DOTALL)
    assert rows == ["search.merge_every_tail", "search.merge_long_tails"]
    failing = page.split("<code>search.merge_long_tails</code>")[1].split("</tr>")[0]
    assert re.findall(r'class="number">(\d+)<', failing) == ["0", "0", "2"]
    sql("delete from procrastinate_jobs where status = 'failed'")
    assert standing(operator)["jobs"] == "good"
    sql("update procrastinate_events set at = now() - interval '6 minutes'")
    assert standing(operator)["jobs"] == "warning", "it waits too long"


def test_a_job_that_failed_long_ago_is_no_warning_for_ever(operator, sql):
    """What failed stays in the queue, and nothing that succeeds afterwards takes it away."""
    sql(
        "insert into procrastinate_jobs (queue_name, task_name, status, args) values"
        " ('default', 'search.merge_long_tails', 'doing', '{}')"
    )
    sql("update procrastinate_jobs set status = 'failed'")
    assert standing(operator)["jobs"] == "warning"
    assert "within the last 7 days" in home(operator)
    sql("update procrastinate_events set at = now() - interval '6 days 23 hours'")
    assert standing(operator)["jobs"] == "warning"
    sql("update procrastinate_events set at = now() - interval '7 days 1 hour'")
    assert standing(operator)["jobs"] == "good"
    assert "No job has failed within the last 7 days" in home(operator)
    sql("delete from procrastinate_events")
    assert standing(operator)["jobs"] == "warning", "its age is unknown"


def test_tables_of_another_version_do_not_look_in_order(operator, sql):
    sql("update alembic_version set version_num = '0001'")
    assert standing(operator)["database"] == "bad"


def test_an_entry_that_waits_makes_the_log_stand_out(operator, sql):
    home(operator)
    sql("update audit_pending set at = at - interval '1 minute'")
    assert standing(operator)["log"] == "bad"


def test_a_root_that_is_being_changed_is_seen(operator, house, sql):
    home(operator)
    sql(
        "insert into key_encryption_keys (id, level, compartments, department_id, version, wrapped_key, root_id,"
        " created_at) values (gen_random_uuid(), 0, '{}', gen_random_uuid(), 1, '', gen_random_uuid(), now())"
    )
    assert standing(operator)["keys"] == "warning"
    assert str(house.vault.data_root_id) in operator.get("/health").get_data(as_text=True)


def test_the_disk_is_judged_by_its_share(operator, monkeypatch):
    for free, tone in ((50, "good"), (10, "warning"), (2, "bad")):
        usage = type("Usage", (), {"free": free, "total": 100})
        monkeypatch.setattr(parts.shutil, "disk_usage", lambda _path, usage=usage: usage)
        assert standing(operator)["room"] == tone


def test_a_backup_of_the_keys_is_known_when_it_was_recorded(house, tmp_path):
    class Real:
        demo = False
        var = tmp_path
        key_file = tmp_path / "key"

    Real.key_file.write_bytes(b"sealed")
    with house.acting("operator") as (_, session):

        def tone():
            return next(one for one in parts.look_at_state(session, Real).parts if one.key == "key-backup").tone

        assert tone() == "bad"
        record_backup(Real.key_file, "somebody")
        assert tone() == "good"
        Real.key_file.write_bytes(b"sealed anew")
        assert tone() == "bad"


def test_the_runbook_has_a_section_for_every_part(house, operator, tmp_path):
    class Anywhere:
        demo = True
        var = tmp_path
        key_file = tmp_path / "key"

    page = operator.get("/health/runbook").get_data(as_text=True)
    with house.acting("operator") as (_, session):
        for part in parts.look_at_state(session, Anywhere).parts:
            assert f'id="{part.key}"' in page, part.key
    assert 'href="/health/runbook"' in home(operator)


@pytest.mark.parametrize("command", OUR_COMMANDS)
def test_every_command_of_the_runbook_is_there(command):
    found = cli
    words = command.split()[1:]
    while hasattr(found, "commands") and words:
        found = found.commands[words.pop(0)]
    given = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= given


def test_nobody_but_operators_has_this_section(client_as):
    for username in PEOPLE:
        assert ('id="desk-health"' in home(client_as(username))) == (username == "operator"), username


def test_an_age_is_told_with_its_moment(operator, sql):
    sql("insert into procrastinate_workers (last_heartbeat) values (%s)", [clock.now() - timedelta(minutes=3)])
    assert "3 min ago (" in operator.get("/health").get_data(as_text=True)
