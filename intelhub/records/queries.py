"""Every SELECT on records; what leaves here was found through the actor's row scope.

Lists open heads only, never bodies. A row whose label does not fit its seal stays in the list as a line without
words, so that damage is seen and not silently missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from intelhub.access import Exposure, Label
from intelhub.audit import newest_digest
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, Tampered
from intelhub.records import sealing
from intelhub.records.domain import RecordHead, RecordID, RecordState, RecordSummary
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow

PAGE = 50
COUNT_LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Which of the readable records a list shows; empty means all of them."""

    states: tuple[RecordState, ...] = ()
    levels: tuple[int, ...] = ()
    unit_id: UUID | None = None
    author_id: UUID | None = None
    assignee_id: UUID | None = None
    is_unassigned: bool = False
    not_author_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a list by key: `older` and `newer` are the cursors of its neighbours, None at an end."""

    lines: tuple[RecordSummary, ...]
    older: int | None = None
    newer: int | None = None


def find_reference(text: str | None) -> UUID | None:
    """The id in an address, for the log of a refusal; whether there is such a record is not asked."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def label_of(row: RecordRow) -> Label:
    """What a decision may know of a record."""
    return Label(
        kind="record",
        object_id=row.id,
        level=row.level,
        compartments=frozenset(row.compartments),
        owning_unit_id=row.owning_unit_id,
        origin_department_id=row.origin_department_id,
        author_id=row.author_id,
        handling=row.handling,
        exposure=row.exposure,
        state=row.state,
    )


def get_row(actor: Actor, session: Session, record_id: UUID, *, for_update: bool = False) -> RecordRow:
    """The row of a record this actor may read, its label checked; raises `NotFound` or `Tampered`."""
    del actor  # the session's row scope is the actor's
    query = select(RecordRow).where(RecordRow.id == record_id)
    row = session.scalars(query.with_for_update() if for_update else query).one_or_none()
    if row is None:
        raise NotFound
    sealing.check_label_mac(session, row)
    return row


def check_not_rolled_back(session: Session, row: RecordRow) -> None:
    """Raise `Tampered` when the audit log knows a newer state of this record than the table shows.

    A draft that was never submitted has no entry to compare with; a save of unpublished work raises the row version
    alone, so the row may be ahead of the log but never behind it.
    """
    if row.exposure == Exposure.AUTHOR or _is_newest_logged(session, row):
        return
    # Somebody may have moved the record on between the reading of the row and of the log: look once more.
    session.refresh(row)
    sealing.check_label_mac(session, row)
    if not _is_newest_logged(session, row):
        raise Tampered("This record does not fit what the audit log says of it. It is not shown; the alarm is raised.")


def _is_newest_logged(session: Session, row: RecordRow) -> bool:
    newest = newest_digest(session, row.id)
    return newest is not None and newest.object_version <= row.row_version and newest.digest == row.digest


def summary_of(session: Session, row: RecordRow) -> RecordSummary:
    """The line of a row; a damaged one has an empty head and `is_damaged`."""
    try:
        sealing.check_label_mac(session, row)
        head, is_damaged = sealing.open_head(session, row, row.id), False
    except Tampered:
        head, is_damaged = RecordHead(), True
    return RecordSummary(
        id=RecordID(row.id),
        level=row.level,
        state=RecordState(row.state),
        exposure=row.exposure,
        unit_id=row.owning_unit_id,
        department_id=row.origin_department_id,
        author_id=row.author_id,
        assignee_id=row.assignee_id,
        handling=row.handling,
        row_version=row.row_version,
        content_version=row.content_version,
        updated_at=row.updated_at,
        cursor=row.pos,
        head=head,
        is_damaged=is_damaged,
    )


def _conditions(wanted: ListFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(RecordRow.state.in_([str(state) for state in wanted.states]))
    if wanted.levels:
        conditions.append(RecordRow.level.in_(wanted.levels))
    same: tuple[tuple[InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None], UUID | None], ...] = (
        (RecordRow.owning_unit_id, wanted.unit_id),
        (RecordRow.author_id, wanted.author_id),
        (RecordRow.assignee_id, wanted.assignee_id),
    )
    conditions += [column == value for column, value in same if value is not None]
    if wanted.not_author_id is not None:
        conditions.append(RecordRow.author_id != wanted.not_author_id)
    if wanted.is_unassigned:
        conditions.append(RecordRow.assignee_id.is_(None))
    return conditions


def list_records(
    actor: Actor,
    session: Session,
    wanted: ListFilter,
    *,
    older_than: int | None = None,
    newer_than: int | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of records, newest first, by key."""
    del actor
    query = select(RecordRow).where(*_conditions(wanted)).limit(limit + 1)
    if newer_than is not None:
        found = list(session.scalars(query.where(RecordRow.pos > newer_than).order_by(RecordRow.pos)))
        rows, has_newer, has_older = found[:limit][::-1], len(found) > limit, True
    else:
        if older_than is not None:
            query = query.where(RecordRow.pos < older_than)
        found = list(session.scalars(query.order_by(RecordRow.pos.desc())))
        rows, has_newer, has_older = found[:limit], older_than is not None, len(found) > limit
    lines = tuple(summary_of(session, row) for row in rows)
    return Page(
        lines=lines,
        older=lines[-1].cursor if lines and has_older else None,
        newer=lines[0].cursor if lines and has_newer else None,
    )


def count_records(actor: Actor, session: Session, wanted: ListFilter) -> int:
    """How many records there are for this actor, counted to 100 and not beyond: 101 means “100+”."""
    del actor
    some = select(RecordRow.id).where(*_conditions(wanted)).limit(COUNT_LIMIT + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def list_by_ids(actor: Actor, session: Session, ids: Iterable[UUID]) -> tuple[RecordSummary, ...]:
    """The readable ones among these records, in the given order: every hit of a search passes here."""
    del actor
    wanted = list(ids)
    rows = {row.id: row for row in session.scalars(select(RecordRow).where(RecordRow.id.in_(wanted)))}
    return tuple(summary_of(session, rows[identity]) for identity in wanted if identity in rows)


def list_steps(actor: Actor, session: Session, record_id: UUID) -> Sequence[RecordStepRow]:
    """The steps of a readable record, oldest first."""
    del actor
    query = select(RecordStepRow).where(RecordStepRow.record_id == record_id).order_by(RecordStepRow.row_version)
    return session.scalars(query).all()


def list_versions(actor: Actor, session: Session, record_id: UUID) -> Sequence[RecordVersionRow]:
    """The earlier published versions of a readable record, newest first."""
    del actor
    query = (
        select(RecordVersionRow)
        .where(RecordVersionRow.record_id == record_id, RecordVersionRow.is_published)
        .order_by(RecordVersionRow.content_version.desc())
    )
    return session.scalars(query).all()


def find_unpublished(actor: Actor, session: Session, record_id: UUID) -> RecordVersionRow | None:
    """The author's unpublished work on a returned record."""
    query = select(RecordVersionRow).where(
        RecordVersionRow.record_id == record_id,
        RecordVersionRow.is_published.is_(False),
        RecordVersionRow.author_id == actor.user_id,
    )
    return session.scalars(query).one_or_none()
