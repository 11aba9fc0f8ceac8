"""Which units have records that wait longer than they should: counted by the clear columns of what one may read.

How urgent a record is stands sealed, so the limits are of the stages and not of the urgency. Whatever was done to a
record begins its stage anew; times stand rounded down to the hour, so a record counts as late up to an hour after it
is, and never before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import HANDLING_CODES, handling_allows
from intelhub.organisation import load_directory
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.records import queries
from intelhub.records.domain import RecordState
from intelhub.records.queries import ListFilter, Waiting

SETTING: Final = "stage_limits"
"""Under which name a session carries how long a record may lie in a state: the law names no limit, settings do."""

# What may not be handed on has come to its end in these states and is late nowhere.
_HANDED_ON = {RecordState.SUBMITTED: "H1", RecordState.COLLATED: "H2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """A unit's records that lie too long in one state: how many, since when the oldest, and the limit of the state."""

    unit_id: UUID
    state: RecordState
    count: int
    since: datetime
    limit: timedelta

    @property
    def by(self) -> timedelta:
        """How long the oldest is over its limit."""
        return clock.now() - self.since - self.limit


def late_filter(session: Session) -> ListFilter:
    """What waits longer than the limit of its state, with those who answer for it."""
    now = clock.now()
    return ListFilter(
        is_placed=True,
        waiting=tuple(
            Waiting(state=state, before=clock.to_the_hour(now - limit), handling=_codes(state))
            for state, limit in _limits(session).items()
        ),
    )


def today_filter() -> ListFilter:
    """What was shared with headquarters since midnight in Vietnam, whose hours begin with those of the clock."""
    midnight = datetime.combine(clock.now().astimezone(clock.HANOI).date(), time(), clock.HANOI)
    return ListFilter(states=(RecordState.SHARED_UP,), changed_since=midnight, is_placed=True)


def list_late(actor: Actor, session: Session, wanted: ListFilter) -> tuple[Late, ...]:
    """The units with late records by state, the latest first; of each no more than 101 are counted: “100+”."""
    limits = _limits(session)
    units = [unit.id for unit in load_directory(session).ever.units]  # records may still lie at a closed one
    found = [
        Late(unit_id=unit_id, state=state, count=count, since=since, limit=limits[state])
        for unit_id, state, count, since in queries.count_by_unit(actor, session, wanted, units)
    ]
    return tuple(sorted(found, key=lambda one: (-one.by, one.unit_id, one.state)))


def _limits(session: Session) -> Mapping[RecordState, timedelta]:
    limits: Mapping[RecordState, timedelta] = session.info[SETTING]
    return limits


def _codes(state: RecordState) -> tuple[str, ...]:
    least = _HANDED_ON.get(state)
    if least is None:
        return ()
    return tuple(code for code in sorted(HANDLING_CODES) if handling_allows(code, least, is_originator=False))
