"""What the worker writes down for operators is what there is, and the application can only read it."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from intelhub.crypto import KekScope, rotate_kek
from intelhub.health import report_on_index, report_on_keys
from intelhub.health.report import find_report
from intelhub.platform import clock
from intelhub.platform.database import open_engine
from intelhub.platform.roles import driver_address
from intelhub.platform.unit_of_work import UnitsOfWork
from intelhub.records import rewrap_records
from intelhub.search import list_merges_due, merge_partition
from intelhub.system import WORKER, SystemScope
from tests.factories.record_world import submitted, travelled


@pytest.fixture
def worker(house):
    """Units of work under the worker's role."""
    engine = open_engine(house.database.worker_url, pool_size=1)
    units = UnitsOfWork(engine, house.units.info)
    yield lambda: units.begin(WORKER, SystemScope())
    engine.dispose()


def reported(house):
    """What an operator is shown."""
    with house.acting("operator") as (_, session):
        found = find_report(session)
        return found.tail_rows, found.tails_overdue, found.older_wraps


def test_changes_wait_until_they_are_merged(house, worker):
    with worker() as session:
        report_on_index(session)
    assert reported(house) == (0, 0, 0)
    submitted(house)
    travelled(house, 2)
    with worker() as session:
        waiting = session.scalar(text("SELECT count(*) FROM search_tail"), execution_options={"unscoped": "a count"})
        report_on_index(session)
    assert reported(house) == (waiting, 0, 0)
    with worker() as session:
        for partition in list_merges_due(session, at_least=1):
            merge_partition(session, partition)
        report_on_index(session)
    assert reported(house) == (0, 0, 0)


def test_what_lies_under_a_replaced_key_is_counted_until_it_is_wrapped_anew(house, worker):
    submitted(house)
    with worker() as session:
        [(level, department)] = session.execute(
            text("SELECT DISTINCT level, origin_department_id FROM records"),
            execution_options={"unscoped": "whose key is to be replaced"},
        )
        scope = KekScope(level=level, compartments=(), department_id=department)
        report_on_keys(session)
    assert reported(house)[2] == 0
    with worker() as session:
        rotate_kek(session, scope)
        report_on_keys(session)
    assert reported(house)[2] >= 2  # the record and its step
    with worker() as session:
        while rewrap_records(session, scope):
            pass
        report_on_keys(session)
    assert reported(house)[2] == 0


def test_once_none_is_left_records_are_read_again_only_after_another_replacement(house, worker):
    submitted(house)
    why = {"unscoped": "how the server reads"}
    scans = text("SELECT coalesce(sum(seq_scan + idx_scan), 0) FROM pg_stat_xact_user_tables WHERE relname = 'records'")

    def report(at) -> int:
        with clock.telling(at), worker() as session:
            before = session.execute(scans, execution_options=why).scalar_one()
            report_on_keys(session)
            return session.execute(scans, execution_options=why).scalar_one() - before

    now = clock.now()
    with worker() as session:
        whose = text("SELECT DISTINCT level, origin_department_id FROM records")
        [(level, department)] = session.execute(whose, execution_options=why)
        scope = KekScope(level=level, compartments=(), department_id=department)
        rotate_kek(session, scope)
    assert report(now + timedelta(hours=1)) > 0
    assert reported(house)[2] >= 2
    with worker() as session:
        while rewrap_records(session, scope):
            pass
    assert report(now + timedelta(hours=2)) > 0
    assert reported(house)[2] == 0
    assert report(now + timedelta(hours=3)) == 0
    with worker() as session:
        later = "UPDATE key_encryption_keys SET retired_at = now() + interval '3 hours' WHERE retired_at IS NOT NULL"
        session.execute(text(later), execution_options=why)
    assert report(now + timedelta(hours=4)) > 0


def test_the_application_cannot_write_it(house):
    with psycopg.connect(driver_address(house.database.app_url), autocommit=True) as connection:
        for statement in (
            "update upkeep_report set tails_overdue = 0",
            "delete from upkeep_report",
            "insert into upkeep_report values (1, now(), 0, 0, now(), 0, now(), now())",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
