"""The organisation carries a seal: the tree that stands is believed once, here, and sealed.

Whoever runs the migration brings the keys, as for 0014; an organisation that is still to be loaded needs none. The
columns below are those of this revision.
"""

from __future__ import annotations

import hashlib
import json

import sqlalchemy as sa
from alembic import op

from intelhub.platform.migrate import sealing_of

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_SEALED = {
    "tiers": "tier name name_en",
    "units": "id code other_codes tier kind specialised force area confirmed",
    "unit_events": "id unit_id kind on_day name name_en short_name parent_id successors basis confirmed",
}


def upgrade() -> None:
    op.add_column("organisation", sa.Column("seal", sa.LargeBinary, nullable=True))
    connection = op.get_bind()
    found = connection.execute(sa.text("SELECT template, stamp FROM organisation")).one_or_none()
    if found is not None:
        sealing = sealing_of(op.get_context().config)
        seal = sealing.seal("organisation", (*found, _digest(connection)))
        connection.execute(sa.text("UPDATE organisation SET seal = :seal"), {"seal": seal})
        op.execute("RESET ROLE")
        sealing.record(connection, "organisation", 1)
    op.alter_column("organisation", "seal", nullable=False)


def _digest(connection: sa.Connection) -> bytes:
    found: dict[str, list[list[object]]] = {}
    for table, columns in _SEALED.items():
        named = sa.table(table, *map(sa.column, columns.split()))
        found[table] = sorted(map(list, connection.execute(sa.select(named))), key=lambda row: str(row[0]))
    written = json.dumps(found, ensure_ascii=False, default=str, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(written.encode()).digest()


def downgrade() -> None:
    op.drop_column("organisation", "seal")
