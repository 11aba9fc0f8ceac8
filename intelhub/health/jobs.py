"""How the queue stands: jobs by kind and state, and when a worker was last heard of; never what a job was given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

_WHY = {"unscoped": "kinds and states of jobs, no arguments: the grants of the application show nothing else"}
# A job without events was put in by nobody we know; its age is then left out, not guessed.
_BY_KIND = text("""
    SELECT j.task_name, j.status::text,
           count(*) FILTER (WHERE j.status <> 'failed' OR e.at IS NULL OR e.at >= :failed_since),
           min(coalesce(j.scheduled_at, e.at)), max(e.at)
    FROM procrastinate_jobs j
    LEFT JOIN LATERAL (SELECT max(at) AS at FROM procrastinate_events WHERE job_id = j.id) e ON true
    WHERE j.status IN ('todo', 'doing', 'failed')
    GROUP BY j.task_name, j.status
""")
_HEARD = text("SELECT count(*) FILTER (WHERE last_heartbeat >= :alive), max(last_heartbeat) FROM procrastinate_workers")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """The jobs of one kind: how many wait, run and failed lately; since when the oldest waits, when the last failed.

    A failed job of unknown age counts as one of lately.
    """

    name: str
    waiting: int = 0
    running: int = 0
    failed: int = 0
    waiting_since: datetime | None = None
    failed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How many workers were heard of lately, and when the last one was."""

    workers: int
    last_at: datetime | None


def list_job_kinds(session: Session, *, failed_since: datetime) -> tuple[JobKind, ...]:
    """Every kind of job that waits, runs or failed, by name, with those that failed since then.

    Failed ones stay in the queue and successful ones do not, so that a time says what is over and no success does.
    """
    found: dict[str, dict[str, object]] = {}
    for name, status, count, oldest, newest in session.execute(
        _BY_KIND, {"failed_since": failed_since}, execution_options=_WHY
    ):
        kind = found.setdefault(name, {})
        if status == "todo":
            kind |= {"waiting": count, "waiting_since": oldest}
        elif status == "doing":
            kind["running"] = count
        else:
            kind |= {"failed": count, "failed_at": newest}
    return tuple(JobKind(name=name, **seen) for name, seen in sorted(found.items()))  # type: ignore[arg-type] # as named


def hear_of_workers(session: Session, alive_since: datetime) -> Heard:
    """The workers heard of since then, and the last sign of life of any."""
    row = session.execute(_HEARD, {"alive": alive_since}, execution_options=_WHY).one()
    return Heard(workers=row[0], last_at=row[1])
