"""The parts of an installation, each judged from what can be known of it: in order, needs a look, does not work."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from intelhub.audit import get_chain_status
from intelhub.crypto import keys_in_force, roots_in_use, vault_of
from intelhub.health.jobs import JobKind, hear_of_workers, list_job_kinds
from intelhub.health.report import MOST_COUNTED, find_report
from intelhub.key_backups import find_backup
from intelhub.platform import clock
from intelhub.platform.messages import Message
from intelhub.platform.migrate import newest_revision
from intelhub.settings import Settings

Tone = Literal["good", "info", "warning", "bad"]

HEARD_WITHIN = timedelta(seconds=60)  # a worker gives a sign of life every ten seconds
JOBS_WAIT = timedelta(minutes=5)
FAILED_WITHIN = timedelta(days=7)
REPORTED_WITHIN = timedelta(minutes=5)  # the worker looks every minute
SIGNED_WITHIN = timedelta(minutes=1)  # a checkpoint follows an entry within a second or two
LITTLE_ROOM, NO_ROOM = 0.15, 0.05
_WHY = {"unscoped": "asks nothing of any table but the revision they stand at"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its key (also its place in the runbook), how it stands, a sentence that says why, and its facts."""

    key: str
    name: Message
    tone: Tone
    said: Message
    facts: tuple[tuple[Message, object], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The whole installation at this moment."""

    parts: tuple[Part, ...]
    jobs: tuple[JobKind, ...]

    @property
    def tone(self) -> Tone:
        """The worst of all parts; what is only to be known counts as good."""
        tones = {part.tone for part in self.parts}
        return "bad" if "bad" in tones else "warning" if "warning" in tones else "good"


def look_at_state(session: Session, settings: Settings) -> State:
    """How every part stands now; reads totals, files of the data folder and nothing that belongs to a record."""
    now = clock.now()
    jobs = list_job_kinds(session, failed_since=now - FAILED_WITHIN)
    return State(
        parts=(
            _database(session),
            _worker(session, now),
            _jobs(jobs, now),
            _log(session, now),
            _index(session, now),
            *_search_server(session, settings),
            _keys(session),
            *_backups(session, settings),
            _room(settings),
        ),
        jobs=jobs,
    )


@cache
def _expected_revision() -> str | None:
    return newest_revision()


def _database(session: Session) -> Part:
    version = session.scalar(text("SHOW server_version"), execution_options=_WHY)
    revision = session.scalar(text("SELECT version_num FROM alembic_version"), execution_options=_WHY)
    is_newest = revision == _expected_revision()
    return Part(
        key="database",
        name=Message("Database"),
        tone="good" if is_newest else "bad",
        said=Message("It answers, and its tables are those this version expects.")
        if is_newest
        else Message("It answers, and its tables are not those this version expects."),
        facts=(
            (Message("Server"), f"PostgreSQL {version}"),
            (Message("Tables at revision"), revision),
            (Message("Revision of this version"), _expected_revision()),
        ),
    )


def _worker(session: Session, now: datetime) -> Part:
    heard = hear_of_workers(session, now - HEARD_WITHIN)
    said = Message("A worker was heard of within the last minute.")
    if heard.last_at is None:
        said = Message("No worker has been heard of. Nothing is signed and nothing is merged.")
    elif not heard.workers:
        said = Message("No worker has been heard of for more than a minute.")
    return Part(
        key="worker",
        name=Message("Worker"),
        tone="good" if heard.workers else "bad",
        said=said,
        facts=((Message("Heard of last"), heard.last_at), (Message("Workers heard of"), heard.workers)),
    )


def _jobs(jobs: Iterable[JobKind], now: datetime) -> Part:
    waiting, failed = sum(kind.waiting for kind in jobs), sum(kind.failed for kind in jobs)
    late = [since for kind in jobs if (since := kind.waiting_since) is not None and now - since > JOBS_WAIT]
    said = Message("No job has failed within the last 7 days, and none waits long.")
    if failed:
        said = Message("Jobs have failed within the last 7 days. The log of the worker says why.")
    elif late:
        said = Message("A job has been waiting for more than five minutes.")
    return Part(
        key="jobs",
        name=Message("Jobs"),
        tone="warning" if failed or late else "good",
        said=said,
        facts=((Message("Waiting"), waiting), (Message("Failed within 7 days"), failed)),
    )


def _log(session: Session, now: datetime) -> Part:
    chain = get_chain_status(session)
    tone: Tone = "good"
    said = Message("Entries find their place in time, and what has one is signed.")
    unsigned = chain.size > chain.signed_size and (chain.signed_at is None or now - chain.signed_at > SIGNED_WITHIN)
    if chain.is_late:
        tone, said = (
            "bad",
            Message("Audit entries wait too long for their place in the log. See whether the worker runs."),
        )
    elif chain.root is None:
        tone, said = "bad", Message("What says how far the tree reaches was changed or is missing.")
    elif unsigned:
        tone, said = "warning", Message("Entries have been without a signed checkpoint for more than a minute.")
    waited = chain.oldest_waiting_seconds
    return Part(
        key="log",
        name=Message("Audit log"),
        tone=tone,
        said=said,
        facts=(
            (Message("Entries in the log"), chain.size),
            (Message("Oldest entry without a place"), now - timedelta(seconds=waited) if waited is not None else None),
            (Message("Last signed checkpoint"), chain.signed_at),
        ),
    )


def _index(session: Session, now: datetime) -> Part:
    report = find_report(session)
    if report is None or now - report.index_at > REPORTED_WITHIN:
        return Part(
            key="index",
            name=Message("Search index"),
            tone="warning",
            said=Message("The worker has not said for more than five minutes how the index keeps up."),
            facts=((Message("Looked at"), report.index_at if report else None),),
        )
    return Part(
        key="index",
        name=Message("Search index"),
        tone="warning" if report.tails_overdue else "good",
        said=Message("Merging is behind: some tails are longer than they should be. Searches still find everything.")
        if report.tails_overdue
        else Message("No part of it waits to be merged for longer than it should."),
        facts=(
            (Message("Changes not merged yet"), report.tail_rows),
            (Message("Parts whose merge is due"), report.tails_overdue),
            (Message("Looked at"), report.index_at),
        ),
    )


def _search_server(session: Session, settings: Settings) -> Iterator[Part]:
    """Where one is named, or where documents lie behind one that is named no more."""
    report = find_report(session)
    if report is None or (settings.elasticsearch_url is None and not report.server_documents):
        return
    tone: Tone = "good"
    said = Message("It answers the worker.")
    if settings.elasticsearch_url is None or report.server_answers is None:
        tone = "bad"
        said = Message("Records lie behind its tokens, and the settings name no server: older ones are not found.")
        if not report.server_documents:
            tone, said = "warning", Message("The web server's settings name one and the worker's do not.")
    elif not report.server_answers:
        tone, said = "bad", Message("It does not answer the worker: searches go on and may miss older records.")
    elif report.server_takes_writes is False:
        tone = "warning"
        said = Message("It answers and takes nothing new: that waits in sealed parts, where searches find it.")
    yield Part(
        key="search-server",
        name=Message("Search server"),
        tone=tone,
        said=said,
        facts=(
            (Message("Documents behind tokens"), report.server_documents),
            (Message("Looked at"), report.index_at),
        ),
    )


def _keys(session: Session) -> Part:
    vault, report = vault_of(session), find_report(session)
    in_force = keys_in_force(session)
    former = roots_in_use(session) - {vault.data_root_id}
    older = report.older_wraps if report else None
    tone: Tone = "good"
    said = Message("Every key rests on the root of the key file.")
    if former:
        tone, said = (
            "warning",
            Message("Keys still rest on a former root: a rotation of the root has not come to its end."),
        )
    elif older:
        tone, said = "warning", Message("Records still lie under a replaced key: a rotation has not come to its end.")
    counted: object = None if older is None else f"{MOST_COUNTED}+" if older >= MOST_COUNTED else older
    return Part(
        key="keys",
        name=Message("Keys"),
        tone=tone,
        said=said,
        facts=(
            (
                Message("Key file"),
                Message("a demo key, whose passphrase lies beside it")
                if vault.is_demo
                else Message("a key for real data"),
            ),
            (Message("Id of the key file"), str(vault.key_file_id)),
            (Message("Id of the root"), str(vault.data_root_id)),
            (Message("Former roots keys rest on"), len(former)),
            (Message("Keys in force"), in_force.number),
            (Message("The oldest of them since"), in_force.oldest_at),
            (Message("Sealed parts under a replaced key"), counted),
            (Message("Counted"), report.rest_at if report else None),
        ),
    )


def _backups(session: Session, settings: Settings) -> Iterator[Part]:
    backup, report = find_backup(settings.key_file), find_report(session)
    facts: tuple[tuple[Message, object], ...] = (
        (Message("Recorded"), backup.recorded_at if backup else None),
        (Message("Recorded by"), backup.recorded_by if backup else None),
    )
    tone: Tone = "good"
    said = Message("Somebody recorded that the key file, as it is now, and its passphrase are kept elsewhere.")
    if backup is None or not backup.is_current:
        tone = "bad"
        said = Message("No backup of the keys is recorded: if they are lost, no record can ever be read again.")
        if backup is not None:
            said = Message("The keys changed since their backup was recorded.")
        if settings.demo:
            tone, said = "info", Message("No backup of the keys is recorded, and a demo needs none.")
    yield Part(key="key-backup", name=Message("Backup of the keys"), tone=tone, said=said, facts=facts)
    yield Part(
        key="backup",
        name=Message("Backup of the database"),
        tone="info",
        said=Message("The product makes none and knows of none: see in your own backups when the last one was made."),
        facts=(
            (Message("Audit log last exported"), report.exported_at if report else None),
            (Message("Every record last checked"), report.checked_at if report else None),
        ),
    )


def _room(settings: Settings) -> Part:
    usage = shutil.disk_usage(settings.var)
    share = usage.free / usage.total if usage.total else 0.0
    tone: Tone = "bad" if share < NO_ROOM else "warning" if share < LITTLE_ROOM else "good"
    said = {
        "good": Message("The disk of the data folder has room."),
        "warning": Message("The disk of the data folder is filling up."),
        "bad": Message("The disk of the data folder is almost full. A full one stops every act."),
    }[tone]
    return Part(
        key="room",
        name=Message("Disk"),
        tone=tone,
        said=said,
        facts=(
            (Message("Gigabytes free"), round(usage.free / 1e9, 1)),
            (Message("Free share"), f"{share:.0%}"),
        ),
    )
