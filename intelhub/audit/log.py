"""Writing an act down: one row beside the act itself, in its transaction, so that neither stands without the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import Table, insert
from sqlalchemy.orm import Session

from intelhub.audit.actions import get_action
from intelhub.audit.entry import Decision, Entry, ObjectRef, canonical_json
from intelhub.audit.models import AuditPending
from intelhub.crypto import vault_of
from intelhub.platform import clock
from intelhub.platform.actor import Actor

# Not as an object of the session: every act ends with one, and the session's own way to a row is five times as dear.
_APPEND = insert(cast("Table", AuditPending.__table__))
_WHY = {"unscoped": "the log takes an entry of everybody; row-level security holds it to the actor of the transaction"}


def record_act(
    actor: Actor,
    session: Session,
    action: str,
    *,
    object: ObjectRef | None = None,  # noqa: A002 - the word every caller and every entry uses
    object_version: int | None = None,
    digest: bytes | None = None,
    decision: Decision = "allow",
    rule: str = "",
    level: int = 0,
    shown: Sequence[UUID] = (),
    sensitive: Mapping[str, object] | None = None,
    unit_id: UUID | None = None,
) -> None:
    """Write down that `actor` did (or was refused) `action`; commit before anything is revealed.

    `object_version` and `digest` are the object's after the act; `shown` are the ids a page revealed (at most 50);
    `sensitive` (a query, a reason) is sealed to the auditors' key; `unit_id` is the unit acted for, else the actor's
    first post. Raises `LookupError` for an action nobody declared and `EntryTooLarge` when it does not fit.
    """
    acted_for = unit_id or (actor.posts[0].unit_id if actor.posts else None)
    entry = Entry(
        at=clock.now(),
        actor_id=actor.user_id,
        unit_id=acted_for,
        place=actor.place.value,
        action=get_action(action).name,
        object_ref=object,
        object_version=object_version,
        digest=digest,
        shown=tuple(shown),
        decision=decision,
        rule=rule,
        level=level,
        request_id=actor.request_id,
    )
    if sensitive:
        sealed = vault_of(session).seal_to_auditors(canonical_json(sensitive), context=entry.seal_context())
        entry = replace(entry, sealed=sealed)
    row = {"id": uuid4(), "entry": entry.canonical(), **entry.columns()}
    session.execute(_APPEND, row, execution_options=_WHY)
