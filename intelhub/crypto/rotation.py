"""New keys in the place of old ones while the system serves; run by the worker, safe to kill and repeat."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from intelhub.crypto import queries
from intelhub.crypto.envelope import Kek, KekScope
from intelhub.crypto.queries import KEKS, UNSCOPED
from intelhub.crypto.vault import vault_of
from intelhub.platform.clock import now

_BATCH = 500


def rotate_root(session: Session, *, limit: int = _BATCH) -> int:
    """Rewrap keys that rest on a former data root; returns how many, and 0 when none is left.

    No data key and no content changes. Raises `RootUnknown` if the former root is not in the key file.
    """
    vault = vault_of(session)
    rows = queries.list_under_other_roots(session, vault.data_root_id, limit=limit)
    for row in rows:
        session.execute(
            sa.update(KEKS)
            .where(KEKS.c.id == row.id, KEKS.c.root_id == row.root_id)
            .values(wrapped_key=vault.rewrapped(row), root_id=vault.data_root_id)
            .execution_options(**UNSCOPED)
        )
    return len(rows)


def rotate_kek(session: Session, scope: KekScope) -> Kek:
    """Put a new key in force for a scope; the former ones stay readable until everything under them is rewrapped."""
    vault = vault_of(session)
    former = vault.kek_for(session, scope)
    session.execute(vault.insert_of_next_version(scope, former.version + 1).execution_options(**UNSCOPED))
    session.execute(
        sa.update(KEKS)
        .where(
            queries.of_scope(scope.level, list(scope.compartments), scope.department_id),
            KEKS.c.version <= former.version,
            KEKS.c.retired_at.is_(None),
        )
        .values(retired_at=now())
        .execution_options(**UNSCOPED)
    )
    return vault.kek_for(session, scope)
