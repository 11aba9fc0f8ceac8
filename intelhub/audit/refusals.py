"""What was refused to people in somebody's charge: counted by reason, and what it was about found by its reference.

Row-level security shows these entries while the units are named, and no longer than the questions here take.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from intelhub.audit.directory import directory
from intelhub.audit.models import AuditEntry
from intelhub.audit.queries import open_refusals
from intelhub.audit.reference import ids_of_reference, parse_reference
from intelhub.platform.actor import Actor

MOST_REASONS = 10
MOST_ALIKE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReason:
    """How often something was refused under one rule, and to how many people."""

    rule: str
    count: int
    people: int


def count_refusals(actor: Actor, session: Session, since: datetime) -> tuple[RefusalReason, ...]:
    """What was refused in the actor's charge since then by rule, the most frequent first; at most 10."""
    times, people = func.count(), func.count(AuditEntry.actor_id.distinct())
    with _opened(actor, session) as units:
        rows = session.execute(
            select(AuditEntry.rule, times, people)
            .where(AuditEntry.decision == "deny", AuditEntry.at >= since, AuditEntry.unit_id.in_(units))
            .group_by(AuditEntry.rule)
            .order_by(times.desc(), AuditEntry.rule)
            .limit(MOST_REASONS)
        ).all()
    return tuple(RefusalReason(rule=rule, count=count, people=several) for rule, count, several in rows)


def find_refused(actor: Actor, session: Session, number: int) -> UUID | None:
    """What the entry with this number was about; None for one that is not in the actor's list of refusals."""
    with _opened(actor, session) as units:
        return session.scalar(
            select(AuditEntry.object_id).where(
                AuditEntry.seq == number, AuditEntry.decision == "deny", AuditEntry.unit_id.in_(units)
            )
        )


def list_refused(actor: Actor, session: Session, typed: str) -> tuple[UUID, ...]:
    """What a short reference in the actor's list of refusals may stand for, the first refused first; at most 50.

    There may be several: whoever is refused chooses the id, and can let it begin like another one.
    """
    try:
        first, last = ids_of_reference(parse_reference(typed))
    except ValueError:
        return ()
    with _opened(actor, session) as units:
        found = session.scalars(
            select(AuditEntry.object_id)
            .where(
                AuditEntry.object_id.between(first, last),
                AuditEntry.decision == "deny",
                AuditEntry.unit_id.in_(units),
            )
            .group_by(AuditEntry.object_id)
            .order_by(func.min(AuditEntry.seq))
            .limit(MOST_ALIKE)
        )
        return tuple(one for one in found if one is not None)


@contextmanager
def _opened(actor: Actor, session: Session) -> Iterator[frozenset[UUID]]:
    units = directory().refusal_units_of(actor, session)
    open_refusals(session, units)
    try:
        yield units
    finally:
        # In a broken transaction this fails too, and what was set ends with it: the first error is the one to tell.
        with suppress(SQLAlchemyError):
            open_refusals(session, ())
