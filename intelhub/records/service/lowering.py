"""Agreeing to a lower level: an act of its own, by somebody else than the author who proposed it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.platform.actor import Actor
from intelhub.records import lowering, projection, sealing
from intelhub.records.models import RecordRow
from intelhub.records.service.drafting import next_number
from intelhub.records.service.moving import advance, archive_version, begin_move


def lower_level(actor: Actor, session: Session, record_id: UUID, row_version: int, *, reason: str) -> RecordRow:
    """Bring a submitted record down to the level its author proposed, and to no other.

    The former version stays as it is, readable at its own level; raises `RuleRefused` when nothing is proposed.
    """
    move = begin_move(actor, session, record_id, row_version, "lower_level", reason)
    row = move.row
    proposal = lowering.get_proposal(move.fields, row.level)
    previous = projection.partition_of(row)
    archive_version(session, row)
    row.level = proposal.level
    # A number of the former level's series would tell the new readers how many records there are above them.
    head = replace(move.head, number=next_number(actor, session, row))
    fields = lowering.lower_fields(move.fields, proposal)
    sealing.seal_into(session, row, row.id, head, sealing.body_of(fields, move.work))
    advance(actor, session, row, move.transition, move.decision, move.reason)
    projection.write(session, row, head, fields, move.work, previous=previous)
    return row
