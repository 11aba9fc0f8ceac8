"""Every SELECT on requests for exports; what leaves here was found through the row scope of one of its two persons."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound
from intelhub.records.domain import OPEN_EXPORTS
from intelhub.records.models import RecordExportRow

MOST = 50
_IS_OPEN = RecordExportRow.state.in_(OPEN_EXPORTS)


def list_export_rows(actor: Actor, session: Session) -> Sequence[RecordExportRow]:
    """Requests that this person made or is asked to agree to: those that wait for somebody first, then the newest."""
    del actor  # the session's row scope is the actor's
    order = (_IS_OPEN.desc(), RecordExportRow.created_at.desc(), RecordExportRow.id)
    return session.scalars(select(RecordExportRow).order_by(*order).limit(MOST)).all()


def list_own_open_rows(actor: Actor, session: Session) -> Sequence[RecordExportRow]:
    """This person's own requests that wait for an answer or to be fetched."""
    return session.scalars(select(RecordExportRow).where(RecordExportRow.user_id == actor.user_id, _IS_OPEN)).all()


def get_export_row(actor: Actor, session: Session, export_id: UUID, *, for_update: bool = False) -> RecordExportRow:
    """A request by its id; raises `NotFound`."""
    del actor
    query = select(RecordExportRow).where(RecordExportRow.id == export_id)
    query = query.with_for_update().execution_options(populate_existing=True) if for_update else query
    row = session.scalars(query).one_or_none()
    if row is None:
        raise NotFound
    return row
