"""The way of a record up the tree: which event leads from which state to which, and how far it makes it visible.

The state machine is the domain brief's 5.10.1 up to SHARED_UP. A guard raises a refusal in the officer's words.
"""

from __future__ import annotations

from dataclasses import dataclass

from intelhub.access import Exposure
from intelhub.platform.errors import Conflict, RuleRefused
from intelhub.platform.messages import Message
from intelhub.records.domain import Grade, RecordState, Subject

S = RecordState


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """An event with the states it may start from, the state it leads to and the exposure it gives."""

    event: str
    starts: frozenset[RecordState]
    to_state: RecordState | None = None
    exposure: int | None = None
    needs_reason: bool = False


def _transition(
    event: str, *starts: RecordState, to: RecordState | None, exposure: int | None = None, needs_reason: bool = False
) -> tuple[str, Transition]:
    return event, Transition(
        event=event, starts=frozenset(starts), to_state=to, exposure=exposure, needs_reason=needs_reason
    )


TRANSITIONS = dict(
    (
        _transition("submit", S.DRAFT, to=S.SUBMITTED, exposure=Exposure.UNIT),
        _transition("return", S.SUBMITTED, to=S.DRAFT, needs_reason=True),
        _transition("forward", S.SUBMITTED, to=S.RECEIVED, exposure=Exposure.DEPARTMENT),
        _transition("lower_level", S.SUBMITTED, to=None, needs_reason=True),
        _transition("assign", S.RECEIVED, S.EVALUATED, S.COLLATED, to=None),
        _transition("acknowledge", S.RECEIVED, S.EVALUATED, to=None),
        _transition("evaluate", S.RECEIVED, S.EVALUATED, to=S.EVALUATED, needs_reason=True),
        _transition("mark_duplicate", S.RECEIVED, S.EVALUATED, to=S.MERGED, needs_reason=True),
        _transition("collate", S.EVALUATED, to=S.COLLATED),
        _transition("disseminate", S.EVALUATED, S.COLLATED, S.SHARED_UP, to=None, needs_reason=True),
        _transition("withdraw", S.EVALUATED, S.COLLATED, S.SHARED_UP, S.MERGED, to=None, needs_reason=True),
        _transition("share_up", S.COLLATED, to=S.SHARED_UP, exposure=Exposure.HEADQUARTERS),
    )
)


def transition(event: str, state: RecordState, reason: str) -> Transition:
    """The transition of an event from a state; raises `Conflict` or `RuleRefused` with what to do."""
    step = TRANSITIONS[event]
    if state not in step.starts:
        raise Conflict("This record has moved on meanwhile. Look at where it stands now.", rule=f"state:{state}")
    if step.needs_reason and not reason.strip():
        said = Message("Say why in a few words.")
        raise RuleRefused(said, rule="reason_missing", fields={"reason": (said,)})
    return step


def check_grade(grade: Grade, corroborating: int) -> None:
    """Refuse a grade outside the scale, and a 1 without an independent record that confirms it."""
    if grade.source not in set("ABCDEF") or grade.info not in set("123456"):
        said = Message("Choose a letter from A to F and a figure from 1 to 6.")
        raise RuleRefused(said, rule="grade_scale", fields={"grade": (said,)})
    if grade.info == "1" and not corroborating:
        said = Message("Grade 1 means confirmed: link at least one independent record that confirms it.")
        raise RuleRefused(said, rule="grade_1_unconfirmed", fields={"corroborating": (said,)})


def check_collation(entities: tuple[Subject, ...], no_entity_reason: str) -> None:
    """Refuse a collation that names no subject and gives no reason for that."""
    if not entities and not no_entity_reason.strip():
        said = Message("Name at least one subject, or say why there is none.")
        raise RuleRefused(said, rule="no_entity", fields={"no_entity_reason": (said,)})
