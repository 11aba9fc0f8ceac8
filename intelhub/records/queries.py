"""Every SELECT on records; what leaves here was found through the actor's row scope.

Lists open heads only, never bodies. A row that does not fit its seal or the log stays in the list as a line without
words, so that damage is seen and not silently missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    DateTime,
    Text,
    Uuid,
    and_,
    bindparam,
    column,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    union,
    values,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, Session

from intelhub.access import ActorScope, Exposure, Label, is_shared_with, read_filter
from intelhub.audit import LoggedDigest, LoggedState, list_states, newest_digests
from intelhub.platform.actor import Actor
from intelhub.platform.errors import NotFound, Tampered
from intelhub.records import actions, sealing
from intelhub.records.domain import ListOrder, RecordHead, RecordID, RecordState, RecordSummary
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow

PAGE = 50
COUNT_LIMIT = 100
_TRIES = 3
_MISFIT = "This record does not fit what the audit log says of it. It is not shown; the alarm is raised."

# Asked whenever a record is opened or moved, and putting them together costs more than running them: built once.
_RECORD: BindParameter[UUID] = bindparam("record")
_ROW = select(RecordRow).where(RecordRow.id == _RECORD)
_LOCKED = _ROW.with_for_update()
_STEPS = select(RecordStepRow).where(RecordStepRow.record_id == _RECORD).order_by(RecordStepRow.row_version)
_VERSIONS = (
    select(RecordVersionRow)
    .where(RecordVersionRow.record_id == _RECORD, RecordVersionRow.is_published)
    .order_by(RecordVersionRow.content_version.desc())
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Records in a state to which nothing was done since before a moment; of some handling codes, if any is named."""

    state: RecordState
    before: datetime
    handling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """Which of the readable records a list shows; empty means all of them.

    `may` names acts of which the actor must be let do one; `within` is a filter that must let a record through as well.
    Of `waiting` one must fit. `shared_with`: units of which one received it. Where it
    `is_placed`, what was only shared with the actor's unit is left out.
    """

    states: tuple[RecordState, ...] = ()
    levels: tuple[int, ...] = ()
    unit_id: UUID | None = None
    author_id: UUID | None = None
    assignee_id: UUID | None = None
    not_assignee_id: UUID | None = None
    is_assigned: bool | None = None
    changed_since: datetime | None = None
    waiting: tuple[Waiting, ...] = ()
    may: tuple[str, ...] = ()
    shared_with: frozenset[UUID] | None = None
    is_placed: bool = False
    within: ListFilter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a list by key: `last` and `first` are its records beside the next and the previous page, or None.

    A page put in order by what is sealed `is_cut` where more lies there than is looked through.
    """

    lines: tuple[RecordSummary, ...]
    last: UUID | None = None
    first: UUID | None = None
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A record's row with its steps, oldest first, and its earlier published versions, newest first."""

    row: RecordRow
    steps: Sequence[RecordStepRow]
    versions: Sequence[RecordVersionRow]


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
        recipient_unit_ids=frozenset(row.recipient_unit_ids),
        owning_unit_id=row.owning_unit_id,
        origin_department_id=row.origin_department_id,
        author_id=row.author_id,
        handling=row.handling,
        exposure=row.exposure,
        state=row.state,
    )


def get_row(
    actor: Actor, session: Session, record_id: UUID, *, for_update: bool = False, is_fresh: bool = False
) -> RecordRow:
    """The row of a record this actor may read, its label checked; raises `NotFound` or `Tampered`."""
    del actor  # the session's row scope is the actor's
    query = _LOCKED if for_update else _ROW
    row = session.scalars(query, {"record": record_id}, execution_options={"populate_existing": is_fresh}).one_or_none()
    if row is None:
        raise NotFound
    sealing.check_label_mac(session, row)
    return row


def check_not_rolled_back(session: Session, row: RecordRow) -> None:
    """Raise `Tampered` when the audit log knows another state of this record than the table shows."""
    if row.id not in _fitting(session, [row]):
        raise Tampered(_MISFIT)
    sealing.check_label_mac(session, row)  # it may have been read again


def _fitting(session: Session, rows: Sequence[RecordRow]) -> frozenset[UUID]:
    """The rows that show the newest state the log knows of; a row that moved on between two looks is read again."""
    fitting: set[UUID] = set()
    doubtful = {row.id: row for row in rows}
    for _ in range(_TRIES):
        newest = newest_digests(session, doubtful.keys())
        found = {identity for identity, row in doubtful.items() if _fits(row, newest.get(identity))}
        fitting |= found
        for identity in found:
            del doubtful[identity]
        if not doubtful:
            break
        again = select(RecordRow).where(RecordRow.id.in_(doubtful)).execution_options(populate_existing=True)
        doubtful = {row.id: row for row in session.scalars(again)}
    return frozenset(fitting)


def _fits(row: RecordRow, newest: LoggedDigest | None) -> bool:
    """Whether a row is what the log says.

    A draft that was never submitted stands in no entry, and whatever does stand in one is no such draft any more. A
    save of unpublished work after a return raises the row's version alone.
    """
    if newest is None or row.exposure == Exposure.AUTHOR:
        return newest is None and row.exposure == Exposure.AUTHOR
    is_saved_since = row.state == RecordState.DRAFT and newest.object_version < row.row_version
    return newest.digest == row.digest and (newest.object_version == row.row_version or is_saved_since)


def summary_of(session: Session, row: RecordRow, *, is_sound: bool = True) -> RecordSummary:
    """The line of a row; a damaged one has an empty head and `is_damaged`."""
    head = RecordHead()
    try:
        sealing.check_label_mac(session, row)
        if is_sound:
            head = sealing.open_head(session, row)
    except Tampered:
        is_sound = False
    return line_of(row, head, is_damaged=not is_sound)


def line_of(row: RecordRow, head: RecordHead, *, is_damaged: bool = False) -> RecordSummary:
    """The line of a row whose seals were looked at."""
    return RecordSummary(
        id=RecordID(row.id),
        level=row.level,
        state=_state_of(row),
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
        compartments=tuple(sorted(row.compartments)) if not is_damaged else (),
        recipient_unit_ids=tuple(row.recipient_unit_ids) if not is_damaged else (),
        is_damaged=is_damaged,
    )


def _state_of(row: RecordRow) -> RecordState:
    """The row's state; one that was altered into nothing known must not take the whole list down."""
    try:
        return RecordState(row.state)
    except ValueError:
        return RecordState.DRAFT


def _summaries(session: Session, rows: Sequence[RecordRow]) -> tuple[RecordSummary, ...]:
    fitting = _fitting(session, rows)
    return tuple(summary_of(session, row, is_sound=row.id in fitting) for row in rows)


def _conditions(actor: Actor, wanted: ListFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = _conditions(actor, wanted.within) if wanted.within else []
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
    if wanted.not_assignee_id is not None:
        conditions.append(RecordRow.assignee_id != wanted.not_assignee_id)
    if wanted.is_assigned is not None:
        unassigned = RecordRow.assignee_id.is_(None)
        conditions.append(~unassigned if wanted.is_assigned else unassigned)
    if wanted.shared_with is not None:
        conditions.append(is_shared_with(cast("Any", RecordRow), wanted.shared_with))
    if wanted.is_placed:
        conditions.append(read_filter(actor).by_place().where(cast("Any", RecordRow)))
    if wanted.changed_since is not None:
        conditions.append(RecordRow.updated_at >= wanted.changed_since)
    if wanted.waiting:
        conditions.append(or_(*map(_is_waiting, wanted.waiting)))
    if wanted.may:
        filters = (read_filter(actor, f"record.{act}") for act in wanted.may)
        conditions.append(or_(*(one.where(cast("Any", RecordRow)) for one in filters)))
    return conditions


# By which columns a list is ordered, and whether the highest comes first; an index serves each.
_ORDERS: Mapping[ListOrder, tuple[tuple[InstrumentedAttribute[Any], ...], bool]] = {
    ListOrder.NEWEST: ((RecordRow.pos,), True),
    ListOrder.OLDEST: ((RecordRow.pos,), False),
    ListOrder.CHANGED: ((RecordRow.updated_at, RecordRow.pos), True),
}


def list_records(
    actor: Actor,
    session: Session,
    wanted: ListFilter,
    *,
    order: ListOrder = ListOrder.NEWEST,
    after: UUID | None = None,
    before: UUID | None = None,
    limit: int = PAGE,
) -> Page:
    """A page of records by key; a neighbour that is not there any more begins at the first page again."""
    columns, is_falling = _ORDERS[order]
    key_before, key_after = _key(session, columns, before), _key(session, columns, after)
    key, is_back = (key_before, True) if key_before else (key_after, False)
    query = select(RecordRow).where(*_conditions(actor, wanted)).limit(limit + 1)
    if is_falling != is_back:
        query = query.order_by(*(column.desc() for column in columns))
        query = query.where(tuple_(*columns) < key) if key else query
    else:
        query = query.order_by(*columns)
        query = query.where(tuple_(*columns) > key) if key else query
    found = list(session.scalars(query))
    rows = found[:limit][::-1] if is_back else found[:limit]
    has_next, has_previous = (True, len(found) > limit) if is_back else (len(found) > limit, key is not None)
    lines = _summaries(session, rows)
    return Page(
        lines=lines,
        last=lines[-1].id if lines and has_next else None,
        first=lines[0].id if lines and has_previous else None,
    )


def list_oldest(actor: Actor, session: Session, wanted: ListFilter, *, limit: int) -> tuple[RecordSummary, ...]:
    """Records that wait, the oldest first."""
    query = select(RecordRow).where(*_conditions(actor, wanted)).order_by(RecordRow.pos).limit(limit)
    return _summaries(session, session.scalars(query).all())


def list_changed(
    actor: Actor, session: Session, wanted: ListFilter, *, limit: int, since: datetime | None = None
) -> tuple[tuple[RecordSummary, RecordStepRow | None], ...]:
    """Records with the step that moved them last, if this actor may see it; the last changed first.

    With `since`, only what somebody else moved from then on to the hour, among the hundred last changed.
    """
    chosen = (
        select(RecordRow.id, RecordRow.row_version)
        .where(*_conditions(actor, wanted))
        .order_by(RecordRow.updated_at.desc(), RecordRow.pos.desc())
        .limit(limit)
    )
    if since is not None:
        chosen = chosen.where(RecordRow.updated_at >= since, RecordRow.author_id != actor.user_id).limit(COUNT_LIMIT)
    versions = dict(session.execute(chosen).all())
    asked = select(RecordStepRow).where(RecordStepRow.record_id.in_(versions))
    steps = {step.record_id: step for step in session.scalars(asked) if step.row_version == versions[step.record_id]}
    if since is not None:
        by_others = (one for one in versions if one in steps and steps[one].actor_id != actor.user_id)
        versions = {identity: versions[identity] for identity in islice(by_others, limit)}
    return tuple((line, steps.get(line.id)) for line in list_by_ids(actor, session, versions))


def _key(
    session: Session, columns: tuple[InstrumentedAttribute[Any], ...], record_id: UUID | None
) -> tuple[Any, ...] | None:
    """Where a readable record stands in an order: its `pos` counts everybody's records and is never shown."""
    found = session.execute(select(*columns).where(RecordRow.id == record_id)).one_or_none() if record_id else None
    return tuple(found) if found else None


def find_matching(actor: Actor, session: Session, ids: Iterable[UUID], wanted: Iterable[ListFilter]) -> frozenset[UUID]:
    """Those of these records that at least one of the filters lets through."""
    matching = or_(false(), *(and_(true(), *_conditions(actor, one)) for one in wanted))
    return frozenset(session.scalars(select(RecordRow.id).where(RecordRow.id.in_(list(ids)), matching)))


def count_records(actor: Actor, session: Session, wanted: ListFilter) -> int:
    """How many records there are for this actor, counted to 100 and not beyond: 101 means “100+”."""
    some = select(RecordRow.id).where(*_conditions(actor, wanted)).limit(COUNT_LIMIT + 1).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def count_records_of(actor: Actor, session: Session, wanted: Iterable[ListFilter]) -> int:
    """How many records at least one of these filters shows this actor, each counted once, to 100 and not beyond."""
    found = (select(RecordRow.id).where(*_conditions(actor, one)).limit(COUNT_LIMIT) for one in wanted)
    # Each in a query of its own: of an OR over different columns the server reads far more than it counts.
    some = union(*(select(one.subquery().c.id) for one in found)).limit(COUNT_LIMIT).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _is_waiting(wanted: Waiting) -> ColumnElement[bool]:
    is_old = and_(RecordRow.state == str(wanted.state), RecordRow.updated_at < wanted.before)
    return and_(is_old, RecordRow.handling.in_(wanted.handling)) if wanted.handling else is_old


def count_by_unit(
    actor: Actor, session: Session, wanted: ListFilter, units: Collection[UUID]
) -> Sequence[tuple[UUID, RecordState, int, datetime]]:
    """By unit and state, how many readable records wait, to 100 and not beyond, and the last change of the oldest.

    Of each unit and state the server reads the longest waiting from an index; one question, whatever their number.
    """
    if not wanted.waiting:
        return []
    unit = func.unnest(literal(list(units), ARRAY(Uuid))).table_valued("id", name="unit").render_derived()
    moments = [(str(one.state), one.before) for one in wanted.waiting]
    stage = values(column("state", Text), column("before", DateTime(timezone=True)), name="stage").data(moments)
    oldest = (
        select(RecordRow.updated_at)
        .where(
            RecordRow.owning_unit_id == unit.c.id,
            RecordRow.state == stage.c.state,
            RecordRow.updated_at < stage.c.before,
            *_conditions(actor, wanted),
        )
        .order_by(RecordRow.updated_at)
        .limit(COUNT_LIMIT + 1)
        .lateral("oldest")
    )
    columns = (unit.c.id, stage.c.state)
    query = select(*columns, func.count(), func.min(oldest.c.updated_at))
    query = query.select_from(unit.join(stage, true()).join(oldest, true())).group_by(*columns)
    return [(found, RecordState(state), count, since) for found, state, count, since in session.execute(query)]


def list_by_ids(actor: Actor, session: Session, ids: Iterable[UUID]) -> tuple[RecordSummary, ...]:
    """The readable ones among these records, in the given order: every hit of a search passes here."""
    del actor
    wanted = list(ids)
    rows = {row.id: row for row in session.scalars(select(RecordRow).where(RecordRow.id.in_(wanted)))}
    return _summaries(session, [rows[identity] for identity in wanted if identity in rows])


def get_whole(actor: Actor, session: Session, record_id: UUID) -> Whole:
    """A record with everything that hangs on it, each part held against the log; raises `NotFound` or `Tampered`."""
    for _ in range(_TRIES):
        row = get_row(actor, session, record_id, is_fresh=True)
        steps = session.scalars(_STEPS, {"record": record_id}).all()
        versions = session.scalars(_VERSIONS, {"record": record_id}).all()
        states = list_states(session, record_id)
        newest = LoggedDigest(object_version=states[-1].object_version, digest=states[-1].digest) if states else None
        known = [one for one in states if _may_see(session, row, one.level)]
        if _fits(row, newest) and _are_steps(steps, known) and _are_versions(row, versions, known):
            return Whole(row=row, steps=steps, versions=versions)
    raise Tampered(_MISFIT)


def list_steps(actor: Actor, session: Session, record_id: UUID) -> Sequence[RecordStepRow]:
    """The steps of a readable record, oldest first; raises `Tampered` when they are not those the log knows."""
    for _ in range(_TRIES):
        rows = session.scalars(_STEPS, {"record": record_id}).all()
        row = get_row(actor, session, record_id)
        states = list_states(session, record_id)
        if _are_steps(rows, [one for one in states if _may_see(session, row, one.level)]):
            return rows
    raise Tampered(_MISFIT)


def list_versions(actor: Actor, session: Session, record_id: UUID) -> Sequence[RecordVersionRow]:
    """The earlier published versions of a readable record, newest first; raises `Tampered` when one is missing."""
    for _ in range(_TRIES):
        row = get_row(actor, session, record_id, is_fresh=True)
        rows = session.scalars(_VERSIONS, {"record": record_id}).all()
        states = list_states(session, record_id)
        if _are_versions(row, rows, [one for one in states if _may_see(session, row, one.level)]):
            return rows
    raise Tampered(_MISFIT)


def compare_with_log(whole: Whole, states: Sequence[LoggedState]) -> tuple[bool, bool, bool]:
    """Whether a record's row, its steps and its published versions are those of all its states in the log."""
    newest = LoggedDigest(object_version=states[-1].object_version, digest=states[-1].digest) if states else None
    return (
        _fits(whole.row, newest),
        _are_steps(whole.steps, states),
        _are_versions(whole.row, whole.versions, states),
    )


def _are_steps(rows: Sequence[RecordStepRow], known: Sequence[LoggedState]) -> bool:
    """Whether these are the moves the log knows of, as far as this session may see them."""
    moves = {one.object_version for one in known if one.action in actions.MOVED.values()}
    return moves == {step.row_version for step in rows} and len(moves) == len(rows)


def _are_versions(row: RecordRow, rows: Sequence[RecordVersionRow], known: Sequence[LoggedState]) -> bool:
    """Whether these and the record itself are the contents the log knows of, as far as this session may see them."""
    return {one.digest for one in known} == {one.digest for one in rows} | ({row.digest} if row.exposure else set())


def _may_see(session: Session, row: RecordRow, level: int) -> bool:
    """Whether this session reads a record's past of another level, as the row scope of its parts says."""
    scope: ActorScope = session.info["scope"]
    label = label_of(row)
    return scope.is_system or scope.records.admits(replace(label, level=max(label.level, level)))
