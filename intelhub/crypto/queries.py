"""Every SELECT on the table of key-encryption keys; what comes back is still wrapped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from intelhub.crypto.envelope import KekScope
from intelhub.crypto.models import KekRow

KEKS = cast("sa.Table", KekRow.__table__)
UNSCOPED = {"unscoped": "wrapped keys are nobody's content, and any row's key must be found"}


class WrappedKek(NamedTuple):
    """A row of the table as far as unwrapping needs it; nothing of it is trusted until the wrap opens."""

    id: UUID
    level: int
    compartments: Sequence[UUID]
    department_id: UUID
    version: int
    wrapped_key: bytes
    root_id: UUID


_SHOWN = tuple(KEKS.c[name] for name in WrappedKek._fields)


def of_scope(level: object, compartments: object, department_id: object) -> sa.ColumnElement[bool]:
    """The condition that a row belongs to a scope."""
    return sa.and_(KEKS.c.level == level, KEKS.c.compartments == compartments, KEKS.c.department_id == department_id)


def _parameters(scope: KekScope) -> dict[str, object]:
    return {
        "scope_level": scope.level,
        "scope_compartments": list(scope.compartments),
        "scope_department": scope.department_id,
    }


_IS_OF_SCOPE = of_scope(*(sa.bindparam(f"scope_{name}") for name in ("level", "compartments", "department")))
# Built once: every write asks this, and putting the statement together costs more than running it.
_NEWEST = (
    sa.select(*_SHOWN)
    .where(_IS_OF_SCOPE, KEKS.c.retired_at.is_(None))
    .order_by(KEKS.c.version.desc())
    .limit(1)
    .execution_options(**UNSCOPED)
)
_HIGHEST = sa.select(sa.func.coalesce(sa.func.max(KEKS.c.version), 0)).where(_IS_OF_SCOPE)


def find_newest(connection: Session | Connection, scope: KekScope) -> WrappedKek | None:
    """The newest key of a scope that is not retired."""
    row = connection.execute(_NEWEST, _parameters(scope)).one_or_none()
    return None if row is None else WrappedKek(*row)


def highest_version(connection: Connection, scope: KekScope) -> int:
    """The highest version a scope ever had, retired ones too; 0 before the first."""
    highest: int = connection.execute(_HIGHEST, _parameters(scope)).scalar_one()
    return highest


def list_by_id(session: Session, kek_ids: Collection[UUID]) -> Sequence[WrappedKek]:
    """The wrapped keys with these ids, retired ones too."""
    return _wrapped(session.execute(_select().where(KEKS.c.id.in_(kek_ids))))


def list_under_other_roots(session: Session, root_id: UUID, *, limit: int) -> Sequence[WrappedKek]:
    """Keys not yet wrapped under this root, locked against a second rotation."""
    statement = _select().where(KEKS.c.root_id != root_id).order_by(KEKS.c.id).limit(limit).with_for_update()
    return _wrapped(session.execute(statement))


def roots_in_use(session: Session) -> frozenset[UUID]:
    """The ids of the data roots some key still rests on."""
    return frozenset(session.execute(sa.select(KEKS.c.root_id).distinct().execution_options(**UNSCOPED)).scalars())


def list_retired(session: Session) -> Sequence[UUID]:
    """The ids of the keys that another one took the place of."""
    statement = sa.select(KEKS.c.id).where(KEKS.c.retired_at.is_not(None)).execution_options(**UNSCOPED)
    return session.execute(statement).scalars().all()


def is_replaced_since(session: Session, moment: datetime) -> bool:
    """Whether any key was replaced by another one at or after a moment."""
    statement = sa.select(sa.func.count()).where(KEKS.c.retired_at >= moment).execution_options(**UNSCOPED)
    return bool(session.execute(statement).scalar_one())


class KeysInForce(NamedTuple):
    """How many keys new content is sealed under, and since when the oldest of them is in force."""

    number: int
    oldest_at: datetime | None


def keys_in_force(session: Session) -> KeysInForce:
    """The number and age of the keys in force, of all scopes together."""
    statement = sa.select(sa.func.count(), sa.func.min(KEKS.c.created_at)).where(KEKS.c.retired_at.is_(None))
    return KeysInForce(*session.execute(statement.execution_options(**UNSCOPED)).one())


def _select() -> sa.Select[Any]:
    return sa.select(*_SHOWN).execution_options(**UNSCOPED)


def _wrapped(rows: Iterable[Sequence[Any]]) -> Sequence[WrappedKek]:
    return [WrappedKek(*row) for row in rows]
