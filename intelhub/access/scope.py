"""What a session may load for its actor: the row filter, and the same rights as settings for row-level security.

The settings may be wider than the filter (one ceiling a reach) and never narrower; a property test says so.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from intelhub.access.decision import may
from intelhub.access.filter import ReadFilter, read_filter
from intelhub.access.reach import Reach
from intelhub.platform.actor import Actor

NOBODY_ID = UUID(int=0)
NOBODY = Actor(user_id=NOBODY_ID, username="")
"""Whoever has not signed in yet: no post, no clearance, no row of content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorScope:
    """The row scope of one actor; features filter their rows by `records` (`scope.records.where(RecordRow)`)."""

    actor: Actor
    records: ReadFilter
    is_system: bool = False

    @property
    def ceiling(self) -> int:
        """The highest level this session may show or write."""
        return self.actor.ceiling

    def context(self) -> Mapping[str, str]:
        """The `intelhub.*` settings; an empty one means the reach is not held."""
        units: set[UUID] = set()
        departments: set[UUID] = set()
        for clause in self.records.stages[0]:
            if clause.reach is Reach.UNIT:
                units |= clause.unit_ids
            if clause.reach is Reach.DEPARTMENT:
                departments |= clause.department_ids
        return {
            "intelhub.actor": "" if self.actor.user_id == NOBODY_ID else str(self.actor.user_id),
            "intelhub.compartments": _array(self.actor.compartments),
            "intelhub.units": _array(units),
            "intelhub.departments": _array(departments),
            "intelhub.receiving": _array(self.records.receiving_ids),
            "intelhub.author_ceiling": self._ceiling(Reach.AUTHOR),
            "intelhub.unit_ceiling": self._ceiling(Reach.UNIT),
            "intelhub.department_ceiling": self._ceiling(Reach.DEPARTMENT),
            "intelhub.everywhere_ceiling": self._ceiling(Reach.ALL),
            "intelhub.dissemination_ceiling": self._ceiling(Reach.DISSEMINATION),
            "intelhub.reads_audit": "t" if may(self.actor, "audit.read") else "",
            "intelhub.posts": _array({post.unit_id for post in self.actor.posts}),
            "intelhub.ceiling": str(self.ceiling) if self.actor.posts else "",
        }

    def rights(self) -> Hashable:
        """Who acts with which rights; not in which request, so that the next one finds its filters made."""
        return replace(self.actor, session_id=None, request_id=None), self.records

    def _ceiling(self, reach: Reach) -> str:
        ceiling = self.records.ceiling_of(reach)
        return "" if ceiling is None else str(ceiling)


def scope_for(actor: Actor) -> ActorScope:
    """The row scope a unit of work is opened with for this actor."""
    return ActorScope(actor=actor, records=read_filter(actor))


def _array(ids: Iterable[UUID]) -> str:
    return ",".join(sorted(str(one) for one in ids))
