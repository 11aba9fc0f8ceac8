"""The label of a record for those who explain decisions and read no record; never a word of its content."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from intelhub.access import Label, register_label_finder

_LABEL = text("SELECT * FROM intelhub_label_for_explaining(:record, cast(:departments AS uuid[]))")


def find_label(session: Session, record_id: UUID, departments: Collection[UUID]) -> Label | None:
    """The label of a record that comes from one of these departments, or None; the same for a foreign one."""
    row = session.execute(
        _LABEL,
        {"record": record_id, "departments": list(departments)},
        execution_options={"unscoped": "a function of the database gives out one label and nothing else"},
    ).one_or_none()
    if row is None:
        return None
    return Label(
        kind="record",
        object_id=record_id,
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


def register() -> None:
    """Let decisions about records be explained."""
    register_label_finder(find_label)
