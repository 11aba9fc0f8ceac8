"""What ends soon or has just ended: duty functions, deputies and clearances of the people in somebody's charge.

Compartments are left out: that there is one, and who is in it, is for its members and those who manage it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from intelhub.access.directory import BACK, READ_GRANTS, list_units_open_to
from intelhub.access.misfits import rows_that_fit
from intelhub.access.models import PostRow, UserRow
from intelhub.organisation import today
from intelhub.platform import clock
from intelhub.platform.actor import Actor

AHEAD = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A right of somebody and when it ends: a duty function at a unit, or (without one) the clearance to a level."""

    user_id: UUID
    username: str
    name: str
    ends_at: datetime
    is_over: bool
    function: str | None = None
    unit_id: UUID | None = None
    is_deputy: bool = False
    level: int = 0


def list_endings(actor: Actor, session: Session, *, limit: int) -> tuple[tuple[Ending, ...], bool]:
    """What ends within 30 days or ended within the last 7, the first to end first, and whether there is more.

    A duty function that somebody holds on or will hold after its end, because it was given again, is left out.
    """
    units = list_units_open_to(actor, session, READ_GRANTS)
    found = [*_posts(session, units, limit + 1), *_clearances(session, units, limit + 1)]
    found.sort(key=lambda one: (one.ends_at, one.name, one.username))
    return tuple(found[:limit]), len(found) > limit


def _posts(session: Session, units: frozenset[UUID] | None, limit: int) -> list[Ending]:
    now, again = clock.now(), aliased(PostRow)
    renewed = (
        select(again.id)
        .where(
            again.user_id == PostRow.user_id,
            again.function == PostRow.function,
            again.unit_id == PostRow.unit_id,
            again.is_deputy == PostRow.is_deputy,
            or_(again.ends_at.is_(None), again.ends_at > PostRow.ends_at),
        )
        .exists()
    )
    statement = (
        select(UserRow, PostRow)
        .join(PostRow, PostRow.user_id == UserRow.id)
        .where(UserRow.is_active, PostRow.ends_at.between(now - BACK, now + AHEAD), ~renewed)
        .order_by(PostRow.ends_at, PostRow.id)
        .limit(limit)
    )
    if units is not None:
        statement = statement.where(PostRow.unit_id.in_(units))
    return [
        Ending(
            user_id=user.id,
            username=user.username,
            name=user.display_name,
            ends_at=post.ends_at,
            is_over=post.ends_at <= now,
            function=post.function,
            unit_id=post.unit_id,
            is_deputy=post.is_deputy,
        )
        for user, post in map(tuple, rows_that_fit(session, statement))
    ]


def _clearances(session: Session, units: frozenset[UUID] | None, limit: int) -> list[Ending]:
    day, now = today(), clock.now()
    statement = (
        select(UserRow)
        .where(UserRow.is_active, UserRow.clearance > 0, UserRow.clearance_expires_on.between(day - BACK, day + AHEAD))
        .order_by(UserRow.clearance_expires_on, UserRow.id)
        .limit(limit)
    )
    if units is not None:
        # Whoever sits there, or did until a few days ago.
        sits = select(PostRow.user_id).where(
            PostRow.unit_id.in_(units), or_(PostRow.ends_at.is_(None), PostRow.ends_at > now - BACK)
        )
        statement = statement.where(UserRow.id.in_(sits))
    return [
        Ending(
            user_id=user.id,
            username=user.username,
            name=user.display_name,
            ends_at=datetime.combine(user.clearance_expires_on, time.max, clock.HANOI),
            is_over=user.clearance_expires_on < day,
            level=user.clearance,
        )
        for (user,) in rows_that_fit(session, statement)
        if user.clearance_expires_on is not None
    ]
