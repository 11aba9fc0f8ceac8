"""What an author wrote on a record that came back, and has not sent yet."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor
from intelhub.records.models import RecordStepRow, RecordVersionRow


def find_unpublished(actor: Actor, session: Session, record_id: UUID) -> RecordVersionRow | None:
    """The author's newest unpublished work on a returned record since it came back.

    What is older was hidden by rights that have come back since; the words of the last submission are newer. The number
    of unpublished work is, below zero, the row version it was saved upon.
    """
    newest = next(iter(list_unpublished(actor, session, record_id)), None)
    moved = session.scalar(select(func.max(RecordStepRow.row_version)).where(RecordStepRow.record_id == record_id))
    return newest if newest is not None and -newest.content_version >= (moved or 0) else None


def list_unpublished(actor: Actor, session: Session, record_id: UUID) -> Sequence[RecordVersionRow]:
    """The author's unpublished work on a returned record, newest first: its numbers run downwards from zero.

    More than one only where rights that hid an older one came back.
    """
    query = (
        select(RecordVersionRow)
        .where(
            RecordVersionRow.record_id == record_id,
            RecordVersionRow.is_published.is_(False),
            RecordVersionRow.author_id == actor.user_id,
        )
        .order_by(RecordVersionRow.content_version)
    )
    return session.scalars(query).all()
