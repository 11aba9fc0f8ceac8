"""The search index as this actor asks it: through the row scope, and only where any of its rows lie.

By author or unit somebody may read in any department: units move, and people do. But nearly all of them have records in
one, and the index need not look into the parts of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, bindparam, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from intelhub.access import ActorScope, Reach, ReadFilter
from intelhub.records.models import RecordRow
from intelhub.records.projection import index_of
from intelhub.search import (
    Deadline,
    Facet,
    Fuzzy,
    PartitionFilter,
    Prefix,
    Proposal,
    SearchAnswer,
    SearchRequest,
)
from intelhub.search import ReadFilter as IndexFilter

_MADE = "index_reader"


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
_OF_UNITS = _departments(RecordRow.owning_unit_id)
_OF_AUTHORS = _departments(RecordRow.author_id)


@dataclass(frozen=True, slots=True)
class _Within:
    """A filter that keeps the partitions of all other departments shut."""

    whole: ReadFilter
    departments: frozenset[UUID]

    def for_partition(self, level: int, compartments: frozenset[UUID], department_id: UUID) -> PartitionFilter | None:
        if department_id not in self.departments:
            return None
        return self.whole.for_partition(level, compartments, department_id)


def ask_index(session: Session, request: SearchRequest) -> SearchAnswer:
    """What the index answers this session's actor."""
    return index_of(session).search(session, reader_of(session), request)


def propose_words(
    session: Session, asked: Prefix | Fuzzy | Facet, *, most: int, until: Deadline | None
) -> list[Proposal]:
    """Words of the documents that this session's actor may read, with those documents."""
    return index_of(session).propose(session, reader_of(session), asked, most=most, until=until)


def reader_of(session: Session) -> IndexFilter:
    """The filter of this session's actor, as the index is asked with it: made once a session."""
    if _MADE not in session.info:
        session.info[_MADE] = _made(session)
    made: IndexFilter = session.info[_MADE]
    return made


def _made(session: Session) -> IndexFilter:
    scope: ActorScope = session.info["scope"]
    clauses = scope.records.stages[0]
    reaches = {clause.reach for clause in clauses}
    if Reach.ALL in reaches or reaches.isdisjoint((Reach.AUTHOR, Reach.UNIT)):
        return scope.records
    # Those of the posts in any case: what this very session publishes lies there.
    departments = {department for clause in clauses for department in clause.department_ids}
    units = {unit for clause in clauses if clause.reach is Reach.UNIT for unit in clause.unit_ids}
    found = {*session.scalars(_OF_UNITS, {"ids": sorted(units)})} if units else set()
    if Reach.AUTHOR in reaches:
        found |= {*session.scalars(_OF_AUTHORS, {"ids": [scope.records.actor_id]})}
    return _Within(scope.records, frozenset(departments | found))
