"""In which departments readable rows lie, without looking at each: for where the search index is asked."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, bindparam, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from intelhub.records.models import RecordRow


def list_departments_of_units(session: Session, units: Collection[UUID]) -> frozenset[UUID]:
    """Where readable records of these units lie: units move, and what was written before stays where it was."""
    return frozenset(session.scalars(OF_UNITS, {"ids": sorted(units)})) if units else frozenset()


def list_departments_of_author(session: Session, author_id: UUID) -> frozenset[UUID]:
    """Where readable records of an author lie, who may have worked elsewhere before."""
    return frozenset(session.scalars(OF_AUTHORS, {"ids": [author_id]}))


def list_departments_shared_with(session: Session, units: Collection[UUID]) -> frozenset[UUID]:
    """Where readable records lie that were shared with one of these units."""
    if not units:
        return frozenset()
    shared = select(RecordRow.origin_department_id).where(RecordRow.may_be_shared_with(units)).distinct()
    return frozenset(session.scalars(shared))


def _departments(owner: InstrumentedAttribute[UUID]) -> Select[Any]:
    """From one department to the next along an index: an owner may have thousands of records, mostly in one."""
    one = func.unnest(bindparam("ids", type_=ARRAY(Uuid))).table_valued("id", name="found").render_derived(name="one")
    first = _next_department(owner == one.c.id, name="first")
    place = select(one.c.id.label("owner"), first.c.id.label("id")).select_from(one.join(first, true()))
    places = place.cte("place", recursive=True)
    behind = (owner == places.c.owner, RecordRow.origin_department_id > places.c.id)
    further = _next_department(*behind, name="further")
    onward = select(places.c.owner, further.c.id).select_from(places.join(further, true()))
    return select(places.union_all(onward).c.id)


def _next_department(*conditions: Any, name: str) -> Any:
    department = RecordRow.origin_department_id.label("id")
    return select(department).where(*conditions).order_by(RecordRow.origin_department_id).limit(1).lateral(name)


# Made once: what a statement is, with the row filter on it, takes longer to work out than to ask.
OF_UNITS = _departments(RecordRow.owning_unit_id)
OF_AUTHORS = _departments(RecordRow.author_id)
