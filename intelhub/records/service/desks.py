"""Desks: what waits for somebody, derived from what the policy lets them do and never from the name of a function.

A desk holds what its person reads and may act on; nothing else may show in its lines or in their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import ActorScope, Exposure, Label, Person, Reach, list_people_who_may, may, read_filter
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Tampered
from intelhub.records import queries
from intelhub.records.domain import RecordHead, RecordState, RecordSummary, Step
from intelhub.records.queries import ListFilter, Page
from intelhub.records.service.drafting import find_return_comment
from intelhub.records.service.lateness import late_filter, today_filter
from intelhub.records.service.reading import log_shown, raise_alarm, step_of

LOOKED_THROUGH = 500
_URGENCY = {"express": 0, "very_urgent": 1, "urgent": 2, "normal": 3}
_NOBODY = UUID(int=0)
_NEAR = timedelta(days=7)
S = RecordState


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A kind of work that somebody's duties bring; what is there to be read only (not `waits`) by its last change.

    What is counted only (not `has_lines`) is a filter of the list; a home page says how many there are. What colleagues
    have taken on (`is_with_others`) waits for them, and is nobody else's number. A home page leaves out what is rarely
    there while it is not (`hides_empty`).
    """

    key: str
    wanted: ListFilter
    is_assignable: bool = False
    waits: bool = True
    is_with_others: bool = False
    has_lines: bool = True
    hides_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What lies on a desk: the lines shown, how many were looked through, and whether there are more than those."""

    lines: tuple[RecordSummary, ...]
    count: int
    is_cut: bool = False


def list_desks(actor: Actor, session: Session) -> tuple[Desk, ...]:
    """The desks of this person, in the order of the day."""
    me, assigns, grades = actor.user_id, may(actor, "record.assign"), may(actor, "record.evaluate")
    unfinished = (S.RECEIVED, S.EVALUATED)
    desks = []
    if may(actor, "record.share_up"):
        desks.append(Desk(key="approve", wanted=ListFilter(states=(S.COLLATED,), may=("share_up",))))
        desks.append(Desk(key="late", wanted=late_filter(session), waits=False, has_lines=False))
    scope: ActorScope = session.info["scope"]
    reads_all = scope.records.ceiling_of(Reach.ALL) is not None
    if reads_all or may(actor, "record.share_up"):
        desks.append(Desk(key="today", wanted=today_filter(), waits=False, has_lines=False))
    if may(actor, "record.forward") or may(actor, "record.return"):
        desks.append(Desk(key="review", wanted=ListFilter(states=(S.SUBMITTED,), may=("forward", "return"))))
    if may(actor, "record.create"):
        desks.append(Desk(key="drafts", wanted=ListFilter(author_id=me, states=(S.DRAFT,))))
    if grades:
        mine = ListFilter(states=unfinished, assignee_id=me)
        desks.append(Desk(key="mine", wanted=mine, is_assignable=assigns))
    if assigns or may(actor, "record.acknowledge"):
        triage = ListFilter(states=unfinished, is_assigned=False, may=("assign", "acknowledge"))
        desks.append(Desk(key="triage", wanted=triage, is_assignable=assigns))
    if assigns:
        # Whoever does not grade has no desk of their own: what they once took on lies here as well.
        others = ListFilter(
            states=unfinished, is_assigned=True, not_assignee_id=me if grades else None, may=("assign",)
        )
        desks.append(Desk(key="colleagues", wanted=others, is_assignable=True, is_with_others=True))
    received = scope.records.receiving_ids
    if received:
        wanted = ListFilter(shared_with=received)
        desks.append(Desk(key="received", wanted=wanted, waits=False, hides_empty=True))
    if reads_all:
        desks.append(Desk(key="shared", wanted=ListFilter(states=(S.SHARED_UP,)), waits=False))
    return tuple(desks)


def show_desk(
    actor: Actor,
    session: Session,
    wanted: ListFilter,
    *,
    limit: int,
    looked_through: int = LOOKED_THROUGH,
) -> Waiting:
    """What waits on a desk, the urgent ones first and then the oldest, logged as `show_list` does.

    How urgent a record is stands sealed in its head: of more than 500 the oldest 500 are looked through, and damage
    among them raises the alarm whether it is shown or not.
    """
    lines, is_cut = _in_order(actor, session, wanted, looked_through)
    raise_alarm(actor, session, lines[limit:])
    log_shown(actor, session, lines[:limit])
    return Waiting(lines=tuple(lines[:limit]), count=len(lines), is_cut=is_cut)


def show_by_urgency(
    actor: Actor,
    session: Session,
    wanted: ListFilter,
    *,
    after: UUID | None = None,
    before: UUID | None = None,
    limit: int = queries.PAGE,
) -> Page:
    """A page of a desk in the desk's own order, looked through and logged as `show_desk` does it."""
    lines, is_cut = _in_order(actor, session, wanted, LOOKED_THROUGH)
    places: dict[UUID, int] = {line.id: place for place, line in enumerate(lines)}
    start = 0
    if before in places:
        start = max(places[before] - limit, 0)
    elif after in places:
        start = places[after] + 1
    shown = tuple(lines[start : start + limit])
    raise_alarm(actor, session, [*lines[:start], *lines[start + limit :]])
    log_shown(actor, session, shown)
    return Page(
        lines=shown,
        last=shown[-1].id if shown and start + limit < len(lines) else None,
        first=shown[0].id if shown and start else None,
        is_cut=is_cut,
    )


def count_waiting(actor: Actor, session: Session) -> int | None:
    """How many records wait on the desks of this person, each once, counted to 100; None where there is no desk."""
    wanted = [desk.wanted for desk in list_desks(actor, session) if desk.waits and not desk.is_with_others]
    return queries.count_records_of(actor, session, wanted) if wanted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A record with what was done to it last, as far as this person may see that."""

    line: RecordSummary
    step: Step | None


def reads_of_others(actor: Actor, session: Session) -> bool:
    """Whether somebody reads the records of a unit or a department, and not their own or the shared ones alone."""
    del actor  # the session's row scope is the actor's
    scope: ActorScope = session.info["scope"]
    return any(scope.records.ceiling_of(reach) is not None for reach in (Reach.UNIT, Reach.DEPARTMENT))


def show_changes(
    actor: Actor, session: Session, wanted: ListFilter, *, limit: int, by_others: bool = False
) -> tuple[Change, ...]:
    """What was done last, logged as `show_list` does; by others, in the last seven days and not to what one wrote."""
    since = clock.to_the_hour(clock.now() - _NEAR) if by_others else None
    changes = []
    for line, row in queries.list_changed(actor, session, wanted, limit=limit, since=since):
        try:
            changes.append(Change(line=line, step=step_of(session, row) if row is not None else None))
        except Tampered:
            changes.append(Change(line=replace(line, head=RecordHead(), is_damaged=True), step=None))
    log_shown(actor, session, [change.line for change in changes])
    return tuple(changes)


def list_return_comments(actor: Actor, session: Session, lines: Iterable[RecordSummary]) -> dict[UUID, str]:
    """The leaders' words with which these drafts of the actor's came back; damage to them raises the alarm."""
    comments: dict[UUID, str] = {}
    for line in lines:
        if line.state is S.DRAFT and line.exposure > Exposure.AUTHOR and not line.is_damaged:
            try:
                comments[line.id] = find_return_comment(actor, session, line.id)
            except Tampered:
                raise_alarm(actor, session, [replace(line, is_damaged=True)])
    return comments


def find_next(actor: Actor, session: Session, key: str, besides: UUID) -> UUID | None:
    """The record that comes first on one of the actor's desks, another one left aside."""
    for desk in list_desks(actor, session):
        if desk.key == key and desk.waits:
            lines, _ = _in_order(actor, session, desk.wanted, LOOKED_THROUGH)
            return next((line.id for line in lines if line.id != besides and not line.is_damaged), None)
    return None


def _in_order(
    actor: Actor, session: Session, wanted: ListFilter, looked_through: int
) -> tuple[Sequence[RecordSummary], bool]:
    oldest = queries.list_oldest(actor, session, wanted, limit=looked_through + 1)
    lines = sorted(
        oldest[:looked_through], key=lambda line: (_URGENCY.get(line.head.urgency, len(_URGENCY)), line.cursor)
    )
    return lines, len(oldest) > looked_through


def list_graders(actor: Actor, session: Session) -> tuple[Person, ...]:
    """Who grades where this actor assigns; whether somebody may grade one record is asked when it is assigned."""
    found: dict[UUID, Person] = {}
    for department_id in _departments_assigned_in(actor):
        anything = Label(
            kind="record", object_id=_NOBODY, level=0, compartments=frozenset(), owning_unit_id=department_id,
            origin_department_id=department_id, author_id=_NOBODY, handling="H2", exposure=Exposure.DEPARTMENT,
            state=str(S.RECEIVED),
        )  # fmt: skip
        found |= {person.id: person for person in list_people_who_may(actor, session, "evaluate", anything)}
    return tuple(sorted(found.values(), key=lambda person: person.sort_key))


def _departments_assigned_in(actor: Actor) -> list[UUID]:
    clauses = read_filter(actor, "record.assign").stages[-1]
    return sorted({department for clause in clauses for department in clause.department_ids})
