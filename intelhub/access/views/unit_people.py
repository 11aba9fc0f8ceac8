"""Who holds which duty at a unit, for the unit's page; only for those whose duties show people at all."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from intelhub.access import actions
from intelhub.access.decision import may
from intelhub.access.directory import search_people
from intelhub.access.views.words import function_words
from intelhub.audit import ObjectRef, record_act
from intelhub.organisation import Holder
from intelhub.platform.actor import Actor
from intelhub.platform.clock import HANOI

_BY_RANK = (
    "leader", "division_head", "department_leader", "unit_head", "group_leader", "analyst", "group_officer",
    "contributor", "security_officer", "auditor", "operator",
)  # fmt: skip


def list_holders(session: Session, actor: Actor, unit_id: UUID) -> Sequence[Holder]:
    """The people of one unit in order of rank, as far as this actor may see them."""
    if not may(actor, "user.read"):
        return ()
    people, _ = search_people(actor, session, unit_id=unit_id)
    record_act(actor, session, actions.USER_LISTED, object=ObjectRef("unit", unit_id))
    held = [
        (_BY_RANK.index(post.function), person.sort_key, post, person.display_name)
        for person in people
        for post in person.posts
        if post.unit_id == unit_id
    ]
    return tuple(
        (function_words(post.function), name, post.ends_at.astimezone(HANOI).date() if post.ends_at else None)
        for _, _, post, name in sorted(held, key=lambda one: one[:2])
    )
