"""A worker that was killed leaves its job standing as if it ran: what waits behind the same lock runs all the same."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import procrastinate
import psycopg
import pytest

from intelhub.platform.roles import driver_address
from intelhub.worker import end_stalled_jobs


@pytest.fixture
def by_hand(database):
    with psycopg.connect(driver_address(database.superuser_url), autocommit=True) as connection:
        yield lambda statement, *given: connection.execute(statement, given)


def put(by_hand, *, status, worker=None):
    sql = """
        insert into procrastinate_jobs (queue_name, task_name, lock, status, worker_id, args)
        values ('default', 'search.merge_every_tail', 'search.upkeep', %s::procrastinate_job_status, %s, '{}')
        returning id
    """
    return by_hand(sql, status, worker).fetchone()[0]


def worker_heard_of(by_hand, ago):
    sql = "insert into procrastinate_workers (last_heartbeat) values (now() - %s::interval) returning id"
    return by_hand(sql, ago).fetchone()[0]


def looked_at(database):
    """End what stalled as the worker does, then take the next job as it does: its number, if there is any."""
    with ThreadPoolExecutor(1) as beside:  # a browser of another test may have a loop in this thread
        return beside.submit(asyncio.run, _looked_at(database)).result()


async def _looked_at(database):
    jobs = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=driver_address(database.worker_url)))
    async with jobs.open_async():
        await end_stalled_jobs(jobs)
        worker = await jobs.job_manager.register_worker()
        found = await jobs.job_manager.fetch_job(queues=None, worker_id=worker)
    return found and found.id


@pytest.mark.parametrize("is_gone", [False, True])
def test_what_waits_behind_a_job_of_a_killed_worker_runs_and_the_job_failed(database, by_hand, is_gone):
    stalled = put(by_hand, status="doing", worker=worker_heard_of(by_hand, "1 hour"))
    if is_gone:
        by_hand("delete from procrastinate_workers")
    waiting = put(by_hand, status="todo")
    assert looked_at(database) == waiting
    assert by_hand("select status::text from procrastinate_jobs where id = %s", stalled).fetchone() == ("failed",)


def test_a_job_of_a_worker_that_lives_goes_on(database, by_hand):
    running = put(by_hand, status="doing", worker=worker_heard_of(by_hand, "40 seconds"))
    put(by_hand, status="todo")
    assert looked_at(database) is None
    assert by_hand("select status::text from procrastinate_jobs where id = %s", running).fetchone() == ("doing",)
