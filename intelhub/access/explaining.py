"""Explaining a decision about an object of the department: its label is found by the feature that keeps it.

Only the label is ever asked for. What is not there and what belongs to another department give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import actions
from intelhub.access.decision import held_lines, may
from intelhub.access.explain import Explanation, explain
from intelhub.access.label import Label
from intelhub.access.policy import current_policy
from intelhub.access.sign_in import actor_named
from intelhub.audit import ObjectRef, record_act
from intelhub.organisation import load_directory
from intelhub.platform.actor import Actor, Place
from intelhub.platform.errors import NotFound, NotPermitted, RuleRefused
from intelhub.platform.messages import Message

LabelFinder = Callable[[Session, UUID, Collection[UUID]], Label | None]
"""The label of an object if it comes from one of these departments, or None; for whoever may not read the object."""

_EXPLAIN = "decision.explain"
_NO_OBJECT = UUID(int=0)
_finders: list[LabelFinder] = []


def register_label_finder(finder: LabelFinder) -> None:
    """Let a feature's objects be explained; a later call replaces the earlier one."""
    _finders[:] = [finder]


def explain_access(
    actor: Actor, session: Session, *, username: str, action: str, among: Sequence[UUID], place: Place
) -> Explanation:
    """Why somebody may or may not do something to an object of the actor's department, as things stand now.

    `among`: the ids that may be meant; the first one that the department keeps is. Raises `RuleRefused` with one
    sentence, whether the object is unknown or another department's. Asking is logged.
    """
    if not may(actor, _EXPLAIN):
        raise NotPermitted("Only a security officer has decisions explained.", rule=_EXPLAIN)
    try:
        person = actor_named(session, username, place=place)
    except NotFound:
        said = Message("Nobody with an open account has this username.")
        raise RuleRefused(said, rule="no_such_person", fields={"username": (said,)}) from None
    departments = {post.department_id for post, _ in held_lines(actor, _EXPLAIN, current_policy())}
    directory = load_directory(session)
    kept = directory.with_predecessors(departments)
    label = next((found for one in among for finder in _finders if (found := finder(session, one, kept))), None)
    record_act(
        actor,
        session,
        actions.DECISION_EXPLAINED,
        object=ObjectRef("record", label.object_id if label else next(iter(among), _NO_OBJECT)),
        decision="allow" if label else "deny",
        rule="" if label else "not_of_the_department",
        sensitive={"username": username, "action": action, "place": place.value},
    )
    if label is None:
        said = Message("Your %(tier)s has no record under this reference.", {"tier": directory.tier(2)})
        raise RuleRefused(said, rule="no_such_object", fields={"reference": (said,)})
    return explain(person, action, label)
