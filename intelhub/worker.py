"""The background process: the audit sequencer as a thread, and the jobs that keep the search index small.

Several workers may run: an advisory lock picks one sequencer, and every job brings its subject to the newest state.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass

import procrastinate
import structlog

from intelhub.app import House, open_house
from intelhub.audit import SYSTEM_ACTOR_ID, LogDamaged, run_sequencer
from intelhub.crypto import harden_process
from intelhub.platform.actor import Actor
from intelhub.platform.database import open_engine
from intelhub.platform.errors import IntelhubError
from intelhub.search import merge_all
from intelhub.settings import Settings

_log = structlog.get_logger(__name__)
_MERGE_SCHEDULE = "* * * * *"  # looks every minute; a partition is merged at 200 rows or after an hour

WORKER = Actor(user_id=SYSTEM_ACTOR_ID, username="worker")


@dataclass(frozen=True, slots=True)
class SystemScope:
    """No row filter: the worker's database role has policies and grants of its own."""

    is_system: bool = True

    def context(self) -> Mapping[str, str]:
        """No actor stands behind the system."""
        return {}


def _sequence(house: House, stop: threading.Event) -> None:
    engine = open_engine(house.settings.url_for("sequencer"), pool_size=2)
    try:
        run_sequencer(engine, house.vault, stop)
    except LogDamaged as damage:
        # Readiness turns red by the age of what waits; signing over a damaged log would hide the damage.
        _log.critical("audit log damaged, sequencer stopped", rule=str(damage))


def build_jobs(house: House) -> procrastinate.App:
    """The jobs this process works on, on the worker's own connection."""
    conninfo = house.settings.url_for("worker").replace("postgresql+psycopg://", "postgresql://")
    jobs = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))

    @jobs.periodic(cron=_MERGE_SCHEDULE)
    @jobs.task(name="search.merge", pass_context=False)
    def merge_search(timestamp: int) -> None:
        del timestamp
        with house.units.begin(WORKER, SystemScope()) as session:
            merge_all(session)

    return jobs


async def _work(jobs: procrastinate.App) -> None:
    async with jobs.open_async():
        await jobs.run_worker_async(concurrency=2, fetch_job_polling_interval=1.0, delete_jobs="successful")


def main() -> int:
    """Run until a signal says stop."""
    harden_process()
    try:
        house = open_house(Settings.from_environ(os.environ), role="worker")
    except IntelhubError as refused:
        sys.stderr.write(f"{refused}\n")
        return 1
    stop = threading.Event()
    sequencer = threading.Thread(target=_sequence, args=(house, stop), name="sequencer")
    sequencer.start()
    try:
        asyncio.run(_work(build_jobs(house)))
    finally:
        stop.set()
        sequencer.join(timeout=10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
