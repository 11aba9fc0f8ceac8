"""Moving a record up the tree: each move checks the decision, the version and the state, and leaves one step.

A move writes the row, its step, its audit entry and its search projection in the caller's transaction; nothing of it
stands without the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from intelhub.access import Decision, Label, list_people_who_may, read_filter, require
from intelhub.audit import ObjectRef, record_act
from intelhub.platform import clock
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Conflict, RuleRefused, StaleVersion
from intelhub.platform.messages import Message
from intelhub.records import actions, lifecycle, projection, queries, sealing
from intelhub.records.domain import Grade, RecordHead, RecordState, StepWords, Subject, Work
from intelhub.records.lifecycle import Transition
from intelhub.records.models import RecordRow, RecordStepRow, RecordVersionRow
from intelhub.records.service.compartments import check_headquarters_reads, check_somebody_receives
from intelhub.records.service.linking import get_other
from intelhub.records.validation import check_entities

_MOST_CONFIRMING = 20
_ANY_RECORD = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move that was decided and may now change the record."""

    row: RecordRow
    transition: Transition
    decision: Decision
    reason: str
    head: RecordHead
    fields: Mapping[str, Any]
    work: Work
    recipient_unit_id: UUID | None = None


def begin_move(actor: Actor, session: Session, record_id: UUID, row_version: int, event: str, reason: str = "") -> Move:
    """Lock the record and check that this actor may do this now; raises a refusal that says what to do."""
    row = queries.get_row(actor, session, record_id, for_update=True)
    decision = require(actor, event, queries.label_of(row))
    if row.row_version != row_version:
        raise StaleVersion("Somebody changed this record while you had it open. Look at it as it is now.")
    transition = lifecycle.transition(event, RecordState(row.state), reason)
    queries.check_not_rolled_back(session, row)
    head, fields, work = sealing.open_whole(session, row)
    return Move(
        row=row,
        transition=transition,
        decision=decision,
        reason=reason.strip(),
        head=head,
        fields=fields,
        work=work,
    )


def archive_version(session: Session, row: RecordRow) -> None:
    """Keep the published version that the next one replaces."""
    session.add(
        RecordVersionRow(
            record_id=row.id,
            content_version=row.content_version,
            is_published=True,
            level=row.level,
            compartments=list(row.compartments),
            origin_department_id=row.origin_department_id,
            author_id=row.author_id,
            kek_id=row.kek_id,
            wrapped_dek=row.wrapped_dek,
            head_ciphertext=row.head_ciphertext,
            body_ciphertext=row.body_ciphertext,
            digest=row.digest,
        )
    )


def complete_move(
    actor: Actor, session: Session, move: Move, *, head: RecordHead | None = None, work: Work | None = None
) -> RecordRow:
    """Carry a decided move out: new version if the content changed, label, step, audit entry, projection."""
    row = move.row
    head, work = head or move.head, work or move.work
    if head != move.head or work != move.work:
        archive_version(session, row)
        sealing.seal_into(session, row, row.id, head, sealing.body_of(move.fields, work))
    advance(actor, session, row, move.transition, move.decision, move.reason, move.recipient_unit_id)
    projection.write(session, row, head, move.fields, work)
    return row


def advance(
    actor: Actor,
    session: Session,
    row: RecordRow,
    transition: Transition,
    decision: Decision,
    reason: str,
    recipient_unit_id: UUID | None = None,
) -> None:
    """Put the row into its next state and write the step and the audit entry of it."""
    from_state = row.state
    row.state = str(transition.to_state or row.state)
    row.exposure = max(row.exposure, transition.exposure or 0)
    row.row_version += 1
    row.updated_at = clock.to_the_hour(clock.now())
    sealing.put_label_mac(session, row)
    unit_id = acting_unit(actor, row)
    step = RecordStepRow(
        id=uuid4(),
        record_id=row.id,
        row_version=row.row_version,
        event=transition.event,
        from_state=from_state,
        to_state=row.state,
        actor_id=actor.user_id,
        unit_id=unit_id,
        place=actor.place.value,
        level=row.level,
        compartments=list(row.compartments),
        origin_department_id=row.origin_department_id,
    )
    words = StepWords(at=clock.now(), reason=reason, recipient_unit_id=recipient_unit_id)
    sealing.seal_words(session, step, words, kek_id=row.kek_id)
    said = {"reason": reason} if reason else {}
    said |= {"unit": str(recipient_unit_id)} if recipient_unit_id else {}
    session.add(step)
    record_act(
        actor,
        session,
        actions.MOVED[transition.event],
        object=ObjectRef("record", row.id),
        object_version=row.row_version,
        digest=row.digest,
        rule=decision.rule,
        level=row.level,
        sensitive=said or None,
        unit_id=unit_id,
    )
    session.flush()  # a further act in the same transaction compares the row with this entry


def acting_unit(actor: Actor, row: RecordRow) -> UUID:
    """The unit an actor acts for: the post nearest to the record."""
    for post in actor.posts:
        if row.owning_unit_id in post.unit_ids:
            return post.unit_id
    for post in actor.posts:
        if post.department_id == row.origin_department_id:
            return post.unit_id
    return actor.posts[0].unit_id if actor.posts else row.owning_unit_id


def return_record(actor: Actor, session: Session, record_id: UUID, row_version: int, *, comment: str) -> RecordRow:
    """Give a submitted record back to its author with a comment; the submitted version stays readable."""
    return complete_move(actor, session, begin_move(actor, session, record_id, row_version, "return", comment))


def forward_record(actor: Actor, session: Session, record_id: UUID, row_version: int, *, note: str = "") -> RecordRow:
    """Send a submitted record up to the department; never by its author."""
    move = begin_move(actor, session, record_id, row_version, "forward", note)
    check_somebody_receives(actor, session, queries.label_of(move.row))
    return complete_move(actor, session, move)


def acknowledge_record(actor: Actor, session: Session, record_id: UUID, row_version: int) -> RecordRow:
    """Take a record of the department on that nobody works on yet; raises `Conflict`."""
    move = begin_move(actor, session, record_id, row_version, "acknowledge")
    # Taken on again it would count as touched, and be late no more, with nothing done.
    if move.row.assignee_id == actor.user_id:
        raise Conflict(Message("You work on this record already."), rule="taken")
    if move.row.assignee_id is not None:
        said = Message("Somebody works on this record already. Assign it to give it to somebody else.")
        raise Conflict(said, rule="taken")
    move.row.assignee_id = actor.user_id
    return complete_move(actor, session, move)


def assign_record(
    actor: Actor,
    session: Session,
    record_id: UUID,
    row_version: int,
    *,
    assignee_id: UUID,
    graders: dict[Label, frozenset[UUID]] | None = None,
) -> RecordRow:
    """Give a record to somebody who may grade it, from whoever worked on it until now.

    `graders` remembers who may grade what, while many records are given one after the other.
    """
    move = begin_move(actor, session, record_id, row_version, "assign")
    graders = {} if graders is None else graders
    label = replace(queries.label_of(move.row), object_id=_ANY_RECORD)  # which record it is decides nothing
    if label not in graders:
        graders[label] = frozenset(one.id for one in list_people_who_may(actor, session, "evaluate", label))
    if assignee_id not in graders[label]:
        said = Message("This person may not grade the record. Choose somebody who may.")
        raise RuleRefused(said, rule="assignee_may_not_grade", fields={"assignee": (said,)})
    move.row.assignee_id = assignee_id
    return complete_move(actor, session, move)


def evaluate_record(
    actor: Actor,
    session: Session,
    record_id: UUID,
    row_version: int,
    *,
    grade: Grade,
    reason: str,
    corroborating: Iterable[UUID | str] = (),
) -> RecordRow:
    """Grade source and information apart; the author's grade is kept beside the new one.

    What confirms it is named by its id, its number or its address. Whoever grades what nobody works on takes it on
    first, as a step of its own.
    """
    move = begin_move(actor, session, record_id, row_version, "evaluate", reason)
    named = tuple(dict.fromkeys(corroborating))
    if len(named) > _MOST_CONFIRMING:
        said = Message("Name at most %(count)d records that confirm this one.", {"count": _MOST_CONFIRMING})
        raise RuleRefused(said, rule="too_many_named", fields={"corroborating": (said,)})
    others = [get_other(actor, session, record_id, one, field="corroborating") for one in named]
    links = tuple(dict.fromkeys(other.id for other in others))
    lifecycle.check_grade(grade, len(links))
    if move.row.assignee_id is None:
        _take_on(actor, session, move.row)
    head = replace(move.head, grade=grade)
    work = replace(move.work, grade=grade, grade_reason=move.reason, corroborating=links)
    return complete_move(actor, session, move, head=head, work=work)


def _take_on(actor: Actor, session: Session, row: RecordRow) -> None:
    """Make somebody a record's assignee: graded and nobody's, it would wait for nobody."""
    decision = require(actor, "acknowledge", queries.label_of(row))
    row.assignee_id = actor.user_id
    advance(actor, session, row, lifecycle.transition("acknowledge", RecordState(row.state), ""), decision, "")


def mark_duplicate(
    actor: Actor, session: Session, record_id: UUID, row_version: int, *, target: UUID | str, reason: str
) -> RecordRow:
    """Merge a record into an earlier one that tells the same, named by its id, its number or its address."""
    move = begin_move(actor, session, record_id, row_version, "mark_duplicate", reason)
    other = get_other(actor, session, record_id, target, field="target")
    if not read_filter(actor).by_place().admits(queries.label_of(other)):
        # When the sharing ends nobody here could open what this record was merged into.
        said = Message("That record was only shared with your unit: none of yours can end in it.")
        raise RuleRefused(said, rule="target_only_received", fields={"target": (said,)})
    return complete_move(actor, session, move, work=replace(move.work, duplicate_of=other.id))


def collate_record(
    actor: Actor,
    session: Session,
    record_id: UUID,
    row_version: int,
    *,
    entities: tuple[Subject, ...],
    no_entity_reason: str = "",
) -> RecordRow:
    """Bring a graded record together with the subjects it speaks of, each written in its one spelling."""
    move = begin_move(actor, session, record_id, row_version, "collate", no_entity_reason)
    entities = check_entities(entities)
    lifecycle.check_collation(entities, no_entity_reason)
    work = replace(move.work, entities=entities, no_entity_reason=no_entity_reason.strip())
    return complete_move(actor, session, move, work=work)


def share_up_record(actor: Actor, session: Session, record_id: UUID, row_version: int, *, note: str = "") -> RecordRow:
    """Let headquarters read a collated record; by the head of the unit."""
    move = begin_move(actor, session, record_id, row_version, "share_up", note)
    check_headquarters_reads(actor, session, queries.label_of(move.row))
    return complete_move(actor, session, move)
