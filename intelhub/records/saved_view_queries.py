"""Every SELECT on saved views, watches and alerts; what leaves here was found through somebody's row scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound
from intelhub.records.models import RecordAlertRow, RecordRow, RecordViewRow, RecordWatchRow


def list_view_rows(actor: Actor, session: Session) -> Sequence[RecordViewRow]:
    """The saved views of this person."""
    return session.scalars(select(RecordViewRow).where(RecordViewRow.user_id == actor.user_id)).all()


def get_view_row(actor: Actor, session: Session, view_id: UUID) -> RecordViewRow:
    """A saved view of this person's own; raises `NotFound`."""
    row = find_view_row(actor, session, view_id)
    if row is None or row.user_id != actor.user_id:
        raise NotFound
    return row


def find_view_row(actor: Actor, session: Session, view_id: UUID) -> RecordViewRow | None:
    """A saved view of this person's own or shared with them, or None."""
    del actor  # the session's row scope is the actor's
    return session.scalars(select(RecordViewRow).where(RecordViewRow.id == view_id)).one_or_none()


def list_shared_rows(actor: Actor, session: Session) -> Sequence[RecordViewRow]:
    """What others share with this person."""
    return session.scalars(select(RecordViewRow).where(RecordViewRow.user_id != actor.user_id)).all()


def list_watch_rows(actor: Actor, session: Session) -> Sequence[RecordWatchRow]:
    """The searches this person has watched."""
    del actor
    return session.scalars(select(RecordWatchRow)).all()


def find_watch_row(actor: Actor, session: Session, view_id: UUID) -> RecordWatchRow | None:
    """That this person has a search watched, or None."""
    del actor
    return session.scalars(select(RecordWatchRow).where(RecordWatchRow.view_id == view_id)).one_or_none()


def list_watchers(session: Session) -> Sequence[UUID]:
    """Whoever has a search watched; for the worker, who may read no more of it."""
    return session.scalars(select(RecordWatchRow.user_id).distinct().order_by(RecordWatchRow.user_id)).all()


def list_alert_rows(actor: Actor, session: Session) -> Sequence[RecordAlertRow]:
    """What this person's watched searches found."""
    del actor
    return session.scalars(select(RecordAlertRow)).all()


def count_alert_rows(actor: Actor, session: Session) -> int:
    """How many alerts this person has, what cannot be shown to them among them: never a figure for a page."""
    del actor
    return session.scalars(select(func.count(RecordAlertRow.id))).one()


def list_readable(actor: Actor, session: Session, ids: Collection[UUID]) -> frozenset[UUID]:
    """Those of these records that this person may read now."""
    return frozenset(find_levels(actor, session, ids))


def find_levels(actor: Actor, session: Session, ids: Collection[UUID]) -> dict[UUID, int]:
    """Those of these records that this person may read now, each with its level."""
    del actor
    found = select(RecordRow.id, RecordRow.level).where(RecordRow.id.in_(ids))
    return dict(session.execute(found).all()) if ids else {}


def let_one_at_a_time(actor: Actor, session: Session) -> None:
    """Two windows of one person, and the worker for them, wait for each other: no index counts what is sealed."""
    number = int.from_bytes(actor.user_id.bytes[:8], "big", signed=True)
    options = {"unscoped": "an advisory lock reads no row"}
    session.execute(select(func.pg_advisory_xact_lock(number)), execution_options=options)
