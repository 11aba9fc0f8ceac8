"""One act on many chosen records: each is decided, moved and written down alone, and none takes another with it.

Only acts that need no reading stand here: who works on a record may be said of many, what a record is worth may not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import may
from intelhub.platform.actor import Actor
from intelhub.platform.errors import IntelhubError, Refused, Tampered
from intelhub.records import queries
from intelhub.records.domain import RecordSummary, Step
from intelhub.records.lifecycle import TRANSITIONS
from intelhub.records.models import RecordRow
from intelhub.records.queries import ListFilter
from intelhub.records.service.moving import acknowledge_record, assign_record
from intelhub.records.service.reading import list_overtaken, log_shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of many: how many were moved, and what refused each of the others."""

    done: int = 0
    refused: Mapping[UUID, IntelhubError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedLine:
    """A chosen record that was not moved: why, and what somebody else did to it since it was shown."""

    line: RecordSummary
    error: IntelhubError
    steps: tuple[Step, ...] = ()


def assign_each(actor: Actor, session: Session, chosen: Mapping[UUID, int], assignee_id: UUID) -> Outcome:
    """Give each of these records, at the version it was shown at, to one person who may grade it."""
    return _each(session, chosen, partial(assign_record, actor, session, assignee_id=assignee_id, graders={}))


def take_on_each(actor: Actor, session: Session, chosen: Mapping[UUID, int]) -> Outcome:
    """Take each of these records on, at the version it was shown at, unless somebody works on it."""
    return _each(session, chosen, partial(acknowledge_record, actor, session))


def _each(session: Session, chosen: Mapping[UUID, int], act: Callable[[UUID, int], RecordRow]) -> Outcome:
    done = 0
    refused: dict[UUID, IntelhubError] = {}
    # Always in the same order: two people who chose the same records would wait for each other's locks for ever.
    for record_id, version in sorted(chosen.items()):
        try:
            with session.begin_nested():
                act(record_id, version)
                session.flush()
            done += 1
        except (Refused, Tampered) as error:
            refused[record_id] = error
    return Outcome(done=done, refused=refused)


def list_refused(
    actor: Actor, session: Session, refused: Mapping[UUID, IntelhubError], chosen: Mapping[UUID, int]
) -> tuple[RefusedLine, ...]:
    """The readable ones among refused records, with what happened to them meanwhile, logged as a list is."""
    moved = list_overtaken(actor, session, {one: chosen[one] for one in refused})
    steps = {line.id: since for line, since in moved}
    lines = queries.list_by_ids(actor, session, refused)
    log_shown(actor, session, [line for line in lines if line.id not in steps])
    return tuple(RefusedLine(line=line, error=refused[line.id], steps=steps.get(line.id, ())) for line in lines)


def find_choosable(actor: Actor, session: Session, lines: Iterable[RecordSummary]) -> frozenset[UUID]:
    """Those of these lines that this person may assign or take on as they stand."""
    wanted = []
    if may(actor, "record.assign"):
        wanted.append(ListFilter(states=tuple(TRANSITIONS["assign"].starts), may=("assign",)))
    if may(actor, "record.acknowledge"):
        starts = tuple(TRANSITIONS["acknowledge"].starts)
        wanted.append(ListFilter(states=starts, is_assigned=False, may=("acknowledge",)))
    ids = [line.id for line in lines if not line.is_damaged]
    return queries.find_matching(actor, session, ids, wanted) if ids and wanted else frozenset()
