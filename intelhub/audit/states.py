"""What the log knows of the states of objects: the questions that find a row put back, a version or step taken away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Uuid, bindparam, select, text, union_all
from sqlalchemy.orm import Session

from intelhub.audit.models import AuditEntry, AuditPending
from intelhub.audit.queries import LoggedDigest

_WHY = {"unscoped": "the log of readable objects, which row-level security gives out"}
_TABLES: tuple[type[AuditPending | AuditEntry], ...] = (AuditPending, AuditEntry)
# Written out, because it runs at every opening and putting it together anew cost more than running it. One statement
# is one snapshot: an entry on its way from one table into the other is seen in one of them.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedState:
    """One state an object went through: the act, its version after it, the digest (32 bytes), its level then."""

    object_version: int
    digest: bytes
    action: str
    level: int


def list_states(session: Session, object_id: UUID) -> tuple[LoggedState, ...]:
    """Every state of an object that some entry names, oldest version first."""
    found: dict[tuple[int, str], LoggedState] = {}
    # One statement, one snapshot: an entry on its way from one table into the other is seen in one of them.
    statement = union_all(*(_states_in(table, object_id) for table in _TABLES))
    for version, digest, action, level in session.execute(statement):
        found[(version, action)] = LoggedState(object_version=version, digest=digest, action=action, level=level)
    return tuple(sorted(found.values(), key=lambda each: each.object_version))


def _states_in(table: type[AuditPending | AuditEntry], object_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(table.object_version, table.digest, table.action, table.level).where(
        table.object_id == object_id, table.digest.is_not(None), table.object_version.is_not(None)
    )


def newest_digests(session: Session, object_ids: Collection[UUID]) -> Mapping[UUID, LoggedDigest]:
    """What `newest_digest` says, for a whole list at once; an object the log never spoke of has no entry."""
    found: dict[UUID, LoggedDigest] = {}
    if not object_ids:
        return found
    for identity, version, digest in session.execute(_NEWEST, {"wanted": list(object_ids)}, execution_options=_WHY):
        # Of equal versions the waiting one, which comes first, is newer.
        if identity not in found or version > found[identity].object_version:
            found[identity] = LoggedDigest(object_version=version, digest=digest)
    return found
