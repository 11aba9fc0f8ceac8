"""The background process: the audit sequencer as a thread, and the jobs that keep the search index small.

Several workers may run: an advisory lock picks one sequencer, and every job brings its subject to the newest state.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from uuid import UUID, uuid4

import procrastinate
import structlog

from intelhub.access import (
    NOBODY,
    RightMisfit,
    actor_at_own_desk,
    may,
    raise_alarm,
    record_policy_in_force,
    scope_for,
)
from intelhub.app import House, open_house
from intelhub.audit import SYSTEM_ACTOR_ID, LogDamaged, run_sequencer
from intelhub.crypto import harden_process
from intelhub.health import report_on_index, report_on_keys
from intelhub.platform.actor import Actor
from intelhub.platform.database import open_engine
from intelhub.platform.errors import IntelhubError, Tampered
from intelhub.records import list_watched_ids, list_watchers, look_again
from intelhub.search import (
    CHANGED_SHARE,
    TAIL_ROWS,
    Partition,
    SearchServer,
    ServerAway,
    check_wall,
    clear_epoch,
    drop_epochs,
    levels_due,
    list_indices,
    list_merges_due,
    list_walls,
    merge_partition,
    next_epoch,
    rebuild_wall,
    shelve_partition,
    walls_of_level,
)
from intelhub.settings import Settings

_log = structlog.get_logger(__name__)
_EVERY_MINUTE = "* * * * *"
_LOOKING_SECONDS = 45.0
_EVERY_HOUR = "7 * * * *"
_EVERY_NIGHT = "17 3 * * *"

WORKER = Actor(user_id=SYSTEM_ACTOR_ID, username="worker")


@dataclass(frozen=True, slots=True)
class SystemScope:
    """No row filter: the worker's database role has policies and grants of its own."""

    is_system: bool = True

    def context(self) -> Mapping[str, str]:
        """No actor stands behind the system."""
        return {}

    def rights(self) -> Hashable:
        """No filter is made for the system."""
        return self.is_system


def _sequence(house: House, stop: threading.Event) -> None:
    engine = open_engine(house.settings.url_for("sequencer"), pool_size=2)
    try:
        run_sequencer(engine, house.vault, stop)
    except LogDamaged as damage:
        # Readiness turns red by the age of what waits; signing over a damaged log would hide the damage.
        _log.critical("audit log damaged, sequencer stopped", rule=str(damage))


def merge_tails(house: House, *, at_least: int = TAIL_ROWS) -> None:
    """Merge every partition whose tail is long enough, each in a transaction of its own."""
    with house.units.begin(WORKER, SystemScope()) as session:
        due = list_merges_due(session, at_least=at_least)
    for partition in due:
        try:
            if not _shelve(house, partition):
                with house.units.begin(WORKER, SystemScope()) as session:
                    merge_partition(session, partition)
        except Tampered:
            _log.error("a search partition does not fit its seal; run intelhub reindex", level=partition.level)


def _shelve(house: House, partition: Partition) -> bool:
    """Move a partition behind tokens, where there is a search server that answers."""
    if house.search_server is None:
        return False
    try:
        with house.units.begin(WORKER, SystemScope()) as session:
            return shelve_partition(session, house.search_server, partition)
    except ServerAway:
        return False  # sealed parts take it until the server is back


def check_search_server(house: House) -> None:
    """Bring the search server and the dictionaries to what the database holds, each wall in its own transaction."""
    if house.search_server is None:
        return
    with house.units.begin(WORKER, SystemScope()) as session:
        walls = list(list_walls(session))
    for wall in walls:
        try:
            with house.units.begin(WORKER, SystemScope()) as session:
                sent = check_wall(session, house.search_server, wall)
        except (ServerAway, Tampered) as error:
            _log.error("the search server could not be checked", level=wall.level, kind=type(error).__name__)
        else:
            if sent:
                _log.error("the search server had lost documents; they were sent again", level=wall.level, sent=sent)


def rebuild_search_server(house: House, *, changed: float = CHANGED_SHARE) -> None:
    """Send every level anew that is due, wall by wall, under keys and ids of a fresh epoch.

    A flat level is due each night with any change, and by the hour once a twentieth of it has changed.
    """
    if house.search_server is None:
        return
    with house.units.begin(WORKER, SystemScope()) as session:
        due = levels_due(session, changed=changed)
    for level in due:
        try:
            _rebuild_level(house, house.search_server, level)
        except (ServerAway, Tampered) as error:
            _log.error("a level of the search server could not be rebuilt", level=level, kind=type(error).__name__)


def _rebuild_level(house: House, server: SearchServer, level: int) -> None:
    with house.units.begin(WORKER, SystemScope()) as session:
        epoch, walls = next_epoch(session, level), walls_of_level(session, level)
        clear_epoch(session, server, level, epoch)
    for wall in walls:
        with house.units.begin(WORKER, SystemScope()) as session:
            rebuild_wall(session, server, wall, epoch)
    with house.units.begin(WORKER, SystemScope()) as session:
        drop_epochs(session, server, level, before=epoch)


def tidy_search_server(house: House) -> None:
    """Let the server forget what it keeps of each document beside its tokens; it takes half a minute and a merge."""
    if house.search_server is None:
        return
    try:
        with house.units.begin(WORKER, SystemScope()) as session:
            indices = list_indices(session)
        for index in indices:
            house.search_server.forget_what_was_sent(index)
    except (ServerAway, Tampered) as error:
        _log.error("the search server could not be tidied", kind=type(error).__name__)


def look_for_watchers(
    house: House, desk: House, *, after: UUID | None = None, seconds: float = _LOOKING_SECONDS
) -> UUID | None:
    """Look every watched search through, each with its owner's rights in a transaction of its own.

    Whose they are the worker's role may know; what they ask and find is the owner's, and `desk` is a house in the
    application's role, where row-level security holds for them as in their own session. When time is up: whom it
    reached last, behind whom the next round begins.
    """
    until = time.monotonic() + seconds
    with house.units.begin(WORKER, SystemScope()) as session:
        watchers = list_watchers(session)
    for user_id in (one for one in watchers if after is None or one > after):
        if time.monotonic() >= until:
            return after
        after = user_id
        try:
            _look_for(desk, user_id)
        except RightMisfit as found:
            with desk.units.begin(NOBODY, scope_for(NOBODY)) as session:
                raise_alarm(NOBODY, session, found)
        except Exception as error:  # noqa: BLE001 - what goes wrong for one must not silence the others
            _log.error("watched searches could not be looked through", kind=type(error).__name__)
    return None


def _look_for(desk: House, user_id: UUID) -> None:
    with desk.units.begin(NOBODY, scope_for(NOBODY)) as session:
        actor = actor_at_own_desk(session, user_id, request_id=uuid4())
    if actor is None or not may(actor, "record.search"):
        return
    with desk.units.begin(actor, scope_for(actor)) as session:
        watched = list_watched_ids(actor, session)
    for view_id in watched:
        try:
            with desk.units.begin(actor, scope_for(actor)) as session:
                look_again(actor, session, view_id)
        except Exception as error:  # noqa: BLE001 - nor one search the others of the same person
            # The kind alone: the words of an error may quote what was asked.
            _log.error("a watched search could not be looked through", kind=type(error).__name__)


def report(house: House, *, on_keys: bool = False) -> None:
    """Write down for operators what the worker's role alone can count.

    What cannot be counted stands in the log and stops neither the other count nor the work: the page for operators
    tells how old a count is.
    """
    for count in (report_on_index, report_on_keys) if on_keys else (report_on_index,):
        try:
            with house.units.begin(WORKER, SystemScope()) as session:
                count(session)
        except Exception as error:  # noqa: BLE001 - nothing that goes wrong with a figure may stop what is signed
            # The kind alone: the words of an error may quote what it was about.
            _log.error("a count for operators failed", count=count.__name__, kind=type(error).__name__)


def build_jobs(house: House, desk: House) -> procrastinate.App:
    """The jobs this process works on, on the worker's own connection; `desk` is where it looks for people."""
    reached: UUID | None = None
    conninfo = house.settings.url_for("worker").replace("postgresql+psycopg://", "postgresql://")
    jobs = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=conninfo))

    @jobs.periodic(cron=_EVERY_MINUTE)
    @jobs.task(name="search.merge_long_tails")
    def merge_long_tails(timestamp: int) -> None:
        del timestamp
        merge_tails(house)
        report(house)

    @jobs.periodic(cron=_EVERY_MINUTE)
    @jobs.task(name="records.look_for_watchers")
    def look_for_all_watchers(timestamp: int) -> None:
        nonlocal reached
        del timestamp
        reached = look_for_watchers(house, desk, after=reached)

    @jobs.periodic(cron=_EVERY_HOUR)
    @jobs.task(name="search.merge_every_tail")
    def merge_every_tail(timestamp: int) -> None:
        del timestamp
        merge_tails(house, at_least=1)
        rebuild_search_server(house)
        report(house, on_keys=True)

    @jobs.periodic(cron=_EVERY_NIGHT)
    @jobs.task(name="search.check_server")
    def check_server(timestamp: int) -> None:
        del timestamp
        rebuild_search_server(house, changed=0.0)
        check_search_server(house)
        tidy_search_server(house)

    return jobs


async def _work(jobs: procrastinate.App) -> None:
    async with jobs.open_async():
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
