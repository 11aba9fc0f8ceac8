"""Who acts: the first argument of every service and query.

An actor is built once, at the start of a request, command or job, and never changes; a change of rights
therefore takes effect at the next request and never in the middle of one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Place(StrEnum):
    """From where a session works; the place caps what it may see."""

    ONSITE = "onsite"
    DUTY_ROOM = "duty_room"
    REMOTE = "remote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A duty function held at a unit today.

    `unit_ids` is the unit with everything below it inside the same tier-3 unit or department;
    `department_id` is the tier-2 ancestor (or the root for units of tier 1); `receiving_ids` are the units for which
    it receives what is shared with them: its own, those below and those above it inside the same tier.
    """

    function: str
    tier: int
    unit_id: UUID
    unit_ids: frozenset[UUID]
    department_id: UUID
    receiving_ids: frozenset[UUID] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person (or the system under a stated name) with the rights of this moment.

    `ceiling` is the highest level this session may see: the least of clearance, place and strength of the sign-in.
    """

    user_id: UUID
    username: str
    display_name: str = ""
    posts: tuple[Post, ...] = ()
    clearance: int = 0
    ceiling: int = 0
    compartments: frozenset[UUID] = frozenset()
    place: Place = Place.ONSITE
    session_id: UUID | None = None
    request_id: UUID | None = None

    def __post_init__(self) -> None:
        if self.ceiling > self.clearance:
            raise ValueError("a session's ceiling cannot exceed the clearance")
