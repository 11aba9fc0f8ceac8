"""What the log knows of the states of objects: the questions that find a row put back, a version or step taken away."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, TextClause, Uuid, bindparam, func, select, text, union_all
from sqlalchemy.orm import Session

from intelhub.audit.models import AuditEntry, AuditPending
from intelhub.audit.queries import LoggedDigest

_WHY = {"unscoped": "the log of readable objects, which row-level security gives out"}
_TABLES: tuple[type[AuditPending | AuditEntry], ...] = (AuditPending, AuditEntry)
# Written out, because they run at every opening and putting them together anew cost more than running them. One
# statement is one snapshot: an entry on its way from one table into the other is seen in one of them.
_NEWEST = text("""
    SELECT ids.id, newest.object_version, newest.digest
    FROM unnest(:wanted) AS ids(id) CROSS JOIN LATERAL (
        (SELECT object_version, digest FROM audit_pending
         WHERE object_id = ids.id AND digest IS NOT NULL AND object_version IS NOT NULL
         ORDER BY object_version DESC, pos DESC LIMIT 1)
        UNION ALL
        (SELECT object_version, digest FROM audit_entries
         WHERE object_id = ids.id AND digest IS NOT NULL AND object_version IS NOT NULL
         ORDER BY object_version DESC, seq DESC LIMIT 1)
    ) AS newest
""").bindparams(bindparam("wanted", type_=ARRAY(Uuid())))
# About one object, and by “=”: for a list that is not known yet the server expects ten objects, finds that dear, and
# plans the statement anew each time, which costs ten times what running it does.
_NEWEST_OF_ONE = text("""
    (SELECT object_id, object_version, digest FROM audit_pending
     WHERE object_id = :wanted AND digest IS NOT NULL AND object_version >= 0
     ORDER BY object_version DESC, pos DESC LIMIT 1)
    UNION ALL
    (SELECT object_id, object_version, digest FROM audit_entries
     WHERE object_id = :wanted AND digest IS NOT NULL AND object_version >= 0
     ORDER BY object_version DESC, seq DESC LIMIT 1)
""").bindparams(bindparam("wanted", type_=Uuid()))
# “>= 0” and not “IS NOT NULL”: only that makes the index of states the cheaper one for a planner that does not know yet
# how often a record is read. The other one holds every reading, and an opening would look at each of them.
_STATES = """
    SELECT object_id, object_version, digest, action, level FROM audit_pending
    WHERE object_id = {wanted} AND digest IS NOT NULL AND object_version >= 0
    UNION ALL
    SELECT object_id, object_version, digest, action, level FROM audit_entries
    WHERE object_id = {wanted} AND digest IS NOT NULL AND object_version >= 0
"""
_STATES_OF_ONE = text(_STATES.format(wanted=":wanted")).bindparams(bindparam("wanted", type_=Uuid()))
_STATES_OF_MANY = text(_STATES.format(wanted="ANY(:wanted)")).bindparams(bindparam("wanted", type_=ARRAY(Uuid())))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedState:
    """One state an object went through: the act, its version after it, the digest (32 bytes), its level then."""

    object_version: int
    digest: bytes
    action: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedAct:
    """That something was done to an object."""

    object_id: UUID
    action: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownObjects:
    """A page of a walk through the log: the objects of so many entries; `last` is where the next page goes on."""

    object_ids: frozenset[UUID]
    entries: int
    last: int | None


def list_states(session: Session, object_id: UUID) -> tuple[LoggedState, ...]:
    """Every state of an object that some entry names, oldest version first."""
    return list_states_of(session, [object_id]).get(object_id, ())


def newest_digests(session: Session, object_ids: Collection[UUID]) -> Mapping[UUID, LoggedDigest]:
    """What `newest_digest` says, for a whole list at once; an object the log never spoke of has no entry."""
    found: dict[UUID, LoggedDigest] = {}
    if not object_ids:
        return found
    for identity, version, digest in _ask(session, object_ids, _NEWEST_OF_ONE, _NEWEST):
        # Of equal versions the waiting one, which comes first, is newer.
        if identity not in found or version > found[identity].object_version:
            found[identity] = LoggedDigest(object_version=version, digest=digest)
    return found


def list_states_of(session: Session, object_ids: Collection[UUID]) -> Mapping[UUID, tuple[LoggedState, ...]]:
    """What `list_states` says, for many objects at once; an object without any state is left out."""
    found: dict[UUID, dict[tuple[int, str], LoggedState]] = {}
    if not object_ids:
        return {}
    for identity, version, digest, action, level in _ask(session, object_ids, _STATES_OF_ONE, _STATES_OF_MANY):
        state = LoggedState(object_version=version, digest=digest, action=action, level=level)
        found.setdefault(identity, {})[(version, action)] = state
    return {
        identity: tuple(sorted(states.values(), key=lambda each: each.object_version))
        for identity, states in found.items()
    }


def _ask(session: Session, object_ids: Collection[UUID], of_one: TextClause, of_many: TextClause) -> Iterable[Any]:
    if len(object_ids) == 1:
        return session.execute(of_one, {"wanted": next(iter(object_ids))}, execution_options=_WHY)
    return session.execute(of_many, {"wanted": list(object_ids)}, execution_options=_WHY)


def list_acts_on(session: Session, object_ids: Collection[UUID], actions: Collection[str]) -> Sequence[LoggedAct]:
    """The acts of these names on these objects that say nothing of content, in no order: a beginning, an end."""
    if not object_ids:
        return ()
    statement = union_all(*(_acts_on(table, object_ids, actions) for table in _TABLES))
    return [LoggedAct(object_id=identity, action=action) for identity, action in session.execute(statement)]


def _acts_on(
    table: type[AuditPending | AuditEntry], object_ids: Collection[UUID], actions: Collection[str]
) -> Select[*tuple[Any, ...]]:
    return select(table.object_id, table.action).where(
        table.object_id.in_(object_ids),
        table.action.in_(actions),
        table.digest.is_(None),
        table.decision == "allow",
    )


def count_acts(session: Session, actions: Collection[str]) -> int:
    """How many entries of these acts there are, the waiting ones included."""
    counts = (select(func.count()).select_from(table).where(table.action.in_(actions)) for table in _TABLES)
    return sum(session.scalar(count) or 0 for count in counts)


def last_done_at(session: Session, action: str) -> datetime | None:
    """When an act was done last, as far as the sequencer has placed it; for whoever may see every entry."""
    newest = select(AuditEntry.at).where(AuditEntry.action == action, AuditEntry.decision == "allow")
    return session.scalar(newest.order_by(AuditEntry.seq.desc()).limit(1))


def list_known_objects(
    session: Session, action: str, *, is_waiting: bool, after: int | None = None, limit: int
) -> KnownObjects:
    """A page of the objects that entries of an act name, waiting or placed.

    Whoever walks the waiting ones first and the placed ones then meets every object that had an entry at the
    beginning: between the two looks an entry moves in this direction only.
    """
    table: type[AuditPending | AuditEntry] = AuditPending if is_waiting else AuditEntry
    place = AuditPending.pos if is_waiting else AuditEntry.seq
    statement = select(place, table.object_id).where(table.action == action).order_by(place).limit(limit)
    if after is not None:
        statement = statement.where(place > after)
    found = session.execute(statement).all()
    return KnownObjects(
        object_ids=frozenset(identity for _, identity in found if identity is not None),
        entries=len(found),
        last=found[-1][0] if found else None,
    )
