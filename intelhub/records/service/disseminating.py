"""Sharing a record with single units, and ending it: who receives reads the record and does nothing else with it.

How far it may go is said by its handling code, who may do it by the policy. What a unit has read it has read: ending a
sharing closes the record to it from the next request on.
"""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import Exposure, Label, decide, is_there_somebody_who_may
from intelhub.organisation import Directory, Unit, load_directory, today
from intelhub.platform.actor import Actor
from intelhub.platform.errors import Conflict, RuleRefused
from intelhub.platform.messages import Message
from intelhub.records import queries
from intelhub.records.models import RecordRow
from intelhub.records.service.moving import begin_move, complete_move

MOST_RECIPIENTS = 20
_NOBODY = UUID(int=0)
_HEADQUARTERS, _DEPARTMENT = 1, 2


def disseminate_record(
    actor: Actor, session: Session, record_id: UUID, row_version: int, *, unit_id: UUID | None, reason: str
) -> RecordRow:
    """Share a graded record with one more unit; raises `RuleRefused` where that leads nowhere or goes too far."""
    move = begin_move(actor, session, record_id, row_version, "disseminate", reason)
    directory, label = load_directory(session), queries.label_of(move.row)
    if unit_id is None:
        raise _refused("recipient_unknown", Message("No single unit is meant. Type its code, or more of its name."))
    unit = directory.as_of(today()).find(unit_id)
    if unit is None:
        raise _refused("recipient_gone", Message("This unit is no more. Name the one that took over from it."))
    _check_it_helps(unit, label, directory)
    _check_handling(actor, unit, label, directory)
    _check_somebody_reads(actor, session, unit, label)
    move.row.recipient_unit_ids = sorted({*move.row.recipient_unit_ids, unit.id})
    return complete_move(actor, session, replace(move, recipient_unit_id=unit.id))


def withdraw_record(
    actor: Actor, session: Session, record_id: UUID, row_version: int, *, unit_id: UUID | None, reason: str
) -> RecordRow:
    """End the sharing of a record with a unit; raises `Conflict` where it is not shared with it."""
    move = begin_move(actor, session, record_id, row_version, "withdraw", reason)
    if unit_id is None or unit_id not in move.row.recipient_unit_ids:
        raise Conflict(Message("The record is not shared with this unit."), rule="not_a_recipient")
    move.row.recipient_unit_ids = [one for one in move.row.recipient_unit_ids if one != unit_id]
    return complete_move(actor, session, replace(move, recipient_unit_id=unit_id))


def _check_it_helps(unit: Unit, label: Label, directory: Directory) -> None:
    if unit.tier == _HEADQUARTERS:
        said = Message("The %(tier)s reads what is shared up with it, and nothing before.", {"tier": directory.tier(1)})
        raise _refused("recipient_is_headquarters", said)
    if unit.id in label.recipient_unit_ids:
        raise _refused("recipient_twice", Message("It is shared with this unit already."))
    if _reads_by_place(unit, label, directory):
        raise _refused("recipient_reads_it", Message("This unit reads the record without that."))
    if len(label.recipient_unit_ids) >= MOST_RECIPIENTS:
        said = Message("A record is shared with at most %(count)d units.", {"count": MOST_RECIPIENTS})
        raise _refused("too_many_recipients", said)


def _reads_by_place(unit: Unit, label: Label, directory: Directory) -> bool:
    """Whether it is a part of the record's department, or the unit it belongs to or one above that."""
    tree = directory.as_of(today())
    if unit.tier == _DEPARTMENT and tree.department_of(unit.id).id == label.origin_department_id:
        return True
    within = {one for one in tree.descendants(unit.id) if tree.get(one).tier == unit.tier}
    return label.owning_unit_id in directory.with_predecessors(within)


def _check_handling(actor: Actor, unit: Unit, label: Label, directory: Directory) -> None:
    if directory.as_of(today()).department_of(unit.id).id == label.origin_department_id:
        return
    decision = decide(actor, "disseminate_outside", label)
    if not decision.allowed:
        raise _refused(f"outside:{decision.rule}", decision.reason)


def _check_somebody_reads(actor: Actor, session: Session, unit: Unit, label: Label) -> None:
    # Of nobody's unit, by nobody and not come further up: who reads it without its being shared does not count.
    received = replace(
        label, author_id=_NOBODY, owning_unit_id=_NOBODY, origin_department_id=_NOBODY,
        recipient_unit_ids=frozenset({unit.id}), exposure=Exposure.DEPARTMENT,
    )  # fmt: skip
    if not is_there_somebody_who_may(actor, session, "read", received):
        said = Message("Nobody at this unit could read it: no duty there reaches its level and all its compartments.")
        raise _refused("nobody_receives_it", said)


def _refused(rule: str, said: Message) -> RuleRefused:
    return RuleRefused(said, rule=rule, fields={"recipient": (said,)})
