"""How an actor's scope filters the tables of records: the fourth lock's words for this feature."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, inspect, or_

from intelhub.access import ActorScope, Label, is_within
from intelhub.platform.row_scope import register_scoped
from intelhub.records.models import (
    RecordAlertRow,
    RecordExportRow,
    RecordRow,
    RecordStepRow,
    RecordVersionRow,
    RecordViewRow,
    RecordWatchRow,
)


def _records(scope: ActorScope) -> ColumnElement[bool]:
    # A mapped class shows columns where an instance shows values; type checkers see only the instance's side.
    return scope.records.where(cast("Any", RecordRow))


@dataclass(slots=True, kw_only=True)
class _PartLabel:
    """The label of a record's part: the record's own, at the higher of both levels."""

    level: Any
    compartments: Any = RecordRow.compartments
    owning_unit_id: Any = RecordRow.owning_unit_id
    origin_department_id: Any = RecordRow.origin_department_id
    author_id: Any = RecordRow.author_id
    handling: Any = RecordRow.handling
    exposure: Any = RecordRow.exposure
    state: Any = RecordRow.state
    recipient_unit_ids: Any = RecordRow.recipient_unit_ids

    def may_be_shared_with(self, unit_ids: Collection[UUID]) -> ColumnElement[bool]:
        """As the record's own."""
        return RecordRow.may_be_shared_with(unit_ids)


def _of_readable(scope: ActorScope, mapped: type[RecordVersionRow | RecordStepRow]) -> ColumnElement[bool]:
    """Parts of a record this actor reads; what was written at a higher level needs the right to that one too."""
    label = _PartLabel(level=func.greatest(RecordRow.level, mapped.level))
    readable = exists().where(RecordRow.id == mapped.record_id, scope.records.where(label))
    return and_(is_within(mapped.compartments, scope.actor.compartments), readable)


def _versions(scope: ActorScope) -> ColumnElement[bool]:
    return and_(
        _of_readable(scope, RecordVersionRow),
        or_(RecordVersionRow.is_published, RecordVersionRow.author_id == scope.actor.user_id),
    )


def _steps(scope: ActorScope) -> ColumnElement[bool]:
    return _of_readable(scope, RecordStepRow)


def _before(row: Any, name: str) -> Any:
    """The column as it was loaded: a change must not be what lets itself through."""
    history = inspect(row).attrs[name].history
    return history.deleted[0] if history.deleted else getattr(row, name)


def _may_write_record(scope: ActorScope, row: RecordRow) -> bool:
    if inspect(row).persistent:
        label = Label(
            kind="record",
            object_id=row.id,
            level=_before(row, "level"),
            compartments=frozenset(_before(row, "compartments")),
            owning_unit_id=_before(row, "owning_unit_id"),
            origin_department_id=_before(row, "origin_department_id"),
            author_id=_before(row, "author_id"),
            handling=_before(row, "handling"),
            exposure=_before(row, "exposure"),
            state=_before(row, "state"),
        )
        # With whom it was shared stays out: who receives a record reads it and writes nothing into it.
        return scope.records.admits(label)
    return row.author_id == scope.actor.user_id and row.level <= scope.ceiling and _holds(scope, row)


def _holds(scope: ActorScope, row: RecordRow | RecordVersionRow | RecordStepRow) -> bool:
    return scope.actor.compartments >= frozenset(row.compartments)


def _may_write_part(scope: ActorScope, row: RecordVersionRow | RecordStepRow) -> bool:
    return row.level <= scope.ceiling and _holds(scope, row)


def _views(scope: ActorScope) -> ColumnElement[bool]:
    """One's own, and what was shared with a unit one holds a post at, up to the level this session may show."""
    units = {post.unit_id for post in scope.actor.posts}
    shared = and_(RecordViewRow.shared_unit_id.in_(sorted(units)), RecordViewRow.level <= scope.ceiling)
    return or_(RecordViewRow.user_id == scope.actor.user_id, shared)


def _watches(scope: ActorScope) -> ColumnElement[bool]:
    return RecordWatchRow.user_id == scope.actor.user_id


def _alerts(scope: ActorScope) -> ColumnElement[bool]:
    return RecordAlertRow.user_id == scope.actor.user_id


def _may_write_own(scope: ActorScope, row: Any) -> bool:
    owner = _before(row, "user_id") if inspect(row).persistent else row.user_id
    return bool(owner == row.user_id == scope.actor.user_id)


def _exports(scope: ActorScope) -> ColumnElement[bool]:
    me = scope.actor.user_id
    is_mine = or_(RecordExportRow.user_id == me, RecordExportRow.approver_id == me)
    return and_(is_mine, RecordExportRow.level <= scope.ceiling)


def _may_write_export(scope: ActorScope, row: RecordExportRow) -> bool:
    if not inspect(row).persistent:
        return row.user_id == scope.actor.user_id != row.approver_id and row.level <= scope.ceiling
    people = {_before(row, "user_id"), _before(row, "approver_id")}
    is_kept = people == {row.user_id, row.approver_id} and _before(row, "level") == row.level
    return is_kept and scope.actor.user_id in people and row.level <= scope.ceiling


def register() -> None:
    """Put the filters in force; called once at import of the feature."""
    register_scoped(RecordRow, _records, _may_write_record)
    register_scoped(RecordVersionRow, _versions, _may_write_part)
    register_scoped(RecordStepRow, _steps, _may_write_part)
    register_scoped(RecordViewRow, _views, _may_write_own)
    register_scoped(RecordWatchRow, _watches, _may_write_own)
    register_scoped(RecordAlertRow, _alerts, _may_write_own)
    register_scoped(RecordExportRow, _exports, _may_write_export)
