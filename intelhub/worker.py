"""The background process: the audit sequencer as a thread, and the jobs that keep the search index small.

Several workers may run: an advisory lock picks one sequencer, and every job brings its subject to the newest state.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from uuid import UUID

import procrastinate
import structlog
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status
from sqlalchemy.orm import Session

from intelhub.access import record_policy_in_force
from intelhub.app import House, open_house
from intelhub.audit import LogDamaged, run_sequencer
from intelhub.crypto import harden_process
from intelhub.health import report_on_index, report_on_keys
from intelhub.index_upkeep import catch_up, check_search_server, merge_tails, rebuild_search_server, tidy_search_server
from intelhub.platform.database import open_engine
from intelhub.platform.errors import IntelhubError
from intelhub.settings import Settings
from intelhub.system import WORKER, SystemScope
from intelhub.watching import look_for_watchers

_log = structlog.get_logger(__name__)
_SILENT_SECONDS = 120.0  # a worker says every ten that it lives
_EVERY_MINUTE = "* * * * *"
_EVERY_HOUR = "7 * * * *"
_HOURLY_UPKEEP = "search.merge_every_tail"
_UPKEEP = "search.upkeep"  # what may take long: one at a time, so that a slot is left for what is due each minute
_EVERY_NIGHT = "17 3 * * *"


def _sequence(house: House, stop: threading.Event) -> None:
    engine = open_engine(house.settings.url_for("sequencer"), pool_size=2)
    try:
        run_sequencer(engine, house.vault, stop)
    except LogDamaged as damage:
        # Readiness turns red by the age of what waits; signing over a damaged log would hide the damage.
        _log.critical("audit log damaged, sequencer stopped", rule=str(damage))


def report(house: House, *, on_keys: bool = False) -> None:
    """Write down for operators what the worker's role alone can count.

    What cannot be counted stands in the log and stops neither the other count nor the work: the page for operators
    tells how old a count is.
    """
    counts: dict[str, Callable[[Session], None]] = {
        "report_on_index": partial(report_on_index, server=house.search_server)
    }
    if on_keys:
        counts["report_on_keys"] = report_on_keys
    for name, count in counts.items():
        try:
            with house.units.begin(WORKER, SystemScope()) as session:
                count(session)
        except Exception as error:  # noqa: BLE001 - nothing that goes wrong with a figure may stop what is signed
            # The kind alone: the words of an error may quote what it was about.
            _log.error("a count for operators failed", count=name, kind=type(error).__name__)


async def end_stalled_jobs(jobs: procrastinate.App) -> None:
    """Call a job failed whose worker was not heard of for two minutes.

    A worker that is killed leaves its job standing as if it ran, and nothing behind the same lock would ever run again.
    """
    for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=_SILENT_SECONDS):
        _log.error("a job stopped with its worker", job=job.task_name)
        await jobs.job_manager.finish_job(job, status=Status.FAILED, delete_job=False)


def build_jobs(house: House, desk: House) -> procrastinate.App:
    """The jobs this process works on, on the worker's own connection; `desk` is where it looks for people."""
    reached: UUID | None = None
    conninfo = house.settings.url_for("worker").replace("postgresql+psycopg://", "postgresql://")
    jobs = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))

    @jobs.periodic(cron=_EVERY_MINUTE)
    @jobs.task(name="search.merge_long_tails", queueing_lock="search.merge_long_tails")
    def merge_long_tails(timestamp: int) -> None:
        del timestamp
        merge_tails(house)
        report(house)

    @jobs.periodic(cron=_EVERY_MINUTE)
    @jobs.task(name="records.look_for_watchers", queueing_lock="records.look_for_watchers")
    def look_for_all_watchers(timestamp: int) -> None:
        nonlocal reached
        del timestamp
        reached = look_for_watchers(house, desk, after=reached)

    @jobs.periodic(cron=_EVERY_MINUTE)
    @jobs.task(name="jobs.end_stalled", queueing_lock="jobs.end_stalled")
    async def end_stalled(timestamp: int) -> None:
        del timestamp
        await end_stalled_jobs(jobs)

    @jobs.periodic(cron=_EVERY_HOUR)
    @jobs.task(name=_HOURLY_UPKEEP, lock=_UPKEEP, queueing_lock=_HOURLY_UPKEEP)
    def merge_every_tail(timestamp: int) -> None:
        del timestamp
        merge_tails(house, at_least=1)
        catch_up(house)
        rebuild_search_server(house)
        report(house, on_keys=True)

    @jobs.periodic(cron=_EVERY_NIGHT)
    @jobs.task(name="search.check_server", lock=_UPKEEP, queueing_lock="search.check_server")
    def check_server(timestamp: int) -> None:
        del timestamp
        rebuild_search_server(house, changed=0.0)
        check_search_server(house)
        tidy_search_server(house)

    return jobs


async def ask_for_upkeep(jobs: procrastinate.App) -> None:
    """Put the hourly upkeep in line now: what waited while no worker ran is not left to the full hour.

    Not while one stands as running: another worker is at it, or it killed the one before this and would do so again.
    """
    if [*await jobs.job_manager.list_jobs_async(task=_HOURLY_UPKEEP, status=Status.DOING.value)]:
        return
    with suppress(AlreadyEnqueued):
        await jobs.tasks[_HOURLY_UPKEEP].defer_async(timestamp=int(time.time()))


async def _work(jobs: procrastinate.App) -> None:
    async with jobs.open_async():
        await ask_for_upkeep(jobs)
        await jobs.run_worker_async(concurrency=2, fetch_job_polling_interval=1.0, delete_jobs="successful")


def main() -> int:
    """Run until a signal says stop."""
    harden_process()
    try:
        settings = Settings.from_environ(os.environ)
        house, desk = open_house(settings, role="worker"), open_house(settings)
    except IntelhubError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    with house.units.begin(WORKER, SystemScope()) as session:
        record_policy_in_force(WORKER, session)
    stop = threading.Event()
    sequencer = threading.Thread(target=_sequence, args=(house, stop), name="sequencer")
    sequencer.start()
    try:
        report(house, on_keys=True)
        asyncio.run(_work(build_jobs(house, desk)))
    finally:
        stop.set()
        sequencer.join(timeout=10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
