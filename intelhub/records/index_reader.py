"""The search index as this actor asks it: through the row scope, and only where any of its rows lie.

By author or unit somebody may read in any department, for units move, and people do; and any may have shared a record
with a unit. But nearly all of them have records in a few, and the index need not look into the parts of the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import ActorScope, Reach, ReadFilter
from intelhub.records.department_queries import (
    list_departments_of_author,
    list_departments_of_units,
    list_departments_shared_with,
)
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
_LYING_ANYWHERE = (Reach.AUTHOR, Reach.UNIT, Reach.DISSEMINATION)


@dataclass(frozen=True, slots=True)
class _Within:
    """A filter that keeps the partitions of all other departments shut.

    What was shared is asked for only in those that shared anything: it makes each question longer.
    """

    whole: ReadFilter
    by_place: ReadFilter
    placed: frozenset[UUID]
    sharing: frozenset[UUID]

    def for_partition(self, level: int, compartments: frozenset[UUID], department_id: UUID) -> PartitionFilter | None:
        if department_id in self.sharing:
            return self.whole.for_partition(level, compartments, department_id)
        if department_id in self.placed:
            return self.by_place.for_partition(level, compartments, department_id)
        return None


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
    if Reach.ALL in reaches or reaches.isdisjoint(_LYING_ANYWHERE):
        return scope.records
    # Those of the posts in any case: what this very session publishes lies there.
    departments = frozenset(department for clause in clauses for department in clause.department_ids)
    units = {unit for clause in clauses if clause.reach is Reach.UNIT for unit in clause.unit_ids}
    departments |= list_departments_of_units(session, units)
    if Reach.AUTHOR in reaches:
        departments |= list_departments_of_author(session, scope.records.actor_id)
    return _Within(
        whole=scope.records,
        by_place=scope.records.by_place(),
        placed=departments,
        sharing=list_departments_shared_with(session, scope.records.receiving_ids),
    )
