"""Holding every record against its seals and the audit log, under the worker's role and beside live traffic.

A first look goes through rows, parts and log in batches and takes nobody's word for damage: what it doubts is looked
at again by itself, with the row locked, so that an act on its way is never taken for tampering. Content is opened only
to see that it opens; nothing of it, and no number, may leave a function of this module.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from intelhub.access import Exposure
from intelhub.audit import (
    LoggedState,
    ObjectRef,
    count_acts,
    list_acts_on,
    list_known_objects,
    list_states_of,
    record_act,
)
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Tampered
from intelhub.records import actions, sealing
from intelhub.records.domain import RecordState
from intelhub.records.models import RecordRecipientRow, RecordRow, RecordStepRow, RecordVersionRow
from intelhub.records.queries import Whole, compare_with_log

_ROWS_AT_ONCE = 100
_ENTRIES_AT_ONCE = 1000
_BEGINNINGS = (actions.DRAFTED, actions.MOVED["submit"])
"""The acts of which one stands in the log of every record there ever was."""
_Part = TypeVar("_Part", RecordVersionRow, RecordStepRow)


class Fault(StrEnum):
    """What is wrong with a record."""

    LABEL = "label"
    STATE = "state"
    CONTENT = "content"
    STEPS = "steps"
    STEP_CONTENT = "step_content"
    VERSIONS = "versions"
    VERSION_CONTENT = "version_content"
    UNPUBLISHED = "unpublished"
    GONE = "gone"
    UNKNOWN = "unknown"
    DISCARDED = "discarded"
    LOOSE_PARTS = "loose_parts"
    RECIPIENTS = "recipients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A record that is not what its seals and the log say."""

    record_id: UUID
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """A part of the first look: how much was looked at, what is to be examined, where the next part goes on."""

    looked_at: int
    doubtful: tuple[UUID, ...]
    next_after: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogStage:
    """Where a walk through the log stands: an act, whether its entries still wait, the last place seen."""

    action: str
    is_waiting: bool
    after: int | None = None


LOG_STAGES = tuple(
    LogStage(action=action, is_waiting=is_waiting) for is_waiting in (True, False) for action in _BEGINNINGS
)


@dataclass(slots=True)
class _Found:
    """What belongs to one record."""

    steps: list[RecordStepRow]
    versions: list[RecordVersionRow]
    states: Sequence[LoggedState]
    acts: Counter[str]
    listed_for: frozenset[UUID]


def count_records_to_check(session: Session) -> int:
    """How many rows the first look will meet, for a progress bar."""
    return session.scalar(select(func.count()).select_from(RecordRow)) or 0


def count_entries_to_check(session: Session) -> int:
    """How many entries the walk through the log will meet, for a progress bar."""
    return count_acts(session, _BEGINNINGS)


def look_at_rows(session: Session, *, after: UUID | None = None) -> Batch:
    """The next rows in the order of their ids, with all that hangs on them."""
    statement = select(RecordRow).order_by(RecordRow.id).limit(_ROWS_AT_ONCE)
    # By the primary key: nobody can give two rows one place in it and so have one of them passed by.
    rows = session.scalars(statement if after is None else statement.where(RecordRow.id > after)).all()
    found = _belongings(session, [row.id for row in rows])
    doubtful = tuple(row.id for row in rows if any(_faults_of(session, row, found[row.id])))
    return Batch(looked_at=len(rows), doubtful=doubtful, next_after=rows[-1].id if rows else None)


def look_at_parts(session: Session, *, after: UUID | None = None) -> Batch:
    """The next records that have steps or versions and no row."""
    found: set[UUID] = set()
    for part in (RecordStepRow, RecordVersionRow):
        statement = (
            select(part.record_id)
            .where(~exists().where(RecordRow.id == part.record_id))
            .distinct()
            .order_by(part.record_id)
            .limit(_ENTRIES_AT_ONCE)
        )
        found.update(session.scalars(statement if after is None else statement.where(part.record_id > after)))
    doubtful = tuple(sorted(found)[:_ENTRIES_AT_ONCE])
    return Batch(looked_at=len(doubtful), doubtful=doubtful, next_after=doubtful[-1] if doubtful else None)


def look_at_log(session: Session, stage: LogStage) -> tuple[Batch, LogStage | None]:
    """The records that the next entries of a stage began and that have no row, and where the stage goes on."""
    known = list_known_objects(
        session, stage.action, is_waiting=stage.is_waiting, after=stage.after, limit=_ENTRIES_AT_ONCE
    )
    there = session.scalars(select(RecordRow.id).where(RecordRow.id.in_(known.object_ids))) if known.object_ids else ()
    gone = known.object_ids.difference(there)
    following = LogStage(action=stage.action, is_waiting=stage.is_waiting, after=known.last) if known.entries else None
    # A discarded draft is gone by right: asked here for the batch, because people discard many.
    begun = {each for each, acts in _draft_acts(session, gone).items() if _is_begun(acts)}
    doubtful = begun | list_states_of(session, gone).keys()
    return Batch(looked_at=known.entries, doubtful=tuple(sorted(doubtful))), following


def examine_record(actor: Actor, session: Session, record_id: UUID) -> Damage | None:
    """Look at one record while nobody can act on it; write an entry if it is damaged."""
    # Shared, so that readers and other checks go on; whoever acts on the record locks its row first and waits.
    locked = select(RecordRow).where(RecordRow.id == record_id).with_for_update(read=True)
    row = session.scalars(locked.execution_options(populate_existing=True)).one_or_none()
    found = _belongings(session, [record_id])[record_id]
    faults = tuple(_faults_of(session, row, found) if row is not None else _faults_of_missing(found))
    if not faults:
        return None
    level = max([row.level if row is not None else 0, *(state.level for state in found.states)])
    record_act(
        actor,
        session,
        actions.TAMPER_FOUND,
        object=ObjectRef("record", record_id),
        decision="deny",
        rule="Tampered",
        level=level,
    )
    return Damage(record_id=record_id, faults=faults)


def conclude_check(actor: Actor, session: Session, *, records: int, damaged: int) -> None:
    """Write down that all records were checked, and with which outcome."""
    record_act(actor, session, actions.CHECKED, rule=f"{records} records, {damaged} damaged")


def _belongings(session: Session, record_ids: Collection[UUID]) -> Mapping[UUID, _Found]:
    """Steps, versions and log of these records."""
    steps = _parts(session, RecordStepRow, record_ids)
    versions = _parts(session, RecordVersionRow, record_ids)
    states = list_states_of(session, record_ids)
    # What was submitted has states; only of the rest is it asked how it began.
    acts = _draft_acts(session, [each for each in record_ids if each not in states])
    listed = _listed_recipients(session, record_ids)
    return {
        each: _Found(
            steps=steps[each],
            versions=versions[each],
            states=states.get(each, ()),
            acts=acts.get(each, Counter()),
            listed_for=frozenset(listed[each]),
        )
        for each in record_ids
    }


def _parts(session: Session, mapped: type[_Part], record_ids: Collection[UUID]) -> defaultdict[UUID, list[_Part]]:
    found: defaultdict[UUID, list[_Part]] = defaultdict(list)
    statement = select(mapped).where(mapped.record_id.in_(record_ids)).execution_options(populate_existing=True)
    for part in session.scalars(statement):
        found[part.record_id].append(part)
    return found


def _listed_recipients(session: Session, record_ids: Collection[UUID]) -> defaultdict[UUID, set[UUID]]:
    """In which units' lists these records stand."""
    found: defaultdict[UUID, set[UUID]] = defaultdict(set)
    listed = select(RecordRecipientRow.record_id, RecordRecipientRow.unit_id)
    for record_id, unit_id in session.execute(listed.where(RecordRecipientRow.record_id.in_(record_ids))):
        found[record_id].add(unit_id)
    return found


def _draft_acts(session: Session, record_ids: Collection[UUID]) -> Mapping[UUID, Counter[str]]:
    """How often each was begun and discarded as a draft."""
    found: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    for act in list_acts_on(session, record_ids, (actions.DRAFTED, actions.DISCARDED)):
        found[act.object_id][act.action] += 1
    return found


def _is_begun(acts: Counter[str]) -> bool:
    """Whether a draft was begun and not discarded since."""
    return acts[actions.DRAFTED] > acts[actions.DISCARDED]


def _faults_of_missing(found: _Found) -> Iterator[Fault]:
    """What is wrong when a record has no row: only a draft that was never sent may be discarded."""
    if found.states or _is_begun(found.acts):
        yield Fault.GONE
    if found.steps or found.versions:
        yield Fault.LOOSE_PARTS


def _faults_of(session: Session, row: RecordRow, found: _Found) -> Iterator[Fault]:
    published = [version for version in found.versions if version.is_published]
    try:
        sealing.check_label_mac(session, row)
    except Tampered:
        yield Fault.LABEL
    yield from _faults_against_log(row, found, published)
    if found.listed_for != _recipients_of(row):
        yield Fault.RECIPIENTS
    if not _opens(session, [row]):
        yield Fault.CONTENT
    if not _opens(session, found.versions):
        yield Fault.VERSION_CONTENT
    if not _opens(session, found.steps):
        yield Fault.STEP_CONTENT
    if not _is_unpublished_work(row, [version for version in found.versions if not version.is_published]):
        yield Fault.UNPUBLISHED


def _recipients_of(row: RecordRow) -> frozenset[UUID] | None:
    try:
        return frozenset(row.recipient_unit_ids)
    except TypeError:  # an array of arrays, which no act of this product writes
        return None


def _faults_against_log(row: RecordRow, found: _Found, published: Sequence[RecordVersionRow]) -> Iterator[Fault]:
    is_newest, are_steps, are_versions = compare_with_log(
        Whole(row=row, steps=found.steps, versions=published), found.states
    )
    if not found.states and not _is_begun(found.acts):
        yield Fault.DISCARDED if found.acts else Fault.UNKNOWN
    elif not is_newest:
        yield Fault.STATE
    if not are_steps:
        yield Fault.STEPS
    if not are_versions:
        yield Fault.VERSIONS


def _is_unpublished_work(row: RecordRow, beside: Sequence[RecordVersionRow]) -> bool:
    """Whether there is at most what the author of a returned record may have written since.

    Work that asks for more than the record itself may stay behind: an author who lost that right could not drop it.
    """
    if not beside:
        return True
    if row.exposure == Exposure.AUTHOR or any(version.author_id != row.author_id for version in beside):
        return False
    within = [version for version in beside if not _asks_for_more(row, version)]
    return not within or (row.state == RecordState.DRAFT and len(within) == 1)


def _asks_for_more(row: RecordRow, version: RecordVersionRow) -> bool:
    return version.level > row.level or not set(version.compartments) <= set(row.compartments)


def _opens(session: Session, parts: Iterable[RecordRow | RecordVersionRow | RecordStepRow]) -> bool:
    """Whether every sealed part opens; what it says is dropped at once."""
    try:
        for part in parts:
            if isinstance(part, RecordStepRow):
                sealing.open_words(session, part)
            else:
                sealing.open_whole(session, part)
    except (Tampered, AttributeError, TypeError, ValueError):
        # A column can hold what no seal was ever made of (a list of compartments with NULL in it): that is damage
        # too, and must not end the check of all others.
        return False
    return True
