"""Every SELECT on saved views; what leaves here was found through its person's row scope."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound
from intelhub.records.models import RecordViewRow


def list_view_rows(actor: Actor, session: Session) -> Sequence[RecordViewRow]:
    """The saved views of this person."""
    del actor  # the session's row scope is the actor's
    return session.scalars(select(RecordViewRow)).all()


def get_view_row(actor: Actor, session: Session, view_id: UUID) -> RecordViewRow:
    """A saved view of this person's own; raises `NotFound`."""
    del actor
    row = session.scalars(select(RecordViewRow).where(RecordViewRow.id == view_id)).one_or_none()
    if row is None:
        raise NotFound
    return row
