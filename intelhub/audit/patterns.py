"""What is worth a look: refusals by reason, sign-ins that failed, records opened by people of many units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intelhub.audit.models import AuditEntry
from intelhub.platform.actor import Actor

_OPENED = "record:read"
_SIGN_IN_REFUSED = "session:refused"
_MOST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalPattern:
    """How often one act was refused for one reason."""

    action: str
    rule: str
    count: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPattern:
    """How often sign-ins to one account failed for one reason; no account when there is none of that name."""

    user_id: UUID | None
    rule: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPattern:
    """How many units and people opened one record, and how often."""

    object_id: UUID
    units: int
    people: int
    count: int


def list_refusals_by_reason(_actor: Actor, session: Session, since: datetime) -> tuple[RefusalPattern, ...]:
    """What was refused since then, the most frequent first; without sign-ins, at most 10."""
    times, people = func.count(), func.count(AuditEntry.actor_id.distinct())
    rows = session.execute(
        select(AuditEntry.action, AuditEntry.rule, times, people)
        .where(AuditEntry.decision == "deny", AuditEntry.at >= since, AuditEntry.action != _SIGN_IN_REFUSED)
        .group_by(AuditEntry.action, AuditEntry.rule)
        .order_by(times.desc(), AuditEntry.action, AuditEntry.rule)
        .limit(_MOST)
    )
    return tuple(RefusalPattern(action=row[0], rule=row[1], count=row[2], people=row[3]) for row in rows)


def count_refused(_actor: Actor, session: Session, since: datetime) -> tuple[int, int]:
    """How much was refused since then, sign-ins among it, and how many of these were sign-ins."""
    sign_ins = func.count().filter(AuditEntry.action == _SIGN_IN_REFUSED)
    asked = select(func.count(), sign_ins).where(AuditEntry.decision == "deny", AuditEntry.at >= since)
    refused, of_sign_in = session.execute(asked).one()
    return refused, of_sign_in


def list_refused_sign_ins(_actor: Actor, session: Session, since: datetime) -> tuple[SignInPattern, ...]:
    """The accounts whose sign-ins failed since then, the most frequent first; at most 10."""
    times = func.count()
    rows = session.execute(
        select(AuditEntry.object_id, AuditEntry.rule, times)
        .where(AuditEntry.decision == "deny", AuditEntry.at >= since, AuditEntry.action == _SIGN_IN_REFUSED)
        .group_by(AuditEntry.object_id, AuditEntry.rule)
        .order_by(times.desc(), AuditEntry.object_id, AuditEntry.rule)
        .limit(_MOST)
    )
    return tuple(SignInPattern(user_id=row[0], rule=row[1], count=row[2]) for row in rows)


def list_reads_across_units(_actor: Actor, session: Session, since: datetime) -> tuple[ReadPattern, ...]:
    """The records that people of several units opened since then, those of most units first; at most 10."""
    times = func.count()
    units, people = func.count(AuditEntry.unit_id.distinct()), func.count(AuditEntry.actor_id.distinct())
    rows = session.execute(
        select(AuditEntry.object_id, units, people, times)
        .where(
            AuditEntry.action == _OPENED,
            AuditEntry.decision == "allow",
            AuditEntry.at >= since,
            AuditEntry.object_id.is_not(None),
        )
        .group_by(AuditEntry.object_id)
        .having(units > 1)
        .order_by(units.desc(), times.desc(), AuditEntry.object_id)
        .limit(_MOST)
    )
    return tuple(
        ReadPattern(object_id=row[0], units=row[1], people=row[2], count=row[3]) for row in rows if row[0] is not None
    )
